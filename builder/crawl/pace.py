"""How long to wait before asking a host again, and when to leave it alone: pure, no clock and no sleep inside."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LATENCY_FACTOR = 2.0
"""A host that needs 3 s for an answer is asked every 6 s at most: it works at most a third of its time for us."""
REFUSALS_TO_STOP = 10
"""So many answers of 401, 403 or 429 in a row, and nothing else between, mean that a host wants us gone."""
FAILURES_TO_STOP = 8
"""So many requests in a row without any answer: the host is down for this run."""
LONGEST_WAIT_S = 300.0
"""A Retry-After beyond this ends the host's run; it is kept to in the next."""
REFUSING = frozenset({401, 403, 429})
SLOWER = frozenset({429, 503})
"""Answers that ask for less, whichever page they stand for (RFC 6585, 4; RFC 9110, 15.6.4)."""
FLOORS_S = {"web.archive.org": 3.0, "index.commoncrawl.org": 1.0}
"""Shared public services that a recipe cannot ask faster, whatever it says: the Internet Archive's firewall shuts
out who asks more than about 24 times a minute; Common Crawl's index is one server for everybody."""


@dataclass(slots=True)
class Pace:
    """The pace of one host. Times in seconds on one clock; the jitter is seeded by the host's name."""

    host: str
    floor_s: float
    max_delay_s: float
    crawl_delay_s: float = 0.0
    latency_s: float = 0.0
    last_s: float | None = None
    hold_s: float = 0.0
    refusals: int = 0
    failures: int = 0
    pleas: int = 0
    stopped: str | None = None
    _random: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self._random.seed(self.host)
        self.floor_s = max(self.floor_s, FLOORS_S.get(self.host, 0.0))

    @property
    def delay_s(self) -> float:
        """Seconds between two requests: the floor, Crawl-delay, or what the host's own slowness asks for."""
        adaptive = min(self.latency_s * LATENCY_FACTOR, self.max_delay_s) if self.floor_s else 0.0
        return max(self.floor_s, self.crawl_delay_s, adaptive)

    @property
    def next_s(self) -> float:
        """When the next request may be made: the delay after the last one's end, and not before a hold is over."""
        return self.hold_s if self.last_s is None else max(self.last_s + self.delay_s, self.hold_s)

    def answered(self, now_s: float, status: int, elapsed_s: float, retry_after_s: float | None) -> None:
        """Take note of an answer that ended at `now_s` after `elapsed_s`."""
        self.failures = 0
        self.latency_s = elapsed_s if not self.latency_s else 0.7 * self.latency_s + 0.3 * elapsed_s
        self.refusals = self.refusals + 1 if status in REFUSING else 0
        self.last_s = now_s
        self.pleas = self.pleas + 1 if status in SLOWER else 0
        wait_s = retry_after_s if retry_after_s is not None or not self.pleas else self.backoff_s(self.pleas)
        self.hold_s = max(self.hold_s, now_s + (wait_s or 0.0))
        if self.refusals >= REFUSALS_TO_STOP:
            self.stopped = f"it answered {status} and the like {self.refusals} times in a row"
        elif retry_after_s is not None and retry_after_s > LONGEST_WAIT_S:
            self.stopped = f"it asked to be left alone for {retry_after_s:.0f} s"

    def failed(self, now_s: float, why: str) -> None:
        """Take note of a request that got no answer."""
        self.failures += 1
        self.last_s = now_s
        if self.failures >= FAILURES_TO_STOP:
            self.stopped = f"no answer {self.failures} times in a row ({why})"

    def backoff_s(self, attempts: int) -> float:
        """Return the wait before the next try after `attempts` failed ones: doubled each time, 0-50 % on top."""
        unit = max(self.floor_s, 1.0) if self.floor_s else 0.02
        wait = min(unit * 2.0**attempts, self.max_delay_s)
        return wait * (1 + self._random.random() / 2)


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After header, seconds or a date, as seconds from now; None if absent or unreadable."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - now).total_seconds(), 0.0)
