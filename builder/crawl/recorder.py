"""Turns an answer into WARC records: response or revisit, request, and the metadata that goes with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from builder.archive.coding import dechunked, decoded_body
from builder.archive.fields import CONTENT_TYPE, CaptureFields, format_fields
from builder.archive.ledger import Ledger
from builder.archive.write import (
    IDENTICAL_PAYLOAD,
    NOT_MODIFIED,
    Block,
    Place,
    Record,
    digest_of,
    new_record_id,
    warc_date,
)
from builder.crawl.fetcher import Answer
from builder.crawl.frontier import Entry
from builder.model import Capture, CaptureRef, Rights, Target

LISTS = frozenset({"sitemap", "feed"})
"""Roles whose every line counts: they are read up to the cap, where a page beyond it is not."""
MAX_CUT_BYTES = 2_000_000
"""So much of an answer that was cut for its length is looked at for links."""


@dataclass(frozen=True, slots=True)
class Original:
    """The full record that a revisit stands for."""

    record_id: str
    url: str
    warc_date: str
    digest: str


@dataclass(frozen=True, slots=True)
class Written:
    """What was written for one answer. `entity` is the digest of the body with its chunks joined."""

    place: Place
    kind: str
    record_id: str
    digest: str
    entity: str
    fetched_at: datetime
    original: Original


class Recorder:
    """Writes the records of answers to the archive files of their sources."""

    def __init__(self, ledger: Ledger, info: tuple[tuple[str, str], ...]) -> None:
        self._ledger = ledger
        self._info = info
        self.folder = ledger.folder
        self.records = 0

    def record(
        self, answer: Answer, target: Target, rights: Rights, fetched_at: datetime, original: Original | None
    ) -> Written:
        """Append the records of one answer. `original` is given when the answer repeats it: a revisit is written.

        The caller commits: see `commit`. Raises ArchiveError when the disk refuses.
        """
        writer = self._ledger.writer(target.source, fetched_at, self._info)
        kind = "response" if original is None else "revisit"
        digest = payload_digest(answer) if original is None or answer.status != 304 else original.digest
        record_id = new_record_id()
        place = writer.write(self._answer_record(answer, record_id, digest, fetched_at, original))
        beside = (("WARC-Target-URI", answer.url), ("WARC-Concurrent-To", record_id))
        writer.write(
            Record(
                "request",
                new_record_id(),
                fetched_at,
                "application/http; msgtype=request",
                Block(answer.request),
                beside,
            )
        )
        fields = CaptureFields(
            target.role, target.source, target.via, target.how, target.depth, answer.peer, rights
        )
        writer.write(
            Record(
                "metadata", new_record_id(), fetched_at, CONTENT_TYPE, Block(format_fields(fields)), beside
            )
        )
        self.records += 3
        own = Original(record_id, answer.url, warc_date(fetched_at), digest)
        joined = _is_chunked(answer) and not answer.truncated
        entity = digest_of([dechunked(answer.body())]) if joined else digest
        return Written(place, kind, record_id, digest, entity, fetched_at, original or own)

    def commit(self, source: str) -> None:
        """Let the file of the source's last answer count up to its end. Call it inside the frontier's transaction."""
        self._ledger.commit_length(self._ledger.last_writer(source))

    def _answer_record(
        self, answer: Answer, record_id: str, digest: str, fetched_at: datetime, original: Original | None
    ) -> Record:
        fields = [("WARC-Target-URI", answer.url)]
        if answer.peer:
            fields.append(("WARC-IP-Address", answer.peer))
        if original is not None:
            fields += [
                ("WARC-Profile", NOT_MODIFIED if answer.status == 304 else IDENTICAL_PAYLOAD),
                ("WARC-Refers-To", original.record_id),
                ("WARC-Refers-To-Target-URI", original.url),
                ("WARC-Refers-To-Date", original.warc_date),
            ]
        if answer.truncated:
            fields.append(("WARC-Truncated", answer.truncated))
        fields.append(("WARC-Payload-Digest", digest))
        block = answer.block if original is None else Block(answer.head)
        kind = "application/http; msgtype=response"
        return Record(
            "response" if original is None else "revisit", record_id, fetched_at, kind, block, tuple(fields)
        )


def original_of(entry: Entry, digest: str | None) -> Original | None:
    """Return the full record behind a URL of the frontier, None if the archive has none with a payload digest."""
    if entry.record_id is None or digest is None:
        return None
    return Original(entry.record_id, entry.record_url or entry.target.url, entry.warc_date or "", digest)


def payload_digest(answer: Answer) -> str:
    """Return the digest of an answer's body as received, the form all WARC tools check."""
    return digest_of(answer.block.body())


def _is_chunked(answer: Answer) -> bool:
    return "chunked" in (answer.header("transfer-encoding") or "").lower()


def capture_of(
    answer: Answer, written: Written, target: Target, rights: Rights, folder: Path, cap: int
) -> Capture:
    """Return the answer as `follow` reads it, its codings undone.

    Raises BodyTooLarge when it swells past `cap` bytes; a sitemap or feed is then cut there.
    """
    ref = CaptureRef(
        source=target.source,
        role=target.role,
        url=answer.url,
        status=answer.status,
        mime=answer.mime,
        fetched_at=written.fetched_at,
        payload_digest=written.digest,
        record_id=written.record_id,
        kind="response" if written.kind == "response" else "revisit",
        path=str(folder / written.place.warc_file),
        warc_file=written.place.warc_file,
        warc_offset=written.place.offset,
        warc_length=written.place.length,
        truncated=answer.truncated,
        via=target.via,
        how=target.how,
        rights=rights,
    )
    # What was cut at the cap has links enough in its first bytes; of a list each line counts.
    is_list = target.role in LISTS
    cut = is_list or answer.truncated == "length"
    raw = answer.body((cap if is_list else min(cap, MAX_CUT_BYTES)) if cut else None)
    body = decoded_body(answer.headers, raw, max_bytes=cap, cut=cut)
    return Capture(ref, answer.headers, body)
