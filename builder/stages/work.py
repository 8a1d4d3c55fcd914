"""One build at work: where its files lie, what it has counted, and what its stages hand to one another."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from builder.columns.pseudonyms import has_key, load_or_make_key
from builder.duck import connection
from builder.engine import Engine
from builder.events import StageProgress, Watch
from builder.recipe import Recipe
from builder.schema import shipped
from builder.stages.fingerprints import code_fingerprint
from builder.stages.inventory import Archive, find_archives
from builder.stages.plan import TABLES, Plan
from builder.stages.rejects import Rejects
from builder.stages.store import Store
from builder.storage import sha256_of, write_json
from builder.tally import Tally

if TYPE_CHECKING:
    import duckdb

    from builder.extract.template import Template
    from builder.release import Release

LAST = "last.json"
"""What the last build saw and gave, so that one without news can end at once."""

PACKAGES = ("datasets", "duckdb", "huggingface_hub", "lxml", "numpy", "pyarrow", "trafilatura")
"""Packages whose version a release's bytes may show, beside those the caches name."""

MEMORY_MB = 200
"""What SQL over keys and references may hold; it spills beyond. Row text never passes through it."""


class Outcome(TypedDict):
    """The parts of a build's result that a stage or the memory of the last build gives."""

    release: Path | None
    version: str | None
    rows: dict[str, int]
    tallies: tuple[Tally, ...]
    rejected: Path | None
    fresh: bool


@dataclass(slots=True)
class Work:
    """What the stages of one build share. `folder` is the build's own and empty at its start."""

    recipe: Recipe
    engine: Engine
    opened: ExitStack
    folder: Path
    now: datetime
    share: tuple[int, int]
    watch: Watch | None
    side: str
    tallies: list[Tally] = field(default_factory=list)
    profile: dict[str, dict[str, float]] = field(default_factory=dict)
    archives: list[Archive] = field(default_factory=list)
    stores: dict[str, Store] = field(default_factory=dict)
    wanted: dict[str, list[str]] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    plan: Plan | None = None
    clusters: Path | None = None
    made: Release | None = None
    _database: duckdb.DuckDBPyConnection | None = None
    _stage: str = ""
    _began_s: float = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Tell the watcher that a stage begins and ends, and take its time."""
        self._stage, self._began_s = name, time.monotonic()
        self.tell(0, None)
        cpu_s = time.process_time() + self.engine.cpu_s
        yield
        self.profile[name] = {
            "cpu_s": round(time.process_time() + self.engine.cpu_s - cpu_s, 3),
            "wall_s": round(time.monotonic() - self._began_s, 3),
        }

    def tell(self, done: int, total: int | None) -> None:
        """Tell the watcher how far the stage is."""
        if self.watch is not None:
            self.watch(StageProgress(self._stage, done, total, time.monotonic() - self._began_s))

    def rejects(self, stage: str) -> Rejects:
        """Return where a stage puts the rejected rows it makes."""
        return Rejects(self.folder / "rejected", stage)

    @property
    def database(self) -> duckdb.DuckDBPyConnection:
        """The work database, opened when it is first needed: a build without news needs none."""
        if self._database is None:
            self._database = self.opened.enter_context(connection(self.folder / "spill", MEMORY_MB))
        return self._database

    @property
    def cache(self) -> Path:
        """The folder of the cache."""
        return self.recipe.cache

    def state(self, archives: Iterable[Archive]) -> str:
        """Return a digest of all that a release depends on: archives, recipe, takedowns, key, code."""
        digest = hashlib.blake2b(self.side.encode(), digest_size=16)
        digest.update(load_or_make_key(self.recipe) if has_key(self.recipe) else b"no key yet")
        for archive in archives:
            digest.update(f"{archive.name}\0{archive.sha256}\0{archive.source}\0".encode())
        return digest.hexdigest()

    def unchanged(self) -> Outcome | None:
        """Return what the last build gave if nothing it depended on has changed since, else None."""
        if any(source.reach == "files" for source in self.recipe.sources):
            return None
        try:
            last = json.loads((self.cache / LAST).read_text(encoding="utf-8"))
            release = self.recipe.releases / last["version"]
            rejected = self.recipe.releases / last["rejected"]
            intact = rejected.is_file() and sha256_of(release / "manifest.json") == last["manifest"]
        except (OSError, ValueError, KeyError):
            return None
        if not intact or last["state"] != self.state(find_archives(self.recipe, self.cache)):
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

    def finish(self) -> Outcome:
        """Remember what this build saw and gave, and return it."""
        if self.made is None:
            return Outcome(
                release=None, version=None, rows={}, tallies=tuple(self.tallies), rejected=None, fresh=False
            )
        made = self.made
        rows = {table: made.rows.get(table, 0) for table in TABLES}
        write_json(
            self.cache / LAST,
            {
                "state": self.state(self.archives),
                "version": made.version,
                "manifest": sha256_of(made.path / "manifest.json"),
                "rejected": made.rejected.name,
                "rows": rows,
                "tallies": [tally.as_dict() for tally in made.tallies],
                "profile": self.profile,
            },
        )
        return Outcome(
            release=made.path,
            version=made.version,
            rows=rows,
            tallies=made.tallies,
            rejected=made.rejected,
            fresh=made.fresh,
        )


def side_state(recipe: Recipe) -> str:
    """Return a digest of what decides a release beside archives and key, as it is when a build begins."""
    digest = hashlib.blake2b(recipe.digest().encode(), digest_size=16)
    files = [recipe.folder / "takedowns.jsonl", recipe.folder / "card.md", shipped("dataset_card.md")]
    if recipe.model.lexicon.file is not None:
        files.append(recipe.folder / recipe.model.lexicon.file)
    for path in files:
        digest.update(f"{path.name}\0{sha256_of(path) if path.is_file() else '-'}\0".encode())
    code = Path(__file__).parent.parent.rglob("*.py")
    digest.update(code_fingerprint((), PACKAGES, code).encode())
    return digest.hexdigest()


@contextmanager
def open_work(
    recipe: Recipe, engine: Engine, *, now: datetime, watch: Watch | None, share: tuple[int, int]
) -> Iterator[Work]:
    """Open the work folder of a build, emptied of what a killed one left; remove it and its database at the end."""
    folder = recipe.cache / f"work-{share[0]}-of-{share[1]}"
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("documents", "comments", "rejected"):
        (folder / name).mkdir(parents=True)
    try:
        with ExitStack() as opened:
            yield Work(recipe, engine, opened, folder, now, share, watch, side_state(recipe))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
