"""What a path may be, and the objects of S3-compatible storage.

An archive lies at a `Place`, which is one of two things:

    /data/a.warc.gz               pathlib.Path     a file that this machine sees
    s3://bucket/a.warc.gz#9-0f…   StoredObject     an object, in the state in which it was listed

Both have `name` and `open("rb")`; as text (`str`, `place_of`) both go to workers and into messages. What stands behind
# are the object's size and a digest of size, ETag, version and time: whoever opens it later gets these bytes or an
error. A recipe says `s3://bucket/pattern`. A release may be copied to `s3://bucket/prefix` (builder.release.copied).
Everything else that Hiwar reads or writes is a file.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, cast

from builder.errors import StorageError, UsageError
from builder.s3 import asking, endpoint, filesystem, refused
from builder.storage import TEMPORARY, sha256_of

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SCHEME = "s3://"
WINDOW_BYTES = 1 << 20
"""What one request brings at most when reads follow one another closely: some fifty packed pages."""

NEAR = 2
"""A read is close if the gap before it is at most so many times its own length, as with two workers taking turns."""

USED = 3
"""Reading ahead goes on only while one byte of so many that came is wanted: many workers get single pages."""

PIECE_BYTES = 8 << 20
"""What one request brings when a whole object is read; one that breaks off is asked for again, not the whole."""

_TOGETHER = 16
_PINNED = re.compile(r"s3://([^/]+)/(.+)#(\d+)-([0-9a-f]{16})", re.DOTALL)
_PATTERN = re.compile(r"s3://([^/?#\s@]+)/(.+)", re.DOTALL)
_ADDRESS = re.compile(r"s3://([^/?#\s@]+)/?([^?#]*)")


@dataclass(frozen=True, slots=True, order=True)
class StoredObject:
    """An object in one state: its bucket, its key, its size and a digest of what tells this state from others."""

    bucket: str
    key: str
    size_bytes: int
    state: str

    @property
    def address(self) -> str:
        """The address a person would write."""
        return f"{SCHEME}{self.bucket}/{self.key}"

    @property
    def name(self) -> str:
        """The last part of the key, as a file's name is the last part of its path."""
        return PurePosixPath(self.key).name

    def __str__(self) -> str:
        return f"{self.address}#{self.size_bytes}-{self.state}"

    def open(self, mode: Literal["rb"] = "rb") -> BinaryIO:  # noqa: ARG002 - the mode of Path.open
        """Open it for reading at any place, by range requests.

        Raises StorageError when it is not in this state any more, or cannot be had.
        """
        return cast("BinaryIO", _ObjectFile(_ranges(self, endpoint())))

    def pieces(self) -> Iterator[bytes]:
        """Yield the whole object, piece by piece.

        Raises StorageError when it changes meanwhile, or cannot be had.
        """
        whole = _Ranges(self)
        for start in range(0, self.size_bytes, PIECE_BYTES):
            yield whole.fetch(start, PIECE_BYTES)
        self.confirm()

    def confirm(self) -> None:
        """Do nothing when the object still is in this state.

        Raises StorageError when it is not, or cannot be had.
        """
        _opened(self)


Place = Path | StoredObject
"""Where an archive lies."""


def place_of(text: str) -> Place:
    """Return the place that `str` made this text of."""
    match = _PINNED.fullmatch(text)
    return StoredObject(match[1], match[2], int(match[3]), match[4]) if match else Path(text)


def size_of(place: Place) -> int:
    """Return the size of a file or object in bytes. Raises OSError when a file cannot be looked at."""
    return place.size_bytes if isinstance(place, StoredObject) else place.stat().st_size


def digest_of(place: Place) -> str:
    """Return the SHA-256 of a file or object, 64 hexadecimal digits, read once.

    Raises OSError for a file and StorageError for an object that cannot be read.
    """
    if isinstance(place, Path):
        return sha256_of(place)
    digest = hashlib.sha256()
    for piece in place.pieces():
        digest.update(piece)
    return digest.hexdigest()


@contextmanager
def on_disk(place: Place, folder: Path | None = None) -> Iterator[Path]:
    """Lend a path to the whole content: a file's own, or that of a copy of an object, gone afterwards.

    The copy lies in `folder`, or where the system keeps temporary files. Raises StorageError when an object cannot be
    had, OSError when the disk is full.
    """
    if isinstance(place, Path):
        yield place
        return
    import tempfile

    with tempfile.NamedTemporaryFile(dir=folder, prefix=TEMPORARY) as copy:
        for piece in place.pieces():
            copy.write(piece)
        copy.flush()
        yield Path(copy.name)


def is_address(text: str | Path) -> bool:
    """Return whether a person's text names object storage."""
    return isinstance(text, str) and text.startswith(SCHEME)


