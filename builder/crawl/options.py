"""What a crawl is given beside its recipe: the clock, the names of test sites, whom to tell."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from builder.crawl.events import Progress
from builder.crawl.fetcher import Fetcher, FetchLimits
from builder.crawl.guard import Guard
from builder.recipe import CrawlBlock

Clock = Callable[[], datetime]
Wait = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Options:
    """`agent` is the User-Agent; `wait` takes seconds; `resolve` maps names to an address and a port."""

    agent: str
    max_pages: int | None
    tell: Progress
    now: Clock
    wait: Wait
    resolve: dict[str, tuple[str, int]]

    def fetcher(self, settings: CrawlBlock) -> Fetcher:
        """Return the HTTP client of this crawl; call it inside a running loop."""
        return Fetcher(
            Guard(settings.allow_private),
            self.agent,
            FetchLimits(settings.max_body_bytes, settings.timeout_s),
            clock=lambda: self.now().timestamp(),
            resolve=self.resolve,
        )
