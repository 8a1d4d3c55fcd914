"""The logical content of rows: a digest that does not depend on how Parquet happens to lay them out.

Parquet bytes differ between versions of pyarrow and zstd; the records do not. A value is written as JSON with
sorted keys, a time as microseconds since 1970 UTC, a null is left out (so a column that is null everywhere
changes no digest), and the row's digest is BLAKE2b over "name, unit separator, value, record separator" in
the order of the schema. docs/releases.md describes it for those who want to compute it with other tools.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from json.encoder import encode_basestring
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

BOOKKEEPING = frozenset({"cluster_size", "cluster_urls", "evidence", "flags", "provenance"})
"""Columns about where a record was read and what stands beside it, not about what it says.

A record is "changed" when any other column differs. A page that was captured again with the same text has a
new offset and time in its provenance but is the same record; a copy found elsewhere changes the size of the
cluster but not the record that stands for it.
"""

DIGEST_BYTES = 16
_SLICE_ROWS = 512
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Encoded = dict[str, list[bytes]]
"""Column name -> its values in canonical form, one per row; empty bytes for null."""


def canonical_value(value: object) -> bytes:
    """Return one value in canonical form: UTF-8 JSON, or no bytes at all for null."""
    return b"" if value is None else _JSON.encode(value).encode("utf-8")


def _canonical_time(value: object) -> int:
    if not isinstance(value, datetime):
        raise TypeError(f"no canonical form for {type(value).__name__}")
    return (value - _EPOCH) // _MICROSECOND


_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_canonical_time)
"""One for all values: `json.dumps` would make a new one for each."""


def encoded(table: pa.Table, names: Sequence[str]) -> Encoded:
    """Return the named columns of a table in canonical form."""
    return {name: canonical_column(table[name]) for name in names}


def canonical_column(column: pa.ChunkedArray) -> list[bytes]:
    """Return the values of a column in canonical form; columns that are all null cost nothing."""
    if column.null_count == len(column):
        return [b""] * len(column)
    texts = [text for chunk in column.chunks for text in _texts(chunk)]
    return [b"" if text == _NULL else text.encode("utf-8") for text in texts]


_NULL = "null"


def _texts(array: pa.Array) -> list[str]:
    """Return the JSON of each value of an array. Nested ones are put together from their parts, column by column,
    for a third of what an encoder takes that meets each value anew."""
    import pyarrow as pa

    kind = array.type
    if pa.types.is_struct(kind):
        return _struct_texts(array)
    if pa.types.is_list(kind):
        return _list_texts(array)
    if pa.types.is_timestamp(kind) and kind.unit == "us":
        array, kind = array.cast(pa.int64()), pa.int64()
    to_text = _quickest(kind) or _JSON.encode
    return [_NULL if value is None else to_text(value) for value in array.to_pylist()]


def _struct_texts(array: pa.StructArray) -> list[str]:
    names = [array.type.field(place).name for place in range(array.type.num_fields)]
    parts = sorted(zip(names, array.flatten(), strict=True), key=lambda part: part[0])
    heads = [f"{encode_basestring(name)}:" for name, _ in parts]
    rows = zip(array.is_valid().to_pylist(), *(_texts(values) for _, values in parts), strict=True)
    return [
        "{" + ",".join(map(str.__add__, heads, texts)) + "}" if valid else _NULL for valid, *texts in rows
    ]


def _list_texts(array: pa.ListArray) -> list[str]:
    import pyarrow.compute as pc

    items = iter(_texts(array.flatten()))
    lengths = pc.list_value_length(array).to_pylist()
    return [_NULL if length is None else f"[{','.join(islice(items, length))}]" for length in lengths]


def _quickest(kind: pa.DataType) -> Callable[[Any], str] | None:
    """Return what gives the JSON of a plain value without the detour over an encoder, for a third of the time."""
    import pyarrow as pa

    if pa.types.is_string(kind):
        return encode_basestring
    if pa.types.is_boolean(kind):
        return lambda value: "true" if value else "false"
    if pa.types.is_floating(kind):
        return lambda value: float.__repr__(value) if isfinite(value) else _JSON.encode(value)
    return str if pa.types.is_integer(kind) else None


def digests(columns: Encoded, names: Sequence[str]) -> list[bytes]:
    """Return one digest of 16 bytes for each row, over the named columns in that order."""
    heads = [name.encode() + b"\x1f" for name in names]
    return [_digest(heads, values) for values in zip(*(columns[name] for name in names), strict=True)]


def _digest(heads: Sequence[bytes], values: Iterable[bytes]) -> bytes:
    parts = b"".join(head + value + b"\x1e" for head, value in zip(heads, values, strict=True) if value)
    return hashlib.blake2b(parts, digest_size=DIGEST_BYTES).digest()


class ContentHash:
    """The content hash of a shard: SHA-256 over the digests of its rows, in their order."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, table: pa.Table) -> None:
        """Add the rows of a table, all columns in the table's order."""
        names = table.schema.names
        for start in range(0, table.num_rows, _SLICE_ROWS):
            part = table.slice(start, _SLICE_ROWS)
            self._hash.update(b"".join(digests(encoded(part, names), names)))

    def value(self) -> str:
        """Return "sha256:HEX"."""
        return "sha256:" + self._hash.hexdigest()


def content_of(path: Path) -> str:
    """Return the content hash of a Parquet file, read in pieces."""
    content = ContentHash()
    for table in slices(path):
        content.add(table)
    return content.value()


def slices(path: Path, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """Yield a Parquet file as small tables, so that memory does not grow with the file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_SLICE_ROWS, columns=columns):
            yield pa.Table.from_batches([batch])


def combined(parts: Iterable[tuple[str, str]]) -> str:
    """Return the content hash of a table from (path, content hash) of its shards, in order of path."""
    lines = "".join(f"{content}  {path}\n" for path, content in sorted(parts))
    return "sha256:" + hashlib.sha256(lines.encode()).hexdigest()
