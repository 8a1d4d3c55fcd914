"""From archives to a release: the stages in order, each with its account.

A stage reads files and writes files, so memory stays flat and a killed build goes on where it was. What a stage
costs is kept apart from what it gives: the same archives, recipe and code give the same release, whatever the
number of workers, the engine, the order of files, the clock, or what the cache already held.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from builder.engine import open_engine
from builder.errors import UsageError
from builder.events import Watch
from builder.recipe import Recipe
from builder.stages import run
from builder.stages.work import Work, open_work
from builder.storage import folder_lock
from builder.tally import Tally

WARM = "builder.stages.extraction:warm_up"


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the flow: its name, what does it, and what it makes of what."""

    name: str
    act: Callable[[Work], None]
    meaning: str


STAGES: tuple[Stage, ...] = (
    Stage("take in", run.take_in, "local files -> archive records"),
    Stage(
        "inventory", run.inventory, "archives -> captures worth reading; revisits, errors, feeds told apart"
    ),
    Stage("extract", run.extract, "captures -> documents, comments, tombstones, one page at a time"),
    Stage("states", run.states, "many states of one record -> the one that stands"),
    Stage("templates", run.templates, "what a host repeats on its pages, learned over all of them"),
    Stage("rows", run.rows, "documents and comments -> rows with every computed column"),
    Stage("rules", run.rules, "rows -> kept rows, and rejected rows with all reasons"),
    Stage("dedup", run.dedup, "kept documents -> clusters of copies"),
    Stage("release", run.release, "rows and clusters -> a release folder"),
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
    Raises LockedError when another build works in the folder, UsageError for a wrong task or engine,
    GateFailed when the recipe's assertions do not hold, WorldError when the disk refuses.
    """
    share = _share(task)
    lock = recipe.cache if task is None else recipe.cache / "slices" / task.replace("/", "-of-")
    with (
        folder_lock(lock, doing="building"),
        open_engine(engine, workers, WARM) as pool,
        open_work(recipe, pool, now=now, watch=progress, share=share) as work,
    ):
        known = None if profile or task else work.unchanged()
        if known is None:
            for stage in STAGES:
                if task is None or stage.name in SLICED:
                    with work.stage(stage.name):
                        stage.act(work)
            known = work.finish()
        return BuildResult(**known, profile=work.profile if profile else {})


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
