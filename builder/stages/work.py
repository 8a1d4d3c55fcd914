"""One build at work: where its files lie, what it has counted, and what its stages hand to one another."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from builder.arrow import give_back
from builder.duck import connection
from builder.engine import Engine
from builder.events import StageProgress, Watch
from builder.recipe import Recipe
from builder.stages.archives import Archive
from builder.stages.news import LAST, Outcome, state
from builder.stages.plan import TABLES, Plan
from builder.stages.rejects import Rejects
from builder.stages.store import Store
from builder.storage import sha256_of, write_json
from builder.tally import Tally

if TYPE_CHECKING:
    import duckdb

    from builder.extract.template import Template
    from builder.release import Release

MEMORY_MB = 200
"""What SQL over keys and references may hold; it spills beyond. Row text never passes through it."""


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
    templates: dict[str, Template] = field(default_factory=dict)
    plan: Plan | None = None
    parts: dict[str, list[Path]] = field(default_factory=dict)
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
        give_back()
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

    def close_database(self) -> None:
        """Let go of the work database: the stages behind have their own, and its memory is theirs then."""
        self.opened.close()
        self._database = None

    @property
    def cache(self) -> Path:
        """The folder of the cache."""
        return self.recipe.cache

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
                "state": state(self.recipe, self.side, self.archives),
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


@contextmanager
def open_work(
    recipe: Recipe, engine: Engine, *, side: str, now: datetime, watch: Watch | None, share: tuple[int, int]
) -> Iterator[Work]:
    """Open the work folder of a build, emptied of what a killed one left; remove it and its database at the end."""
    folder = recipe.cache / f"work-{share[0]}-of-{share[1]}"
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("documents", "comments", "rejected"):
        (folder / name).mkdir(parents=True)
    try:
        with ExitStack() as opened:
            yield Work(recipe, engine, opened, folder, now, share, watch, side)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
