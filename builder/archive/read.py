"""Reads archives of any maker back: every whole record once, every broken stretch named.

`scan` says what a file holds without keeping bodies; `load` fetches one capture by its offset.
"""

from __future__ import annotations

import hashlib
import mmap
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Literal

from builder.archive.coding import BodyTooLarge, dechunked, decoded_body
from builder.archive.fields import parse_fields
from builder.archive.members import ZSTD, Member, dictionary_of, member_at, members
from builder.archive.payload import (
    Message,
    digest,
    matches,
    normal_digest,
    parse_message,
)
from builder.archive.records import Broken, RawRecord, parse_date, record_at, split_records
from builder.archive.unwrap import UnwrapError, unwrap
from builder.errors import ArchiveError
from builder.model import PAGE, Capture, CaptureRef, Damage, Rights
from builder.objects import Place, StoredObject, on_disk, place_of
from builder.optout import header_signals

Kind = Literal["response", "revisit", "resource"]

_KINDS: dict[str, Kind] = {"response": "response", "revisit": "revisit", "resource": "resource"}
NAMED_BYTES = 64 * 1024
"""Beginning of a file from which an archive without a WARC-Filename is named."""

_NOT_MODIFIED = "server-not-modified"
_WINDOW = 64
"""Captures held back until their metadata record has come; the crawler writes it right behind the answer."""


def name_of(path: Path) -> str:
    """Return the name of an archive that does not say its own: "archive-" and a digest of how it begins.

    The name on disk is the user's: renaming a file must not change a row. Appending does not change this one, once
    the file is longer than NAMED_BYTES. Raises ArchiveError when the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(NAMED_BYTES)
    except OSError as error:
        raise ArchiveError(error.strerror or str(error), where=str(path)) from error
    return f"archive-{hashlib.blake2b(start, digest_size=8).hexdigest()}"


def scan(
    place: Place, *, source: str, role: str = PAGE, spool: Path | None = None
) -> Iterator[CaptureRef | Damage]:
    """Yield every capture of an archive file in file order, and every stretch that holds no whole record.

    `source` and `role` go into the references; a metadata record of ours overrides the role. An object of a storage
    is first brought into the folder `spool`, whole: looking for what is whole behind damage goes to and fro.
    Raises ArchiveError when the file cannot be opened, StorageError when the object cannot be had.
    """
    with on_disk(place, spool) as path:
        scanner = _Scanner(path, str(place), source, role)
        for member in members(path, said=place.address if isinstance(place, StoredObject) else ""):
            yield from scanner.member(member)
        yield from scanner.rest()


def load(ref: CaptureRef) -> Capture:
    """Fetch one capture by its place, with transfer and content coding undone; a revisit has no body.

    Raises ArchiveError when the file is not as it was scanned, or the body's coding is broken or too large;
    StorageError when an object was changed or cannot be had, which is no fault of the page.
    """
    try:
        return _capture_of(ref)
    except ArchiveError:
        place = place_of(ref.path)
        if isinstance(place, StoredObject):
            place.confirm()
        raise


def _capture_of(ref: CaptureRef) -> Capture:
    where = f"{ref.path}@{ref.warc_offset}"
    record = _record_of(ref)
    if isinstance(record, Broken) or _record_id(record, ref.payload_digest) != ref.record_id:
        raise ArchiveError(
            "holds another record than when it was scanned",
            where=where,
            what_next="Do not change archive files; run the build again to scan them anew.",
        )
    message = parse_message(record.block)
    if message is not None and record.fields.get("warc-target-uri", "").strip("<>") != ref.url:
        record = unwrap(record.fields["warc-target-uri"], record, message) or record
        message = parse_message(record.block)
    if ref.kind == "resource":
        headers = (("Content-Type", record.fields.get("content-type", "")),)
        return Capture(ref, headers, record.block)
    message = message or Message(ref.status, (), b"")
    if ref.kind == "revisit":
        return Capture(ref, message.headers, b"")
    try:
        return Capture(ref, message.headers, decoded_body(message.headers, message.body))
    except BodyTooLarge as error:
        raise ArchiveError(error.what, where=where, what_next="The page is left out.") from error


def _record_of(ref: CaptureRef) -> RawRecord | Broken:
    try:
        if ref.inner_offset:
            return record_at(_inflated(ref.path, ref.warc_offset, ref.warc_length), ref.inner_offset)
        return record_at(_inflate(ref.path, ref.warc_offset, ref.warc_length), 0)
    except OSError as error:
        raise ArchiveError(
            f"cannot be read: {error.strerror}", where=ref.path, what_next="Put the archive file back."
        ) from error


def _inflate(path: str, offset: int, length: int) -> bytes | mmap.mmap:
    place = place_of(path)
    with place.open("rb") as file:
        file.seek(offset)
        raw = file.read(length)
    return member_at(raw, dictionary_of(place) if raw.startswith(ZSTD) else None).data


_inflated = lru_cache(maxsize=1)(_inflate)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a record lies: offset and length in the file, and the offset inside a member of several records."""

    offset: int
    length: int
    inner: int = 0


