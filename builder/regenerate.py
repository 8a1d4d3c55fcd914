"""Rebuilds one or many datasets with today's code: each gets a verified new release or stays as it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from builder.errors import HiwarError
from builder.pipeline import build
from builder.recipe import Recipe, load_recipe
from builder.release.diff import ReleaseDiff, diff
from builder.release.manifest import releases_in
from builder.release.places import FAILED, rejected_beside
from builder.storage import disk_refused, write_json
from builder.verify import verify

BEGUN = "regenerating.json"
"""File in the cache that holds the last release while a newer one is built and not verified yet."""

Outcome = Literal["new", "same", "failed"]


@dataclass(frozen=True, slots=True)
class Regenerated:
    """What became of one dataset. `before` and `after` are versions, None where there is no release.

    `outcome`: "new" (a verified release was added), "same" (nothing changed, nothing was written), "failed"
    (no release was added; `why` says what stopped it and `exit_code` of what kind it is).
    """

    recipe: str
    name: str
    outcome: Outcome
    before: str | None = None
    after: str | None = None
    added: int = 0
    changed: int = 0
    removed: int = 0
    why: str = ""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Regeneration:
    """What became of all datasets, in the order they were named."""

    datasets: tuple[Regenerated, ...]

    @property
    def exit_code(self) -> int:
        """The worst of the exit codes: 0 when each dataset has a verified release."""
        return max((one.exit_code for one in self.datasets), default=0)

    def as_dict(self) -> dict[str, object]:
        """Return the table as JSON-ready values."""
        return {"datasets": [asdict(one) for one in self.datasets], "exit_code": self.exit_code}


def regenerate(recipes: Iterable[Path], *, workers: int = 1, now: datetime) -> Regeneration:
    """Build each recipe from its archive, verify what is new, and tell what changed and why.

    A dataset that fails does not stop the others, and its releases stay as they were. Nothing is fetched, and
    what did not change is not read again.
    """
    return Regeneration(tuple(_one(path, workers=workers, now=now) for path in recipes))


def _one(path: Path, *, workers: int, now: datetime) -> Regenerated:
    name, before = str(path), None
    try:
        recipe = load_recipe(path)
        name = recipe.model.dataset.name
        before = _last_verified(recipe)
        return _built(recipe, str(path), before, workers=workers, now=now)
    except OSError as error:
        stopped: HiwarError = disk_refused(Path(str(error.filename or path)), error)
    except HiwarError as error:
        stopped = error
    why = " ".join(str(stopped).split("\n"))
    return Regenerated(str(path), name, "failed", before, before, why=why, exit_code=stopped.exit_code)


def _built(recipe: Recipe, path: str, before: str | None, *, workers: int, now: datetime) -> Regenerated:
    """Build and verify one dataset. Raises HiwarError when it fails; a release that does not verify is set aside."""
    name, begun = recipe.model.dataset.name, recipe.cache / BEGUN
    write_json(begun, before)
    try:
        result = build(recipe, workers=workers, now=now)
    except (HiwarError, OSError):
        if _newest(recipe) == before:
            begun.unlink()  # nothing was made that waits to be verified
        raise
    if result.release is None or result.version == before:
        begun.unlink()
        return Regenerated(path, name, "same", before, before, why="The archive gives the same release.")
    report = verify(result.release)
    if not report.ok:
        _set_aside(recipe, result.release, report.as_dict())
    begun.unlink()
    report.raise_if_failed()
    after = str(result.version)
    if before is None:
        rows = sum(result.rows.values())
        return Regenerated(path, name, "new", None, after, added=rows, why="The first release.")
    change = diff(recipe.releases / before, result.release)
    counts = {kind: change.total(kind) for kind in ("added", "changed", "removed")}
    return Regenerated(path, name, "new", before, after, why=_why(change), **counts)


def _last_verified(recipe: Recipe) -> str | None:
    """Return the newest release; after a run that was killed before it had verified one, the release before that."""
    try:
        before = json.loads((recipe.cache / BEGUN).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return _newest(recipe)
    return before if before in [release.name for release in releases_in(recipe.releases)] else None


def _newest(recipe: Recipe) -> str | None:
    return next((release.name for release in reversed(releases_in(recipe.releases))), None)


def _why(change: ReleaseDiff) -> str:
    """Return in one sentence which columns changed most, or what else is new."""
    fields = sorted(
        ((count, name) for table in change.tables for name, count in table.fields.items()), reverse=True
    )
    parts = [f"{name} changed in {count}" for count, name in fields[:3]]
    if not change.same_records and not parts:
        moved = change.total("added") or change.total("removed")
        parts = ["records came or went" if moved else "columns came or went"]
    parts += ["the recipe changed"] if change.recipe_changed else []
    return ("; ".join(parts) or "what describes the records changed") + "."


def _set_aside(recipe: Recipe, release: Path, report: dict[str, object]) -> None:
    """Move a release that does not verify into releases/failed, with the report, so that it is not the newest."""
    failed = recipe.releases / FAILED
    shutil.rmtree(failed, ignore_errors=True)
    failed.mkdir(parents=True)
    write_json(failed / "verify.json", report)
    release.rename(failed / release.name)
    rejected_beside(release).replace(failed / "rejected.parquet")
