"""Where the whole answers of a file of ours end: what may be kept of a file that an accident left longer or shorter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from builder.archive.members import members
from builder.archive.records import RawRecord, split_records


def whole_answers(path: Path, start: int = 0) -> Iterator[tuple[int, RawRecord | None]]:
    """Yield each whole answer behind the byte `start`: where it ends, and its `resource` record if that is its kind.

    An answer is whole with the metadata record that closes it. Damage on the way is passed over.
    Raises ArchiveError when the file cannot be opened.
    """
    resource: RawRecord | None = None
    for member in members(path, start):
        record = next(split_records(member.data, cut=bool(member.problem)), None)
        if member.problem or not isinstance(record, RawRecord):
            continue
        if record.kind == "resource":
            resource = record
        elif record.kind == "metadata":
            yield member.offset + member.length, resource
            resource = None


def end_of_answers(path: Path) -> int:
    """Return where the last whole answer of a file ends, in bytes; 0 for a file that is missing or has none.

    Raises ArchiveError when the file cannot be opened.
    """
    if not path.exists():
        return 0
    return max((end for end, _ in whole_answers(path)), default=0)
