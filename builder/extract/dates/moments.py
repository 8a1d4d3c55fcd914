"""From printed digits to a Moment: calendars, order of day and month, zones, and never later than the capture."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from builder.extract.dates.names import GREGORIAN, SHORT_ZONES, alternatives, fold, lookup
from builder.extract.dates.printed import Clock, Printed, find_printed
from builder.extract.dates.relative import Back, find_relative
from builder.model import Moment, Precision

EARLIEST = date(1990, 1, 1)
"""No page was published on the web before the web: earlier dates are events the text tells of."""

ZONE_SLACK = timedelta(hours=14)
"""How far printed local time can run ahead of UTC (Pacific/Kiritimati): a date without a zone may seem that late."""

CLOCK_SLACK = timedelta(minutes=10)
"""How far the clocks of a site and a crawler may differ."""

_ISO = re.compile(
    r"^\s*(?P<y>(?:19|20)\d{2})-(?P<m>\d{1,2})(?:-(?P<d>\d{1,2}))?"
    r"(?:[T\s]\s*(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,]\d{1,9})?)?)?"
    r"\s*(?P<z>Z|[A-Za-z]{2,4}\b|[+-]\d{1,2}:?\d{2}|[+-]\d{1,2})?(?P<rest>.*)$",
    re.DOTALL,
)
_COMPACT = re.compile(
    r"^\s*(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})(?:T?(?P<H>\d{2})(?P<M>\d{2})(?P<S>\d{2})?)?Z?\s*$"
)
_EPOCH = re.compile(r"^\s*(\d{9,10}|\d{12,13})(?:\.\d+)?\s*$")
_MAIL = re.compile(
    r"^\s*(?:[A-Za-z]{3},\s*)?\d{1,2}\s+[A-Za-z]{3}\s+\d{4}\s+\d{2}:\d{2}(?::\d{2})?\s+\S+\s*$"
)
_CTIME = re.compile(
    r"^\s*[A-Za-z]{3}\s+(?P<mon>[A-Za-z]{3})\s+(?P<d>\d{1,2})\s+(?P<t>\d{2}:\d{2}:\d{2})\s+(?P<z>[A-Z+\-:0-9]+\s+)?(?P<y>\d{4})\s*(?P<o>GMT[+\-]\d{4})?"
)
_MONTH_YEAR = re.compile(rf"^\W*(?P<month>{alternatives(GREGORIAN)})\W+(?P<year>\d{{4}})\W*$")
_YEAR = re.compile(r"\d{4}")
"""All stamps made for machines hold so many digits in a row."""

LONGEST_SLOT_CHARS = 300
"""Text longer than this is prose, not the place where a date is printed."""


@dataclass(frozen=True, slots=True)
class Fields:
    """A date in the Gregorian calendar as printed, not yet placed in a zone."""

    day: date
    clock: Clock | None
    zone: str | None
    printed: str
    precision: Precision
    hijri: str | None = None


def parse_moment(
    text: str, captured_at: datetime, *, day_first: bool | None = None, zone: str | None = None
) -> Moment | None:
    """Return the moment that a short text names, or None when it names none that can be.

    `text` is a slot that holds a date: an attribute, a byline, a time stamp; in any of the forms of
    docs/dates.md. `captured_at` (aware) bounds it and is what relative phrases count from. `day_first` settles
    dates such as 04/05/2010; None means day first, as Arabic papers print. `zone` is the site's IANA zone.
    """
    return read_moment(text, captured_at, lambda: day_first, zone)


def read_moment(
    text: str, captured_at: datetime, day_first: Callable[[], bool | None], zone: str | None
) -> Moment | None:
    """Return what `parse_moment` does; `day_first` is asked only where the text leaves the order open."""
    text = " ".join(text.split())
    if not text or len(text) > LONGEST_SLOT_CHARS:
        return None
    is_open = any(date.open_order for date in find_printed(text))
    return _remembered(text, captured_at, captured_at.utcoffset(), day_first() if is_open else None, zone)


@lru_cache(maxsize=1024)  # what is printed beside an answer is asked for by each way in which it is marked
def _remembered(
    text: str,
    captured_at: datetime,
    _offset: timedelta | None,  # equal instants of two zones are equal keys; their days are not
    day_first: bool | None,  # noqa: FBT001
    zone: str | None,
) -> Moment | None:
    fields = machine_fields(text)
    if fields is not None:
        return to_moment(replace(fields, printed=text), captured_at, zone)
    found = find_printed(text)
    for choice in fields_of(found, captured_at, day_first=day_first):
        moment = to_moment(choice, captured_at, zone)
        if moment is not None:
            return moment
    if found:
        return None
    back = find_relative(text, captured_at)
    return _from_back(back, captured_at) if back else _month_only(text, captured_at, zone)


def machine_fields(text: str) -> Fields | None:
    """Return the fields of a time stamp made for machines (ISO 8601, RFC 2822, ctime, seconds since 1970)."""
    plain = fold(text).upper() if not text.isascii() else text
    if not _YEAR.search(plain):
        return None
    for reader in (_iso, _compact, _epoch, _mail, _ctime):
        fields = reader(plain.strip())
        if fields is not None:
            return fields
    return None


def _iso(text: str) -> Fields | None:
    match = _ISO.match(text)
    if match is None or len(text) > 60:
        return None
    month_only = match["d"] is None
    if month_only and (match["H"] or match["rest"].strip() or len(match["m"]) == 1):
        return None
    if match["rest"].strip() and not (match["H"] and re.match(r"\s*\(?[A-Za-z+]", match["rest"])):
        return None
    day = day_of(int(match["y"]), int(match["m"]), int(match["d"] or 1))
    if day is None:
        return None
    clock = _clock_of(match["H"], match["M"], match["S"])
    return Fields(day, clock, _offset_name(match["z"]), text, "month" if month_only else _precision(clock))


def _compact(text: str) -> Fields | None:
    match = _COMPACT.match(text)
    day = day_of(int(match["y"]), int(match["m"]), int(match["d"])) if match else None
    if match is None or day is None:
        return None
    clock = _clock_of(match["H"], match["M"], match["S"])
    return Fields(day, clock, "UTC" if text.endswith("Z") else None, text, _precision(clock))


def _epoch(text: str) -> Fields | None:
    match = _EPOCH.match(text)
    if match is None:
        return None
    seconds = int(match[1]) / (1000 if len(match[1]) > 10 else 1)
    at = datetime.fromtimestamp(int(seconds), tz=UTC)
    return Fields(at.date(), Clock(at.hour, at.minute, at.second), "UTC", text, "second")


def _mail(text: str) -> Fields | None:
    if not _MAIL.match(text):
        return None
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    offset = at.utcoffset()
    zone = None if offset is None else offset_text(offset)
    clock = Clock(at.hour, at.minute, at.second if text.count(":") > 1 else None)
    return Fields(at.date(), clock, zone, text, _precision(clock))


def _ctime(text: str) -> Fields | None:
    match = _CTIME.match(text)
    month = GREGORIAN.get(match["mon"].lower()) if match else None
    day = day_of(int(match["y"]), month, int(match["d"])) if match and month else None
    if match is None or day is None:
        return None
    hour, minute, second = match["t"].split(":")
    zone = _offset_name((match["o"] or match["z"] or "").replace("GMT+", "+").replace("GMT-", "-").strip())
    return Fields(day, _clock_of(hour, minute, second), zone, text, "second")


def _clock_of(hour: str | None, minute: str | None, second: str | None) -> Clock | None:
    if hour is None or minute is None or int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59:
        return None
    return Clock(int(hour), int(minute), int(second) if second else None)


def _precision(clock: Clock | None) -> Precision:
    if clock is None:
        return "day"
    return "minute" if clock.second is None else "second"


def _offset_name(text: str | None) -> str | None:
    if not text:
        return None
    if text.upper() == "Z":
        return "UTC"
    if text[0] in "+-":
        digits = text[1:].replace(":", "")
        hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "00")
        return "UTC" if int(hours) == int(minutes) == 0 else f"{text[0]}{int(hours):02d}:{minutes}"
    return "UTC" if text.upper() in ("UTC", "GMT") else SHORT_ZONES.get(text.lower())


def offset_text(offset: timedelta) -> str:
    """Return an offset from UTC as "+03:00"; a zero offset as "UTC"."""
    minutes = int(offset.total_seconds() // 60)
    return (
        "UTC"
        if minutes == 0
        else f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    )


def day_of(year: int, month: int, day: int) -> date | None:
    """Return the calendar day, or None when there is no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def fields_of(found: Sequence[Printed], captured_at: datetime, *, day_first: bool | None) -> list[Fields]:
    """Return the Gregorian readings of the dates of one slot, best first.

    A Gregorian date beside its Hijri twin gives the day and the twin is kept as `hijri`. A Hijri date alone is
    converted by the Umm al-Qura calendar; where the weekday beside it is a day off, the weekday wins, as months
    began by sighting.
    """
    hijri = [(date_, hijri_day(date_)) for date_ in found if date_.hijri]
    readings = []
    for printed in found:
        if printed.hijri:
            continue
        day = gregorian_day(printed, captured_at, day_first=day_first)
        if day is None:
            continue
        twin = next((h.surface for h, at in hijri if at is not None and abs((at - day).days) <= 2), None)
        readings.append(_fields(printed, day, twin, [h for h, _ in hijri]))
    if readings:
        return readings
    return [_fields(h, at, h.surface, []) for h, at in hijri if at is not None]


