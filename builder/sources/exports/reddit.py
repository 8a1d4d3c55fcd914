"""Reddit dumps (Pushshift, Arctic Shift): submissions and comments, one object a line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from builder.model import Author, Engagement, Tombstone
from builder.sources.exports.base import (
    REDDIT,
    Export,
    Json,
    Post,
    Record,
    first,
    ident,
    instant_of,
    lines,
    number,
    own_id,
    text,
)

_GONE = frozenset({"[deleted]", "[removed]", "[ Removed by Reddit ]", "[deleted by user]"})


class Reddit(Export):
    """Submissions and comments of Reddit dumps; what was deleted there becomes a tombstone."""

    name = "reddit"
    terms = "Reddit Data API Terms: no redistribution of content; deleted content is to be removed."

    def read(self, row: Json, collected_at: datetime) -> Iterator[Record]:
        """Yield the submission or comment of a row."""
        read_at = instant_of(first(row, "retrieved_on", "retrieved_utc"))
        collected_at = read_at[0] if read_at else collected_at
        is_comment = "body" in row
        own = f"{'t1' if is_comment else 't3'}_{own_id(row, 'id').removeprefix('t1_').removeprefix('t3_')}"
        written = text(first(row, "body", "selftext")) or ""
        if written.strip() in _GONE or text(row.get("removed_by_category")):
            yield Tombstone(REDDIT.key(own), written.strip("[ ]") or "removed")
        elif is_comment:
            link = ident(row.get("link_id")) or "t3_unknown"
            yield _post(row, own, written).comment(link, collected_at)
        else:
            yield _post(row, own, written).document("reddit/1", collected_at)


def _post(row: Json, own: str, written: str) -> Post:
    parent = ident(row.get("parent_id"))
    handle = text(row.get("author"))
    place = text(first(row, "permalink"))
    return Post(
        platform=REDDIT,
        id=own,
        text=lines(written.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")),
        url=f"https://www.reddit.com{place}" if place and place.startswith("/") else _url(row, own),
        title=text(row.get("title")),
        author=Author(
            handle=None if handle in _GONE else handle, native_id=ident(row.get("author_fullname"))
        ),
        posted=row.get("created_utc"),
        parent=parent if (parent or "").startswith("t1_") else None,
        section=text(row.get("subreddit")),
        engagement=Engagement(likes=number(row.get("score")), replies=number(row.get("num_comments"))),
        edited=bool(row.get("edited")),
        origins={"text": "selftext", "published_at": "created_utc"},
    )


def _url(row: Json, own: str) -> str:
    link = (ident(row.get("link_id")) or own).removeprefix("t3_")
    tail = f"_/{own.removeprefix('t1_')}/" if own.startswith("t1_") else ""
    return f"https://www.reddit.com/comments/{link}/{tail}"
