"""The main text of a page: of the block that says it is the article, else by trafilatura.

trafilatura is called so that its answer depends on the page alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache

from lxml.html import HtmlElement
from trafilatura import bare_extraction
from trafilatura.settings import Extractor

from builder.extract import region
from builder.extract.naming import names_of
from builder.extract.page import Page
from builder.markup import Line, Lines, squeeze

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

MIN_FOUND = 0.7
"""Least share of trafilatura's text that must be found again on the page for its lines to be placed."""

MIN_QUICK_CHARS = 400
"""Shorter texts are always read by all of trafilatura's means."""

PLACE_DEPTH = 5
"""Number of elements in the name of a line's place."""

_SPANS = ("colspan", "rowspan")
_MAX_SPAN = 20
"""A cell that says it spans more columns is counted as one; each one is an empty cell to trafilatura."""

_TEXTLESS = (
    *("script", "style", "noscript", "template", "link", "svg", "canvas", "picture", "video", "audio"),
    *("iframe", "object", "select", "datalist", "input", "button"),
)
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

    The tree loses what holds no text, such as scripts: trafilatura copies it several times.
    """
    lines = page.lines  # read before the tree is thinned: what a button says is on the page
    page.forget(_thin(page.tree))
    tiers = [(block, said.tier) for block, said in page.named_blocks if said.tier]
    found = region.evident(lines, tiers)
    if found is None:
        with _taken_out(region.menus(lines)):
            found = _quick(page.tree, lines, tiers)
            text = trafilatura_text(page.tree) if found is None else ""
        found = region.find(lines, text, tiers) if text else found
        if found is None or not found.kept or not _covers(lines, found, text):
            unplaced = tuple(text.splitlines())
            return MainText(unplaced, ("",) * len(unplaced)) if text else None
    kept = [lines.lines[i] for i in found.kept]
    return MainText(
        lines=tuple(line.text for line in kept),
        places=tuple(place(line.element) for line in kept),
        kept=found.kept,
        cut=tuple(lines.lines[i].text for i in found.cut),
        declared=found.declared,
        link_share=sum(line.link_chars for line in kept) / sum(len(line.text) for line in kept),
        teasers=sum(_is_teaser(line) for line in kept),
    )


def text_in_block(page: Page, block: HtmlElement, text: str) -> MainText:
    """Return where a known text stands in the block that holds it: the first post of a forum thread."""
    wanted = frozenset(text.splitlines())
    start, end = page.lines.spans.get(block, (0, 0))
    kept = tuple(i for i in range(start, end) if page.lines.lines[i].text in wanted)
    return MainText(tuple(page.lines.lines[i].text for i in kept), ("",) * len(kept), kept)


@contextmanager
def _taken_out(elements: list[HtmlElement]) -> Iterator[None]:
    """Take elements out of their tree for a while: what trafilatura costs grows with all it has to look at."""
    places = []
    for element in elements:
        parent = element.getparent()
        if parent is not None and not (element.tail or "").strip():
            places.append((parent, element.getnext(), element))
            parent.remove(element)
    try:
        yield
    finally:
        # By what stood behind: a place by its number would be counted to each time.
        for parent, behind, element in reversed(places):
            if behind is None:
                parent.append(element)
            else:
                behind.addprevious(element)


def _is_teaser(line: Line) -> bool:
    parent = line.element.getparent()
    tags = {line.element.tag, parent.tag if parent is not None else ""}
    return line.link_share >= region.LINKED and bool(tags & _TEASER_HEADS)


def _quick(tree: HtmlElement, lines: Lines, tiers: region.Tiers) -> region.Found | None:
    """Read by trafilatura's own rules alone, at two thirds of the cost; None when they do not settle the matter.

    They do when they find a good part of a block that calls itself the article: its lines are taken whole anyway.
    Where no block does, they are not asked.
    """
    text = trafilatura_text(tree, fast=True) if tiers else ""
    found = region.find(lines, text, tiers) if len(text) >= MIN_QUICK_CHARS else None
    if found is None or not found.declared or not _covers(lines, found, text):
        return None
    kept = sum(len(lines.lines[i].text) for i in found.kept)
    own = sum(len(lines.lines[i].text) for i in found.kept if i in found.hits)
    return found if own >= MIN_FOUND * kept else None


def _covers(lines: Lines, found: region.Found, text: str) -> bool:
    """Return whether what was found again on the page, kept or cut, is most of trafilatura's text."""
    placed = sum(len(lines.lines[i].text) for i in (*found.kept, *found.cut))
    return placed >= MIN_FOUND * len(text)


def trafilatura_text(tree: HtmlElement, *, fast: bool = False) -> str:
    """Return what trafilatura takes for the main text, one paragraph a line; "" when there is none.

    `fast` leaves out its comparison with other extractors.
    """
    found = bare_extraction(tree, options=_options(fast=fast))
    if found is None or not found.text:
        return ""
    return "\n".join(tidy(found.text.splitlines()))


def _options(*, fast: bool) -> Extractor:
    """Return fresh options: no deduplication (it remembers pages), no dates (they ask the clock), no comments."""
    return Extractor(
        output_format="python",
        fast=fast,
        comments=False,
        tables=True,
        dedup=False,
        with_metadata=False,
        date_params={"max_date": "1970-01-01"},
    )


def _thin(tree: HtmlElement) -> list[HtmlElement]:
    """Take out what holds no text, JSON-LD apart, and column spans that no table has; return what went."""
    gone = []
    for element in list(tree.iter(*_TEXTLESS)):
        if element.tag == "script" and "json" in (element.get("type") or ""):
            continue
        if element.getparent() is not None:
            element.drop_tree()
            gone.append(element)
    for cell in tree.iter("td", "th"):
        for name in _SPANS:
            value = cell.get(name)
            if value is not None and not (
                value.isascii() and value.isdigit() and int(value[:9]) <= _MAX_SPAN
            ):
                del cell.attrib[name]
    return gone


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
        steps.append(_step(str(current.tag), names_of(current)))
        current = current.getparent()
    return ">".join(reversed(steps))


@lru_cache(maxsize=8192)
def _step(tag: str, names: str) -> str:
    first = next(iter(names.split()), "")
    name = "".join(char for char in first if not char.isdigit())
    return f"{tag}.{name}" if name else tag
