"""Rows in order without a sort of rows: they are laid into buckets on disk, and one bucket is sorted at a time.

Rows with their texts never go through DuckDB's own sort, which at 200,000 articles ran out of 400 MB.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING

from builder.duck import stream
from builder.storage import disk_refused

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa
    import pyarrow.ipc as ipc

BUCKET_COLUMN = "_bucket"

FILES_AT_ONCE = 64
"""Files that rows are laid into in one step. A million rows make 233 and went into them by seventeen. 300,000 make 70,
and their release took 60 CPU s so and 47 in two steps (docs/measurements/speed.md has a million)."""

TOGETHER_BYTES = 10_000_000
"""Rows that are parted among the files at a time: three copies of them are in memory then."""

_BATCH_ROWS = 4096


def ordered(
    database: duckdb.DuckDBPyConnection,
    query: str,
    keys: Sequence[str],
    work: Path,
    *,
    batch_rows: int = _BATCH_ROWS,
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a query in the order of `keys`; see `in_order`, which says of the column `_bucket`."""
    ((last,),) = database.execute(f"SELECT coalesce(max({BUCKET_COLUMN}), 0) FROM ({query})").fetchall()
    return in_order(stream(database, query, batch_rows), last, keys, work, batch_rows=batch_rows)


def in_order(
    batches: Iterable[pa.RecordBatch],
    last: int,
    keys: Sequence[str],
    work: Path,
    *,
    batch_rows: int = _BATCH_ROWS,
) -> Iterator[pa.RecordBatch]:
    """Yield rows in the order of `keys`, one bucket in memory at a time, `batch_rows` in a batch.

    They come in any order, with a column `_bucket` from 0 to `last` such that no bucket has a row that belongs before
    one of a lower bucket. `work` is used for the buckets and removed.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    order = [(name, "ascending") for name in keys]
    for path in _buckets(batches, last, work, batch_rows):
        rows = pa.Table.from_batches(_read(path)).drop_columns([BUCKET_COLUMN])
        path.unlink()
        places = pc.sort_indices(rows, sort_keys=order)
        yield from (rows if _rise(places.to_numpy()) else rows.take(places)).to_batches(batch_rows)
    shutil.rmtree(work)


def _buckets(rows: Iterable[pa.RecordBatch], last: int, work: Path, batch_rows: int) -> Iterator[Path]:
    """Yield a file for each bucket that has rows, in order. Many buckets are made in two steps."""
    if last < FILES_AT_ONCE:
        yield from _lay_out(rows, 1, work / "single", batch_rows)
        return
    for many in _lay_out(rows, isqrt(last) + 1, work / "many", batch_rows):
        yield from _lay_out(_read(many), 1, work / "single", batch_rows)
        many.unlink()


def _lay_out(batches: Iterable[pa.RecordBatch], width: int, folder: Path, batch_rows: int) -> list[Path]:
    """Lay rows into one file for every `width` buckets, and return the files in order.

    They are not compressed: LZ4 took an eighth of the time of a whole release. Raises WorldError when the disk refuses.
    """
    import pyarrow.ipc as ipc

    folder.mkdir(parents=True, exist_ok=True)
    writers: dict[int, ipc.RecordBatchStreamWriter] = {}
    try:
        with ExitStack() as opened:
            for table in _together(batches, batch_rows):
                for place, rows in _stretches(table, width):
                    if place not in writers:
                        writer = ipc.new_stream(str(_file(folder, place)), table.schema)
                        writers[place] = opened.enter_context(writer)
                    writers[place].write_table(rows)
    except OSError as error:
        raise disk_refused(folder, error) from error
    return [_file(folder, place) for place in sorted(writers)]


def _together(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.Table]:
    """Yield the rows of some batches in tables of `rows` rows or TOGETHER_BYTES and more, but for the last."""
    import pyarrow as pa

    held: list[pa.RecordBatch] = []
    held_rows = held_bytes = 0
    for batch in batches:
        held.append(batch)
        held_rows, held_bytes = held_rows + batch.num_rows, held_bytes + batch.nbytes
        if held_rows >= rows or held_bytes >= TOGETHER_BYTES:
            yield pa.Table.from_batches(held)
            held, held_rows, held_bytes = [], 0, 0
    if held:
        yield pa.Table.from_batches(held)


def _stretches(table: pa.Table, width: int) -> Iterator[tuple[int, pa.Table]]:
    """Yield (number of the file, its rows) for the rows of a table."""
    import numpy as np

    places = table.column(BUCKET_COLUMN).to_numpy() // width
    by_place = table if _rise(places) else table.combine_chunks().take(np.argsort(places, kind="stable"))
    numbers, counts = np.unique(places, return_counts=True)
    start = 0
    for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
        yield number, by_place.slice(start, count)
        start += count


def _rise(numbers: npt.NDArray[np.integer]) -> bool:
    """Return whether none of some numbers is below the one before."""
    return bool((numbers[1:] >= numbers[:-1]).all())


def _file(folder: Path, place: int) -> Path:
    return folder / f"{place:06d}.arrows"


def _read(path: Path) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.ipc as ipc

    with pa.OSFile(str(path)) as source, ipc.open_stream(source) as reader:
        yield from reader
