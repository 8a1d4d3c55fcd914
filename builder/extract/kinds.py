"""Pages that hold no article: errors that answer 200, and indexes of other pages."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from builder.extract import jsonld
from builder.extract.article import MainText
from builder.extract.page import Page
from builder.extract.title import ARTICLE
from builder.extract.wording import ERROR, folded

MAX_ERROR_CHARS = 600
"""Longest main text of a page that says there is no page."""

PARAGRAPH_CHARS = 160
"""A line of this length, not a link, is a paragraph; teasers and captions are shorter."""

MIN_ARTICLE_CHARS = 500
"""Text that long without a paragraph may be a poem or a list, if nothing else speaks for an index."""

_INDEX_PATH = re.compile(
    r"/(?:category|categories|tags?|archives?|search|author|authors|label|labels|topics?|sections?"
    r"|index|page)(?:/[^/]*){0,2}/?$|/page/\d+/?$",
    re.IGNORECASE,
)
_INDEX_BODY = re.compile(
    r"(?:^|\s)(?:home|blog|archive|category|tag|search|search-results|paged|home-page|homepage"
    r"|front-page)(?:\s|$)"
)
_SINGLE_BODY = re.compile(
    r"(?:^|\s)(?:single|single-post|article|postid-\d+|post-template\S*|item-page|item)(?:\s|$)"
)
_INDEX_TYPES = frozenset(("CollectionPage", "ItemList", "SearchResultsPage", "ProfilePage"))


def page_kind(page: Page, title: str | None, main: MainText) -> str | None:
    """Return "error-page" or "index" when a page holds no article, else None."""
    text_chars = sum(len(line) for line in main.lines)
    if text_chars <= MAX_ERROR_CHARS and any(
        ERROR.search(folded(said)) for said in (title, page.head_title) if said
    ):
        return "error-page"
    against = _index_evidence(page, main)
    if not against:
        return None
    return "index" if against > _article_evidence(page, main, text_chars) else None


def _index_evidence(page: Page, main: MainText) -> int:
    """Count what speaks for a list of other pages."""
    path = urlsplit(page.url)
    body = page.tree.find("body")
    classes = body.get("class") or "" if body is not None else ""
    types = {name for item in page.objects for name in jsonld.types(item)}
    return sum(
        (
            2 * (path.path in ("", "/") and not path.query),
            2 * bool(_INDEX_PATH.search(path.path)),
            2 * bool(_INDEX_BODY.search(classes) and not _SINGLE_BODY.search(classes)),
            bool(types & _INDEX_TYPES),
            page.first_meta("og:type") in ("website", "blog", "object"),
            2 * (main.link_share > 0.6),
            main.teasers >= 3,
        )
    )


def _article_evidence(page: Page, main: MainText, text_chars: int) -> int:
    """Count what speaks for one text."""
    types = {name for item in page.objects for name in jsonld.types(item)}
    paragraphs = sum(len(line) >= PARAGRAPH_CHARS for line in main.lines)
    return sum(
        (
            2 * (page.first_meta("og:type") == "article"),
            2 * any(ARTICLE.search(name) for name in types),
            any(name.startswith("article:published") for name in page.meta),
            bool(main.declared),
            paragraphs >= 1,
            paragraphs >= 3,
            paragraphs >= 8,
            text_chars >= MIN_ARTICLE_CHARS and main.link_share < 0.2,
        )
    )
