"""Answers whose markup says what they are: ids, class names and itemprops of many systems, none by name.

Blocks are grouped by kind (tag and kind of mark); the group that reads as the most whole answers is taken, so a
wrapper that is marked like its contents does not win over them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml.html import HtmlElement

from builder.extract.comments.item import Context, Item, is_teaser, read_item, tokens

_COMMENT_ID = re.compile(
    r"^(?:li-|div-|article-)?(?:comments?|cmt|reply|c|ucomment|comment-?box)[-_]?\d+$", re.IGNORECASE
)
_POST_ID = re.compile(r"^(?:post|msg|p|pid|message|post_)[-_]?\d+$|^js-post-\d+$", re.IGNORECASE)
_COMMENT_CLASS = re.compile(
    r"^(?:(?:user|reader|single|uc|article|news|media|wp|fb|the|one|each|child|reply)[-_]*)?"
    r"(?:comments?|cmt|reply|replies|ta3li[qk]|t3li[qk])"
    r"(?:[-_]*(?:item|block|box|boxcont|wrap|wrapper|row|entry|single|node|card|inner|holder|container|li|unit|body"
    r"|div|one|each|content-?wrap|area-?item))?$",
    re.IGNORECASE,
)
_POST_CLASS = re.compile(
    r"^(?:postbit(?:legacy)?|postcontainer|post_?block|post_wrapper|topic-post|crawler-post|forum-?post|message(?:--post)?|ipscomment|cpost|windowbg2?|post)$",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"recent|latest|widget|sidebar|side-bar|respond|form|popular|menu|nav(?:bar|igation)?(?:$|[-_])|toolbar|related|count|^header|pager|pagination",
    re.IGNORECASE,
)
_BLOCK_TAGS = frozenset(
    ["li", "div", "article", "section", "p", "tr", "td", "table", "dl", "dd", "dt", "blockquote", "ul", "ol"]
)

MOST_BLOCKS = 5_000
"""More marked blocks than this on one page are not read."""


def comment_items(tree: HtmlElement, context: Context) -> list[Item]:
    """Return the readers' answers that markup shows on a page, in reading order."""
    return _best(_groups(tree, _comment_kinds), context)


def post_items(tree: HtmlElement, context: Context) -> list[Item]:
    """Return the posts of a forum thread that markup shows on a page, in reading order."""
    return _best(_groups(tree, _post_kinds), context)


def _comment_kinds(element: HtmlElement) -> list[str]:
    kinds = []
    if "comment" in (element.get("itemprop") or "").lower().split():
        kinds.append("itemprop")
    if re.search(r"schema\.org/(?:User)?Comments?$", element.get("itemtype") or ""):
        kinds.append("itemtype")
    if _COMMENT_ID.match(element.get("id") or ""):
        kinds.append("id")
    if element.get("data-comment-id") or element.get("data-commentid"):
        kinds.append("data")
    kinds += [
        f".{name.lower()}" for name in (element.get("class") or "").split() if _COMMENT_CLASS.match(name)
    ]
    return kinds


def _post_kinds(element: HtmlElement) -> list[str]:
    kinds = []
    if re.search(r"schema\.org/(?:DiscussionForumPosting|Comment)$", element.get("itemtype") or ""):
        kinds.append("itemtype")
    if _POST_ID.match(element.get("id") or ""):
        kinds.append("id")
    kinds += [f".{name.lower()}" for name in (element.get("class") or "").split() if _POST_CLASS.match(name)]
    return kinds


def _groups(tree: HtmlElement, kinds_of: object) -> dict[tuple[str, str], list[HtmlElement]]:
    assert callable(kinds_of)
    found: dict[tuple[str, str], list[HtmlElement]] = {}
    for element in tree.iter(*_BLOCK_TAGS):
        for kind in kinds_of(element):
            found.setdefault((str(element.tag), kind), []).append(element)
    return {
        key: [element for element in group if not _elsewhere(element)]
        for key, group in found.items() if len(group) <= MOST_BLOCKS
    }  # fmt: skip


def _elsewhere(element: HtmlElement) -> bool:
    """True inside lists of the latest comments of a site, side columns and menus."""
    for ancestor in element.iterancestors():
        if ancestor.tag in ("body", "html"):
            return False
        names = tokens(ancestor)
        if any("comments" in name.lower() and "recent" not in name.lower() for name in names):
            return False
        if ancestor.tag == "nav" or any(map(_ELSEWHERE.search, names)):
            return True
    return False


def _best(groups: Mapping[tuple[str, str], list[HtmlElement]], context: Context) -> list[Item]:
    best: list[Item] = []
    best_rank = (0.0, 0)
    for group in groups.values():
        items = read_group(group, context)
        rank = (float(sum(1 + 2 * item.whole + (item.author is not None) for item in items)), _nesting(items))
        if items and rank > best_rank:
            best, best_rank = items, rank
    return best


def _nesting(items: list[Item]) -> int:
    """Return how many answers stand inside another: a group that shows this tells who answers whom."""
    elements = {item.element for item in items}
    return sum(any(ancestor in elements for ancestor in item.element.iterancestors()) for item in items)


def read_group(group: list[HtmlElement], context: Context) -> list[Item]:
    """Read blocks of one kind as answers; blocks of the same kind inside one are answers of their own."""
    members = set(group)
    items = []
    for element in group:
        nested = frozenset(each for each in element.iterdescendants() if each in members)
        item = read_item(element, nested, context)
        if item is None or (item.published is None and (item.author is None or is_teaser(element))):
            continue
        if item.author is not None or item.published is not None:
            items.append(item)
    return items
