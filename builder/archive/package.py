"""WACZ packages: a zip file that holds WARC files, an index and a list of pages.

WARC files that are stored, as the WACZ specification asks, are read where they lie inside the package;
packed ones are taken out first. Names inside a package are never used as paths, and sizes are believed only as
far as the package is long.
"""

from __future__ import annotations

import errno
import json
import lzma
import os
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from builder.errors import ArchiveError
from builder.objects import Place, size_of

MAX_ENTRIES = 100_000
"""Cap on the files in one package; browsertrix and wacz write fewer than 100."""

MAX_RATIO = 100
"""Unpacked bytes for one packed byte of a WARC entry; HTML packs to about 1:5, gzip not at all."""

MAX_LIST_BYTES = 256 * 1024 * 1024
"""Cap on the unpacked list of pages."""

_LOCAL_HEADER = struct.Struct("<4s22xHH")
_SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz", ".arc.zst")
_OTHER = re.compile(r"\.w?arc\.(7z|br|bz2|lz|lz4|lzma|lzo|rar|sz|tar|xz|z|zip)$")
"""Names of WARC files in forms that are not read."""
_BROKEN = (
    zipfile.BadZipFile,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    RuntimeError,
    UnicodeDecodeError,
)
"""What `zipfile` raises for a package that is damaged, encrypted, or packed as it cannot unpack."""
_NONSENSE = (None, errno.EINVAL)
"""Error numbers of a place before the beginning of a file, and of bzip2 data that is none."""
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """A WARC file inside a package: its name there, where its bytes begin, and how many there are."""

    name: str
    start: int
    length_bytes: int


def is_package(head: bytes) -> bool:
    """Return whether a file that begins with `head` is a zip file."""
    return head.startswith(b"PK\x03\x04")


def stored_archives(path: Place) -> list[Entry]:
    """Return the compressed WARC files that lie unpacked in a package, by place.

    Raises ArchiveError when the package is broken or its entries overlap.
    """
    with _opened(path) as package:
        found = [_entry(path, info) for info in _archives(path, package) if _readable_in_place(info)]
    found.sort(key=lambda entry: entry.start)
    end = 0
    for entry in found:
        if entry.start < end or entry.start + entry.length_bytes > size_of(path):
            raise _broken(path, f"entry {entry.name!r} overlaps another or the end of the file")
        end = entry.start + entry.length_bytes
    return found


def unpack_archives(path: Place, folder: Path) -> list[Path]:
    """Take the WARC files that cannot be read in place out of a package into `folder`; return them, sorted.

    Files that are already there are not written again; each lies below the checksum that the package gives it, so
    that one of a package that was replaced is not taken for it.
    Raises ArchiveError when the package is broken or an entry unpacks to far more than it should.
    """
    taken: list[Path] = []
    with _opened(path) as package:
        for number, info in enumerate(_archives(path, package)):
            if not _readable_in_place(info):
                name = f"{number:05d}-{PurePosixPath(info.filename.replace(chr(92), '/')).name}"
                taken.append(_unpack(path, package, info, folder / f"{info.CRC:08x}" / name))
    return sorted(taken)


def listed_pages(path: Place) -> frozenset[str] | None:
    """Return the addresses in a package's lists of pages, or None when it has no list.

    Raises ArchiveError when the package is broken or a list is larger than `MAX_LIST_BYTES`.
    """
    with _opened(path) as package:
        lists = [info for info in package.infolist() if _is_page_list(info.filename)]
        if not lists:
            return None
        urls: set[str] = set()
        for info in lists:
            if info.file_size > MAX_LIST_BYTES:
                raise _broken(path, f"list {info.filename!r} is larger than {MAX_LIST_BYTES} bytes")
            with package.open(info) as file:
                urls.update(_urls(file.read(MAX_LIST_BYTES)))
        return frozenset(urls)


def _is_page_list(name: str) -> bool:
    return name.startswith("pages/") and name.endswith(".jsonl")


def _urls(text: bytes) -> Iterator[str]:
    for line in text.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and isinstance(row.get("url"), str):
            yield row["url"]


@contextmanager
def _opened(path: Place) -> Iterator[zipfile.ZipFile]:
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as package:
            if len(package.infolist()) > MAX_ENTRIES:
                raise _broken(path, f"holds more than {MAX_ENTRIES} files")
            yield package
    except _BROKEN as error:
        raise _broken(path, str(error)) from error
    except OSError as error:
        if error.errno not in _NONSENSE:
            raise
        raise _broken(path, str(error)) from error


def _broken(path: Place, why: str) -> ArchiveError:
    return ArchiveError(f"package cannot be read: {why}", where=str(path), what_next="Get the file anew.")


def refuse_packed(path: Place) -> None:
    """Raise ArchiveError for a package with WARC files that lie packed in it: only a `wacz` source takes them out."""
    with _opened(path) as package:
        packed = [info.filename for info in _archives(path, package) if not _readable_in_place(info)]
    if packed:
        raise ArchiveError(
            f"a package in which {packed[0]!r} lies packed or plain",
            where=str(path),
            what_next='Name it in a source of kind = "wacz".',
        )


def _archives(path: Place, package: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the WARC files of a package. Raises ArchiveError when there is none, or one of a form that is not read."""
    files = [info for info in package.infolist() if not info.is_dir()]
    other = next((info.filename for info in files if _OTHER.search(info.filename.lower())), None)
    found = [info for info in files if info.filename.lower().endswith(_SUFFIXES)]
    if other or not found:
        raise ArchiveError(
            f"holds {other!r}, which is in none of the forms that are read"
            if other
            else "holds no WARC file",
            where=str(path),
            what_next=f'Unpack it and name WARC files in a source of kind "warc" ({", ".join(_SUFFIXES)}), or '
            "take it out of `paths`.",
        )
    return found


def _readable_in_place(info: zipfile.ZipInfo) -> bool:
    return info.compress_type == zipfile.ZIP_STORED and info.filename.lower().endswith((".gz", ".zst"))


def _entry(path: Place, info: zipfile.ZipInfo) -> Entry:
    """Return where an entry's bytes begin: behind its local header, whose length the directory does not tell."""
    with path.open("rb") as file:
        file.seek(info.header_offset)
        head = file.read(_LOCAL_HEADER.size)
    if len(head) < _LOCAL_HEADER.size:
        raise _broken(path, f"entry {info.filename!r} lies behind the end")
    magic, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(head)
    if magic != b"PK\x03\x04":
        raise _broken(path, f"entry {info.filename!r} has no header")
    start = info.header_offset + _LOCAL_HEADER.size + name_bytes + extra_bytes
    return Entry(info.filename, start, info.compress_size)


def _unpack(path: Place, package: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> Path:
    if target.exists() and target.stat().st_size == info.file_size:
        return target
    limit = max(info.compress_size * MAX_RATIO, _PIECE)
    target.parent.mkdir(parents=True, exist_ok=True)
    with package.open(info) as packed, tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as out:
        try:
            _copy(path, packed, out, limit)
            os.replace(out.name, target)  # noqa: PTH105
        finally:
            Path(out.name).unlink(missing_ok=True)
    return target


def _copy(path: Place, packed: IO[bytes], out: IO[bytes], limit: int) -> None:
    total = 0
    while piece := packed.read(_PIECE):
        total += len(piece)
        if total > limit:
            raise _broken(path, f"an entry unpacks to more than {MAX_RATIO} times its size")
        out.write(piece)
    out.flush()
    os.fsync(out.fileno())
