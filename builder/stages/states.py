"""Stage 3: of many states of one document the latest stands, and what its place of origin took back does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.duck import file_literal
from builder.stages.store import KEY, Store

if TYPE_CHECKING:
    import duckdb

TABLES = ("documents", "comments")

_LATEST = f"ORDER BY view, last_seen DESC, payload_digest DESC, record_id DESC, {KEY}, place"


def settle(database: duckdb.DuckDBPyConnection, store: Store) -> None:
    """Fill the tables `found`, `documents_states` and `comments_states` of the work database.

    `found` has every capture with what was read of it (`missing` where nothing could be). A states table has one
    row for each state of a record with `reason` null for the one that stands: of full views before lesser ones,
    the state seen last; of those seen at once, the one with the greatest payload digest, then record id.
    """
    parts = store.parts()
    names = ", ".join(file_literal(part) for part in parts)
    database.execute(
        f"""CREATE TABLE readings AS SELECT * EXCLUDE (extraction, filename), filename AS part
        FROM read_parquet([{names}], filename = true)
        WHERE {KEY} IN (SELECT {KEY} FROM captures)
        QUALIFY row_number() OVER (PARTITION BY {KEY} ORDER BY filename) = 1"""
        if parts
        else _NO_READINGS
    )
    for statement in (_FOUND, _TOMBS, *(_states(table) for table in TABLES)):
        database.execute(statement)
    database.execute("DROP TABLE readings")


_NO_READINGS = f"""CREATE TABLE readings ({KEY} VARCHAR, failed VARCHAR, skipped VARCHAR, documents VARCHAR[],
comments VARCHAR[], tombstones VARCHAR[], sites VARCHAR[], samples VARCHAR[], views VARCHAR[],
part VARCHAR)"""

_FOUND = f"""CREATE TABLE found AS SELECT captures.*, readings.* EXCLUDE ({KEY}, failed, skipped),
    coalesce(failed, CASE WHEN part IS NULL THEN 'killed' END) AS failed,
    coalesce(skipped, CASE WHEN len(documents) + len(comments) + len(tombstones) = 0 THEN 'nothing' END) AS skipped
    FROM captures LEFT JOIN readings USING ({KEY})"""

_TOMBS = """CREATE TABLE tombs AS SELECT record_key, max(gone_at) AS gone_at FROM (
    SELECT doc_key AS record_key, gone_at FROM gone
    UNION ALL SELECT unnest(tombstones), last_seen FROM found) GROUP BY record_key"""


def _states(table: str) -> str:
    view = "unnest(views)" if table == "documents" else "'full'"
    return f"""CREATE TABLE {table}_states AS
    SELECT {KEY}, place, record_key, last_seen,
        CASE WHEN row_number() OVER (PARTITION BY record_key {_LATEST}) > 1 THEN 'older-state'
             WHEN tombs.gone_at >= last_seen THEN 'gone' END AS reason
    FROM (SELECT {KEY}, unnest({table}) AS record_key, generate_subscripts({table}, 1) - 1 AS place,
                 {view} AS view, last_seen, payload_digest, record_id FROM found WHERE failed IS NULL)
    LEFT JOIN tombs USING (record_key)"""