def _fields(printed: Printed, day: date, hijri: str | None, twins: list[Printed]) -> Fields:
    clock, zone = printed.clock, printed.zone
    if clock is None:
        timed = next((twin for twin in twins if twin.clock is not None), None)
        clock, zone = (timed.clock, timed.zone) if timed else (None, zone)
    return Fields(day, clock, zone, printed.surface, _precision(clock), hijri)


def hijri_day(printed: Printed) -> date | None:
    """Return the Gregorian day of a Hijri date, or None when its month has no such day."""
    from hijridate import Hijri

    year, first, second = printed.numbers
    orders = [(first, second)] if not printed.open_order else [(second, first), (first, second)]
    for month, day in orders:
        try:
            converted = Hijri(year, month, day).to_gregorian()
        except (ValueError, OverflowError):
            continue
        plain = date(converted.year, converted.month, converted.day)
        return _by_weekday(plain, printed.weekday)
    return None


def _by_weekday(day: date, weekday: int | None) -> date:
    if weekday is None:
        return day
    near = (day + timedelta(days=step) for step in (0, 1, -1))
    return next((candidate for candidate in near if candidate.weekday() == weekday), day)


def gregorian_day(printed: Printed, captured_at: datetime, *, day_first: bool | None) -> date | None:
    """Return the day of a Gregorian date; open orders by the weekday beside it, the evidence, the capture."""
    year, first, second = printed.numbers
    if not printed.open_order:
        return day_of(year, first, second)
    choices = [day_of(year, second, first), day_of(year, first, second)]
    if day_first is False:
        choices.reverse()
    days = [day for day in choices if day is not None]
    limit = (captured_at + ZONE_SLACK).date()
    possible = [day for day in days if day <= limit]
    named = [day for day in possible if day.weekday() == printed.weekday]
    return next(iter(named or possible or days), None)


