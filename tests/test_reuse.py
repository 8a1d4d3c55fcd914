"""A release takes rows from the last one where they are the same, and has the bytes it would have had alone."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import releasekit as kit
from releasekit import comment, document, recipe_in

from builder.dedup import cluster
from builder.errors import WorldError
from builder.recipe import Recipe
from builder.release import Release, ReleaseInput, shards, write_release
from builder.release.diff import diff
from builder.release.held import Writer, place_of
from builder.release.manifest import Shard
from builder.release.rowsource import FileRows, RowSource, beside
from builder.schema import Row, load_schema
from builder.stages.gather import DECIDING

MADE = {"documents": "columns of today", "comments": "columns of today"}
FIRST = [document(number) for number in range(30)]
JANUARY = [row["id"] for row in FIRST if row["published_at"].month == 1]
TALK = [comment(number, FIRST[number % 20]) for number in range(40)]


class Watched:
    """A source of rows that remembers whose rows it was asked for."""

    def __init__(self, source: RowSource) -> None:
        self.source = source
        self.asked: dict[str, set[str]] = defaultdict(set)

    def rows(self, table: str, places: npt.NDArray[np.int64]) -> Iterator[pa.Table]:
        """Yield what the source gives."""
        for rows in self.source.rows(table, places):
            self.asked[table].update(rows.column("id").to_pylist())
            yield rows


def narrow(whole: Path, table: str, rows: Iterable[Row], path: Path) -> Path:
    """Write the columns that a release decides by, as the build hands them on."""
    given = pq.read_table(whole)
    keys = [hashlib.md5(repr(sorted(row.items())).encode()).hexdigest() for row in rows]
    given = given.append_column("_key", pa.array(keys, pa.string()))
    given = given.append_column("_text_bytes", pc.binary_length(given.column("text")).cast("int64"))
    helpers = [name for name in given.column_names if name[0] == "_" and name not in DECIDING[table]]
    given = given.select([*DECIDING[table], *helpers])
    given = given.append_column("_place", pa.array(range(given.num_rows), pa.int64()))
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(given, path)
    return path


def release(
    recipe: Recipe, documents: list[Row], comments: list[Row], made: Mapping[str, str] = MADE
) -> tuple[Release, dict[str, set[str]]]:
    """Make a release as a build does: by narrow columns, with copies told. Return it and whose rows were fetched."""
    cache = recipe.folder / "cache"
    tables = {"documents": documents, "comments": comments}
    whole = {t: kit.write_rows(cache / "whole" / f"{t}.parquet", t, rows) for t, rows in tables.items()}
    files = {t: narrow(whole[t], t, rows, cache / "narrow" / f"{t}.parquet") for t, rows in tables.items()}
    shapes = {table: load_schema(table, 1).arrow() for table in tables}
    source = Watched(FileRows({table: (path,) for table, path in whole.items()}, shapes))
    clusters = cluster([files["documents"]], recipe.model.dedup, cache / "dedup")
    given = ReleaseInput(
        recipe=recipe,
        documents=(files["documents"],),
        comments=(files["comments"],),
        now=kit.NOW,
        source=source,
        clusters=clusters,
        writer=Writer("code of today", cache / "shards.json", made),
    )
    return write_release(given), source.asked


def files_of(made: Release) -> dict[str, bytes]:
    """Return what a release holds but for what tells of the release before: path -> bytes."""
    found = {path.relative_to(made.path).as_posix(): path for path in made.path.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name.startswith(("data/", "stats"))}


def alone(folder: Path, documents: list[Row], comments: list[Row], dataset: str = "") -> dict[str, bytes]:
    """Return the files of a release of these rows that has none before it."""
    return files_of(release(recipe_in(folder, dataset), documents, comments)[0])


def ids(rows: Iterable[Row]) -> set[str]:
    """Return the ids of some rows."""
    return {str(row["id"]) for row in rows}


CHANGES: dict[str, tuple[list[Row], list[Row], set[str], set[str]]] = {
    "nothing": (FIRST, TALK, set(), set()),
    "one left out, and with it a parent": (
        FIRST[1:],
        [c for c in TALK if c["document_id"] != FIRST[0]["id"]],
        set(),
        ids(TALK[2:3]),
    ),
    "one more": ([*FIRST, document(31)], TALK, ids([document(31)]), set()),
    "one says something else": (
        [FIRST[0] | {"title": "عنوان آخر"}, *FIRST[1:]],
        TALK,
        ids(FIRST[:1]),
        set(),
    ),
    "one of another month": (
        [FIRST[0] | {"published_at": FIRST[25]["published_at"] + timedelta(hours=1)}, *FIRST[1:]],
        TALK,
        ids(FIRST[:1]),
        set(),
    ),
    "a copy found": (
        [*FIRST, document(31, text=FIRST[3]["text"])],
        TALK,
        ids([FIRST[3]]),
        set(),
    ),
    "one becomes a copy, and its comments move": (
        [row if row != FIRST[19] else row | {"text": FIRST[3]["text"]} for row in FIRST],
        TALK,
        ids([FIRST[3]]),
        ids(row for row in TALK if row["document_id"] == FIRST[19]["id"]),
    ),
    "a parent gone": (FIRST, TALK[1:], set(), ids(TALK[2:3])),
    "no comments any more": (FIRST, [], set(), set()),
}
"""What changed: the rows then, and whose rows no release had."""


@pytest.mark.parametrize("name", CHANGES)
def test_only_rows_that_no_release_had_are_fetched(tmp_path: Path, name: str) -> None:
    """Rows that are the same come out of the last release; all bytes are those of a release made alone."""
    documents, comments, new_documents, new_comments = CHANGES[name]
    recipe = recipe_in(tmp_path / "a")
    answered = [*TALK[:2], TALK[2] | {"parent_id": TALK[0]["id"], "parent_state": "present"}, *TALK[3:]]
    comments = [answered[2] if row["id"] == answered[2]["id"] else row for row in comments]
    first, fetched = release(recipe, FIRST, answered)
    assert fetched == {"documents": ids(FIRST), "comments": ids(answered)}
    later, fetched = release(recipe, documents, comments)
    assert (fetched["documents"], fetched["comments"]) == (new_documents, new_comments)
    assert files_of(later) == alone(tmp_path / "b", documents, comments)
    assert later.fresh is (name != "nothing")
    assert later.path == first.path or says_what_changed(first, later)


def says_what_changed(first: Release, later: Release) -> bool:
    """Return whether the later release says of its tables what comparing all rows of both gives."""
    told = json.loads((later.path / "diff.json").read_text(encoding="utf-8"))["tables"]
    found = json.loads(json.dumps(diff(first.path, later.path).as_dict()["tables"]))
    return bool(told == found)


def test_another_split_is_told_of_rows_that_were_taken_over(tmp_path: Path) -> None:
    """A record that moves to another split is taken from the old shard, and counts as changed."""
    recipe = recipe_in(tmp_path / "a")
    first, _ = release(recipe, FIRST, TALK)
    rule = '[release]\nsplit = [{ name = "test", until = "2025-01-31" }]\n'
    later, fetched = release(recipe_in(tmp_path / "a", rule), FIRST, TALK)
    assert fetched == {}
    assert files_of(later) == alone(tmp_path / "b", FIRST, TALK, rule)
    assert says_what_changed(first, later)
    assert later.diff is not None
    assert later.diff.tables[0].fields == {"split": len(JANUARY)}


def test_columns_made_anew_are_fetched_for_their_table_alone(tmp_path: Path) -> None:
    """Other columns of comments leave the documents where they are."""
    recipe = recipe_in(tmp_path)
    release(recipe, FIRST, TALK)
    _, fetched = release(recipe, FIRST, TALK, {**MADE, "comments": "columns of tomorrow"})
    assert fetched == {"comments": ids(TALK)}
    _, fetched = release(recipe, FIRST, TALK, {**MADE, "comments": "columns of tomorrow"})
    assert fetched == {}


@pytest.mark.parametrize("harm", ["flipped", "gone", "names cut", "names gone", "memory gone"])
def test_what_is_damaged_is_fetched(tmp_path: Path, harm: str) -> None:
    """No byte of a damaged shard or memory reaches the next release; what is whole still does."""
    recipe = recipe_in(tmp_path / "a")
    first, _ = release(recipe, FIRST, TALK)
    shard = first.path / "data/documents/train-2025-01.parquet"
    memory = recipe.folder / "cache/shards.json"
    names = memory.with_suffix(".parquet")
    if harm == "flipped":
        data = bytearray(shard.read_bytes())
        data[len(data) // 2] ^= 0xFF
        shard.write_bytes(data)
    elif harm == "names cut":
        names.write_bytes(names.read_bytes()[:-9])
    else:
        {"gone": shard, "names gone": names, "memory gone": memory}[harm].unlink()
    documents = [*FIRST, document(31)]
    later, fetched = release(recipe, documents, TALK)
    assert files_of(later) == alone(tmp_path / "b", documents, TALK)
    lost = set(JANUARY) | ids([document(31)]) if harm in ("flipped", "gone") else ids(documents)
    assert fetched["documents"] == lost


def test_a_month_of_several_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards of a month are cut where they would be cut anew, and their order is that of their numbers."""
    monkeypatch.setattr(shards.write_shards, "__kwdefaults__", {**_defaults(), "limit_bytes": 6_000})
    recipe = recipe_in(tmp_path / "a")
    first, _ = release(recipe, FIRST, TALK)
    documents = [*FIRST[1:], document(31)]
    comments = [row for row in TALK if row["document_id"] != FIRST[0]["id"]]
    later, fetched = release(recipe, documents, comments)
    assert "data/documents/train-2025-01x002.parquet" in files_of(first)
    assert files_of(later) == alone(tmp_path / "b", documents, comments)
    assert fetched == {"documents": ids([document(31)])}
    loaded = pq.read_table(sorted((later.path / "data/documents").glob("*.parquet"))).column("id")
    assert sorted(loaded.to_pylist()) == sorted(ids(documents))
    manifest = json.loads((later.path / "manifest.json").read_text(encoding="utf-8"))
    listed = [entry["path"] for entry in manifest["shards"] if entry["table"] == "documents"]
    assert listed == sorted(listed)


