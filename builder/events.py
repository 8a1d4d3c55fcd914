"""What a running build tells those who watch: plain values, one a moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class StageProgress:
    """How far a stage is: items done of `total` (None: not known yet), `elapsed_s` on the clock since it began.

    `done` is 0 when a stage begins and equals `total` when it ends.
    """

    stage: str
    done: int
    total: int | None
    elapsed_s: float

    @property
    def rate_per_s(self) -> float | None:
        """Items a second so far; None before the first."""
        return self.done / self.elapsed_s if self.done and self.elapsed_s > 0 else None

    @property
    def left_s(self) -> float | None:
        """Seconds left at the rate so far; None where that cannot be said."""
        rate = self.rate_per_s
        return None if rate is None or self.total is None else max(0.0, (self.total - self.done) / rate)

    def as_dict(self) -> dict[str, object]:
        """Return the event as one JSON-ready object."""
        return {"event": "stage", **asdict(self)}


Watch = Callable[[StageProgress], None]
