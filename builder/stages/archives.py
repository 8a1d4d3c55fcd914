"""Which archive files a recipe has, each with its digest. Kept apart, since a build without news needs no more."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder.errors import ArchiveError, UsageError
from builder.storage import sha256_of, write_json

if TYPE_CHECKING:
    from builder.recipe import Recipe
    from builder.sources.base import AnySource


@dataclass(frozen=True, slots=True, order=True)
class Archive:
    """One archive file of one source. `name` is its name on disk; `identity` says what a scan of it depends on."""

    name: str
    size_bytes: int
    sha256: str
    source: str
    path: str

    @property
    def identity(self) -> str:
        """A digest of content, name and source: equal ones give equal scans."""
        return hashlib.blake2b(
            f"{self.sha256}\0{self.name}\0{self.source}".encode(), digest_size=16
        ).hexdigest()


def find_archives(recipe: Recipe, cache: Path) -> list[Archive]:
    """Return the archive files of all sources, sorted by name and content.

    Raises ArchiveError when a file cannot be read, UsageError when there is none.
    """
    digests = _Digests(cache / "digests.json")
    found = [
        Archive(path.name, path.stat().st_size, digests.of(path), source.name, str(path))
        for source in recipe.sources
        for path in archive_files(recipe, source)
    ]
    digests.save()
    if not found:
        raise UsageError(
            "nothing has been captured yet",
            where=str(recipe.archive),
            what_next="Run `hiwar crawl` first: a build reads archives only.",
        )
    return sorted(set(found))


def archive_files(recipe: Recipe, source: AnySource) -> list[Path]:
    """Return the archive files that hold a source's captures, sorted by path."""
    if source.reach == "archives":
        return source.archives(recipe.folder)
    from builder.archive.write import file_number

    found = recipe.archive.glob(f"{source.name}-*.warc.gz")
    return sorted(path for path in found if file_number(source.name, path.name) is not None)


class _Digests:
    """SHA-256 of files, remembered while size, inode and both times of a file stay what they were."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, list[object]] = {}
        self.used: dict[str, list[object]] = {}
        with contextlib.suppress(OSError, ValueError):
            self.known = json.loads(path.read_text(encoding="utf-8"))

    def of(self, path: Path) -> str:
        """Return the digest of a file.

        Raises ArchiveError when it cannot be read.
        """
        try:
            stat = path.stat()
            state: list[object] = [stat.st_size, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns]
            entry = self.known.get(str(path))
            if entry is None or entry[:-1] != state:
                entry = [*state, sha256_of(path)]
        except OSError as error:
            raise ArchiveError(
                f"cannot be read: {error.strerror}", where=str(path), what_next="Put the file back."
            ) from error
        self.used[str(path)] = entry
        return str(entry[-1])

    def save(self) -> None:
        """Remember for the next build."""
        if self.used != self.known:
            write_json(self.path, self.used)
