"""Groups of columns in the cache: a change makes one of them again, and what is lost is made as it was."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import buildkit as kit
import pyarrow.parquet as pq
import pytest

from builder import takedown
from builder.columns.candidates import sign_words
from builder.columns.groups import GROUPS
from builder.columns.lexicon import load_lexicon
from builder.columns.platforms import Matcher
from builder.recipe import Recipe
from builder.stages import store
from builder.stages.fingerprints import closure
from builder.stages.layout import BASE_CODE
from builder.text import fold_text

ALL = "[select]\nrelevance_min = 0\n"
CAFE = f'{ALL}[[platform]]\nid = "mqha"\nname = "Maqha"\nlong = ["مقهى صاخب"]\n'
SENTENCES = (
    "كتب على تويتر أن سناب شات وتيك توك غيّرا حديث الشباب",
    "فتاة السناب شات تعتذر لمتابعيها عبر إنستغرام وفيسبوك",
    "تابعونا على فيسبوك | تويتر | يوتيوب | تلغرام",
    "منصة إكس أم إكس وحدها؟ لا أحد يعرف ما يعنيه الحرف",
    "قرأت في واتساب رسالة عن الخوارزمية والذباب الإلكتروني",
    "الطقس اليوم معتدل ولا شيء يقال",
)
SAID = ("لم أفهم ما كتبته عن فيسبوك يا أستاذ", "تحية من قارئ قديم إلى كل من يكتب هنا بهدوء")


def dataset(folder: Path) -> Path:
    """Write an archive of essays with comments."""
    pages = [kit.capture(kit.address(n), kit.page(n, comments=SAID)) for n in range(8)]
    kit.archive(folder, "a", pages)
    return folder


def identity(given: Recipe, kind: str) -> dict[str, tuple[int, int]]:
    """Return the parts of a kind of the cache, by name, with the file and the time each was written."""
    found = sorted((given.cache / kind).rglob("part-*.parquet"))
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


def data(release: Path | None) -> dict[str, str]:
    """Return the digests of a release's shards."""
    assert release is not None
    return kit.fingerprint(release / "data")


def fresh(folder: Path, recipe: str) -> dict[str, str]:
    """Return the shards of a first build in another folder."""
    return data(kit.run(kit.recipe(dataset(folder), recipe)).release)


def test_another_platform_makes_its_columns_again_and_nothing_else(tmp_path: Path) -> None:
    """Bases and other groups stay the files they were; the release is that of a first build with the same recipe."""
    kit.run(kit.recipe(dataset(tmp_path / "one"), ALL))
    given = kit.recipe(tmp_path / "one", CAFE)
    others = (
        "extractions",
        "documents",
        "comments",
        *(f"columns/{g.name}" for g in GROUPS if g.name != "platforms"),
    )
    before = [identity(given, kind) for kind in others]
    old = identity(given, "columns/platforms")
    built = kit.run(given)
    assert [identity(given, kind) for kind in others] == before
    assert identity(given, "columns/platforms").items() > old.items()
    named = [row for row in kit.documents(built) if "mqha" in row["about_platforms"]]
    assert named
    assert data(built.release) == fresh(tmp_path / "two", CAFE)


def test_a_platform_that_goes_takes_its_mentions_along(tmp_path: Path) -> None:
    """Rows that named it are made again from what the lexicon still has."""
    kit.run(kit.recipe(dataset(tmp_path / "one"), CAFE))
    without = f'{ALL}[[platform]]\nid = "facebook"\nname = "Facebook"\nremove = true\n'
    built = kit.run(kit.recipe(tmp_path / "one", without))
    assert not any({"facebook", "mqha"} & set(row["about_platforms"]) for row in kit.documents(built))
    assert data(built.release) == fresh(tmp_path / "two", without)


