"""Forum threads: pages whose posts are the content, told from lists of articles by their members' marks."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from lxml.html import HtmlElement

from builder.extract.comments.item import Context, Item
from builder.extract.comments.marked import post_items
from builder.extract.page import Named

_MEMBER = re.compile(
    r"member\.php|memberlist\.php|/members?/|profile|action=profile|/u/|/users?/|showuser|member\d|/user\b",
    re.IGNORECASE,
)
_MAKERS = re.compile(
    r"vbulletin|phpbb|xenforo|simple machines|\bsmf\b|mybb|discourse|invision|ip\.?board|flarum|punbb|fluxbb|vanilla",
    re.IGNORECASE,
)
_FORUMOTION_PAGE = re.compile(r"^(/t\d+)p\d+(-)")
"""A later page of a thread on the hosts of Forumotion: /t9p15-title beside /t9-title."""

_PAGE = re.compile(r"^(?:page|p|start|st|pagenumber|pg)$", re.IGNORECASE)


def thread_items(tree: HtmlElement, named: list[Named], context: Context) -> list[Item]:
    """Return the posts of a forum thread in reading order; [] when the page is none."""
    if not _looks_like_forum(tree, named):
        return []
    posts = [post for post in post_items(tree, named, context) if post.author is not None]
    if not posts or any(_links_on(post.element) for post in posts[:3]):
        return []
    return posts


def is_later_page(url: str) -> bool:
    """True when an address asks for a later page of a thread, whose first post is not the thread's own."""
    parts = urlsplit(url)
    numbered = any(
        _PAGE.match(key) and value.isdigit() and int(value) > 1 for key, value in parse_qsl(parts.query)
    )
    told = re.search(r"[/\-]page-?([2-9]|\d{2,})(?:\D|$)", parts.path) or _FORUMOTION_PAGE.match(parts.path)
    return numbered or bool(told)


def first_page(url: str) -> str:
    """Return the address of a thread's first page for that of any of its pages."""
    parts = urlsplit(url)
    kept = [
        (key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if not _PAGE.match(key)
    ]
    path = _FORUMOTION_PAGE.sub(r"\1\2", re.sub(r"[/\-]page-?\d+/?$", "", parts.path))
    return urlunsplit(parts._replace(query=urlencode(kept), path=path, fragment=""))


def _looks_like_forum(tree: HtmlElement, named: list[Named]) -> bool:
    maker = " ".join(
        meta.get("content") or ""
        for meta in tree.iter("meta")
        if (meta.get("name") or "").lower() == "generator"
    )
    if _MAKERS.search(maker):
        return True
    if any("DiscussionForumPosting" in name.type for name in named):
        return True
    marks = sum(name.said.forum for name in named)
    if marks != 1:
        return marks > 1
    return any(_MEMBER.search(link.get("href") or "") for link in tree.iter("a"))


def _links_on(element: HtmlElement) -> bool:
    """True for a block whose heading links away: the teaser of an article, not a post."""
    for heading in element.iter("h1", "h2"):
        link = heading.find(".//a[@href]")
        if link is not None and not re.search(r"#|post|p=\d|viewtopic|showthread", link.get("href") or ""):
            return True
    return False
