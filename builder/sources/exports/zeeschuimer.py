"""Zeeschuimer and 4CAT: what a researcher's browser saw of TikTok, X, Instagram and Threads, one item a line.

Zeeschuimer wraps each item (`data`, `source_platform`, `timestamp_collected` in milliseconds); 4CAT's own copy
is the item with that wrapping under `__import_meta`. Items are in each platform's own shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from builder.model import Author, Engagement
from builder.sources.exports import tiktok, x
from builder.sources.exports.base import (
    INSTAGRAM,
    THREADS,
    Export,
    Json,
    Platform,
    Post,
    Record,
    at,
    first,
    ident,
    instant_of,
    lines,
    number,
    own_id,
    text,
)


class Zeeschuimer(Export):
    """Items that Zeeschuimer saw or 4CAT kept: TikTok and its comments, X, Instagram, Threads."""

    name = "zeeschuimer"
    terms = (
        "Collected from the platform's pages for research; the platform's terms bar redistribution of text."
    )

    def read(self, row: Json, collected_at: datetime) -> Iterator[Record]:
        """Yield the post or comment of a row; a row of another platform gives nothing."""
        meta, item = _unwrapped(row)
        seen = instant_of(first(meta, "timestamp_collected"))
        collected_at = seen[0] if seen else collected_at
        platform = _platform(meta)
        if platform == "tiktok-comments" or (platform == "tiktok" and "aweme_id" in item and "cid" in item):
            video_id, post = tiktok.comment(item)
            yield post.comment(video_id, collected_at)
            return
        reader = _READERS.get(platform)
        found = reader(item) if reader else None
        if found is not None:
            yield found.document(f"zeeschuimer-{platform}/1", collected_at)


def _unwrapped(row: Json) -> tuple[Json, Json]:
    """Return the wrapping of a row and the item in it."""
    meta = row.get("__import_meta")
    if isinstance(meta, Mapping):
        return meta, row
    data = row.get("data")
    return row, data if isinstance(data, Mapping) else row


def _platform(meta: Json) -> str:
    printed = (text(first(meta, "source_platform", "source_platform_url")) or "").lower()
    return _ALIASES.get(printed, printed.removeprefix("www.").removesuffix(".com").removesuffix(".net"))


_ALIASES = {"twitter.com": "x", "x.com": "x", "threads.com": "threads", "tiktok-comments": "tiktok-comments"}


def _meta_post(platform: Platform, row: Json, url: str) -> Post:
    """Return a post of Instagram or Threads; both use the same fields in two generations of names."""
    hidden = at(row, "like_and_view_counts_disabled") is True
    likes = first(row, "like_count", "edge_media_preview_like.count", "edge_liked_by.count")
    return Post(
        platform=platform,
        id=own_id(row, "code", "shortcode", "pk", "id"),
        text=lines(first(row, "caption.text", "edge_media_to_caption.edges.0.node.text")),
        url=url,
        author=Author(
            name=text(first(row, "user.full_name", "owner.full_name")),
            handle=text(first(row, "user.username", "owner.username")),
            native_id=ident(first(row, "user.pk", "user.id", "owner.id", "owner.pk")),
        ),
        posted=first(row, "taken_at", "taken_at_timestamp"),
        engagement=Engagement(
            likes=None if hidden else number(likes),
            replies=number(
                first(
                    row,
                    "comment_count",
                    "edge_media_to_comment.count",
                    "edge_media_preview_comment.count",
                    "text_post_app_info.direct_reply_count",
                )
            ),
            reposts=number(first(row, "text_post_app_info.repost_count", "media_repost_count")),
            quotes=number(first(row, "text_post_app_info.quote_count")),
            views=number(first(row, "play_count", "view_count", "video_view_count")),
        ),
        edited=at(row, "caption_is_edited") is True,
        flags=("advertisement",) if at(row, "product_type") == "ad" else (),
        origins={"text": "caption.text", "published_at": "taken_at"},
    )


def _instagram(row: Json) -> Post:
    code = text(first(row, "code", "shortcode")) or own_id(row, "pk", "id")
    return _meta_post(INSTAGRAM, row, f"https://www.instagram.com/p/{code}/")


def _threads(row: Json) -> Post:
    code = text(first(row, "code")) or own_id(row, "pk", "id")
    handle = text(first(row, "user.username")) or ""
    return _meta_post(THREADS, row, f"https://www.threads.com/@{handle}/post/{code}")


_READERS: Mapping[str, Callable[[Json], Post | None]] = {
    "tiktok": tiktok.video,
    "x": x.tweet,
    "instagram": _instagram,
    "threads": _threads,
}
