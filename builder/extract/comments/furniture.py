"""What stands round readers' answers and is neither answer nor article: lists, headings, forms, notices."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml.html import HtmlElement

from builder.extract.comments.marks import tokens
from builder.extract.dates.names import fold
from builder.extract.page import Named

_HEADING = re.compile(
    r"^\W*\d*\W*(?:ال)?(?:تعليق|ردود|مشاركات القراء|اراء القراء|comments|responses|replies)"
)
_BARE_HEADING = re.compile(
    r"^\W*\d*\W*(?:ال)?(?:تعليقات|تعليق|ردود)(?:\s+(?:ال)?(?:قراء|زوار|اعضاء|مشاركين))?[\W\d]*$"
)
_AROUND_TAGS = frozenset(("div", "section", "ul", "ol", "form", "aside", "h2", "h3", "h4", "p"))

MOST_HEADING_PARTS = 3
"""A heading holds a word, a count and a link at most."""

MOST_HEADING_CHARS = 60
"""A longer line is no heading of a list of answers."""

MOST_TEXT_BESIDE = 0.5
"""A list of answers is cut whole when the text in it beside the answers is less than this share of it."""

MOST_LOOSE_CHARS = 600
"""An element that is named after comments but holds none is cut when it has no more text than this."""


def elements_to_cut(tree: HtmlElement, named: list[Named], items: list[HtmlElement]) -> list[HtmlElement]:
    """Return the elements to cut before the main text is read: answers, their list, forms and notices round them.

    `named` are the elements of the tree with names. Never one that holds an h1 or an article element
    beside the answers, nor the body.
    """
    outer = outermost(items)
    inside = {part for item in outer for part in item.iter()}
    held = _held(outer)
    cut: list[HtmlElement] = []
    list_of_all = _common(outer)
    sizes = {item: _chars(item) for item in outer}
    if list_of_all is not None and _is_only_comments(list_of_all, sum(sizes.values()), inside):
        cut.append(list_of_all)
    cut += outer
    for element, tag, said, _ in named:
        if said.around_comments and tag in _AROUND_TAGS and element not in inside:
            beside = _chars(element) - sum(sizes[item] for item in held.get(element, ()))
            if beside <= MOST_LOOSE_CHARS and not _holds_article(element, inside):
                cut.append(element)
    if items:
        cut += [
            element for element in tree.iter("h2", "h3", "h4", "h5", "h6") if _is_heading(element, inside)
        ]
    return outermost(cut)


def _is_heading(element: HtmlElement, inside: set[HtmlElement]) -> bool:
    if element in inside or len(element) > MOST_HEADING_PARTS:
        return False
    text = fold(" ".join(str(element.text_content()).split()))
    pattern = _HEADING if str(element.tag).startswith("h") else _BARE_HEADING
    return len(text) <= MOST_HEADING_CHARS and bool(pattern.match(text))


def _held(items: list[HtmlElement]) -> dict[HtmlElement, list[HtmlElement]]:
    """Return for each element the answers it holds."""
    found: dict[HtmlElement, list[HtmlElement]] = {}
    for item in items:
        for ancestor in item.iterancestors():
            found.setdefault(ancestor, []).append(item)
    return found


def _common(items: list[HtmlElement]) -> HtmlElement | None:
    """Return the nearest element that holds all answers, or None."""
    if not items:
        return None
    chains = [[*reversed(list(item.iterancestors()))] for item in items]
    common = None
    for level in zip(*chains, strict=False):
        if any(element is not level[0] for element in level):
            break
        common = level[0]
    return None if common is None or common.tag in ("body", "html") else common


def _is_only_comments(element: HtmlElement, comments_chars: int, inside: set[HtmlElement]) -> bool:
    whole = _chars(element)
    beside = whole - comments_chars
    small = beside < MOST_TEXT_BESIDE * whole and beside < 4 * MOST_LOOSE_CHARS
    return small and not _holds_article(element, inside)


def _holds_article(element: HtmlElement, inside: set[HtmlElement]) -> bool:
    """True for an element with a headline or an article in it that is no answer."""
    if next(element.iter("h1"), None) is not None:
        return True
    return any(
        article not in inside and not any("comment" in name.lower() for name in tokens(article))
        for article in element.iter("article", "main")
    )


def _chars(element: HtmlElement) -> int:
    return len(" ".join(str(element.text_content()).split()))


def outermost(elements: Iterable[HtmlElement]) -> list[HtmlElement]:
    """Return the elements that stand inside none of the others."""
    chosen = dict.fromkeys(elements)
    return [
        element for element in chosen if not any(ancestor in chosen for ancestor in element.iterancestors())
    ]
