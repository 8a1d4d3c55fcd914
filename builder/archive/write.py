"""Writes WARC/1.1 files: one gzip member a record, digests on every block, offsets known to the byte.

The writer does not decide when a record counts. It says where its records end, the caller commits that offset
in the ledger, and `cut_back` takes off what came after the last commit (builder.archive.ledger).
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import uuid
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal

from builder.errors import ArchiveError
from builder.version import __version__

ROTATE_BYTES = 1_000_000_000
"""A new file begins once one holds this much: the size the WARC 1.1 standard recommends (annex C.2)."""
_LEVEL = 6
_PIECE = 262_144
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

IDENTICAL_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"

RecordType = Literal["warcinfo", "request", "response", "revisit", "resource", "metadata"]


@dataclass(frozen=True, slots=True)
class Block:
    """The bytes of a record: `head` in memory, then `length_bytes` of `file` from `start`, read when written."""

    head: bytes
    file: BinaryIO | None = None
    start: int = 0
    length_bytes: int = 0

    def __len__(self) -> int:
        return len(self.head) + self.length_bytes

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes in pieces of at most 256 KiB.

        Raises ArchiveError when the file holds less than was said.
        """
        yield self.head
        yield from self.body()

    def body(self) -> Iterator[bytes]:
        """Yield the bytes after the head in pieces. Raises ArchiveError when the file holds less than was said."""
        if self.file is None:
            return
        self.file.seek(self.start)
        left = self.length_bytes
        while left:
            piece = self.file.read(min(_PIECE, left))
            if not piece:
                raise ArchiveError(f"a spooled answer lost its last {left} bytes")
            left -= len(piece)
            yield piece


@dataclass(frozen=True, slots=True)
class Record:
    """One record to write. `fields` are its WARC fields beside those the writer adds itself."""

    kind: RecordType
    record_id: str
    date: datetime
    content_type: str
    block: Block
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies: file name, offset and length in bytes of its gzip member."""

    warc_file: str
    offset: int
    length: int


def new_record_id() -> str:
    """Return a fresh record id, a UUID as a URN in angle brackets."""
    return f"<urn:uuid:{uuid.uuid4()}>"


def named_record_id(*parts: str) -> str:
    """Return a record id that is the same for the same parts."""
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, chr(10).join(parts))}>"


def digest_of(pieces: Iterable[bytes]) -> str:
    """Return "sha1:BASE32" of the pieces joined, as WARC fields write it."""
    sha1 = hashlib.sha1(usedforsecurity=False)
    for piece in pieces:
        sha1.update(piece)
    return "sha1:" + base64.b32encode(sha1.digest()).decode("ascii")


def warc_date(moment: datetime) -> str:
    """Return a time as WARC-Date writes it, in UTC to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def file_name(source: str, number: int) -> str:
    """Return the name of a source's archive file of that number, counted from 0."""
    return f"{source}-{number:05d}.warc.gz"


def file_number(source: str, name: str) -> int | None:
    """Return the number in a source's archive file name, None for other names."""
    match = re.fullmatch(re.escape(source) + r"-(\d{5,})\.warc\.gz", name)
    return int(match[1]) if match else None


class WarcWriter:
    """Appends records to one open file. Not safe for two writers; builder.archive.ledger holds the lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        # Not buffered: what a full disk refused would come after all when the file is closed.
        self._file = path.open("ab", buffering=0)
        self.size_bytes = self._file.tell()
        self.warcinfo_id: str | None = None

    def begin(self, date: datetime, info: Sequence[tuple[str, str]] = ()) -> Place:
        """Write the warcinfo record: the software, the format and `info`. Later records name it."""
        pairs = [("software", f"hiwar/{__version__}"), ("format", "WARC File Format 1.1"), *info]
        body = "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in pairs).encode()
        record = Record(
            "warcinfo",
            named_record_id(self.name, str(self.size_bytes), warc_date(date)),
            date,
            "application/warc-fields",
            Block(body),
            (("WARC-Filename", self.name),),
        )
        place = self.write(record)
        self.warcinfo_id = record.record_id
        return place

    def write(self, record: Record) -> Place:
        """Append one record and return where it lies; the bytes are with the operating system afterwards.

        Raises ArchiveError when the disk refuses; the file is then cut back to what it was.
        """
        offset = self.size_bytes
        try:
            self._append(self._header(record), record.block)
        except (OSError, ArchiveError) as error:
            os.ftruncate(self._file.fileno(), offset)
            raise ArchiveError(
                f"cannot write: {error}", where=str(self.path), what_next="Free some space and run again."
            ) from error
        self.size_bytes = self._file.tell()
        return Place(self.name, offset, self.size_bytes - offset)

    def sync(self) -> None:
        """Force what was written down to the disk."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Sync and close the file."""
        if not self._file.closed:
            self.sync()
            self._file.close()

    def _header(self, record: Record) -> bytes:
        pairs = [
            ("WARC-Type", record.kind),
            ("WARC-Record-ID", record.record_id),
            ("WARC-Date", warc_date(record.date)),
            *record.fields,
            ("WARC-Block-Digest", digest_of(record.block.pieces())),
            ("Content-Type", record.content_type),
            ("Content-Length", str(len(record.block))),
        ]
        if self.warcinfo_id and record.kind != "warcinfo":
            pairs.insert(3, ("WARC-Warcinfo-ID", self.warcinfo_id))
        return ("WARC/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in pairs) + "\r\n").encode()

    def _append(self, header: bytes, block: Block) -> None:
        """Write one gzip member without a time in its header, so that equal records give equal bytes."""
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        crc, size, packed = 0, 0, bytearray(_GZIP_HEADER)
        for piece in _joined(header, block):
            crc, size = zlib.crc32(piece, crc), size + len(piece)
            packed += packer.compress(piece)
            if len(packed) >= _PIECE:
                self._write_all(packed)
                packed.clear()
        packed += packer.flush()
        packed += crc.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")
        self._write_all(packed)

    def _write_all(self, data: bytes | bytearray) -> None:
        """Write all of it: a disk that is nearly full may take a part at first."""
        done = 0
        while done < len(data):
            done += self._file.write(bytes(data[done:]))


def _joined(header: bytes, block: Block) -> Iterator[bytes]:
    yield header
    yield from block.pieces()
    yield b"\r\n\r\n"
