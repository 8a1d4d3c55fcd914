"""Checks WARC files clause by clause against ISO 28500:2017 (WARC 1.1); section numbers are those of the standard.

Public validators pass files without WARC-Date or WARC-Record-ID, cut ones, and revisits without a profile; this
one names them. It reads the bytes itself and shares nothing with the writer or the reader of builder.archive.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from builder.archive.packing import HEAD_BYTES, foreign_packing
from builder.errors import ArchiveError

KINDS = frozenset(
    {"warcinfo", "response", "resource", "request", "metadata", "revisit", "conversion", "continuation"}
)
NEEDS_URI = frozenset({"response", "resource", "request", "revisit", "conversion", "continuation"})
NEEDS_TYPE = {
    "response": "application/http",
    "request": "application/http",
    "warcinfo": "application/warc-fields",
}
NOT_WITH_CONCURRENT = frozenset({"warcinfo", "conversion", "continuation"})
REVISIT_PROFILES = frozenset(
    f"http://netpreserve.org/warc/{version}/revisit/{name}"
    for version in ("1.0", "1.1")
    for name in ("identical-payload-digest", "server-not-modified")
)
TRUNCATIONS = frozenset({"length", "time", "disconnect", "unspecified"})

_VERSION = re.compile(rb"WARC/1\.[01]\r\n")
_FIELD = re.compile(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
_ID = re.compile(r"^<[A-Za-z][A-Za-z0-9+.-]*:[^\s<>]+>$")
_URI = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$")
_DATE = re.compile(
    r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d{1,9})?Z$"
)
_SHORT_DATE = re.compile(r"^\d{4}(-\d\d(-\d\d(T\d\d:\d\dZ)?)?)?$")
_DIGEST = re.compile(r"^([A-Za-z0-9-]+):([A-Za-z0-9+/=_-]+)$")
_STATUS_LINE = re.compile(rb"HTTP/\d(\.\d)? \d{3}")
_REQUEST_LINE = re.compile(rb"[A-Z]+ \S+ HTTP/\d(\.\d)?\r\n")
_FIRST_LINES = {"response": _STATUS_LINE, "revisit": _STATUS_LINE, "request": _REQUEST_LINE}
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_ONLY_HERE = {
    b"\x28\xb5\x2f\xfd": ("zstd", "zstd -d"),
    b"PK\x03\x04": ("zip", "unzip"),
}
"""Packings that a build reads and this check does not, with the command that undoes them."""
_READ_BYTES = 1 << 20
_MAX_RECORD_BYTES = 1 << 30


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One clause that a file breaks: byte offset of the record's member, its id, the section, what is wrong.

    `must` is False where the standard only recommends, or where a file of a larger set may be right.
    """

    offset: int
    record_id: str
    clause: str
    what: str
    must: bool = True

    def __str__(self) -> str:
        kind = "" if self.must else "advice: "
        return f"{kind}offset {self.offset}, {self.record_id or 'no record'}: {self.what} (WARC 1.1, {self.clause})"


@dataclass(slots=True)
class _Record:
    """One record as it lies in the file: field names in lower case with all their values."""

    offset: int
    fields: dict[str, list[str]]
    block: bytes
    rest: bytes
    problems: list[Problem] = field(default_factory=list)

    def one(self, name: str) -> str | None:
        """Return the first value of a field, None where it is missing."""
        values = self.fields.get(name)
        return values[0] if values else None

    @property
    def kind(self) -> str:
        """WARC-Type in lower case."""
        return (self.one("warc-type") or "").lower()

    def problem(self, clause: str, what: str, *, must: bool = True) -> None:
        """Write down one clause that the record breaks."""
        self.problems.append(Problem(self.offset, self.one("warc-record-id") or "", clause, what, must))


