"""From row files to the rows of a release: newest states, takedowns, survivors, splits, order.

All of it is SQL over narrow columns, so that memory does not grow with the number of records; whole rows are fetched
when it is known where they go. What is left out here becomes a row of the rejected table and a count of a tally, like
everywhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder.buckets import BUCKET_COLUMN, in_order
from builder.dedup import NEWEST_STATE
from builder.duck import ROW_COLUMN, connection, hold_right_sides, part_files, quoted, scan, stream
from builder.recipe import RecipeModel
from builder.recipe_values import SplitBlock
from builder.release.dehydrate import dehydrated, ids_only_sources
from builder.release.ordering import ORDER, plan_order
from builder.release.rowsource import PLACE_COLUMN, FileRows, RowSource, beside
from builder.schema import TEXT_BYTES, Schema, load_schema
from builder.takedown import STAGE as TAKEDOWN
from builder.takedown import Takedowns, redacted
from builder.tally import Tally

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

REST_SPLIT = "train"
"""Split of all records that no split rule of the recipe takes."""

MEMORY_MB = 200
"""Measured: a million documents, as many comments, half of them copies, 1.25 million rejected rows peak at 322 MB."""

_BATCH_ROWS = 2048
_CLUSTER_COLUMNS = ("cluster_id", "cluster_size", "cluster_urls")
_CLUSTERS = {
    "id": "VARCHAR",
    "cluster_id": "VARCHAR",
    "cluster_size": "INTEGER",
    "survivor": "BOOLEAN",
    "cluster_urls": "VARCHAR[]",
    "how": "VARCHAR",
    "similarity": "FLOAT",
}


@dataclass(frozen=True, slots=True)
class Parts:
    """The row files of a release and the schemas they follow; `source` gives whole rows where the files do not."""

    documents: tuple[Path, ...]
    comments: tuple[Path, ...]
    rejected: tuple[Path, ...]
    clusters: Path | None
    schemas: dict[str, Schema]
    source: RowSource | None = None


@dataclass(frozen=True, slots=True)
class Assembly:
    """The rows of a release, decided but not yet written."""

    database: duckdb.DuckDBPyConnection
    source: RowSource
    schemas: dict[str, Schema]
    takedowns: Takedowns
    rejected_source: str
    work: Path
    ids_only: tuple[str, ...] = ()

    def rows(self, table: str) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a table in their final order, with the columns that `write_shards` needs."""
        plan_order(self.database, table)
        self.database.execute(_parents_sql(table))
        self.database.execute(_placed_sql(table))
        query = f"SELECT coalesce(max({BUCKET_COLUMN}), 0) FROM {table}_placed"
        ((last,),) = self.database.execute(query).fetchall()
        return in_order(self._whole(table), last, ORDER, self.work / f"{table}-buckets")

    def _whole(self, table: str) -> Iterator[pa.RecordBatch]:
        """Yield the whole rows that go in, each with its place in the release, as their source gives them."""
        places = self.database.execute(f"SELECT {PLACE_COLUMN} FROM {table}_placed").fetchnumpy()[
            PLACE_COLUMN
        ]
        decided = stream(
            self.database.cursor(), f"SELECT * EXCLUDE ({PLACE_COLUMN}) FROM {table}_placed", _BATCH_ROWS
        )
        for rows, more in beside(self.source.rows(table, places), decided):
            shown = dehydrated(self.database, self.schemas[table], rows, self.ids_only)
            yield from _put_in(shown, more).combine_chunks().to_batches()

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
def assemble(parts: Parts, model: RecipeModel, takedowns: Takedowns, work: Path) -> Iterator[Assembly]:
    """Decide which rows of the part files go into a release, in which split and order."""
    with connection(work, MEMORY_MB) as database:
        hold_right_sides(database)
        shapes = {table: schema.arrow() for table, schema in parts.schemas.items()}
        files = {table: part_files(getattr(parts, table)) for table in shapes}
        for table, shape in shapes.items():
            narrow = parts.source is not None and files[table]
            more = "" if narrow else f", {ROW_COLUMN} AS {PLACE_COLUMN}, strlen(text) AS {TEXT_BYTES}"
            rows = scan(files[table], shape, database)
            database.execute(f"CREATE VIEW {table}_in AS SELECT *{more} FROM {rows}")
        _read_clusters(database, parts.clusters, takedowns)
        _find_taken(database, parts.schemas, takedowns)
        database.execute(_documents_fate_sql(model.release.split))
        database.execute(_COMMENTS_FATE)
        rejected = scan(part_files(parts.rejected), load_schema("rejected").arrow(), database)
        source = parts.source or FileRows(files, shapes)
        yield Assembly(database, source, parts.schemas, takedowns, rejected, work, ids_only_sources(model))


