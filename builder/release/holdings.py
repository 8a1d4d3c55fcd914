"""Which finished releases still hold what a takedown names, and copies of them without it.

A later build honours takedowns by itself. What was published before stays retrievable under its tag until
someone replaces it; here is what that takes, made without touching the releases themselves.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from builder.errors import CheckFailed, VerifyFailed
from builder.recipe import Recipe, load_recipe
from builder.release.audit import file_problems
from builder.release.companions import write_companions
from builder.release.content import slices
from builder.release.manifest import Shard, read_manifest, releases_in
from builder.release.places import PREPARED, dataset_of, recipe_beside, rejected_beside
from builder.release.seal import card_input, seal
from builder.release.shards import shard_schema, write_shard
from builder.release.stats import measure
from builder.release.version import changelog
from builder.schema import Row, load_schema
from builder.storage import (
    FETCH_AGAIN,
    TEMPORARY,
    canonical_json,
    damage_told,
    sync_folder,
    sync_tree,
    write_text,
)
from builder.takedown import STAGE, Takedowns, load, redacted
from builder.tally import Tally

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Holding:
    """What one finished release still holds of what the requests name.

    `records` are (table, id); comments under a named document are among them. `addresses` counts named
    addresses of copies in cluster_urls, `rejected` named rows in the rejected rows beside the release.
    """

    version: str
    release: Path
    records: tuple[tuple[str, str], ...]
    addresses: int = 0
    rejected: int = 0

    def __bool__(self) -> bool:
        return bool(self.records or self.addresses or self.rejected)

    def as_dict(self) -> dict[str, object]:
        """Return the holding as JSON-ready values: ids, never content."""
        return {**asdict(self), "release": str(self.release)}


def holdings(folder: Path, takedowns: Takedowns | None = None) -> tuple[Holding, ...]:
    """Return the releases of a dataset's folder that hold something named, oldest first.

    `takedowns` are the folder's own unless given. Nothing is changed.
    """
    requests = load(folder) if takedowns is None else takedowns
    found = (holding(release, requests) for release in releases_in(folder / "releases"))
    return tuple(each for each in found if each)


def holding(release: Path, requests: Takedowns) -> Holding:
    """Return what one release holds of what the requests name. Raises VerifyFailed when it is not whole."""
    manifest = read_manifest(release)
    records: list[tuple[str, str]] = []
    documents: set[str] = set()
    addresses = 0
    for shard in (*manifest.table_shards("documents"), *manifest.table_shards("comments")):
        for row in _rows(release / shard.path, (*requests.columns, "cluster_urls")):
            if _named(row, requests, documents):
                records.append((shard.table, row["id"]))
                if shard.table == "documents":
                    documents.add(row["id"])
            addresses += len(_named_urls(row, requests))
    beside = rejected_beside(release)
    rejected = (
        sum(_shows(row, requests) for row in _rows(beside, (*requests.columns, "title")))
        if beside.is_file()
        else 0
    )
    return Holding(manifest.version, release, tuple(sorted(records)), addresses, rejected)


def refuse_named(release: Path) -> None:
    """Stop before a release leaves the machine that still holds what was asked to be removed since it was built.

    Raises CheckFailed that says how much of it; VerifyFailed when the release is not whole.
    """
    folder = dataset_of(release)
    requests = load(folder) if folder is not None else Takedowns()
    found = holding(release, requests) if requests else None
    if found is not None and (found.records or found.addresses):
        raise CheckFailed(
            f"{len(found.records)} records and {found.addresses} addresses in it were asked to be removed",
            where=str(release),
            what_next="Run `hiwar build` and take the new version. To replace this very one: docs/takedown.md.",
        )


def _rows(path: Path, wanted: Iterable[str]) -> Iterable[Row]:
    """Yield the wanted columns of a file's rows, as far as it has them."""
    import pyarrow.parquet as pq

    with damage_told(path):
        names = set(pq.read_schema(path).names)
        for table in slices(path, [name for name in wanted if name in names]):
            yield from table.to_pylist()


def _named(row: Row, requests: Takedowns, documents: set[str]) -> bool:
    return requests.reason(row) is not None or row.get("document_id") in documents


def _named_urls(row: Row, requests: Takedowns) -> list[str]:
    return [url for url in row.get("cluster_urls") or () if requests.names_url(url)]


def _shows(row: Row, requests: Takedowns) -> bool:
    """Return whether a rejected row still shows the address or title of something named."""
    return bool(row["url"] or row["title"]) and requests.reason(row) is not None


