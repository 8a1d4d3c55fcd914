"""DuckDB for what does not fit in memory: sorts, joins and groups that spill to a work folder.

One thread and a fixed limit: the result is then the same on every machine, and so is the memory it takes.
"""

from __future__ import annotations

import glob
from collections.abc import Iterable, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from builder.errors import WorldError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    import pyarrow as pa

MEMORY_MB = 400
"""Measured: 14 million dedup entries (a million texts) group in 250 MB; 400,000 rows of text sort in 400 MB."""

_INTERRUPTED = "Query interrupted"
"""What DuckDB's RuntimeError says when a signal stopped a query."""


@contextmanager
def connection(work: Path, memory_mb: int = MEMORY_MB) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory that spills into `work`, made if it is not there; times are UTC.

    Raises WorldError when the disk or the memory does not do for what is asked inside, KeyboardInterrupt when Ctrl-C
    comes during a query: DuckDB takes it and raises an error of its own.
    """
    import duckdb

    work.mkdir(parents=True, exist_ok=True)
    try:
        with duckdb.connect(":memory:") as opened:
            opened.execute(f"SET memory_limit = '{memory_mb}MB'")
            opened.execute("SET threads = 1")
            opened.execute(f"SET temp_directory = {quoted(str(work))}")
            opened.execute("SET TimeZone = 'UTC'")
            yield opened
    except RuntimeError as error:
        if str(error) == _INTERRUPTED:
            raise KeyboardInterrupt from error
        raise
    except duckdb.IOException as error:
        raise WorldError(
            str(error), where=str(work), what_next="Free space on that disk and run the command again."
        ) from error
    except duckdb.OutOfMemoryException as error:
        raise WorldError(
            str(error).splitlines()[0],
            where=str(work),
            what_next="Free space on that disk. If there is enough, the data is larger than any this was tried "
            "with: please report it, and split the dataset by year or by site meanwhile.",
        ) from error


ROW_COLUMN = "_row"
FILE_ROWS = 1 << 32
"""More than the rows of a file: a row's place in many files is one number."""


def quoted(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def file_literal(path: Path | str) -> str:
    """Return a path as an SQL literal to read from: DuckDB takes [ * and ? for a pattern, which may fit other files."""
    return quoted(glob.escape(str(path)))


def part_files(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the Parquet files among some paths and in the folders among them, sorted, each once."""
    found: set[Path] = set()
    for path in paths:
        found.update(path.rglob("*.parquet") if path.is_dir() else [path])
    return tuple(sorted(found))


def scan(files: Sequence[Path], empty: pa.Schema, database: duckdb.DuckDBPyConnection) -> str:
    """Return what stands after FROM to read the files' rows, with `_row`: the place of each in all of them.

    Tables of a million rows are joined by it, and one number takes an eighth of a file's name and a place in it.
    Where there are no files it is a table without rows that has the columns of `empty`.
    """
    import pyarrow as pa

    if files:
        names = ", ".join(map(file_literal, files))
        place = f"file_index::BIGINT * {FILE_ROWS} + file_row_number"
        return f"(SELECT *, {place} AS {ROW_COLUMN} FROM read_parquet([{names}], union_by_name = true))"
    columns = [*empty, pa.field(ROW_COLUMN, pa.int64())]
    name = "empty_" + "_".join(field.name for field in list(empty)[:3])
    database.register(f"{name}_given", pa.schema(columns).empty_table())
    database.execute(f"CREATE TABLE {name} AS SELECT * FROM {name}_given")
    return name


def stream(database: duckdb.DuckDBPyConnection, query: str, rows: int) -> pa.RecordBatchReader:
    """Return the result of a query as batches of at most `rows` rows, computed as they are read."""
    return database.sql(query).to_arrow_reader(rows)


def hold_right_sides(database: duckdb.DuckDBPyConnection) -> None:
    """Have joins run as written: the left side passes by, the right side, which must be narrow, is held."""
    database.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")


@contextmanager
def right_sides_held(database: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Have joins run as `hold_right_sides` says for queries that begin inside, on a database that has others too."""
    import duckdb

    hold_right_sides(database)
    try:
        yield
    finally:
        with suppress(duckdb.ConnectionException):  # closed by now, as after an error elsewhere
            database.execute("RESET disabled_optimizers")