def _read_clusters(database: duckdb.DuckDBPyConnection, clusters: Path | None, takedowns: Takedowns) -> None:
    """Make the table of clusters, without addresses that a takedown names."""
    if clusters is None:
        typed = ", ".join(f"NULL::{kind} AS {name}" for name, kind in _CLUSTERS.items())
        database.execute(f"CREATE TABLE clusters AS SELECT {typed} WHERE false")
        return
    names = ", ".join(_CLUSTERS)
    database.execute(f"CREATE TABLE clusters AS SELECT {names} FROM read_parquet({quoted(str(clusters))})")
    if takedowns:
        urls = database.execute("SELECT DISTINCT unnest(cluster_urls) FROM clusters").fetchall()
        named = [url for (url,) in urls if takedowns.names_url(url)]
        database.execute(
            "UPDATE clusters SET cluster_urls = list_filter(cluster_urls, lambda x: NOT list_contains(?, x))",
            [named],
        )


def _find_taken(
    database: duckdb.DuckDBPyConnection, schemas: dict[str, Schema], takedowns: Takedowns
) -> None:
    """Make the table of rows that a takedown names: the last guard, whatever the stages before have done."""
    database.execute("CREATE TABLE taken (place VARCHAR, id VARCHAR, rule VARCHAR, detail VARCHAR)")
    if not takedowns:
        return
    for table, schema in schemas.items():
        names = ", ".join(name for name in takedowns.columns if name in schema.names)
        with database.cursor() as reading:
            for batch in stream(reading, f"SELECT {names} FROM {table}_in", _BATCH_ROWS):
                named = ((row["id"], takedowns.reason(row)) for row in batch.to_pylist())
                found = [(table, key, reason.rule, reason.detail) for key, reason in named if reason]
                if found:
                    database.executemany("INSERT INTO taken VALUES (?, ?, ?, ?)", found)


def split_sql(splits: Sequence[SplitBlock]) -> str:
    """Return the SQL expression that names the split of a document.

    The rules of the recipe are asked in order and the first that fits takes the record; the rest is "train".
    A share is taken from the MD5 of the id, so that a record never changes its split when others come.
    """
    cases, used = [], 0.0
    place = "(('0x' || md5(id)[:8])::BIGINT / 4294967296.0)"
    day = "strftime(make_timestamp(epoch_us(published_at)), '%Y-%m-%d')"
    for split in splits:
        tests = [f"{day} >= {quoted(split.since)}"] if split.since else []
        tests += [f"{day} <= {quoted(split.until)}"] if split.until else []
        if split.hash_share is not None:
            tests.append(f"{place} >= {used!r} AND {place} < {used + split.hash_share!r}")
            used += split.hash_share
        cases.append(f"WHEN {' AND '.join(tests) or 'false'} THEN {quoted(split.name)}")
    return f"CASE {' '.join(cases)} ELSE '{REST_SPLIT}' END" if cases else f"'{REST_SPLIT}'"


_MONTH = "coalesce(strftime(make_timestamp(epoch_us(published_at)), '%Y-%m'), 'undated')"
_PLACE = """provenance.warc_file AS warc_file, provenance.warc_offset AS warc_offset,
    provenance.payload_digest AS payload_digest, provenance.fetched_at AS fetched_at, _row"""


def _documents_fate_sql(splits: Sequence[SplitBlock]) -> str:
    return f"""
        CREATE TABLE documents_fate AS
        WITH rows AS (
            SELECT id, url, title, source, published_at, {_PLACE}, {NEWEST_STATE} AS newest FROM documents_in)
        SELECT rows.id, rows.url, rows.title, rows.source, {_PLACE.replace("provenance.", "rows.")},
            rows.published_at,
            CASE WHEN NOT newest THEN 'states' WHEN taken.id IS NOT NULL THEN '{TAKEDOWN}'
                 WHEN NOT survivor THEN 'dedup' END AS stage,
            CASE WHEN NOT newest THEN 'older_state' WHEN taken.id IS NOT NULL THEN taken.rule
                 WHEN NOT survivor THEN how END AS rule,
            CASE WHEN NOT newest THEN 'captured again later' WHEN taken.id IS NOT NULL THEN taken.detail
                 WHEN NOT survivor THEN format('copy of {{}}, similarity {{:.2f}}', cluster_id, similarity)
                 ELSE '' END AS detail,
            {split_sql(splits).replace("md5(id)", "md5(rows.id)").replace("(published_at)", "(rows.published_at)")}
                AS split,
            {_MONTH.replace("published_at", "rows.published_at")} AS month
        FROM rows LEFT JOIN clusters ON clusters.id = rows.id
        LEFT JOIN (SELECT id, min(rule) AS rule, min(detail) AS detail FROM taken WHERE place = 'documents'
                   GROUP BY id) AS taken ON taken.id = rows.id"""


