"""Reads lists of WordPress posts and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from builder.markup import squeeze, text_of_html
from builder.model import Author, Comment, Document, Evidence, Extraction, Moment
from builder.urls import canonical_url, site_of

Item = Mapping[str, Any]
Items = Sequence[Item]

READER = "wordpress/1"
_SHORTCODE = re.compile(r"\[/?[a-z][a-z0-9_-]*(?:\s+[^\]\[]*=[^\]\[]*)?\s*/?\]")
"""A shortcode no plugin has turned into HTML: a Latin name in brackets, with attributes or none."""


def read_posts(items: Items, base: str) -> Extraction:
    """Return the published, unprotected posts of one list; `base` is the blog's address."""
    return Extraction(documents=tuple(_documents(items, base)))


def read_comments(items: Items, base: str) -> Extraction:
    """Return the approved comments of one list, trackbacks left out; parents are named by their keys."""
    comments = (_comment(item, base) for item in items if _is_comment(item))
    return Extraction(comments=tuple(comments))


def post_key(base: str, number: object) -> str:
    """Return the identity of a post: its number under its blog."""
    return f"{site_of(base)}{urlsplit(base).path.rstrip('/')}/wp/{number}"


def comment_key(base: str, number: object) -> str:
    """Return the identity of a comment: its number under its blog."""
    return f"{post_key(base, 'comment')}/{number}"


def _documents(items: Items, base: str) -> Iterator[Document]:
    for item in items:
        content = item["content"]
        if content.get("protected") or item.get("status", "publish") != "publish":
            continue
        yield Document(
            key=post_key(base, item["id"]),
            url=str(item["link"]),
            canonical_url=canonical_url(str(item["link"])),
            site=site_of(base),
            record_type="article",
            text=text_of_html(_SHORTCODE.sub("", str(content["rendered"]))),
            title=squeeze(text_of_html(item["title"]["rendered"])) or None,
            author=_author(item, base),
            section=next(iter(_terms(item, "category")), None),
            tags=tuple(_terms(item, "post_tag")),
            published=_moment(item, "date"),
            modified=_moment(item, "modified"),
            charset="utf-8",
            reader=READER,
            evidence=_evidence(item),
            flags=("page",) if item.get("type") == "page" else (),
        )


def _evidence(item: Item) -> tuple[Evidence, ...]:
    fields = {"title": "title.rendered", "text": "content.rendered", "published_at": "date_gmt"}
    if _author(item, "").name:
        fields["author"] = "_embedded.author"
    return tuple(Evidence(field, f"api:{origin}") for field, origin in sorted(fields.items()))


def _author(item: Item, base: str) -> Author:
    """The writer as the site prints them; the number stays the same when the name changes."""
    for author in item.get("_embedded", {}).get("author", ()):
        if author.get("name"):
            bio = squeeze(text_of_html(str(author.get("description") or "")))
            return Author(
                name=squeeze(str(author["name"])), native_id=f"{base}#{author['id']}", bio=bio or None
            )
    return Author()


def _terms(item: Item, taxonomy: str) -> list[str]:
    groups = item.get("_embedded", {}).get("wp:term", ())
    terms = [term for group in groups for term in group if term.get("taxonomy") == taxonomy]
    return [squeeze(text_of_html(str(term["name"]))) for term in terms]


def _is_comment(item: Item) -> bool:
    return (item.get("type", "comment"), item.get("status", "approved")) == ("comment", "approved")


def _comment(item: Item, base: str) -> Comment:
    parent = item.get("parent") or None
    user = item.get("author") or None
    return Comment(
        key=comment_key(base, item["id"]),
        document_key=post_key(base, item["post"]),
        text=text_of_html(str(item["content"]["rendered"])),
        url=str(item["link"]),
        author=Author(
            name=squeeze(str(item.get("author_name") or "")) or None,
            native_id=f"{base}#{user}" if user else None,
        ),
        published=_moment(item, "date"),
        parent_key=comment_key(base, parent) if parent else None,
        parent_state="present" if parent else "none",
    )


def _moment(item: Item, field: str) -> Moment | None:
    """The GMT time; the zone is the difference to the site's own time."""
    printed, gmt = item.get(field), item.get(f"{field}_gmt")
    if not printed or not gmt:
        return None
    instant = datetime.fromisoformat(str(gmt)).replace(tzinfo=UTC)
    local = datetime.fromisoformat(str(printed)).replace(tzinfo=UTC)
    return Moment(
        instant=instant,
        precision="second",
        printed=str(printed),
        printed_day=str(printed)[:10],
        zone=_offset(local - instant),
        zone_source="given",
    )


def _offset(difference: timedelta) -> str:
    minutes = round(difference.total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
