"""The lead of an article: a sentence or two right below its title, beside it and outside the block of the text.

It is known by its name. What the page's head gives as its description is none, where it is printed there: it tells
of the text, for lists.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import replace

from builder.extract.article import MainText, place
from builder.extract.edges import MIN_SENTENCE_CHARS
from builder.extract.heading import is_date_line
from builder.extract.naming import names_of
from builder.extract.page import Page
from builder.extract.people import labelled
from builder.extract.region import LINKED, furniture, key

ABOVE_LINES = 30
"""A lead stands at most so many lines above the text: a table of contents may stand between."""

MAX_LEAD_CHARS = 600
"""Longest lead; longer ones are paragraphs of the text."""

_NAMED = re.compile(
    r"(?:^|[\s_-])(?:lead|lede|intro|introduction|standfirst|deck|dek|chapeau|sub-?title|sub-?heading|summary|excerpt)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_SUMMARIES = ("description", "og:description", "twitter:description")


def with_lead(page: Page, main: MainText, title: int | None, taken: AbstractSet[int]) -> MainText:
    """Return a text with the lead that templates put beside the title, where there is one.

    `title` is the line of the title, `taken` are lines that were read as something else, such as the byline.
    """
    if title is None or not main.kept or not title + 1 < main.first <= title + ABOVE_LINES:
        return main
    index = title + 1
    if index in taken or not _is_lead(page, index, title):
        return main
    line = page.lines.lines[index]
    said = {key(text) for text in main.lines}
    said |= {key(text) for name in _SUMMARIES for text in page.meta.get(name, ())}
    if key(line.text) in said:
        return main
    return replace(
        main,
        lines=(line.text, *main.lines),
        places=(place(line.element), *main.places),
        kept=(index, *main.kept),
    )


def _is_lead(page: Page, index: int, title: int) -> bool:
    """Return whether a line is a sentence, named as a lead, in the block that holds the title."""
    line, above = page.lines.lines[index], page.lines.lines[title]
    if line.element.getparent() is not above.element.getparent() or not _NAMED.search(names_of(line.element)):
        return False
    if not MIN_SENTENCE_CHARS <= len(line.text) <= MAX_LEAD_CHARS or line.link_share >= LINKED:
        return False
    told = is_date_line(line.text) or labelled(line.text) is not None
    return not told and not furniture(page.lines, (), range(index, index + 1))
