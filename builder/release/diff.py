"""Two releases compared record by record: added, changed in which columns, removed.

A record is changed when a column other than the bookkeeping ones (builder.release.content) differs, or its split. Only
columns that both schemas have are compared; columns that came or went are told apart. Shards with the same
path and content hash are not opened, so that comparing costs as much as what changed.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from builder.duck import connection, file_literal, stream
from builder.errors import VerifyFailed
from builder.release.content import BOOKKEEPING
from builder.release.manifest import TABLES, Manifest, Shard, read_manifest
from builder.schema import load_schema

if TYPE_CHECKING:
    import duckdb

EXAMPLES = 20
"""Ids of each kind of change that diff.json names."""

_FETCH_AGAIN = "Run `hiwar verify` on both releases, and take the damaged one from where it was published."
_BATCH_ROWS = 4096
_ANY_USER = "regexp_replace(author, '^user-[0-9a-f]{24}$', 'user')"
"""Pseudonyms have another key for another recipe, so that releases cannot be joined: no change of the record."""
SPLIT = "split"
"""Stands among the columns for the split of a record: whoever loads one split finds it there or does not."""
_SPLIT_OF_FILE = "split_part(parse_filename(filename), '-', 1)"


@dataclass(frozen=True, slots=True)
class Side:
    """One release as far as a comparison needs it; also one that has no manifest yet."""

    folder: Path
    shards: tuple[Shard, ...]
    columns: dict[str, tuple[str, ...]]
    version: str = ""
    recipe: str = ""

    def shards_of(self, table: str) -> tuple[Shard, ...]:
        """Return the shards of a table."""
        return tuple(shard for shard in self.shards if shard.table == table)

    @classmethod
    def of_release(cls, folder: Path, manifest: Manifest | None = None) -> Side:
        """Read a finished release. Raises WorldError or VerifyFailed when it is none."""
        manifest = manifest or read_manifest(folder)
        columns = {entry.table: load_schema(entry.table, entry.version).names for entry in manifest.schemas}
        return cls(folder, manifest.shards, columns, manifest.version, manifest.recipe)


@dataclass(frozen=True, slots=True)
class TableDiff:
    """What happened to the records of one table.

    `bookkept` counts records whose bookkeeping columns alone differ; `fields` how many records changed in
    each column. `examples` are ids, at most 20 of each kind.
    """

    table: str
    rows_before: int
    rows_after: int
    added: int = 0
    changed: int = 0
    removed: int = 0
    bookkept: int = 0
    fields: dict[str, int] = field(default_factory=dict)
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    examples: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReleaseDiff:
    """What lies between two releases. `before` and `after` are versions, "" for one that has none yet."""

    before: str
    after: str
    tables: tuple[TableDiff, ...]
    recipe_changed: bool = False

    def total(self, kind: str) -> int:
        """Return the records of all tables that were "added", "changed", "removed" or "bookkept"."""
        return sum(int(getattr(table, kind)) for table in self.tables)

    @property
    def same_records(self) -> bool:
        """True when no record was added, changed or removed and no column came or went."""
        counts = sum(self.total(kind) for kind in ("added", "changed", "removed"))
        columns = any(table.columns_added or table.columns_removed for table in self.tables)
        return not counts and not columns

    def as_dict(self) -> dict[str, object]:
        """Return the comparison as it is written to diff.json."""
        return {
            "before": self.before,
            "after": self.after,
            "recipe_changed": self.recipe_changed,
            "tables": {table.table: asdict(table) for table in self.tables},
        }

    def render(self) -> str:
        """Return the comparison for people, one fact a line."""
        lines = [f"{self.before or 'nothing'} -> {self.after or 'draft'}"]
        for table in self.tables:
            lines.append(
                f"{table.table}: {table.rows_before} -> {table.rows_after} records; {table.added} added, "
                f"{table.changed} changed, {table.removed} removed"
            )
            changes = sorted(table.fields.items(), key=lambda item: (-item[1], item[0]))
            lines += [f"  changed in {name}: {count}" for name, count in changes]
            lines += [f"  new column: {name}" for name in table.columns_added]
            lines += [f"  column gone: {name}" for name in table.columns_removed]
            if table.bookkept:
                lines.append(f"  only provenance or cluster bookkeeping differs: {table.bookkept}")
            for kind, ids in table.examples.items():
                lines.append(f"  {kind}, e.g.: {', '.join(ids[:3])}")
        if self.recipe_changed:
            lines.append("the recipe changed")
        if self.same_records:
            lines.append("the records are the same")
        return "\n".join(lines)


def diff(before: Path, after: Path) -> ReleaseDiff:
    """Compare two release folders. Raises WorldError or VerifyFailed when one is no release or a shard is damaged."""
    result, _ = compare(Side.of_release(before), Side.of_release(after))
    return result


def compare(
    before: Side, after: Side, same: Mapping[str, Path] | None = None
) -> tuple[ReleaseDiff, dict[str, list[str]]]:
    """Compare two sides; return the comparison and the removed ids of each table, sorted.

    `same` names a Parquet file for each table with the ids of records that are known to be the same in the same split.
    """
    names = [table for table in TABLES if table in before.columns or table in after.columns]
    found = {name: _compare_table(name, before, after, (same or {}).get(name)) for name in names}
    result = ReleaseDiff(
        before.version,
        after.version,
        tuple(table for table, _ in found.values()),
        recipe_changed=before.recipe != after.recipe,
    )
    return result, {name: removed for name, (_, removed) in found.items()}


def _compare_table(
    table: str, before: Side, after: Side, unchanged: Path | None
) -> tuple[TableDiff, list[str]]:
    old, new = before.columns.get(table, ()), after.columns.get(table, ())
    shared = tuple(name for name in old if name in new) if old and new else (old or new)
    account = _Account((*shared, SPLIT))
    for row in _differing(_changed(before, after, table), shared, unchanged):
        account.add(*row)
    result = TableDiff(
        table,
        sum(shard.rows for shard in before.shards_of(table)),
        sum(shard.rows for shard in after.shards_of(table)),
        added=account.counts["added"],
        changed=account.counts["changed"],
        removed=account.counts["removed"],
        bookkept=account.counts["bookkept"],
        fields=dict(sorted(account.fields.items())),
        columns_added=tuple(name for name in new if name not in old) if old else (),
        columns_removed=tuple(name for name in old if name not in new) if new else (),
        examples={kind: tuple(ids) for kind, ids in account.examples.items()},
    )
    return result, account.removed


def _changed(before: Side, after: Side, table: str) -> list[list[Path]]:
    """Return the shards of each side that the other has not, path and content: all where their columns differ."""
    sides = ({(s.path, s.content) for s in side.shards_of(table)} for side in (before, after))
    same = set.intersection(*sides) if before.columns.get(table) == after.columns.get(table) else set()
    return [
        [side.folder / s.path for s in side.shards_of(table) if (s.path, s.content) not in same]
        for side in (before, after)
    ]


def _differing(
    changed: Sequence[Sequence[Path]], shared: Sequence[str], unchanged: Path | None
) -> Iterator[tuple[str, Sequence[int] | None, Sequence[int] | None]]:
    """Yield (id, cells before, cells after) of the records that differ, sorted by id; None where there is none.

    `changed` are the shards of both sides that differ. A cell is a hash of 64 bits of one value, in the order of
    `shared` and then of the record's split: DuckDB's own, which holds within one run. `unchanged` names a file of the
    ids that need no comparing.
    """
    if not any(changed):
        return
    with tempfile.TemporaryDirectory(prefix="hiwar-diff-") as work, _opened(Path(work), changed) as database:
        query = (
            _every_sql(changed, shared)
            if unchanged is None
            else _rest_sql(database, changed, shared, unchanged)
        )
        for batch in stream(database, query, _BATCH_ROWS):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _every_sql(changed: Sequence[Sequence[Path]], shared: Sequence[str]) -> str:
    """Return the query that compares all records of some shards."""
    old, new = (_cells_sql(files, shared) for files in changed)
    return f"""
        SELECT coalesce(old.id, new.id) AS id, old.cells, new.cells
        FROM ({old}) AS old FULL OUTER JOIN ({new}) AS new ON old.id = new.id
        WHERE old.cells IS DISTINCT FROM new.cells ORDER BY 1"""


def _rest_sql(
    database: duckdb.DuckDBPyConnection,
    changed: Sequence[Sequence[Path]],
    shared: Sequence[str],
    unchanged: Path,
) -> str:
    """Return the query that compares the records of some shards but those that are known to be unchanged.

    Of a record that stands on one side only nothing but its id is read.
    """
    old, new = (_ids_sql(files, unchanged) for files in changed)
    database.execute(f"""
        CREATE TABLE pairs AS SELECT coalesce(old.id, new.id) AS id, old.file AS old_file, new.file AS new_file
        FROM ({old}) AS old FULL OUTER JOIN ({new}) AS new ON old.id = new.id""")
    both = "WHERE id IN (SELECT id FROM pairs WHERE old_file IS NOT NULL AND new_file IS NOT NULL)"
    old, new = (
        _cells_sql(_files_of_both(database, side, files), shared, both)
        for side, files in zip(("old_file", "new_file"), changed, strict=True)
    )
    return f"""
        SELECT pairs.id, CASE WHEN old_file IS NOT NULL THEN coalesce(old.cells, []) END,
               CASE WHEN new_file IS NOT NULL THEN coalesce(new.cells, []) END
        FROM pairs LEFT JOIN ({old}) AS old ON old.id = pairs.id LEFT JOIN ({new}) AS new ON new.id = pairs.id
        WHERE old_file IS NULL OR new_file IS NULL OR old.cells IS DISTINCT FROM new.cells ORDER BY 1"""


def _ids_sql(files: Sequence[Path], unchanged: Path) -> str:
    """Return the query that gives the id of each row of some shards, and the number of its shard."""
    if not files:
        return "SELECT NULL::VARCHAR AS id, NULL::BIGINT AS file WHERE false"
    return f"""SELECT id, file_index::BIGINT AS file FROM read_parquet([{_listed(files)}])
        WHERE id NOT IN (SELECT id FROM read_parquet({file_literal(unchanged)}))"""


def _files_of_both(database: duckdb.DuckDBPyConnection, side: str, files: Sequence[Path]) -> list[Path]:
    """Return those of one side's shards that hold records which the other side has too."""
    both = f"SELECT DISTINCT {side} FROM pairs WHERE old_file IS NOT NULL AND new_file IS NOT NULL ORDER BY 1"
    return [files[number] for (number,) in database.execute(both).fetchall()]


