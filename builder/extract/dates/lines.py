"""Dates on the visible lines of a page: which of them can be the page's own, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from builder.extract.dates.moments import fields_of, parse_moment, to_moment
from builder.extract.dates.names import fold
from builder.extract.dates.page import Candidate, Page, Spot
from builder.extract.dates.printed import Printed, find_printed
from builder.extract.dates.relative import find_relative
from builder.model import Moment

Standing = Literal["label", "line", "dateline"]
"""How a date stands on its line: behind a word such as "نشر", nearly alone, or before the first sentence."""

UPDATED = re.compile(
    r"(?<!\w)(?:ال)?(?:تحديث|تعديل)|(?<!\w)حدثت?\s+(?:في|بتاريخ|يوم)|updat|modif|edited|mise a jour"
)
_LABEL = re.compile(
    r"(?:تاريخ\s+(?:ال)?(?:نشر|اضافه|مقال|خبر|تحرير|كتابه|موضوع|ادراج|مشاركه)|(?:تم\s+)?(?:ال)?نشر(?:ت|ه|ها)?|نشر\s+في|بتاريخ|التاريخ|تاريخ"
    r"|اضيف(?:ت)?|كتب(?:ت|ها|ه)?|حرر(?:ت)?|ادرج(?:ت)?|ارسل(?:ت)?|posted|published|publie|date|added|on)"
    r"[\s:：\-|,،]*(?:في|يوم|بتاريخ|on|by|le)?[\s:\-|]*(?:ال)?\w{0,9}[\s,،]*$"
)
CLOCK = "printed:today"
"""Origin of a day above the title that the page itself calls today's: its clock."""

_TODAY = re.compile(r"(?:^|\s)(?:اليوم|today(?: is)?)[\s:,،\-|]*(?:(?:ال)?\w{2,9})?[\s,،\-|]*$")
_AGO_LINE = re.compile(r"^\W*(?:(?:تم\s+)?(?:ال)?نشر\w*|اضيف\w*|كتب\w*)?\W*(?:في\s+)?(?:قبل|منذ)\s")

_PARTS = re.compile(r"\s*[|•·]\s*|\s+[-–—]\s+")
_BARS = "|•·-–—"

MOST_PARTS = 8
"""Parts of one line between bars that are looked at: author, day, minutes of reading, readers."""

LONGEST_LINE_CHARS = 300
"""Longer lines are prose; a date there is told about, not the page's own."""

LONGEST_AGO_CHARS = 60
"""A longer line with "قبل" or "منذ" tells a story."""

CLOCK_TRUST = 0.1
"""How sure the day of a page's clock is."""

MOST_BESIDE_CHARS = 60
"""A line whose words outside the date are more than this is a sentence, unless a label stands before the date."""

_DATELINE = re.compile(r"^\s*[)\]]?\s*[-–—:/]")

MOST_DATELINE_CHARS = 30
"""Before the date of a dateline stand a place and an agency, no more."""


def line_candidates(page: Page) -> tuple[list[Candidate], list[Candidate]]:
    """Return the dates of a page's lines that may be its own: of its publication, and of its last change."""
    published: list[Candidate] = []
    changed: list[Candidate] = []
    for index in page.telling:
        line, near = page.lines[index].text, page.is_near(index)
        found = find_printed(line[:LONGEST_LINE_CHARS]) if near or len(line) <= LONGEST_LINE_CHARS else ()
        if not (found or near) or page.aside(page.lines[index].element):
            continue
        spot = page.spot(index)
        for updated, candidate in _on_line(page, spot, found):
            (changed if updated else published).append(candidate)
        if near:
            published += _counting_back(page, line)
    return published, changed


def _counting_back(page: Page, line: str) -> Iterator[Candidate]:
    """Yield the times that a line, or a part of it between bars, counts back from the capture."""
    if len(line) > LONGEST_AGO_CHARS and not any(map(line.__contains__, _BARS)):
        return
    folded = fold(line)
    for part in _PARTS.split(line)[:MOST_PARTS] if "قبل" in folded or "منذ" in folded else ():
        if len(part) > LONGEST_AGO_CHARS or not _AGO_LINE.search(fold(part)):
            continue
        if find_relative(part, page.captured_at):
            moment = parse_moment(part.strip(), page.captured_at, zone=page.zone)
            if moment is not None:
                yield Candidate(moment, "printed:relative", 0.6)


def _on_line(page: Page, spot: Spot, found: Sequence[Printed]) -> Iterator[tuple[bool, Candidate]]:
    """Yield the dates of a line that may be the page's own, each with whether it is that of a change."""
    hijri = [date for date in found if date.hijri]
    plain = [date for date in found if not date.hijri] or hijri
    for index, date in enumerate(plain):
        before = fold(spot.line[(plain[index - 1].end if index else 0) : date.start])
        standing = _standing(spot, date, before, found)
        clock = standing is not None and spot.distance < 0 and bool(_TODAY.search(before))
        moment = _moment(page, [date] if date in hijri else [date, *hijri]) if standing else None
        if standing and moment:
            updated = bool(UPDATED.search(before[-40:] or fold(spot.previous[-60:])[-30:]))
            trust = CLOCK_TRUST if clock else _trust(page, spot, moment, standing)
            yield updated, Candidate(moment, CLOCK if clock else _origin(spot, standing), trust)


def _standing(spot: Spot, date: Printed, before: str, found: Sequence[Printed]) -> Standing | None:
    """Return how a date stands; None in a sentence, and for a bare day far below the title: of some other text."""
    labelled = bool(_LABEL.search(before)) or (
        not before.strip() and bool(_LABEL.search(fold(spot.previous[-80:])))
    )
    beside = len(spot.line) - sum(each.end - each.start for each in found)
    if beside <= MOST_BESIDE_CHARS and (labelled or spot.near or spot.distance < 0):
        return "label" if labelled else "line"
    if labelled and spot.near:
        return "label"
    leads = date.start <= MOST_DATELINE_CHARS and bool(_DATELINE.match(spot.line[date.end :]))
    return "dateline" if leads and spot.near and spot.distance > 0 else None


def _moment(page: Page, dates: list[Printed]) -> Moment | None:
    day_first = page.day_first if any(date.open_order for date in dates) else None
    for fields in fields_of(dates, page.captured_at, day_first=day_first)[:1]:
        return to_moment(fields, page.captured_at, page.zone)
    return None


def _origin(spot: Spot, standing: Standing) -> str:
    where = "title" if spot.near else "head" if spot.distance < 0 else "page"
    return f"printed:{where if standing == 'line' else standing}"


def _trust(page: Page, spot: Spot, moment: Moment, standing: Standing) -> float:
    """How sure a printed date is: by its label, its distance from the title, and whether it is just today's."""
    today = page.today(moment)
    if standing == "dateline":
        return 0.45
    if spot.near:
        beside = 0.75 if spot.distance >= 0 else 0.2 if today else 0.6
        return (0.92 if standing == "label" else beside) - 0.01 * abs(spot.distance)
    if standing == "label":
        return 0.7 if spot.distance >= 0 else 0.55
    return 0.1 if today else 0.45
