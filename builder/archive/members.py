"""The outer layer of an archive file: gzip members, zstd frames, or nothing at all.

A member is a stretch of the file that can be decoded without what stands before it. A healthy WARC file has
one record a member. After damage, reading goes on at the next place that decodes to the head of a record.
"""

from __future__ import annotations

import mmap
import re
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from builder.archive.package import is_package, stored_archives
from builder.archive.packing import HEAD_BYTES, refuse_foreign
from builder.errors import ArchiveError
from builder.objects import Place

MEMORY_BYTES = 64 * 1024 * 1024
"""Decoded bytes of one member that are held in memory; a file that is one member goes to a temporary file."""

MAX_RATIO = 100
"""Decoded bytes for one packed byte, above `MEMORY_BYTES`; WARC files pack to about 1:5, bombs to 1:1,000."""

GZIP = b"\x1f\x8b\x08"
ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
_HEAD = re.compile(rb"\s*(?:WARC/\d|filedesc://|[a-z][a-z0-9+.-]{1,15}:[^\n]+ \d{12,18} \S+ )")
_CHUNK_BYTES = 32 * 1024
_CRUMB_BYTES = 1024
_PROBE_BYTES = 4 * 1024


@dataclass(frozen=True, slots=True)
class Member:
    """One decoded stretch: where it lies in the file, its bytes, and what was wrong at its end, if anything.

    `problem` is "" for a whole member, "cut" when the file ends inside it, else what the decoder said;
    `length` then reaches up to where reading goes on. `plain` says that nothing was packed: places in `data` are
    places in the file.
    """

    offset: int
    length: int
    data: bytes | mmap.mmap
    problem: str = ""
    plain: bool = False


def members(path: Path, start: int = 0, *, said: str = "") -> Iterator[Member]:
    """Yield the members of a file in order, from the byte `start` on; an uncompressed file is one member.

    Of a WACZ package those of the WARC files stored in it, at their offsets in the package. `said` is what errors
    call the file, where it is the copy of an object.
    Raises ArchiveError when the file cannot be opened, or is packed in a way that is not read.
    """
    try:
        with path.open("rb") as file:
            if path.stat().st_size <= start:
                return
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                if is_package(data[:4]):
                    for entry in stored_archives(path):
                        stop = entry.start + entry.length_bytes
                        yield from _known(data, entry.start, stop, f"{said or path}: {entry.name}")
                else:
                    yield from _known(data, start, len(data), said or str(path))
    except OSError as error:
        raise ArchiveError(
            f"cannot be read: {error.strerror}", where=str(path), what_next="Check the path and its rights."
        ) from error


def member_at(raw: bytes, dictionary: bytes | None = None) -> Member:
    """Decode the one member that `raw` begins with; uncompressed bytes come back as they are."""
    if not is_compressed(raw):
        return Member(0, len(raw), raw)
    data, used, problem = _decode(raw, 0, dictionary)
    return Member(0, used, data, problem)


def dictionary_of(place: Place) -> bytes | None:
    """Return the dictionary that a .warc.zst file begins with, or None.

    Raises OSError or StorageError when it cannot be read.
    """
    with place.open("rb") as file:
        head = file.read(8)
        if not _SKIPPABLE.match(head):
            return None
        return _dictionary(file.read(int.from_bytes(head[4:8], "little")))


def is_compressed(raw: bytes) -> bool:
    """Return whether bytes begin with a gzip member or a zstd frame."""
    return raw.startswith((GZIP, ZSTD))


def _known(data: mmap.mmap, start: int, stop: int, where: str) -> Iterator[Member]:
    """Yield members as `_walk` does; raise ArchiveError where they are, or hold, what is packed in other ways."""
    refuse_foreign(data[start : start + HEAD_BYTES], where)
    for member in _walk(data, start, stop):
        if member.offset == start:
            refuse_foreign(bytes(member.data[:HEAD_BYTES]), where)
        yield member


def _walk(data: mmap.mmap, start: int, stop: int) -> Iterator[Member]:
    if start == 0 and _is_plain(data):
        yield Member(0, len(data), data, plain=True)
        return
    position, dictionary = start, None
    while position < stop:
        if _SKIPPABLE.match(data, position):
            size = int.from_bytes(data[position + 4 : position + 8], "little")
            dictionary = dictionary or _dictionary(data[position + 8 : position + 8 + size])
            position += 8 + size
            continue
        decoded, used, problem = _decode(data, position, dictionary)
        end = min(_next_member(data, position + 1, dictionary), stop) if problem else position + used
        yield Member(position, end - position, decoded, problem)
        position = end


