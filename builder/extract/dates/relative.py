"""Phrases that count back from the moment of capture: قبل ٣ أيام, منذ ساعتين, أمس الساعة 10:20, 3 days ago."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from builder.extract.dates.names import COUNTS, alternatives, fold, lookup
from builder.extract.dates.printed import half_of_day
from builder.model import Precision


@dataclass(frozen=True, slots=True)
class Back:
    """A time counted back from the capture, with how exact such a phrase can be."""

    at: datetime
    precision: Precision
    surface: str


_UNITS: tuple[tuple[str, str, timedelta, Precision], ...] = (
    (r"ثانيه|ثوان[يى]?|ثواني|seconds?|secs?|s", r"ثانيتين|ثانيتان", timedelta(seconds=1), "minute"),
    (r"دقيقه|دقايق|دقاءق|minutes?|mins?", r"دقيقتين|دقيقتان", timedelta(minutes=1), "minute"),
    (r"ساعه|ساعات|hours?|hrs?", r"ساعتين|ساعتان", timedelta(hours=1), "day"),
    (r"يوما?|ايام|days?", r"يومين|يومان", timedelta(days=1), "day"),
    (r"اسبوعا?|اسابيع|weeks?", r"اسبوعين|اسبوعان", timedelta(days=7), "month"),
    (r"شهرا?|اشهر|شهور|months?", r"شهرين|شهران", timedelta(days=30.44), "month"),
    (r"سنه|سنوات|سنين|عاما?|اعوام|years?", r"سنتين|سنتان|عامين|عامان", timedelta(days=365.25), "year"),
)
_COUNT = rf"(?P<count>\d{{1,4}}|{alternatives(COUNTS)})"
_AGO = tuple(
    (
        re.compile(
            rf"(?<!\w)(?:(?:قبل|منذ|مند|من)\s+(?:حوالي\s+|نحو\s+|اكثر\s+من\s+)?"
            rf"(?:(?P<two>{dual})|(?:{_COUNT}\s+)?(?:{unit}))(?:\s+(?:واحده?))?"
            rf"|{_COUNT.replace('count', 'count2')}\s*(?:{unit})\s+(?:ago|مضت|مضي))(?!\w)"
        ),
        step,
        precision,
    )
    for unit, dual, step, precision in _UNITS
)
_DAYS_BACK = (
    (re.compile(r"(?<!\w)(?:اول\s+(?:امس|البارحه)|قبل\s+امس)(?!\w)"), 2),
    (re.compile(r"(?<!\w)(?:امس|البارحه|يوم\s+امس|yesterday|hier)(?!\w)"), 1),
    (re.compile(r"(?<!\w)(?:اليوم|هذا\s+اليوم|today)(?!\w)"), 0),
)
_NOW = re.compile(r"(?<!\w)(?:الان|(?:قبل|منذ)\s+(?:لحظات|قليل|ثوان)|just\s+now)(?!\w)")
_HINT = re.compile("قبل|من|ago|مض|امس|بارحه|yesterday|hier|اليوم|today|الان|now")
"""Every phrase holds one of these."""

_AT = re.compile(r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::\d{2})?\s*(?P<half>am|pm|صباحا?|مساءا?|ص|م)?(?!\w)")


def find_relative(text: str, captured_at: datetime) -> Back | None:
    """Return the time that the first phrase of `text` counts back to from `captured_at`, or None."""
    folded = fold(text)
    if not _HINT.search(folded):
        return None
    if _NOW.search(folded):
        return Back(captured_at, "minute", text.strip())
    return _ago(folded, text, captured_at) or _day_back(folded, text, captured_at)


def _ago(folded: str, text: str, captured_at: datetime) -> Back | None:
    for pattern, step, precision in _AGO:
        match = pattern.search(folded)
        if match is None:
            continue
        steps = _steps(match)
        if steps * step > timedelta(days=365.25 * 40):
            return None
        return Back(captured_at - steps * step, precision, text.strip())
    return None


def _steps(match: re.Match[str]) -> int:
    if match["two"]:
        return 2
    word = match["count"] or match["count2"] or "1"
    return int(word) if word.isdigit() else lookup(COUNTS, word)


def _day_back(folded: str, text: str, captured_at: datetime) -> Back | None:
    for pattern, days in _DAYS_BACK:
        match = pattern.search(folded)
        if match is None:
            continue
        day = captured_at - timedelta(days=days)
        clock = _AT.search(folded)
        if clock is None:
            return Back(day, "day", text.strip())
        hour = half_of_day(int(clock["hour"]), clock["half"] or "")
        if hour > 23 or int(clock["minute"]) > 59:
            return Back(day, "day", text.strip())
        at = day.replace(hour=hour, minute=int(clock["minute"]), second=0, microsecond=0)
        return Back(at, "minute", text.strip())
    return None
