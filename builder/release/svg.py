"""Charts as inline SVG without any library: horizontal bars, stacked months, a histogram.

Every number is written with a fixed number of digits, so the same figures give the same bytes. Colours are
CSS classes of the page (c0 to c7), so charts follow its light and dark form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH_PX = 760
ROW_PX = 26
LABEL_PX = 220
SERIES = 8
"""Colours of the page; a stacked chart shows the SERIES - 1 largest parts and the sum of the others."""


def _label(text: str, limit_chars: int = 34) -> str:
    """Return a label fit for SVG: cut, escaped, its parts in order from left to right as in an address."""
    cut = text if len(text) <= limit_chars else text[: limit_chars - 1] + "…"
    return f"\u2066{escape(cut)}\u2069"


def bars(items: Sequence[tuple[str, int]], title: str) -> str:
    """Return horizontal bars, one a line, with the count behind each. Empty without items."""
    if not items:
        return ""
    largest = max(count for _, count in items) or 1
    room = WIDTH_PX - LABEL_PX - 90
    rows = []
    for index, (label, count) in enumerate(items):
        y, width = index * ROW_PX, room * count / largest
        rows.append(
            f'<text class="label" x="{LABEL_PX - 10}" y="{y + 17}" text-anchor="end">{_label(label)}</text>'
            f'<rect class="c0" x="{LABEL_PX}" y="{y + 4}" width="{max(width, 1):.1f}" height="16" rx="3"/>'
            f'<text x="{LABEL_PX + width + 8:.1f}" y="{y + 17}">{count:,}</text>'
        )
    return _frame(len(items) * ROW_PX, title, "".join(rows))


def stacked(months: Sequence[str], series: Mapping[str, Sequence[int]], title: str) -> str:
    """Return stacked columns, one a month, with a legend. `series` has one count a month for each name."""
    if not months or not series:
        return ""
    height, top = 220, 34
    totals = [sum(values[i] for values in series.values()) for i in range(len(months))]
    scale, step = (height - top) / (max(totals) or 1), (WIDTH_PX - 60) / len(months)
    parts = [_legend(list(series))]
    for i in range(len(months)):
        floor = float(height)
        for index, values in enumerate(series.values()):
            tall = values[i] * scale
            floor -= tall
            if values[i]:
                parts.append(
                    f'<rect class="c{index}" x="{50 + i * step:.1f}" y="{floor:.1f}" '
                    f'width="{max(step - 1, 0.8):.1f}" height="{tall:.1f}">'
                    f"<title>{escape(months[i])}: {values[i]:,}</title></rect>"
                )
    parts += [_axis(height, top, max(totals)), _ticks(months, step, height)]
    return _frame(height + 26, title, "".join(parts))


def columns(items: Sequence[tuple[str, int]], title: str) -> str:
    """Return a histogram: one column for each class, its label below and its count above."""
    if not items or not any(count for _, count in items):
        return ""
    height, step = 190, (WIDTH_PX - 40) / len(items)
    scale = (height - 30) / max(count for _, count in items)
    parts = []
    for index, (label, count) in enumerate(items):
        x, tall = 20 + index * step, count * scale
        parts.append(
            f'<rect class="c1" x="{x + 2:.1f}" y="{height - tall:.1f}" width="{step - 4:.1f}" '
            f'height="{tall:.1f}" rx="3"/>'
            f'<text x="{x + step / 2:.1f}" y="{height - tall - 6:.1f}" text-anchor="middle">{count:,}</text>'
            f'<text class="label" x="{x + step / 2:.1f}" y="{height + 17}" text-anchor="middle">{escape(label)}</text>'
        )
    return _frame(height + 24, title, "".join(parts))


def _legend(names: Sequence[str]) -> str:
    step = (WIDTH_PX - 60) / max(len(names), 1)
    return "".join(
        f'<rect class="c{index}" x="{50 + index * step:.1f}" y="4" width="11" height="11" rx="2"/>'
        f'<text class="label" x="{66 + index * step:.1f}" y="14">{_label(name, 13)}</text>'
        for index, name in enumerate(names)
    )


def _axis(height: int, top: int, largest: int) -> str:
    return (
        f'<line class="axis" x1="46" y1="{height}" x2="{WIDTH_PX - 6}" y2="{height}"/>'
        f'<text class="label" x="42" y="{top + 6}" text-anchor="end">{largest:,}</text>'
        f'<text class="label" x="42" y="{height}" text-anchor="end">0</text>'
    )


def _ticks(months: Sequence[str], step: float, height: int) -> str:
    every = max(1, -(-len(months) // 9))
    return "".join(
        f'<text class="label" x="{50 + (i + 0.5) * step:.1f}" y="{height + 17}" text-anchor="middle">'
        f"{escape(months[i])}</text>"
        for i in range(0, len(months), every)
    )


def _frame(height: int, title: str, inner: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH_PX} {height}" role="img" direction="ltr" aria-label="{escape(title, quote=True)}">'
        f"{inner}</svg>"
    )
