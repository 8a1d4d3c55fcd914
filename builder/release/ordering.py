"""Rows in their final order without holding them all: a narrow plan, buckets on disk, one bucket in memory.

DuckDB decides the order over ids and dates alone; rows with their texts never go through its sort, which at
200,000 articles ran out of 400 MB. They are read once, laid into the bucket of their place, and each bucket is
sorted by itself.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from builder.duck import stream
from builder.release.shards import SHARD_COLUMN

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    import pyarrow.ipc as ipc

BUCKET_BYTES = 64_000_000
"""Cost of the rows of one bucket; twice that is held while it is sorted."""

MOST_BUCKETS = 400
"""Buckets are open files; a release over 25 GB gets larger ones."""

_BATCH_ROWS = 4096
_BUCKET_COLUMN = "_bucket"


def plan_order(database: duckdb.DuckDBPyConnection, table: str, bucket_bytes: int = BUCKET_BYTES) -> None:
    """Make the table `TABLE_order`: file and row of each row that goes in, its shard, its cost and its bucket.

    The cost of a row is the bytes of its text and 2,000 for its other columns.
    """
    database.execute(f"""
        CREATE TABLE {table}_order AS
        WITH costs AS (
            SELECT filename, file_row_number, (2000 + strlen(text))::BIGINT AS _cost FROM {table}_in),
        placed AS (
            SELECT filename, file_row_number, _cost, split || '-' || month AS _shard, published_at, id
            FROM {table}_fate JOIN costs USING (filename, file_row_number) WHERE stage IS NULL),
        summed AS (
            SELECT filename, file_row_number, _cost, _shard, sum(_cost) OVER (
                ORDER BY _shard, published_at, id ROWS UNBOUNDED PRECEDING)::BIGINT AS upto FROM placed),
        sized AS (SELECT greatest({bucket_bytes}, max(upto) // {MOST_BUCKETS} + 1) AS size FROM summed)
        SELECT filename, file_row_number, _cost, _shard, (upto // size)::BIGINT AS _bucket FROM summed, sized""")


def ordered(database: duckdb.DuckDBPyConnection, query: str, work: Path) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a query in (_shard, published_at, id) order, one bucket in memory at a time.

    The query gives, in any order, the columns of a table with `_shard`, `_cost` and `_bucket`, where no bucket
    has a row that belongs before one of a lower bucket. `work` is used for the buckets and emptied.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.ipc as ipc

    order = [(name, "ascending") for name in (SHARD_COLUMN, "published_at", "id")]
    for path in _fill(database, query, work):
        with pa.OSFile(str(path)) as source, ipc.open_stream(source) as reader:
            rows = reader.read_all().drop_columns([_BUCKET_COLUMN])
        path.unlink()
        yield from rows.take(pc.sort_indices(rows, sort_keys=order)).to_batches(_BATCH_ROWS)
    shutil.rmtree(work)


def _fill(database: duckdb.DuckDBPyConnection, query: str, work: Path) -> list[Path]:
    """Lay the rows of a query into one file a bucket, and return the files in order."""
    import pyarrow.compute as pc
    import pyarrow.ipc as ipc

    work.mkdir(parents=True)
    writers: dict[int, ipc.RecordBatchStreamWriter] = {}
    options = ipc.IpcWriteOptions(compression="lz4")
    try:
        for batch in stream(database, query, _BATCH_ROWS):
            for bucket in sorted(set(batch.column(_BUCKET_COLUMN).to_pylist())):
                if bucket not in writers:
                    path = str(_bucket_file(work, bucket))
                    writers[bucket] = ipc.new_stream(path, batch.schema, options=options)
                mine = batch.filter(pc.equal(batch.column(_BUCKET_COLUMN), bucket))
                writers[bucket].write_batch(mine)
    finally:
        for writer in writers.values():
            writer.close()
    return [_bucket_file(work, bucket) for bucket in sorted(writers)]


def _bucket_file(work: Path, bucket: int) -> Path:
    return work / f"{bucket:06d}.arrows"