def check_archive(path: Path, *, advice: bool = False) -> list[Problem]:
    """Return every clause that a .warc or .warc.gz file breaks, in file order; an empty list is a clean file.

    With `advice` also what the standard only recommends, and what other files of a set may make good.
    Raises ArchiveError when the file cannot be read at all.
    """
    problems: list[Problem] = []
    ids: dict[str, str] = {}
    pointers: list[tuple[_Record, str, str]] = []
    first = True
    try:
        for item in _records(path):
            if isinstance(item, Problem):
                problems.append(item)
                continue
            _check(item, path, first=first)
            _check_unique(item, ids)
            pointers += [(item, name, value) for name, value in _pointers(item)]
            problems += item.problems
            item.problems, item.block, item.rest, first = [], b"", b"", False
    except OSError as error:
        raise ArchiveError(
            f"cannot be read: {error.strerror or error}",
            where=str(path),
            what_next="Name the WARC files themselves.",
        ) from error
    for record, name, value in pointers:
        if value not in ids:
            record.problem("5.7, 5.16", f"{name} names {value}, which this file does not hold", must=False)
            problems += record.problems
            record.problems = []
    return sorted(problem for problem in problems if advice or problem.must)


def _pointers(record: _Record) -> Iterator[tuple[str, str]]:
    """Yield the fields that must point into the same file: events captured together, and the warcinfo."""
    for value in record.fields.get("warc-concurrent-to", []):
        yield "WARC-Concurrent-To", value
    warcinfo = record.one("warc-warcinfo-id")
    if warcinfo is not None:
        yield "WARC-Warcinfo-ID", warcinfo


def _check_unique(record: _Record, ids: dict[str, str]) -> None:
    record_id = record.one("warc-record-id")
    if record_id is None:
        return
    if record_id in ids:
        record.problem("5.2", "WARC-Record-ID is used twice in this file")
    ids[record_id] = record.kind


def _records(path: Path) -> Iterator[_Record | Problem]:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        packed = head.startswith(b"\x1f\x8b")
        file.seek(0)
        if other := foreign_packing(head) or foreign_packing(head, _ONLY_HERE):
            what = f"packed with {other[0]}, not with gzip: check what `{other[1]} FILE` gives"
            yield Problem(0, "", "annex D", what)
            return
        for offset, data, problem in _members(path) if packed else [(0, path.read_bytes(), "")]:
            if problem:
                yield Problem(offset, "", "annex D", problem)
            yield from _split(offset, data, packed=packed)


def _members(path: Path) -> Iterator[tuple[int, bytes, str]]:
    """Yield offset, content and fault of each gzip member."""
    with path.open("rb") as file:
        offset, rest = 0, b""
        while rest or (rest := file.read(_READ_BYTES)):
            decoder, parts, used, size = zlib.decompressobj(31), [], 0, 0
            try:
                while not decoder.eof and (rest or (rest := file.read(_READ_BYTES))):
                    parts.append(decoder.decompress(rest))
                    size += len(parts[-1])
                    used += len(rest) - len(decoder.unused_data)
                    rest = decoder.unused_data
                    if size > _MAX_RECORD_BYTES:
                        yield offset, b"", "a member of more than 1 GiB is not checked"
                        return
            except zlib.error as error:
                yield offset, b"".join(parts), f"gzip member is damaged: {error}"
                return
            yield offset, b"".join(parts), "" if decoder.eof else "gzip member breaks off"
            offset += used


def _split(offset: int, data: bytes, *, packed: bool) -> Iterator[_Record | Problem]:
    """Yield the records of one member, or of a whole plain file."""
    position, count = 0, 0
    while position < len(data):
        place = offset if packed else position
        if not _VERSION.match(data, position):
            kind = (
                "an ARC file, not a WARC" if data.startswith(b"filedesc://") else "no WARC version line but"
            )
            yield Problem(place, "", "4", f"{kind} {data[position : position + 20]!r}")
            return
        record, position = _parse(place, data, position)
        count += 1
        if packed and count == 2:
            record.problem("annex D", "more than one record in a gzip member: no access by offset")
        yield record
    if packed and not count:
        yield Problem(offset, "", "annex D", "empty gzip member")


