"""From row files to the rows of a release: newest states, takedowns, survivors, splits, order.

All of it is SQL over narrow columns, so that memory does not grow with the number of records; whole rows are fetched
when it is known where they go. What is left out here becomes a row of the rejected table and a count of a tally, like
everywhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from builder.buckets import BUCKET_COLUMN, in_order
from builder.duck import ROW_COLUMN, connection, hold_right_sides, part_files, quoted, scan, stream
from builder.recipe import RecipeModel
from builder.release.dehydrate import dehydrated, ids_only_sources
from builder.release.fate import decide_fate
from builder.release.held import NAME_COLUMN, HeldShards, label_of
from builder.release.manifest import Shard
from builder.release.ordering import ORDER, plan_order
from builder.release.reuse import find_held, name_sql, names_of, unchanged_labels, write_same
from builder.release.rowsource import PLACE_COLUMN, FileRows, RowSource, beside
from builder.schema import TEXT_BYTES, Schema, load_schema
from builder.takedown import STAGE as TAKEDOWN
from builder.takedown import Takedowns, redacted
from builder.tally import Tally

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

MEMORY_MB = 200
"""What SQL over narrow columns may hold. A million documents are written within 610 MB, all else among them."""

_BATCH_ROWS = 2048
_CLUSTER_COLUMNS = ("cluster_id", "cluster_size", "cluster_urls")


@dataclass(frozen=True, slots=True)
class Parts:
    """The row files of a release and the schemas they follow.

    `source` gives whole rows where the files do not, and `made` says of such tables what builder.release.held.Writer
    says.
    """

    documents: tuple[Path, ...]
    comments: tuple[Path, ...]
    rejected: tuple[Path, ...]
    clusters: Path | None
    schemas: dict[str, Schema]
    source: RowSource | None = None
    made: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableRows:
    """The rows of one table of a release.

    `shards` are those of the last release of whose rows some may go in again; `whole` those with their numbers in
    which nothing changes.
    """

    assembly: Assembly
    table: str
    shards: tuple[Shard, ...]
    whole: tuple[tuple[int, Shard], ...]

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows of the other shards in their final order, with the columns that `write_shards` needs."""
        query = f"SELECT coalesce(max({BUCKET_COLUMN}), 0) FROM {self.table}_going"
        ((last,),) = self.assembly.database.execute(query).fetchall()
        work = self.assembly.work / f"{self.table}-buckets"
        return in_order(chain(self._again(), self._fresh()), last, ORDER, work)

    def _again(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows that the shards hold, each with its place in this release."""
        held = self.assembly.held
        if held is None:
            return
        shape = self.assembly.schemas[self.table].arrow()
        paths = [held.release / shard.path for shard in self.shards]
        source = FileRows({self.table: paths}, {self.table: shape})
        for rows, more in self._decided("again", source, "_held", *_DECIDED[self.table]):
            yield from _put_in(rows, more, shape)

    def _fresh(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows that no release holds, each with its place in this one."""
        given = self.assembly
        schema = given.schemas[self.table]
        for rows, more in self._decided("fresh", given.source, PLACE_COLUMN):
            shown = dehydrated(given.database, schema, rows, given.ids_only)
            yield from _put_in(shown, more, schema.arrow())

    def _decided(
        self, name: str, source: RowSource, place: str, *but: str
    ) -> Iterator[tuple[pa.Table, pa.Table]]:
        """Yield rows of a source, and beside them what the table TABLE_`name` says of each, `but` for some columns."""
        database, table = self.assembly.database, f"{self.table}_{name}"
        places = database.execute(f"SELECT {place} FROM {table}").fetchnumpy()[place]
        left_out = ", ".join(sorted({"_held", PLACE_COLUMN, *but}))
        said = stream(database.cursor(), f"SELECT * EXCLUDE ({left_out}) FROM {table}", _BATCH_ROWS)
        yield from beside(source.rows(self.table, places), said)

    def names(self, number: int) -> pa.ChunkedArray:
        """Return the names of the rows of one of the shards, in their order."""
        return names_of(self.assembly.database, self.table, number)

    def write_same(self, path: Path) -> int:
        """Write the ids of the rows that are the same in the last release, and in the same split; return how many."""
        return write_same(self.assembly.database, self.table, path)


@dataclass(frozen=True, slots=True)
class Assembly:
    """The rows of a release, decided but not yet written."""

    database: duckdb.DuckDBPyConnection
    source: RowSource
    schemas: dict[str, Schema]
    takedowns: Takedowns
    rejected_source: str
    work: Path
    ids_only: tuple[str, ...]
    held: HeldShards | None
    made: Mapping[str, str]

    def table(self, table: str) -> TableRows:
        """Decide which rows of a table go in, and where."""
        plan_order(self.database, table)
        self.database.execute(_parents_sql(table))
        shards = find_held(self.database, table, self.held)
        self.database.execute(_going_sql(table, self.made.get(table)))
        same = unchanged_labels(self.database, table)
        left_out = ", ".join(map(quoted, sorted(same))) or "''"
        for name, place, which in ((f"{table}_fresh", PLACE_COLUMN, ""), (f"{table}_again", "_held", "NOT ")):
            self.database.execute(f"""
                CREATE TABLE {name} AS SELECT * EXCLUDE (_id, _was) FROM {table}_going
                WHERE _held IS {which}NULL AND _shard NOT IN ({left_out}) ORDER BY {place}""")
        whole = [(number, shard) for number, shard in enumerate(shards) if label_of(shard) in same]
        return TableRows(self, table, tuple(shards), tuple(whole))

    def rejected(self) -> Iterator[pa.RecordBatch]:
        """Yield the rejected rows of all stages in a stable order, without what takedowns ask to hide."""
        import pyarrow as pa

        schema = load_schema("rejected").arrow()
        reader = stream(self.database, _rejected_sql(self.rejected_source), _BATCH_ROWS)
        for batch in reader:
            table = pa.Table.from_batches([batch]).cast(schema)
            if self.takedowns:
                rows = [redacted(row, self.takedowns) for row in table.to_pylist()]
                table = pa.Table.from_pylist(rows, schema=schema)
            yield from table.to_batches()

    def tallies(self) -> list[Tally]:
        """Return the accounts of the stages here that had something to do, documents first."""
        return [*self._document_tallies(), self._tally("comments", "comments", ())]

    def _document_tallies(self) -> Iterator[Tally]:
        before: tuple[str, ...] = ()
        for stage in ("states", TAKEDOWN, "dedup"):
            tally = self._tally("documents", stage, before)
            before = (*before, stage)
            if stage == "dedup" or tally.dropped:
                yield tally

    def _tally(self, table: str, stage: str, before: Sequence[str]) -> Tally:
        """Count one stage over the rows that the stages `before` it kept; "comments" is all stages of that table."""
        tally = Tally(stage)
        counts = self.database.execute(
            f"SELECT stage, rule, count(*) FROM {table}_fate GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        for gone_at, rule, count in counts:
            if gone_at in before:
                continue
            if gone_at is None or (table == "documents" and gone_at != stage):
                tally.keep(count)
                continue
            tally.read += count
            tally.dropped[rule] += count
            tally.reasons[rule] += count
        return tally.close()


@contextmanager
def assemble(
    parts: Parts, model: RecipeModel, takedowns: Takedowns, work: Path, held: HeldShards | None = None
) -> Iterator[Assembly]:
    """Decide which rows of the part files go into a release, in which split and order; `held` is the last one."""
    with connection(work, MEMORY_MB) as database:
        hold_right_sides(database)
        shapes = {table: schema.arrow() for table, schema in parts.schemas.items()}
        files = {table: part_files(getattr(parts, table)) for table in shapes}
        for table, shape in shapes.items():
            narrow = parts.source is not None and files[table]
            more = (
                ""
                if narrow
                else f", {ROW_COLUMN} AS {PLACE_COLUMN}, strlen(text) AS {TEXT_BYTES}, '' AS _key"
            )
            rows = scan(files[table], shape, database)
            database.execute(f"CREATE VIEW {table}_in AS SELECT *{more} FROM {rows}")
        decide_fate(database, parts.schemas, model.release.split, parts.clusters, takedowns)
        rejected = scan(part_files(parts.rejected), load_schema("rejected").arrow(), database)
        source = parts.source or FileRows(files, shapes)
        ids_only, made = ids_only_sources(model), parts.made if parts.source else {}
        yield Assembly(
            database, source, parts.schemas, takedowns, rejected, work, ids_only, held if made else None, made
        )


_KEPT_IDS = " UNION ".join(
    f"SELECT id FROM {table}_fate WHERE stage IS NULL" for table in ("documents", "comments")
)


def _parents_sql(table: str) -> str:
    """Return the query that makes the table of the parents of a table's records that go into the release."""
    given = f"SELECT parent_id AS id FROM {table}_in WHERE parent_id IS NOT NULL"
    return f"CREATE TABLE {table}_parents AS SELECT id FROM ({given}) INTERSECT SELECT id FROM ({_KEPT_IDS})"


_PARENT_STATE = """CASE WHEN given.parent_id IS NULL THEN given.parent_state WHEN parents.id IS NOT NULL THEN 'present'
    WHEN given.parent_state = 'deleted' THEN 'deleted' ELSE 'missing' END"""
"""A source cannot know what becomes of a parent: "present" is said only where its row is in the same release."""


_DECIDED = {
    "documents": {
        "parent_state": _PARENT_STATE,
        **{name: f"coalesce(clusters.{name}, given.{name})" for name in _CLUSTER_COLUMNS},
    },
    "comments": {"parent_state": _PARENT_STATE, "document_id": "place.document_id"},
}
"""Columns of a row that a release decides."""


def _going_sql(table: str, made: str | None) -> str:
    """Return the query that makes the table of a table's rows that go in: place, shard, and columns decided here.

    With `made` rows have names, by which the last release's are found. The rows stand first: DuckDB is told to hold
    the narrower tables in memory and let the rows pass by.
    """
    decided = ", ".join(f"{value} AS {name}" for name, value in _DECIDED[table].items())
    going = f"""
        SELECT given.id AS _id, given.{PLACE_COLUMN}, place._shard, place._cost, place.{BUCKET_COLUMN}, {decided}
               {"" if made is None else ", given._key"}
        FROM {table}_in AS given
        JOIN {table}_order AS place USING ({ROW_COLUMN})
        LEFT JOIN clusters ON clusters.id = given.id
        LEFT JOIN {table}_parents AS parents ON parents.id = given.parent_id"""
    if made is None:
        return f"CREATE TABLE {table}_going AS SELECT *, NULL::BIGINT AS _held, '' AS _was FROM ({going})"
    return f"""
        CREATE TABLE {table}_going AS
        SELECT named.*, held._held, held._was
        FROM (SELECT * EXCLUDE (_key), {name_sql(table, made)} FROM ({going})) AS named
        LEFT JOIN {table}_held AS held USING ({NAME_COLUMN})"""


def _put_in(rows: pa.Table, decided: pa.Table, shape: pa.Schema) -> list[pa.RecordBatch]:
    """Return rows in a shape, with columns that were decided in place of their own or behind them."""
    import pyarrow as pa

    more = [field for field in decided.schema if field.name not in shape.names]
    columns = [
        (decided if field.name in decided.column_names else rows).column(field.name).cast(field.type)
        for field in (*shape, *more)
    ]
    whole = pa.table(columns, schema=pa.schema([*shape, *more])).combine_chunks()
    batches: list[pa.RecordBatch] = whole.to_batches()
    return batches


def _rejected_sql(source: str) -> str:
    columns = (
        'id, "table", url, title, source, stage, reasons, warc_file, warc_offset, payload_digest, fetched_at'
    )
    ours = " UNION ALL ".join(
        f"""SELECT id, '{table}' AS "table", url, title, source, stage,
            [{{'stage': stage, 'rule': rule, 'detail': detail}}] AS reasons,
            warc_file, warc_offset, payload_digest, fetched_at FROM {table}_fate WHERE stage IS NOT NULL"""
        for table in ("documents", "comments")
    )
    return f"""
        SELECT {columns} FROM (SELECT {columns} FROM {source} UNION ALL {ours})
        ORDER BY "table", warc_file, warc_offset, id, url, stage, reasons::VARCHAR"""
