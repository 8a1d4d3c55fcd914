"""Telegram Desktop: a chat or channel exported by one of its members as `result.json`.

The export is a member's own copy; whether it may be published is for the channel to say. Private chats are not
read: only channels and groups that call themselves public.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from builder.model import Author, Engagement
from builder.sources.exports.base import (
    TELEGRAM,
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

PUBLIC = frozenset({"public_channel", "public_supergroup"})


class Telegram(Export):
    """Messages of public channels and groups, as Telegram Desktop exports them (JSON)."""

    name = "telegram"
    terms = "Telegram's terms bar data sets made of its content without permission; ask the channel's owner."

    def rows(self, parsed: object) -> Iterator[object]:
        """Yield the messages of an export, each with the chat it stands in; those of private chats stay out."""
        chats = [*items(at(parsed, "chats", "list")), *items(at(parsed, "left_chats", "list"))] or [parsed]
        for chat in chats:
            messages = at(chat, "messages")
            if not isinstance(messages, list):
                yield chat
                continue
            about = {"id": at(chat, "id"), "name": at(chat, "name"), "type": at(chat, "type")}
            if about["type"] not in PUBLIC:
                yield {"type": "private", "chat": {"type": about["type"]}}
                continue
            yield from ({**row, "chat": about} for row in messages if isinstance(row, Mapping))

    def read(self, row: Json, collected_at: datetime) -> Iterator[Record]:
        """Yield the message of a row; service messages and private chats give nothing."""
        if at(row, "type") == "message" and text(first(row, "chat.type")) in PUBLIC:
            zone = text(self.settings.get("timezone"))
            yield replace(_message(row), zone=zone).document("telegram/1", collected_at)


def _message(row: Json) -> Post:
    chat = ident(first(row, "chat.id")) or "unknown"
    own, parent = own_id(row, "id"), ident(at(row, "reply_to_message_id"))
    entities = items(at(row, "text_entities")) or items(at(row, "text"))
    written = "".join(part for entity in entities if (part := _piece(entity)))
    tags = (at(entity, "text") for entity in entities if at(entity, "type") == "hashtag")
    reactions = [number(at(reaction, "count")) or 0 for reaction in items(at(row, "reactions"))]
    return Post(
        platform=TELEGRAM,
        id=f"{chat}/{own}",
        text=lines(written or text(at(row, "text"))),
        url=f"https://t.me/c/{chat}/{own}",
        author=Author(
            name=text(first(row, "author", "from")), native_id=ident(first(row, "from_id", "actor_id"))
        ),
        posted=first(row, "date_unixtime", "date"),
        parent=f"{chat}/{parent}" if parent else None,
        section=text(first(row, "chat.name")),
        hashtags=words(tags),
        engagement=Engagement(likes=sum(reactions) if reactions else None),
        edited="edited" in row or "edited_unixtime" in row,
        flags=("repost",) if "forwarded_from" in row else (),
        origins={"text": "text_entities", "published_at": "date_unixtime"},
    )


def _piece(entity: object) -> str | None:
    return text(entity) if isinstance(entity, str) else text(at(entity, "text"))
