"""Answers whose markup says what they are: ids, class names and itemprops of many systems, none by name.

Blocks are grouped by kind (tag and kind of mark); the group that reads as the most whole answers is taken, so a
wrapper that is marked like its contents does not win over them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import lru_cache

from lxml.html import Element, HtmlElement

from builder.extract.comments.item import Context, Item, native_id, read_item
from builder.extract.comments.marks import marks, tokens
from builder.extract.comments.teaser import is_teaser
from builder.extract.page import Named
from builder.markup import squeeze

_ELSEWHERE = re.compile(
    r"(?:^|[-_])(?:recent|latest|widgets?|side-?bar|respond|form|popular|menu|nav|navbar|navigation|toolbar|related"
    r"|counts?|header|pager|pagination)(?:$|[-_])|^(?:recent|latest)",
    re.IGNORECASE,
)
_AMONG_COMMENTS = re.compile(
    r"^(?:disqus|all-?comments|comments?[-_]?(?:list|area|wrapper|container|section|thread|block|box|ul)?)(?:$|[-_])",
    re.IGNORECASE,
)
_COMMENT_TYPE = re.compile(r"schema\.org/(?:User)?Comments?$")
_POST_TYPE = re.compile(r"schema\.org/(?:DiscussionForumPosting|Comment)$")
_BLOCK_TAGS = frozenset(
    ["li", "div", "article", "section", "p", "tr", "td", "table", "dl", "dd", "dt", "blockquote", "ul", "ol"]
)

_BODIES = frozenset(("postbody", "postcolor"))
"""Classes of the text of a post in phpBB 2 and Invision 2."""

_SURE_TEXTS = (0, 1)
"""Ranks of the names that only the text of an answer bears (see `Marks`)."""

MOST_BLOCKS = 5_000
"""More marked blocks than this on one page are not read."""


def comment_items(tree: HtmlElement, named: list[Named], context: Context) -> list[Item]:
    """Return the readers' answers that markup shows on a page, in reading order."""
    article = _holders_of_article(tree, named)
    groups = _groups(named, _comment_kinds, article)
    own = {key: [block for block in group if block not in article] for key, group in groups.items()}
    found = [item for item in _best(own, context) if not _is_form(item)]
    return found or definition_items(tree, context)


def _is_form(item: Item) -> bool:
    """Return whether all that a block says are labels of fields: a form to answer with, not an answer."""
    labels = {squeeze(str(label.text_content())) for label in item.element.iter("label")}
    return bool(labels) and labels.issuperset(item.text.splitlines())


def definition_items(tree: HtmlElement, context: Context) -> list[Item]:
    """Return the answers of definition lists: dt says who, the dd elements behind it say what and when."""
    items = []
    for term in tree.iter("dt"):
        if not any("comment" in name.lower() for name in tokens(term)):
            continue
        block = Element("div")
        block.append(deepcopy(term))
        for part in term.itersiblings():
            if part.tag != "dd":
                break
            block.append(deepcopy(part))
        item = read_item(block, frozenset(), context)
        if item is not None and item.author is not None:
            items.append(replace(item, element=term, native_id=native_id(term)))
    return items


def post_items(tree: HtmlElement, named: list[Named], context: Context) -> list[Item]:
    """Return the posts of a forum thread that markup shows on a page, in reading order."""
    groups = _groups(named, _post_kinds, set())
    bodied = _round_bodies(tree)
    return _best({**groups, ("", "body"): bodied} if bodied else groups, context)


def _round_bodies(tree: HtmlElement) -> list[HtmlElement]:
    """Return for each text of a post the smallest block that holds its writer too: old forums name no post.

    Where a block holds two texts before it holds a name, there is none.
    """
    bodies = [element for element in tree.iter("span", "div") if element.get("class") in _BODIES]
    if not 0 < len(bodies) <= MOST_BLOCKS:
        return []
    texts = Counter(above for body in bodies for above in body.iterancestors())
    named = (element for element in tree.iter("*") if marks(element).author is not None)
    writers = {above for element in named for above in element.iterancestors()}
    found = (next(filter(writers.__contains__, body.iterancestors()), None) for body in bodies)
    return [block for block in found if block is not None and texts[block] == 1]


