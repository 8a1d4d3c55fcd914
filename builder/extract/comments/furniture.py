"""What stands round readers' answers and is neither answer nor article: lists, headings, forms, notices."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml.html import HtmlElement

from builder.extract.comments.item import tokens

_AROUND = re.compile(
    r"^(?:comments?|comments?[-_]?(?:area|list|section|wrapper|container|box|block|holder|form|template|respond|ul|ol|div|panel|tab|content|title|header|toolbar|count|pager)"
    r"|(?:article|post|user|reader|fb|facebook|news|the|page)s?[-_]?comments?(?:[-_]?(?:area|list|section|wrapper|box|container))?"
    r"|respond|comment-respond|disqus_thread|fb-comments|reply-?form|add-?comment|commentform|commentlist|js_comments)$",
    re.IGNORECASE,
)
MOST_TEXT_BESIDE = 0.5
"""A list of answers is cut whole when the text in it beside the answers is less than this share of it."""

MOST_LOOSE_CHARS = 600
"""An element that is named after comments but holds none is cut when it has no more text than this."""


def elements_to_cut(tree: HtmlElement, items: list[HtmlElement]) -> list[HtmlElement]:
    """Return the elements to cut before the main text is read: answers, their list, forms and notices round them.

    Never one that holds an h1 or an article element beside the answers, nor the body.
    """
    cut: list[HtmlElement] = []
    list_of_all = _common(items)
    if list_of_all is not None and _is_only_comments(list_of_all, items):
        cut.append(list_of_all)
    cut += items
    cut += [
        element
        for element in tree.iter("div", "section", "ul", "ol", "form", "aside", "h2", "h3", "h4", "p")
        if _is_around(element, items)
    ]
    return _outermost(cut)


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


def _is_only_comments(element: HtmlElement, items: Iterable[HtmlElement]) -> bool:
    whole = _chars(element)
    inside = sum(_chars(item) for item in _outermost(items))
    return (
        not _holds_article(element, set(items))
        and whole > 0
        and (whole - inside) / whole < MOST_TEXT_BESIDE
        and whole - inside < 4 * MOST_LOOSE_CHARS
    )


def _is_around(element: HtmlElement, items: list[HtmlElement]) -> bool:
    if not any(map(_AROUND.match, tokens(element))) or _holds_article(element, set(items)):
        return False
    held = {item for item in items if element in set(item.iterancestors())}
    return _chars(element) - sum(_chars(item) for item in _outermost(held)) <= MOST_LOOSE_CHARS


def _holds_article(element: HtmlElement, items: set[HtmlElement]) -> bool:
    if next(element.iter("h1"), None) is not None:
        return True
    return any(
        article not in items and not any(ancestor in items for ancestor in article.iterancestors())
        and not any("comment" in name.lower() for name in tokens(article))
        for article in element.iter("article", "main")
    )  # fmt: skip


def _chars(element: HtmlElement) -> int:
    return len(" ".join(str(element.text_content()).split()))


def _outermost(elements: Iterable[HtmlElement]) -> list[HtmlElement]:
    chosen = dict.fromkeys(elements)
    return [
        element for element in chosen if not any(ancestor in chosen for ancestor in element.iterancestors())
    ]
