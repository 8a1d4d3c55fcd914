"""What every engine promises: one protocol, `run(function, tasks)`, met by local processes and by Ray.

A task is a frozen dataclass that can be pickled, a function is importable by name. Every task gives exactly one
outcome, in any order: what the function returned, or a Failure. No task can stop a build or another task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Protocol, TypeVar

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")

FailureKind = Literal["cpu", "memory", "crash", "killed", "raised", "stalled"]


@dataclass(frozen=True, slots=True)
class Budget:
    """What one task may cost: seconds of CPU time (not of the clock, so that load changes nothing) and bytes."""

    cpu_s: int
    memory_bytes: int

    def generous(self) -> Budget:
        """Return what a task gets when it is tried again, alone: three times the CPU, twice the memory."""
        return Budget(self.cpu_s * 3, self.memory_bytes * 2)


PAGE_BUDGET = Budget(cpu_s=4, memory_bytes=512 << 20)
"""For one page. An ordinary one takes 0.03 s and its 99th percentile is under 0.3 s (docs/measurements/speed.md)."""

BATCH_BUDGET = Budget(cpu_s=600, memory_bytes=2048 << 20)
"""For a task over one file of many records, whose cost per record is bounded by our own code."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task gave no result: over its CPU or memory budget, dead, killed from outside, raised, or stalled."""

    kind: FailureKind
    detail: str = ""

    @property
    def lasting(self) -> bool:
        """Whether trying again gives the same; a kill from outside or a stall says nothing about the task."""
        return self.kind not in ("killed", "stalled")


def warm_of(function: Callable[[TaskT], ResultT]) -> str:
    """Return what a worker's parent loads before it forks workers for a function, so that slow starts are paid once.

    It is the function's own `warm`, "module:name" of something to call, where it has one; else "module:", its module.
    """
    return getattr(function, "warm", "") or f"{function.__module__}:"


class Engine(Protocol):
    """Runs functions over tasks. Use it as a context manager: leaving it ends every process it started."""

    workers: int
    cpu_s: float
    """CPU seconds that finished tasks have used so far."""

    def run(
        self,
        function: Callable[[TaskT], ResultT],
        tasks: Iterable[TaskT],
        budget: Budget,
    ) -> Iterator[tuple[TaskT, ResultT | Failure]]:
        """Yield each task with its outcome, in the order they end. Tasks are drawn as workers become free.

        Raises HiwarError when the function raised one: the world failed, not the task.
        """

    def __enter__(self) -> Engine:
        """Return the engine."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every process the engine started."""
