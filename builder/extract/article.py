"""The main text of a page, by trafilatura, called so that it depends on the page alone."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lxml.html import HtmlElement
from trafilatura import bare_extraction
from trafilatura.settings import Extractor

from builder.extract import region
from builder.extract.page import Page, names_of
from builder.markup import Line, squeeze

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

MIN_FOUND = 0.7
"""Least share of trafilatura's text that must be found again on the page for its lines to be placed."""

PLACE_DEPTH = 5
"""Number of elements in the name of a line's place."""

_SPANS = ("colspan", "rowspan")
_MAX_SPAN = 20
"""A cell that says it spans more columns is counted as one; each one is an empty cell to trafilatura."""

_TEASER_HEADS = frozenset(("h2", "h3", "h4"))


@dataclass(frozen=True, slots=True)
class MainText:
    """The lines of an article, where each stands on the page ("" if unknown), and the lines that were cut.

    `kept` are the lines' indexes on the page, empty when they could not be placed. `declared`: the block that
    holds them calls itself the article. `link_share`: share of their characters that are links (0-1).
    `teasers`: how many of them are headings that lead elsewhere.
    """

    lines: tuple[str, ...]
    places: tuple[str, ...]
    kept: tuple[int, ...] = ()
    cut: tuple[str, ...] = ()
    declared: bool = False
    link_share: float = 0.0
    teasers: int = 0

    @property
    def first(self) -> int:
        """Index on the page of the first line; 0 when unknown."""
        return self.kept[0] if self.kept else 0

    @property
    def last(self) -> int:
        """Index on the page of the last line; 0 when unknown."""
        return self.kept[-1] if self.kept else 0

    def without(self, indexes: frozenset[int]) -> MainText:
        """Return the text without some lines of the page: those that are read as title, author or date."""
        stay = [i for i, index in enumerate(self.kept) if index not in indexes]
        if len(stay) == len(self.kept):
            return self
        return replace(
            self,
            lines=tuple(self.lines[i] for i in stay),
            places=tuple(self.places[i] for i in stay),
            kept=tuple(self.kept[i] for i in stay),
        )


def main_text(page: Page) -> MainText | None:
    """Return the main text of a page, one paragraph a line; None when there is none.

    trafilatura works on copies of the tree; only absurd column spans are taken off it.
    """
    _cap_spans(page.tree)
    text = trafilatura_text(page.tree)
    if not text:
        return None
    found = region.find(page.lines, text)
    if found is None or not found.kept or not _covers(page, found, text):
        unplaced = tuple(text.splitlines())
        return MainText(unplaced, ("",) * len(unplaced))
    lines = [page.lines.lines[i] for i in found.kept]
    return MainText(
        lines=tuple(line.text for line in lines),
        places=tuple(place(line.element) for line in lines),
        kept=found.kept,
        cut=tuple(page.lines.lines[i].text for i in found.cut),
        declared=found.declared,
        link_share=sum(line.link_chars for line in lines) / sum(len(line.text) for line in lines),
        teasers=sum(_is_teaser(line) for line in lines),
    )


def _is_teaser(line: Line) -> bool:
    parent = line.element.getparent()
    tags = {line.element.tag, parent.tag if parent is not None else ""}
    return line.link_share >= region.LINKED and bool(tags & _TEASER_HEADS)


def _covers(page: Page, found: region.Found, text: str) -> bool:
    """Return whether what was found again on the page, kept or cut, is most of trafilatura's text."""
    placed = sum(len(page.lines.lines[i].text) for i in (*found.kept, *found.cut))
    return placed >= MIN_FOUND * len(text)


def trafilatura_text(tree: HtmlElement) -> str:
    """Return what trafilatura takes for the main text, one paragraph a line; "" when there is none."""
    found = bare_extraction(tree, options=_options())
    if found is None or not found.text:
        return ""
    return "\n".join(tidy(found.text.splitlines()))


def _options() -> Extractor:
    """Return fresh options: no deduplication (it remembers pages), no dates (they ask the clock), no comments."""
    return Extractor(
        output_format="python",
        comments=False,
        tables=True,
        dedup=False,
        with_metadata=False,
        date_params={"max_date": "1970-01-01"},
    )


def _cap_spans(tree: HtmlElement) -> None:
    for cell in tree.iter("td", "th"):
        for name in _SPANS:
            value = cell.get(name)
            if value is not None and not (
                value.isascii() and value.isdigit() and int(value[:9]) <= _MAX_SPAN
            ):
                del cell.attrib[name]


def tidy(lines: Iterable[str]) -> list[str]:
    """Return lines of text squeezed, without the bars and dashes that trafilatura puts round cells and items."""
    squeezed = (squeeze(line).strip("|").strip() for line in lines)
    return [line.removeprefix("- ").strip() for line in squeezed if any(char.isalnum() for char in line)]


def place(element: HtmlElement) -> str:
    """Return the name of an element's place in its page: its tag and first class, and those of what holds it.

    Pages of one layout give one name to one place; numbers in names are left out.
    """
    steps: list[str] = []
    current: HtmlElement | None = element
    while current is not None and len(steps) < PLACE_DEPTH and current.tag not in ("body", "html"):
        names = names_of(current).split() if current.attrib else []
        name = "".join(char for char in names[0] if not char.isdigit()) if names else ""
        steps.append(f"{current.tag}.{name}" if name else str(current.tag))
        current = current.getparent()
    return ">".join(reversed(steps))