_COMMENTS_FATE = f"""
    CREATE TABLE comments_fate AS
    WITH rows AS (
        SELECT id, coalesce(clusters.cluster_id, document_id) AS document_id, url, title, source, published_at,
               warc_file, warc_offset, payload_digest, fetched_at, _row, newest
        FROM (SELECT id, document_id, url, title, source, published_at, {_PLACE}, {NEWEST_STATE} AS newest
              FROM comments_in)
        LEFT JOIN (SELECT id AS copy_id, cluster_id FROM clusters) AS clusters ON copy_id = document_id)
    SELECT rows.* EXCLUDE (newest),
        CASE WHEN NOT newest THEN 'states' WHEN taken.id IS NOT NULL THEN '{TAKEDOWN}'
             WHEN kept.id IS NULL THEN 'comments' END AS stage,
        CASE WHEN NOT newest THEN 'older_state' WHEN taken.id IS NOT NULL THEN taken.rule
             WHEN kept.id IS NULL THEN 'document_left_out' END AS rule,
        CASE WHEN NOT newest THEN 'captured again later' WHEN taken.id IS NOT NULL THEN taken.detail
             WHEN kept.id IS NULL THEN 'document ' || rows.document_id ELSE '' END AS detail,
        kept.split AS split, {_MONTH.replace("published_at", "rows.published_at")} AS month
    FROM rows LEFT JOIN (SELECT id, split FROM documents_fate WHERE stage IS NULL) AS kept
        ON kept.id = rows.document_id
    LEFT JOIN (SELECT id, min(rule) AS rule, min(detail) AS detail FROM taken WHERE place = 'comments'
               GROUP BY id) AS taken ON taken.id = rows.id"""


_KEPT_IDS = " UNION ".join(
    f"SELECT id FROM {table}_fate WHERE stage IS NULL" for table in ("documents", "comments")
)


def _parents_sql(table: str) -> str:
    """Return the query that makes the table of the parents of a table's records that go into the release."""
    given = f"SELECT parent_id AS id FROM {table}_in WHERE parent_id IS NOT NULL"
    return f"CREATE TABLE {table}_parents AS SELECT id FROM ({given}) INTERSECT SELECT id FROM ({_KEPT_IDS})"


_PARENT_STATE = """CASE WHEN given.parent_id IS NULL THEN given.parent_state WHEN parents.id IS NOT NULL THEN 'present'
    WHEN given.parent_state = 'deleted' THEN 'deleted' ELSE 'missing' END AS parent_state"""
"""A source cannot know what becomes of a parent: "present" is said only where its row is in the same release."""


_DECIDED = {
    "documents": "".join(f", coalesce(clusters.{name}, given.{name}) AS {name}" for name in _CLUSTER_COLUMNS),
    "comments": ", place.document_id AS document_id",
}
"""What a release decides of a row's columns beside the state of its parent."""


def _placed_sql(table: str) -> str:
    """Return the query that makes the table of a table's rows that go in: place, shard, and columns decided here.

    The rows stand first: DuckDB is told to hold the narrower tables in memory and let the rows pass by.
    """
    return f"""
        CREATE TABLE {table}_placed AS
        SELECT given.{PLACE_COLUMN}, place._shard, place._cost, place.{BUCKET_COLUMN}, {_PARENT_STATE}{_DECIDED[table]}
        FROM {table}_in AS given
        JOIN {table}_order AS place USING ({ROW_COLUMN})
        LEFT JOIN clusters ON clusters.id = given.id
        LEFT JOIN {table}_parents AS parents ON parents.id = given.parent_id
        ORDER BY given.{PLACE_COLUMN}"""


def _put_in(rows: pa.Table, decided: pa.Table) -> pa.Table:
    """Return rows with columns that were decided, in place of those of that name or behind the others."""
    for name in decided.column_names:
        index = rows.schema.get_field_index(name)
        values = decided.column(name)
        if index < 0:
            rows = rows.append_column(name, values)
        else:
            field = rows.schema.field(index)
            rows = rows.set_column(index, field, values.cast(field.type))
    return rows


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
