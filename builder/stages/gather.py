"""Stage 6: the rows of this build, out of the stores: kept ones to row files, the others to the rejected."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from builder.duck import quoted
from builder.stages.judging import REASONS
from builder.stages.layout import Layout
from builder.stages.rowfiles import RowFiles
from builder.stages.store import KEY
from builder.tally import Tally

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

PARTS_AT_ONCE = 64
"""Parts whose places are read at a time: some thousand numbers each."""
_PART_ROWS = 1 << 32
"""More than the rows of a part: a row's place in all parts is one number."""


def gather(
    table: str, layout: Layout, database: duckdb.DuckDBPyConnection, out: Path, rejected: Path
) -> Tally:
    """Write the rows of `wanted_rows` that nothing speaks against below `out`, the others below `rejected`.

    Returns the account. A row is taken once, from the first part by name that holds it. Parts that hold no wanted
    row are deleted, and so is what lies beside no part or was not finished: nobody else writes here now.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    tally = Tally(f"rules.{table}")
    parts = layout.store(table).parts()
    used: set[Path] = set()
    with RowFiles(out, table) as kept, RowFiles(rejected, f"rules-{table}") as left_out:
        for part, places in _places(database, table, parts):
            used.add(part)
            rows = _rows(layout, table, part)
            if len(places) < rows.num_rows:
                rows = rows.take(pa.array(places))
            free = pc.equal(pc.list_value_length(rows.column(REASONS)), 0)
            free_rows = pc.sum(free).as_py() or 0
            kept.add((rows if free_rows == rows.num_rows else rows.filter(free)).drop_columns([REASONS]))
            if free_rows < rows.num_rows:
                left_out.add(_rejected(table, rows.filter(pc.invert(free)), tally))
            tally.keep(free_rows)
    _clean(layout, table, [part for part in parts if part not in used])
    wanted = 'SELECT count(DISTINCT row_key) FROM wanted_rows WHERE "table" = ?'
    ((total,),) = database.execute(wanted, [table]).fetchall()
    return tally.close(int(total))


def _places(
    database: duckdb.DuckDBPyConnection, table: str, parts: Sequence[Path]
) -> Iterator[tuple[Path, npt.NDArray[np.int64]]]:
    """Yield each part that has wanted rows with their places in it, in order."""
    import numpy as np

    if not parts:
        return
    names = ", ".join(quoted(str(part)) for part in parts)
    numbers = ", ".join(f"({quoted(str(part))}, {number})" for number, part in enumerate(parts))
    database.execute(
        f"""CREATE OR REPLACE TABLE places AS SELECT min(number * {_PART_ROWS} + file_row_number) AS place
        FROM (SELECT {KEY}::UUID AS row_key, filename, file_row_number
              FROM read_parquet([{names}], filename = true, file_row_number = true))
        JOIN (VALUES {numbers}) AS parts(filename, number) USING (filename)
        WHERE row_key IN (SELECT row_key FROM wanted_rows WHERE "table" = '{table}') GROUP BY row_key"""
    )
    for first in range(0, len(parts), PARTS_AT_ONCE):
        low, high = first * _PART_ROWS, (first + PARTS_AT_ONCE) * _PART_ROWS
        within = f"SELECT place FROM places WHERE place >= {low} AND place < {high}"
        found = np.sort(database.execute(within).fetchnumpy()["place"])
        for number in np.unique(found // _PART_ROWS).tolist():
            start, end = np.searchsorted(found, (number * _PART_ROWS, (number + 1) * _PART_ROWS))
            yield parts[number], found[start:end] % _PART_ROWS


def _rows(layout: Layout, table: str, part: Path) -> pa.Table:
    """Return the rows of a part: its base and its groups side by side, in the order of the schema, and the verdicts."""
    import pyarrow as pa

    groups = layout.groups_of(table)
    files = [part, *(layout.group_part(group, table, part.name) for group in groups)]
    helpers = [field.name for group in groups for field in group.helpers()]
    wanted = (*layout.schema(table).names, *helpers, REASONS)
    columns: dict[str, pa.ChunkedArray] = {}
    for path in (*files, layout.verdicts(table) / part.name):
        columns |= _read(path, wanted)
    return pa.table({name: columns[name] for name in wanted})


def _read(path: Path, wanted: Collection[str]) -> dict[str, pa.ChunkedArray]:
    """Return those of some columns that a file has. Parts are small: threads would cost more than they save."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, memory_map=True) as file:
        names = [name for name in file.schema_arrow.names if name in wanted]
        read = file.read(columns=names, use_threads=False)
    return dict(zip(read.column_names, read.columns, strict=True))


def _clean(layout: Layout, table: str, unused: Sequence[Path]) -> None:
    """Delete parts without a wanted row, and parts of groups and verdicts that belong to none that is left."""
    for part in unused:
        part.unlink(missing_ok=True)
    left = {part.name for part in layout.store(table).parts()}
    for folder in (layout.store(table).path, *layout.beside(table)):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.name not in left:
                path.unlink(missing_ok=True)


def _rejected(table: str, rows: pa.Table, tally: Tally) -> pa.Table:
    """Return rejected rows in their own schema, counted."""
    import pyarrow as pa

    from builder.schema import load_schema

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
    return pa.Table.from_pylist(rejects, schema=load_schema("rejected").arrow())
