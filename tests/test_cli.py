"""The command line as a person or a script meets it: real processes, exit codes, what they print."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from builder.recipe import load_recipe
from builder.sources import kinds

ROOT = Path(__file__).parent.parent


def hiwar(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    command = [sys.executable, "-m", "builder", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd or ROOT, check=False)


def events(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """Return the JSON objects a command wrote, one a line."""
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """The demo, run once: its folder and its events."""
    folder = tmp_path_factory.mktemp("demo") / "d"
    done = hiwar("demo", folder, "--port", "0", "--json")
    assert done.returncode == 0, done.stderr
    return folder, events(done)


def test_the_demo_ends_with_a_verified_release(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    """The last line names the release, and `load_dataset` opens both tables."""
    from datasets import load_dataset

    folder, told = demo
    done = told[-1]
    assert done["event"] == "done"
    assert Path(done["release"]).parent == folder / "releases"
    documents = load_dataset(done["release"], "documents", split="train", cache_dir=str(folder / "hf"))
    comments = load_dataset(done["release"], "comments", split="train", cache_dir=str(folder / "hf"))
    assert {"documents": len(documents), "comments": len(comments)} == done["rows"]
    assert min(done["rows"].values()) > 10


def rows_of(release: str, table: str) -> list[dict[str, Any]]:
    """Return every row of a table of a release."""
    import pyarrow.parquet as pq

    files = sorted((Path(release) / "data" / table).glob("*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def test_the_demo_keeps_what_is_right_and_says_why_the_rest_is_not(
    demo: tuple[Path, list[dict[str, Any]]],
) -> None:
    """Essays, posts and threads come out whole, alone and labelled; each odd page is left out for its reason."""
    import pyarrow.parquet as pq

    _, told = demo
    release = told[-1]["release"]
    documents = {row["title"]: row for row in rows_of(release, "documents")}
    essay = documents["تيك توك بين الشهرة السريعة والأثر البطيء"]
    source = tomllib.loads((ROOT / "builder/demo/essays.toml").read_text(encoding="utf-8"))["essay"][0]
    assert essay["text"] == source["body"].strip()
    assert (essay["author"], essay["published_day"]) == ("سالم الراوي", "2025-03-04")
    assert essay["about_platforms"] == ["tiktok"]
    assert {row["record_type"] for row in documents.values()} == {"article", "thread"}
    rejected = pq.read_table(Path(release + ".rejected.parquet")).to_pylist()
    why = {
        row["url"].partition("/")[2].partition("/")[2].partition("/")[2]: row["reasons"][0]["rule"]
        for row in rejected
    }
    assert why["blog/farsi/"] == "language"
    assert why["maqalat/about.asp"] == "not-arabic-bytes"
    assert why["maqalat/show.asp?aid=99"] == "noai"
    assert why["blog/moved/"] == "gone"
    copies = {why.get("maqalat/print.asp?aid=1"), why.get("maqalat/show.asp?aid=1")}
    assert "exact" in copies
    assert not any("private" in row["url"] for row in (*rejected, *documents.values()))


def test_the_demo_publishes_no_private_data(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    """The phone number, the address and the names that stand in the readers' comments are nowhere."""
    _, told = demo
    release = Path(told[-1]["release"])
    text = json.dumps(
        [rows_of(str(release), table) for table in ("documents", "comments")], default=str, ensure_ascii=False
    )
    assert "0501234567" not in text
    assert "reader@example.com" not in text
    assert "أبو ياسين" not in text
    assert "زهرة الرافدين" not in text


