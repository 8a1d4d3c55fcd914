"""Which archive files a recipe has, each with its digest. Kept apart, since a build without news needs no more."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder.errors import ArchiveError, UsageError
from builder.objects import StoredObject, digest_of, size_of
from builder.storage import write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.objects import Place
    from builder.recipe import Recipe
    from builder.sources.base import AnySource


@dataclass(frozen=True, slots=True, order=True)
class Archive:
    """One archive file of one source. `name` is its name on disk; `identity` says what a scan of it depends on.

    `path` is the text of its place (builder.objects).
    """

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

    Raises ArchiveError or StorageError when one cannot be read, UsageError when there is none.
    """
    digests = _Digests(cache / "digests.json")
    found = [
        digests.archive(place, source.name)
        for source in recipe.sources
        for place in archive_files(recipe, source)
    ]
    digests.save()
    if not found:
        raise UsageError(
            "nothing has been captured yet",
            where=str(recipe.archive),
            what_next="Run `hiwar crawl` first: a build reads archives only.",
        )
    return sorted(set(found))


def archive_files(recipe: Recipe, source: AnySource) -> Sequence[Place]:
    """Return where the archive files lie that hold a source's captures, sorted by path."""
    if source.reach == "archives":
        places = source.archives(recipe.folder)
        read = (recipe.instead.get(place, place) if isinstance(place, Path) else place for place in places)
        return [place for place in read if place is not None]
    from builder.archive.write import file_number

    found = recipe.archive.glob(f"{source.name}-*.warc.gz")
    return sorted(path for path in found if file_number(source.name, path.name) is not None)


class _Digests:
    """SHA-256 of files, remembered while size, inode and both times of a file stay what they were.

    Of an object they are its size, ETag, version and time.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, list[object]] = {}
        self.used: dict[str, list[object]] = {}
        with contextlib.suppress(OSError, ValueError):
            self.known = json.loads(path.read_text(encoding="utf-8"))

    def archive(self, place: Place, source: str) -> Archive:
        """Return an archive of a source with its digest.

        Raises ArchiveError or StorageError when it cannot be read.
        """
        try:
            return Archive(place.name, size_of(place), self._of(place), source, str(place))
        except OSError as error:
            raise ArchiveError(
                f"cannot be read: {error.strerror}", where=str(place), what_next="Put the file back."
            ) from error

    def _of(self, place: Place) -> str:
        """Return the digest of a file or object; of an object it is kept at once, since reading it may take long."""
        key, state = _key_and_state(place)
        entry = self.known.get(key)
        if entry is None or entry[:-1] != state:
            entry = [*state, digest_of(place)]
            if isinstance(place, StoredObject):
                self.known[key] = entry
                write_json(self.path, self.known)
        self.used[key] = entry
        return str(entry[-1])

    def save(self) -> None:
        """Remember for the next build."""
        if self.used != self.known:
            write_json(self.path, self.used)


def _key_and_state(place: Place) -> tuple[str, list[object]]:
    """Return by what a digest is remembered, and what must be as it was for it to hold."""
    if isinstance(place, StoredObject):
        return place.address, [place.size_bytes, place.state]
    found = place.stat()
    return str(place), [found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns]
