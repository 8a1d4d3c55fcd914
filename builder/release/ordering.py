"""The plan of a table's order: over ids and dates alone, so that rows with their texts are never sorted as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.schema import TEXT_BYTES

if TYPE_CHECKING:
    import duckdb

ORDER = ("_shard", "published_at", "id")
"""Columns that give the final order of rows."""

BUCKET_BYTES = 24_000_000
"""Cost of the rows of one bucket; four times that is held while it is sorted and its shard written."""

MOST_BUCKETS = 400
"""Buckets are open files; a release over 10 GB gets larger ones."""


def plan_order(database: duckdb.DuckDBPyConnection, table: str, bucket_bytes: int = BUCKET_BYTES) -> None:
    """Make the table `TABLE_order`: place of each row that goes in, its shard, its cost and its bucket.

    That of comments has the document that stands for theirs too. The cost of a row is the bytes of its text and
    2,000 for its other columns.
    """
    more = ", document_id" if table == "comments" else ""
    database.execute(f"""
        CREATE TABLE {table}_order AS
        WITH costs AS (
            SELECT _row, (2000 + {TEXT_BYTES})::BIGINT AS _cost FROM {table}_in),
        placed AS (
            SELECT _row, _cost, split || '-' || month AS _shard, published_at, id{more}
            FROM {table}_fate JOIN costs USING (_row) WHERE stage IS NULL),
        summed AS (
            SELECT _row, _cost, _shard{more}, sum(_cost) OVER (
                ORDER BY _shard, published_at, id ROWS UNBOUNDED PRECEDING)::BIGINT AS upto FROM placed),
        sized AS (SELECT greatest({bucket_bytes}, max(upto) // {MOST_BUCKETS} + 1) AS size FROM summed)
        SELECT _row, _cost, _shard{more}, (upto // size)::BIGINT AS _bucket FROM summed, sized""")
