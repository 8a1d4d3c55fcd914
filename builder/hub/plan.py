"""What publishing a release would change: pure comparisons of a folder with a revision."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from builder.hub.remote import RemoteFile
from builder.storage import TEMPORARY, sha256_of

Change = Literal["new", "changed", "same", "removed"]

OURS = ("data/", "plots/")
"""Folders that hold nothing but what a release puts there: a file of them that a release lacks is removed."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of the repository after publishing, or one that is removed by it."""

    path: str
    change: Change
    size_bytes: int


@dataclass(frozen=True)
class LocalFile:
    """A file to publish: where it lies, or its bytes where they are made at the time of publishing."""

    source: Path | bytes

    @property
    def size_bytes(self) -> int:
        """Size of the file."""
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file, 64 hexadecimal digits."""
        return (
            hashlib.sha256(self.source).hexdigest()
            if isinstance(self.source, bytes)
            else sha256_of(self.source)
        )

    @cached_property
    def blob_id(self) -> str:
        """The id git gives this content."""
        content = self.source if isinstance(self.source, bytes) else self.source.read_bytes()
        head = b"blob %d\0" % len(content)
        return hashlib.sha1(head + content, usedforsecurity=False).hexdigest()

    def equals(self, other: RemoteFile) -> bool:
        """Return whether a file on the Hub has this content."""
        if self.size_bytes != other.size_bytes:
            return False
        return self.sha256 == other.sha256 if other.sha256 else self.blob_id == other.blob_id


Files = Mapping[str, LocalFile]


def files_of(release: Path) -> dict[str, LocalFile]:
    """Return every file of a release folder by its path with / between parts, hidden ones left out."""
    paths = [path for path in sorted(release.rglob("*")) if path.is_file()]
    named = {path.relative_to(release).as_posix(): path for path in paths}
    return {
        name: LocalFile(path)
        for name, path in named.items()
        if not any(part.startswith((".", TEMPORARY)) for part in name.split("/"))
    }


def compare(files: Files, tree: Mapping[str, RemoteFile]) -> tuple[FileChange, ...]:
    """Return what becomes of each file when `files` are published over `tree`.

    Files of the repository outside OURS that a release does not have (.gitattributes, LICENSE) stay.
    """
    found = [FileChange(path, _change(file, tree.get(path)), file.size_bytes) for path, file in files.items()]
    gone = [path for path in tree if path.startswith(OURS) and path not in files]
    return (*found, *(FileChange(path, "removed", tree[path].size_bytes) for path in sorted(gone)))


def _change(file: LocalFile, there: RemoteFile | None) -> Change:
    if there is None:
        return "new"
    return "same" if file.equals(there) else "changed"


def is_same(changes: tuple[FileChange, ...]) -> bool:
    """Return whether publishing would change nothing."""
    return all(change.change == "same" for change in changes)


def new_bytes(changes: tuple[FileChange, ...]) -> int:
    """Return the bytes of new and changed files: what is sent at most, before Xet drops parts it has."""
    return sum(change.size_bytes for change in changes if change.change in ("new", "changed"))
