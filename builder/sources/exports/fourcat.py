"""CSV and NDJSON files as 4CAT lets them be downloaded: its own column names, whatever the platform.

4CAT prints times in UTC without a zone; its `unix_timestamp` is taken where there is one. Each platform adds
columns of its own; those with counters are known here.
"""

from __future__ import annotations

from typing import ClassVar

from builder.sources.exports.table import Table


class FourCat(Table):
    """Data sets of 4CAT as CSV: one row a post; `platform` in the recipe says of which platform."""

    name = "4cat"
    terms = "Collected with 4CAT for research; the platform's terms bar redistribution of text."
    columns: ClassVar = {
        "id": ("id",),
        "text": ("body",),
        "title": ("subject",),
        "url": ("tiktok_url", "comment_url", "url", "link", "post_url"),
        "author": ("author_full", "author_fullname", "author_name"),
        "handle": ("author", "author_username"),
        "author_id": ("author_id",),
        "published": ("unix_timestamp", "timestamp"),
        "thread": ("thread_id",),
        "parent": ("parent_id", "reply_to"),
        "document": ("post_id", "thread_id"),
        "hashtags": ("hashtags",),
        "lang": ("language_guess", "language"),
        "likes": ("likes", "like_count", "num_likes", "score"),
        "replies": ("comments", "replies", "reply_count", "num_comments", "comment_count"),
        "reposts": ("shares", "reposts", "retweet_count", "forwards", "num_shares", "repost_count"),
        "quotes": ("quotes", "quote_count"),
        "views": ("plays", "impression_count", "views", "num_views", "view_count"),
    }