def prepare(recipe: Recipe, found: Iterable[Holding]) -> list[Path]:
    """Write a copy of each release without what is named, below releases/without-takedowns, and return the folders.

    Each copy is a whole release of the same version, to be published in place of the old one; what the Hub
    keeps of the old files has to be erased there (docs/takedown.md). A release of which nothing would be left
    gets no copy. The rejected rows beside the old releases are cleaned in place.
    Raises VerifyFailed when an old release is damaged: its copy would vouch for the damage.
    """
    requests = load(recipe.folder)
    target = recipe.releases / PREPARED
    target.mkdir(parents=True, exist_ok=True)
    folders = []
    for each in found:
        _clean_rejected(rejected_beside(each.release), requests)
        draft = target / f"{TEMPORARY}{each.version}"
        shutil.rmtree(draft, ignore_errors=True)
        whole = _write_copy(recipe, each, requests, draft)
        shutil.rmtree(target / each.version, ignore_errors=True)  # it may hold what was asked for since
        if whole:
            sync_tree(draft)
            folders.append(draft.rename(target / each.version))
    sync_folder(target)
    return folders


def _write_copy(recipe: Recipe, each: Holding, requests: Takedowns, folder: Path) -> bool:
    """Write one cleaned release into `folder`; False when no document would be left."""
    old = read_manifest(each.release)
    if wrong := list(file_problems(each.release, old)):
        raise VerifyFailed("; ".join(wrong[:3]), where=str(each.release), what_next=FETCH_AGAIN)
    shards = [
        shard for shard in (_copy_shard(shard, each, requests, folder) for shard in old.shards) if shard
    ]
    if not any(shard.table == "documents" for shard in shards):
        shutil.rmtree(folder, ignore_errors=True)
        return False
    first = old.history[0]
    line = replace(first, why=f"{first.why} {len(each.records)} records were taken down later.")
    tables = {shard.table for shard in shards}
    tally = Tally(STAGE)
    tally.keep(sum(shard.rows for shard in shards))
    for _ in each.records:
        tally.drop(["later"])
    manifest = replace(
        old,
        shards=tuple(shards),
        schemas=tuple(entry for entry in old.schemas if entry.table in tables),
        tallies=(*old.tallies, tally.close(sum(shard.rows for shard in old.shards))),
        history=(line, *old.history[1:]),
    )
    own = recipe_beside(each.release)
    statistics = measure(folder, manifest.tallies)
    made_with = load_recipe(own) if own.is_file() else recipe
    write_companions(folder, card_input(made_with, manifest, statistics, each.release))
    write_text(folder / "CHANGELOG.md", changelog(manifest.name, manifest.history))
    _write_lists(folder, each)
    seal(folder, manifest)
    return True


def _copy_shard(shard: Shard, each: Holding, requests: Takedowns, folder: Path) -> Shard | None:
    """Write a shard without the records named; None when nothing is left of it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    named = {key for table, key in each.records if table == shard.table}
    table = pq.read_table(each.release / shard.path)
    kept = table.filter(pa.array([key not in named for key in table["id"].to_pylist()], pa.bool_()))
    if kept.num_rows == 0:
        return None
    place = folder / Path(shard.path).parent
    place.mkdir(parents=True, exist_ok=True)
    version = read_manifest(each.release).schema_version(shard.table)
    kept = _without_parents(kept, {key for _, key in each.records})
    kept = _without_urls(kept, requests).cast(shard_schema(load_schema(shard.table, version)))
    return write_shard(shard.table, Path(shard.path).stem, kept, place)


def _without_parents(table: pa.Table, gone: set[str]) -> pa.Table:
    """Say of the records that answer one that is gone what a build says of them: their parent is missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lost = pc.and_(
        pc.is_in(table["parent_id"], pa.array(sorted(gone), pa.string())),
        pc.equal(table["parent_state"], "present"),
    )
    index = table.schema.get_field_index("parent_state")
    states = pc.if_else(pc.fill_null(lost, False), "missing", table["parent_state"])  # noqa: FBT003
    return table.set_column(index, table.schema.field(index), states)


def _without_urls(table: pa.Table, requests: Takedowns) -> pa.Table:
    import pyarrow as pa

    if "cluster_urls" not in table.schema.names:
        return table
    column = table["cluster_urls"].to_pylist()
    clean = [[url for url in urls or () if not requests.names_url(url)] for urls in column]
    index = table.schema.get_field_index("cluster_urls")
    return table.set_column(index, "cluster_urls", pa.array(clean, pa.list_(pa.string())))


def _write_lists(folder: Path, each: Holding) -> None:
    """Write removed.jsonl, and take over diff.json: both name ids only."""
    known = (each.release / "removed.jsonl").read_text(encoding="utf-8")
    taken = [{"stage": STAGE, "rule": "later"}]
    lines = [canonical_json({"table": t, "id": key, "reasons": taken}) + "\n" for t, key in each.records]
    write_text(folder / "removed.jsonl", known + "".join(lines))
    compared = each.release / "diff.json"
    if compared.is_file():
        shutil.copyfile(compared, folder / compared.name)


def _clean_rejected(path: Path, requests: Takedowns) -> None:
    """Take what is named out of the rejected rows beside a release; the file is replaced whole."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        return
    schema = load_schema("rejected").arrow()
    partial = path.with_name(f"{TEMPORARY}{path.name}")
    with pq.ParquetWriter(partial, schema, compression="zstd") as writer:
        for table in slices(path):
            rows = [redacted(row, requests) for row in table.to_pylist()]
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
    partial.replace(path)
