"""A little work is done where it is asked for: the start of a worker costs more than to do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from builder.engine import Budget, Engine, Failure

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")

BATCH = Budget(cpu_s=60, memory_bytes=1024 << 20)
"""For one batch of rows: columns take about 20 ms a page, so this is twenty times what a batch needs."""

NEARBY_BYTES = 8 << 20
"""Compressed rows that are worked on in this process: about 2,500 pages, which take 2 s for another platform and 15 s
for another voter on the language. What one text may cost is bounded by the size of them all."""

ALONE_BYTES = 4 * NEARBY_BYTES
"""The same where there is one worker, which would do it no sooner: its start takes a third of a second."""

DEFECTS = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""What a faulty function of ours raises. A worker then says of which rows, as it does for all others."""


def warm_up() -> None:
    """Do once, before workers are forked, what every maker of rows would have to do: slow imports."""
    import builder.columns.row
    import builder.dedup  # noqa: F401

    warm_up_judges()


def warm_up_judges() -> None:
    """Do once, before workers are forked, what every judge of stored rows would have to do."""
    import pyarrow.parquet  # noqa: F401

    from builder.arrow import leave_pandas_out

    leave_pandas_out()


def run_nearby(
    function: Callable[[TaskT], ResultT], tasks: Sequence[TaskT], engine: Engine, size_bytes: int
) -> Iterator[tuple[TaskT, ResultT | Failure]]:
    """Yield each task with its outcome, as an engine does; a few small ones need no worker.

    Raises HiwarError when the function raised one.
    """
    failed: list[TaskT] = []
    if size_bytes > (NEARBY_BYTES if engine.workers > 1 else ALONE_BYTES):
        failed = list(tasks)
    else:
        for task in tasks:
            try:
                outcome = function(task)
            except DEFECTS:
                failed.append(task)
            else:
                yield task, outcome
    yield from engine.run(function, failed, BATCH)
