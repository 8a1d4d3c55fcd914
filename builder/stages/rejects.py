"""What was left out, with all its reasons: rows of schemas/rejected.v1.json."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from builder.model import CaptureRef, Damage, Reason
from builder.schema import Row, load_schema
from builder.stages.store import write_parquet

ROWS_PER_PART = 20_000


def rejected_capture(ref: CaptureRef, reasons: Sequence[Reason]) -> Row:
    """Return the row of a capture that gave no record; `reasons` holds at least one."""
    return _row("captures", reasons, ref=ref)


def rejected_record(
    table: str, identity: str, url: str, title: str | None, ref: CaptureRef, reasons: Sequence[Reason]
) -> Row:
    """Return the row of a document or comment with the id it would have had."""
    return _row(table, reasons, ref=ref) | {"id": identity, "url": url, "title": title}


def rejected_damage(damage: Damage, source: str) -> Row:
    """Return the row of a stretch of an archive that holds no whole record."""
    row = _row("captures", [Reason("inventory", "damaged", damage.reason)], ref=None)
    return row | {"source": source, "warc_file": Path(damage.path).name, "warc_offset": damage.offset}


def _row(table: str, reasons: Sequence[Reason], ref: CaptureRef | None) -> Row:
    return {
        "id": None,
        "table": table,
        "url": ref.url if ref else None,
        "title": None,
        "source": ref.source if ref else None,
        "stage": reasons[0].stage,
        "reasons": [{"stage": r.stage, "rule": r.rule, "detail": r.detail} for r in reasons],
        "warc_file": ref.warc_file if ref else None,
        "warc_offset": ref.warc_offset if ref else None,
        "payload_digest": ref.payload_digest if ref else None,
        "fetched_at": ref.fetched_at if ref else None,
    }


class Rejects:
    """Collects rejected rows of one stage into Parquet parts below a folder, a bounded number in memory."""

    def __init__(self, folder: Path, stage: str) -> None:
        self.folder = folder
        self.stage = stage
        self._rows: list[Row] = []
        self._parts = 0

    def add(self, row: Row) -> None:
        """Take one row."""
        self._rows.append(row)
        if len(self._rows) >= ROWS_PER_PART:
            self.close()

    def close(self) -> None:
        """Write what was taken since the last part."""
        if self._rows:
            path = self.folder / f"{self.stage}-{self._parts:05d}.parquet"
            write_parquet(path, load_schema("rejected").table(self._rows))
            self._rows = []
            self._parts += 1