def _is_plain(data: mmap.mmap) -> bool:
    """Return whether a file is not compressed: not at its beginning, nor anywhere behind damage there."""
    if is_compressed(data[:4]) or _SKIPPABLE.match(data):
        return False
    return _HEAD.match(data) is not None or _next_member(data, 0, None) == len(data)


def _decode(
    data: bytes | mmap.mmap, start: int, dictionary: bytes | None
) -> tuple[bytes | mmap.mmap, int, str]:
    """Decode the member at `start`; return its bytes, the bytes used, and the problem."""
    decoder: zlib._Decompress | _Zstd
    magic = data[start : start + 4]
    if magic.startswith(GZIP):
        decoder = zlib.decompressobj(31)
    elif magic == ZSTD:
        decoder = _Zstd(dictionary)
    else:
        return b"", 0, "bytes that belong to no record"
    sink, position = _Sink(), start
    try:
        while not decoder.eof and position < len(data):
            chunk = data[position : position + _CHUNK_BYTES]
            position += len(chunk)
            while chunk:
                sink.add(decoder.decompress(chunk, MEMORY_BYTES))
                if sink.size_bytes > max(MEMORY_BYTES, MAX_RATIO * (position - start)):
                    return sink.taken(), position - start, f"decodes to more than {MAX_RATIO} times its bytes"
                chunk = decoder.unconsumed_tail
    except zlib.error as error:
        return sink.taken(), position - start, str(error)
    problem = "" if decoder.eof else "cut"
    return sink.taken(), position - start - len(decoder.unused_data), problem


class _Sink:
    """Takes decoded bytes, in memory up to `MEMORY_BYTES`, from there on in a temporary file."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self._parts: list[bytes] = []
        self._file: IO[bytes] | None = None

    def add(self, part: bytes) -> None:
        """Take some bytes. Raises OSError when the disk is full."""
        self.size_bytes += len(part)
        if self._file is None and self.size_bytes > MEMORY_BYTES:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115
            self._file.writelines(self._parts)
            self._parts = []
        if self._file is None:
            self._parts.append(part)
        else:
            self._file.write(part)

    def taken(self) -> bytes | mmap.mmap:
        """Return all bytes and let go of the file."""
        if self._file is None:
            return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        with self._file as file:
            file.flush()
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


class _Zstd:
    """zstandard behind the interface of zlib's decoder."""

    def __init__(self, dictionary: bytes | None) -> None:
        import zstandard

        given = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
        self._error = zstandard.ZstdError
        self._inner = zstandard.ZstdDecompressor(dict_data=given).decompressobj()
        self.unconsumed_tail = b""
        self.unused_data = b""

    def decompress(self, chunk: bytes, max_length: int) -> bytes:  # noqa: ARG002
        """Decode the first crumb of a chunk and keep the rest: 4 bytes of zstd may give 128 kB.

        Raises zlib.error, as zlib's decoder would, when the frame is broken.
        """
        self.unconsumed_tail = b""
        try:
            part = self._inner.decompress(chunk[:_CRUMB_BYTES])
        except self._error as error:
            raise zlib.error(str(error)) from error
        if self._inner.eof:
            self.unused_data = bytes(self._inner.unused_data) + chunk[_CRUMB_BYTES:]
        else:
            self.unconsumed_tail = chunk[_CRUMB_BYTES:]
        return part

    @property
    def eof(self) -> bool:
        """Whether the frame has ended."""
        return bool(self._inner.eof)


def _dictionary(frame: bytes) -> bytes:
    """Return the dictionary of a .warc.zst file: the content of its first frame, itself packed or not."""
    return bytes(_decode(frame, 0, None)[0]) if frame.startswith(ZSTD) else frame


def _next_member(data: mmap.mmap, start: int, dictionary: bytes | None) -> int:
    """Return where the next member that decodes to the head of a record begins, or the end of the file."""
    for match in re.compile(re.escape(GZIP) + b"|" + re.escape(ZSTD)).finditer(data, start):
        probe = data[match.start() : match.start() + _PROBE_BYTES]
        if _HEAD.match(_decode(probe, 0, dictionary)[0]):
            return match.start()
    return len(data)
