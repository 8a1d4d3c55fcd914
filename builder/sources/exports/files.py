"""Files of exports to JSON lines: JSON lines as they are, JSON, CSV, Parquet and Arrow row by row.

gzip, bzip2, xz and zstd are undone by what the file begins with, whatever it is called.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from itertools import chain
from pathlib import Path
from typing import IO, cast

from builder.sources.exports.base import Export, without_halves

MAX_ROW_BYTES = 16 * 1024 * 1024
"""Longer rows are cut, and then are no JSON; a page of API answers has some 100 kB."""

MAX_DOCUMENT_BYTES = 1024 * 1024 * 1024
"""Cap on a file that is one JSON document and must be read as a whole."""

_DICTIONARY_WINDOW = 2**31
"""Window of zstd files; the Reddit dumps are packed with the largest."""


_EXCEL_SAYS = re.compile(r"sep=(.)\r?\n?")
_OPENERS: Mapping[bytes, Callable[[IO[bytes]], IO[bytes]]] = {
    b"\x1f\x8b": lambda raw: cast("IO[bytes]", gzip.GzipFile(fileobj=raw)),
    b"BZh": lambda raw: cast("IO[bytes]", bz2.BZ2File(raw)),
    b"\xfd7zXZ": lambda raw: cast("IO[bytes]", lzma.LZMAFile(raw)),  # noqa: SIM115
}


def read_lines(path: Path, export: Export, encoding: str) -> Iterator[bytes]:
    """Yield the rows of a file, each as one line of JSON without its end; `encoding` is that of CSV files.

    Raises OSError, UnicodeDecodeError or ValueError when the file cannot be read as what it is.
    """
    name = path.name.lower()
    if name.endswith((".parquet", ".arrow", ".feather")):
        yield from (_line(row) for row in _columnar(path))
        return
    with _opened(path) as file:
        if any(suffix in name for suffix in (".csv", ".tsv")):
            yield from (_line(row) for row in _table(file, encoding))
        else:
            yield from _json(file, export)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file with its packing undone; what the unpackers raise inside the block becomes a ValueError."""
    import zstandard

    with path.open("rb") as raw:
        head = raw.read(6)
        raw.seek(0)
        try:
            if head.startswith(b"\x28\xb5\x2f\xfd"):
                unpacker = zstandard.ZstdDecompressor(max_window_size=_DICTIONARY_WINDOW)
                with unpacker.stream_reader(raw, read_across_frames=True) as file:
                    yield io.BufferedReader(file)
                return
            opener = next((opener for magic, opener in _OPENERS.items() if head.startswith(magic)), None)
            with opener(raw) if opener is not None else nullcontext(raw) as packed:
                yield packed
        except (EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
            raise ValueError(str(error)) from error


def _line(row: object) -> bytes:
    printed = json.dumps(row, ensure_ascii=False, separators=(",", ":"), default=str)
    return without_halves(printed).encode("utf-8")


def _json(file: IO[bytes], export: Export) -> Iterator[bytes]:
    """Yield JSON lines as they stand; a file that is one document is taken apart by its format."""
    head = file.readline(MAX_ROW_BYTES).removeprefix(b"\xef\xbb\xbf")
    second = file.readline(MAX_ROW_BYTES)
    if second and _parses(head):
        yield from _stripped([head, second])
        while line := file.readline(MAX_ROW_BYTES):
            yield from _stripped([line])
        return
    whole = head + second + file.read(MAX_DOCUMENT_BYTES)
    if not whole.strip():
        return
    try:
        parsed = json.loads(whole)
    except ValueError:
        *lines, last = whole.split(b"\n")
        yield from _stripped([*lines, last + file.readline(MAX_ROW_BYTES)])
        while line := file.readline(MAX_ROW_BYTES):
            yield from _stripped([line])
        return
    for row in export.rows(parsed):
        yield _line(row)


def _stripped(lines: list[bytes]) -> Iterator[bytes]:
    for line in lines:
        if line.strip():
            yield line.rstrip(b"\r\n")


def _parses(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _table(file: IO[bytes], encoding: str) -> Iterator[Mapping[str, object]]:
    """Yield the rows of a CSV file as mappings; comma, semicolon, tab or bar, whichever its first line has most of.

    A line "sep=;" before the names is Excel's and says it.
    """
    csv.field_size_limit(MAX_ROW_BYTES)
    head = file.read(2)
    rest = io.BufferedReader(_Joined(head, file))
    if head in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    with io.TextIOWrapper(rest, encoding=encoding, newline="") as text:
        first = text.readline()
        told = _EXCEL_SAYS.fullmatch(first)
        delimiter = told[1] if told else max((",", ";", "\t", "|"), key=first.count)
        reader = csv.reader(text if told else chain([first], text), delimiter=delimiter)
        try:
            names = next(reader, [])
            for values in reader:
                if values:
                    row = dict(zip(names, values, strict=False))
                    yield row if len(values) <= len(names) else {**row, "": values[len(names) :]}
        except csv.Error as error:
            raise ValueError(str(error)) from error


class _Joined(io.RawIOBase):
    """Bytes already read, then the rest of a file."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._parts: list[IO[bytes]] = [io.BytesIO(head), rest]

    def readable(self) -> bool:
        """Return True: it is read, never written."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer from the part at hand; 0 at the end."""
        while self._parts:
            piece = self._parts[0].read(len(buffer))
            if piece:
                buffer[: len(piece)] = piece
                return len(piece)
            self._parts.pop(0)
        return 0


def _columnar(path: Path) -> Iterator[Mapping[str, object]]:
    """Yield the rows of a Parquet or Arrow file, as Hugging Face data sets are made of."""
    import pyarrow as pa
    from pyarrow import ipc, parquet

    try:
        if path.name.lower().endswith(".parquet"):
            with parquet.ParquetFile(path) as file:
                for batch in file.iter_batches(1_000):
                    yield from batch.to_pylist()
            return
        with pa.memory_map(str(path)) as source:
            opened = ipc.open_file if source.read(6) == b"ARROW1" else ipc.open_stream
            source.seek(0)
            table = opened(source).read_all()
            for batch in table.to_batches(1_000):
                yield from batch.to_pylist()
    except pa.ArrowInvalid as error:
        raise ValueError(str(error)) from error
