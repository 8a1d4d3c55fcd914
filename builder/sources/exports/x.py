"""X: answers of the v2 API as twarc keeps them, classic tweets, and tweets as its own pages load them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from html import unescape

from builder.model import Author, Engagement, Tombstone
from builder.sources.exports.base import (
    Export,
    Json,
    Post,
    Record,
    X,
    at,
    first,
    ident,
    instant_of,
    items,
    lines,
    number,
    own_id,
    text,
    words,
)


class XApi(Export):
    """Posts of X as JSON lines: v2 answers, posts flattened by twarc2, or classic (v1.1) tweets."""

    name = "x"
    terms = "X Developer Agreement: only ids may be redistributed; deleted posts are to be removed."

    def rows(self, parsed: object) -> Iterator[object]:
        """Yield posts with their authors out of an answer, and what the answer says is gone."""
        if not isinstance(parsed, Mapping) or not ({"data", "errors"} & parsed.keys()):
            yield from super().rows(parsed)
            return
        users = {ident(at(user, "id")): user for user in items(at(parsed, "includes", "users"))}
        data = parsed.get("data")
        posts = data if isinstance(data, list) else [data] if isinstance(data, Mapping) else []
        retrieved = first(parsed, "__twarc.retrieved_at")
        for post in [*posts, *items(at(parsed, "includes", "tweets"))]:
            if isinstance(post, Mapping):
                author = users.get(ident(post.get("author_id")))
                yield {**post, "author": author, "__twarc": {"retrieved_at": retrieved}}
        yield from (error for error in items(parsed.get("errors")) if at(error, "resource_type") == "tweet")

    def read(self, row: Json, collected_at: datetime) -> Iterator[Record]:
        """Yield the post of a row, or a tombstone for one that is gone."""
        if row.get("resource_type") == "tweet":
            gone = ident(first(row, "resource_id", "value"))
            if gone is not None:
                yield Tombstone(X.key(gone), text(row.get("title")) or "gone")
            return
        read_at = instant_of(first(row, "__twarc.retrieved_at"))
        collected_at = read_at[0] if read_at else collected_at
        yield (_modern(row) if "author_id" in row or "public_metrics" in row else _classic(row)).document(
            "x/1", collected_at
        )


def post_url(handle: str | None, own: str) -> str:
    """Return the public address of a post; "i" stands for an unknown account."""
    return f"https://x.com/{handle or 'i'}/status/{own}"


def _modern(row: Json) -> Post:
    own, handle = own_id(row, "id"), text(first(row, "author.username"))
    parent = next(
        (ident(at(other, "id")) for other in items(row.get("referenced_tweets")) if _answers(other)), None
    )
    thread = ident(row.get("conversation_id"))
    return Post(
        platform=X,
        id=own,
        text=lines(unescape(text(first(row, "note_tweet.text", "text")) or "")),
        url=post_url(handle, own),
        author=Author(
            name=text(first(row, "author.name")),
            handle=handle,
            native_id=ident(first(row, "author_id")),
            bio=text(first(row, "author.description")),
        ),
        posted=row.get("created_at"),
        thread=thread,
        root=thread if thread != own else None,
        parent=parent,
        hashtags=words(at(tag, "tag") for tag in items(at(row, "entities", "hashtags"))),
        engagement=Engagement(
            likes=number(first(row, "public_metrics.like_count")),
            replies=number(first(row, "public_metrics.reply_count")),
            reposts=number(first(row, "public_metrics.retweet_count")),
            quotes=number(first(row, "public_metrics.quote_count")),
            views=number(first(row, "public_metrics.impression_count")),
        ),
        lang=text(row.get("lang")),
        edited=len(items(row.get("edit_history_tweet_ids"))) > 1,
        flags=_repost_flag(
            text(row.get("text")), any(_reposts(o) for o in items(row.get("referenced_tweets")))
        ),
        origins={"text": "text", "published_at": "created_at"},
    )


def _answers(other: object) -> bool:
    return at(other, "type") == "replied_to"


def _reposts(other: object) -> bool:
    return at(other, "type") == "retweeted"


def _repost_flag(printed: str | None, is_repost: bool) -> tuple[str, ...]:  # noqa: FBT001
    return ("repost",) if is_repost or (printed or "").startswith("RT @") else ()


def _classic(row: Json) -> Post:
    own, handle = own_id(row, "id_str", "id"), text(first(row, "user.screen_name"))
    printed = text(first(row, "extended_tweet.full_text", "full_text", "text"))
    thread = ident(first(row, "conversation_id_str"))
    return Post(
        platform=X,
        id=own,
        text=lines(unescape(printed or "")),
        url=post_url(handle, own),
        author=Author(
            name=text(first(row, "user.name")),
            handle=handle,
            native_id=ident(first(row, "user.id_str", "user_id_str", "user.id")),
            bio=text(first(row, "user.description")),
        ),
        posted=row.get("created_at"),
        thread=thread,
        root=thread if thread != own else None,
        parent=ident(first(row, "in_reply_to_status_id_str")),
        hashtags=words(at(tag, "text") for tag in items(at(row, "entities", "hashtags"))),
        engagement=Engagement(
            likes=number(row.get("favorite_count")),
            replies=number(row.get("reply_count")),
            reposts=number(row.get("retweet_count")),
            quotes=number(row.get("quote_count")),
        ),
        lang=text(row.get("lang")),
        flags=_repost_flag(printed, "retweeted_status" in row),
        origins={"text": "full_text", "published_at": "created_at"},
    )


def tweet(row: Json) -> Post | None:
    """Return a post as X's own pages load it (GraphQL); None for a row that holds none, such as a prompt."""
    result = at(row, "tweet") if isinstance(at(row, "tweet"), Mapping) else row
    legacy = at(result, "legacy")
    if not isinstance(result, Mapping) or not isinstance(legacy, Mapping):
        return None
    original = at(legacy, "retweeted_status_result", "result")
    if isinstance(original, Mapping):
        return tweet(original)
    user = at(result, "core", "user_results", "result")
    person = {
        "screen_name": first(user, "core.screen_name", "legacy.screen_name")
        or first(result, "user.screen_name"),
        "name": first(user, "core.name", "legacy.name") or first(result, "user.name"),
        "id_str": first(user, "rest_id") or first(result, "user.id_str"),
        "description": first(user, "legacy.description", "profile_bio.description"),
    }
    own = ident(first(result, "rest_id", "legacy.id_str", "id"))
    post = _classic({**legacy, "id_str": own, "user": person})
    longer = text(first(result, "note_tweet.note_tweet_results.result.text"))
    views = number(first(result, "views.count", "ext_views.count"))
    return replace(
        post, text=lines(longer) if longer else post.text, engagement=replace(post.engagement, views=views)
    )
