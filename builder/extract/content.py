"""trafilatura's own rules for the main text of a cleaned tree: a part of its way (see `cascade`).

The text is that of `trafilatura.main_extractor.extract_content`; names are judged by `pruning`.
"""

from __future__ import annotations

from copy import deepcopy
from typing import cast

from lxml.etree import Element, XPath, _Element, strip_elements, strip_tags
from lxml.html import HtmlElement
from trafilatura.htmlprocessing import delete_by_link_density, link_density_test_tables, process_node
from trafilatura.main_extractor import NOT_AT_THE_END, REBUILT_BLOCKS, _elem_text, handle_textelem
from trafilatura.settings import (
    DEDUPE_SCAN_CAP,
    INLINE_FORMATTABLE,
    MIN_DUPLICATE_LENGTH,
    TAG_CATALOG,
    Extractor,
)
from trafilatura.utils import SPACING_PROTECTED, text_chars_test, trim
from trafilatura.xml import delete_element

from builder.extract.pruning import frames, prune_furniture

_TABLE_TAGS = frozenset(("table", "td", "th", "tr"))
_PARAGRAPHS_TEXT = XPath("//p//text()", smart_strings=False)
_ALL = XPath(".//*")
_WILD = XPath(".//code|.//p|.//quote|.//table|.//div[contains(@class, 'w3-code')]")
_WILDEST = XPath(".//code|.//p|.//quote|.//table|.//div[contains(@class, 'w3-code')]|.//div|.//lb|.//list")


def main_content(tree: HtmlElement, options: Extractor) -> tuple[_Element, str]:
    """Return the main text of a cleaned and converted tree and its characters; the tree is used up."""
    backup = deepcopy(tree)
    order = list(tree.iter())
    body, tags = _framed(tree, options)
    text = _said(body)
    if len(body) == 0 or len(text) < options.min_extracted_size:
        consumed = {twin for each, twin in zip(order, backup.iter(), strict=True) if each.tag == "done"}
        _recover(backup, body, options, tags, consumed)
        text = _said(body)
    _drop_repeats(body)
    strip_elements(body, "done")
    strip_tags(body, "div")
    for line_break in body.iter("lb"):
        blank = line_break.tail and not text_chars_test(line_break.tail)
        if blank and not any(above.tag in SPACING_PROTECTED for above in line_break.iterancestors()):
            line_break.tail = None
    return body, text


def _said(body: _Element) -> str:
    return " ".join(cast("list[str]", list(body.itertext()))).strip()


def _drop_repeats(body: _Element) -> None:
    """Take out a long element that says what the one before it says."""
    previous = None
    for element in list(body):
        current = _elem_text(element)
        if current and current == previous and len(current) > MIN_DUPLICATE_LENGTH:
            delete_element(element, keep_tail=False)
        else:
            previous = current


def _framed(tree: HtmlElement, options: Extractor) -> tuple[_Element, set[str]]:
    """Return what stands in the first frame, of those that are named as the main text, that holds some text."""
    tags = set(TAG_CATALOG) | _TABLE_TAGS
    body = Element("body")
    for frame in frames(tree):
        _prune(frame, teasers=options.focus != "recall")
        if len(frame) == 0:
            continue
        paragraphs = cast("list[str]", _PARAGRAPHS_TEXT(frame))
        if not paragraphs or len("".join(paragraphs)) < options.min_extracted_size * 3:
            tags.add("div")
        start = len(body)
        lead = _take(frame, body, tags, options)
        while len(body) > 0 and body[-1].tag in NOT_AT_THE_END:
            delete_element(body[-1], keep_tail=False)
        if sum(each.tag != "graphic" for each in body) > 1:
            if lead is not None:
                body.insert(start, lead)
            break
    return body, tags


def _take(frame: HtmlElement, body: _Element, tags: set[str], options: Extractor) -> _Element | None:
    """Move the text of a frame into a body; return what it says before its first element."""
    elements = cast("list[_Element]", _ALL(frame))
    inner = {each.tag for each in elements}
    alone = inner == {"lb"} or (frame.tag == "div" and "div" in tags and inner <= INLINE_FORMATTABLE | {"lb"})
    lead = None
    if alone:
        elements = [frame]
    elif text_chars_test(frame.text):
        lead = Element("p")
        lead.text = frame.text
        lead = process_node(lead, options)
    for element in elements:
        if _stands_in(element, body):
            continue
        tag, tail = element.tag, element.tail
        found = handle_textelem(element, tags, options)
        if found is not None:
            body.append(found)
            if not _stands_in(element, body):
                element.tag = "done"
        if tag in REBUILT_BLOCKS and text_chars_test(tail) and (found is None or found.tail is None):
            behind = Element("p")
            behind.text = tail
            if process_node(behind, options) is not None:
                body.append(behind)
    return lead


def _stands_in(element: _Element, body: _Element) -> bool:
    """Return whether an element was moved into a body."""
    return element.getroottree().getroot() is body


def _prune(tree: HtmlElement, *, teasers: bool) -> None:
    """Take out what is named as furniture and what is mostly links."""
    prune_furniture(tree, teasers=teasers)
    for _ in range(2):
        delete_by_link_density(tree, "div", backtracking=True)
        delete_by_link_density(tree, "list")
        delete_by_link_density(tree, "p")
    for table in [table for table in tree.iter("table") if link_density_test_tables(table)]:
        delete_element(table, keep_tail=False)
    strip_tags(tree, "span", "ref")


def _recover(
    tree: HtmlElement, body: _Element, options: Extractor, tags: set[str], consumed: set[_Element]
) -> None:
    """Add to a body what stands anywhere in a tree in elements of text and was not taken yet."""
    tags = set(tags)
    recall = options.focus == "recall"
    if recall:
        tags.update(("div", "lb"))
    _prune(tree, teasers=not recall and not options.fast)
    known = [_elem_text(each) for each in body]
    existing, whole = "\n".join(filter(None, known)), set(known)
    handled: set[_Element] = set()
    for element in cast("list[_Element]", (_WILDEST if recall else _WILD)(tree)):
        if element in consumed or any(above in handled for above in element.iterancestors()):
            continue
        found = handle_textelem(element, tags, options)
        if found is None:
            continue
        if found is element:
            handled.add(element)
        text = _elem_text(found)
        short = len(existing) <= DEDUPE_SCAN_CAP
        piece = trim(text + (found.tail or "")) if text_chars_test(found.tail) else ""
        if text and (text in whole or (short and _is_inside(text, piece, existing))):
            continue
        body.append(found)
        if short:
            existing += "\n" + (piece or text)
        whole.add(text)


def _is_inside(text: str, piece: str, existing: str) -> bool:
    return (len(text) > MIN_DUPLICATE_LENGTH and text in existing) or (piece != "" and piece in existing)
