"""What a crawl tells while it runs, and what it gives back: small frozen objects, no page text, no secrets."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from builder.tally import Tally

_SECRET = re.compile(
    r"([?&][^=&#]*(?:token|api_?key|secret|passw|auth|signature)[^=&#]*=)[^&#]+", re.IGNORECASE
)


def shown_url(url: str) -> str:
    """Return a URL as events and logs may hold it: values of parameters that look like keys are left out."""
    return _SECRET.sub(r"\1...", url)


@dataclass(frozen=True, slots=True)
class Event:
    """Base of the events. `as_dict` gives one JSON-ready object with the event's name under "event"."""

    name: ClassVar[str] = "event"

    def as_dict(self) -> dict[str, object]:
        """Return the event as a JSON-ready mapping."""
        return {"event": self.name, **dataclasses.asdict(self)}


@dataclass(frozen=True, slots=True)
class CrawlStarted(Event):
    """The crawl begins: hosts to ask, URLs in the queue, and what an accident had changed.

    `recovered` URLs had lost their records; `kept` answers stood in the archive and the frontier did not know them.
    """

    name: ClassVar[str] = "crawl-started"
    hosts: int
    queued: int
    recovered: int
    kept: int = 0


@dataclass(frozen=True, slots=True)
class PageDone(Event):
    """One URL was asked for, or refused without asking. `outcome` as in the frontier; size in wire bytes."""

    name: ClassVar[str] = "page"
    host: str
    url: str
    role: str
    outcome: str
    status: int | None
    size_bytes: int
    elapsed_s: float
    reason: str | None


@dataclass(frozen=True, slots=True)
class HostStopped(Event):
    """A host is left alone for the rest of this run."""

    name: ClassVar[str] = "host-stopped"
    host: str
    reason: str


@dataclass(frozen=True, slots=True)
class HostReport(Event):
    """One row of the host table. `delay_s` between requests; `seconds_left` is the queue at this pace."""

    name: ClassVar[str] = "host"
    host: str
    kept: int
    unchanged: int
    refused: int
    failed: int
    other: int
    queued: int
    bytes: int
    delay_s: float
    seconds_left: float
    stopped: str | None
    skipped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Planned(Event):
    """One line of a dry run: what would be asked for, or what forbids it."""

    name: ClassVar[str] = "planned"
    url: str
    source: str
    role: str
    allowed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class CrawlResult:
    """What a crawl gave. `tally` counts the URLs attended; `hosts` is sorted by name; `plan` only in a dry run.

    `recovered` and `kept` as in CrawlStarted. `next_due_s` is when the first page of the recipe's sources is to be
    visited again, in seconds since 1970.
    """

    tally: Tally
    hosts: tuple[HostReport, ...] = ()
    plan: tuple[Planned, ...] = ()
    queued: int = 0
    records: int = 0
    interrupted: bool = False
    recovered: int = 0
    kept: int = 0
    next_due_s: float | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the result as a JSON-ready mapping, the "done" line of --json."""
        return {
            "event": "done",
            "tally": self.tally.as_dict(),
            "hosts": [report.as_dict() for report in self.hosts],
            "plan": [line.as_dict() for line in self.plan],
            "queued": self.queued,
            "records": self.records,
            "interrupted": self.interrupted,
            "recovered": self.recovered,
            "kept": self.kept,
            "next_due_s": self.next_due_s,
        }


Progress = Callable[[Event], None]
