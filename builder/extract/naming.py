"""What the names of elements say of their contents: class, id and itemprop as makers of sites choose them."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from enum import IntEnum
from functools import lru_cache

from lxml.html import HtmlElement

from builder.extract.page import joined


class Kind(IntEnum):
    """What an element is by its name; of two round one line the greater counts."""

    TEXT = 0
    SMALL_PRINT = 1
    PICTURE = 2
    FURNITURE = 3


_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_STRONG = re.compile(
    r"(?:^|\s)articlebody(?:$|\s)|(?:^|[\s_-])(?:article|post|entry|story|news|topic|blog|opinion"
    r"|single)[\s_-]*"
    r"(?:body|text|txt|content|contents|details?|desc|description|full)(?:$|[\s_-])"
)
_WEAK = re.compile(
    r"(?:^|[\s_-])(?:content|contents|article|entry|story|prose|details?|fulltext|the-content|body"
    r"|text)(?:$|[\s_-])"
    r"|(?:page|main|item|inner)[\s_-]*(?:content|text|body|details?)(?:$|[\s_-])"
)
_NOT_BODY = re.compile(
    r"comment|footer|header|sidebar|meta|title|image|img|photo|info|related|share|list|tag|widget|nav"
    r"|menu|author|caption"
)
_FURNITURE = re.compile(
    r"(?:^|[\s_-])(?:related\w*|similar|shar(?:e|ing)\w*|social\w*|addthis\w*|addtoany\w*|a2a|rating\w*"
    r"|rate|votes?|polls?"
    r"|breadcrumbs?|crumbs?|pagination|pager|paginav|navigation|nav|navbar|menu|sidebar|respond"
    r"|newsletter|subscri\w+"
    r"|advert\w*|ads?|adsense|adsbygoogle|banner|promo|sponsor\w*|toolbar|cookies?|consent|popup|modal"
    r"|copyright|ticker"
    r"|trending|most[_-]?read|popular|recommend\w*|toc|jp-relatedposts|yarpp\w*|outbrain|taboola)(?:$|[\s_-])"
)
_SMALL_PRINT = re.compile(
    r"(?:^|[\s_-])(?:tags?|tagcloud|taglist|byline|meta|date|time|dateline|views?|counter|credits?"
    r"|captions?|print\w*"
    r"|tools?|icons?|buttons?|author\w*|bio|widget\w*|comments?|reply|footer|hidden|off|sr-only)(?:$|[\s_-])"
)
_PICTURE = re.compile(
    r"(?:^|[\s_-])(?:img|image|images|photo|photos|picture|pic|caption|captions|gallery)(?:$|[\s_-])"
)
_SILENT_TAGS = frozenset(
    ("nav", "aside", "footer", "form", "button", "figure", "figcaption", "dialog", "menu")
)
_LOUD_TAGS = frozenset(("nav", "aside", "dialog", "button"))
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))


def _spelled(names: str) -> str:
    """Return names in lower case, camel case taken apart: "articleBody" -> "article-body"."""
    return _CAMEL.sub("-", names).lower()


def tier_of(element: HtmlElement) -> int:
    """Return 1 for a block named as an article's body, 2 for one named as content, 0 for others."""
    return _tier(element.get("class"), element.get("id"), element.get("itemprop"), element.tag)


@lru_cache(maxsize=8192)  # a page, and the pages of a site, use few names, and many times each
def _tier(classes: str | None, own_id: str | None, prop: str | None, tag: str) -> int:
    raw = joined(classes, own_id, prop)
    names = _spelled(raw)
    if not names or tag in ("body", "html", "form"):
        return 2 if tag == "article" else 0
    if _STRONG.search(names.replace("article-body", "articlebody")):
        return 1 if not _NOT_BODY.search(names) or "articlebody" in names.replace("-", "") else 2
    if tag == "article" or (_WEAK.search(names) and not _NOT_BODY.search(names)):
        return 2
    return 0


def kind_of(element: HtmlElement) -> Kind:
    """Return what an element is by its own tag and names; the id of a heading is made of its words."""
    own_id = None if element.tag in _HEADINGS else element.get("id")
    return _kind(element.get("class"), own_id, element.get("itemprop"), element.tag)


@lru_cache(maxsize=8192)
def _kind(classes: str | None, own_id: str | None, prop: str | None, tag: str) -> Kind:
    raw = joined(classes, own_id, prop)
    names = _spelled(raw)
    if tag in _LOUD_TAGS or (names and _FURNITURE.search(names)):
        return Kind.FURNITURE
    if tag == "figcaption" or (names and _PICTURE.search(names)):
        return Kind.PICTURE
    if tag in _SILENT_TAGS or (names and _SMALL_PRINT.search(names)):
        return Kind.SMALL_PRINT
    return Kind.TEXT


class Names:
    """What elements inside one block are, by their names and those of what holds them; each looked up once.

    Elements in `heavy` are text whatever they are called.
    """

    def __init__(self, block: HtmlElement | None, heavy: AbstractSet[HtmlElement]) -> None:
        self.block, self.heavy = block, heavy
        self.known: dict[HtmlElement, Kind] = {}

    def kind(self, element: HtmlElement) -> Kind:
        """Return the greatest kind of an element and the elements round it, up to the block."""
        path = []
        kind = Kind.TEXT
        current: HtmlElement | None = element
        while current is not None and current is not self.block and current.tag != "body":
            if current in self.known:
                kind = self.known[current]
                break
            path.append(current)
            current = current.getparent()
        for inner in reversed(path):
            own = Kind.TEXT if inner in self.heavy else kind_of(inner)
            kind = self.known[inner] = max(kind, own)
        return kind
