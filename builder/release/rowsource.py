"""Where the rows of a release come from, once narrow columns have decided which go in, and in what order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from builder.duck import FILE_ROWS
from builder.errors import WorldError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa
    import pyarrow.parquet as pq

PLACE_COLUMN = "_place"
"""Column of row files that hold narrow columns only: where the whole row is, for the source of rows."""

GROUP_BYTES = 32_000_000
"""A row group up to this size is read at once; a shard of 64 MB of text is not, since two of them are too much."""

_BATCH_ROWS = 2048


class RowSource(Protocol):
    """Gives whole rows by their places: numbers that rise with the order in which a source reads them."""

    def rows(self, table: str, places: npt.NDArray[np.int64]) -> Iterator[pa.Table]:
        """Yield the rows of a table at these places, which rise, in their order, with the columns of the schema."""
        ...  # pragma: no cover


@dataclass(frozen=True, slots=True)
class FileRows:
    """Rows of Parquet files; the place of one is that which `builder.duck.scan` gives it over the same files.

    `shapes` holds the Arrow schema of each table: columns that a file does not have are null.
    """

    files: Mapping[str, Sequence[Path]]
    shapes: Mapping[str, pa.Schema]

    def rows(self, table: str, places: npt.NDArray[np.int64]) -> Iterator[pa.Table]:
        """Yield the rows at these places; see RowSource."""
        for number, path in enumerate(self.files[table]):
            inside = within(places, number)
            if len(inside):
                yield from _rows_of(path, inside, self.shapes[table])


def within(places: npt.NDArray[np.int64], file: int) -> npt.NDArray[np.int64]:
    """Return the places that lie in one file, counted from its first row; `places` rise."""
    low, high = places.searchsorted((file * FILE_ROWS, (file + 1) * FILE_ROWS))
    inside: npt.NDArray[np.int64] = places[low:high] - file * FILE_ROWS
    return inside


def _rows_of(path: Path, places: npt.NDArray[np.int64], shape: pa.Schema) -> Iterator[pa.Table]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        there = set(file.schema_arrow.names)
        names = [name for name in shape.names if name in there]
        start = 0
        for rows in _pieces(file, names):
            end = start + rows.num_rows
            low, high = places.searchsorted((start, end))
            if high > low:
                whole = high - low == rows.num_rows
                yield _shaped(rows if whole else rows.take(pa.array(places[low:high] - start)), shape)
            start = end


def _pieces(file: pq.ParquetFile, names: list[str]) -> Iterator[pa.Table]:
    """Yield the rows of a file, a row group at a time where it is small, which costs a third less, else in batches."""
    import pyarrow as pa

    for number in range(file.num_row_groups):
        if file.metadata.row_group(number).total_byte_size <= GROUP_BYTES:
            yield file.read_row_group(number, names, use_threads=False)
        else:
            batches = file.iter_batches(_BATCH_ROWS, [number], names, use_threads=False)
            yield from (pa.Table.from_batches([batch]) for batch in batches)


def _shaped(rows: pa.Table, shape: pa.Schema) -> pa.Table:
    """Return rows with the columns of a schema, those they lack as null."""
    import pyarrow as pa

    columns = [
        rows.column(field.name).cast(field.type)
        if field.name in rows.column_names
        else pa.nulls(rows.num_rows, field.type)
        for field in shape
    ]
    return pa.table(columns, schema=shape)


def beside(
    tables: Iterable[pa.Table], batches: Iterable[pa.RecordBatch]
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Yield each table with as many rows of the batches, in order.

    Raises WorldError when there are more of one than of the other: a row would be lost.
    """
    import pyarrow as pa

    waiting = (batch for batch in batches if batch.num_rows)
    rest: pa.RecordBatch | None = None
    for rows in tables:
        taken: list[pa.RecordBatch] = []
        lacking = rows.num_rows
        while lacking:
            rest = rest if rest is not None and rest.num_rows else next(waiting, None)
            if rest is None:
                raise _not_there()
            taken.append(rest.slice(0, lacking))
            rest = rest.slice(taken[-1].num_rows)
            lacking -= taken[-1].num_rows
        if taken:
            yield rows, pa.Table.from_batches(taken)
    if (rest is not None and rest.num_rows) or next(waiting, None) is not None:
        raise _not_there()


def _not_there() -> WorldError:
    return WorldError(
        "rows of the cache changed while the release was put together",
        where="release",
        what_next="See that nothing else writes to the cache, and run the command again.",
    )
