"""What becomes of each row at the door of a release: an older state, taken down, a copy, without its document, or in.

The tables `documents_fate` and `comments_fate` say it, with the split and month of each row, over narrow columns alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from builder.dedup import NEWEST_STATE
from builder.duck import file_literal, quoted, stream
from builder.recipe_values import SplitBlock
from builder.takedown import STAGE as TAKEDOWN
from builder.takedown import Takedowns

if TYPE_CHECKING:
    import duckdb

    from builder.schema import Schema

REST_SPLIT = "train"
"""Split of all records that no split rule of the recipe takes."""

_BATCH_ROWS = 2048
_CLUSTERS = {
    "id": "VARCHAR",
    "cluster_id": "VARCHAR",
    "cluster_size": "INTEGER",
    "survivor": "BOOLEAN",
    "cluster_urls": "VARCHAR[]",
    "how": "VARCHAR",
    "similarity": "FLOAT",
}


def decide_fate(
    database: duckdb.DuckDBPyConnection,
    schemas: dict[str, Schema],
    splits: Sequence[SplitBlock],
    clusters: Path | None,
    takedowns: Takedowns,
) -> None:
    """Make the tables of fates out of the views `documents_in` and `comments_in`, and `clusters`."""
    _read_clusters(database, clusters, takedowns)
    _find_taken(database, schemas, takedowns)
    database.execute(_documents_fate_sql(splits))
    database.execute(_COMMENTS_FATE)


def _read_clusters(database: duckdb.DuckDBPyConnection, clusters: Path | None, takedowns: Takedowns) -> None:
    """Make the table of clusters, without addresses that a takedown names."""
    if clusters is None:
        typed = ", ".join(f"NULL::{kind} AS {name}" for name, kind in _CLUSTERS.items())
        database.execute(f"CREATE TABLE clusters AS SELECT {typed} WHERE false")
        return
    names = ", ".join(_CLUSTERS)
    database.execute(f"CREATE TABLE clusters AS SELECT {names} FROM read_parquet({file_literal(clusters)})")
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
            {split_sql(splits).replace("md5(id)", "md5(rows.id)")} AS split, {_MONTH} AS month
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
        kept.split AS split, {_MONTH} AS month
    FROM rows LEFT JOIN (SELECT id, split FROM documents_fate WHERE stage IS NULL) AS kept
        ON kept.id = rows.document_id
    LEFT JOIN (SELECT id, min(rule) AS rule, min(detail) AS detail FROM taken WHERE place = 'comments'
               GROUP BY id) AS taken ON taken.id = rows.id"""
