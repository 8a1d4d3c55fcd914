"""Whether day or month is printed first, told by dates where the order can be seen."""

from __future__ import annotations

from collections.abc import Iterable

from builder.extract.dates.printed import find_printed


def order_votes(texts: Iterable[str]) -> tuple[int, int]:
    """Return how many all-number dates of some texts can only be day first, and how many only month first."""
    day_first = month_first = 0
    for text in texts:
        for date in find_printed(text):
            if not date.open_order or date.hijri:
                continue
            _, first, second = date.numbers
            day_first += first > 12 >= second
            month_first += second > 12 >= first
    return day_first, month_first


def told_order(texts: Iterable[str]) -> bool | None:
    """Return True for day first, False for month first, None where the texts do not tell or contradict evenly."""
    day_first, month_first = order_votes(texts)
    return None if day_first == month_first else day_first > month_first
