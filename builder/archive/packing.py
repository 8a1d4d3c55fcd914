"""Packings that are not read: named, with how to undo them, so that no archive passes for a damaged one."""

from __future__ import annotations

from collections.abc import Mapping

from builder.errors import ArchiveError

HEAD_BYTES = 512
"""So much of a file is looked at: a tar file says what it is behind the name of its first entry."""

_BEGINNINGS = {
    b"\xfd7zXZ\x00": ("xz", "xz -dk"),
    b"\x04\x22\x4d\x18": ("lz4", "lz4 -dk"),
    b"\x02\x21\x4c\x18": ("lz4", "lz4 -dk"),
    b"BZh": ("bzip2", "bzip2 -dk"),
    b"\x5d\x00\x00": ("lzma", "xz -dk --format=lzma"),
    b"\x1f\x9d": ("compress", "uncompress -k"),
    b"\xff\x06\x00\x00sNaPpY": ("snappy", "snzip -dk"),
    b"\x89LZO\x00": ("lzop", "lzop -d"),
    b"LZIP": ("lzip", "lzip -dk"),
    b"7z\xbc\xaf\x27\x1c": ("7z", "7z x"),
    b"Rar!\x1a\x07": ("rar", "unrar x"),
}
_TAR_PLACE, _TAR = 257, b"ustar"


def foreign_packing(
    head: bytes, beginnings: Mapping[bytes, tuple[str, str]] = _BEGINNINGS
) -> tuple[str, str] | None:
    """Return how a file that begins with `head` is packed and the command that undoes it; None for all others."""
    if head[_TAR_PLACE:].startswith(_TAR):
        return "tar", "tar -xf"
    return next((told for start, told in beginnings.items() if head.startswith(start)), None)


def refuse_foreign(head: bytes, where: str) -> None:
    """Raise ArchiveError for a file or a member that begins with `head` and is packed in a way that is not read."""
    found = foreign_packing(head)
    if found is not None:
        name, command = found
        raise ArchiveError(
            f"packed with {name}; WARC files are read packed with gzip or zstd, or not at all",
            where=where,
            what_next=f"Unpack it (`{command} FILE`), with gzip again if you like, and name that file in `paths`.",
        )
