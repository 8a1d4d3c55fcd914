"""Whole rows out of the stores: a base part and what lies beside it, put together for the rows that are asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder.release.rowsource import within
from builder.stages.layout import Layout

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class PartRows:
    """Rows of some parts of each table. A row's place is the number of its part, times 2^32, and its place there."""

    layout: Layout
    parts: Mapping[str, Sequence[Path]]

    def rows(self, table: str, places: npt.NDArray[np.int64]) -> Iterator[pa.Table]:
        """Yield the rows at these places, which rise, with the columns of the schema in its order."""
        import pyarrow as pa

        names = self.layout.schema(table).names
        for number, part in enumerate(self.parts[table]):
            inside = within(places, number)
            if len(inside):
                rows = columns_of(self.layout, table, part, names)
                yield rows if len(inside) == rows.num_rows else rows.take(pa.array(inside))


def columns_of(layout: Layout, table: str, part: Path, wanted: Sequence[str]) -> pa.Table:
    """Return some columns of the rows of a part, out of its base, its groups and its verdicts, in the order asked for.

    Raises KeyError when none of them has a column.
    """
    import pyarrow as pa

    groups = layout.groups_of(table)
    files = [part, *(layout.group_part(group, table, part.name) for group in groups)]
    columns: dict[str, pa.ChunkedArray] = {}
    for path in (*files, layout.verdicts(table) / part.name):
        if len(columns) < len(wanted):
            columns |= _read(path, wanted)
    return pa.table({name: columns[name] for name in wanted})


def _read(path: Path, wanted: Collection[str]) -> dict[str, pa.ChunkedArray]:
    """Return those of some columns that a file has. Parts are small: threads would cost more than they save."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, memory_map=True) as file:
        names = [name for name in file.schema_arrow.names if name in wanted]
        read = file.read(columns=names, use_threads=False)
    return dict(zip(read.column_names, read.columns, strict=True))
