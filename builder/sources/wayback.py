"""The Wayback Machine and archives like it: a CDX index, and replay of the bytes as they were stored.

The Internet Archive's firewall shuts out who asks more than about 24 times a minute or goes on after an answer
429, for an hour and longer each time; the crawler leaves web.archive.org three seconds between two requests.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from pydantic import Field

from builder.model import Capture, Extraction, Target
from builder.sources.base import Source
from builder.sources.cdx import CdxBlock, chosen, read_only_asked, read_rows

ROWS, MEMENTO = "wayback.rows", "wayback.memento"


class WaybackBlock(CdxBlock):
    """`[[source]] kind = "wayback"`."""

    cdx_url: str = Field("https://web.archive.org/cdx/search/cdx", description="Address of the CDX index.")
    replay_url: str = Field(
        "https://web.archive.org/web/", description="What stands before a capture's time."
    )
    rows_per_page: int = Field(5_000, ge=1, le=150_000, description="Rows asked for at a time.")


class WaybackSource(Source[WaybackBlock]):
    """Past states of pages from the Wayback Machine or another replay service, as bytes without its banner."""

    kind = "wayback"
    block_type = WaybackBlock

    @classmethod
    def example(cls) -> str:
        """Return a recipe block to paste."""
        return (
            '[[source]]\nkind = "wayback"\nname = "past"\n'
            'urls = ["example.org/debat/*"]\nsince = "2012"\nuntil = "2015"\n'
        )

    def seeds(self) -> Iterable[Target]:
        """Return the first page of the index for each pattern."""
        for pattern in self.block.urls:
            yield Target(self._question(pattern), self.name, role=ROWS, how="api")

    def follow(self, capture: Capture, target: Target) -> Iterable[Target]:
        """Return the captures of an index page, and its next page."""
        if capture.ref.status != 200 or target.role != ROWS:
            return
        rows, resume = read_rows(capture.body)
        for row in chosen(rows, self.block.captures, replayed=True):
            url = f"{self.block.replay_url.rstrip('/')}/{row.timestamp}id_/{row.url}"
            yield Target(url, self.name, role=MEMENTO, via=target.url, how="api")
        if resume is not None:
            yield self._next_page(target, resume)

    def read(self, capture: Capture) -> Extraction | None:
        """Skip captures of other addresses than were asked for; leave the rest to the general reader."""
        return read_only_asked(self.block, capture)

    def _next_page(self, target: Target, resume: str) -> Target:
        base = target.url.partition("&resumeKey=")[0]
        url = f"{base}&{urlencode({'resumeKey': resume})}"
        return Target(url, self.name, role=ROWS, via=target.url, how="pagination")

    def _question(self, pattern: str) -> str:
        question = [("url", pattern), ("output", "json")]
        question += [("from", self.block.since)] if self.block.since else []
        question += [("to", self.block.until)] if self.block.until else []
        question += [("limit", str(self.block.rows_per_page)), ("showResumeKey", "true")]
        return f"{self.block.cdx_url}?{urlencode(question)}"