@contextmanager
def _opened(work: Path, sides: Iterable[Iterable[Path]]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database to read some shards with. Raises VerifyFailed when one is not there or no Parquet."""
    import duckdb

    lost = [path for files in sides for path in files if not path.is_file()]
    if lost:
        raise VerifyFailed("a shard is not there", where=str(lost[0]), what_next=_FETCH_AGAIN)
    try:
        with connection(work) as database:
            yield database
    except duckdb.Error as error:
        raise VerifyFailed(str(error).splitlines()[0], what_next=_FETCH_AGAIN) from error


def _cells_sql(files: Sequence[Path], names: Iterable[str], where: str = "") -> str:
    """Return the query that gives the id and the cells of each row of some shards, or of those `where` says."""
    if not files:
        return "SELECT NULL::VARCHAR AS id, NULL::UBIGINT[] AS cells WHERE false"
    values = (_ANY_USER if name == "author" else f'"{name}"' for name in names)
    hashes = ", ".join(f"hash({value})" for value in (*values, _SPLIT_OF_FILE))
    return f"SELECT id, [{hashes}] AS cells FROM read_parquet([{_listed(files)}], filename = true) {where}"


def _listed(files: Iterable[Path]) -> str:
    return ", ".join(map(file_literal, files))


@dataclass(slots=True)
class _Account:
    """Counts the kinds of change of one table while pairs of rows pass by."""

    names: tuple[str, ...]
    counts: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)

    def add(self, key: str, old: Sequence[int] | None, new: Sequence[int] | None) -> None:
        """Count one record by its cells before and after; None where it is not there."""
        kind = "added" if old is None else "removed" if new is None else self._changed(old, new)
        self.counts[kind] += 1
        if kind == "removed":
            self.removed.append(key)
        ids = self.examples.setdefault(kind, []) if kind != "bookkept" else []
        if len(ids) < EXAMPLES:
            ids.append(key)

    def _changed(self, old: Sequence[int], new: Sequence[int]) -> str:
        pairs = zip(self.names, old, new, strict=True)
        changed = [name for name, was, now in pairs if was != now and name not in BOOKKEEPING]
        self.fields.update(changed)
        return "changed" if changed else "bookkept"
