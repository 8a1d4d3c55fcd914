"""Dates as they stand in running text: every one that is complete, with its place, its clock and its zone.

Only forms with day, month and a year of four digits count; a year or a month alone is never a date here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from builder.extract.dates.names import (
    DROPPED,
    GREGORIAN,
    HIJRI,
    REMEMBERED_CHARS,
    SHORT_ZONES,
    WEEKDAYS,
    ZONES,
    alternatives,
    fold,
    lookup,
    origins,
)


@dataclass(frozen=True, slots=True)
class Clock:
    """An hour of the day as printed; `second` is None where only the minute stands there."""

    hour: int
    minute: int
    second: int | None = None


@dataclass(frozen=True, slots=True)
class Printed:
    """One date read from text: `start` and `end` are its place there, in characters.

    `numbers` are year, month, day, or, where the order of day and month is open, year, first, second with
    `open_order` set. `separator` is what stands between the numbers of an all-number date. `zone` is an IANA
    name or an offset such as "+03:00".
    """

    start: int
    end: int
    surface: str
    numbers: tuple[int, int, int]
    hijri: bool = False
    open_order: bool = False
    separator: str = ""
    weekday: int | None = None
    clock: Clock | None = None
    zone: str | None = None


_MONTH = rf"(?:{alternatives(GREGORIAN)})"
_HIJRI_MONTH = rf"(?:{alternatives(HIJRI)})"
_ANY_MONTH = rf"(?P<month>{alternatives({**GREGORIAN, **HIJRI})})"
_TWIN = rf"(?:(?:\s?[/\-(|]\s?|\s){_MONTH}\s?\)?)?"
_GAP = r"[\s\-/.,،_]{0,6}"
_ERA = r"(?:\s*(?P<era>هـ|ه(?!\w)|هجري\w*|للهجره|ميلادي\w*|للميلاد|م(?!\w)|a\.?h\.?(?!\w)))?"
_YEAR = r"(?P<year>\d{4})(?!\d)"
_DAY = r"(?<![\d/.:])(?P<day>\d{1,2})(?:st|nd|rd|th|er)?"

_DAY_FIRST = re.compile(
    rf"{_DAY}(?!\d){_GAP}(?:من\s+)?(?:شهر\s+)?(?:of\s+)?{_ANY_MONTH}(?![^\W\d]){_TWIN}{_GAP}"
    rf"(?:من\s+)?(?:ال)?(?:عام|سنه)?{_GAP}{_YEAR}{_ERA}"
)
_MONTH_FIRST = re.compile(
    rf"(?<!\w){_ANY_MONTH}(?![^\W\d]){_TWIN}\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s*[,،\s]\s*{_YEAR}{_ERA}"
)
_YEAR_FIRST = re.compile(
    rf"(?<!\d)(?P<year>\d{{4}}){_GAP}{_ANY_MONTH}(?![^\W\d]){_TWIN}{_GAP}(?P<day>\d{{1,2}})(?!\d)(?P<era>)"
)
_NUMBERS = re.compile(
    r"(?<![\d/.])(?<!\d-)(?P<a>\d{1,4})\s?(?P<sep>[/\-.\\])\s?(?P<b>\d{1,2})\s?(?P=sep)\s?"
    r"(?P<c>\d{4}|\d{1,2}(?!\d))(?!/\d)" + _ERA
)
_PATTERNS = (_DAY_FIRST, _MONTH_FIRST, _YEAR_FIRST)

_HALF = (
    r"(?P<half>a\.?m\.?(?!\w)|p\.?m\.?(?!\w)|صباحا?(?!\w)|مساءا?(?!\w)|بعد\s+الظهر|قبل\s+الظهر"
    r"|ظهرا?(?!\w)|عصرا?(?!\w)|ليلا?(?!\w)|فجرا?(?!\w)|ص(?!\w)|م(?!\w)|ق\.?ظ|ب\.?ظ)"
)
_CLOCK = (
    r"(?P<hour>\d{1,2})\s?[:h]\s?(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?(?!\d)"
    rf"(?:[\s:\-]{{0,4}}{_HALF})?"
)
_BETWEEN = (
    r"[\s,،;؛|\-@()\[\]·•.]{0,12}(?:(?:ال)?ساعه|في|علي\s+تمام|علي|تمام|عند|at|a|t(?=\d)|التوقيت|الوقت|توقيت)?"
    r"[\s,،:|\-(]{0,6}(?:(?:ال)?ساعه|at)?[\s:]{0,4}"
)
_DAYNAME = f"(?:{alternatives(WEEKDAYS)})"
_AFTER = re.compile(_BETWEEN + _CLOCK)
_BEFORE = re.compile(
    _CLOCK
    + r"[\s,،|\-@()\[\]·•.]{0,12}(?:في|يوم|بتاريخ|من\s+يوم|من|on|le)?[\s,،|\-(]{0,6}"
    + rf"{_DAYNAME}?[\s,،|\-]{{0,6}}$"
)
_PLACE = "|".join(sorted(ZONES, key=lambda place: (-len(place), place)))
_GREENWICH = r"(?:z|utc|gmt|غرينتش|غرينيتش|جرينتش|جرينيتش|قرينتش)(?!\w)"
_ZONE = re.compile(
    rf"[\s(\[,،\-]{{0,6}}(?:(?:{_GREENWICH})?\s?(?P<sign>[+\-])(?P<zh>\d{{1,2}}):?(?P<zm>\d{{2}})?(?!\d)"
    rf"|(?P<zero>{_GREENWICH})|(?P<short>{'|'.join(SHORT_ZONES)})(?!\w)"
    rf"|(?:حسب\s+)?ب?توقيت\s+(?P<place>{_PLACE}))"
)
_WEEKDAY = re.compile(rf"(?<![^\W\d])(?:ال)?(?P<weekday>{alternatives(WEEKDAYS)})(?![^\W\d])\.?[\s,،:|\-/]*$")


_YEAR_DIGITS = re.compile(r"\d{4}")
"""All patterns of this module ask for a year of four digits; most lines of a page have none."""

_YEARISH = re.compile(rf"\d(?:{DROPPED}*\d){{3}}")
"""Four digits before folding: signs that it drops may stand between them."""


def find_printed(text: str) -> tuple[Printed, ...]:
    """Return the complete dates of a text in reading order, Hijri and Gregorian ones each by itself."""
    return _remembered(text) if len(text) <= REMEMBERED_CHARS else _found(text)


@lru_cache(maxsize=4096)  # a page's dates, its answers and its byline ask for the same lines
def _remembered(text: str) -> tuple[Printed, ...]:
    return _found(text)


def _found(text: str) -> tuple[Printed, ...]:
    if not _YEARISH.search(text):
        return ()
    folded = fold(text)
    if not _YEAR_DIGITS.search(folded):
        return ()
    found = sorted(_named(folded), key=lambda date: date.start)
    taken = [(date.start, date.end) for date in found]
    for date in _numeric(folded):
        if not any(start < date.end and date.start < end for start, end in taken):
            found.append(date)
    if not found:
        return ()
    places = origins(text)
    ordered = sorted(found, key=lambda date: date.start)
    return tuple(_placed(_with_clock(folded, date, ordered), text, places) for date in ordered)


def _placed(date: Printed, text: str, places: list[int]) -> Printed:
    start, end = places[date.start], places[date.end - 1] + 1
    while end < len(text) and text[end] == "ـ":
        end += 1
    return replace(date, start=start, end=end, surface=" ".join(text[start:end].split()))


def _named(folded: str) -> Iterator[Printed]:
    taken: list[tuple[int, int]] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(folded):
            if any(start < match.end() and match.start() < end for start, end in taken):
                continue
            date = _from_names(folded, match)
            if date is not None:
                taken.append((date.start, date.end))
                yield date


def _from_names(folded: str, match: re.Match[str]) -> Printed | None:
    name = match["month"]
    year, day = int(match["year"]), int(match["day"])
    hijri = _is_hijri(year, match["era"] or "")
    try:
        month = lookup(HIJRI if hijri else GREGORIAN, name)
    except (KeyError, StopIteration):
        return None
    return Printed(
        match.start(), match.end(), match[0], (year, month, day), hijri=hijri,
        weekday=_weekday_before(folded, match.start()),
    )  # fmt: skip


def _numeric(folded: str) -> Iterator[Printed]:
    for match in _NUMBERS.finditer(folded):
        first, second, third = match["a"], match["b"], match["c"]
        if len(first) == 4 and len(third) <= 2:
            numbers, open_order = (int(first), int(second), int(third)), False
        elif len(first) <= 2 and len(third) == 4:
            numbers, open_order = (int(third), int(first), int(second)), True
        else:
            continue
        yield Printed(
            match.start(), match.end(), match[0], numbers, hijri=_is_hijri(numbers[0], match["era"] or ""),
            open_order=open_order, separator=match["sep"], weekday=_weekday_before(folded, match.start()),
        )  # fmt: skip


def _is_hijri(year: int, era: str) -> bool:
    """A year from 1411 (AD 1990) to 1500 can only be Hijri on the web; an era beside it decides first."""
    if era.startswith(("ه", "لله", "a")):
        return True
    return 1411 <= year <= 1500 and not era


def _weekday_before(folded: str, start: int) -> int | None:
    match = _WEEKDAY.search(folded, max(0, start - 24), start)
    return lookup(WEEKDAYS, match["weekday"]) if match else None


def _with_clock(folded: str, date: Printed, others: list[Printed]) -> Printed:
    """Return the date with the hour that stands right behind or before it, and the zone behind that."""
    after = _AFTER.match(folded, date.end)
    if after is not None:
        return _timed(folded, date, after, max(date.end, after.end()))
    begin = max([0, date.start - 60, *(other.end for other in others if other.end <= date.start)])
    before = _BEFORE.search(folded[begin : date.start])
    if before is not None:
        timed = _timed(folded, date, before, date.end)
        return replace(timed, start=begin + before.start())
    return date


def _timed(folded: str, date: Printed, match: re.Match[str], end: int) -> Printed:
    clock = _clock(match)
    if clock is None:
        return date
    zone = _ZONE.match(folded, end)
    if zone is None:
        return replace(date, clock=clock, end=end)
    return replace(date, clock=clock, end=zone.end(), zone=_zone(zone))


def _clock(match: re.Match[str]) -> Clock | None:
    hour, minute = int(match["hour"]), int(match["minute"])
    second = int(match["second"]) if match["second"] else None
    hour = half_of_day(hour, match["half"] or "")
    if hour > 23 or minute > 59 or (second or 0) > 59:
        return None
    return Clock(hour, minute, second)


def half_of_day(hour: int, half: str) -> int:
    """Return the hour (0-23) that `hour` and a folded word for the half of the day mean together."""
    half = re.sub(r"[\s.]", "", half)
    if not half or hour > 12:
        return hour
    if half.startswith(("ليل",)):
        return {12: 0}.get(hour, hour if hour < 6 else hour + 12)
    if half.startswith(("ظهر",)):
        return hour + 12 if hour < 5 else hour
    later = half.startswith(("p", "مساء", "عصر", "بعد", "بظ")) or half == "م"
    return hour % 12 + (12 if later else 0)


def _zone(match: re.Match[str]) -> str:
    if match["place"]:
        return ZONES[match["place"]]
    if match["zero"]:
        return "UTC"
    if match["short"]:
        return SHORT_ZONES[match["short"]]
    return f"{match['sign']}{int(match['zh']):02d}:{match['zm'] or '00'}"