def _parse(place: int, data: bytes, position: int) -> tuple[_Record, int]:
    start = data.index(b"\r\n", position) + 2
    end = data.find(b"\r\n\r\n", start - 2)
    cut = end < 0
    lines = data[start : len(data) if cut else end].decode("utf-8", "replace").split("\r\n")
    record = _Record(place, {}, b"", b"")
    _read_fields(record, lines)
    begin = len(data) if cut else end + 4
    length = record.one("content-length") or ""
    if not re.fullmatch("[0-9]{1,18}", length):
        record.problem("5.3", f"Content-Length is {length[:60]!r}" if length else "Content-Length is missing")
        record.block = data[begin:]
        return record, len(data)
    stop = begin + int(length)
    record.block, record.rest = data[begin:stop], data[stop : stop + 4]
    if len(record.block) < int(length):
        record.problem("5.3", f"the block has {len(record.block)} bytes, Content-Length says {length}")
    elif record.rest != b"\r\n\r\n":
        record.problem("4", f"two line ends must close a record, here stands {record.rest!r}")
    following = data.find(b"WARC/1.", stop)
    return record, stop + 4 if record.rest == b"\r\n\r\n" else (following if following > 0 else len(data))


def _read_fields(record: _Record, lines: list[str]) -> None:
    last = ""
    for line in lines:
        if line[:1] in (" ", "\t") and last:
            record.fields[last][-1] += " " + line.strip()
            continue
        name, colon, value = line.partition(":")
        if not colon or not _FIELD.match(name):
            record.problem("4", f"not a header field: {line[:60]!r}")
            continue
        last = name.lower()
        record.fields.setdefault(last, []).append(value.strip())
    for name, values in record.fields.items():
        if len(values) > 1 and name.startswith("warc-") and name != "warc-concurrent-to":
            record.problem("4", f"{name} stands {len(values)} times")


def _check(record: _Record, path: Path, *, first: bool) -> None:
    """Check one record: what every type needs, then what its type needs."""
    _check_every(record)
    if first and record.kind != "warcinfo":
        record.problem("6.2", "the file does not begin with a warcinfo record", must=False)
    name = record.one("warc-filename")
    if name is not None and record.kind != "warcinfo":
        record.problem("5.17", f"WARC-Filename stands in a {record.kind} record")
    elif name is not None and Path(name).name != path.name:
        record.problem("5.17", f"WARC-Filename is {name!r}, the file's name {path.name!r}", must=False)
    _check_target(record)
    _check_type(record)
    _check_digests(record)
    if record.kind == "revisit":
        _check_revisit(record)


def _check_every(record: _Record) -> None:
    record_id, date = record.one("warc-record-id"), record.one("warc-date")
    if record_id is None:
        record.problem("5.2", "WARC-Record-ID is missing")
    elif not _ID.match(record_id):
        record.problem("5.2", f"WARC-Record-ID is no URI in angle brackets: {record_id[:60]!r}")
    if date is None:
        record.problem("5.4", "WARC-Date is missing")
    elif not (_DATE.match(date) or _SHORT_DATE.match(date)):
        record.problem("5.4", f"WARC-Date is not a UTC time of W3C-DTF: {date[:40]!r}")
    if not record.kind:
        record.problem("5.5", "WARC-Type is missing")
    elif record.kind not in KINDS:
        record.problem("5.5", f"WARC-Type {record.kind!r} is not one of the standard's", must=False)
    _check_relations(record)


def _check_relations(record: _Record) -> None:
    """Check the fields that tie a record to others, and its truncation."""
    truncated = record.one("warc-truncated")
    if truncated is not None and truncated not in TRUNCATIONS:
        record.problem("5.15", f"WARC-Truncated {truncated!r} is not one of the standard's")
    if record.kind in NOT_WITH_CONCURRENT and "warc-concurrent-to" in record.fields:
        record.problem("5.7", f"WARC-Concurrent-To stands in a {record.kind} record")
    for name in ("warc-concurrent-to", "warc-refers-to", "warc-warcinfo-id"):
        for value in record.fields.get(name, []):
            if not _ID.match(value):
                record.problem("5.2", f"{name} is no URI in angle brackets: {value[:60]!r}")


