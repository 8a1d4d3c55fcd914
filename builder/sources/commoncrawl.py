"""Common Crawl: its index says where captures of a host lie, a Range request fetches each by itself.

Only the records asked for are fetched, one index page at a time. The list of crawls is asked for once a day at
most, as its owners wish; answers 429 and 503 are obeyed by the crawler.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

from pydantic import Field

from builder.model import Capture, Extraction, Target
from builder.sources.base import Source
from builder.sources.cdx import CdxBlock, chosen, read_only_asked, read_rows

CRAWLS, PAGES, ROWS = "commoncrawl.crawls", "commoncrawl.pages", "commoncrawl.rows"
RECORD = "commoncrawl.record"
_API = re.compile(r"https?://[\w.:-]+/[^\s?]*$")
MAX_PAGES = 10_000
"""Cap on the pages of one question; each has some 15,000 captures, so this is more than any host has."""

MAX_RECORD_BYTES = 20_000_000
"""Longer records are not asked for; Common Crawl cuts pages at 1 MB (5 MB since 2025)."""


class CommonCrawlBlock(CdxBlock):
    """`[[source]] kind = "commoncrawl"`."""

    crawls: tuple[str, ...] = Field((), description='Names such as "CC-MAIN-2025-05"; the newest if empty.')
    newest_crawls: int = Field(
        1, ge=1, le=100, description="How many of the newest crawls, if none is named."
    )
    list_url: str = Field("https://index.commoncrawl.org/collinfo.json", description="List of the crawls.")
    data_url: str = Field("https://data.commoncrawl.org/", description="Where the WARC files lie.")


class CommonCrawlSource(Source[CommonCrawlBlock]):
    """Pages of a host or path out of Common Crawl, fetched record by record and copied into our archive."""

    kind = "commoncrawl"
    block_type = CommonCrawlBlock

    @classmethod
    def example(cls) -> str:
        """Return a recipe block to paste."""
        return (
            '[[source]]\nkind = "commoncrawl"\nname = "cc"\nurls = ["example.org/opinion/*"]\n'
            'crawls = ["CC-MAIN-2025-05"]    # the newest one if left out\n'
        )

    def seeds(self) -> Iterable[Target]:
        """Return the list of the crawls, which names each one's index."""
        return [Target(self.block.list_url, self.name, role=CRAWLS, how="api")]

    def follow(self, capture: Capture, target: Target) -> Iterable[Target]:
        """Return indexes for the list, pages for an index, captures for a page."""
        if capture.ref.status != 200:
            return ()
        if target.role == CRAWLS:
            return self._indexes(capture)
        if target.role == PAGES:
            return self._index_pages(capture, target)
        return self._captures(capture) if target.role == ROWS else ()

    def read(self, capture: Capture) -> Extraction | None:
        """Skip captures of other addresses than were asked for; leave the rest to the general reader."""
        return read_only_asked(self.block, capture)

    def _indexes(self, capture: Capture) -> Iterator[Target]:
        """Yield for each wanted crawl and pattern the question how many pages its index has."""
        listed = _parsed(capture.body)
        apis = {
            str(entry.get("id")): str(entry.get("cdx-api"))
            for entry in (listed if isinstance(listed, list) else [])
            if isinstance(entry, dict) and _API.match(str(entry.get("cdx-api")))
        }
        wanted = self.block.crawls or tuple(apis)[: self.block.newest_crawls]
        for crawl in wanted:
            for pattern in self.block.urls if crawl in apis else ():
                url = apis[crawl] + "?" + urlencode(self._question(pattern))
                yield Target(f"{url}&showNumPages=true", self.name, role=PAGES, via=capture.url, how="api")

    def _question(self, pattern: str) -> list[tuple[str, str]]:
        question = [("url", pattern), ("output", "json")]
        question += [("from", self.block.since)] if self.block.since else []
        question += [("to", self.block.until)] if self.block.until else []
        return question

    def _index_pages(self, capture: Capture, target: Target) -> Iterator[Target]:
        """Yield every page of an index; an index without pages has answered with its rows already."""
        answer = _parsed(capture.body)
        if not isinstance(answer, dict) or not isinstance(answer.get("pages"), int):
            yield from self._captures(capture)
            return
        base = target.url.removesuffix("&showNumPages=true")
        for page in range(min(answer["pages"], MAX_PAGES)):
            yield Target(f"{base}&page={page}", self.name, role=ROWS, via=target.url, how="pagination")

    def _captures(self, capture: Capture) -> Iterator[Target]:
        rows, _ = read_rows(capture.body)
        for row in chosen(rows, self.block.captures):
            if row.place is not None and 0 < row.place[2] <= MAX_RECORD_BYTES:
                yield self._record(row.place, capture.url)

    def _record(self, place: tuple[str, int, int], via: str) -> Target:
        name, offset, length = place
        wanted = ("Range", f"bytes={offset}-{offset + length - 1}")
        return Target(
            f"{self.block.data_url.rstrip('/')}/{name.lstrip('/')}",
            self.name,
            role=RECORD,
            via=via,
            how="api",
            headers=(wanted, ("Accept-Encoding", "identity")),
        )


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
