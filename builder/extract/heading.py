"""The heading that journals print above a text: title, author, a line about them, issue and date, section.

Old opinion sites print it without a class or a label that says what each line is; the order of the lines says it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from builder.extract.people import is_person
from builder.extract.wording import folded
from builder.markup import Line, Lines

MAX_BETWEEN = 3
"""Most lines between a title and its date line: an author, a line about them, a Latin name."""

MAX_NAME_WORDS = 5
"""Most words of an author's name that stands alone without a label."""

MAX_ABOUT_CHARS = 160
"""Longest line about an author in a heading."""

MAX_DATE_LINE_CHARS = 90
"""Longest line that is nothing but a date line."""

MAX_LABELS = 4
"""Most labelled lines (section, category, file) between a date line and the text."""

_DATE = re.compile(r"\d{1,4}\s*[/\-.]\s*\d{1,2}\s*[/\-.]\s*\d{1,4}|(?<!\d)(?:19|20|14)\d\d(?!\d)")
_WORD = re.compile(r"[^\W\d]{2,}")
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_LABELLED = re.compile(
    r"^\W*(?:المحور|القسم|التصنيف|تصنيف|الباب|الزاوية|زاوية|الملف|السلسلة)\s*[:/]\s*\S.{0,80}$"
)
_SENTENCE = re.compile(r"[.؟?!:،؛,;«»\"()\d]")


@dataclass(frozen=True, slots=True)
class Heading:
    """The lines of a printed heading by index: whose name stands there, what is said of them, where the text begins."""

    lines: frozenset[int]
    author: int | None
    about: int | None
    end: int


def find_heading(page: Lines, title: int | None) -> Heading | None:
    """Return the heading that begins with the title's line; None when no date line follows close below it."""
    if title is None:
        return None
    below = page.lines[title + 1 : title + 2 + MAX_BETWEEN]
    dated = next((n for n, line in enumerate(below, title + 1) if is_date_line(line.text)), None)
    if dated is None or any(len(line.text) > MAX_ABOUT_CHARS for line in page.lines[title + 1 : dated]):
        return None
    end = dated + 1
    while end < len(page.lines) and end <= dated + MAX_LABELS and _LABELLED.match(page.lines[end].text):
        end += 1
    author = title + 1 if dated > title + 1 and _is_name(page.lines[title + 1]) else None
    about = author + 1 if author is not None and dated > author + 1 else None
    between = range(title + 1, dated) if author is not None else range(0)
    return Heading(frozenset({title, *between, *range(dated, end)}), author, about, end)


def _is_name(line: Line) -> bool:
    words = folded(line.text).split()
    alone = 1 < len(words) <= MAX_NAME_WORDS and not _SENTENCE.search(line.text)
    return alone and is_person(line.text)


def is_date_line(text: str) -> bool:
    """Return whether a line is a date with little beside it: an issue number, a place, a time."""
    if len(text) > MAX_DATE_LINE_CHARS:
        return False
    plain = text.translate(_DIGITS)
    return bool(_DATE.search(plain)) and len(_WORD.findall(plain)) <= 7
