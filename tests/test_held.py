"""Shards that are taken over: a release has the bytes it would have had, and damage does not travel."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from releasekit import comment, document, recipe_in, release_of

from builder.recipe import Recipe
from builder.release.held import HeldShards, Writer
from builder.release.manifest import MANIFEST, read_manifest
from builder.storage import sha256_of

FIRST, SECOND = [document(n) for n in range(20)], [document(n) for n in range(21)]
JANUARY, MARCH = "data/documents/train-2025-01.parquet", "data/documents/train-2025-03.parquet"


def shards(release: Path) -> dict[str, bytes]:
    """Return the shards of a release: path -> bytes."""
    return {path.relative_to(release).as_posix(): path.read_bytes() for path in release.glob("data/*/*")}


def writer(recipe: Recipe, state: str = "code of today") -> Writer:
    """Return a writer that remembers in the recipe's cache."""
    return Writer(state, recipe.cache / "shards.json")


def rewritten(release: Path, given: Writer) -> bytes:
    """Give January's shard other bytes of the same records, as another compression would, and own up to them."""
    path = release / JANUARY
    pq.write_table(pq.read_table(path), path, compression="none")
    manifest = json.loads((release / MANIFEST).read_text(encoding="utf-8"))
    for entry in manifest["shards"]:
        if entry["path"] == JANUARY:
            entry["sha256"] = sha256_of(path)
    (release / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    given.remember(release)
    return path.read_bytes()


def test_a_later_release_has_the_bytes_it_would_have_had_alone(tmp_path: Path) -> None:
    """What was taken over and what was written anew are together what a release without a last one holds."""
    recipe, alone = recipe_in(tmp_path / "a"), recipe_in(tmp_path / "b")
    release_of(recipe, FIRST, writer=writer(recipe))
    later = release_of(recipe, SECOND, writer=writer(recipe))
    assert later.version == "1.1.0"
    assert shards(later.path) == shards(release_of(alone, SECOND).path)


@pytest.mark.parametrize(("state", "taken"), [("code of today", True), ("code of tomorrow", False)])
def test_only_the_same_writer_takes_a_shard_over(tmp_path: Path, state: str, taken: bool) -> None:
    """A shard of the same records is copied where the same code would write it, and written anew by any other."""
    recipe = recipe_in(tmp_path)
    first = release_of(recipe, FIRST, writer=writer(recipe))
    odd = rewritten(first.path, writer(recipe))
    later = release_of(recipe, SECOND, writer=writer(recipe, state))
    assert (shards(later.path)[JANUARY] == odd) is taken


def test_a_damaged_shard_is_written_anew(tmp_path: Path) -> None:
    """A shard whose bytes are not those of its manifest, or that is gone, does not reach the next release."""
    recipe = recipe_in(tmp_path)
    first = release_of(recipe, FIRST, writer=writer(recipe)).path
    whole = shards(first)
    damaged = bytearray(whole[JANUARY])
    damaged[len(damaged) // 2] ^= 0xFF
    (first / JANUARY).write_bytes(damaged)
    (first / "data/documents/train-2025-02.parquet").unlink()
    later = shards(release_of(recipe, SECOND, writer=writer(recipe)).path)
    assert {name: later[name] for name in whole if name != MARCH} == {
        name: data for name, data in whole.items() if name != MARCH
    }


def test_the_memory_may_be_deleted_or_cut(tmp_path: Path) -> None:
    """Without a memory, or with a broken one, every shard is written."""
    recipe = recipe_in(tmp_path)
    mine = writer(recipe)
    first = release_of(recipe, FIRST, writer=mine)
    odd = rewritten(first.path, mine)
    mine.memory.write_text("{", encoding="utf-8")
    assert shards(release_of(recipe, SECOND, writer=mine).path)[JANUARY] != odd


def test_a_table_of_another_schema_takes_no_shard_over(tmp_path: Path) -> None:
    """A column that is null everywhere is not in the content hash: a shard of the schema before would lack it."""
    recipe = recipe_in(tmp_path)
    first = release_of(recipe, FIRST, [comment(1, FIRST[0])], writer=writer(recipe)).path
    documents, comments = read_manifest(first).schemas
    held = HeldShards.of(first, writer(recipe), [replace(documents, sha256="0" * 64), comments])
    assert {shard.table for shard in held.shards.values()} == {"comments"}
