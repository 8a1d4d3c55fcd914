"""Whether a page prints the day or the month first, told by its own dates where the order can be seen."""

from __future__ import annotations

from builder.extract.dates.page import Page
from builder.extract.dates.printed import find_printed

_KEY = "_day_first"


def order_votes(texts: list[str]) -> tuple[int, int]:
    """Return how many all-number dates of some texts can only be day first, and only month first."""
    day_first = month_first = 0
    for text in texts:
        for date in find_printed(text):
            if not date.open_order or date.hijri:
                continue
            _, first, second = date.numbers
            day_first += first > 12 >= second
            month_first += second > 12 >= first
    return day_first, month_first


def page_order(page: Page) -> bool | None:
    """Return True for day first, False for month first, None where the page's own dates do not tell."""
    if not hasattr(page, _KEY):
        day_first, month_first = order_votes([spot.line for spot in page.spots if len(spot.line) <= 300][:400])
        setattr(page, _KEY, None if day_first == month_first else day_first > month_first)
    verdict: bool | None = getattr(page, _KEY)
    return verdict
