"""The last steps of every release folder: its companions' input, the list of its files, the manifest."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from builder.recipe import Recipe
from builder.release.card import without_kept
from builder.release.cardinput import CardInput, ShardFile
from builder.release.companions import hand_written
from builder.release.manifest import MANIFEST, FileEntry, Manifest
from builder.release.stats import Statistics
from builder.schema import load_schema
from builder.storage import write_json


def card_input(recipe: Recipe, manifest: Manifest, statistics: Statistics, before: Path | None) -> CardInput:
    """Return what the card and its companions are made from; `before` is the last release, if any."""
    return CardInput(
        recipe=recipe,
        version=manifest.version,
        schemas=tuple(load_schema(entry.table, entry.version) for entry in manifest.schemas),
        statistics=statistics,
        history=manifest.history,
        handwritten=hand_written(recipe.folder, before),
        shards=tuple(ShardFile(shard.path, shard.size_bytes, shard.sha256) for shard in manifest.shards),
    )


def seal(folder: Path, manifest: Manifest) -> Manifest:
    """Measure every file of a folder, write its manifest.json last, and return the manifest as written."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    files = tuple(FileEntry.of(path, path.relative_to(folder).as_posix()) for path in paths)
    card = without_kept((folder / "README.md").read_text(encoding="utf-8"))
    readme = hashlib.sha256(card.encode()).hexdigest()
    manifest = replace(manifest, files=files, readme=readme)
    write_json(folder / MANIFEST, manifest.as_dict())
    return manifest