def _comment_kinds(name: Named) -> list[str]:
    element, said = name.element, name.said
    kinds = ["itemprop"] if said.comment_prop else []
    if _COMMENT_TYPE.search(name.type):
        kinds.append("itemtype")
    if said.comment_id:
        kinds.append("id")
    if element.get("data-comment-id") or element.get("data-commentid"):
        kinds.append("data")
    if said.post_id and _among_comments(element):
        kinds.append("post-id")
    return [*kinds, *said.comment_classes]


def _among_comments(element: HtmlElement) -> bool:
    around = (each for each in element.iterancestors() if each.tag not in ("body", "html"))
    return any(_AMONG_COMMENTS.search(name) for each in around for name in tokens(each))


def _post_kinds(name: Named) -> list[str]:
    kinds = ["itemtype"] if _POST_TYPE.search(name.type) else []
    if name.said.post_id:
        kinds.append("id")
    return [*kinds, *name.said.post_classes]


def _holders_of_article(tree: HtmlElement, named: list[Named]) -> set[HtmlElement]:
    """Return the elements with a headline or the body of an article in them: whatever their names, no answers."""
    found: set[HtmlElement] = set()
    parts = [name.element for name in named if name.said.headline]
    for part in (*tree.iter("h1"), *parts):
        current: HtmlElement | None = part
        while current is not None and current not in found:
            found.add(current)
            current = current.getparent()
    return found


def _groups(
    named: list[Named], kinds_of: Callable[[Named], list[str]], article: set[HtmlElement]
) -> dict[tuple[str, str], list[HtmlElement]]:
    found: dict[tuple[str, str], list[HtmlElement]] = {}
    for name in named:
        for kind in kinds_of(name) if name.tag in _BLOCK_TAGS else ():
            found.setdefault((name.tag, kind), []).append(name.element)
    known: dict[HtmlElement, bool] = {}
    neutral = article - {each for each in article if each.tag in ("body", "html")}
    return {
        key: [element for element in group if not _elsewhere(element.getparent(), known, neutral)]
        for key, group in found.items() if len(group) <= MOST_BLOCKS
    }  # fmt: skip


def _elsewhere(
    element: HtmlElement | None, known: dict[HtmlElement, bool], neutral: set[HtmlElement]
) -> bool:
    """True inside lists of the latest comments of a site, side columns and menus; `known` keeps the answers.

    `neutral` elements hold the article, so their names ("content-with-sidebar") say nothing.
    """
    chain = []
    verdict: bool | None = None
    while element is not None and verdict is None:
        verdict = known.get(element)
        if verdict is None and element not in neutral:
            verdict = _elsewhere_by_name(str(element.tag), element.get("class"), element.get("id"))
        chain.append(element)
        element = element.getparent()
    known.update(dict.fromkeys(chain, bool(verdict)))
    return bool(verdict)


@lru_cache(maxsize=8192)
def _elsewhere_by_name(tag: str, classes: str | None, own_id: str | None) -> bool | None:
    """Return what an element's own names say: True elsewhere, False among comments, None nothing."""
    if tag in ("body", "html"):
        return False
    names = [*(classes or "").split(), own_id or ""]
    if any(_AMONG_COMMENTS.search(name) and "recent" not in name.lower() for name in names):
        return False
    return True if tag == "nav" or any(map(_ELSEWHERE.search, names)) else None


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
    """Read blocks of one kind as answers; blocks of the same kind inside one are answers of their own.

    Those whose name says that they hold a text are that of the answer round them: both may be numbered.
    """
    inner = _inner(group)
    texts = {part for parts in inner.values() for part in parts if marks(part).text in _SURE_TEXTS}
    if texts:
        group = [element for element in group if element not in texts]
        inner = _inner(group)
    items = []
    for element in group:
        nested = frozenset(inner.get(element, ()))
        item = read_item(element, nested, context)
        if item is None or (item.published is None and item.author is None):
            continue
        if item.published is not None or not is_teaser(element, nested, context):
            items.append(item)
    return items


def _inner(group: list[HtmlElement]) -> dict[HtmlElement, set[HtmlElement]]:
    """Return for each block of a group those of the group that it is the nearest to hold."""
    members = set(group)
    found: dict[HtmlElement, set[HtmlElement]] = {}
    for element in group:
        outer = next((ancestor for ancestor in element.iterancestors() if ancestor in members), None)
        if outer is not None:
            found.setdefault(outer, set()).add(element)
    return found
