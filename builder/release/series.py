"""Figures brought into the shape of a chart: one place for the SVG of the report and the PNG plots."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from builder.release.stats import Lengths, Pairs

SHOWN_PLATFORMS = 7
"""Platforms with a colour of their own; the others are summed up."""

OTHERS = "others"


@dataclass(frozen=True, slots=True)
class MonthSeries:
    """Counts by month: `months` without gaps (YYYY-MM), `counts` one tuple of that length for each platform."""

    months: tuple[str, ...]
    counts: dict[str, tuple[int, ...]]


def month_series(pairs: Pairs) -> MonthSeries:
    """Return counts by month for the most frequent platforms; months without a record are there with 0."""
    dated = [(month, platform, count) for month, platform, count in pairs if month]
    totals: Counter[str] = Counter()
    for _, platform, count in dated:
        totals[platform] += count
    ranked = sorted(totals, key=lambda name: (-totals[name], name))
    shown = ranked[:SHOWN_PLATFORMS]
    names = [*shown, *([OTHERS] if len(ranked) > len(shown) else [])]
    months = _months_between(min(m for m, _, _ in dated), max(m for m, _, _ in dated)) if dated else ()
    place = {month: index for index, month in enumerate(months)}
    counts = {name: [0] * len(months) for name in names}
    for month, platform, count in dated:
        counts[platform if platform in shown else OTHERS][place[month]] += count
    return MonthSeries(months, {name: tuple(values) for name, values in counts.items()})


def _months_between(first: str, last: str) -> tuple[str, ...]:
    start, end = (int(month[:4]) * 12 + int(month[5:7]) - 1 for month in (first, last))
    return tuple(f"{number // 12:04d}-{number % 12 + 1:02d}" for number in range(start, end + 1))


def length_classes(lengths: Lengths) -> list[tuple[str, int]]:
    """Return (label in words, records) of the length classes, from the first to the last that has records."""
    filled = [index for index, (_, count) in enumerate(lengths.classes) if count]
    if not filled:
        return []
    edges = [edge for edge, _ in lengths.classes]
    labels = [f"{a}–{b - 1}" for a, b in pairwise(edges)] + [f"{edges[-1]}+"]
    return [(labels[index], lengths.classes[index][1]) for index in range(filled[0], filled[-1] + 1)]
