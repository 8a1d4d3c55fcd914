"""WACZ packages, as browsertrix, ArchiveWeb.page and the Internet Archive hand them out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from builder.archive.package import listed_pages, stored_archives, unpack_archives
from builder.model import PAGE, Capture, Extraction
from builder.objects import Place, place_of
from builder.sources.base import Block, Source
from builder.sources.warc import PATHS, places_matching
from builder.urls import canonical_url

_PAGES_FILE = "of-package"


class WaczBlock(Block):
    """`[[source]] kind = "wacz"`."""

    paths: tuple[str, ...] = Field(min_length=1, description=PATHS)
    pages_only: bool = Field(
        default=True, description="Read the addresses of the package's page list only, where it has one."
    )


class WaczSource(Source[WaczBlock]):
    """WACZ packages. WARC files inside are read where they lie; the page list says what is a page."""

    kind = "wacz"
    block_type = WaczBlock
    reach: ClassVar = "archives"

    @classmethod
    def example(cls) -> str:
        """Return a recipe block to paste."""
        return '[[source]]\nkind = "wacz"\nname = "recorded"\npaths = ["recorded/*.wacz"]\n'

    def archives(self, folder: Path) -> Sequence[Place]:
        """Return the packages, and the WARC files that had to be taken out of them into the cache.

        Raises ArchiveError when a package is broken, and what `places_matching` raises.
        """
        found: list[Place] = []
        for package in places_matching(self.block.paths, folder):
            if stored_archives(package):
                found.append(package)
            name = hashlib.sha256(str(package).encode()).hexdigest()[:16]
            unpacked = unpack_archives(package, folder / "cache" / "wacz" / name)
            for path in unpacked:
                path.with_name(_PAGES_FILE).write_text(str(package), encoding="utf-8")
            found += unpacked
        return sorted(found, key=str)

    def read(self, capture: Capture) -> Extraction | None:
        """Skip what the package does not list as a page; leave the pages to the general reader.

        Raises ArchiveError when the package was changed since it was listed.
        """
        if not self.block.pages_only or capture.ref.role != PAGE:
            return None
        listed = _listed(capture.ref.path)
        if listed is None or _bare(capture.url) in listed:
            return None
        return Extraction(skipped="not-in-page-list")


@lru_cache(maxsize=8)
def _listed(path: str) -> frozenset[str] | None:
    """Return the page list of the package that an archive path belongs to."""
    beside = Path(path).with_name(_PAGES_FILE)
    listed = listed_pages(place_of(beside.read_text(encoding="utf-8") if beside.exists() else path))
    return None if listed is None else frozenset(map(_bare, listed))


def _bare(url: str) -> str:
    """Return an address without what a redirect commonly changes: scheme, "www." and a slash at the end."""
    return canonical_url(url).partition("://")[2].removeprefix("www.").rstrip("/")
