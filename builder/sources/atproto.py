"""Public posts of the AT Protocol (Bluesky) without a login: author feeds, threads, or a repository's own records.

Search is not used: it is shut to the public on and off, and its makers say to synchronise by the protocol. Posts of
people who ask not to be shown to the logged-out carry that as a signal; deleted posts are asked for again and leave.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import Field

from builder.errors import FetchError
from builder.model import (
    Author,
    Capture,
    Document,
    Engagement,
    Evidence,
    Extraction,
    ParentState,
    Signal,
    Target,
    Tombstone,
)
from builder.sources.base import Block, Source
from builder.sources.social import claimed_moment, profile_signals

Node = Mapping[str, Any]

PROFILE, FEED, THREAD, RECORDS, CHECK = (
    "atproto.profile",
    "atproto.feed",
    "atproto.thread",
    "atproto.records",
    "atproto.check",
)
THREAD_DEPTH = 100
"""The default of 6 shows 7 posts of a thread of 16 (measured)."""

POSTS_A_CHECK = 25
"""The most app.bsky.feed.getPosts takes."""

COLLECTION = "app.bsky.feed.post"
DEAD: dict[str, ParentState] = {"notFoundPost": "deleted", "blockedPost": "missing"}


class AtprotoBlock(Block):
    """`[[source]] kind = "atproto"`."""

    actors: tuple[str, ...] = Field(min_length=1, description="Handles or DIDs of the accounts to follow.")
    appview: str = Field(
        "https://public.api.bsky.app", pattern=r"^https?://", description="Server that is asked."
    )
    pds: str | None = Field(None, description="Ask this server for the accounts' own records instead.")
    replies: bool = Field(default=True, description="Ask for the thread under each post.")


class AtprotoSource(Source[AtprotoBlock]):
    """Public posts and threads of accounts on the AT Protocol, such as Bluesky."""

    kind = "atproto"
    block_type = AtprotoBlock

    @classmethod
    def example(cls) -> str:
        """Return a recipe block to paste."""
        return '[[source]]\nkind = "atproto"\nname = "bluesky"\nactors = ["someone.bsky.social"]\n'

    def seeds(self) -> Iterable[Target]:
        """Return the accounts' profiles, which say whether they may be read; or their records on one server."""
        if self.block.pds:
            return [self._records(actor, None, "start") for actor in self.block.actors]
        return [
            self._ask("app.bsky.actor.getProfile", PROFILE, None, actor=actor) for actor in self.block.actors
        ]

    def follow(self, capture: Capture, target: Target) -> Iterable[Target]:
        """Return what an answer leads to: the feed, its next page, threads, the check for deleted posts.

        Raises FetchError when an answer is not JSON, so that it is asked for again.
        """
        if capture.ref.status != 200:
            return ()
        answer = _json(capture)
        if target.role == PROFILE:
            return () if _profile_signals(answer) else [self._feed(str(answer["did"]), None, target)]
        if target.role == FEED:
            return self._after_feed(answer, target)
        if target.role == RECORDS and answer.get("records") and answer.get("cursor"):
            # A cursor comes with the last page too: only an empty page ends the list (measured).
            repo = parse_qs(urlsplit(target.url).query)["repo"][0]
            return [self._records(repo, str(answer["cursor"]), target.url)]
        return ()

    def read(self, capture: Capture) -> Extraction | None:
        """Read the posts of a feed, thread or list of records, and which of those asked about are gone."""
        role = capture.ref.role
        if not role.startswith("atproto."):
            return None
        if capture.ref.status != 200 or role == PROFILE:
            return Extraction(skipped="role" if role == PROFILE else "status")
        try:
            answer = _json(capture)
        except FetchError as error:
            return Extraction(failed=f"json: {error.what}")
        if role == CHECK:
            return Extraction(tombstones=_gone(capture.url, answer))
        views = {FEED: _feed_posts, THREAD: _thread_posts, RECORDS: _record_posts}[role](answer)
        return Extraction(documents=tuple(_document(view, parent, capture) for view, parent in views))

    def _ask(self, method: str, role: str, via: Target | None, **query: str | int | list[str]) -> Target:
        url = f"{self.block.appview.rstrip('/')}/xrpc/{method}?{urlencode(query, doseq=True)}"
        depth, came_from = (via.depth + 1, via.url) if via else (0, None)
        return Target(url, self.name, role=role, depth=depth, via=came_from, how="api" if via else "start")

    def _feed(self, did: str, cursor: str | None, via: Target) -> Target:
        more = {"cursor": cursor} if cursor else {}
        return self._ask("app.bsky.feed.getAuthorFeed", FEED, via, actor=did, limit=100, **more)

    def _records(self, repo: str, cursor: str | None, via: str) -> Target:
        query = {"repo": repo, "collection": COLLECTION, "limit": "100", "reverse": "true"}
        query |= {"cursor": cursor} if cursor else {}
        url = f"{str(self.block.pds).rstrip('/')}/xrpc/com.atproto.repo.listRecords?{urlencode(query)}"
        return Target(url, self.name, role=RECORDS, via=None if via == "start" else via, how="api")

    def _after_feed(self, answer: Node, target: Target) -> Iterator[Target]:
        views = [view for view, _ in _feed_posts(answer)]
        if answer.get("cursor") and answer.get("feed"):
            did = parse_qs(urlsplit(target.url).query)["actor"][0]
            yield self._feed(did, str(answer["cursor"]), target)
        if self.block.replies:
            for view in views:
                if view.get("replyCount") and not view["record"].get("reply"):
                    uri = str(view["uri"])
                    yield self._ask(
                        "app.bsky.feed.getPostThread", THREAD, target, uri=uri, depth=THREAD_DEPTH
                    )
        uris = [str(view["uri"]) for view in views]
        for start in range(0, len(uris), POSTS_A_CHECK):
            yield self._ask("app.bsky.feed.getPosts", CHECK, target, uris=uris[start : start + POSTS_A_CHECK])


