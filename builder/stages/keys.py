"""What a row is called: a digest of all it is made from beside code and settings.

All that decides which rows a capture gives, and their names, is here or is imported here: `builder.stages.recall`
remembers them by this code's fingerprint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from builder.columns.record import root_keys
from builder.extract.template import apply
from builder.model import PAGE, CaptureRef, Comment, Document, Extraction, Reason, Signal
from builder.stages.codec import decode, encode
from builder.takedown import Takedowns
from builder.urls import stable_id

if TYPE_CHECKING:
    from builder.extract.template import Template

TABLES = ("documents", "comments")


class Standing(NamedTuple):
    """What stands of one capture: keys of its reading and of its rows' names, encoded reference and extraction,
    places of documents and of comments.
    """

    key: str
    names: str
    ref: str
    extraction: bytes
    documents: list[int]
    comments: list[int]


@dataclass(frozen=True, slots=True)
class Named:
    """One record with all its row is made from: `key` names the row, `refused` is the takedown against it."""

    record: Document | Comment
    ref: CaptureRef
    signals: tuple[Signal, ...]
    root: str | None
    key: str
    refused: Reason | None

    @property
    def table(self) -> str:
        """The table the record belongs to."""
        return table_of(self.record)


@dataclass(frozen=True, slots=True)
class Namer:
    """Finds the records of captures and names their rows. `facts` holds what the recipe says of each source."""

    takedowns: Takedowns
    templates: Mapping[str, Template]
    facts: Mapping[str, str]

    def records(self, capture: Standing) -> Iterator[Named]:
        """Yield what stands of a capture, without the lines that its host repeats."""
        ref = decode(CaptureRef, capture.ref.encode())
        found = decode(Extraction, capture.extraction)
        roots = root_keys(found.comments)
        said = signals_of(ref, found)
        shared = shared_digest(ref, said, self.facts.get(ref.source, ""))
        for record in standing_records(capture, found):
            templated = self._templated(record)
            root = roots.get(record.key)
            key = row_key(templated, root, shared)
            yield Named(templated, ref, said, root, key, self._taken_down(templated))

    def _templated(self, record: Document | Comment) -> Document | Comment:
        if isinstance(record, Comment) or record.site not in self.templates:
            return record
        return apply(record, self.templates[record.site])

    def _taken_down(self, record: Document | Comment) -> Reason | None:
        """Return the takedown that names a record; asked here because rows no longer show private names."""
        if not self.takedowns:
            return None
        view = {"id": stable_id(record.key), "url": record.url, "title": record.title, "text": record.text}
        if isinstance(record, Document):
            view |= {"canonical_url": record.canonical_url, "author_bio": record.author.bio}
        author = record.author
        return self.takedowns.reason(view, (author.name, author.handle, author.native_id))


def signals_of(ref: CaptureRef, found: Extraction) -> tuple[Signal, ...]:
    """Return the opt-outs of a page's body, and of its headers as they were when that body was last seen."""
    if ref.role != PAGE:
        return found.signals
    return tuple(sorted({*(signal for signal in found.signals if signal.where != "header"), *ref.said}))


def standing_records(capture: Standing, found: Extraction) -> Iterator[Document | Comment]:
    """Yield the records of an extraction that stand, documents first."""
    yield from (found.documents[place] for place in capture.documents)
    yield from (found.comments[place] for place in capture.comments)


def table_of(record: Document | Comment) -> str:
    """Return the table a record belongs to."""
    return "documents" if isinstance(record, Document) else "comments"


def shared_digest(ref: CaptureRef, signals: tuple[Signal, ...], facts: str) -> hashlib.blake2b:
    """Return the digest, to be gone on with, of what all rows of a capture are made from."""
    digest = hashlib.blake2b(encode(ref), digest_size=16)
    for signal in signals:
        digest.update(encode(signal))
    digest.update(f"\0{facts}\0".encode("utf-8", "surrogatepass"))
    return digest


def row_key(record: Document | Comment, root: str | None, shared: hashlib.blake2b) -> str:
    """Return the digest of all that a row is made from beside code and settings, as 32 hexadecimal digits."""
    digest = shared.copy()
    digest.update(encode(record))
    digest.update(f"\0{root}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
