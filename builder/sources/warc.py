"""WARC files of any maker, read where they lie: on disk, or in S3-compatible storage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from builder.archive.package import refuse_packed
from builder.errors import UsageError
from builder.objects import Place, StoredObject, is_address, objects_matching
from builder.sources.base import Block, Source

PATHS = "Files or patterns, relative to the recipe, or s3://bucket/pattern."


class WarcBlock(Block):
    """`[[source]] kind = "warc"`."""

    paths: tuple[str, ...] = Field(min_length=1, description=PATHS)


class WarcSource(Source[WarcBlock]):
    """WARC or ARC files on disk or in object storage, of any crawler or archive: packed or not, whole or damaged."""

    kind = "warc"
    block_type = WarcBlock
    reach: ClassVar = "archives"

    @classmethod
    def example(cls) -> str:
        """Return a recipe block to paste."""
        return '[[source]]\nkind = "warc"\nname = "saved"\npaths = ["pages/*.warc.gz"]\n'

    def archives(self, folder: Path) -> Sequence[Place]:
        """Return the files and objects the patterns match, sorted by path, each once.

        Raises UsageError when a pattern matches none, StorageError when the storage refuses or cannot be reached,
        ArchiveError for a package that only a `wacz` source reads whole.
        """
        found = places_matching(self.block.paths, folder)
        for place in found:
            if place.name.lower().endswith((".wacz", ".zip")):
                refuse_packed(place)
        return found


def places_matching(patterns: Iterable[str], folder: Path) -> list[Place]:
    """Return the files and behind them the objects that patterns match, sorted by path, each once.

    Raises what `matching` raises, and StorageError when the storage refuses or cannot be reached.
    """
    patterns = tuple(patterns)
    objects: set[StoredObject] = set()
    for pattern in filter(is_address, patterns):
        found = objects_matching(pattern)
        if not found:
            raise UsageError(
                "no object matches this pattern, or there is no such bucket",
                where=pattern,
                what_next="Correct `paths` in the recipe; a star stays between two slashes, ** goes over them.",
            )
        objects.update(found)
    files = matching((pattern for pattern in patterns if not is_address(pattern)), folder)
    return [*files, *sorted(objects)]


def matching(patterns: Iterable[str], folder: Path) -> list[Path]:
    """Return the files that patterns relative to `folder` match, sorted by path, each once.

    Raises UsageError when a pattern matches no file, which is nearly always a slip.
    """
    found: set[Path] = set()
    for pattern in patterns:
        path = Path(pattern)
        base, rest = (
            (Path(path.anchor), path.relative_to(path.anchor)) if path.is_absolute() else (folder, path)
        )
        try:
            matches = {match.resolve() for match in base.glob(str(rest)) if match.is_file()}
        except (ValueError, IndexError, NotImplementedError) as error:
            raise UsageError(
                f"{pattern!r} is no pattern of file names",
                where=str(folder),
                what_next='Correct `paths` in the recipe, as in "pages/*.warc.gz"; ** is a folder name of its own.',
            ) from error
        if not matches:
            raise UsageError(
                f"no file matches {pattern!r}",
                where=str(folder),
                what_next="Correct `paths` in the recipe; patterns are relative to the recipe's folder.",
            )
        found |= matches
    return sorted(found)
