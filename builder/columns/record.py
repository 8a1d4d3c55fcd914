"""The base of a row: what a record and its capture say themselves, cleaned, masked and given in the schema's shape.

All other columns are functions of these (`builder.columns.groups`). A name that begins with "_" is a helper for
them: it lies in the cache beside the row and reaches no release.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from builder.columns.bylines import byline_key
from builder.columns.phones import country_of
from builder.columns.privacy import Masked, mask
from builder.columns.pseudonyms import pseudonym
from builder.columns.rounding import f32
from builder.model import Author, CaptureRef, Comment, Document, Engagement, Moment, Signal
from builder.schema import Row
from builder.text import storage_form
from builder.texts import count_words
from builder.urls import site_of, stable_id

if TYPE_CHECKING:
    from builder.columns.settings import ColumnSettings

_HASHTAG = re.compile(r"(?<![\w&/])#(\w{2,100})")
_HASHTAGS_MAX = 50
_POSTED = ("post", "thread", "video")

BIDI_CONTROLS = "_bidi_controls"
"""Helper of a document's base: controls of writing direction that the storage form leaves out (a count)."""


def document_base(
    document: Document, ref: CaptureRef, signals: tuple[Signal, ...], settings: ColumnSettings
) -> Row:
    """Return the base of a document's row. The near-duplicate columns stand for a cluster of one, to be overwritten.

    The words are not counted yet (`fill_word_counts`). `signals` are the opt-outs found beside those of the capture and
    of the document itself.
    """
    private = _is_account(document)
    country = country_of(document.site, settings.facts(ref.source).zone)
    stored = storage_form(document.text)
    body = mask(stored.text, handles=private, country=country)
    title = mask(_line(document.title), handles=private, country=country)
    return {
        **_identity(document, ref, private=private),
        **_description(document, title, settings, private=private),
        "hashtags": _hashtags(document.hashtags, body.text),
        **_published(document.published),
        "modified_at": document.modified.instant if document.modified else None,
        "edited": document.edited,
        **_thread(document),
        **_text(body.text),
        "lang_declared": document.lang_declared,
        BIDI_CONTROLS: stored.bidi_controls,
        "engagement": _engagement(document.engagement),
        "pii": _counts(body, title),
        "cluster_id": stable_id(document.key),
        "cluster_size": 1,
        "cluster_urls": [],
        "rights": _rights(ref, (*signals, *document.signals), document, settings),
        "provenance": _provenance(ref, document.reader, document.charset),
        "evidence": [
            {"field": e.field, "origin": e.origin, "confidence": f32(e.confidence)} for e in document.evidence
        ],
        "flags": list(document.flags),
    }


def comment_base(
    comment: Comment, ref: CaptureRef, settings: ColumnSettings, *, root_key: str | None = None
) -> Row:
    """Return the base of a comment's row; the name of who wrote it never stands in it.

    The words are not counted yet (`fill_word_counts`).
    `root_key` is the key of the first comment of its branch, where known (`root_keys`).
    """
    site = site_of(comment.url.partition("#")[0])  # a page's comments differ behind it: so it is parsed once
    country = country_of(site, settings.facts(ref.source).zone)
    body = mask(storage_form(comment.text).text, handles=True, country=country)
    title = mask(_line(comment.title), handles=True, country=country)
    own_id = stable_id(comment.key)
    parent_id = stable_id(comment.parent_key) if comment.parent_key else None
    return {
        "id": own_id,
        "document_id": stable_id(comment.document_key),
        "parent_id": parent_id,
        "root_id": own_id if parent_id is None else stable_id(root_key) if root_key else None,
        "parent_state": comment.parent_state,
        "position": comment.position,
        "depth": comment.depth,
        "url": without_person(comment.url, comment.author),
        "site": site,
        "source": ref.source,
        "posted_on": comment.posted_on,
        "instance": comment.instance,
        "author": _pseudonym(comment.author, comment.posted_on, comment.instance, site, settings),
        "title": title.text or None,
        **_published(comment.published),
        "edited": comment.edited,
        **_text(body.text),
        "lang_declared": comment.lang_declared,
        "rating": comment.rating,
        "engagement": _engagement(comment.engagement),
        "pii": _counts(body, title),
        "rights": _rights(ref, comment.signals, None, settings),
        "provenance": _provenance(ref, "comment", None),
    }


def base_row(
    record: Document | Comment,
    ref: CaptureRef,
    signals: tuple[Signal, ...],
    settings: ColumnSettings,
    root_key: str | None,
) -> Row:
    """Return the base of a record's row: see `document_base` and `comment_base`, which take what concerns them."""
    if isinstance(record, Comment):
        return comment_base(record, ref, settings, root_key=root_key)
    return document_base(record, ref, signals, settings)


def root_keys(comments: Iterable[Comment]) -> dict[str, str]:
    """Return, for the key of each comment, the key of the first of its branch, as far as parents are given."""
    parents = {comment.key: comment.parent_key for comment in comments}
    known: dict[str, str] = {}
    return {key: _root(key, parents, known) for key in parents}


def _root(start: str, parents: dict[str, str | None], known: dict[str, str]) -> str:
    """Return the root of a key; `known` gets that of all on the way to it, so that no way is gone twice."""
    way = [start]
    seen = {start}
    while (parent := parents.get(way[-1])) is not None and parent not in seen and parent not in known:
        way.append(parent)
        seen.add(parent)
    if parent in seen:  # they answer each other in a ring: each of them ends elsewhere
        return way[-1]
    root = way[-1] if parent is None else known[parent]
    known.update(dict.fromkeys(way, root))
    return root


