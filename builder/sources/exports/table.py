"""Tables of any origin, with a mapping in the recipe: which column is the id, the text, the time, ..."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlsplit

from builder.markup import text_of_html
from builder.model import Author, Engagement, RecordType
from builder.sources.exports.base import (
    PLATFORMS,
    Export,
    Json,
    Platform,
    Post,
    Record,
    day,
    first,
    ident,
    items,
    lines,
    number,
    own_id,
    text,
    words,
)

FIELDS = (
    "id", "text", "title", "url", "author", "handle", "author_id", "author_bio", "published", "modified", "thread",
    "parent", "root", "document", "tags", "hashtags", "section", "lang", "likes", "replies", "reposts", "quotes",
    "views",
)  # fmt: skip
"""What a mapping may name. A value is the name of a column, or a dotted path into nested JSON."""


_TYPES: dict[str, RecordType] = {"article": "article", "thread": "thread", "video": "video"}


class Table(Export):
    """CSV, JSON lines, Parquet or Hugging Face files of any origin; the recipe's `map` says which column is what."""

    name = "table"
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Columns tried for a field that the recipe does not map."""

    def read(self, row: Json, collected_at: datetime) -> Iterator[Record]:
        """Yield the record of a row: a comment where `record` says so, else a document."""
        post = self._post(row)
        kind = self.settings.get("record", "post")
        if kind == "comment":
            document = ident(self._value(row, "document")) or "unknown"
            yield post.comment(document, collected_at)
        else:
            yield post.document("table/1", collected_at)

    def _value(self, row: Json, name: str) -> object:
        mapping = self.settings.get("map")
        column = mapping.get(name) if isinstance(mapping, dict) else None
        columns = (column,) if isinstance(column, str) else self.columns.get(name, ())
        found = (
            row[column] if row.get(column) not in (None, "") else first(row, column) for column in columns
        )
        return next((value for value in found if value is not None), None)

    def _platform(self, url: str | None) -> Platform:
        name = text(self.settings.get("platform")) or "table"
        known = PLATFORMS.get(name)
        if known is not None and not self.settings.get("host"):
            return known
        host = text(self.settings.get("host")) or (urlsplit(url).netloc if url else "") or "unknown"
        return Platform(name, host, known.since if known else day(1990, 1))

    def _post(self, row: Json) -> Post:
        url = text(self._value(row, "url"))
        written = text(self._value(row, "text")) or ""
        return Post(
            platform=self._platform(url),
            id=ident(self._value(row, "id")) or own_id(row),
            text=text_of_html(written) if self.settings.get("html") is True else lines(written),
            url=url,
            type=_TYPES.get(str(self.settings.get("record")), "post"),
            title=text(self._value(row, "title")),
            author=Author(
                name=text(self._value(row, "author")),
                handle=text(self._value(row, "handle")),
                native_id=ident(self._value(row, "author_id")),
                bio=text(self._value(row, "author_bio")),
            ),
            posted=self._value(row, "published"),
            changed=self._value(row, "modified"),
            thread=ident(self._value(row, "thread")),
            parent=ident(self._value(row, "parent")),
            root=ident(self._value(row, "root")),
            tags=self._words(row, "tags"),
            hashtags=self._words(row, "hashtags"),
            section=text(self._value(row, "section")),
            engagement=Engagement(
                likes=number(self._value(row, "likes")),
                replies=number(self._value(row, "replies")),
                reposts=number(self._value(row, "reposts")),
                quotes=number(self._value(row, "quotes")),
                views=number(self._value(row, "views")),
            ),
            lang=text(self._value(row, "lang")),
            zone=text(self.settings.get("timezone")),
        )

    def _words(self, row: Json, name: str) -> tuple[str, ...]:
        """Return a list column, or a text column with commas, as names."""
        value = self._value(row, name)
        return words(items(value) or (text(value) or "").replace("،", ",").split(","))
