"""A web site: start pages, feeds and sitemaps, then the links that the patterns let through."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from builder.model import Target
from builder.sources.base import Block, Source


class SiteBlock(Block):
    """`[[source]] kind = "site"`."""

    start: tuple[str, ...] = Field(min_length=1, description="Pages, feeds or sitemaps to begin with.")
    include: tuple[str, ...] = Field(
        (), description="Regular expressions on the URL; all of the start hosts if empty."
    )
    exclude: tuple[str, ...] = Field(
        (), description="Regular expressions on the URL that are never asked for."
    )
    keep_params: tuple[str, ...] = Field((), description="Query parameters that make a page; all if empty.")
    sitemaps: bool = Field(default=True, description="Ask for the sitemaps named in robots.txt.")
    feeds: bool = Field(default=True, description="Follow the feeds a page names.")

    @field_validator("include", "exclude")
    @classmethod
    def _compiles(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                message = f"{pattern!r} is not a regular expression: {error}"
                raise ValueError(message) from error
        return patterns


class SiteSource(Source[SiteBlock]):
    """Any web site of pages, crawled from its start pages, feeds and sitemaps."""

    kind = "site"
    block_type = SiteBlock

    def seeds(self) -> Iterable[Target]:
        """Return the start pages."""
        return [Target(url, self.name) for url in self.block.start]

    @property
    def hosts(self) -> frozenset[str]:
        """Hosts (with port) of the start pages."""
        return frozenset(urlsplit(url).netloc.lower() for url in self.block.start)

    def wants(self, url: str) -> bool:
        """Return whether a URL is inside the patterns."""
        block = self.block
        if any(re.search(pattern, url) for pattern in block.exclude):
            return False
        if block.include:
            return any(re.search(pattern, url) for pattern in block.include)
        return urlsplit(url).netloc.lower() in self.hosts
