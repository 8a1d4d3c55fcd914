"""YouTube Data API v3: videos, comment threads and comments as `videos.list` and `commentThreads.list` answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from builder.markup import text_of_html
from builder.model import Author, Engagement
from builder.sources.exports.base import (
    YOUTUBE,
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


class YouTube(Export):
    """Answers of the YouTube Data API: videos, comment threads with their replies, comments."""

    name = "youtube"
    terms = "YouTube API Services Terms of Service: data older than 30 days is to be refreshed or deleted."

    def rows(self, parsed: object) -> Iterator[object]:
        """Yield the items of an answer, or an item that stands by itself."""
        listed = at(parsed, "items")
        yield from listed if isinstance(listed, list) else super().rows(parsed)

    def read(self, row: Json, collected_at: datetime) -> Iterator[Record]:
        """Yield a video, or the comments of a thread."""
        if row.get("kind") == "youtube#video":
            yield _video(row).document("youtube/1", collected_at)
            return
        top = first(row, "snippet.topLevelComment") or row
        video_id = (
            ident(first(row, "snippet.videoId", "snippet.topLevelComment.snippet.videoId")) or "unknown"
        )
        replies = number(first(row, "snippet.totalReplyCount"))
        for entry in (top, *items(at(row, "replies", "comments"))):
            if isinstance(entry, dict):
                yield _comment(entry, video_id, replies if entry is top else None).comment(
                    video_id, collected_at
                )


def _video(row: Json) -> Post:
    own = own_id(row, "id")
    return Post(
        platform=YOUTUBE,
        id=own,
        text=lines(first(row, "snippet.description")),
        url=f"https://www.youtube.com/watch?v={own}",
        type="video",
        title=text(first(row, "snippet.title")),
        author=Author(
            name=text(first(row, "snippet.channelTitle")), native_id=ident(first(row, "snippet.channelId"))
        ),
        posted=first(row, "snippet.publishedAt"),
        tags=words(items(first(row, "snippet.tags"))),
        engagement=Engagement(
            likes=number(first(row, "statistics.likeCount")),
            replies=number(first(row, "statistics.commentCount")),
            views=number(first(row, "statistics.viewCount")),
        ),
        lang=text(first(row, "snippet.defaultAudioLanguage", "snippet.defaultLanguage")),
        origins={"text": "snippet.description", "published_at": "snippet.publishedAt"},
    )


def _comment(row: Json, video_id: str, replies: int | None) -> Post:
    own = own_id(row, "id")
    written = first(row, "snippet.textOriginal")
    shown = text_of_html(text(first(row, "snippet.textDisplay")) or "")
    posted, changed = first(row, "snippet.publishedAt"), first(row, "snippet.updatedAt")
    return Post(
        platform=YOUTUBE,
        id=own,
        text=lines(written) if written else shown,
        url=f"https://www.youtube.com/watch?v={video_id}&lc={own}",
        author=Author(
            name=text(first(row, "snippet.authorDisplayName")),
            native_id=ident(first(row, "snippet.authorChannelId.value")),
        ),
        posted=posted,
        parent=ident(first(row, "snippet.parentId")),
        engagement=Engagement(likes=number(first(row, "snippet.likeCount")), replies=replies),
        edited=changed is not None and changed != posted,
    )
