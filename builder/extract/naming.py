"""What the names of elements say of their contents: class, id and itemprop as makers of sites choose them."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from lxml.html import HtmlElement


class Kind(IntEnum):
    """What an element is by its name; of two round one line the greater counts."""

    TEXT = 0
    SMALL_PRINT = 1
    PICTURE = 2
    FURNITURE = 3


@dataclass(frozen=True, slots=True)
class Said:
    """What the tag and the names of an element say of it, to whoever asks.

    `tier` is 1 for a block named as an article's body, 2 for one named as content, 0 for others. `comment_classes`
    and `post_classes` are the classes that mark an answer, or the post of a forum, each with a point before it.
    """

    tier: int = 0
    headline: bool = False
    byline: bool = False
    dated: bool = False
    tags: bool = False
    crumbs: bool = False
    forum: bool = False
    around_comments: bool = False
    comment_prop: bool = False
    comment_id: bool = False
    comment_classes: tuple[str, ...] = ()
    post_id: bool = False
    post_classes: tuple[str, ...] = ()


NOTHING = Said()
"""What most names say; there is one object of it, so that it is known without a look inside."""

_NUMBER = re.compile("[0-9]{2,}")
"""Which number of several digits stands in a name is never asked: menu-item-4711 says what menu-item-12 does."""

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_HEADLINE = re.compile(
    r"^(?:entry|post|article)[-_](?:title|headline)$|^articlebody$|^headline$", re.IGNORECASE
)
_BYLINE = re.compile(
    r"(?:^|[\s_-])(?:author|authors|byline|by-line|writer|writers|columnist|journalist|reporter|creator|write-?by|writen-?by|written-?by|posted-?by|post-?by|redactor"
    r"|katib|kateb|vcard|fn|(?:story|news|article|post)[\s_-]*editor)"
    r"(?:$|[\s_-])|(?:author|writer|byline)[\s_-]*(?:name|link|info|title)|(?:post|entry"
    r"|article)[\s_-]*(?:author|by)"
)
_NO_BYLINE = re.compile(r"comment|respon|avatar|img|image|follow|social|related|widget|bio|desc|more|box")
_DATED = re.compile(
    r"(?:^|[\s_\-])(?:date|datetime|time|timestamp|pubdate|published?|posted|dateline|post-?meta|entry-?meta"
    r"|article-?meta|meta-?date|byline)(?:$|[\s_\-])",
    re.IGNORECASE,
)
_TAG_BOX = re.compile(
    r"(?:^|[\s_-])(?:tags?|post-tags|tag-?list|tag-?links|article-tags|keywords)(?:$|[\s_-])"
)
_CRUMBS = re.compile(r"bread-?crumbs?|crumbs?(?:$|[\s_-])")
_FORUM = re.compile(
    r"postbit|postprofile|poster-profile|user-ident|posttop|postdetails|postcolor|post_?wrapper|posterinfo|ipscomment|bigusername|crawler-post|messageuserinfo|message-user|post_block|(?<!by)postauthor",
    re.IGNORECASE,
)
_AROUND_COMMENTS = re.compile(
    r"^(?:comments?|comments?[-_]?(?:area|list|section|wrapper|container|box|block|holder|form|template|respond|ul|ol|div|panel|tab|content|title|header|toolbar|count|pager)"
    r"|(?:article|post|user|reader|fb|facebook|news|the|page)s?[-_]?comments?(?:[-_]?(?:area|list|section|wrapper|box|container))?"
    r"|respond|comment-respond|disqus_thread|fb-comments|reply-?form|add-?comment|commentform|commentlist|js_comments)$",
    re.IGNORECASE,
)
_COMMENT_ID = re.compile(
    r"^(?:li-|div-|article-)?(?:comments?|cmt|reply|c|ucomment|comment-?box)[-_]?\d+$", re.IGNORECASE
)
_COMMENT_CLASS = re.compile(
    r"^(?:(?:user|reader|single|uc|article|news|media|wp|fb|the|one|each|child|reply)[-_]*)?"
    r"(?:comments?|cmt|reply|replies|ta3li[qk]|t3li[qk])"
    r"(?:[-_]*(?:item|block|box|boxcont|wrap|wrapper|row|entry|single|node|card|inner|holder|container|li|unit|body"
    r"|div|one|each|content-?wrap|area-?item))?$",
    re.IGNORECASE,
)
_POST_ID = re.compile(r"^(?:post|msg|p|pid|message|post_)[-_]?\d+$|^js-post-\d+$", re.IGNORECASE)
_POST_CLASS = re.compile(
    r"^(?:postbit(?:legacy)?|postcontainer|post_?block|post_wrapper|topic-post|crawler-post|forum-?post"
    r"|message(?:--post)?|ipscomment|cpost|windowbg2?|post)$",
    re.IGNORECASE,
)
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
    r"comment|footer|header|sidebar|meta|title|image|img|photo|info|related|share|list|tag"
    r"|(?<!elementor-)widget|nav"
    r"|menu|author|caption"
)
_FURNITURE = re.compile(
    r"(?:^|[\s_-])(?:related\w*|similar|shar(?:e|ing)\w*|social\w*|addthis\w*|addtoany\w*|a2a|rating\w*"
    r"|rate|votes?|polls?"
    r"|breadcrumbs?|crumbs?|pagination|pager|paginav|navigation|nav|navbar|menu|sidebar|respond"
    r"|newsletter|subscri\w+|cta|call-?to-?action"
    r"|advert\w*|ads?|adsense|adsbygoogle|banner|promo|sponsor\w*|toolbar|cookies?|consent|popup|modal"
    r"|copyright|ticker"
    r"|prev[_-]?next|next[_-]?prev|trending|most[_-]?read|popular|recommend\w*|toc|jp-relatedposts|yarpp\w*|outbrain|taboola)(?:$|[\s_-])"
)
_SMALL_PRINT = re.compile(
    r"(?:^|[\s_-])(?:tags?|tagcloud|taglist|byline|meta|date|time|dateline|views?|counter|credits?"
    r"|captions?|print\w*"
    r"|tools?|icons?(?![\s_-]box)|buttons?|author\w*|bio|(?<!elementor-)widget\w*|comments?|reply|footer|hidden|off|sr-only)(?:$|[\s_-])"
)
_PICTURE = re.compile(
    r"(?:^|[\s_-])(?:img|image|images|photo|photos|picture|pic|caption|captions|gallery)(?:$|[\s_-])"
)
_LISTING = re.compile(r"(?:^|[\s_-])(?:highlight|code|code-?block|listing|sourcecode)(?:$|[\s_-])")
_SILENT_TAGS = frozenset(
    ("nav", "aside", "footer", "form", "button", "figure", "figcaption", "dialog", "menu")
)
_LOUD_TAGS = frozenset(("nav", "aside", "dialog", "button"))
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))


def _spelled(names: str) -> str:
    """Return names in lower case, camel case taken apart: "articleBody" -> "article-body"."""
    return _CAMEL.sub("-", names).lower()


def names_of(element: HtmlElement) -> str:
    """Return the class, id and itemprop of an element as one string, "" when it has none."""
    return joined(element.get("class"), element.get("id"), element.get("itemprop"))


def joined(*names: str | None) -> str:
    """Return names as one string, without those that are missing."""
    return " ".join(filter(None, names))


def said_of(element: HtmlElement) -> Said:
    """Return what the tag and the names of an element say of it."""
    return said(element.tag, element.get("class"), element.get("id"), element.get("itemprop"))


@lru_cache(maxsize=8192)  # a page, and the pages of a site, use few names, and many times each
def said(tag: str, classes: str | None, own_id: str | None, prop: str | None) -> Said:
    """Return what a tag, a class, an id and an itemprop say of the element that bears them."""
    return _said(tag, _NUMBER.sub("00", classes or ""), _NUMBER.sub("00", own_id or ""), prop or "")


@lru_cache(maxsize=8192)
def _said(tag: str, classes: str, own_id: str, prop: str) -> Said:
    tokens, names = [*classes.split(), own_id], joined(classes, own_id, prop)
    spelled = _spelled(names)
    found = Said(
        tier=_tier(tag, spelled),
        headline=any(map(_HEADLINE.match, (*tokens, prop))),
        byline=bool(_BYLINE.search(spelled)) and not _NO_BYLINE.search(spelled),
        dated=bool(_DATED.search(f"{classes} {own_id}")),
        tags=bool(_TAG_BOX.search(names.lower())),
        crumbs=bool(_CRUMBS.search(names.lower())),
        forum=bool(_FORUM.search(classes)),
        around_comments=any(map(_AROUND_COMMENTS.match, tokens)),
        comment_prop="comment" in prop.lower().split(),
        comment_id=bool(_COMMENT_ID.match(own_id)),
        comment_classes=_marking(_COMMENT_CLASS, classes),
        post_id=bool(_POST_ID.match(own_id)),
        post_classes=_marking(_POST_CLASS, classes),
    )
    return NOTHING if found == NOTHING else found


def _marking(pattern: re.Pattern[str], classes: str) -> tuple[str, ...]:
    """Return the marking ones of class names; "windowbg" and "windowbg2" take turns and are one."""
    return tuple(f".{name.lower().rstrip('012')}" for name in classes.split() if pattern.match(name))


def _tier(tag: str, names: str) -> int:
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
    listing = tag == "figure" and names and _LISTING.search(names)
    if (tag in _SILENT_TAGS and not listing) or (names and _SMALL_PRINT.search(names)):
        return Kind.SMALL_PRINT
    return Kind.TEXT


def is_furniture(element: HtmlElement) -> bool:
    """Return whether an element is furniture by its names alone, whatever its tag."""
    return bool(_FURNITURE.search(_spelled(names_of(element))))


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
