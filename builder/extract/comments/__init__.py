"""Finds readers' answers on a page: JSON-LD, markup of many systems, blocks that repeat, forum threads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from lxml.html import HtmlElement

from builder.extract.comments.build import from_items, from_structured, opening_and_answers
from builder.extract.comments.furniture import elements_to_cut, outermost
from builder.extract.comments.item import Context, Item
from builder.extract.comments.marked import comment_items
from builder.extract.comments.shape import shaped_items
from builder.extract.comments.structured import from_jsonld
from builder.extract.comments.thread import first_page, is_later_page, thread_items
from builder.extract.page import Named, Page
from builder.model import Comment
from builder.urls import canonical_url


@dataclass(frozen=True, slots=True)
class CommentsFound:
    """The answers on a page, and the elements that hold them or stand around them (list, form, notice).

    On a forum thread `opening` is its first post, which is the document's own text, author and time, and `block`
    the element that holds it; `is_thread` is true, and where `opening` is None the page is a later one of the
    thread: it holds answers only, and they stand under the key that the thread's first page has.
    """

    comments: tuple[Comment, ...] = ()
    elements: list[HtmlElement] = field(default_factory=list)
    opening: Comment | None = None
    block: HtmlElement | None = None
    is_thread: bool = False


def find_comments(
    tree: HtmlElement,
    url: str,
    document_key: str,
    captured_at: datetime,
    *,
    zone: str | None = None,
    page: Page | None = None,
) -> CommentsFound:
    """Return the answers of readers on a page, in its order, and what to cut before its main text is read.

    `document_key` is the key of the document they stand under, `captured_at` (aware) bounds their times and
    relative ones count from it, `zone` is the site's IANA zone, `page` the tree with what is known of it. The tree
    is not changed.
    """
    page = Page(tree, url) if page is None else page
    context, named = Context(captured_at, page.lines, zone), page.named
    posts = thread_items(tree, named, context)
    if posts:
        return _thread(posts, tree, named, url, document_key)
    items = comment_items(tree, named, context) or shaped_items(page.lines.lines, context)
    elements = elements_to_cut(tree, named, [item.element for item in items])
    told = from_jsonld(page.objects, context)
    if len(told) > len(items):
        return CommentsFound(tuple(from_structured(told, url, document_key)), elements)
    return CommentsFound(tuple(from_items(items, url, document_key)), elements)


def _thread(
    posts: list[Item], tree: HtmlElement, named: list[Named], url: str, document_key: str
) -> CommentsFound:
    if is_later_page(url):
        comments = from_items(
            posts, url, document_key.replace(canonical_url(url), canonical_url(first_page(url)))
        )
        return CommentsFound(
            tuple(comments), elements_to_cut(tree, named, [post.element for post in posts]), is_thread=True
        )
    opening, answers = opening_and_answers(from_items(posts, url, document_key))
    cut = outermost(post.element for post in posts[1:])  # what stands round them may hold the opening too
    return CommentsFound(tuple(answers), cut, opening, posts[0].element, is_thread=True)