def test_the_demo_again_changes_nothing(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    """Building the same archive makes no new version."""
    folder, told = demo
    again = events(hiwar("build", folder, "--json"))[-1]
    assert (again["version"], again["rows"], again["fresh"]) == (told[-1]["version"], told[-1]["rows"], False)


def test_every_stage_of_the_demo_accounts(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    """kept + dropped + failed = read."""
    accounts = [event for event in demo[1] if event["event"] == "account"]
    assert len(accounts) > 5
    for account in accounts:
        assert account["kept"] + account["dropped"] + account["failed"] == account["read"], account


def test_explain_tells_the_story_of_a_page(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    """For people and as a page of its own."""
    folder, _ = demo
    base = tomllib.loads((folder / "dataset.toml").read_text(encoding="utf-8"))["source"][0]["start"][0]
    page = folder / "story.html"
    done = hiwar("explain", f"{base}show.asp?aid=2", folder, "--html", page)
    assert done.returncode == 0, done.stderr
    assert "هدى المنصور" in done.stdout
    assert 'dir="rtl"' in page.read_text(encoding="utf-8")


def test_a_person_reads_tables_and_the_next_step(demo: tuple[Path, list[dict[str, Any]]]) -> None:
    """Without --json there are words, with -q only results."""
    _, told = demo
    release = told[-1]["release"]
    spoken = hiwar("verify", release)
    assert spoken.returncode == 0, spoken.stderr
    assert "load_dataset" in spoken.stdout
    assert "Next:" in spoken.stdout
    assert len(hiwar("verify", release, "-q").stdout.splitlines()) == 1


def test_verify_names_a_flipped_byte(demo: tuple[Path, list[dict[str, Any]]], tmp_path: Path) -> None:
    """Exit code 1 and the file."""
    import shutil

    release = tmp_path / "1.0.0"
    shutil.copytree(demo[1][-1]["release"], release)
    shard = min((release / "data" / "documents").glob("*.parquet"))
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    done = hiwar("verify", release)
    assert done.returncode == 1
    assert shard.name in done.stdout + done.stderr


def test_new_writes_a_recipe_that_loads(tmp_path: Path) -> None:
    """And will not write over one."""
    folder = tmp_path / "My Dataset"
    assert hiwar("new", folder).returncode == 0
    recipe = load_recipe(folder)
    assert recipe.model.dataset.name == "my-dataset"
    again = hiwar("new", folder)
    assert again.returncode == 2
    assert "there is a recipe already" in again.stderr


def test_new_says_which_key_is_to_be_filled_in(tmp_path: Path) -> None:
    """Square brackets of a recipe's block reach the reader."""
    assert "give [crawl] a contact" in hiwar("new", tmp_path / "mine").stdout


def test_the_next_step_can_be_pasted_whatever_the_folder_is_called(tmp_path: Path) -> None:
    """A shell goes to a folder with blanks in its name by the command that is printed."""
    folder = tmp_path / "my own data"
    said = hiwar("new", folder).stdout
    command = said.partition("then: ")[2].partition(" && ")[0]
    gone = subprocess.run(["bash", "-c", f"{command} && pwd"], capture_output=True, text=True, check=False)
    assert gone.stdout.strip() == str(folder)


def test_a_build_before_the_first_crawl_says_what_to_do(tmp_path: Path) -> None:
    """No traceback and no empty release: the next command is named."""
    hiwar("new", tmp_path / "mine")
    done = hiwar("build", tmp_path / "mine")
    assert done.returncode == 2
    assert "nothing has been captured yet" in done.stderr
    assert "hiwar crawl" in done.stderr


def test_a_crawl_without_a_contact_is_refused(tmp_path: Path) -> None:
    """The error says which key and what for."""
    hiwar("new", tmp_path / "d")
    done = hiwar("crawl", tmp_path / "d")
    assert done.returncode == 2
    assert "contact" in done.stderr


@pytest.mark.parametrize("kind", kinds())
def test_the_block_that_sources_prints_can_be_pasted(kind: str, tmp_path: Path) -> None:
    """Every kind's example is a recipe that loads."""
    block = kinds()[kind].example()
    (tmp_path / "dataset.toml").write_text(f'[dataset]\nname = "x"\n{block}', encoding="utf-8")
    assert load_recipe(tmp_path).sources[0].kind == kind


@pytest.mark.parametrize(
    "example", sorted(ROOT.glob("examples/*/dataset.toml")), ids=lambda path: path.parent.name
)
def test_every_example_recipe_loads(example: Path) -> None:
    """They are to be copied, so they must be right."""
    assert load_recipe(example).sources


def test_sources_and_schema_speak(tmp_path: Path) -> None:
    """Each kind is explained; each column has a meaning; machines get objects."""
    assert "[[source]]" in hiwar("sources", "site").stdout
    assert hiwar("sources", "sitte").returncode == 2
    assert "relevance_parts.density" in hiwar("schema", "documents").stdout
    *tables, done = events(hiwar("schema", "--json"))
    assert [table["name"] for table in tables] == done["tables"] == ["documents", "comments", "rejected"]
    nullable = {column["name"]: column["nullable"] for column in tables[0]["columns"]}
    assert (nullable["id"], nullable["title"]) == (False, True)
    (recipe,) = events(hiwar("schema", "recipe", "--json"))
    assert recipe["schema"]["properties"]["dataset"]
    source, done = events(hiwar("sources", "warc", "--json"))
    assert [key["name"] for key in source["keys"] if key["required"]] == ["kind", "name", "paths"]
    assert (done["event"], done["kinds"]) == ("done", ["warc"])


def test_a_text_is_explained_by_the_recipe_that_is_named(tmp_path: Path) -> None:
    """It stands where an address would; one that is not there is told, and so is a page that nobody gets."""
    (tmp_path / "text.txt").write_text("\ufeffهذا نص قصير عن فيسبوك.", encoding="utf-8")
    text = '[dataset]\nname = "x"\n[select]\nrelevance_min = 0\n[rules]\nprofile = "none"\n'
    text += '[[source]]\nkind = "warc"\nname = "w"\npaths = ["*.gz"]\n'
    (tmp_path / "free.toml").write_text(text, encoding="utf-8")
    words = ("explain", "--text", tmp_path / "text.txt")
    assert "too_short" in hiwar(*words).stdout
    assert "Rules: kept" in hiwar(*words, tmp_path / "free.toml").stdout
    missing = hiwar(*words, tmp_path / "none.toml")
    assert (missing.returncode, "none.toml" in missing.stderr) == (2, True)
    assert hiwar(*words, "--html", tmp_path / "page.html").returncode == 2


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["build", "nowhere.toml"], 2),
        (["verify", "nowhere"], 2),
        (["frobnicate"], 2),
        (["explain"], 2),
        (["--version"], 0),
    ],
)
def test_exit_codes(arguments: list[str], code: int) -> None:
    """0 done, 2 wrong use."""
    assert hiwar(*arguments).returncode == code