@pytest.mark.parametrize(
    "harm", ["gone", "{", "{}", "[]", '{"context": "", "pieces": {"": 1}}', "of other code"]
)
def test_without_the_account_of_old_settings_nothing_of_theirs_is_taken(tmp_path: Path, harm: str) -> None:
    """Columns of before are taken over only where it is known what they were made with."""
    given = kit.recipe(dataset(tmp_path / "one"), ALL)
    kit.run(given)
    (account,) = (given.cache / "columns/platforms").glob("*/settings.json")
    known = json.loads(account.read_text(encoding="utf-8"))
    if harm == "gone":
        account.unlink()
    else:
        other = json.dumps({**known, "context": "other"})
        account.write_text(other if harm == "of other code" else harm, encoding="utf-8")
    for part in account.parent.rglob("part-*.parquet"):
        table = pq.read_table(part)
        wrong = [["threads"]] * len(table)
        place = table.schema.get_field_index("about_platforms")
        pq.write_table(table.set_column(place, "about_platforms", [wrong]), part)
    built = kit.run(kit.recipe(tmp_path / "one", CAFE))
    assert data(built.release) == fresh(tmp_path / "two", CAFE)


def test_a_damaged_account_of_settings_is_written_again(tmp_path: Path) -> None:
    """The next build mends it, so that later ones can take over what that one has."""
    given = kit.recipe(dataset(tmp_path), ALL)
    kit.run(given)
    (account,) = (given.cache / "columns/platforms").glob("*/settings.json")
    whole = account.read_bytes()
    account.write_text("{}", encoding="utf-8")
    kit.run(kit.recipe(tmp_path, ALL + "[rules.thresholds]\nmin_words = 26\n"))
    assert account.read_bytes() == whole


def test_another_voter_on_the_language_makes_new_votes(tmp_path: Path) -> None:
    """Rows of before do not pass for rows with the vote that the recipe asks for now."""
    pytest.importorskip("pycld2")
    kit.run(kit.recipe(dataset(tmp_path), ALL))
    given = kit.recipe(tmp_path, ALL + "[language]\ncld2 = true\n")
    before = identity(given, "documents")
    assert {row["lang_votes"]["cld2"] for row in kit.documents(kit.run(given))} == {"ar"}
    assert identity(given, "documents") == before


def test_how_alike_copies_must_be_is_asked_of_the_clusters_alone(tmp_path: Path) -> None:
    """Another threshold of similarity makes no column again."""
    kit.run(kit.recipe(dataset(tmp_path), ALL))
    given = kit.recipe(tmp_path, ALL + "[dedup]\njaccard_min = 0.8\n")
    before = identity(given, "columns")
    kit.run(given)
    assert identity(given, "columns") == before


@pytest.mark.parametrize("change", ["[rules.thresholds]\nmin_words = 60\n", CAFE.removeprefix(ALL)])
def test_what_the_rules_of_comments_do_not_ask_judges_no_comment_again(tmp_path: Path, change: str) -> None:
    """A threshold of articles, or another platform, leaves their verdicts; the release is that of a first build."""
    kit.run(kit.recipe(dataset(tmp_path / "one"), ALL))
    given = kit.recipe(tmp_path / "one", ALL + change)
    before = identity(given, "verdicts/comments")
    old = identity(given, "verdicts/documents")
    built = kit.run(given)
    assert identity(given, "verdicts/comments") == before
    assert identity(given, "verdicts/documents").items() > old.items()
    assert data(built.release) == fresh(tmp_path / "two", ALL + change)


def test_comments_are_judged_again_when_the_recipe_wants_none(tmp_path: Path) -> None:
    """What their rules do ask leaves none of the verdicts of before."""
    kit.run(kit.recipe(dataset(tmp_path), ALL))
    assert kit.run(kit.recipe(tmp_path, ALL + "comments = false\n")).rows["comments"] == 0


