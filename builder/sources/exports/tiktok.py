"""TikTok: items and comments as its own pages load them, and answers of the Research API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from builder.model import Author, Engagement
from builder.sources.exports.base import (
    TIKTOK,
    Export,
    Json,
    Post,
    Record,
    at,
    first,
    ident,
    items,
    lines,
    number,
    own_id,
    text,
    words,
)


def video(row: Json) -> Post:
    """Return an item of TikTok's web pages."""
    own = own_id(row, "id", "video.id")
    handle = text(first(row, "author.uniqueId", "authorUniqueId", "author"))
    listed = [first(tag, "title", "hashtagName") for tag in items(at(row, "challenges"))]
    listed += [first(tag, "hashtagName") for tag in items(at(row, "textExtra"))]
    return Post(
        platform=TIKTOK,
        id=own,
        text=lines(first(row, "desc", "contents.0.desc")),
        url=video_url(handle, own),
        type="video",
        author=Author(
            name=text(first(row, "author.nickname", "nickname")),
            handle=handle,
            native_id=ident(first(row, "author.id", "authorId")),
            bio=text(first(row, "author.signature")),
        ),
        posted=first(row, "createTime"),
        hashtags=words(listed),
        engagement=Engagement(
            likes=number(first(row, "statsV2.diggCount", "stats.diggCount")),
            replies=number(first(row, "statsV2.commentCount", "stats.commentCount")),
            reposts=number(first(row, "statsV2.shareCount", "stats.shareCount")),
            views=number(first(row, "statsV2.playCount", "stats.playCount")),
        ),
        lang=text(first(row, "textLanguage")),
        flags=("advertisement",) if at(row, "isAd") is True else (),
        origins={"text": "desc", "published_at": "createTime"},
    )


def video_url(handle: str | None, own: str) -> str:
    """Return the public address of a video; without the handle TikTok finds it by "@"."""
    return f"https://www.tiktok.com/@{handle or ''}/video/{own}"


def comment(row: Json) -> tuple[str, Post]:
    """Return a comment of TikTok's web pages, and the id of its video."""
    video_id = ident(first(row, "aweme_id")) or "unknown"
    parent = ident(at(row, "reply_id"))
    return video_id, Post(
        platform=TIKTOK,
        id=own_id(row, "cid"),
        text=lines(at(row, "text")),
        url=text(first(row, "share_info.url")) or video_url(None, video_id),
        author=Author(
            name=text(first(row, "user.nickname")),
            handle=text(first(row, "user.unique_id", "user.uniqueId")),
            native_id=ident(first(row, "user.uid", "user.id")),
        ),
        posted=at(row, "create_time"),
        parent=parent if parent not in ("0", None) else None,
        engagement=Engagement(
            likes=number(at(row, "digg_count")), replies=number(at(row, "reply_comment_total"))
        ),
        lang=text(at(row, "comment_language")),
    )


class TikTokResearch(Export):
    """Answers of the TikTok Research API: videos and comments."""

    name = "tiktok-research"
    terms = (
        "TikTok Research Tools Terms of Service: no redistribution of the data, deleted items to be removed."
    )

    def rows(self, parsed: object) -> Iterator[object]:
        """Yield the videos and comments of an answer, or a row that stands by itself."""
        data = at(parsed, "data")
        found = items(at(data, "videos")) + items(at(data, "comments"))
        yield from found if isinstance(data, dict) else super().rows(parsed)

    def read(self, row: Json, collected_at: datetime) -> Iterator[Record]:
        """Yield the video or comment of a row."""
        if "video_id" in row:
            video_id = ident(row["video_id"]) or "unknown"
            yield _research_comment(row, video_id).comment(video_id, collected_at)
        else:
            yield _research_video(row).document("tiktok-research/1", collected_at)


def _research_comment(row: Json, video_id: str) -> Post:
    parent = ident(at(row, "parent_comment_id"))
    return Post(
        platform=TIKTOK,
        id=own_id(row, "id"),
        text=lines(at(row, "text")),
        url=video_url(None, video_id),
        posted=at(row, "create_time"),
        parent=None if parent in (None, "0", video_id) else parent,
        engagement=Engagement(likes=number(at(row, "like_count")), replies=number(at(row, "reply_count"))),
    )


def _research_video(row: Json) -> Post:
    own, handle = own_id(row, "id"), text(at(row, "username"))
    spoken = lines(at(row, "voice_to_text"))
    return Post(
        platform=TIKTOK,
        id=own,
        text="\n".join(part for part in (lines(at(row, "video_description")), spoken) if part),
        url=video_url(handle, own),
        type="video",
        author=Author(handle=handle),
        posted=at(row, "create_time"),
        hashtags=words(items(at(row, "hashtag_names"))),
        engagement=Engagement(
            likes=number(at(row, "like_count")),
            replies=number(at(row, "comment_count")),
            reposts=number(at(row, "share_count")),
            views=number(at(row, "view_count")),
        ),
        flags=("speech_to_text",) if spoken else (),
        origins={"text": "video_description", "published_at": "create_time"},
    )
