"""The lines that stand around an answer's text: names, dates, subjects, buttons."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from builder.extract.dates.names import fold
from builder.extract.dates.printed import find_printed
from builder.model import Moment

MOST_LABEL_CHARS = 60
"""A longer line is no label of a day."""

_SAYS = re.compile(
    r"^\s*(?:(?:بواسطة|بقلم|كتبه|كتبها|الكاتب|المرسل|الاسم|الإسم|العضو|من طرف|من|by|from|posted by|author)"
    r"\s*[:：]?\s+|\d{1,4}\s*[-.)]\s*)"
    r"|(?:^|\s+)(?:يقول|تقول|قال|قالت|كتب|كتبت|علّ?ق|علّ?قت|says|said|wrote|a dit)\s*(?:في|on)?\s*[:：….]*\s*$",
    re.IGNORECASE,
)
_AGO = re.compile(r"\s*(?:منذ|قبل)\s+\S.{0,30}$")
_EMAIL = re.compile(r"^[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)*$")
_TITLE_AND_NAME = re.compile(r"^(?P<title>.*?)\s*\((?P<name>[^()]{2,80})\)\s*$")
_JOINED = re.compile(
    r"(?:تاريخ|سنه|منذ) (?:ال)?(?:تسجيل|انضمام|انتساب|ميلاد|اشتراك|عضويه)|^(?:ال)?(?:تسجيل|انضمام)\W|\bjoin"
    r"|registered|member since|birth"
)
_GUEST = re.compile(r"(?:زائرة?|ضيف|عضو.{0,12}|مشرف.{0,12}|guest|visitor|admin|member)$", re.IGNORECASE)
_CONTROL = re.compile(
    r"^\W*(?:(?:ال)?رد(?:\s+على.{0,40})?|رد\s+مع\s+اقتباس|اقتباس|تبليغ|بلغ.{0,25}|ابلغ.{0,40}|الابلاغ.{0,40}"
    r"|ابلاغ.{0,30}|اعجبني|اعجاب|لم يعجبني|حذف|تعديل|مشاركه|شارك|تنبيه|موافق|غير موافق|الرابط|رابط التعليق"
    r"|عرض الردود|الردود|تعليقك.{0,30}في انتظار.{0,40}|\d{1,4}|[+\-]\s*\d{1,4}"
    r"|reply|report|like|dislike|share|edit|delete|quote|flag|permalink|up|down)\W*$",
    re.IGNORECASE,
)

_QUOTE_LABEL = re.compile(r"\W*(?:اقتباس|quote)\W*")

LONGEST_LABEL_CHARS = 80
"""A longer line is no label and no button."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the lines before an answer's text say, and the lines that are left."""

    author: str | None = None
    title: str | None = None
    published: Moment | None = None
    rest: list[str] = field(default_factory=list)


def is_control(line: str) -> bool:
    """True for a line that is a button, a counter or a number and not something a reader wrote."""
    return len(line) <= LONGEST_LABEL_CHARS and bool(_CONTROL.match(fold(line)))


def is_quote_label(line: str) -> bool:
    """True for the line that forums print above what an answer quotes."""
    return len(line) <= LONGEST_LABEL_CHARS and bool(_QUOTE_LABEL.fullmatch(fold(line)))


def is_email(line: str) -> bool:
    """True when a line is an address of electronic mail and nothing else."""
    return bool(_EMAIL.match(line.strip()))


def clean_name(line: str) -> str | None:
    """Return a printed name without the words round it ("بواسطة", "يقول:"), or None when nothing is left."""
    name = _SAYS.sub("", " ".join(line.split()))
    name = _SAYS.sub("", name).strip(' \t:،,|-–—•·"«»')
    return name if re.search(r"\w", name) else None


def tells_joining(line: str) -> bool:
    """Return whether a line is, or heads, the day on which a member joined or was born."""
    return len(line) <= MOST_LABEL_CHARS and bool(_JOINED.search(fold(line)))


def split_subject(name: str | None) -> tuple[str | None, str | None]:
    """Return subject and name of "subject (name - place)"; any other name comes back alone."""
    match = _TITLE_AND_NAME.match(name or "")
    if match is None or " - " not in match["name"]:
        return None, name
    return match["title"].strip() or None, clean_name(match["name"].split(" - ")[0])


def read_head(lines: list[str], moment: Callable[[str], Moment | None] | None, *, named: bool) -> Head:
    """Split the lines of an answer without marked parts into head and text.

    `moment` reads a time from a line, None when the time is known already; `named` says the author is known.
    The line of the time ends the head: before it stand subject, name, e-mail; a line "subject (name)" gives both.
    """
    kept = [line for line in lines if not is_control(line)]
    at, published = _time_line(kept, moment)
    if at is None:
        return Head(rest=[line for line in kept if not is_email(line)])
    before = [line for line in kept[:at] if not is_email(line)]
    after = kept[at + 1 :]
    if named:
        return Head(published=published, rest=after or before)
    beside = _beside_date(kept[at])
    if not before and beside:
        return Head(clean_name(beside), None, published, after)
    if not before and len(after) > 1 and len(after[0]) <= 40:
        return Head(clean_name(after[0]), None, published, after[1:])
    if before and not after:
        return Head(clean_name(beside or before[0]), None, published, before if beside else before[1:])
    author, title = _name_and_title(before)
    return Head(author, title, published, after)


def _time_line(
    lines: list[str], moment: Callable[[str], Moment | None] | None
) -> tuple[int | None, Moment | None]:
    if moment is None:
        return None, None
    for index, line in enumerate(lines):
        if len(line) <= 120:
            found = moment(line)
            if found is not None and len(_beside_date(line)) <= 60:
                return index, found
    return None, None


def _beside_date(line: str) -> str:
    """Return what stands on a line beside its date or the time since then."""
    for date in reversed(find_printed(line)):
        line = line[: date.start] + " " + line[date.end :]
    return _AGO.sub("", line).strip(" \t()[]-–|:،,•·")


def _name_and_title(before: list[str]) -> tuple[str | None, str | None]:
    if not before:
        return None, None
    match = _TITLE_AND_NAME.match(before[0])
    if match and not _GUEST.match(match["name"]):
        return clean_name(match["name"].split(" - ")[0]), match["title"].strip() or None
    if len(before) == 1 or len(before[0]) <= len(before[1]):
        return _without_place(before[0]), before[1] if len(before) > 1 else None
    return _without_place(before[1]), before[0]


def _without_place(line: str) -> str | None:
    name = clean_name(line)
    return clean_name(name.split(" - ")[0]) if name else None