def _defaults() -> dict[str, object]:
    return dict(shards.write_shards.__kwdefaults__ or {})


def test_a_release_that_was_moved_away_is_not_needed(tmp_path: Path) -> None:
    """Without the last release all rows are fetched, and a first release is made."""
    recipe = recipe_in(tmp_path)
    first, _ = release(recipe, FIRST, TALK)
    shutil.rmtree(first.path)
    again, fetched = release(recipe, FIRST, TALK)
    assert again.fresh
    assert fetched == {"documents": ids(FIRST), "comments": ids(TALK)}


def test_rows_that_ids_only_sources_gave_stay_without_text(tmp_path: Path) -> None:
    """What was left out of the last release is not in the rows that are taken from it, nor in the new ones."""
    recipe = recipe_in(tmp_path, "ids_only = true\n")
    release(recipe, FIRST, TALK)
    later, fetched = release(recipe, [*FIRST, document(31)], TALK)
    assert fetched["documents"] == ids([document(31)])
    for path in later.path.glob("data/*/*.parquet"):
        assert set(pq.read_table(path).column("text").to_pylist()) == {""}


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("data/documents/train-2025-01.parquet", ("train-2025-01", 1)),
        ("data/documents/train-2025-01x002.parquet", ("train-2025-01", 2)),
        ("data/documents/train-2025-01x1000.parquet", ("train-2025-01", 1000)),
        ("data/comments/x2-undated.parquet", ("x2-undated", 1)),
        ("data/comments/extra-undatedx010.parquet", ("extra-undated", 10)),
    ],
)
def test_the_place_of_a_shard(path: str, place: tuple[str, int]) -> None:
    """Split, month and number are read off a shard's name."""
    assert place_of(Shard(path, "documents", "train", 1, 1, "", "")) == place


