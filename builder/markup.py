"""HTML parsed once, and read back as text with one block a line.

Used by everything that reads HTML: whole pages, and the fragments that APIs put into JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import cast

from lxml.etree import ElementDefaultClassLookup, ParserError
from lxml.html import HtmlElement, HTMLParser, document_fromstring

_BLOCKS = """
address article aside blockquote body br caption center dd details dialog div dl dt fieldset figcaption figure
footer form h1 h2 h3 h4 h5 h6 header hr html legend li main menu nav ol option p pre section summary table tbody
td tfoot th thead title tr ul
"""
BLOCKS = frozenset(_BLOCKS.split())
"""Elements that begin and end a line of text (the block and table display types of the HTML standard)."""

_SILENT = "script style noscript template head textarea select iframe object svg math"
SILENT = frozenset(_SILENT.split())
"""Elements whose text nobody reads on the page."""

MOST_GONE = 100
"""Most elements for which it is asked what stands round each: of neighbours each would ask all others."""

_ELEMENTS = ElementDefaultClassLookup(element=HtmlElement)
"""One class for all elements: lxml.html's own choice by tag is a Python call each time an element is met."""

_NOT_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32)])
_SHOWN_CONTROLS = bytes(127 if byte in _CONTROLS else byte for byte in range(256))
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")


