"""The cache of many small builds: its small parts are put together, and nothing of a release changes by it."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import buildkit as kit
import pyarrow.parquet as pq
import pytest

from builder.recipe import Recipe
from builder.stages import tidy
from builder.stages.store import KEY

STRICT = "[select]\nrelevance_min = 0\n[rules.thresholds]\nmin_words = 100000\n"
SAID = ("لم أفهم ما كتبته عن فيسبوك يا أستاذ", "تحية من قارئ قديم إلى كل من يكتب هنا بهدوء")
TABLES = ("documents", "comments")


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three small parts are many here."""
    monkeypatch.setattr(tidy, "MANY", 3)


def add(folder: Path, number: int) -> None:
    """Write an archive of one essay with comments."""
    kit.archive(folder, f"a{number}", [kit.capture(kit.address(number), kit.page(number, comments=SAID))])


def grow(folder: Path, numbers: range) -> Recipe:
    """Build after each archive that comes."""
    for number in numbers:
        add(folder, number)
        kit.run(kit.recipe(folder))
    return kit.recipe(folder)


def at_once(folder: Path, numbers: range) -> dict[str, str]:
    """Return the shards of a first build of the same archives."""
    for number in numbers:
        add(folder, number)
    return shards(kit.recipe(folder))


def shards(given: Recipe) -> dict[str, str]:
    """Build, and return the digests of the release's shards."""
    built = kit.run(given)
    assert built.release is not None
    return kit.fingerprint(built.release / "data")


def parts(given: Recipe, kind: str) -> list[Path]:
    """Return the parts of a kind of the cache."""
    return sorted((given.cache / kind).rglob("part-*.parquet"))


def times(given: Recipe) -> dict[Path, int]:
    """Return when each part that holds something of a row was written."""
    return {
        part: part.stat().st_mtime_ns
        for kind in (*TABLES, "columns", "verdicts")
        for part in parts(given, kind)
    }


def kept_keys(given: Recipe, table: str) -> Counter[str]:
    """Return how often each row stands in the cache."""
    return Counter(key for part in parts(given, table) for key in pq.read_table(part)[KEY].to_pylist())


@pytest.mark.usefixtures("_soon")
def test_many_small_builds_leave_few_parts_and_the_release_of_one_build(tmp_path: Path) -> None:
    """Parts of every kind stay few; every row is kept once; the shards are those of a first build of all archives."""
    given = grow(tmp_path / "grown", range(5))
    for kind in (*TABLES, "columns/language/*/documents", "verdicts/comments", "row-names", "templates"):
        found = {part.parent for part in given.cache.glob(f"{kind}/**/part-*.parquet")}
        assert found, kind
        assert all(len(list(folder.glob("part-*"))) < 5 for folder in found), kind
    for table, rows in zip(TABLES, (5, 10), strict=True):
        assert sorted(kept_keys(given, table).values()) == [1] * rows
    assert shards(given) == at_once(tmp_path / "once", range(5))


@pytest.mark.usefixtures("_soon")
def test_what_was_put_together_is_taken_and_not_made_again(tmp_path: Path) -> None:
    """A build after it writes no row, no column and no verdict for pages that were there before."""
    given = grow(tmp_path, range(3))
    before = times(given)
    assert len(parts(given, "documents")) == 1
    kit.archive(tmp_path, "b", [kit.capture("https://other.example/1", b"<html><p>nothing</html>")])
    kit.run(given)
    assert times(given) == before


@pytest.mark.usefixtures("_soon")
def test_verdicts_of_a_rule_that_is_gone_back_to_are_put_together_too(tmp_path: Path) -> None:
    """Rules are changed, parts put together under the new ones, then changed back: no verdict is made again."""
    given = grow(tmp_path, range(2))
    old = given.cache / "verdicts/documents"
    (usual,) = old.iterdir()
    add(tmp_path, 2)
    kit.run(kit.recipe(tmp_path))
    before = {path.name: path.stat().st_mtime_ns for path in usual.iterdir()}
    assert len(before) == 1
    with pytest.raises(Exception, match="no document is left"):
        kit.run(kit.recipe(tmp_path, STRICT))
    kit.run(kit.recipe(tmp_path))
    assert {path.name: path.stat().st_mtime_ns for path in usual.iterdir()} == before


@dataclass(frozen=True, slots=True)
class Grown:
    """A dataset whose third build put parts together, its cache before, the shards of one with a fourth page."""

    folder: Path
    apart: Path
    expected: dict[str, str]


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Grown:
    """Build three times, and once in another folder."""
    home = tmp_path_factory.mktemp("grown")
    with pytest.MonkeyPatch.context() as patch:
        given = grow(home / "dataset", range(3))
        shutil.copytree(given.cache, home / "apart")
        patch.setattr(tidy, "MANY", 3)
        kit.run(given, profile=True)
        return Grown(given.folder, home / "apart", at_once(home / "once", range(4)))


@pytest.mark.parametrize("instant", ["before the part", "after the part", "while deleting"])
def test_a_kill_while_parts_are_put_together_loses_and_doubles_nothing(
    tmp_path: Path, grown: Grown, instant: str
) -> None:
    """Files as a kill leaves them at three instants: the next build gives what a first one gives."""
    shutil.copytree(grown.folder, tmp_path / "dataset")
    given = kit.recipe(tmp_path / "dataset")
    joined = {table: parts(given, table) for table in TABLES}
    assert [len(found) for found in joined.values()] == [1, 1]
    if instant == "before the part":
        for (part,) in joined.values():
            part.unlink()
    for path in sorted(grown.apart.rglob("part-*.parquet")):
        home = given.cache / path.relative_to(grown.apart)
        if instant != "while deleting" or path.parent.parent.name not in TABLES:
            shutil.copyfile(path, home)
    add(tmp_path / "dataset", 3)
    assert shards(given) == grown.expected
    assert [len(kept_keys(given, table)) for table in TABLES] == [4, 8]
