"""The records of a release, written to temporary places before anything is known of its version."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder.errors import WorldError
from builder.recipe import Recipe
from builder.release.assemble import Assembly, Parts, TableRows, assemble
from builder.release.diff import Side
from builder.release.held import HeldShards, Names, place_of
from builder.release.manifest import SchemaEntry, Shard, releases_in
from builder.release.shards import write_shards
from builder.release.stats import Statistics, measure
from builder.release.types import ReleaseInput
from builder.schema import Schema, load_schema, schema_at, shipped
from builder.storage import TEMPORARY, sha256_of
from builder.takedown import load as load_takedowns
from builder.tally import Tally

if TYPE_CHECKING:
    import pyarrow as pa

_REJECTED_ROWS_PER_GROUP = 50_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A release whose records are written and whose version is not yet known.

    `names` is the file of its rows' names; `same` one for each table with the ids of the records that the last
    release has unchanged, where that is known without comparing.
    """

    folder: Path
    rejected: Path
    schemas: dict[str, Schema]
    shards: tuple[Shard, ...]
    tallies: tuple[Tally, ...]
    statistics: Statistics
    names: Path
    same: Mapping[str, Path]

    def side(self, recipe: str) -> Side:
        """Return the draft as one side of a comparison; `recipe` is the digest of its recipe."""
        columns = {table: schema.names for table, schema in self.schemas.items()}
        return Side(self.folder, self.shards, columns, "", recipe)

    def schema_entries(self) -> tuple[SchemaEntry, ...]:
        """Return the schemas of the tables that have records."""
        present = {shard.table for shard in self.shards}
        return tuple(
            _schema_entry(table, schema) for table, schema in self.schemas.items() if table in present
        )


def write_draft(given: ReleaseInput, releases: Path) -> Draft:
    """Write shards and rejected rows into temporary places below `releases`.

    Raises WorldError when the disk refuses, or when files of the last release change meanwhile.
    """
    folder, work = releases / f"{TEMPORARY}release", releases / f"{TEMPORARY}work"
    folder.mkdir()
    schemas = _schemas_of(given.recipe)
    takedowns = load_takedowns(given.recipe.folder)
    held, made = _held(given, schemas), given.writer.made if given.writer else {}
    parts = Parts(
        given.documents, given.comments, given.rejected, given.clusters, schemas, given.source, made
    )
    file = releases / f"{TEMPORARY}names.parquet"
    same: dict[str, Path] = {}
    with assemble(parts, given.recipe.model, takedowns, work, held) as rows, Names(file) as names:
        shards: list[Shard] = []
        for table, schema in schemas.items():
            found = rows.table(table)
            shards += _write_table(found, schema, folder, held, names)
            ids = releases / f"{TEMPORARY}same-{table}.parquet"
            if found.shards and found.write_same(ids):
                same[table] = ids
        rejected = _write_rejected(rows, releases / f"{TEMPORARY}rejected.parquet")
        tallies = (*given.tallies, *rows.tallies())
    shutil.rmtree(work)
    for table in schemas:
        if not any(shard.table == table for shard in shards):
            (folder / "data" / table).rmdir()
    statistics = measure(folder, tallies)
    return Draft(folder, rejected, schemas, tuple(shards), tallies, statistics, file, same)


def _schemas_of(recipe: Recipe) -> dict[str, Schema]:
    """Return the schema of each table at the version the recipe names, the newest unless it names one."""
    wanted = recipe.model.dataset.schema_version
    return {table: schema_at(table, wanted) for table in ("documents", "comments")}


def _held(given: ReleaseInput, schemas: dict[str, Schema]) -> HeldShards | None:
    """Return what of the last release may stand for the same rows again."""
    finished = releases_in(given.recipe.releases)
    if given.writer is None or not finished:
        return None
    entries = (_schema_entry(table, schema) for table, schema in schemas.items())
    return HeldShards.of(finished[-1], given.writer, entries)


def _schema_entry(table: str, schema: Schema) -> SchemaEntry:
    file = shipped("schemas") / f"{table}.v{schema.version}.json"
    return SchemaEntry(table, schema.version, sha256_of(file))


def _write_table(
    found: TableRows, schema: Schema, folder: Path, held: HeldShards | None, names: Names
) -> list[Shard]:
    """Write the shards of a table, or copy them where nothing has changed; return them in order."""
    (folder / "data" / found.table).mkdir(parents=True)
    shards = []
    for number, shard in found.whole:
        if held is None or not held.copy(shard, folder / shard.path):
            raise WorldError(
                "a shard of the last release changed while it was read",
                where=shard.path,
                what_next="Run `hiwar verify` on that release, and build again.",
            )
        names.add(shard.path, found.names(number))
        shards.append(shard)
    shards += write_shards(found.table, schema, found.batches(), folder, held=held, names=names)
    return sorted(shards, key=place_of)


def _write_rejected(rows: Assembly, path: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = load_schema("rejected").arrow()
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        pending: list[pa.RecordBatch] = []
        for batch in rows.rejected():
            pending.append(batch)
            table = pa.Table.from_batches(pending, schema=schema)
            while table.num_rows >= _REJECTED_ROWS_PER_GROUP:
                writer.write_table(table.slice(0, _REJECTED_ROWS_PER_GROUP).combine_chunks())
                table = table.slice(_REJECTED_ROWS_PER_GROUP)
            pending = table.to_batches()
        if pending:
            writer.write_table(pa.Table.from_batches(pending, schema=schema).combine_chunks())
    return path