def _is_account(document: Document) -> bool:
    """Tell whether a document is a post of an account and not a signed article: its author is not named."""
    author = document.author
    return document.record_type in _POSTED and bool(document.posted_on or author.handle or author.native_id)


def _line(text: str | None) -> str:
    return " ".join(storage_form(text).text.split()) if text else ""


def _identity(document: Document, ref: CaptureRef, *, private: bool) -> Row:
    author = document.author if private else Author()
    return {
        "id": stable_id(document.key),
        "record_type": document.record_type,
        "url": without_person(document.url, author),
        "canonical_url": without_person(document.canonical_url, author),
        "site": document.site,
        "source": ref.source,
        "posted_on": document.posted_on,
        "instance": document.instance,
    }


def without_person(url: str, author: Author) -> str:
    """Return a URL with the account's handle in its path or query replaced by "[user]", where it stands there."""
    handle = (author.handle or "").lstrip("@")
    if not handle:
        return url
    spellings = {handle, handle.split("@")[0], quote(handle), quote(handle.split("@")[0])} - {""}
    for spelling in sorted(spellings, key=lambda text: (-len(text), text)):
        url = re.sub(rf"(?<=[/@=])@?{re.escape(spelling)}(?=[/?&#]|$)", "[user]", url, flags=re.IGNORECASE)
    return url


def _description(document: Document, title: Masked, settings: ColumnSettings, *, private: bool) -> Row:
    author = document.author
    name = _line(author.name) or None
    if private:
        name = _pseudonym(author, document.posted_on, document.instance, document.site, settings)
    elif name and byline_key(name) in settings.dropped_bylines:
        name = None
    bio = mask(_line(author.bio), handles=False).text if name and not private else ""
    return {
        "title": title.text or None,
        "author": name,
        "author_bio": bio or None,
        "section": _line(document.section) or None,
        "issue": _line(document.issue) or None,
        "tags": [tag for tag in map(_line, document.tags) if tag],
    }


def _pseudonym(
    author: Author, posted_on: str | None, instance: str | None, site: str, settings: ColumnSettings
) -> str | None:
    """Return the keyed pseudonym of an account: by its id, else its handle, else its name; None without any."""
    person = author.native_id or author.handle or _line(author.name)
    if not person:
        return None
    return pseudonym(settings.key, posted_on or "web", instance or site, person)


def _hashtags(given: tuple[str, ...], text: str) -> list[str]:
    found = [*(tag.lstrip("#") for tag in given), *(_HASHTAG.findall(text) if "#" in text else ())]
    return list(dict.fromkeys(tag for tag in found if tag))[:_HASHTAGS_MAX]


def _published(moment: Moment | None) -> Row:
    return {
        "published_at": moment.instant if moment else None,
        "published_day": moment.printed_day if moment else None,
        "published_precision": moment.precision if moment else None,
        "published_zone": moment.zone if moment else None,
        "published_zone_source": moment.zone_source if moment else None,
        "published_printed": moment.printed if moment else None,
        "published_hijri": moment.hijri if moment else None,
    }


def _thread(document: Document) -> Row:
    keys = {"thread_id": document.thread_key, "parent_id": document.parent_key, "root_id": document.root_key}
    return {
        **{name: stable_id(key) if key else None for name, key in keys.items()},
        "parent_state": document.parent_state,
    }


def _text(text: str) -> Row:
    return {"text": text, "text_chars": len(text), "word_count": 0}


def fill_word_counts(rows: Sequence[Row]) -> None:
    """Count the words of rows that have all else of their base: that is done for many at once."""
    for row, counted in zip(rows, count_words([row["text"] for row in rows]), strict=True):
        row["word_count"] = counted.words


def _engagement(engagement: Engagement) -> Row | None:
    counters: dict[str, int | datetime | None] = {
        name: getattr(engagement, name) for name in Engagement.__slots__
    }
    return None if all(value is None for value in counters.values()) else counters


def _counts(body: Masked, title: Masked) -> dict[str, int]:
    """Return the number of replacements of every kind in both."""
    counts = body.counts()
    if title.replacements:
        counts = {kind: count + title.counts()[kind] for kind, count in counts.items()}
    return counts


def _rights(
    ref: CaptureRef, signals: tuple[Signal, ...], document: Document | None, settings: ColumnSettings
) -> Row:
    facts = settings.facts(ref.source)
    every = sorted({*ref.rights.signals, *signals}) if ref.rights.signals or signals else ()
    return {
        "robots": ref.rights.robots,
        "robots_rule": ref.rights.robots_rule,
        "signals": [{"name": s.name, "where": s.where, "value": s.value} for s in every],
        "licence": (document.licence if document else None) or facts.licence,
        "terms": (document.terms if document else None) or facts.terms,
    }


def _provenance(ref: CaptureRef, reader: str, charset: str | None) -> Row:
    return {
        "warc_file": ref.warc_file,
        "warc_record_id": ref.record_id,
        "warc_offset": ref.warc_offset,
        "payload_digest": ref.payload_digest,
        "fetched_at": ref.fetched_at,
        "reader": reader,
        "charset": charset,
    }
