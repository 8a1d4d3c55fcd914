"""Exports that researchers already have, taken into the archive as rows and read by the rules of their format.

Every file becomes JSON lines in the archive, some hundred rows a record; a row that cannot be read or holds no
post gets a record of its own, so that it is counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal
from urllib.parse import quote

from pydantic import Field, field_validator, model_validator

from builder.errors import UsageError
from builder.model import Capture, Comment, Document, Extraction, Tombstone
from builder.sources.base import Block, Incoming, Source
from builder.sources.exports import Export, formats
from builder.sources.exports.base import Record
from builder.sources.exports.files import read_lines
from builder.sources.exports.table import FIELDS
from builder.sources.warc import matching
from builder.urls import site_of

ROWS = "import.rows"
CHUNK_ROWS = 200
CHUNK_BYTES = 256 * 1024
"""A record of the archive holds at most so many rows and begins a new one after so many bytes."""


class ImportBlock(Block):
    """`[[source]] kind = "import"`."""

    format: str = Field(description="Name of the export's format; `hiwar sources` lists them.")
    paths: tuple[str, ...] = Field(min_length=1, description="Files or patterns, relative to the recipe.")
    collected_at: datetime | None = Field(
        None, description="When the export was made, where its rows do not say; else the file's own time."
    )
    encoding: str = Field("utf-8-sig", description="Character set of CSV files, e.g. windows-1256.")
    record: Literal["article", "post", "thread", "video", "comment"] = Field(
        "post", description="What a row of a table is."
    )
    platform: str | None = Field(
        None, description="Platform a table's rows were posted on, as in the lexicon."
    )
    host: str | None = Field(None, description="Host a table's rows come from, where they have no URL.")
    map: dict[str, str] = Field(
        default_factory=dict, description="For a table: our field = its column, or a dotted path into JSON."
    )
    comments_as_posts: bool = Field(
        default=False,
        description="Make each comment a record of its own, for exports that lack what the comments answer.",
    )
    html: bool = Field(default=False, description="Whether a table's text is HTML.")

    @model_validator(mode="before")
    @classmethod
    def _with_terms(cls, data: object) -> object:
        """Let the terms of the format travel with its rows, unless the recipe gives others."""
        if isinstance(data, dict) and data.get("format") in formats():
            return {"terms": formats()[data["format"]].terms, **data}
        return data

    @field_validator("format")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in formats():
            message = f"{name!r} is no format of export; there are {', '.join(formats())}"
            raise ValueError(message)
        return name

    @model_validator(mode="after")
    def _mapped(self) -> ImportBlock:
        unknown = sorted(set(self.map) - set(FIELDS))
        if unknown:
            message = f"map.{unknown[0]} is none of our fields; there are {', '.join(FIELDS)}"
            raise ValueError(message)
        if self.format == "4cat" and self.platform is None:
            message = 'a data set of 4CAT needs `platform`, e.g. platform = "tiktok"'
            raise ValueError(message)
        if self.format == "table" and "text" not in self.map:
            message = "a table needs `map` with at least `text`, better `id`, `url` and `published` too"
            raise ValueError(message)
        return self


class ImportSource(Source[ImportBlock]):
    """Exports of posts and comments: Zeeschuimer/4CAT, X, TikTok Research API, YouTube, Reddit, any table."""

    kind = "import"
    block_type = ImportBlock
    reach: ClassVar = "files"

    @classmethod
    def example(cls) -> str:
        """Return recipe blocks to paste: an export of a known format, and a table with its mapping."""
        return (
            "".join(f"# {name:16} {_about(export)}\n" for name, export in formats().items())
            + '[[source]]\nkind = "import"\nname = "tiktok"\nformat = "zeeschuimer"\n'
            'paths = ["exports/*.ndjson"]\n'
            "ids_only = true                  # publish ids, no text\n\n"
            '[[source]]\nkind = "import"\nname = "forum"\nformat = "table"\npaths = ["exports/posts.csv"]\n'
            'platform = "facebook"\nhost = "www.facebook.com"\n'
            'map = { id = "post_id", text = "message", published = "created", likes = "like_count" }\n'
        )

    @cached_property
    def export(self) -> Export:
        """The reader of the block's format."""
        return formats()[self.block.format](self.block.model_dump())

    def incoming(self, folder: Path) -> Iterator[Incoming]:
        """Yield the rows of all files, in order, some hundred a record.

        Raises UsageError when a pattern matches nothing or a file cannot be read at all.
        """
        for path in matching(self.block.paths, folder):
            yield from self._file(path, _relative(path, folder))

    def read(self, capture: Capture) -> Extraction | None:
        """Return the posts and comments of a record's rows; None for a record of another kind."""
        if capture.ref.role != ROWS:
            return None
        found: list[Record] = []
        for line in capture.body.split(b"\n"):
            if line.strip():
                records = self._records(line, capture.ref.fetched_at)
                if records is None:
                    return Extraction(failed="json")
                found += records
        return _extraction(map(_as_post, found) if self.block.comments_as_posts else found)

    def _file(self, path: Path, name: str) -> Iterator[Incoming]:
        saved_at = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
        made_at = self.block.collected_at or saved_at
        made_at = made_at.replace(tzinfo=UTC) if made_at.tzinfo is None else made_at.astimezone(UTC)
        chunk = _Chunk(f"file:///{quote(name)}", made_at)
        try:
            for number, line in enumerate(read_lines(path, self.export, self.block.encoding), 1):
                if not self._records(line, made_at):
                    yield from chunk.take()
                    yield chunk.alone(number, line)
                    continue
                chunk.add(number, line)
                if chunk.full:
                    yield from chunk.take()
        except (OSError, ValueError) as error:
            raise UsageError(
                f"export cannot be read: {error}",
                where=name,
                what_next="Check that the file is whole, and `format` and `encoding` in the recipe.",
            ) from error
        yield from chunk.take()

    def _records(self, line: bytes, collected_at: datetime) -> list[Record] | None:
        """Return the records of one line, or None when it is no JSON."""
        try:
            parsed = json.loads(line.replace(b"\0", b""), strict=False)
        except (ValueError, RecursionError):
            return None
        rows = (row for row in self.export.rows(parsed) if isinstance(row, Mapping))
        return [record for row in rows for record in self.export.read(row, collected_at)]


