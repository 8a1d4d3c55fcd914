"""A captured page line by line: what became of each line, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from lxml.html import HtmlElement

from builder.columns.privacy import mask
from builder.extract import charset, repair
from builder.markup import block_lines, parse
from builder.model import Capture, Extraction
from builder.text import storage_form

Fate = Literal["text", "title", "author", "comment", "removed"]

_PLACES = {
    "nav": "navigation", "footer": "footer", "header": "page header", "aside": "side column", "form": "form",
    "button": "button",
}  # fmt: skip
_NAMES = re.compile(
    r"related|sidebar|widget|menu|nav|footer|header|share|social|breadcrumb|ads?|banner|comment",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[\W_]+")

LEAST_LETTERS = 4
"""A line with fewer letters is matched whole only: a word of three letters stands in any text."""

REPEATED = "repeated on the pages of this host"
REPLACED = "another capture of the page was kept"

BYLINE = 2
"""A line that holds the author's name and at most as many letters more ("by ...") is the byline."""


@dataclass(frozen=True, slots=True)
class PageLine:
    """One visible line of a page: kept as text, title, author or comment, or removed for `reason`."""

    text: str
    fate: Fate
    reason: str = ""


def page_lines(
    capture: Capture, extraction: Extraction, final_text: str | None = None, *, stands: bool = True
) -> tuple[PageLine, ...]:
    """Return every visible line of a captured HTML page with its fate.

    `final_text` is the text as it stands in the release, where there is one: lines that were read but are not
    in it were taken for what the host repeats on its pages, where this is the capture that `stands` there; else
    another state of the page took their place. A body that is no HTML gives no lines.
    """
    decoded = charset.decode(capture.body, capture.header("Content-Type"))
    tree = parse(repair.repair(decoded.text).text) if decoded is not None else None
    if tree is None:
        return ()
    sorter = _Sorter(extraction, final_text, REPEATED if stands else REPLACED)
    return tuple(sorter.line(element, line) for element, line in block_lines(tree))


class _Sorter:
    """Knows what was read from a page, and tells of each line where it went."""

    def __init__(self, extraction: Extraction, final_text: str | None, lost: str) -> None:
        documents = extraction.documents
        self.kept = _Letters(final_text if final_text is not None else d.text for d in documents)
        self.read = _Letters(d.text for d in documents)
        self.titles = {_key(d.title) for d in documents if d.title}
        self.authors = {_key(d.author.name) for d in documents if d.author.name} - {""}
        self.comments = _Letters(
            part for c in extraction.comments for part in (c.text, c.author.name or "", c.title or "")
        )
        self.repeated = {_key(line) for d in documents for line in d.lines_removed}
        self.lost = lost
        self.none = extraction.failed or extraction.skipped

    def line(self, element: HtmlElement, text: str) -> PageLine:
        """Return one line with its fate."""
        key = _key(text)
        if self.none:
            return PageLine(text, "removed", f"page left out: {self.none}")
        if self.kept.hold(key) or any(self.kept.hold(other) for other in _masked(text)):
            return PageLine(text, "text")
        if key in self.titles:
            return PageLine(text, "title")
        if any(name in key and len(key) <= BYLINE * len(name) for name in self.authors):
            return PageLine(text, "author")
        if self.comments.hold(key):
            return PageLine(text, "comment")
        return PageLine(text, "removed", self._reason(element, key))

    def _reason(self, element: HtmlElement, key: str) -> str:
        if self.read.hold(key):
            return self.lost
        if key in self.repeated:
            return "furniture of the page"
        return _place(element) or "not part of the main text"


class _Letters:
    """The letters of some texts, so that a line is found in them whatever its blanks and marks."""

    def __init__(self, texts: Iterable[str]) -> None:
        lines = [_key(line) for text in texts for line in text.split("\n")]
        self.lines = set(lines)
        self.all = "\n".join(lines)

    def hold(self, key: str) -> bool:
        """Return whether a line's letters stand in the texts."""
        return bool(key) and (key in self.lines or (len(key) >= LEAST_LETTERS * 4 and key in self.all))


def _key(text: str) -> str:
    return _LETTERS.sub("", text)


def _masked(text: str) -> Iterator[str]:
    """Yield the letters of a line as a release holds them: with placeholders for personal data."""
    stored = storage_form(text).text
    for handles in (False, True):
        yield _key(mask(stored, handles=handles).text)


def _place(element: HtmlElement) -> str | None:
    for each in (element, *element.iterancestors()):
        if each.tag in _PLACES:
            return _PLACES[str(each.tag)]
        names = f"{each.get('class') or ''} {each.get('id') or ''}"
        match = _NAMES.search(names) if each.tag not in ("body", "html") else None
        if match:
            return f"inside {each.tag}.{match[0].lower()}"
    return None
