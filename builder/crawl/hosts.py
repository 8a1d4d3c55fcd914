"""What one run knows of a host: its pace, its budgets, and what came of its URLs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from builder.crawl.events import HostReport
from builder.crawl.pace import Pace

REPORT_EVERY = 10
"""URLs of a host between two rows of its table, from the first on."""


@dataclass(slots=True)
class HostState:
    """What one run knows of a host. `used_up`: which budget of new pages is used up; those that are known go on."""

    pace: Pace
    pages: int
    not_before_s: float
    used_up: str | None = None
    bytes: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)

    def report(self, host: str, queued: int) -> HostReport:
        """Return the host's row of the table; `queued` URLs are due or to retry."""
        known = ("kept", "unchanged", "refused", "failed")
        return HostReport(
            host=host,
            **{name: self.outcomes[name] for name in known},
            other=sum(count for name, count in self.outcomes.items() if name not in known),
            queued=queued,
            bytes=self.bytes,
            delay_s=self.pace.delay_s,
            seconds_left=queued * (self.pace.delay_s + self.pace.latency_s),
            stopped=self.pace.stopped,
            skipped=dict(sorted(self.skipped.items())),
        )
