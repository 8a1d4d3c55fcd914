"""Stage 6: the rows of this build, out of the stores: kept ones to row files, the others to the rejected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from builder.duck import quoted
from builder.stages.judging import REASONS
from builder.stages.layout import Layout
from builder.stages.store import KEY, write_parquet
from builder.tally import Tally

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

PARTS_AT_ONCE = 64
"""Parts whose places are read at a time: some thousand numbers each."""


def gather(
    table: str, layout: Layout, database: duckdb.DuckDBPyConnection, out: Path, rejected: Path
) -> Tally:
    """Write the rows of `wanted_rows` that nothing speaks against below `out`, the others below `rejected`.

    Returns the account. A row is taken once, from the first part by name that holds it. Parts that hold no wanted
    row are deleted, and so is what lies beside no part.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    tally = Tally(f"rules.{table}")
    parts = layout.store(table).parts()
    used: set[Path] = set()
    for part, places in _places(database, table, parts):
        used.add(part)
        rows = _rows(layout, table, part)
        if len(places) < rows.num_rows:
            rows = rows.take(pa.array(places))
        free = pc.equal(pc.list_value_length(rows.column(REASONS)), 0)
        kept = pc.sum(free).as_py() or 0
        _write(rows.drop_columns([REASONS]) if kept == rows.num_rows else _kept(rows, free), out / part.name)
        if kept < rows.num_rows:
            _reject(table, rows.filter(pc.invert(free)), rejected / f"{table}-{part.name}", tally)
        tally.keep(kept)
    _clean(layout, table, [part for part in parts if part not in used])
    wanted = 'SELECT count(DISTINCT row_key) FROM wanted_rows WHERE "table" = ?'
    ((total,),) = database.execute(wanted, [table]).fetchall()
    return tally.close(int(total))


def _places(
    database: duckdb.DuckDBPyConnection, table: str, parts: Sequence[Path]
) -> Iterator[tuple[Path, npt.NDArray[np.int64]]]:
    """Yield each part that has wanted rows with their places in it, in order."""
    if not parts:
        return
    names = ", ".join(quoted(str(part)) for part in parts)
    reader = (
        database.cursor()
        .sql(
            f"""SELECT filename, list(place ORDER BY place) AS places FROM (
            SELECT filename, file_row_number AS place FROM (
                SELECT {KEY}, filename, file_row_number
                FROM read_parquet([{names}], filename = true, file_row_number = true))
            WHERE {KEY} IN (SELECT row_key FROM wanted_rows WHERE "table" = '{table}')
            QUALIFY row_number() OVER (PARTITION BY {KEY} ORDER BY filename, file_row_number) = 1)
        GROUP BY filename ORDER BY filename"""
        )
        .to_arrow_reader(PARTS_AT_ONCE)
    )
    for batch in reader:
        for name, places in zip(batch.column(0).to_pylist(), batch.column(1), strict=True):
            yield Path(name), places.values.to_numpy()


def _rows(layout: Layout, table: str, part: Path) -> pa.Table:
    """Return the rows of a part: its base and its groups side by side, in the order of the schema, and the verdicts."""
    groups = layout.groups_of(table)
    files = [part, *(layout.group_part(group, table, part.name) for group in groups)]
    columns: dict[str, pa.ChunkedArray] = {}
    for path in (*files, layout.verdicts(table) / part.name):
        read = _read(path)
        columns |= dict(zip(read.column_names, read.columns, strict=True))
    helpers = [field.name for group in groups for field in group.helpers()]
    return _table({name: columns[name] for name in (*layout.schema(table).names, *helpers, REASONS)})


def _table(columns: dict[str, pa.ChunkedArray]) -> pa.Table:
    import pyarrow as pa

    return pa.table(columns)


def _read(path: Path) -> pa.Table:
    import pyarrow.parquet as pq

    return pq.ParquetFile(path).read()


def _clean(layout: Layout, table: str, unused: Sequence[Path]) -> None:
    """Delete parts without a wanted row, and parts of groups and verdicts that belong to none that is left."""
    for part in unused:
        part.unlink(missing_ok=True)
    left = {part.name for part in layout.store(table).parts()}
    for folder in layout.beside(table):
        for path in folder.glob("part-*.parquet"):
            if path.name not in left:
                path.unlink(missing_ok=True)


def _kept(rows: pa.Table, free: pa.ChunkedArray) -> pa.Table:
    return rows.filter(free).drop_columns([REASONS])


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