def test_errors_for_machines_are_objects(tmp_path: Path) -> None:
    """what, where and what_next apart."""
    done = hiwar("build", tmp_path / "dataset.toml", "--json")
    (error,) = events(done)
    assert (error["event"], error["kind"]) == ("error", "RecipeError")
    assert error["where"].endswith("dataset.toml")
    assert "hiwar new" in error["what_next"]


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (["verify", "nowhere"], 2, "'nowhere' does not exist"),
        (["verify", "--frobnicate", "."], 2, "No such option"),
        (["frobnicate"], 2, "No such command"),
        (["explain"], 2, "nothing to explain"),
        (["build"], 2, "no such recipe"),
        (["verify", "."], 3, "not a release"),
        (["check-archive", "torn.warc"], 1, "break a clause"),
        (["regenerate", "empty"], 2, "1 of 1 datasets failed"),
    ],
)
def test_the_last_object_is_the_outcome(tmp_path: Path, words: list[str], code: int, what: str) -> None:
    """Whatever stops a command, one `error` with the exit code ends its objects, and no `done` stands before it."""
    (tmp_path / "torn.warc").write_bytes(b"WARC/1.1\r\n")
    (tmp_path / "empty").mkdir()
    done = hiwar(*words, "--json", cwd=tmp_path)
    *before, last = events(done)
    assert (done.returncode, last["event"], last["exit_code"]) == (code, "error", code)
    assert what in last["what"]
    assert all(each["event"] not in ("done", "error") for each in before)


def test_a_full_disk_or_missing_right_is_the_world(tmp_path: Path) -> None:
    """A folder that cannot be made ends with exit code 3 and its name."""
    (tmp_path / "file").write_text("x")
    done = hiwar("new", tmp_path / "file" / "d")
    assert done.returncode == 3
    assert "file" in done.stderr


ASCII = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}


@pytest.mark.parametrize(
    ("words", "folder"),
    [
        (["new", "مدونة"], "."),
        (["build", "مدونة"], "."),
        (["crawl", "--dry-run"], "مدونة"),
        (["build"], "مدونة"),
    ],
)
def test_a_name_that_the_terminal_cannot_spell_ends_with_what_to_do(
    tmp_path: Path, words: list[str], folder: str
) -> None:
    """An Arabic folder under LC_ALL=C, named or worked in: exit code 2, no traceback, nothing half made."""
    (tmp_path / folder).mkdir(exist_ok=True)
    before = sorted(tmp_path.rglob("*"))
    for json_lines in ([], ["--json"]):
        command = [sys.executable, "-m", "builder", *words, *json_lines]
        around = {**os.environ, **ASCII, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, capture_output=True, cwd=tmp_path / folder, env=around, check=False)
        assert (done.returncode, b"Traceback" in done.stderr) == (2, False)
        assert b"LC_ALL=C.UTF-8" in (done.stdout if json_lines else done.stderr)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_arabic_path_in_a_recipe_ends_with_what_to_do_too(tmp_path: Path) -> None:
    """The words of the command are plain, and the recipe names a file that the terminal cannot spell."""
    text = '[dataset]\nname = "d"\n[[source]]\nkind = "warc"\nname = "s"\npaths = ["صفحات/*.warc.gz"]\n'
    (tmp_path / "dataset.toml").write_text(text, encoding="utf-8")
    (tmp_path / "صفحات").mkdir()
    (tmp_path / "صفحات" / "أ.warc.gz").write_bytes(b"")
    around = {**os.environ, **ASCII, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "builder", "build"]
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, env=around, check=False)
    assert (done.returncode, b"Traceback" in done.stderr) == (2, False), done.stderr


@pytest.mark.skipif(sys.platform == "darwin", reason="no file there has a name that is no UTF-8")
def test_a_folder_whose_name_is_no_utf8_is_refused(tmp_path: Path) -> None:
    """Under UTF-8 too there are names from older machines: the message shows which bytes."""
    done = hiwar("new", os.fsdecode(os.fsencode(tmp_path) + b"/\xe3\xcf\xe6\xe4\xc9"))
    assert done.returncode == 2
    assert "udce3" in done.stderr
    assert not list(tmp_path.iterdir())


def test_every_command_is_in_the_readme() -> None:
    """And each has a help text."""
    from builder.cli import main

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, command in main.commands.items():
        assert f"hiwar {name}" in readme, name
        assert command.help, name
