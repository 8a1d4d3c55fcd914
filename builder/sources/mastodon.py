"""Public posts of Mastodon and other servers with its API, without a login and only where the server allows it.

The server is asked first what it lets the public read (`configuration.timelines_access`, Mastodon 4.5). Posts of
people whose profile says noindex, not indexable, or #noai carry that as a signal and stay out of releases.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from pydantic import Field, model_validator

from builder.errors import FetchError
from builder.markup import squeeze, text_of_html
from builder.model import (
    Author,
    Capture,
    Document,
    Engagement,
    Evidence,
    Extraction,
    Signal,
    Target,
    Tombstone,
)
from builder.sources.base import Block, Source
from builder.sources.social import claimed_moment, profile_signals
from builder.urls import canonical_url, site_of

Status = Mapping[str, Any]

PER_PAGE = 40
"""The most a server gives; a larger limit is cut to 40 in silence (measured)."""

IDS_A_CHECK = 20
"""Ids a server answers about at once; Mastodon refuses more (StatusesController, DEFAULT_STATUSES_LIMIT)."""

DESCENDANTS_SHOWN, DEPTH_SHOWN = 60, 20
"""Replies of a conversation, and how deep, that Mastodon shows to who is not logged in (StatusesController)."""

INSTANCE, INSTANCE_V1 = "mastodon.instance", "mastodon.instance-v1"
TIMELINE, ACCOUNT, CONTEXT, CHECK = (
    "mastodon.timeline",
    "mastodon.account",
    "mastodon.context",
    "mastodon.check",
)


class MastodonBlock(Block):
    """`[[source]] kind = "mastodon"`."""

    instance: str = Field(pattern=r"^https?://", description="Address of the server.")
    tags: tuple[str, ...] = Field((), description="Hashtags to follow, without #.")
    accounts: tuple[str, ...] = Field((), description="Accounts to follow, as name or name@server.")
    replies: bool = Field(default=True, description="Ask for the conversation under each post.")
    permission: str | None = Field(
        None, description="Who allowed it, where the server's terms forbid collection."
    )

    @model_validator(mode="after")
    def _allowed(self) -> MastodonBlock:
        if not (self.tags or self.accounts):
            message = "name tags or accounts to follow"
            raise ValueError(message)
        return self


class MastodonSource(Source[MastodonBlock]):
    """Public posts and replies from a Mastodon-like server: hashtag timelines and accounts."""

    kind = "mastodon"
    block_type = MastodonBlock

    @classmethod
    def example(cls) -> str:
        """Return a recipe block to paste."""
        address = 'instance = "https://social.example"\ntags = ["تيك_توك"]\n'
        return '[[source]]\nkind = "mastodon"\nname = "server"\n' + address

    @property
    def base(self) -> str:
        """Address of the server without the slash at its end."""
        return self.block.instance.rstrip("/")

    def seeds(self) -> Iterable[Target]:
        """Return the question what the server lets the public read; all else follows from the answer."""
        return [Target(f"{self.base}/api/v2/instance", self.name, role=INSTANCE, how="api")]

    def follow(self, capture: Capture, target: Target) -> Iterable[Target]:
        """Return what an answer leads to: lists, their next pages, conversations, the check for deleted posts.

        Raises FetchError when an answer is not JSON, so that it is asked for again.
        """
        if target.role == INSTANCE and capture.ref.status in (404, 405):
            return [self._target("/api/v1/instance", INSTANCE_V1, target)]
        if capture.ref.status != 200:
            return ()
        answer = _json(capture)
        if target.role in (INSTANCE, INSTANCE_V1):
            return self._lists(answer, target)
        if target.role == ACCOUNT:
            query = urlencode({"limit": PER_PAGE, "exclude_reblogs": "true"})
            return [
                self._target(
                    f"/api/v1/accounts/{quote(str(answer['id']))}/statuses?{query}", TIMELINE, target
                )
            ]
        if target.role == TIMELINE:
            return self._next(answer, target)
        return self._deeper(answer, target) if target.role == CONTEXT else ()

    def read(self, capture: Capture) -> Extraction | None:
        """Read the public posts of a timeline or conversation, and which of those asked about are gone."""
        role = capture.ref.role
        if not role.startswith("mastodon."):
            return None
        if capture.ref.status != 200:
            return Extraction(skipped="status")
        if role not in (TIMELINE, CONTEXT, CHECK):
            return Extraction(skipped="role")
        try:
            answer = _json(capture)
        except FetchError as error:
            return Extraction(failed=f"json: {error.what}")
        if role == CONTEXT:
            root = self._key_of_context(capture.url, answer)
            statuses = [*answer.get("ancestors", ()), *answer.get("descendants", ())]
            return Extraction(documents=tuple(self._documents(statuses, capture, root)))
        if role == CHECK:
            return Extraction(tombstones=self._gone(capture.url, answer))
        return Extraction(documents=tuple(self._documents(answer, capture, None)))

    def _target(self, path: str, role: str, via: Target) -> Target:
        return Target(self.base + path, self.name, role=role, depth=via.depth + 1, via=via.url, how="api")

    def _lists(self, instance: Mapping[str, Any], via: Target) -> Iterator[Target]:
        access = (instance.get("configuration") or {}).get("timelines_access") or {}
        feeds = access.get("hashtag_feeds") or {}
        if all(feeds.get(part, "public") == "public" for part in ("local", "remote")):
            for tag in self.block.tags:
                yield self._target(f"/api/v1/timelines/tag/{quote(tag)}?limit={PER_PAGE}", TIMELINE, via)
        for account in self.block.accounts:
            yield self._target(f"/api/v1/accounts/lookup?{urlencode({'acct': account})}", ACCOUNT, via)

    def _next(self, statuses: list[Status], target: Target) -> Iterator[Target]:
        """Pages go by `max_id`: not every server sends a Link header (snac sends none)."""
        if not statuses:
            return
        parts = urlsplit(target.url)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        oldest = str(statuses[-1]["id"])
        if query.get("max_id") != oldest:
            yield self._target(f"{parts.path}?{urlencode({**query, 'max_id': oldest})}", TIMELINE, target)
        if self.block.replies:
            for status in statuses:
                if status.get("replies_count") and not status.get("in_reply_to_id"):
                    yield self._target(
                        f"/api/v1/statuses/{quote(str(status['id']))}/context", CONTEXT, target
                    )
        for start in range(0, len(statuses), IDS_A_CHECK):
            asked = statuses[start : start + IDS_A_CHECK]
            ids = urlencode([("id[]", str(status["id"])) for status in asked])
            yield self._target(f"/api/v1/statuses?{ids}", CHECK, target)

    def _deeper(self, context: Mapping[str, list[Status]], target: Target) -> Iterator[Target]:
        """Ask below the replies of a conversation whose own replies the server left out for its size."""
        replies = context.get("descendants") or []
        shown = Counter(str(reply.get("in_reply_to_id")) for reply in replies)
        depth: Counter[str] = Counter()
        for reply in replies:
            own = str(reply["id"])
            depth[own] = depth[str(reply.get("in_reply_to_id"))] + 1
            cut = len(replies) >= DESCENDANTS_SHOWN or depth[own] >= DEPTH_SHOWN
            if cut and (reply.get("replies_count") or 0) > shown[own]:
                yield self._target(f"/api/v1/statuses/{quote(own)}/context", CONTEXT, target)

    def _documents(
        self, statuses: Iterable[Status], capture: Capture, root: str | None
    ) -> Iterator[Document]:
        for status in statuses:
            if status.get("visibility") == "public" and not status.get("reblog"):
                yield self._document(status, capture, root)

    def _document(self, status: Status, capture: Capture, root: str | None) -> Document:
        address = str(status.get("url") or status["uri"])
        parent = status.get("in_reply_to_id")
        edited = status.get("edited_at")
        return Document(
            key=self._key(str(status["id"])),
            url=address,
            canonical_url=canonical_url(address),
            site=site_of(address),
            record_type="post",
            text=_text(status),
            author=_author(status, site_of(self.base)),
            hashtags=tuple(str(tag["name"]) for tag in status.get("tags", ())),
            published=claimed_moment(str(status.get("created_at", "")), capture.ref.fetched_at),
            modified=claimed_moment(str(edited), capture.ref.fetched_at) if edited else None,
            lang_declared=status.get("language"),
            posted_on="mastodon",
            instance=site_of(str(status.get("uri") or address)),
            thread_key=root,
            root_key=root,
            parent_key=self._key(str(parent)) if parent else None,
            parent_state="present" if parent else "none",
            engagement=_engagement(status, capture),
            edited=bool(edited),
            charset="utf-8",
            reader="mastodon/1",
            evidence=(Evidence("text", "api:content"), Evidence("published_at", "api:created_at")),
            signals=_signals(status.get("account") or {}),
        )

    def _key(self, native_id: str) -> str:
        """Ids are strings: not every server's are numbers, and those that are pass 2^53."""
        return f"mastodon/{site_of(self.base)}/{native_id}"

    def _key_of_context(self, url: str, context: Mapping[str, list[Status]]) -> str:
        ancestors = context.get("ancestors") or ()
        native_id = str(ancestors[0]["id"]) if ancestors else urlsplit(url).path.split("/")[-2]
        return self._key(native_id)

    def _gone(self, url: str, found: Iterable[Status]) -> tuple[Tombstone, ...]:
        asked = parse_qs(urlsplit(url).query).get("id[]", [])
        there = {str(status["id"]) for status in found}
        return tuple(
            Tombstone(self._key(native_id), "deleted") for native_id in asked if native_id not in there
        )