def test_another_source_makes_no_row_of_the_first_again(tmp_path: Path) -> None:
    """A row depends on what the recipe says of its own source, and on that it does depend."""
    folder = dataset(tmp_path)
    kit.run(kit.recipe(folder, ALL))
    (folder / "more").mkdir()
    kit.archive(folder / "more", "b", kit.essays(range(20, 22)))
    second = '[[source]]\nkind = "warc"\nname = "more"\npaths = ["more/warcs/*.warc.gz"]\n'
    given = kit.recipe(folder, ALL, kit.WARCS + second)
    before = identity(given, "documents")
    assert kit.run(given).rows["documents"] == 10
    assert identity(given, "documents").items() > before.items()
    licensed = kit.recipe(folder, ALL, kit.WARCS + 'licence = "cc0-1.0"\n' + second)
    found = {(row["source"], row["rights"]["licence"]) for row in kit.documents(kit.run(licensed))}
    assert found == {("saved", "cc0-1.0"), ("more", None)}


def test_any_piece_of_the_cache_may_be_lost(tmp_path: Path) -> None:
    """Whichever file is deleted, the next build makes it again and gives the same bytes, also by way of new rules."""
    given = kit.recipe(dataset(tmp_path), ALL)
    kit.run(given)
    expected = kit.fingerprint(given.releases)
    files = sorted(path for path in given.cache.rglob("*") if path.is_file() and path.name[0] != ".")
    kinds = {path.relative_to(given.cache).parts[0] for path in files}
    assert kinds >= {"columns", "comments", "documents", "extractions", "row-names", "scans", "verdicts"}
    for path in files:
        path.unlink(missing_ok=True)
        (given.cache / "last.json").unlink(missing_ok=True)
        kit.clear(given.releases)
        kit.run(given)
        assert kit.fingerprint(given.releases) == expected, path
    lost = [path for path in files if not path.exists()]
    assert lost == []


def test_what_belongs_to_no_row_is_let_go(tmp_path: Path) -> None:
    """Rows of an archive that is gone leave no part behind, neither base nor group nor verdict nor memory."""
    folder = dataset(tmp_path)
    given = kit.recipe(folder, ALL)
    kit.run(given)
    kinds = ("documents", "comments", "columns", "verdicts", "row-names")
    before = [len(identity(given, kind)) for kind in kinds]
    late = kit.archive(folder, "b", kit.essays(range(30, 34)))
    kit.run(given)
    assert len(identity(given, "documents")) == before[0] + 1
    late.unlink()
    half = [Path(path).with_name(".tmp-1-part-a.parquet") for path in identity(given, "columns")]
    for path in half:
        path.write_bytes(b"what a killed build left")
    kit.run(given)
    assert not any(path.exists() for path in half)
    assert [len(identity(given, kind)) for kind in kinds] == before


def test_old_generations_of_a_group_are_let_go(tmp_path: Path) -> None:
    """Columns of the last few lexicons stay, older ones do not."""
    folder = dataset(tmp_path)
    for number in range(store.KEEP_GENERATIONS + 2):
        entry = f'{ALL}[[platform]]\nid = "p{number}"\nname = "P"\nlong = ["منصة رقم {number}"]\n'
        given = kit.recipe(folder, entry)
        kit.run(given)
    generations = given.cache / "columns"
    assert len(list((generations / "platforms").iterdir())) == store.KEEP_GENERATIONS
    assert len(list((generations / "language").iterdir())) == 1


def test_a_takedown_that_comes_and_goes_is_heeded_each_time(tmp_path: Path) -> None:
    """What is remembered of a capture does not outlive the requests it was remembered under."""
    given = kit.recipe(dataset(tmp_path), ALL)
    first = kit.run(given)
    takedown.add(given.folder, kit.address(3), "asked", now=kit.NOW)
    assert kit.address(3) not in {row["url"] for row in kit.documents(kit.run(given))}
    (given.folder / takedown.FILE).unlink()
    assert data(kit.run(given).release) == data(first.release)


ALONE = """
import resource, sys
sys.path[:0] = {paths!r}
import buildkit as kit
from builder.recipe import load_recipe
from pathlib import Path
built = kit.run(load_recipe(Path({folder!r})), workers=2)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime + used.ru_minflt, built.fresh)
"""


