"""What a visit writes into its URL's row of the frontier, and what the row asks of the next request. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypedDict

from builder.crawl.fetcher import Answer
from builder.crawl.frontier import Entry, Visit
from builder.crawl.outcome import Judgement, is_outdated
from builder.crawl.recorder import Written

_SENDABLE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]+")
"""What may stand in a header (RFC 9110, 5.5): a tag with other signs in it is not sent back."""


@dataclass(frozen=True, slots=True)
class When:
    """Times of a visit in seconds since 1970: now, and when it is due again; `interval_s` is None for a retry."""

    now_s: float
    due_s: float
    interval_s: float | None


class Seen(TypedDict, total=False):
    """The part of a frontier row that an answer fills."""

    status: int
    warc_file: str
    warc_offset: int
    warc_length: int
    etag: str | None
    last_modified: str | None
    digest: str
    entity: str | None
    record_id: str
    record_url: str
    warc_date: str


def visit_row(
    entry: Entry,
    answer: Answer | None,
    judgement: Judgement,
    written: Written | None,
    when: When,
    mark: str,
) -> Visit:
    """Return what the frontier notes of one visit; `mark` of what was followed, if it was."""
    retry = when.interval_s is None
    return Visit(
        state="retry" if retry else "idle",
        due_s=when.due_s,
        attempts=entry.attempts + 1 if retry else 0,
        outcome=judgement.outcome,
        reason=judgement.reason,
        interval_s=when.interval_s,
        fetched_s=when.now_s,
        changed_s=when.now_s if judgement.outcome == "kept" else None,
        followed=mark if judgement.follow else None,
        **_seen(answer, written, judgement),
    )


def _seen(answer: Answer | None, written: Written | None, judgement: Judgement) -> Seen:
    """Return what an answer leaves in its URL's row: where it lies and how to ask whether it changed."""
    if answer is None or written is None:
        return Seen()
    seen = Seen(
        status=answer.status,
        warc_file=written.place.warc_file,
        warc_offset=written.place.offset,
        warc_length=written.place.length,
    )
    if judgement.outcome in ("kept", "unchanged"):
        original = written.original
        # A 304 keeps the tags it does not repeat; a whole answer without them takes those of the one before away.
        none = None if answer.status == 304 else ""
        seen |= Seen(
            etag=answer.header("etag") or none,
            last_modified=answer.header("last-modified") or none,
            digest=written.digest,
            entity=None if answer.status == 304 else written.entity,
            record_id=original.record_id,
            record_url=original.url,
            warc_date=original.warc_date,
        )
    return seen


def conditions(entry: Entry, mark: str) -> dict[str, str]:
    """Return a target's own headers, and those that make a request conditional once a full record is there.

    One whose links are to be followed anew by this `mark` is asked for whole.
    """
    headers = dict(entry.target.headers)
    if entry.record_id and entry.digest and not is_outdated(entry, mark):
        if entry.etag and _SENDABLE.fullmatch(entry.etag):
            headers["If-None-Match"] = entry.etag
        if entry.last_modified and _SENDABLE.fullmatch(entry.last_modified):
            headers["If-Modified-Since"] = entry.last_modified
    return headers
