"""WordPress sites through their public REST interface: posts, pages and comments, with nothing asked twice.

Lists are walked by date, each request asking for what is newer than the last item seen: `offset` makes `page`
a lie, and `page` slips when something is published meanwhile (both measured on WordPress 6.1 and 6.8).
Where the interface is shut, the site's feed and sitemap are read instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import Field

from builder.errors import FetchError
from builder.model import Capture, Extraction, LeftOver, Target
from builder.sources.base import Block, Source
from builder.sources.site import SiteBlock, SiteSource
from builder.sources.wordpress_read import Items, read_comments, read_posts

PER_PAGE = 100
"""Items a request; WordPress answers 400 above 100."""

SHUT = frozenset({401, 403, 404, 405, 410, 501})
"""Answers by which a site keeps its interface to itself."""

POSTS, PAGES, COMMENTS = "wordpress.posts", "wordpress.pages", "wordpress.comments"
_ROUTES = {POSTS: "posts", PAGES: "pages", COMMENTS: "comments"}
_OWN_ROLES = frozenset(_ROUTES)


class WordPressBlock(Block):
    """`[[source]] kind = "wordpress"`."""

    url: str = Field(pattern=r"^https?://", description="Address of the blog's front page.")
    comments: bool = Field(default=True, description="Ask for readers' comments too.")
    pages: bool = Field(default=False, description="Ask for standing pages (about, contact) too.")


class WordPressSource(Source[WordPressBlock]):
    """A WordPress blog: posts with authors, categories, tags and the tree of comments, by its REST interface."""

    kind = "wordpress"
    block_type = WordPressBlock

    def __init__(self, block: WordPressBlock) -> None:
        super().__init__(block)
        fallback = SiteBlock(kind="site", name=block.name, start=(self.base + "/",), timezone=block.timezone)
        self.fallback = SiteSource(fallback)

    @property
    def base(self) -> str:
        """Address of the blog without the slash at its end."""
        return self.block.url.rstrip("/")

    @classmethod
    def example(cls) -> str:
        """Return a recipe block to paste."""
        return '[[source]]\nkind = "wordpress"\nname = "blog"\nurl = "https://blog.example.org"\n'

    def seeds(self) -> Iterable[Target]:
        """Return the first page of each list."""
        roles = [POSTS]
        roles += [PAGES] if self.block.pages else []
        roles += [COMMENTS] if self.block.comments else []
        return [Target(self._list_url(role, pretty=True), self.name, role=role, how="api") for role in roles]

    def follow(self, capture: Capture, target: Target) -> Iterable[Target | LeftOver]:
        """Return the next page of a list, or the feed and sitemap where the interface is shut.

        Raises FetchError when a list does not come as JSON, so that it is asked for again.
        """
        if target.role not in _OWN_ROLES:
            return self.fallback.follow(capture, target)
        if capture.ref.status in SHUT:
            return self._way_round(target)
        if capture.ref.status != 200:
            return ()
        return self._next(self._items(capture), capture, target)

    def read(self, capture: Capture) -> Extraction | None:
        """Read a list of posts or comments; pages of the fallback are left to builder.extract."""
        role = capture.ref.role
        if role not in _OWN_ROLES:
            return None
        if capture.ref.status != 200:
            return Extraction(skipped="status")
        try:
            items = self._items(capture)
        except FetchError as error:
            return Extraction(failed=f"json: {error.what}")
        reader = read_comments if role == COMMENTS else read_posts
        return reader(items, self.base)

    def _items(self, capture: Capture) -> Items:
        try:
            items = json.loads(capture.body)
        except ValueError as error:
            raise FetchError(f"the answer is not JSON: {error}", where=capture.url) from error
        if not isinstance(items, list):
            raise FetchError("the answer is not a list", where=capture.url)
        return [item for item in items if isinstance(item, Mapping)]

    def _list_url(self, role: str, *, pretty: bool, **window: str) -> str:
        query = {"per_page": str(PER_PAGE), "order": "asc"}
        query["orderby"] = "date_gmt" if role == COMMENTS else "date"
        if role != COMMENTS:
            query["_embed"] = "author,wp:term"
        query.update(window)
        route = f"/wp/v2/{_ROUTES[role]}"
        if pretty:
            return f"{self.base}/wp-json{route}?{urlencode(query)}"
        return f"{self.base}/?{urlencode({'rest_route': route, **query})}"

    def _way_round(self, target: Target) -> Iterator[Target]:
        """The plain form of the interface first, then feed, sitemap and front page."""
        if "/wp-json/" in target.url:
            url = self._list_url(target.role, pretty=False)
            yield Target(url, self.name, role=target.role, via=target.url, how="api")
        elif target.role == POSTS:
            for path, role in (
                ("/feed/", "feed"),
                ("/wp-sitemap.xml", "sitemap"),
                ("/sitemap.xml", "sitemap"),
            ):
                yield Target(self.base + path, self.name, role=role, via=target.url, how="fallback")
            yield Target(self.base + "/", self.name, via=target.url, how="fallback")

    def _next(self, items: Items, capture: Capture, target: Target) -> Iterator[Target]:
        query = parse_qs(urlsplit(target.url).query)
        pretty = "rest_route" not in query
        window = self._next_window(items, query) if _goes_on(items, capture, query) else None
        if window is None and target.role != COMMENTS and "modified_after" not in query and items:
            window = {"orderby": "modified", "modified_after": max(str(item["modified"]) for item in items)}
        if window is not None:
            url = self._list_url(target.role, pretty=pretty, **window)
            yield Target(url, self.name, role=target.role, via=capture.url, how="api")

    def _next_window(self, items: Items, query: Mapping[str, list[str]]) -> dict[str, str]:
        """Return what sets the next request apart from this one."""
        by_change = "modified_after" in query
        field, since = ("modified", "modified_after") if by_change else ("date", "after")
        window = {"orderby": "modified"} if by_change else {}
        seconds = {str(item[field]) for item in (*items[:1], *items[-1:])}
        if len(seconds) < 2:
            # A whole page of one second (an import), or of what is not shown: only page numbers get past it.
            number = int(query.get("page", ["1"])[0]) + 1
            kept = {since: query[since][0]} if since in query else {}
            return {**window, **kept, "page": str(number)}
        return {**window, since: _second_before(str(items[-1][field]))}


def _goes_on(items: Items, capture: Capture, query: Mapping[str, list[str]]) -> bool:
    """Return whether a list has more. A page of fewer is not its end: WordPress first cuts pages, then leaves out
    comments on posts that are not public (WP_REST_Comments_Controller::get_items)."""
    pages = capture.header("X-WP-TotalPages") or ""
    if not (pages.isascii() and pages.isdigit()):
        return len(items) >= PER_PAGE
    return int(pages[:9]) > int(query.get("page", ["1"])[0])


def _second_before(moment: str) -> str:
    """Return the second before a site-local time: `after` is exclusive, and items may share a second."""
    parsed = datetime.fromisoformat(moment).replace(tzinfo=UTC) - timedelta(seconds=1)
    return parsed.strftime("%Y-%m-%dT%H:%M:%S")
