"""trafilatura's way to the main text, step by step as its `bare_extraction` takes it, in the one mode used here.

Each step gives what it gives there; a test holds the whole to it. What is saved: names are judged once
(`pruning`), paragraphs are told apart in one reading (`stopwords`), and copies and comparisons that cannot change the
result are not made. The steps are those of release 2.3.1; with others `stock` is asked. Modes that are not used here
(comments, links, images, precision, languages) are left out.
"""

from __future__ import annotations

from contextlib import suppress
from copy import copy
from functools import lru_cache
from typing import cast

from lxml.etree import Element, LxmlError, SubElement, XPath, _Element, tostring
from lxml.html import HtmlElement
from trafilatura import core, external
from trafilatura.baseline import _spaced_text, baseline
from trafilatura.htmlprocessing import convert_tags, tree_cleaning
from trafilatura.settings import Extractor
from trafilatura.utils import trim
from trafilatura.xml import xmltotxt

from builder.extract.content import main_content
from builder.extract.pruning import clean_basically, prune_page
from builder.extract.stopwords import good_paragraphs

Read = tuple[_Element, str]
"""What was taken for the main text: its tree, and its characters as trafilatura counts them."""

_UNCLEAN = XPath(external.SANITIZED_XPATH)
_PARAGRAPH_TEXT = XPath("boolean(.//p//text())")
_PARTS = XPath("count(.//*)")
_FAULTS = (ArithmeticError, AttributeError, LookupError, LxmlError, RecursionError, TypeError, ValueError)


def read_main(tree: HtmlElement, *, fast: bool) -> str:
    """Return the main text of a page, a paragraph a line, "" when there is none; the tree is not changed.

    `fast` leaves out the comparison with other extractors.
    """
    options = _options(fast=fast, recall=False)
    try:
        body, text = _sequence(copy(tree), options)
    except (TypeError, ValueError):
        return ""
    return str(xmltotxt(body, include_formatting=False)) if len(text) >= options.min_output_size else ""


@lru_cache(maxsize=4)
def _options(*, fast: bool, recall: bool) -> Extractor:
    """Return options, which nothing changes: no dates (they ask the clock), no memory of pages, no comments."""
    return Extractor(
        output_format="python",
        fast=fast,
        recall=recall,
        comments=False,
        tables=True,
        dedup=False,
        with_metadata=False,
        date_params={"max_date": "1970-01-01"},
    )


def _sequence(tree: HtmlElement, options: Extractor) -> Read:
    """Read by rules, compare with others, and where little was found, take more."""
    prune_page(tree, comments=not core._forum_thread_page(tree))  # noqa: SLF001
    body, text = _compared(tree, options)
    if len(text) < options.min_extracted_size:
        other, other_text, chars = baseline(tree)
        if chars > len(text):
            body, text = other, other_text
    if 0 < len(text) < core.ESCALATION_MAX_LENGTH and _is_small_share(len(text), tree):
        return _escalated(tree, options, (body, text))
    return body, text


def _is_small_share(chars: int, tree: HtmlElement) -> bool:
    """Return whether so many characters are a small share of the page's.

    Spaces are put round blocks before the page is measured, two for each at most.
    """
    body = tree.find(".//body")
    body = tree if body is None else body
    if chars >= core.ESCALATION_PAGE_SHARE * (
        len(body.text_content()) + 2 * (cast("float", _PARTS(body)) + 1)
    ):
        return False
    body = copy(body)
    clean_basically(body)
    return bool(chars < core.ESCALATION_PAGE_SHARE * len(_spaced_text(body)))


def _escalated(tree: HtmlElement, options: Extractor, known: Read) -> Read:
    """Read again with a bias for more, and by stop words; return what is clearly longer than what is known."""
    more: Read | None = None
    words: Read | None = None
    recall = _options(fast=options.fast, recall=True)
    with suppress(*_FAULTS):
        more = _compared(tree, recall)
    if not options.fast:
        with suppress(*_FAULTS):
            words = _by_stop_words(copy(tree))
    chars, more_chars, words_chars = (len(read[1]) if read else 0 for read in (known, more, words))
    if words and words_chars > more_chars and words_chars > core.ESCALATION_JUSTEXT_RATIO * chars:
        return words
    if more and more_chars >= recall.min_extracted_size and more_chars > core.ESCALATION_ACCEPT_RATIO * chars:
        return more
    return known


def _compared(tree: HtmlElement, options: Extractor) -> Read:
    """Read by trafilatura's own rules, and unless it is to be fast, compare with readability and stop words."""
    cleaned = tree_cleaning(copy(tree), options)
    backup = None if options.fast else copy(cleaned)
    read: Read = main_content(convert_tags(cleaned, options, None), options)
    if backup is None or (options.focus == "recall" and len(read[1]) > options.min_extracted_size * 10):
        return read
    body, text = read
    readable = _by_readability(tree, read, options)
    if readable is not None:
        body, text = readable
    unclean = bool(_UNCLEAN(body))
    if unclean or len(text) < options.min_extracted_size:
        words = _by_stop_words(backup)
        ratio = external.JUSTEXT_OVERRIDE_RATIO
        if words[1] and (len(text) <= ratio * len(words[1]) if unclean else len(text) < len(words[1])):
            return words
    if readable is not None:
        body, text = external.sanitize_tree(body, options)
    return body, text


def _by_readability(tree: HtmlElement, read: Read, options: Extractor) -> Read | None:
    """Return what readability finds where it is to be preferred to what was read, else None.

    It finds no more than the whole page: where that is less than twice what was read, it is not asked.
    """
    body, text = read
    plain = options.focus == "balanced" and bool(_PARAGRAPH_TEXT(body))
    plain = plain and len(body.findall(".//table")) <= len(body.findall(".//p"))
    if text and plain and len(tree.text_content()) <= 2 * len(text):
        return None
    found = external.try_readability(copy(tree))
    found_text = trim(tostring(found, method="text", encoding="utf-8").decode("utf-8"))
    preferred = external._prefer_readability(  # noqa: SLF001
        body, found, found_text, len(text), len(found_text), options
    )
    return (found, found_text) if preferred else None


def _by_stop_words(tree: HtmlElement) -> Read:
    """Return the paragraphs of a tree that stop words tell; the tree is changed."""
    clean_basically(tree)
    body = Element("body")
    for text in good_paragraphs(tree):
        SubElement(body, "p").text = text
    return body, trim(" ".join(cast("list[str]", list(body.itertext()))))
