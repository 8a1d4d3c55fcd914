"""Where the work runs: processes on this machine, or Ray."""

from __future__ import annotations

from builder.engine.base import BATCH_BUDGET, PAGE_BUDGET, Budget, Engine, Failure
from builder.errors import UsageError

__all__ = ["BATCH_BUDGET", "PAGE_BUDGET", "Budget", "Engine", "Failure", "open_engine"]


def open_engine(name: str, workers: int, warm: str = "") -> Engine:
    """Return the engine of that name: "local" or "ray".

    `warm` is a function as "module:name" that a worker's parent calls once, so that slow starts are paid once.
    Raises UsageError for an unknown name, fewer than one worker, or Ray where it is not installed.
    """
    if workers < 1:
        raise UsageError(f"{workers} workers cannot do anything", what_next="Give --workers 1 or more.")
    if name == "local":
        from builder.engine.local import LocalEngine

        return LocalEngine(workers, warm)
    if name == "ray":
        from builder.engine.ray import RayEngine

        return RayEngine(workers, warm)
    raise UsageError(f"no engine is named {name!r}", what_next="Engines: local, ray.")
