"""Stage 6: the rows of this build, out of the stores: what a release decides by, and the rejected rows.

A kept row goes on as the few columns that say whether and where it goes in, and as its place in the stores. The whole
row is read once, when the release writes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder.duck import FILE_ROWS, file_literal, quoted
from builder.release.rowsource import PLACE_COLUMN
from builder.schema import TEXT_BYTES
from builder.stages.judging import REASONS
from builder.stages.layout import Layout
from builder.stages.partrows import columns_of
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

_BOTH = (
    *(
        "id",
        "url",
        "title",
        "source",
        "published_at",
        "text_chars",
        "parent_id",
        "parent_state",
        "provenance",
    ),
    *(KEY, TEXT_BYTES),
)
DECIDING = {
    "documents": (*_BOTH, "author", "section", "modified_at", "cluster_id", "cluster_size", "cluster_urls"),
    "comments": (*_BOTH, "document_id"),
}
"""Columns by which copies are found and a release decides; `Gathering.more` are those that requests look at."""


@dataclass(frozen=True, slots=True)
class Gathering:
    """Where kept rows and rejected ones are written, and further columns of the kept ones."""

    out: Path
    rejected: Path
    more: tuple[str, ...] = ()


def gather(
    table: str, layout: Layout, database: duckdb.DuckDBPyConnection, to: Gathering
) -> tuple[Tally, list[Path]]:
    """Write the rows of `wanted_rows` that nothing speaks against below `to.out`, the others below `to.rejected`.

    Returns the account, and the parts by whose numbers `_place` of a kept row says where the whole of it is. A row is
    taken once, from the first part by name that holds it. Parts that hold no wanted row are deleted, and so is what
    lies beside no part or was not finished: nobody else writes here now.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    tally = Tally(f"rules.{table}")
    parts = layout.store(table).parts()
    names = _deciding(layout, table, to.more)
    used: list[Path] = []
    with RowFiles(to.out, table) as kept, RowFiles(to.rejected, f"rules-{table}") as left_out:
        for part, places in _places(database, table, parts):
            rows = columns_of(layout, table, part, (*names, REASONS))
            if len(places) < rows.num_rows:
                rows = rows.take(pa.array(places))
            rows = rows.append_column(PLACE_COLUMN, pa.array(places + len(used) * FILE_ROWS, pa.int64()))
            free = pc.equal(pc.list_value_length(rows.column(REASONS)), 0)
            free_rows = pc.sum(free).as_py() or 0
            kept.add((rows if free_rows == rows.num_rows else rows.filter(free)).drop_columns([REASONS]))
            if free_rows < rows.num_rows:
                left_out.add(_rejected(table, rows.filter(pc.invert(free)), tally))
            tally.keep(free_rows)
            used.append(part)
    _clean(layout, table, sorted({*parts} - {*used}))
    wanted = 'SELECT count(DISTINCT row_key) FROM wanted_rows WHERE "table" = ?'
    ((total,),) = database.execute(wanted, [table]).fetchall()
    return tally.close(int(total)), used


def _deciding(layout: Layout, table: str, more: Sequence[str]) -> list[str]:
    """Return the columns to read of a table's rows, each once: of `more` those that it has."""
    helpers = [field.name for group in layout.groups_of(table) for field in group.helpers()]
    known = {*DECIDING[table], *helpers}
    return [
        *DECIDING[table],
        *helpers,
        *(name for name in layout.schema(table).names if name in {*more} - known),
    ]


def _places(
    database: duckdb.DuckDBPyConnection, table: str, parts: Sequence[Path]
) -> Iterator[tuple[Path, npt.NDArray[np.int64]]]:
    """Yield each part that has wanted rows with their places in it, in order."""
    import numpy as np

    if not parts:
        return
    names = ", ".join(map(file_literal, parts))
    numbers = ", ".join(f"({quoted(str(part))}, {number})" for number, part in enumerate(parts))
    database.execute(
        f"""CREATE OR REPLACE TABLE places AS SELECT min(number * {FILE_ROWS} + file_row_number) AS place
        FROM (SELECT {KEY}::UUID AS row_key, filename, file_row_number
              FROM read_parquet([{names}], filename = true, file_row_number = true))
        JOIN (VALUES {numbers}) AS parts(filename, number) USING (filename)
        WHERE row_key IN (SELECT row_key FROM wanted_rows WHERE "table" = '{table}') GROUP BY row_key"""
    )
    for first in range(0, len(parts), PARTS_AT_ONCE):
        low, high = first * FILE_ROWS, (first + PARTS_AT_ONCE) * FILE_ROWS
        within = f"SELECT place FROM places WHERE place >= {low} AND place < {high}"
        found = np.sort(database.execute(within).fetchnumpy()["place"])
        for number in np.unique(found // FILE_ROWS).tolist():
            start, end = np.searchsorted(found, (number * FILE_ROWS, (number + 1) * FILE_ROWS))
            yield parts[number], found[start:end] % FILE_ROWS


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
