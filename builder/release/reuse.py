"""Rows that the last release holds already, told by their names: they are read from its shards, not put together anew.

The name of a row is a digest of all it is made from: the name under which the stores know it, what columns are filled
from, and what the release decides of it. Rows of one name are the same, value for value.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from builder.duck import FILE_ROWS, file_literal, quoted
from builder.release.held import NAME_COLUMN, HeldShards, label_of

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from builder.release.manifest import Shard

_SAID = {
    "documents": "coalesce(cluster_id, ''), coalesce(cluster_size::VARCHAR, ''), "
    "coalesce(array_to_string(cluster_urls, chr(10)), '-')",
    "comments": "coalesce(document_id, '')",
}
"""What a release decides of a row beside the state of its parent, as text."""


def name_sql(table: str, made: str) -> str:
    """Return the SQL of a row's name, out of its `_key` and what the release decides of it."""
    said = f"concat_ws('|', {quoted(made)}, _key, coalesce(parent_state, ''), {_SAID[table]})"
    return f"unhex(md5({said})) AS {NAME_COLUMN}"


def find_held(database: duckdb.DuckDBPyConnection, table: str, held: HeldShards | None) -> list[Shard]:
    """Make the table `TABLE_held` of the rows that may be taken over: name, place, label. Return their shards.

    The place of a row is the number of its shard in that list, times 2^32, and its place in it.
    """
    shards = held.whole(table) if held else []
    if not shards or held is None:
        empty = f"SELECT ''::BLOB AS {NAME_COLUMN}, 0::BIGINT AS _held, '' AS _was WHERE false"
        database.execute(f"CREATE TABLE {table}_held AS {empty}")
        return []
    names = file_literal(held.names or "")
    numbers = ", ".join(
        f"({quoted(shard.path)}, {number}, {quoted(label_of(shard))})" for number, shard in enumerate(shards)
    )
    database.execute(f"""
        CREATE TABLE {table}_held AS
        SELECT name AS {NAME_COLUMN}, min(place) AS _held, arg_min(label, place) AS _was
        FROM (SELECT name, number * {FILE_ROWS} + row AS place, label FROM read_parquet({names})
              JOIN (VALUES {numbers}) AS shards(path, number, label) USING (path)) AS rows GROUP BY name""")
    return shards


def unchanged_labels(database: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    """Return the labels of `TABLE_going` whose rows are those of the last release, all and no others."""
    found = database.execute(f"""
        SELECT _shard FROM {table}_going
        LEFT JOIN (SELECT _was AS label, count(*) AS rows FROM {table}_held GROUP BY _was) ON label = _shard
        GROUP BY _shard HAVING count(*) FILTER (_was = _shard) = count(*) AND count(*) = any_value(rows)""")
    return {label for (label,) in found.fetchall()}


def names_of(database: duckdb.DuckDBPyConnection, table: str, number: int) -> pa.ChunkedArray:
    """Return the names of the rows of one held shard, in their order."""
    low, high = number * FILE_ROWS, (number + 1) * FILE_ROWS
    query = f"SELECT {NAME_COLUMN} FROM {table}_held WHERE _held >= {low} AND _held < {high} ORDER BY _held"
    return database.sql(query).to_arrow_table().column(0)


def write_same(database: duckdb.DuckDBPyConnection, table: str, path: Path) -> int:
    """Write the ids of the rows that are the same in the last release, and in the same split; return their number."""
    copied = database.execute(f"""
        COPY (SELECT _id AS id FROM {table}_going WHERE _held IS NOT NULL
              AND split_part(_was, '-', 1) = split_part(_shard, '-', 1))
        TO {quoted(str(path))} (FORMAT parquet)""").fetchall()
    return int(copied[0][0])
