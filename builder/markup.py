"""HTML parsed once, and read back as text with one block a line.

Used by everything that reads HTML: whole pages, and the fragments that APIs put into JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import cast

from lxml.etree import ParserError
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

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPACES = re.compile(r"[\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_INVISIBLE = {ord(c): None for c in "\u00ad\u200b\u2060\ufeff"}


def parse(markup: str) -> HtmlElement | None:
    """Return the tree of a page, or None when there is no element in it.

    `huge_tree` lifts libxml2's limit of 256 levels, at which text is lost without a word.
    """
    cleaned = _NOT_XML.sub("", markup)
    parser = HTMLParser(
        encoding="utf-8",
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    try:
        return cast(HtmlElement, document_fromstring(cleaned.encode("utf-8"), parser=parser))
    except (ParserError, ValueError):
        return None


def squeeze(text: str) -> str:
    """Return text on one line: runs of white space become one space, invisible characters go."""
    return _SPACES.sub(" ", text.translate(_INVISIBLE)).strip()


def text_pieces(
    root: HtmlElement, skip: frozenset[HtmlElement] = frozenset()
) -> Iterator[tuple[HtmlElement, str]]:
    """Yield (block element, raw text) piece by piece in reading order; "" marks the end of a block.

    Elements in `skip` and in SILENT are left out with all they hold. No recursion: pages nest 2,000 deep.
    """
    stack: list[tuple[HtmlElement, HtmlElement, bool]] = [(root, root, True)]
    while stack:
        element, block, entering = stack.pop()
        tag = element.tag
        if not entering:
            if tag in BLOCKS:
                yield block, ""
            if element.tail and element is not root:
                yield block, element.tail
            continue
        inner = element if tag in BLOCKS else block
        stack.append((element, block, False))
        if not isinstance(tag, str) or tag in SILENT or element in skip:
            continue
        if tag in BLOCKS:
            yield block, ""
        if element.text:
            yield inner, element.text
        stack.extend((child, inner, True) for child in reversed(element))


def block_lines(
    root: HtmlElement, skip: frozenset[HtmlElement] = frozenset()
) -> list[tuple[HtmlElement, str]]:
    """Return the non-empty lines of a tree in reading order, each with the block element it stands in."""
    lines: list[tuple[HtmlElement, str]] = []
    owner, parts = root, list[str]()
    for block, piece in text_pieces(root, skip):
        if piece == "":
            _end_line(lines, owner, parts)
            continue
        if not parts:
            owner = block
        parts.append(piece)
    _end_line(lines, owner, parts)
    return lines


def _end_line(lines: list[tuple[HtmlElement, str]], owner: HtmlElement, parts: list[str]) -> None:
    line = squeeze("".join(parts))
    parts.clear()
    if line:
        lines.append((owner, line))


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