class _Scanner:
    """Turns the records of one file into references, each joined with its metadata record."""

    def __init__(self, path: Path, place: str, source: str, role: str) -> None:
        self.place = place
        self.source = source
        self.role = role
        self.warc_file = name_of(path)
        self.named = False
        self.waiting: dict[str, CaptureRef] = {}
        self.early: dict[str, RawRecord] = {}
        self.copied: set[str] = set()

    def member(self, member: Member) -> Iterator[CaptureRef | Damage]:
        """Yield what one member holds, as far as it need not wait for metadata."""
        broken = False
        for found in split_records(member.data, cut=bool(member.problem)):
            place = self._place(member, found)
            if isinstance(found, Broken):
                broken = True
                yield self._damage(place, found.reason)
            else:
                yield from self._record(place, found, proven=member.problem in ("", "cut"))
        if member.problem and not broken:
            yield self._damage(_Place(member.offset, member.length), member.problem)

    @staticmethod
    def _place(member: Member, found: RawRecord | Broken) -> _Place:
        if member.plain:
            return _Place(found.start, found.end - found.start)
        return _Place(member.offset, member.length, found.start)

    def _damage(self, place: _Place, reason: str) -> Damage:
        return Damage(self.place, place.offset, place.length, reason)

    def rest(self) -> Iterator[CaptureRef]:
        """Yield what still waits."""
        yield from self.waiting.values()
        self.waiting.clear()

    def _record(self, place: _Place, record: RawRecord, *, proven: bool) -> Iterator[CaptureRef | Damage]:
        self._name_file(record)
        if record.kind == "metadata":
            self._join(record)
            return
        if record.kind == "continuation":
            yield self._damage(place, "continues another record; segments are not joined")
            return
        if record.kind not in _KINDS or record.fields.get("warc-target-uri", "").startswith("dns:"):
            return
        found = self._capture(place, record, proven=proven)
        if isinstance(found, Damage):
            yield found
            return
        if found.record_id in self.waiting:  # some makers give one id to many
            yield self.waiting.pop(found.record_id)
        early = self.early.pop(found.record_id, None)
        self.waiting[found.record_id] = found if early is None else self._with_metadata(found, early)
        while len(self.waiting) > _WINDOW:
            yield self.waiting.pop(next(iter(self.waiting)))

    def _name_file(self, record: RawRecord) -> None:
        """Take the file's own name from a warcinfo record that stands first."""
        if not self.named and record.kind == "warcinfo":
            self.warc_file = PurePosixPath(record.fields.get("warc-filename", "")).name or self.warc_file
        self.named = True

    def _join(self, record: RawRecord) -> None:
        """Join a metadata record with the capture it speaks of, or keep it until that comes."""
        for target in (*record.concurrent, record.fields.get("warc-refers-to", "")):
            if target in self.waiting:
                self.waiting[target] = self._with_metadata(self.waiting[target], record)
            elif target:
                self.early[target] = record
        while len(self.early) > _WINDOW:
            self.early.pop(next(iter(self.early)))

    def _with_metadata(self, ref: CaptureRef, record: RawRecord) -> CaptureRef:
        """Return a reference with what its metadata record says.

        What robots.txt said of an archive's own host says nothing of the page that was copied from there.
        """
        said = parse_fields(record.block)
        copied = ref.record_id in self.copied
        # A second metadata record, by another tool, takes nothing back of what the first said.
        return replace(
            ref,
            role=PAGE if copied else said.role if said.role != PAGE else ref.role,
            via=said.via or ref.via,
            how=said.how or ref.how,
            rights=Rights() if copied else said.rights if said.rights != Rights() else ref.rights,
        )

    def _capture(self, place: _Place, record: RawRecord, *, proven: bool) -> CaptureRef | Damage:
        try:
            found = _examine(record)
            record_id = _record_id(record, found.digest.text)
            if found.message is not None and (inner := unwrap(found.url, record, found.message)) is not None:
                found = _examine(inner)
                self.copied.add(record_id)
        except (_Unusable, UnwrapError) as error:
            return self._damage(place, str(error))
        if not (proven or found.digest.verified):
            return self._damage(place, "damaged, and no digest to prove the record whole")
        return CaptureRef(
            source=self.source,
            role=self.role,
            url=found.url,
            status=found.status,
            mime=found.mime,
            fetched_at=found.fetched_at,
            payload_digest=found.digest.text,
            record_id=record_id,
            kind=found.kind,
            path=self.place,
            warc_file=self.warc_file,
            warc_offset=place.offset,
            warc_length=place.length,
            truncated=record.fields.get("warc-truncated"),
            inner_offset=place.inner,
            said=header_signals(found.message.headers) if found.message is not None else (),
        )


