"""Rows come in one order, however small the pieces in memory are."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from releasekit import START

from builder.buckets import ordered
from builder.duck import connection
from builder.release.ordering import ORDER, plan_order

QUERY = """SELECT place._shard, place._cost, place._bucket, given.id, given.published_at, given.text
    FROM documents_in AS given JOIN documents_order AS place USING (_row)"""


def rows(count: int) -> list[dict[str, object]]:
    """Return rows of three months, some of one second, some without a date, in no order."""
    found: list[dict[str, object]] = []
    for number in range(count):
        moment = None if number % 11 == 0 else START + timedelta(days=(number * 37) % 80, seconds=number % 2)
        month = f"{moment:%Y-%m}" if moment else "undated"
        row = {"id": f"{(number * 7919) % 10007:05d}", "published_at": moment, "text": "نص " * (number % 9)}
        stage = None if number % 5 else "dedup"
        found.append({**row, "_row": number, "split": "train", "month": month, "stage": stage})
    return found


def open_tables(database: duckdb.DuckDBPyConnection, given: list[dict[str, object]]) -> None:
    """Make the tables that a release's assembly has before it writes."""
    schema = pa.schema([("published_at", pa.timestamp("us", "UTC"))])
    table = pa.Table.from_pylist(given)
    index = table.schema.get_field_index("published_at")
    table = table.set_column(index, "published_at", table["published_at"].cast(schema.field(0).type))
    database.register("given_rows", table)
    database.execute("CREATE TABLE documents_in AS SELECT *, strlen(text) AS _text_bytes FROM given_rows")
    database.execute("CREATE TABLE documents_fate AS SELECT * EXCLUDE (text) FROM given_rows")


@pytest.mark.parametrize("bucket_bytes", [1, 2_500, 40_000, 10**9])
def test_the_order_does_not_depend_on_the_buckets(tmp_path: Path, bucket_bytes: int) -> None:
    """One row a bucket or all in one: the same rows in the same order, and nothing left on the disk."""
    given = rows(300)
    with connection(tmp_path / "spill") as database:
        open_tables(database, given)
        plan_order(database, "documents", bucket_bytes)
        batches = list(ordered(database, QUERY, ORDER, tmp_path / "buckets"))
    found = [row for batch in batches for row in batch.to_pylist()]
    kept = [row for row in given if row["stage"] is None]

    def place(row: dict[str, object]) -> tuple[str, str, str]:
        return f"train-{row['month']}", str(row["published_at"] or ""), str(row["id"])

    assert [row["id"] for row in found] == [row["id"] for row in sorted(kept, key=place)]
    assert all(row["_cost"] == 2000 + len(str(row["text"]).encode()) for row in found)
    assert not (tmp_path / "buckets").exists()


def test_no_rows_at_all(tmp_path: Path) -> None:
    """A table of which nothing goes in gives nothing, and is no error."""
    given = [{**row, "stage": "rules"} for row in rows(5)]
    with connection(tmp_path / "spill") as database:
        open_tables(database, given)
        plan_order(database, "documents")
        assert list(ordered(database, QUERY, ORDER, tmp_path / "buckets")) == []