View = tuple[Node, ParentState | None]
"""A post as the server shows it, and what became of its parent where the server says."""


def _json(capture: Capture) -> Any:
    try:
        return json.loads(capture.body)
    except ValueError as error:
        raise FetchError(f"the answer is not JSON: {error}", where=capture.url) from error


def _feed_posts(answer: Node) -> list[View]:
    items = [item for item in answer.get("feed", ()) if not item.get("reason")]
    return [(item["post"], _state_of((item.get("reply") or {}).get("parent"))) for item in items]


def _record_posts(answer: Node) -> list[View]:
    records = answer.get("records", ())
    return [({"uri": record["uri"], "record": record["value"], "author": {}}, None) for record in records]


def _thread_posts(answer: Node) -> list[View]:
    found: list[View] = []
    waiting: list[tuple[Node, ParentState | None]] = [(answer.get("thread") or {}, None)]
    while waiting:
        node, parent = waiting.pop()
        if "post" not in node:
            continue
        found.append((node["post"], parent or _state_of(node.get("parent"))))
        waiting.extend((reply, "present") for reply in reversed(node.get("replies") or ()))
    return found


def _state_of(parent: Node | None) -> ParentState | None:
    if not parent:
        return None
    kind = str(parent.get("$type", "")).rpartition("#")[2]
    return DEAD.get(kind, "present")


def _gone(url: str, answer: Node) -> tuple[Tombstone, ...]:
    there = {str(post["uri"]) for post in answer.get("posts", ())}
    asked = parse_qs(urlsplit(url).query).get("uris", [])
    return tuple(Tombstone(uri, "deleted") for uri in asked if uri not in there)


def _document(view: Node, parent_state: ParentState | None, capture: Capture) -> Document:
    record, author, uri = view["record"], view.get("author") or {}, str(view["uri"])
    did, key = uri.removeprefix("at://").split("/")[0], uri.rpartition("/")[2]
    address = f"https://bsky.app/profile/{did}/post/{key}"
    reply = record.get("reply") or {}
    root = (reply.get("root") or {}).get("uri")
    parent = (reply.get("parent") or {}).get("uri")
    published = claimed_moment(str(record.get("createdAt", "")), capture.ref.fetched_at)
    return Document(
        key=uri,
        url=address,
        canonical_url=address,
        site="bsky.app",
        record_type="post",
        text=str(record.get("text") or ""),
        author=Author(author.get("displayName") or None, author.get("handle"), did),
        hashtags=tuple(_tags(record)),
        published=published,
        lang_declared=next(iter(record.get("langs") or ()), None),
        posted_on="bluesky",
        instance=urlsplit(capture.url).hostname,
        thread_key=root or uri,
        root_key=root,
        parent_key=parent,
        parent_state=(parent_state or "present") if parent else "none",
        engagement=_engagement(view, capture),
        charset="utf-8",
        reader="atproto/1",
        evidence=(Evidence("text", "api:record.text"), Evidence("published_at", "api:record.createdAt", 0.8)),
        flags=() if published else ("claimed_date_not_believed",),
        signals=_label_signals(author),
    )


def _tags(record: Node) -> Iterator[str]:
    """Hashtags are features of facets, whose offsets count UTF-8 bytes; the tag itself stands beside them."""
    yield from (str(tag) for tag in record.get("tags") or ())
    for facet in record.get("facets") or ():
        for feature in facet.get("features", ()):
            if feature.get("$type") == "app.bsky.richtext.facet#tag":
                yield str(feature["tag"])


def _label_signals(author: Node) -> tuple[Signal, ...]:
    values = [str(label.get("val")) for label in author.get("labels") or ()]
    return tuple(
        Signal("no-unauthenticated", "profile", value) for value in values if value == "!no-unauthenticated"
    )


def _profile_signals(profile: Node) -> tuple[Signal, ...]:
    return (*_label_signals(profile), *profile_signals(str(profile.get("description") or "")))


def _engagement(view: Node, capture: Capture) -> Engagement:
    return Engagement(
        likes=view.get("likeCount"),
        replies=view.get("replyCount"),
        reposts=view.get("repostCount"),
        quotes=view.get("quoteCount"),
        as_of=capture.ref.fetched_at if "likeCount" in view else None,
    )
