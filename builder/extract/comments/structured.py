"""Comments that a page gives as JSON-LD (schema.org Comment, also inside an article's `comment`)."""

from __future__ import annotations

from dataclasses import dataclass

from builder.extract import jsonld
from builder.extract.comments.item import Context
from builder.markup import text_of_html
from builder.model import Moment


@dataclass(frozen=True, slots=True)
class Structured:
    """One comment as JSON-LD gives it."""

    text: str
    author: str | None
    published: Moment | None
    native_id: str | None
    parent_id: str | None
    rating: int | None
    title: str | None


def from_jsonld(objects: list[jsonld.Json], context: Context) -> list[Structured]:
    """Return the comments among a page's JSON-LD objects in reading order, each once."""
    found: list[Structured] = []
    seen: set[tuple[str | None, str, str | None]] = set()
    for item in objects:
        comment = _comment(item, context) if {"Comment", "UserComments"} & set(jsonld.types(item)) else None
        if comment is None:
            continue
        mark = (comment.native_id, comment.text, comment.author)
        if mark not in seen:
            seen.add(mark)
            found.append(comment)
    return found


def _comment(item: jsonld.Json, context: Context) -> Structured | None:
    text = text_of_html(
        jsonld.text_value(item.get("text")) or jsonld.text_value(item.get("commentText")) or ""
    )
    if not text:
        return None
    when = next(
        (
            jsonld.text_value(item.get(n))
            for n in ("dateCreated", "datePublished", "commentTime")
            if item.get(n)
        ),
        None,
    )
    parent = item.get("parentItem")
    votes = item.get("upvoteCount")
    return Structured(
        text, _name(item.get("author") or item.get("creator")), context.moment(when or ""), _id(item),
        _id(parent) if isinstance(parent, dict) else None, votes if isinstance(votes, int) else None,
        jsonld.text_value(item.get("headline")),
    )  # fmt: skip


def _name(value: object) -> str | None:
    if isinstance(value, list):
        return next((name for name in map(_name, value[:4]) if name), None)
    if isinstance(value, dict):
        return jsonld.text_value(value.get("name"))
    return jsonld.text_value(value)


def _id(item: jsonld.Json) -> str | None:
    for name in ("@id", "identifier", "url"):
        text = jsonld.text_value(item.get(name))
        if text:
            return text.rsplit("#", 1)[-1].removeprefix("comment-")
    return None
