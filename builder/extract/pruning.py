"""Which elements trafilatura takes for furniture by their names, each kind of names judged once.

trafilatura asks by XPath, and its expressions call Python for each pattern and each element. Here an expression
is put to a single element that bears the same names, and the answer is remembered: most elements of a page, and of
the pages of a site, share their names with others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import cast

from lxml.etree import Element, SubElement, XPath
from lxml.html import HtmlElement
from trafilatura.settings import BASIC_CLEAN_XPATH
from trafilatura.xml import delete_element
from trafilatura.xpaths import (
    BODY_XPATH,
    DISCARD_IMAGE_ELEMENTS,
    OVERALL_DISCARD_XPATH,
    RAW_TREE_PRUNE_XPATH,
    REMOVE_COMMENTS_AND_LISTS_XPATH,
    TEASER_DISCARD_XPATH,
)

Names = tuple[tuple[str, str], ...]
"""Attributes of an element in its own order: of two, some expressions look at the first alone."""


APPENDED, COMMENTS, FURNITURE, PICTURE, TEASER, BASIC = (1 << bit for bit in range(6))
"""Bits of the lists of expressions that match an element; numbers, for a flag of Python's costs a call."""

_LISTS: tuple[tuple[int, list[XPath]], ...] = (
    (APPENDED, RAW_TREE_PRUNE_XPATH),
    (COMMENTS, REMOVE_COMMENTS_AND_LISTS_XPATH),
    (FURNITURE, OVERALL_DISCARD_XPATH),
    (PICTURE, DISCARD_IMAGE_ELEMENTS),
    (TEASER, TEASER_DISCARD_XPATH),
    (BASIC, [BASIC_CLEAN_XPATH]),
    *((1 << 6 + place, [expression]) for place, expression in enumerate(BODY_XPATH)),
)
_FRAME_BITS = tuple(1 << 6 + place for place in range(len(BODY_XPATH)))
_ASKED = frozenset(
    (
        "id",
        "class",
        "style",
        "role",
        "itemprop",
        "aria-hidden",
        "data-component",
        "data-lp-replacement-content",
    )
)
_FRAME_TAGS = ("article", "div", "main", "section")
_NAMED_TAGS = frozenset(
    (
        *("article", "main", "div", "section", "aside", "list", "details", "ol", "ul", "item", "p", "span"),
        *("footer", "fencedframe", "script", "style", "svg", "template"),
    )
)
"""Tags that an expression asks for; all others are one to it."""

_DIGITS = str.maketrans("123456789", "0" * 9)
"""No pattern asks which digit stands in a name, and numbers are what makes names many."""

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_FRAMES = XPath(
    ".//*[self::div or self::section or self::aside or self::list or self::details or self::ol or self::ul]"
    "[@id or @class]"
)
_NAMED = XPath(
    ".//*[@id or @class or @style or @aria-hidden or @role or @data-component or @data-lp-replacement-content]"
)
_BASIC = XPath(".//aside|.//footer|.//fencedframe|.//script|.//style|.//svg|.//template|.//*[@id or @class]")


def doom_of(element: HtmlElement) -> int:
    """Return the lists that match an element by its tag and names."""
    names = tuple([pair for pair in element.items() if pair[0] in _ASKED])
    return _doom(element.tag, names)


@lru_cache(maxsize=8192)
def _doom(tag: str, names: Names) -> int:
    plain = tuple((name, value.translate(_DIGITS)) for name, value in names)
    return _judged(tag if tag in _NAMED_TAGS else "b", plain)


@lru_cache(maxsize=8192)
def _judged(tag: str, names: Names) -> int:
    holder = Element("html")
    alone = SubElement(holder, tag)
    for name, value in names:
        alone.set(name, _NOT_XML.sub("\ufffd", value))
    found = 0
    for doom, expressions in _LISTS:
        if any(expression(holder) for expression in expressions):
            found |= doom
    return found


def prune_page(tree: HtmlElement, *, comments: bool) -> None:
    """Take other articles appended below the page's own out of a tree, and with `comments` the readers' answers."""
    dooms = [(element, doom_of(element)) for element in _matched(_FRAMES, tree)]
    if any(doom & APPENDED for _, doom in dooms):  # whether they go depends on what they hold
        for expression in RAW_TREE_PRUNE_XPATH:
            _delete(_matched(expression, tree))
    if comments:
        _delete([element for element, doom in dooms if doom & COMMENTS])


def prune_furniture(tree: HtmlElement, *, teasers: bool) -> None:
    """Take menus, bars, hidden parts, captions out of a tree, and with `teasers` teasers.

    Furniture stays where it holds most of the text, as in trafilatura.
    """
    dooms = [(element, doom) for element in _matched(_NAMED, tree) if (doom := doom_of(element))]
    doomed = {element: None for element, doom in dooms if doom & FURNITURE}
    outer = [each for each in doomed if not any(above in doomed for above in each.iterancestors())]
    if outer:
        chars = len(tree.text_content())
        if chars - sum(len(each.text_content()) for each in outer) > chars / 7:
            _delete(outer)
    wanted = PICTURE | TEASER if teasers else PICTURE
    _delete([element for element, doom in dooms if doom & wanted])


def frames(tree: HtmlElement) -> Iterator[HtmlElement]:
    """Yield for each expression for the main text the first element it matches, as the tree then is."""
    dooms: list[tuple[HtmlElement, int]] | None = None
    for bit in _FRAME_BITS:
        if dooms is None:
            dooms = [(element, doom_of(element)) for element in tree.iter(*_FRAME_TAGS)]
        frame = next((element for element, doom in dooms if doom & bit), None)
        if frame is not None:
            yield frame
            dooms = None


def clean_basically(tree: HtmlElement) -> None:
    """Take asides, footers, cookie banners and what holds no text out of a tree."""
    _delete([element for element in _matched(_BASIC, tree) if doom_of(element) & BASIC])


def _matched(expression: XPath, tree: HtmlElement) -> list[HtmlElement]:
    return cast("list[HtmlElement]", expression(tree))


def _delete(elements: list[HtmlElement]) -> None:
    for element in elements:
        delete_element(element)
