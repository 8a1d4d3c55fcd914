"""Stage 1: what lies in the archives, and which captures are to be read.

Each archive is scanned once: the result is kept under the file's digest. Which file a capture lies in and in
which order files come decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from builder.engine import BATCH_BUDGET, Engine, Failure
from builder.errors import ArchiveError
from builder.model import PAGE, CaptureRef, Damage
from builder.objects import place_of
from builder.stages.archives import Archive
from builder.stages.codec import encode
from builder.stages.fingerprints import code_fingerprint
from builder.stages.store import write_parquet

NO_DOCUMENTS = frozenset({"feed", "sitemap", "robots", "optout"})
"""Roles of answers that lead to pages or say how to behave, and hold no record themselves."""

SCAN_COLUMNS = (
    *("source", "role", "url", "payload_digest", "kind", "record_id", "warc_file", "archive"),
    *("reason", "detail", "gone", "ref", "said", "headers"),
)
"""Columns of text in a scan: what SQL needs of a capture, why it is not read, the key that is gone, the rest.

`said` is what the capture's headers and the record beside it say of its use, as one text to compare; `headers` is
"few" where the answer did not come with all of them.
"""


@dataclass(frozen=True, slots=True)
class ScanTask:
    """Scan one archive and write what it holds to `out`; `spool` is for what has to be brought near first."""

    archive: Archive
    out: str
    spool: str


def scan_fingerprint() -> str:
    """Return the fingerprint of the code that scans archives."""
    return code_fingerprint(("builder.archive.read", "builder.reading", "builder.stages.codec", __name__))


def warm_up() -> None:
    """Do once, before workers are forked, what every scan would have to do: slow imports."""
    import builder.archive.read
    import builder.reading  # noqa: F401
    from builder.arrow import leave_pandas_out

    leave_pandas_out()


@dataclass(frozen=True, slots=True)
class ArchiveScanner:
    """The function over archives."""

    warm: ClassVar[str] = f"{__name__}:warm_up"

    def __call__(self, task: ScanTask) -> str:
        """Scan one archive; return where what it holds was written."""
        return scan_archive(task)


def scan_archives(
    archives: Iterable[Archive], folder: Path, spool: Path, engine: Engine
) -> Iterator[tuple[Archive, Path]]:
    """Scan what was not scanned before; yield every archive with the file of its scan. `spool` is a work folder.

    Raises ArchiveError when a scan failed: an archive that cannot be read must not pass as an empty one.
    """
    tasks = {
        archive: ScanTask(archive, str(folder / f"{archive.identity}.parquet"), str(spool))
        for archive in archives
    }
    missing = [task for task in tasks.values() if not Path(task.out).exists()]
    for task, outcome in engine.run(ArchiveScanner(), missing, BATCH_BUDGET):
        if isinstance(outcome, Failure):
            raise ArchiveError(
                f"cannot be scanned: {outcome.kind} {outcome.detail}",
                where=task.archive.path,
                what_next="Run `hiwar check-archive` on it.",
            )
    yield from ((archive, Path(task.out)) for archive, task in tasks.items())


def scan_archive(task: ScanTask) -> str:
    """Write one row for each capture and each damaged stretch of an archive; return the file's path."""
    import pyarrow as pa

    from builder.archive.read import scan

    archive = task.archive
    rows: list[dict[str, object]] = [
        _damage_row(found, archive) if isinstance(found, Damage) else _capture_row(found, archive)
        for found in scan(place_of(archive.path), source=archive.source, spool=Path(task.spool))
    ]
    columns = [pa.field(name, pa.string()) for name in SCAN_COLUMNS]
    times = [pa.field("fetched_at", pa.timestamp("us", tz="UTC")), pa.field("warc_offset", pa.int64())]
    write_parquet(Path(task.out), pa.Table.from_pylist(rows, schema=pa.schema([*columns, *times])))
    return task.out


def _damage_row(damage: Damage, archive: Archive) -> dict[str, object]:
    return {
        "source": archive.source,
        "kind": "damage",
        "warc_file": archive.name,
        "archive": archive.identity,
        "warc_offset": damage.offset,
        "reason": "damaged",
        "detail": damage.reason,
    }


def _capture_row(ref: CaptureRef, archive: Archive) -> dict[str, object]:
    from builder.reading import GONE, document_key

    reason, detail = reason_against(ref)
    row: dict[str, object] = {name: getattr(ref, name) for name in SCAN_COLUMNS[:7]}
    return row | {
        "archive": archive.identity,
        "fetched_at": ref.fetched_at,
        "warc_offset": ref.warc_offset,
        "reason": reason,
        "detail": detail,
        "gone": document_key(ref.url) if ref.role == PAGE and ref.status in GONE else None,
        "ref": encode(replace(ref, path="")).decode("utf-8", "replace"),
        "said": encode((ref.rights, ref.said)).decode("utf-8", "replace"),
        "headers": "few" if _has_few_headers(ref) else "all",
    }


def _has_few_headers(ref: CaptureRef) -> bool:
    """Return whether an answer was "not modified", or a revisit whose headers its tool did not keep."""
    return ref.kind == "revisit" and (ref.status == 304 or not ref.mime)


def reason_against(ref: CaptureRef) -> tuple[str | None, str]:
    """Return why a capture is not worth reading, by what its reference says alone: (rule or None, detail)."""
    from builder.reading import GONE, HTML

    if ref.role in NO_DOCUMENTS:
        return "role", ref.role
    if ref.truncated:
        return "truncated", ref.truncated
    if ref.role != PAGE:  # what a status means to an interface, its source knows
        return None, ""
    unchanged = ref.kind == "revisit" and ref.status == 304
    if ref.status in GONE:
        return "gone", str(ref.status)
    if 300 <= ref.status < 400 and not unchanged:
        return "redirect", str(ref.status)
    if not 200 <= ref.status < 300 and not unchanged:
        return "status", str(ref.status)
    if ref.mime not in HTML and not unchanged:
        return "mime", ref.mime
    return None, ""
