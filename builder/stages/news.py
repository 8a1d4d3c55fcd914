"""Whether anything has changed since the last build. Light: a build without news loads neither stages nor engine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict

from builder.columns.pseudonyms import has_key, load_or_make_key
from builder.recipe import Recipe
from builder.schema import shipped
from builder.stages.archives import Archive, find_archives
from builder.stages.fingerprints import ALL_PACKAGES, code_fingerprint
from builder.storage import sha256_of
from builder.tally import Tally

LAST = "last.json"
"""What the last build saw and gave, so that one without news can end at once."""


class Outcome(TypedDict):
    """The parts of a build's result that a stage or the memory of the last build gives."""

    release: Path | None
    version: str | None
    rows: dict[str, int]
    tallies: tuple[Tally, ...]
    rejected: Path | None
    fresh: bool


def side_state(recipe: Recipe) -> str:
    """Return a digest of what decides a release beside archives and key, as it is when a build begins."""
    digest = hashlib.blake2b(recipe.digest().encode(), digest_size=16)
    files = [recipe.folder / "takedowns.jsonl", recipe.folder / "card.md", shipped("dataset_card.md")]
    if recipe.model.lexicon.file is not None:
        files.append(recipe.folder / recipe.model.lexicon.file)
    for path in files:
        digest.update(f"{path.name}\0{sha256_of(path) if path.is_file() else '-'}\0".encode())
    digest.update(code_state().encode())
    return digest.hexdigest()


def code_state() -> str:
    """Return a digest of our code, schemas and word lists and of the packages that decide what becomes of a page."""
    return code_fingerprint((), ALL_PACKAGES, _ours())


def _ours() -> tuple[Path, ...]:
    """Return our code, schemas, lexicon and word lists."""
    root = Path(__file__).parent.parent
    data = (*root.glob("data/*.json"), *root.glob("data/words/*.txt"), *shipped("schemas").glob("*.json"))
    return (*root.rglob("*.py"), *data)


def state(recipe: Recipe, side: str, archives: Iterable[Archive]) -> str:
    """Return a digest of all that a release depends on: archives, recipe, takedowns, key, code."""
    digest = hashlib.blake2b(side.encode(), digest_size=16)
    digest.update(load_or_make_key(recipe) if has_key(recipe) else b"no key yet")
    for archive in archives:
        digest.update(f"{archive.name}\0{archive.sha256}\0{archive.source}\0".encode())
    return digest.hexdigest()


def unchanged(recipe: Recipe, side: str) -> Outcome | None:
    """Return what the last build gave if nothing it depended on has changed since, else None."""
    if any(source.reach == "files" for source in recipe.sources):
        return None
    try:
        last = json.loads((recipe.cache / LAST).read_text(encoding="utf-8"))
        release = recipe.releases / last["version"]
        rejected = recipe.releases / last["rejected"]
        intact = rejected.is_file() and sha256_of(release / "manifest.json") == last["manifest"]
    except (OSError, ValueError, KeyError):
        return None
    if not intact or last["state"] != state(recipe, side, find_archives(recipe, recipe.cache)):
        return None
    tallies = tuple(Tally.from_dict(entry) for entry in last["tallies"])
    return Outcome(
        release=release,
        version=last["version"],
        rows=last["rows"],
        tallies=tallies,
        rejected=rejected,
        fresh=False,
    )