def parted(address: str) -> tuple[str, str]:
    """Return (bucket, key or prefix without slashes around it) of an address.

    Raises UsageError when it has another form.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise _unusable(address)
    return match[1], match[2].strip("/")


def _unusable(address: str) -> UsageError:
    return UsageError(
        "no address of object storage",
        where=re.sub(r"//[^/]*@", "//…@", address),  # some tools take keys there
        what_next="Write s3://bucket/path; keys and endpoint come from the environment (docs/scaling.md).",
    )


def objects_matching(pattern: str) -> list[StoredObject]:
    """Return the objects that a pattern such as s3://bucket/2025/**/*.warc.gz matches, sorted by address.

    A star stays within one part of the key, as in paths; two stars are any parts.
    Raises UsageError for another form of address, StorageError when the storage refuses or cannot be reached.
    """
    match = _PATTERN.fullmatch(pattern)
    if match is None:
        raise _unusable(pattern)
    bucket, rest = match.groups()
    parts = rest.split("/")
    fixed = next((n for n, part in enumerate(parts) if re.search(r"[*?\[]", part)), None)
    if fixed is None:
        return [_look(bucket, rest)[0]]
    from concurrent.futures import ThreadPoolExecutor

    wanted = re.compile(_expression(parts))
    listed = sizes_below(
        f"{SCHEME}{bucket}/{'/'.join(parts[:fixed])}", deep="**" in parts or fixed < len(parts) - 1
    )
    keys = sorted("/".join([*parts[:fixed], name]) for name in listed)
    with ThreadPoolExecutor(_TOGETHER) as pool:
        return [
            found for found, _ in pool.map(lambda key: _look(bucket, key), filter(wanted.fullmatch, keys))
        ]


def _expression(parts: Iterable[str]) -> str:
    """Return the regular expression for the parts of a pattern."""
    said = []
    for part in parts:
        if part == "**":
            said.append(r"(?:[^/]+/)*")
            continue
        found = re.findall(r"\[[^\]]+\]|.", part, re.DOTALL)
        known = {"*": "[^/]*", "?": "[^/]"}
        said.append(
            "".join(known.get(c) or (c.replace("[!", "[^", 1) if len(c) > 1 else re.escape(c)) for c in found)
            + "/"
        )
    return "".join(said).removesuffix("/")


def sizes_below(address: str, *, deep: bool = True) -> dict[str, int]:
    """Return the size in bytes of every object below a prefix, by its name relative to it; empty where none is.

    Raises StorageError when the storage refuses or cannot be reached.
    """
    from pyarrow import fs

    bucket, prefix = parted(address)
    base = f"{bucket}/{prefix}".rstrip("/")
    with asking(address):
        found = filesystem().get_file_info(fs.FileSelector(base, recursive=deep, allow_not_found=True))
    return {each.path[len(base) + 1 :]: each.size for each in found if each.type == fs.FileType.File}


def object_at(address: str) -> StoredObject:
    """Return the object at an address in the state it has now.

    Raises StorageError when there is none, or the storage refuses or cannot be reached.
    """
    return _look(*parted(address))[0]


def put(path: Path, address: str) -> None:
    """Send a file. Readers see the whole object or what was there before.

    Raises OSError when the file cannot be read, StorageError when the storage refuses or cannot be reached.
    """
    bucket, key = parted(address)
    with (
        path.open("rb") as file,
        asking(address),
        filesystem().open_output_stream(f"{bucket}/{key}", compression=None) as out,
    ):
        shutil.copyfileobj(file, out, PIECE_BYTES)


def _look(bucket: str, key: str) -> tuple[StoredObject, Any]:
    """Return an object as it is now, and pyarrow's file for it, by one request."""
    with asking(f"{SCHEME}{bucket}/{key}"):
        file = filesystem().open_input_file(f"{bucket}/{key}")
        size_bytes, said = file.size(), file.metadata()
    told = [said.get(name, b"") for name in ("ETag", "VersionId", "Last-Modified")]
    state = hashlib.blake2b(repr((size_bytes, told)).encode(), digest_size=8).hexdigest()
    return StoredObject(bucket, key, size_bytes, state), file


def _opened(wanted: StoredObject) -> Any:
    """Return pyarrow's file for an object. Raises StorageError when it is in another state."""
    found, file = _look(wanted.bucket, wanted.key)
    if found != wanted:
        raise StorageError(
            "was changed since it was listed",
            where=wanted.address,
            what_next="Do not change objects that a build reads; run it again to read this one anew.",
        )
    return file


class _Ranges:
    """Ranges of one object. Reads that follow one another closely are served from one request."""

    def __init__(self, wanted: StoredObject) -> None:
        self.of = wanted
        self._file = _opened(wanted)
        self._start, self._end, self._used, self._data = 0, 0, 0, b""

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes from a place; fewer only at the end."""
        if not (self._start <= offset and offset + length <= self._start + len(self._data)):
            near = 0 <= offset - self._end <= NEAR * length
            ahead = near and self._used * USED >= len(self._data)
            wanted = min(4 * max(length, len(self._data)), WINDOW_BYTES) if ahead else 0
            self._data = self.fetch(offset, max(length, wanted))
            self._start, self._used = offset, 0
        self._used += length
        self._end = offset + length
        return self._data[offset - self._start : self._end - self._start]

    def fetch(self, offset: int, length: int) -> bytes:
        """Make one request. Raises StorageError when it brings less than the object has."""
        length = max(0, min(length, self.of.size_bytes - offset))
        with asking(self.of.address):
            data: bytes = self._file.read_at(length, offset) if length else b""
        if len(data) != length:
            raise refused(self.of.address, "NETWORK_CONNECTION")
        return data


@lru_cache(maxsize=4)
def _ranges(wanted: StoredObject, server: str | None) -> _Ranges:  # noqa: ARG001 - another server, another object
    """Return what this process reads an object with; pages of one archive come one after another."""
    return _Ranges(wanted)


class _ObjectFile(io.RawIOBase):
    """A file over the ranges of an object."""

    def __init__(self, ranges: _Ranges) -> None:
        self._ranges = ranges
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = (
            offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._ranges.of.size_bytes}[whence]
        )
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        data = self._ranges.read(self._at, len(view))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)
