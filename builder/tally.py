"""The account of a stage: kept + dropped + failed = read, or it raises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from builder.errors import AccountError


@dataclass(slots=True)
class Tally:
    """Counts what one stage does with each item it reads.

    `dropped` and `failed` count items, each once, under its first reason; `reasons` counts, for
    every reason, the items it was given of: an item may have several, and one twice (a header and a meta element).
    """

    stage: str
    read: int = 0
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def keep(self, count: int = 1) -> None:
        """Count `count` items as read and kept."""
        self.read += count
        self.kept += count

    def drop(self, reasons: Iterable[str]) -> None:
        """Count one item as read and dropped for all `reasons` (at least one)."""
        self._lose(self.dropped, reasons)

    def fail(self, reasons: Iterable[str]) -> None:
        """Count one item as read and failed for all `reasons` (at least one)."""
        self._lose(self.failed, reasons)

    def _lose(self, counter: Counter[str], reasons: Iterable[str]) -> None:
        names = list(reasons)
        self.read += 1
        counter[names[0]] += 1
        self.reasons.update(dict.fromkeys(names, 1))

    def add(self, other: Tally) -> None:
        """Add the counts of the same stage from another worker."""
        self.read += other.read
        self.kept += other.kept
        self.dropped.update(other.dropped)
        self.failed.update(other.failed)
        self.reasons.update(other.reasons)

    def close(self, read: int | None = None) -> Tally:
        """Check the account, against `read` items where the caller counted them apart; return self.

        Raises AccountError when an item was lost or doubled.
        """
        expected = self.read if read is None else read
        accounted = self.kept + self.dropped.total() + self.failed.total()
        if accounted != expected or self.read != expected:
            raise AccountError(
                f"{accounted} items accounted for, {expected} read",
                where=f"stage {self.stage}",
                what_next="This is a defect of Hiwar, not of your data: please report it with the recipe.",
            )
        return self

    def as_dict(self) -> dict[str, object]:
        """Return the account as JSON-ready mappings, keys sorted."""
        return {
            "stage": self.stage,
            "read": self.read,
            "kept": self.kept,
            "dropped": self.dropped.total(),
            "failed": self.failed.total(),
            "dropped_for": dict(sorted(self.dropped.items())),
            "failed_for": dict(sorted(self.failed.items())),
            "reasons": dict(sorted(self.reasons.items())),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Tally:
        """Read back what `as_dict` wrote. Raises KeyError, TypeError or ValueError for anything else."""

        def counter(name: str) -> Counter[str]:
            value = data[name]
            if not isinstance(value, Mapping):
                raise TypeError(f"{name} is {value!r}")
            return Counter({str(key): int(count) for key, count in value.items()})

        return cls(
            stage=str(data["stage"]),
            read=int(str(data["read"])),
            kept=int(str(data["kept"])),
            dropped=counter("dropped_for"),
            failed=counter("failed_for"),
            reasons=counter("reasons"),
        )
