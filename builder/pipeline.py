"""From archives to a release: the stages in order, each with its account.

A stage reads files and writes files, so memory stays flat and a killed build goes on where it was. What a stage
costs is kept apart from what it gives: the same archives, recipe and code give the same release, whatever the
number of workers, the engine, the order of files, the clock, or what the cache already held.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from builder.engine import Engine, check_engine, open_engine
from builder.errors import UsageError
from builder.events import Watch
from builder.recipe import Recipe
from builder.stages.news import Outcome, side_state, unchanged
from builder.storage import folder_lock
from builder.tally import Tally

if TYPE_CHECKING:
    from builder.stages.work import Work

ALIKE = "builder.stages.news:code_state"


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the flow: its name, and what it makes of what.

    The function of that name in builder.stages.run does it. It is loaded when a stage runs, since all stages
    together load ten times what a build without news needs.
    """

    name: str
    meaning: str

    def act(self, work: Work) -> None:
        """Do the step."""
        getattr(importlib.import_module("builder.stages.run"), self.name.replace(" ", "_"))(work)


STAGES: tuple[Stage, ...] = (
    Stage("take in", "local files -> archive records"),
    Stage("inventory", "archives -> captures worth reading; revisits, errors, feeds told apart"),
    Stage("extract", "captures -> documents, comments, tombstones, one page at a time"),
    Stage("states", "many states of one record -> the one that stands"),
    Stage("templates", "what a host repeats on its pages, learned over all of them"),
    Stage("rows", "documents and comments -> rows with every computed column"),
    Stage("rules", "rows -> kept rows, and rejected rows with all reasons"),
    Stage("dedup", "kept documents -> clusters of copies"),
    Stage("release", "rows and clusters -> a release folder"),
)
"""The flow. `--task i/N` runs inventory and extract over one slice of the captures."""

SLICED = ("inventory", "extract")


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build gave. `rows` counts records per table; `fresh` is False when nothing had changed.

    `release`, `version` and `rejected` are None for one slice of a sliced build. `profile` gives CPU seconds
    (`cpu_s`) and seconds on the clock (`wall_s`) of each stage that ran, where it was asked for.
    """

    release: Path | None
    version: str | None
    rows: dict[str, int]
    tallies: tuple[Tally, ...]
    rejected: Path | None
    fresh: bool
    profile: dict[str, dict[str, float]]


def build(
    recipe: Recipe,
    *,
    workers: int = 1,
    engine: str = "local",
    now: datetime,
    progress: Watch | None = None,
    profile: bool = False,
    task: str | None = None,
) -> BuildResult:
    """Make a release from the archives of a recipe, or return the last one when nothing has changed.

    `now` (UTC) reaches no release. `profile` times the stages even where nothing has changed. `task` "i/N"
    reads only slice i (from 0) of N, for job arrays; the build without it then finds everything read.
    Raises LockedError when another build works in the folder, UsageError for a wrong task or engine or a card.md of
    which text would be lost, GateFailed when the recipe's assertions do not hold, WorldError when the disk refuses.
    """
    share = _share(task)
    check_engine(engine, workers)
    lock = recipe.cache if task is None else recipe.cache / "slices" / task.replace("/", "-of-")
    with folder_lock(lock, doing="building"):
        side = side_state(recipe)
        known = None if profile or task else unchanged(recipe, side)
        if known is not None:
            return BuildResult(**known, profile={})
        opened = partial(open_engine, engine, workers, folder=recipe.cache, alike=ALIKE)
        stages = [stage for stage in STAGES if task is None or stage.name in SLICED]
        made, times = _run(recipe, stages, opened, side=side, now=now, watch=progress, share=share)
        return BuildResult(**made, profile=times if profile else {})


def _run(
    recipe: Recipe,
    stages: Iterable[Stage],
    engine: Callable[[], Engine],
    *,
    side: str,
    now: datetime,
    watch: Watch | None,
    share: tuple[int, int],
) -> tuple[Outcome, dict[str, dict[str, float]]]:
    """Run the stages; return what the build gave, and what each stage cost."""
    from builder.arrow import without_pandas
    from builder.release.companions import hand_written
    from builder.stages.work import open_work

    hand_written(recipe.folder, None)  # what is wrong with card.md is told before hours of reading
    with (
        without_pandas(),
        engine() as pool,
        open_work(recipe, pool, side=side, now=now, watch=watch, share=share) as work,
    ):
        for stage in stages:
            with work.stage(stage.name):
                stage.act(work)
        return work.finish(), work.profile


def _share(task: str | None) -> tuple[int, int]:
    """Read "i/N".

    Raises UsageError when it is not two numbers with 0 <= i < N.
    """
    if task is None:
        return 0, 1
    part, _, whole = task.partition("/")
    if part.isdecimal() and whole.isdecimal() and int(part) < int(whole):
        return int(part), int(whole)
    raise UsageError(f"{task!r} names no slice", what_next="Give --task i/N with i from 0 to N-1, e.g. 0/8.")