def _json(capture: Capture) -> Any:
    try:
        return json.loads(capture.body)
    except ValueError as error:
        raise FetchError(f"the answer is not JSON: {error}", where=capture.url) from error


def _text(status: Status) -> str:
    warning = squeeze(str(status.get("spoiler_text") or ""))
    body = text_of_html(str(status.get("content") or ""))
    return "\n".join(part for part in (warning, body) if part)


def _author(status: Status, asked: str) -> Author:
    account = status.get("account") or {}
    handle = str(account.get("acct") or "")
    full = handle if "@" in handle or not handle else f"{handle}@{asked}"
    name = squeeze(str(account.get("display_name") or "")) or None
    return Author(
        name=name, handle=full or None, native_id=str(account.get("uri") or account.get("id") or full)
    )


def _signals(account: Mapping[str, Any]) -> tuple[Signal, ...]:
    said = [*profile_signals(text_of_html(str(account.get("note") or "")))]
    if account.get("noindex"):
        said.append(Signal("noindex", "profile", "noindex=true"))
    if account.get("indexable") is False:
        said.append(Signal("not-indexable", "profile", "indexable=false"))
    return tuple(said)


def _engagement(status: Status, capture: Capture) -> Engagement:
    return Engagement(
        likes=status.get("favourites_count"),
        replies=status.get("replies_count"),
        reposts=status.get("reblogs_count"),
        quotes=status.get("quotes_count"),
        as_of=capture.ref.fetched_at,
    )