def _about(export: type[Export]) -> str:
    """Return the first line of a format's docstring."""
    return (export.__doc__ or "").strip().partition("\n")[0]


def _relative(path: Path, folder: Path) -> str:
    folder = folder.resolve()
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name


def _as_post(record: Record) -> Record:
    """Return a comment as a document that answers its parent or the document it stands under."""
    if not isinstance(record, Comment):
        return record
    return Document(
        key=record.key,
        url=record.url,
        canonical_url=f"{record.url}#{record.key.rpartition('/')[2]}",
        site=site_of(record.url),
        record_type="post",
        text=record.text,
        author=record.author,
        published=record.published,
        lang_declared=record.lang_declared,
        posted_on=record.posted_on,
        thread_key=record.document_key,
        parent_key=record.parent_key or record.document_key,
        root_key=record.document_key,
        parent_state="present",
        engagement=record.engagement,
        edited=record.edited,
        charset="utf-8",
        reader="import-comment/1",
    )


def _extraction(found: Iterable[Record]) -> Extraction:
    documents, comments, tombstones = list[Document](), list[Comment](), list[Tombstone]()
    for record in found:
        if isinstance(record, Document):
            documents.append(record)
        elif isinstance(record, Comment):
            comments.append(record)
        else:
            tombstones.append(record)
    if not (documents or comments or tombstones):
        return Extraction(skipped="no-post")
    return Extraction(tuple(documents), tuple(comments), tuple(tombstones))


@dataclass(slots=True)
class _Chunk:
    """Lines that go into one record, and where in the file they stand."""

    url: str
    made_at: datetime
    first: int = 0
    lines: list[bytes] = field(default_factory=list)
    size_bytes: int = 0

    @property
    def full(self) -> bool:
        """Whether the lines there are make a record."""
        return len(self.lines) >= CHUNK_ROWS or self.size_bytes >= CHUNK_BYTES

    def add(self, number: int, line: bytes) -> None:
        """Add the line of that number."""
        self.first = self.first if self.lines else number
        self.lines.append(line)
        self.size_bytes += len(line)

    def take(self) -> Iterator[Incoming]:
        """Yield the record of the lines there are, and begin anew."""
        if self.lines:
            last = self.first + len(self.lines) - 1
            yield self._record(f"{self.first}-{last}", b"".join(line + b"\n" for line in self.lines))
        self.lines, self.size_bytes = [], 0

    def alone(self, number: int, line: bytes) -> Incoming:
        """Return a record of one line."""
        return self._record(str(number), line + b"\n")

    def _record(self, place: str, body: bytes) -> Incoming:
        return Incoming(f"{self.url}#row={place}", self.made_at, "application/x-ndjson", body, ROWS)