def parse(markup: str) -> HtmlElement | None:
    """Return the tree of a page, or None when there is no element in it.

    `huge_tree` lifts libxml2's limit of 256 levels, at which text is lost without a word.
    """
    parser = HTMLParser(
        encoding="utf-8",
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    parser.set_element_class_lookup(_ELEMENTS)
    try:
        return cast(HtmlElement, document_fromstring(_bytes(markup), parser=parser))
    except (ParserError, ValueError):
        return None


def _bytes(markup: str) -> bytes:
    """Return markup as UTF-8 without the characters that XML has not."""
    if "\ufffe" in markup or "\uffff" in markup:
        markup = _NOT_XML.sub("", markup)
    try:
        data = markup.encode("utf-8")
    except UnicodeEncodeError:
        data = _NOT_XML.sub("", markup).encode("utf-8")
    clean = data.translate(_SHOWN_CONTROLS) == data  # told in half the time it takes to drop them
    return data if clean else data.translate(None, _CONTROLS)


def squeeze(text: str) -> str:
    """Return text on one line: runs of white space become one space, invisible characters go."""
    if text.isprintable() and "  " not in text:  # so no white space but single spaces, nothing invisible
        return text.strip(" ")
    return " ".join(_INVISIBLE.sub("", text).split())


@dataclass(slots=True)
class Line:
    """One line of a page: its text, the block element it stands in, and how many of its characters are links."""

    element: HtmlElement
    text: str
    link_chars: int

    @property
    def link_share(self) -> float:
        """Share of the line's characters that are link text (0-1)."""
        return min(1.0, self.link_chars / len(self.text)) if self.text else 0.0


@dataclass(slots=True)
class Lines:
    """The lines of a tree in reading order, and for each block element the lines [start, end) inside it."""

    lines: list[Line]
    spans: dict[HtmlElement, tuple[int, int]]

    def without(self, elements: Iterable[HtmlElement]) -> Lines | None:
        """Return the lines as they will be when some elements, none inside another, are dropped from their tree.

        None where lines would run together, or many elements are dropped, so that the tree must be read again.
        """
        gone = set(elements)
        if len(gone) > MOST_GONE:
            return None
        cut = bytearray(len(self.lines))
        inside: set[HtmlElement] = set()
        for element in gone:
            if not _parts_stay_apart(element, gone, self.spans):
                return None
            start, end = self.spans[element]
            cut[start:end] = b"\x01" * (end - start)
            inside.update(element.iter())
        before = list(accumulate(cut, initial=0))
        spans = {
            element: (start - before[start], end - before[end])
            for element, (start, end) in self.spans.items()
            if element not in inside
        }
        return Lines([line for line, is_cut in zip(self.lines, cut, strict=True) if not is_cut], spans)


def _parts_stay_apart(
    element: HtmlElement, gone: set[HtmlElement], blocks: Mapping[HtmlElement, tuple[int, int]]
) -> bool:
    """Return whether what stands before and behind an element stays on two lines without it.

    It does where a block ends right before it or begins right behind it; `gone` are those that go with it.
    """
    parent = element.getparent()
    if element not in blocks or parent is None or not _is_blank(element.tail):
        return False
    if any(above.tag in ("a", "pre") for above in element.iterancestors()):
        return False
    before, behind = element.getprevious(), element.getnext()
    while before is not None and before in gone and _is_blank(before.tail):
        before = before.getprevious()
    while behind is not None and behind in gone and _is_blank(behind.tail):
        behind = behind.getnext()
    last = parent.text if before is None else before.tail
    ends = parent if before is None else before
    begins = parent if behind is None else behind
    return (_is_blank(last) and ends in blocks) or (begins in blocks and begins not in gone)


def _is_blank(text: str | None) -> bool:
    return not text or text.isspace()


def read_lines(root: HtmlElement, skip: frozenset[HtmlElement] = frozenset()) -> Lines:
    """Return the visible, non-empty lines of a tree. No recursion: pages nest 2,000 deep.

    Elements in `skip` and in SILENT are left out with all they hold; a block ends its line all the same. Line ends
    inside `pre` count.
    """
    return _Reader(root).read(root, skip)


class _Reader:
    """Walks a tree once. `links` is the number of open `a` elements, `parts` the pieces of the line being read.

    `block` is the block that is open, `trail` all elements that are, each with its tag; a block besides with the
    block round it and the number of lines before it.
    """

    __slots__ = ("block", "lines", "link_chars", "links", "owner", "parts", "spans", "trail")

    def __init__(self, root: HtmlElement) -> None:
        self.block = self.owner = root
        self.lines: list[Line] = []
        self.spans: dict[HtmlElement, tuple[int, int]] = {}
        self.trail: list[tuple[HtmlElement, str, HtmlElement | None, int]] = []
        self.parts: list[str] = []
        self.links = self.link_chars = 0

    def read(self, root: HtmlElement, skip: frozenset[HtmlElement]) -> Lines:
        """Visit every element in reading order; what is asked of each is asked once."""
        trail = self.trail
        left_out: set[HtmlElement] = set()
        for element in root.iter():
            parent = element.getparent()
            if parent in left_out:
                left_out.add(element)
                continue
            while trail and trail[-1][0] is not parent:
                self._leave()
            tag = element.tag
            if tag in SILENT or element in skip:
                left_out.add(element)
                self._pass(element, tag)
                continue
            if tag in BLOCKS:
                if self.parts:
                    self._end_line()
                self.link_chars = 0
                trail.append((element, tag, self.block, len(self.lines)))
                self.block = element
            else:
                self.links += tag == "a"
                trail.append((element, tag, None, 0))
            if text := element.text:
                self._piece(text)
        while trail:
            self._leave()
        self._end_line()
        return Lines(self.lines, self.spans)

    def _pass(self, element: HtmlElement, tag: str) -> None:
        if tag in BLOCKS and self.parts:
            self._end_line()
        if (text := element.tail) and self.trail:
            self._piece(text)

    def _leave(self) -> None:
        element, tag, outer, start = self.trail.pop()
        if outer is not None:
            if self.parts:
                self._end_line()
            self.link_chars = 0
            self.spans[element] = (start, len(self.lines))
            self.block = outer
        elif tag == "a":
            self.links -= 1
        if (text := element.tail) and self.trail:
            self._piece(text)

    def _piece(self, text: str) -> None:
        if not self.parts:
            if text.isspace() and not self.links:
                return
            self.owner = self.block
        if "\n" in text and self.block.tag == "pre":
            for row in text.split("\n"):
                self.parts.append(row)
                self._end_line()
            return
        self.parts.append(text)
        if self.links:
            self.link_chars += len(text)

    def _end_line(self) -> None:
        text = squeeze("".join(self.parts))
        self.parts.clear()
        if text:
            self.lines.append(Line(self.owner, text, self.link_chars))
        self.link_chars = 0


def block_lines(
    root: HtmlElement, skip: frozenset[HtmlElement] = frozenset()
) -> list[tuple[HtmlElement, str]]:
    """Return the lines of `read_lines`, each with the block element it stands in."""
    one_line = not len(root) and not skip and root.tag not in SILENT and root.tag != "pre"  # a name, a time
    if one_line:
        text = squeeze(root.text or "")
        return [(root, text)] if text else []
    return [(line.element, line.text) for line in read_lines(root, skip).lines]


def text_of(root: HtmlElement, skip: frozenset[HtmlElement] = frozenset()) -> str:
    """Return the text of a tree, one block a line."""
    return "\n".join(line for _, line in block_lines(root, skip))


def text_of_html(fragment: str) -> str:
    """Return the text of an HTML fragment, one block a line; text without a tag comes back squeezed by lines."""
    if "<" not in fragment and "&" not in fragment:
        return "\n".join(line for line in map(squeeze, fragment.splitlines()) if line)
    tree = parse(f"<div>{fragment}</div>")
    return "" if tree is None else text_of(tree)


def drop(elements: Iterable[HtmlElement]) -> None:
    """Take elements out of their tree; the text behind each stays where it was."""
    for element in elements:
        if element.getparent() is not None:
            element.drop_tree()