def _numbers(*counts: int) -> list[pa.Table]:
    return [pa.table({"n": pa.array(range(count), pa.int64())}) for count in counts]


@pytest.mark.parametrize("cut", [(6,), (1, 2, 3), (4, 0, 2)])
def test_batches_are_cut_as_the_tables_are(cut: tuple[int, ...]) -> None:
    """Each table gets as many rows as it has, whatever the batches."""
    whole = pa.record_batch({"m": pa.array(range(6), pa.int64())})
    ends = np.cumsum((0, *cut)).tolist()
    batches = [whole.slice(start, end - start) for start, end in pairwise(ends)]
    pairs = list(beside(_numbers(2, 0, 3, 1), batches))
    assert [rows.num_rows for rows, _ in pairs] == [2, 3, 1]
    assert [more.column("m").to_pylist() for _, more in pairs] == [[0, 1], [2, 3, 4], [5]]


@pytest.mark.parametrize("counts", [(5,), (3, 4), ()])
def test_a_row_that_is_not_where_it_was_ends_the_release(counts: tuple[int, ...]) -> None:
    """More rows or fewer than were decided upon are an error, never a release."""
    batch = pa.record_batch({"m": pa.array(range(6), pa.int64())})
    with pytest.raises(WorldError, match="changed while"):
        list(beside(_numbers(*counts), [batch]))
