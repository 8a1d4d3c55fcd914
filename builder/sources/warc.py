"""Local WARC files of any maker, read where they lie."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from builder.sources.base import Block, Source


class WarcBlock(Block):
    """`[[source]] kind = "warc"`."""

    paths: tuple[str, ...] = Field(min_length=1, description="Files or patterns, relative to the recipe.")


class WarcSource(Source[WarcBlock]):
    """WARC files already on disk, e.g. of another crawler or of Common Crawl."""

    kind = "warc"
    block_type = WarcBlock
    reach: ClassVar = "archives"

    def archives(self, folder: Path) -> list[Path]:
        """Return the files the patterns match, sorted by path, each once."""
        found: set[Path] = set()
        for pattern in self.block.paths:
            path = Path(pattern)
            base, rest = (
                (Path(path.anchor), path.relative_to(path.anchor)) if path.is_absolute() else (folder, path)
            )
            found.update(match.resolve() for match in base.glob(str(rest)) if match.is_file())
        return sorted(found)
