"""Addresses that never end: calendars, repeating paths, filters combined without limit. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

MAX_SEGMENT_REPEATS = 2
"""A path segment that stands three times is a relative link gone wrong: /a/b/a/b/a/b (Heritrix uses the same)."""
MAX_SEGMENTS = 16
MAX_PARAMS = 8
MAX_SHAPES = 24
"""Different sets of parameter names for one path: more is a filter menu, not pages."""
YEARS_AHEAD = 1
_YEAR = re.compile(
    r"(?<!\d)(?:([12]\d{3})[-/_.](?:0?[1-9]|1[0-2])|((?:19|20|21)\d\d)(?:0[1-9]|1[0-2]))(?!\d)"
)
"""A year with its month; without a sign between them 178512 is a number and no year."""
_CALENDAR = re.compile(r"calend|/events?/|[?&](?:year|month|date|day|cal)=", re.IGNORECASE)
_YEAR_PARAM = re.compile(r"[?&](?:year|y)=(\d{4})\b", re.IGNORECASE)
EARLIEST_YEAR = 1990
"""No page of the web is older; a calendar that pages back passes here."""


def trap_in(url: str, year_now: int) -> str | None:
    """Return the name of the trap an address looks like by itself, or None."""
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.split("/") if segment]
    if len(segments) > MAX_SEGMENTS:
        return "path too deep"
    counts = Counter(segments)
    if segments and max(counts.values()) > MAX_SEGMENT_REPEATS:
        return "repeating path"
    params = parse_qsl(parts.query, keep_blank_values=True)
    if len(params) > MAX_PARAMS:
        return "too many parameters"
    if _CALENDAR.search(url) and any(_far(int(year), year_now) for year in _years(url)):
        return "calendar"
    return None


def _years(url: str) -> list[str]:
    return [*(apart or joined for apart, joined in _YEAR.findall(url)), *_YEAR_PARAM.findall(url)]


def _far(year: int, year_now: int) -> bool:
    if _hijri(EARLIEST_YEAR) <= year <= _hijri(year_now) + YEARS_AHEAD:
        return False  # Arab calendars count from the Hijra
    return year > year_now + YEARS_AHEAD or year < EARLIEST_YEAR


def _hijri(year: int) -> int:
    """Return the Hijri year in which a year begins, to one year: 33 of them are 32 of ours."""
    return (year - 622) * 33 // 32


class Shapes:
    """Counts, for each path of a host, the sets of parameter names it was seen with."""

    def __init__(self, seen: Iterable[tuple[str, str]] = ()) -> None:
        """Begin with the pairs of path and names that `take_new` gave before."""
        self._seen: defaultdict[str, set[str]] = defaultdict(set)
        self._new: list[tuple[str, str]] = []
        for path, names in seen:
            self._seen[path].add(names)

    def take_new(self) -> list[tuple[str, str]]:
        """Return what was noted since the last call, as pairs of path and names."""
        new, self._new = self._new, []
        return new

    def admits(self, url: str) -> bool:
        """Return whether a URL's path may have one more set of parameters; takes note of it if so."""
        parts = urlsplit(url)
        if not parts.query:
            return True
        names = ",".join(sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}))
        known = self._seen[parts.path]
        if names in known:
            return True
        if len(known) >= MAX_SHAPES:
            return False
        known.add(names)
        self._new.append((parts.path, names))
        return True
