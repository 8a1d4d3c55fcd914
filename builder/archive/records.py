"""Records inside the decoded bytes of a member: WARC/0.17 to 1.1 and ARC 1, by any maker.

A record is taken as whole only if its block is as long as it says and nothing but line ends stands between
it and the next one. Everything else is a `Broken` stretch up to the next head of a record.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from builder.archive.payload import header_lines

MAX_BLOCK_BYTES = 256 * 1024 * 1024
"""Cap on one record's block; the crawler never writes more than 20 MB decoded."""

_VERSION = re.compile(rb"WARC/(?:0\.\d+|1\.\d)[ \t]*\r?\n")
_BLANK = re.compile(rb"[\r\n\0]*")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_HEAD_MAX_BYTES = 64 * 1024
_LENGTH = re.compile(r"[0-9]{1,18}")
"""A length in bytes. Python reads no number of more than 4,300 digits, and no file has 10 ** 18 bytes."""
_NEXT = re.compile(
    rb"(?<=\n)(?:(?P<warc>WARC/(?:0\.\d+|1\.\d)[ \t]*\r?\n)|(?:https?|ftp|dns):[^\n]{0,%d}\n)"
    % _HEAD_MAX_BYTES
)
"""Lines that a record may begin with; an ARC record's are looked at more closely."""
_ARC_LINE = re.compile(rb"[a-z][a-z0-9+.-]*:[^\n]{0,%d}\n" % _HEAD_MAX_BYTES)
_ARC_DATE = re.compile(rb"\d{12,18}")
_ARC_SIZE = re.compile(rb"\d{1,18}")
_ARC_LIKE = re.compile(rb"[a-z][a-z0-9+.-]*:\S")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?Z?)?$")


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One whole record: where it lies in the decoded bytes, its header fields (lower case), its block."""

    start: int
    end: int
    fields: dict[str, str]
    block: bytes
    concurrent: tuple[str, ...] = ()
    arc: bool = False

    @property
    def kind(self) -> str:
        """WARC-Type in lower case."""
        return self.fields.get("warc-type", "").lower()


@dataclass(frozen=True, slots=True)
class Broken:
    """A stretch of the decoded bytes that holds no whole record, and why."""

    start: int
    end: int
    reason: str


def split_records(
    data: bytes | mmap.mmap, start: int = 0, *, cut: bool = False
) -> Iterator[RawRecord | Broken]:
    """Yield the records of decoded bytes in order.

    `cut` says that the bytes break off: a last record without its closing line ends is then not whole.
    """
    size = len(data)
    position = _skip_blank(data, start)
    while position < size:
        found = _record_at(data, position, cut=cut)
        yield found
        position = _skip_blank(data, found.end)


def record_at(data: bytes | mmap.mmap, start: int) -> RawRecord | Broken:
    """Read the one record at `start`."""
    return _record_at(data, _skip_blank(data, start), cut=False)


def _skip_blank(data: bytes | mmap.mmap, position: int) -> int:
    match = _BLANK.match(data, position)
    return match.end() if match else position


def _record_at(data: bytes | mmap.mmap, start: int, *, cut: bool) -> RawRecord | Broken:
    if _VERSION.match(data, start):
        return _warc_at(data, start, cut=cut)
    arc = _arc_head(data, start)
    if arc is not None:
        return _arc_at(data, start, arc)
    reason = "ARC header line" if _ARC_LIKE.match(data, start) else "bytes that belong to no record"
    return Broken(start, _next_head(data, start + 1), reason)


def _next_head(data: bytes | mmap.mmap, position: int) -> int:
    """Return where the next head of a record stands, or the end."""
    for match in _NEXT.finditer(data, position):
        if match["warc"] or _arc_head(data, match.start()):
            return match.start()
    return len(data)


def _warc_at(data: bytes | mmap.mmap, start: int, *, cut: bool) -> RawRecord | Broken:
    head_end = _HEAD_END.search(data, start, start + _HEAD_MAX_BYTES)
    if head_end is None:
        return Broken(start, _next_head(data, start + 1), "record header breaks off")
    lines = header_lines(bytes(data[start : head_end.start()]).split(b"\n")[1:], utf8=True)
    fields: dict[str, str] = {}
    for name, value in lines:
        fields.setdefault(name.lower(), value)
    concurrent = tuple(value for name, value in lines if name.lower() == "warc-concurrent-to")
    length = fields.get("content-length", "")
    if not _LENGTH.fullmatch(length):
        return Broken(start, _next_head(data, head_end.end()), f"Content-Length is {length[:60]!r}")
    begin, end = head_end.end(), head_end.end() + int(length)
    problem = _end_problem(data, end, cut=cut)
    if problem:
        return Broken(start, _next_head(data, begin), problem)
    if end - begin > MAX_BLOCK_BYTES:
        return Broken(start, end, f"block of more than {MAX_BLOCK_BYTES} bytes")
    return RawRecord(start, end, fields, bytes(data[begin:end]), concurrent)


def _end_problem(data: bytes | mmap.mmap, end: int, *, cut: bool) -> str:
    """Return what is wrong where a block should end, or ""."""
    if end > len(data):
        return f"block is {end - len(data)} bytes shorter than its Content-Length"
    after = _skip_blank(data, end)
    if after == len(data):
        return "record breaks off at its end" if cut and after - end < len(b"\n\n") else ""
    if after == end or not (_VERSION.match(data, after) or _ARC_LIKE.match(data, after)):
        return "Content-Length does not lead to the next record"
    return ""


@dataclass(frozen=True, slots=True)
class _ArcHead:
    """The line before an ARC record, and where it ends. `size` is that of the block in bytes."""

    url: bytes
    date: bytes
    mime: bytes
    size: int
    end: int


def _arc_head(data: bytes | mmap.mmap, start: int) -> _ArcHead | None:
    """Read "URL IP date type … size", where the address may hold blanks; None where no such line stands.

    Word by word: a pattern for it would try each blank of a line with each other.
    """
    line = _ARC_LINE.match(data, start)
    words = line[0].rstrip(b"\r\n").split(b" ") if line else []
    if not line or not _ARC_SIZE.fullmatch(words[-1]):
        return None
    for place in range(2, len(words) - 2):
        if _ARC_DATE.fullmatch(words[place]) and words[place - 1] and words[place + 1]:
            url = b" ".join(words[: place - 1])
            return _ArcHead(url, words[place], words[place + 1], int(words[-1]), line.end())
    return None


def _arc_at(data: bytes | mmap.mmap, start: int, head: _ArcHead) -> RawRecord | Broken:
    begin, end = head.end, head.end + head.size
    if end > len(data):
        lack = f"block is {end - len(data)} bytes shorter than its Archive-length"
        return Broken(start, _next_head(data, begin), lack)
    after = _skip_blank(data, end)
    if after < len(data) and not _ARC_LIKE.match(data, after):
        return Broken(start, _next_head(data, begin), "Archive-length does not lead to the next record")
    fields = {
        "warc-type": "warcinfo" if head.url.startswith(b"filedesc:") else "response",
        "warc-target-uri": head.url.decode("utf-8", "replace"),
        "warc-date": head.date.decode("ascii"),
        "content-type": head.mime.decode("latin-1"),
    }
    return RawRecord(start, end, fields, bytes(data[begin:end]), arc=True)


def parse_date(printed: str) -> datetime | None:
    """Read a WARC-Date (with fractions, or cut short as WARC/1.1 allows) or an ARC date; None if it is none."""
    if printed.isdigit() and len(printed) >= len("200001010000"):
        padded = printed[:14].ljust(14, "0")
        printed = f"{padded[:4]}-{padded[4:6]}-{padded[6:8]}T{padded[8:10]}:{padded[10:12]}:{padded[12:14]}Z"
    match = _DATE.match(printed)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    micro = int((match[7] or "0").ljust(6, "0")[:6])
    try:
        return datetime(year, month, day, hour, minute, min(second, 59), micro, tzinfo=UTC)
    except ValueError:
        return None