def zone_of(name: str | None) -> tzinfo | None:
    """Return the zone of an IANA name or an offset such as "+03:00", or None when there is no such zone."""
    if not name:
        return None
    if name == "UTC":
        return UTC
    match = re.fullmatch(r"([+-])(\d{2}):(\d{2})", name)
    if match:
        span = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-span if match[1] == "-" else span) if span < timedelta(hours=24) else None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def to_moment(fields: Fields, captured_at: datetime, zone: str | None) -> Moment | None:
    """Place printed fields in time; None when that is before the web or after the capture.

    A day has no hour, nor has a clock at midnight to the second or in a known zone: the instant is that day at
    00:00 UTC. Local time without a zone may run ahead of the capture: then only the day is kept, and never a
    later one.
    """
    given = zone_of(fields.zone)
    named, source = (fields.zone, "given") if given else (zone, "site") if zone_of(zone) else (None, "none")
    clock, precision = fields.clock, fields.precision
    if clock == Clock(0, 0, 0) or (clock == Clock(0, 0) and source != "none"):
        clock, precision = None, "day"
    at = datetime.combine(fields.day, time(clock.hour, clock.minute, clock.second or 0) if clock else time())
    where = (given or zone_of(zone) or UTC) if clock else UTC
    try:
        instant = at.replace(tzinfo=where).astimezone(UTC)
    except OverflowError:
        return None
    exact = clock is not None and source != "none"
    if fields.day < EARLIEST or instant > captured_at + (CLOCK_SLACK if exact else ZONE_SLACK):
        return None
    if instant > captured_at and not exact:
        instant, precision = min(at.replace(hour=0, minute=0, second=0, tzinfo=UTC), captured_at), "day"
    return Moment(
        instant=min(instant, captured_at), precision=precision, printed=fields.printed,
        printed_day=fields.day.isoformat(), zone=named, zone_source=_source(source), hijri=fields.hijri,
    )  # fmt: skip


def _source(name: str) -> Literal["given", "site", "none"]:
    return "given" if name == "given" else "site" if name == "site" else "none"


def _from_back(back: Back, captured_at: datetime) -> Moment:
    exact = back.precision == "minute"
    day = back.at.astimezone(UTC)
    instant = day.replace(second=0, microsecond=0) if exact else datetime.combine(day.date(), time(), UTC)
    return Moment(min(instant, captured_at), back.precision, back.surface, day.date().isoformat())


def _month_only(text: str, captured_at: datetime, zone: str | None) -> Moment | None:
    match = _MONTH_YEAR.match(fold(text))
    if match is None:
        return None
    day = day_of(int(match["year"]), lookup(GREGORIAN, match["month"]), 1)
    return to_moment(Fields(day, None, None, text.strip(), "month"), captured_at, zone) if day else None
