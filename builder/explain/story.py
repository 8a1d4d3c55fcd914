"""Puts the story of one address together from archives, readers and the last release."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from builder.archive.read import load, scan
from builder.errors import ArchiveError, UsageError
from builder.explain.asked import why_not_here
from builder.explain.page import PageLine, page_lines
from builder.explain.verdicts import Verdict, verdicts
from builder.model import Author, Capture, CaptureRef, Damage, Document, Evidence, Extraction, Moment
from builder.reading import document_key, read_capture
from builder.recipe import Recipe
from builder.sources.base import AnySource
from builder.stages.archives import archive_files
from builder.urls import canonical_url, stable_id

_ID = re.compile(r"[0-9a-f]{32}")
"""What the id of a record looks like, and no address does."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One field of a document: its value as printed for people, where it comes from, how sure that is (0-1)."""

    name: str
    value: str
    origin: str = ""
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Telling:
    """One capture of the address and what was read from it."""

    ref: CaptureRef
    outcome: str
    reader: str = ""
    facts: tuple[Fact, ...] = ()
    comments: int = 0
    lines: tuple[PageLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known of one address: its captures, oldest first, and what the last build decided."""

    url: str
    key: str
    tellings: tuple[Telling, ...]
    verdicts: tuple[Verdict, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the story as JSON-ready mappings; where files lie on this machine is left out."""
        tellings = [asdict(telling) for telling in self.tellings]
        for telling in tellings:
            telling["ref"].pop("path")
        return {
            "url": self.url,
            "key": self.key,
            "tellings": tellings,
            "verdicts": [{k: v for k, v in asdict(each).items() if k != "text"} for each in self.verdicts],
        }


def explain(recipe: Recipe, url: str) -> Story:
    """Tell the story of an address: which captures, which reader, each field, each line, and the last verdict.

    `url` may be any spelling of it, or the id of a record of the last release or of one it left out.
    Raises UsageError when neither archives nor the last release know it, ArchiveError for an unreadable archive,
    VerifyFailed for a damaged shard of that release.
    """
    url = _address_of(recipe, url) if _ID.fullmatch(url) else url
    key = document_key(url)
    addresses = frozenset({url, canonical_url(url)})
    found = verdicts(recipe, addresses, frozenset({url, stable_id(key)}))
    # An id that stays one has a record without an address (somebody asked for its removal): no page is its own.
    places = {(each.warc_file, each.warc_offset) for each in found if not _ID.fullmatch(url)}
    captures = [
        (ref, source)
        for ref, source in _captures(recipe)
        if ref.url in addresses or document_key(ref.url) == key or (ref.warc_file, ref.warc_offset) in places
    ]
    if not captures and not found:
        raise _unknown(recipe, url, addresses)
    # A source that may give ids only has no text in the release: its lines are told as they were read.
    row = next((each for each in found if each.kept and each.table == "documents" and each.text), None)
    ordered = sorted(captures, key=lambda each: (each[0].fetched_at, each[0].warc_file, each[0].warc_offset))
    tellings = tuple(_telling(ref, source, key, addresses, row) for ref, source in ordered)
    return Story(url, key, tellings, found)


def _address_of(recipe: Recipe, record_id: str) -> str:
    """Return the address of the record with an id; the id itself where no build knows it."""
    found = verdicts(recipe, frozenset({record_id}), frozenset({record_id}))
    return next((each.url for each in found if each.url), record_id)


def _unknown(recipe: Recipe, url: str, addresses: frozenset[str]) -> UsageError:
    """Return the error for an address without captures: what the crawl decided, if it knows the address."""
    why = why_not_here(recipe, addresses)
    if why is not None:
        return UsageError(
            f"{url} {why}",
            where=str(recipe.path),
            what_next="docs/crawling.md says what each reason means."
            if why.startswith("was not")
            else "Put that file back, or name it in a source of kind warc.",
        )
    return UsageError(
        f"no capture of {url} in the archives of this recipe",
        where=str(recipe.path),
        what_next="Give the address as it was crawled, or run `hiwar crawl` first.",
    )


def _captures(recipe: Recipe) -> Iterator[tuple[CaptureRef, AnySource]]:
    for source in recipe.sources:
        for path in archive_files(recipe, source):
            for found in scan(path, source=source.name):
                if not isinstance(found, Damage):
                    yield found, source


def _telling(
    ref: CaptureRef, source: AnySource, key: str, addresses: frozenset[str], row: Verdict | None
) -> Telling:
    try:
        capture = load(ref)
    except ArchiveError as error:
        return Telling(ref, f"unreadable: {error.what}")
    extraction = read_capture(capture, source)
    mine = _mine(extraction, key, addresses)
    facts = tuple(fact for document in mine.documents for fact in facts_of(document))
    reader = next((document.reader for document in mine.documents), "")
    stands = row is None or (row.warc_file, row.warc_offset) == (ref.warc_file, ref.warc_offset)
    lines = page_lines(capture, mine, row.text if row else None, stands=stands) if _is_page(capture) else ()
    return Telling(ref, _outcome(mine), reader, facts, len(mine.comments), lines)


def _mine(extraction: Extraction, key: str, addresses: frozenset[str]) -> Extraction:
    """Return what an answer says of this address alone; an API answers with many records at once."""
    documents = tuple(
        each for each in extraction.documents if each.key == key or {each.url, each.canonical_url} & addresses
    )
    keys = {each.key for each in documents} | {key}
    comments = tuple(
        each
        for each in extraction.comments
        if each.document_key in keys or each.key == key or each.url in addresses
    )
    return Extraction(
        documents, comments, extraction.tombstones, extraction.signals, extraction.skipped, extraction.failed
    )


def _is_page(capture: Capture) -> bool:
    return capture.ref.role == "page" and capture.ref.mime in ("text/html", "application/xhtml+xml", "")


def _outcome(extraction: Extraction) -> str:
    if extraction.failed:
        return f"failed: {extraction.failed}"
    if extraction.skipped:
        return f"skipped: {extraction.skipped}"
    if extraction.tombstones:
        return f"gone: {extraction.tombstones[0].reason}"
    kinds = ", ".join(document.record_type for document in extraction.documents) or "no document"
    return f"read: {kinds}"


def facts_of(document: Document) -> Iterable[Fact]:
    """Return the fields of a document that have a value, each with its evidence."""
    why = {evidence.field: evidence for evidence in document.evidence}
    values = {
        "record_type": document.record_type,
        "key": document.key,
        "title": document.title,
        "author": _author(document.author),
        "author_bio": document.author.bio,
        "published": _moment(document.published),
        "modified": _moment(document.modified),
        "section": document.section,
        "issue": document.issue,
        "tags": ", ".join(document.tags),
        "hashtags": ", ".join(document.hashtags),
        "charset": document.charset,
        "flags": ", ".join(document.flags),
        "text": f"{len(document.text):,} characters, {document.text.count(chr(10)) + 1} lines",
    }
    for name, value in values.items():
        if value:
            yield _fact(name, value, why.get(name))


def _fact(name: str, value: str, evidence: Evidence | None) -> Fact:
    return Fact(name, value) if evidence is None else Fact(name, value, evidence.origin, evidence.confidence)


def _author(author: Author) -> str | None:
    parts = [part for part in (author.name, author.handle and f"@{author.handle}") if part]
    return " ".join(parts) or None


def _moment(moment: Moment | None) -> str | None:
    if moment is None:
        return None
    zones = {
        "given": f"zone given: {moment.zone}",
        "site": f"zone of the site: {moment.zone}",
        "none": "no zone printed",
    }
    hijri = f"; Hijri {moment.hijri}" if moment.hijri else ""
    how = f"{moment.precision}; {zones[moment.zone_source]}; printed {moment.printed!r}{hijri}"
    return f"{moment.instant.isoformat()} ({how})"
