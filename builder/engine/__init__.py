"""Where the work runs: processes on this machine, or Ray."""

from __future__ import annotations

from pathlib import Path

from builder.engine.base import BATCH_BUDGET, PAGE_BUDGET, Budget, Engine, Failure
from builder.errors import UsageError

__all__ = ["BATCH_BUDGET", "PAGE_BUDGET", "Budget", "Engine", "Failure", "check_engine", "open_engine"]


ENGINES = ("local", "ray")


def check_engine(name: str, workers: int) -> None:
    """Check what `open_engine` will be asked for, without loading an engine.

    Raises UsageError for an unknown name or fewer than one worker.
    """
    if workers < 1:
        raise UsageError(f"{workers} workers cannot do anything", what_next="Give --workers 1 or more.")
    if name not in ENGINES:
        raise UsageError(f"no engine is named {name!r}", what_next=f"Engines: {', '.join(ENGINES)}.")


def open_engine(name: str, workers: int, *, folder: Path | None = None, alike: str = "") -> Engine:
    """Return the engine of that name: "local" or "ray".

    Where there are many machines, each must see `folder`, and the function `alike` ("module:name") must return the
    same text on all of them.
    Raises UsageError for an unknown name, fewer than one worker, or Ray where it is not installed.
    """
    check_engine(name, workers)
    if name == "local":
        from builder.engine.local import LocalEngine

        return LocalEngine(workers)
    from builder.engine.ray import RayEngine

    return RayEngine(workers, folder, alike)