@pytest.mark.parametrize(
    "recipe", [CAFE, ALL + "[rules.thresholds]\nmin_words = 30\n"], ids=["platform", "rule"]
)
def test_a_small_change_starts_no_worker(tmp_path: Path, recipe: str) -> None:
    """Where captures have no news and rows are few, the build is one process."""
    kit.run(kit.recipe(dataset(tmp_path), ALL))
    kit.recipe(tmp_path, recipe)
    paths = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
    code = ALONE.format(paths=paths, folder=str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.split() == ["0.0", "True"]


@pytest.mark.parametrize("text", [*SENTENCES, " ".join(SENTENCES), "\n".join(kit.essay(3)), ""])
def test_what_a_text_cannot_name_changes_nothing_that_is_found_in_it(text: str) -> None:
    """Without the platforms no word of which it holds, a text gives the same: so its columns may be kept."""
    lexicon = load_lexicon()
    folded = fold_text(text)
    named = [entity for entity in lexicon.entities if any(word in folded for word in sign_words(entity))]
    assert len(named) < len(lexicon.entities)
    few = replace(lexicon, entities=tuple(named))
    for zone in (None, "title"):
        assert Matcher(few).find(text, zone=zone) == Matcher(lexicon).find(text, zone=zone)


def test_code_of_one_group_concerns_no_other() -> None:
    """The base depends on no group and no rule; a group depends on no other one."""
    base = names(BASE_CODE)
    assert {"columns/record.py", "columns/privacy.py"} <= base
    assert not base & {"rules.py", "recipe.py", "columns/platforms.py", "columns/language.py", "dedup.py"}
    modules = {group.name: f"columns/groups/{group.name}.py" for group in GROUPS}
    for group in GROUPS:
        read = names([group.module])
        assert modules[group.name] in read
        assert not read & ({*modules.values(), "rules.py"} - {modules[group.name]})


def names(modules: list[str] | tuple[str, ...]) -> set[str]:
    """Return the source files some modules depend on, by their names in the package."""
    return {path.as_posix().partition("/builder/")[2] for path in closure(modules)}


def test_stored_columns_are_those_of_the_schema(tmp_path: Path) -> None:
    """Each column of a table lies in one place of the cache, the base or a group."""
    given = kit.recipe(dataset(tmp_path), ALL)
    built = kit.run(given)
    assert built.release is not None
    for table in ("documents", "comments"):
        (shard, *_) = sorted((built.release / "data" / table).rglob("*.parquet"))
        kept: list[str] = []
        for kind in (table, "columns"):
            parts = [path for path in map(Path, identity(given, kind)) if table in path.parts]
            kept += [name for path in parts for name in pq.read_schema(path).names if name[0] != "_"]
        assert sorted(kept) == sorted(pq.read_schema(shard).names)


def test_a_word_of_the_lexicon_that_ships_is_news(tmp_path: Path) -> None:
    """Who edits builder/data/platforms.json in a checkout gets rows of the edited lexicon from the next build."""
    root, tree = Path(__file__).parent.parent, tmp_path / "tree"
    for name in ("builder", "schemas"):
        shutil.copytree(root / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "dataset_card.md", tree)
    folder = dataset(tmp_path / "data")
    kit.recipe(folder, ALL)
    code = ALONE.format(paths=[str(Path(__file__).parent), str(tree)], folder=str(folder))
    lexicon = tree / "builder" / "data" / "platforms.json"
    fresh = []
    for edited in ("", "مقهى صاخب", ""):
        text = (root / "builder" / "data" / "platforms.json").read_text(encoding="utf-8")
        if edited:
            data = json.loads(text)
            data["entities"].append({"id": "mqha", "name": {"en": "Maqha"}, "long": [edited]})
            text = json.dumps(data, ensure_ascii=False)
        lexicon.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        fresh.append(done.stdout.split()[1])
    assert fresh == ["True", "True", "True"]
    generations = folder / "cache" / "columns"
    assert [len(list((generations / name).iterdir())) for name in ("platforms", "quality")] == [2, 1]
