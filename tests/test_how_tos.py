"""Carries out the how-tos of CONTRIBUTING.md in a copy of the tree: what they promise must come true."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"<!-- (?P<order>[^>]*?) -->\n```\w+\n(?P<code>.*?)```", re.DOTALL)


def section(title: str) -> str:
    """Return one section of CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return text.split(f"## {title}\n")[1].split("\n## ")[0]


def carry_out(title: str, tree: Path) -> None:
    """Do what the section's blocks say: write a file, insert or replace a line, run a script."""
    for block in BLOCK.finditer(section(title)):
        order, code = block["order"], block["code"]
        if order == "run":
            subprocess.run([sys.executable, "-c", code], cwd=tree, check=True)
        elif order.startswith("file: "):
            path = tree / order.removeprefix("file: ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(code, encoding="utf-8")
        else:
            edit(tree, order, code)


def edit(tree: Path, order: str, code: str) -> None:
    """Insert code before or after a line of a file, or put it in the line's place."""
    match = re.fullmatch(r"(insert|replace) in (\S+)(?: (before|after))?: (.*)", order)
    assert match, order
    path = tree / match[2]
    text = path.read_text(encoding="utf-8")
    anchor = match[4] + "\n"
    assert text.count(anchor) == 1, f"{anchor!r} stands {text.count(anchor)} times in {path}"
    new = {"before": code + anchor, "after": anchor + code, None: code}[match[3]]
    path.write_text(text.replace(anchor, new), encoding="utf-8")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the how-tos touch."""
    for name in ("builder", "schemas", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", ".*")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    for name in ("pyproject.toml", "dataset_card.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(tree: Path, *arguments: str) -> str:
    """Run a Python command in the tree, with the tree's own package; return what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pytest_in(tree: Path, *names: str) -> None:
    """Run test files of the tree; they must pass."""
    run(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *names)


def test_a_new_site_is_new_files_only(tree: Path) -> None:
    """The page fixture is collected by itself and read by the new rules."""
    before = {path: path.read_bytes() for path in tree.rglob("*.py")}
    carry_out("How to add a source site", tree)
    assert all(path.read_bytes() == content for path, content in before.items())
    pytest_in(tree, "tests/test_pages.py", "-k", "mirror")


def test_a_new_rule_is_a_function_and_its_line(tree: Path) -> None:
    """Its own test passes, and a recipe may name its threshold."""
    carry_out("How to add a rule", tree)
    pytest_in(tree, "tests/test_shouting.py")
    check = "from builder.rules import check_rules; from builder.recipe import RulesBlock; "
    run(tree, "-c", check + "check_rules(RulesBlock(thresholds={'max_exclamations': 1}, off=('shouting',)))")


BUILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
import pyarrow.parquet as pq
from builder.pipeline import build
from builder.recipe import load_recipe
result = build(load_recipe(Path(sys.argv[1])), now=datetime(2026, 1, 1, tzinfo=UTC))
shards = (result.release / "data" / "documents").glob("*.parquet")
print(result.version, all("question_count" in pq.read_schema(path).names for path in shards))
"""
PAGE = """<html lang="ar"><head><meta charset="utf-8"><title>أسئلة</title></head><body><article><h1>أسئلة عن المنصة</h1>
<p>من يملك ما نكتبه على المنصات بعد أن نموت؟ ومن يقرر أن هذا المقطع يراه ألف إنسان وذاك لا يراه أحد؟ كتبتُ إلى الشركة
مرتين فلم تجب، وسألتُ من يعمل فيها فقال إن الخوارزمية وحدها تعرف، وإنها لا تتكلم إلا بالأرقام.</p>
<p>لا أظن أن الجواب عند أحد اليوم، لكن السؤال نفسه حق لنا، ومن حق من يأتي بعدنا أن يجد من سأله قبله بوقت طويل.</p>
</article></body></html>"""


def test_a_new_column_stands_in_new_builds_and_not_in_old_ones(tree: Path, tmp_path: Path) -> None:
    """schema_version = 1 still builds what it built; without it the release has the new column."""
    carry_out("How to add a column", tree)
    data = tmp_path / "data"
    (data / "pages").mkdir(parents=True)
    (data / "pages" / "a.html").write_text(PAGE, encoding="utf-8")
    where = 'paths = ["pages/*.html"]\nbase_url = "https://saved.example/"\n'
    source = f'[[source]]\nkind = "html"\nname = "saved"\n{where}[select]\nrelevance_min = 0\n'
    for version, expected in (("schema_version = 1\n", "1.0.0 False"), ("", "1.1.0 True")):
        recipe = f'[dataset]\nname = "x"\n{version}{source}'
        (data / "dataset.toml").write_text(recipe, encoding="utf-8")
        assert run(tree, "-c", BUILD, str(data)).strip().endswith(expected)


NOSY = """
import sys
from pathlib import Path
sys.path.insert(0, "tests")
import buildkit as kit
folder = Path("nosy")
said = ("تحية من قارئ قديم إلى كل من يكتب هنا بهدوء",)
pages = [kit.page(1, comments=said), kit.page(2)]
kit.archive(folder, "a", [kit.capture(kit.address(n), page) for n, page in enumerate(pages, 1)])
built = kit.run(kit.recipe(folder, "[select]\\nrelevance_min = 0\\n"))
print(built.rows["documents"], built.rows["comments"])
"""


def test_a_rule_that_looks_where_its_verdicts_do_not_fails_at_once(tree: Path) -> None:
    """Its verdicts would outlive what they say, so the first build already shows that it sees no such column."""
    assert run(tree, "-c", NOSY).split() == ["2", "1"]
    shutil.rmtree(tree / "nosy")
    line = '    if row["lang"] not in (*model.select.languages, "und"):'
    edit(
        tree,
        f"replace in builder/rules.py: {line}",
        line.replace("if ", 'if row["about_platforms"] and ') + "\n",
    )
    assert run(tree, "-c", NOSY).split() == ["1", "0"]