def _check_target(record: _Record) -> None:
    uri = record.one("warc-target-uri")
    if uri is None and record.kind in NEEDS_URI:
        record.problem("5.14", f"WARC-Target-URI is missing in a {record.kind} record")
    elif uri is not None and record.kind == "warcinfo":
        record.problem("5.14", "WARC-Target-URI stands in a warcinfo record")
    elif uri is not None and not _URI.match(uri):
        record.problem("5.14", f"WARC-Target-URI is no URI: {uri[:80]!r}")


def _check_type(record: _Record) -> None:
    """Check the content type, and that the block begins as it says."""
    uri, content_type = record.one("warc-target-uri"), record.one("content-type")
    if content_type is None:
        if record.block and record.kind != "continuation":
            record.problem("5.6", "Content-Type is missing")
        return
    if uri is not None and not uri.lower().startswith(("http:", "https:")):
        return
    wanted = NEEDS_TYPE.get(record.kind, "")
    if not content_type.lower().startswith(wanted):
        record.problem("6", f"Content-Type of a {record.kind} record is {content_type!r}, not {wanted}")
    pattern = _FIRST_LINES.get(record.kind) if "application/http" in content_type.lower() else None
    if pattern is not None and record.block and not pattern.match(record.block):
        record.problem("6.3, 6.5", f"the block is no HTTP {record.kind}: {record.block[:30]!r}")


def _check_digests(record: _Record) -> None:
    block = record.one("warc-block-digest")
    if block is not None:
        _compare(record, "5.8", "WARC-Block-Digest", block, record.block)
    payload = record.one("warc-payload-digest")
    if payload is None or record.kind == "revisit":
        return
    if record.kind in ("response", "request") and "http" in (record.one("content-type") or ""):
        end = _HEAD_END.search(record.block)
        _compare(record, "5.9", "WARC-Payload-Digest", payload, record.block[end.end() :] if end else b"")
    elif record.kind == "resource":
        _compare(record, "5.9", "WARC-Payload-Digest", payload, record.block)


def _compare(record: _Record, clause: str, name: str, printed: str, data: bytes) -> None:
    match = _DIGEST.match(printed)
    algorithm = match[1].lower().replace("-", "") if match else ""
    if match is None or algorithm not in hashlib.algorithms_available:
        record.problem(clause, f"{name} is no labelled digest: {printed[:60]!r}")
        return
    found = hashlib.new(algorithm, data, usedforsecurity=False)
    spellings = {
        found.hexdigest(),
        base64.b32encode(found.digest()).decode(),
        base64.b64encode(found.digest()).decode(),
    }
    if match[2] not in spellings and match[2].lower() not in spellings and match[2].upper() not in spellings:
        record.problem(clause, f"{name} does not fit the bytes")


def _check_revisit(record: _Record) -> None:
    profile = record.one("warc-profile")
    if profile is None:
        record.problem("6.7", "WARC-Profile is missing in a revisit record")
        return
    if profile not in REVISIT_PROFILES:
        record.problem("6.7", f"WARC-Profile is none of the standard's: {profile[:80]!r}", must=False)
    if profile.endswith("identical-payload-digest") and record.one("warc-payload-digest") is None:
        record.problem("6.7.2", "WARC-Payload-Digest is missing in an identical-payload-digest revisit")
    if profile.endswith("server-not-modified") and record.block and b" 304" not in record.block[:16]:
        record.problem("6.7.3", "a server-not-modified revisit holds an answer other than 304")
    date = record.one("warc-refers-to-date")
    if date is not None and not (_DATE.match(date) or _SHORT_DATE.match(date)):
        record.problem("5.13", f"WARC-Refers-To-Date is not a UTC time of W3C-DTF: {date[:40]!r}")
    if (date is None) != (record.one("warc-refers-to-target-uri") is None):
        record.problem(
            "6.7", "WARC-Refers-To-Target-URI and WARC-Refers-To-Date stand together or not at all"
        )
