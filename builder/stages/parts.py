"""Parts of rows: how they are written, and how a few columns of them are read again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from builder.schema import TEXT_BYTES, Field, Row, Schema

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq


def part_table(schema: Schema, helpers: Sequence[pa.Field], rows: Sequence[Row]) -> pa.Table:
    """Return rows as an Arrow table: the schema's columns, then the helpers.

    Raises SchemaError when a row does not fit its schema.
    """
    import pyarrow as pa

    shape = pa.schema([*schema.arrow(), *helpers])
    names = set(shape.names)
    table = pa.Table.from_pylist(list(rows), schema=shape)
    nulls = any(table.column(field.name).null_count for field in schema.fields if not field.nullable)
    for row in rows:
        if nulls or row.keys() != names:  # to look at every value of every row costs as much as the table
            schema.check_row({name: value for name, value in row.items() if name[0] != "_"})
    return table


def with_text_bytes(rows: pa.Table) -> pa.Table:
    """Return rows with one column more: the bytes of each text in UTF-8."""
    import pyarrow.compute as pc

    return rows.append_column(TEXT_BYTES, pc.binary_length(rows.column("text")).cast("int64"))


def of_columns(schema: Schema, fields: Iterable[Field]) -> Schema:
    """Return the schema of some columns of a table."""
    return Schema(schema.name, schema.version, schema.doc, tuple(fields))


class StoredRows:
    """The rows of a part, out of its base and what lies beside; a column is read when it is first asked for."""

    def __init__(self, files: Iterable[Path]) -> None:
        import pyarrow.parquet as pq

        self._homes: dict[str, pq.ParquetFile] = {}
        self._columns: dict[str, list[Any]] = {}
        self._rows = 0
        for path in files:
            file = pq.ParquetFile(path, memory_map=True)
            self._rows = file.metadata.num_rows
            self._homes.update(dict.fromkeys(file.schema_arrow.names, file))

    def __len__(self) -> int:
        return self._rows

    def __iter__(self) -> Iterator[Row]:
        for place in range(self._rows):
            yield cast("Row", _StoredRow(self, place))

    @property
    def names(self) -> Iterable[str]:
        """The columns there are."""
        return self._homes.keys()

    def column(self, name: str) -> list[Any]:
        """Return the values of a column.

        Raises KeyError when there is none of that name.
        """
        if name not in self._columns:
            self._columns[name] = (
                self._homes[name].read(columns=[name], use_threads=False).column(0).to_pylist()
            )
        return self._columns[name]


class _StoredRow(Mapping[str, Any]):
    """One row of a part. It can be read as the row that was written, and no column is read in vain."""

    __slots__ = ("_part", "_place")

    def __init__(self, part: StoredRows, place: int) -> None:
        self._part = part
        self._place = place

    def __getitem__(self, name: str) -> Any:
        return self._part.column(name)[self._place]

    def __iter__(self) -> Iterator[str]:
        return iter(self._part.names)

    def __len__(self) -> int:
        return len(list(self._part.names))
