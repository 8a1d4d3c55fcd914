"""A web site: start pages, feeds and sitemaps, then the links that the patterns let through."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from builder.model import PAGE, Capture, LeftOver, Target
from builder.sources import discovery
from builder.sources.base import Block, Source
from builder.urls import ascii_host


def _has_a_place(address: str) -> bool:
    """Return whether an address has a host and a port that can be: what has none is never asked."""
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


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

    @field_validator("start")
    @classmethod
    def _on_the_web(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        for address in addresses:
            if not re.match(r"https?://[^/]", address, re.IGNORECASE) or not _has_a_place(address):
                message = f"{address!r} is no web address; write it whole, as in https://example.org/"
                raise ValueError(message)
        return addresses

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

    @classmethod
    def example(cls) -> str:
        """Return a recipe block to paste."""
        keys = 'start = ["https://example.org/"]\ninclude = ["/articles/\\\\d+"]\n'
        return '[[source]]\nkind = "site"\nname = "essays"\n' + keys

    def at_home(self, url: str) -> bool:
        """Return whether a URL lies on a host of the start pages, "www." and default ports not counted."""
        return _host(url) in self.hosts

    @property
    def scope(self) -> object:
        """The patterns and switches that let links through."""
        block = self.block
        return [sorted(self.hosts), block.include, block.exclude, block.sitemaps, block.feeds]

    def seeds(self) -> Iterable[Target]:
        """Return the start pages."""
        return [Target(url, self.name) for url in self.block.start]

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Hosts of the start pages, with port, without "www."."""
        return frozenset(_host(url) for url in self.block.start)

    @cached_property
    def _patterns(self) -> tuple[list[re.Pattern[str]], list[re.Pattern[str]]]:
        return [re.compile(p) for p in self.block.include], [re.compile(p) for p in self.block.exclude]

    def wants(self, url: str) -> bool:
        """Return whether a URL is inside the patterns."""
        include, exclude = self._patterns
        if any(pattern.search(url) for pattern in exclude):
            return False
        if include:
            return any(pattern.search(url) for pattern in include)
        return self.at_home(url)

    def follow(self, capture: Capture, target: Target) -> Iterable[Target | LeftOver]:
        """Return what a page links to, a feed or sitemap names; only what the patterns let through.

        A list's next page ("rel=next") is taken from start pages and from next pages even where `include` names
        articles only, else the list would end with its first page.
        """
        if capture.ref.status != 200:
            return []
        if target.role == "sitemap":
            return self._from_sitemap(capture, target)
        if target.role == "feed" or "json" in capture.ref.mime:
            return self._from_feed(capture, target)
        return self._from_page(capture, target)

    def _from_sitemap(self, capture: Capture, target: Target) -> Iterable[Target | LeftOver]:
        """Return what a sitemap names; by the protocol a feed may stand in for one."""
        found = discovery.read_sitemap(capture.body, target.url)
        if not found.sitemaps and not found.pages:
            return self._from_feed(capture, target)
        maps = [self._next(url, target, "sitemap", "sitemap") for url in found.sitemaps if self.at_home(url)]
        pages = [self._next(url, target, PAGE, "sitemap") for url in found.pages if self.wants(url)]
        left = (
            [LeftOver(f"beyond {discovery.MAX_SITEMAP_URLS:,} in one sitemap", found.left)]
            if found.left
            else []
        )
        return [*maps, *pages, *left]

    def _from_feed(self, capture: Capture, target: Target) -> list[Target]:
        found = discovery.read_feed(capture.body, target.url)
        entries = [self._next(url, target, PAGE, "feed") for url in found.entries if self.wants(url)]
        if found.next_page and self.at_home(found.next_page):
            entries.append(self._next(found.next_page, target, "feed", "pagination"))
        return entries

    def _from_page(self, capture: Capture, target: Target) -> list[Target]:
        lists_pages = target.how in ("start", "pagination", "redirect")
        found: list[Target] = []
        for link in discovery.page_links(capture.body, target.url, capture.header("content-type")):
            if link.how == "feed":
                if self.block.feeds and self.at_home(link.url):
                    found.append(self._next(link.url, target, "feed", "feed"))
            elif self.wants(link.url):
                found.append(self._next(link.url, target, PAGE, link.how))
            elif link.how == "pagination" and lists_pages and self._may_page(link.url):
                found.append(self._next(link.url, target, PAGE, "pagination"))
        return found

    def _may_page(self, url: str) -> bool:
        return self.at_home(url) and not any(pattern.search(url) for pattern in self._patterns[1])

    def _next(self, url: str, target: Target, role: str, how: str) -> Target:
        return Target(url, self.name, role, target.depth + 1, target.url, how)


@lru_cache(maxsize=16_384)
def _host(url: str) -> str:
    """Return a URL's host as `at_home` compares it."""
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme.lower())
    name = ascii_host(parts.hostname or "").removeprefix("www.")
    return name if parts.port in (None, default) else f"{name}:{parts.port}"
