"""Stage 6: the rows of this build, out of the stores: kept ones to row files, the others to the rejected."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from builder.stages.rows import REASONS
from builder.stages.store import KEY, Store, write_parquet
from builder.tally import Tally

if TYPE_CHECKING:
    import pyarrow as pa


def gather(
    table: str, store: Store, verdicts: Path, wanted: Iterable[str], out: Path, rejected: Path
) -> Tally:
    """Write the wanted rows that nothing speaks against below `out`, the others below `rejected`; return the account.

    A row is taken once, from the first part by name that holds it. Parts that hold no wanted row are deleted.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    remaining = set(wanted)
    tally = Tally(f"rules.{table}")
    total = len(remaining)
    for part in store.parts():
        rows = pq.read_table(part)
        taken = [key in remaining for key in rows.column(KEY).to_pylist()]
        if not any(taken):
            part.unlink()
            (verdicts / part.name).unlink(missing_ok=True)
            continue
        remaining.difference_update(rows.column(KEY).to_pylist())
        reasons = pq.read_table(verdicts / part.name).column(REASONS)
        rows = rows.append_column(REASONS, reasons).filter(pa.array(taken))
        free = pc.equal(pc.list_value_length(rows.column(REASONS)), 0)
        _write(rows.filter(free).drop_columns([KEY, REASONS]), out / part.name)
        _reject(table, rows.filter(pc.invert(free)), rejected / f"{table}-{part.name}", tally)
        tally.keep(pc.sum(free).as_py() or 0)
    return tally.close(total)


def _write(rows: pa.Table, path: Path) -> None:
    if rows.num_rows:
        write_parquet(path, rows, compression="lz4")


def _reject(table: str, rows: pa.Table, path: Path, tally: Tally) -> None:
    """Write rejected rows in their own schema and count them."""
    import pyarrow as pa

    from builder.schema import load_schema

    if not rows.num_rows:
        return
    for reasons in rows.column(REASONS).to_pylist():
        tally.drop(reason["rule"] for reason in reasons)
    names = ("id", "url", "title", "source", "provenance", REASONS)
    found = rows.select([name for name in names if name in rows.column_names]).to_pylist()
    rejects = [
        {
            "id": row["id"],
            "table": table,
            "url": row["url"],
            "title": row.get("title"),
            "source": row["source"],
            "stage": row[REASONS][0]["stage"],
            "reasons": row[REASONS],
            **{name: row["provenance"][name] for name in ("warc_file", "warc_offset", "payload_digest")},
            "fetched_at": row["provenance"]["fetched_at"],
        }
        for row in found
    ]
    _write(pa.Table.from_pylist(rejects, schema=load_schema("rejected").arrow()), path)