class _Unusable(ValueError):
    """A record that is long enough but cannot be used, and why."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a record says of its capture. `message` is None for a capture without HTTP."""

    kind: Kind
    url: str
    fetched_at: datetime
    message: Message | None
    digest: _Digest
    status: int
    mime: str


def _examine(record: RawRecord) -> _Found:
    """Read what one record says.

    Raises _Unusable when an essential field is missing or a digest does not fit.
    """
    kind = _KINDS.get(record.kind)
    url = record.fields.get("warc-target-uri", "").strip("<>")
    fetched_at = parse_date(record.fields.get("warc-date", ""))
    if kind is None or fetched_at is None or not url:
        raise _Unusable("WARC-Type, WARC-Date or WARC-Target-URI is missing or malformed")
    message = None if kind == "resource" else parse_message(record.block)
    if message is None and kind == "response":
        if record.arc or "http" in record.fields.get("content-type", "http"):
            raise _Unusable("response without a status line")
        kind = "resource"
    checked = _checked_digest(record, kind, message)
    own = "" if kind == "revisit" else record.fields.get("content-type", "")
    mime = own if message is None else message.header("content-type")
    mime = mime.partition(";")[0].strip().lower()
    return _Found(kind, url, fetched_at, message, checked, _status(kind, message, record), mime)


@dataclass(frozen=True, slots=True)
class _Digest:
    text: str
    verified: bool


def _checked_digest(record: RawRecord, kind: Kind, message: Message | None) -> _Digest:
    """Return the payload's digest, checked against what the header prints.

    Raises _Unusable when the bytes are not what the header says.
    """
    block = normal_digest(record.fields.get("warc-block-digest", ""))
    if block and not matches(block, record.block):
        raise _Unusable("block differs from its WARC-Block-Digest")
    printed = normal_digest(record.fields.get("warc-payload-digest", ""))
    if kind == "revisit":
        return _Digest(printed, verified=bool(block))
    payload = record.block if message is None else message.body
    if not printed:
        return _Digest(digest(payload), verified=bool(block))
    if matches(printed, payload) or (message is not None and _matches_decoded(printed, message)):
        return _Digest(printed, verified=True)
    if "warc-truncated" in record.fields:
        return _Digest(digest(payload), verified=bool(block))
    raise _Unusable("payload differs from its WARC-Payload-Digest")


def _matches_decoded(printed: str, message: Message) -> bool:
    """Return whether a digest was taken after transfer or content coding was undone, as some makers do."""
    if matches(printed, dechunked(message.body)):
        return True
    try:
        return matches(printed, decoded_body(message.headers, message.body))
    except BodyTooLarge:
        return False


def _status(kind: Kind, message: Message | None, record: RawRecord) -> int:
    if message is not None:
        return message.status
    return 304 if _NOT_MODIFIED in record.fields.get("warc-profile", "") and kind == "revisit" else 200


def _record_id(record: RawRecord, payload_digest: str) -> str:
    """Return WARC-Record-ID; for ARC and records without one, an id made of what the record is."""
    given = record.fields.get("warc-record-id", "")
    if given:
        return given
    fields = record.fields
    name = f"{fields.get('warc-target-uri')} {fields.get('warc-date')} {payload_digest}"
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}>"
