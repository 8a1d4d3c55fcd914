"""Local WARC files of any maker, read where they lie."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from builder.errors import UsageError
from builder.sources.base import Block, Source


class WarcBlock(Block):
    """`[[source]] kind = "warc"`."""

    paths: tuple[str, ...] = Field(min_length=1, description="Files or patterns, relative to the recipe.")


class WarcSource(Source[WarcBlock]):
    """WARC or ARC files on disk, of any crawler or archive: packed or not, whole or damaged."""

    kind = "warc"
    block_type = WarcBlock
    reach: ClassVar = "archives"

    @classmethod
    def example(cls) -> str:
        """Return a recipe block to paste."""
        return '[[source]]\nkind = "warc"\nname = "saved"\npaths = ["pages/*.warc.gz"]\n'

    def archives(self, folder: Path) -> list[Path]:
        """Return the files the patterns match, sorted by path, each once.

        Raises UsageError when a pattern matches no file.
        """
        return matching(self.block.paths, folder)


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
        matches = {match.resolve() for match in base.glob(str(rest)) if match.is_file()}
        if not matches:
            raise UsageError(
                f"no file matches {pattern!r}",
                where=str(folder),
                what_next="Correct `paths` in the recipe; patterns are relative to the recipe's folder.",
            )
        found |= matches
    return sorted(found)
