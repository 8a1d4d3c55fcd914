"""Answers of web archives that hold another's capture: a range of a WARC file, or a memento.

Such an answer is one record of ours whose inside is the capture that counts: its address, time, status and
digest are those of the page, not of the archive it was copied from.
"""

from __future__ import annotations

import re

from builder.archive.members import is_compressed, member_at
from builder.archive.payload import Message
from builder.archive.records import RawRecord, split_records

_MEMENTO = re.compile(r"https?://[^/]+/(?:[\w.-]+/)*?(\d{14})id_/(\w+:/{1,2}.+)$")
_PARTIAL_CONTENT = 206


class UnwrapError(ValueError):
    """A range of a WARC file that holds no whole record."""


def unwrap(url: str, record: RawRecord, message: Message) -> RawRecord | None:
    """Return the record inside an answer from `url`, or None when the answer is the capture itself.

    Raises UnwrapError when a range of a WARC file holds no whole record: the offset was wrong, or it was cut.
    """
    memento = _MEMENTO.match(url)
    if memento is not None and message.header("memento-datetime"):
        fields = {
            **record.fields,
            "warc-target-uri": re.sub(r"^(https?):/(?!/)", r"\1://", memento[2]),
            "warc-date": memento[1],
        }
        return RawRecord(record.start, record.end, fields, record.block)
    if message.status == _PARTIAL_CONTENT and _is_warc(url) and record.kind == "response":
        return _inside(message.body)
    return None


def _is_warc(url: str) -> bool:
    return re.search(r"\.w?arc(\.gz|\.zst)?$", url.partition("?")[0].partition("#")[0]) is not None


def _inside(body: bytes) -> RawRecord:
    member = member_at(body)
    if is_compressed(body) and member.problem:
        raise UnwrapError(f"range holds no whole record: {member.problem}")
    found = next(split_records(member.data), None)
    if not isinstance(found, RawRecord):
        raise UnwrapError("range holds no whole record" + (f": {found.reason}" if found else ""))
    return found
