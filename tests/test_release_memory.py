"""What a release's SQL holds must not grow with the texts and names of its rows."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import releasekit as kit

from builder.release import assemble
from builder.release.assemble import Parts
from builder.schema import load_schema
from builder.takedown import load

COMMENTS = 60_000
MEMORY_MB = 50
"""These rows needed 70 when they were joined by names of files and by all ids; joined by numbers they need 35."""


def comments_of(row: kit.Row, count: int) -> pa.Table:
    """Return comments that differ in their ids alone."""
    table = load_schema("comments").table([row]).take(pa.array([0] * count))
    ids = pa.array([f"{number:032x}" for number in range(count)], pa.string())
    return table.set_column(table.schema.get_field_index("id"), table.schema.field("id"), ids)


def test_many_rows_go_through_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comments by the ten thousand under one document are joined and ordered where the database may hold little."""
    monkeypatch.setattr(assemble, "MEMORY_MB", MEMORY_MB)
    on = kit.document(1)
    folder = tmp_path / "a-folder-whose-name-is-long-enough-to-be-felt-in-every-row" / "rows"
    documents = kit.write_rows(folder / "documents.parquet", "documents", [on])
    comments = folder / "comments.parquet"
    pq.write_table(comments_of(kit.comment(1, on), COMMENTS), comments)
    schemas = {table: load_schema(table) for table in ("documents", "comments")}
    recipe = kit.recipe_in(tmp_path)
    parts = Parts((documents,), (comments,), (), None, schemas)
    with assemble.assemble(parts, recipe.model, load(tmp_path), tmp_path / "work") as rows:
        counted = {table: sum(batch.num_rows for batch in rows.table(table).batches()) for table in schemas}
    assert counted == {"documents": 1, "comments": COMMENTS}
