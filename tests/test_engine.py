"""The local engine: no task can stop the others, and what fails does not depend on luck."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.engine import Budget, Failure, open_engine
from builder.errors import ArchiveError, UsageError, WorldError

TIGHT = Budget(cpu_s=1, memory_bytes=64 << 20)
ROOMY = Budget(cpu_s=20, memory_bytes=256 << 20)


def square(number: int) -> int:
    """Return the square of a number."""
    return number * number


def hog(number: int) -> int:
    """Never return for 3, in C code that no Python signal handler interrupts; square the others."""
    if number == 3:
        re.match(r"(a+)+$", "a" * 64 + "b")
    return number * number


def swell(number: int) -> int:
    """Take more memory than is allowed for 3 and hide it as libraries do; square the others."""
    if number == 3:
        held = []
        try:
            for _ in range(1000):
                held.append(bytearray(4 << 20))
        except MemoryError:
            return -1
    return number * number


def crash(number: int) -> int:
    """End the process for 3; square the others."""
    if number == 3:
        os.abort()
    return number * number


def killed_once(marker: str) -> str:
    """End the process from outside the first time, as the system does when memory is short."""
    path = Path(marker)
    if path.name == "mortal" and not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return path.name


def always_killed(number: int) -> int:
    """End the process as if from outside, each time."""
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def raising(number: int) -> int:
    """Raise for 3 as a defect would; square the others."""
    if number == 3:
        raise ValueError("no such thing as three")
    return number * number


def world_fails(number: int) -> int:
    """Raise what the world does to us."""
    raise ArchiveError("the disk is gone", where=str(number))


def process(number: int) -> int:
    """Return the process that does the work."""
    return os.getpid()


def outcomes(function: Callable[..., object], workers: int = 2, budget: Budget = ROOMY) -> dict[int, object]:
    """Run a function over 0 to 9 and return the outcomes."""
    with open_engine("local", workers) as engine:
        return dict(engine.run(function, range(10), budget))  # type: ignore[arg-type]


SQUARES = {number: number * number for number in range(10)}


@pytest.mark.parametrize("workers", [1, 3])
def test_every_task_has_one_outcome(workers: int) -> None:
    """Each task comes back once with its result, whatever the number of workers."""
    assert outcomes(square, workers) == SQUARES


def test_no_tasks_no_outcomes() -> None:
    """Nothing to do is done at once, and no process is started for it."""
    with open_engine("local", 2) as engine:
        assert list(engine.run(square, [], ROOMY)) == []


def test_endless_c_code_is_ended_by_cpu_time() -> None:
    """A task inside one endless C call fails for its CPU time; every other task is done."""
    found = outcomes(hog, budget=TIGHT)
    assert found.pop(3) == Failure("cpu", "over its budget of CPU time")
    assert found == {n: n * n for n in range(10) if n != 3}


def test_memory_is_counted_even_where_the_shortage_was_hidden() -> None:
    """A task that swallows its MemoryError and returns nonsense still fails for its memory."""
    found = outcomes(swell, budget=TIGHT)
    failure = found.pop(3)
    assert isinstance(failure, Failure)
    assert failure.kind == "memory"
    assert found == {n: n * n for n in range(10) if n != 3}


def test_a_crash_costs_one_task() -> None:
    """A task that takes its process with it fails; its neighbours do not notice."""
    found = outcomes(crash)
    failure = found.pop(3)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.lasting) == ("crash", True)
    assert found == {n: n * n for n in range(10) if n != 3}


def test_a_worker_killed_from_outside_costs_nothing(tmp_path: Path) -> None:
    """The task of a killed worker is tried again."""
    names = [str(tmp_path / name) for name in ("first", "mortal", "last")]
    with open_engine("local", 2) as engine:
        found = dict(engine.run(killed_once, names, ROOMY))
    assert sorted(found.values()) == ["first", "last", "mortal"]


def test_a_task_that_is_always_killed_is_no_lasting_failure() -> None:
    """A kill says nothing about the task, so the failure is not one to remember."""
    with open_engine("local", 1) as engine:
        ((_, failure),) = engine.run(always_killed, [1], ROOMY)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.lasting) == ("killed", False)


def test_an_exception_is_its_tasks_failure_with_its_message() -> None:
    """A defect costs the task it shows on, and its message is kept."""
    found = outcomes(raising)
    assert found.pop(3) == Failure("raised", "ValueError: no such thing as three")
    assert found == {n: n * n for n in range(10) if n != 3}


def test_what_the_world_does_ends_the_run() -> None:
    """An error of ours, such as a full disk, reaches the caller as it is."""
    with open_engine("local", 2) as engine, pytest.raises(ArchiveError, match="the disk is gone"):
        list(engine.run(world_fails, range(4), ROOMY))


def test_an_engine_goes_on_after_a_run_that_was_left(tmp_path: Path) -> None:
    """A run that its reader leaves early holds up nothing that comes after."""
    with open_engine("local", 2) as engine:
        next(iter(engine.run(square, range(10), ROOMY)))
        assert dict(engine.run(square, range(10), ROOMY)) == SQUARES


def test_cpu_time_of_tasks_is_counted() -> None:
    """The engine adds up what tasks cost, for the account of stages."""
    with open_engine("local", 1) as engine:
        list(engine.run(sum_much, [3_000_000], ROOMY))
        assert engine.cpu_s > 0.01


def sum_much(count: int) -> int:
    """Use some CPU time."""
    return sum(range(count))


def ended(pid: int) -> bool:
    """Wait up to 10 seconds for a process that is not ours to end; return whether it did."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 10)[0])
    finally:
        os.close(handle)


def test_workers_end_with_the_engine() -> None:
    """Leaving the engine leaves no process behind."""
    with open_engine("local", 2) as engine:
        pids = {pid for _, pid in engine.run(process, range(20), ROOMY) if isinstance(pid, int)}
    assert all(ended(pid) for pid in pids)


def test_workers_end_with_their_run() -> None:
    """What a run took in memory is not kept by workers that wait for the next one."""
    with open_engine("local", 2) as engine:
        pids = {pid for _, pid in engine.run(process, range(20), ROOMY) if isinstance(pid, int)}
        assert all(ended(pid) for pid in pids)


LOADED: list[int] = []


def load() -> None:
    """Leave a mark in the process that calls this."""
    LOADED.append(os.getpid())


class Prepared:
    """A function that names what is to be loaded before its workers are forked."""

    warm = f"{__name__}:load"

    def __call__(self, number: int) -> tuple[int, ...]:
        """Return the processes that loaded, and this one."""
        return (*LOADED, os.getpid())


class Unprepared(Prepared):
    """A function whose preparation fails, as with a package that is not installed."""

    warm = "no_such_package:load"


def test_what_cannot_be_loaded_ends_the_run() -> None:
    """A broken installation is an error of the build, never the failure of every page."""
    with open_engine("local", 1) as engine, pytest.raises(WorldError, match="starts the workers"):
        list(engine.run(Unprepared(), range(3), ROOMY))


def test_what_a_function_needs_is_loaded_once_for_all_its_workers() -> None:
    """One process loads, before it forks; in a second run nothing is loaded again."""
    with open_engine("local", 2) as engine:
        found = [each for _ in range(2) for _, each in engine.run(Prepared(), range(6), ROOMY)]
    pairs = [each for each in found if isinstance(each, tuple)]
    assert len(pairs) == 12
    assert len({loader for loader, _ in pairs}) == 1
    assert all(loader != worker for loader, worker in pairs)


DRIVER = """
import sys
sys.path[:0] = {paths!r}
from test_engine import ROOMY, endless
from builder.engine import open_engine
with open_engine("local", 2) as engine:
    for _ in engine.run(endless, [1, 2, 3], ROOMY):
        pass
"""


def endless(number: int) -> int:
    """Say which process this is, then use CPU time for ever."""
    os.write(2, f"{os.getpid()} {os.getppid()}\n".encode())
    while True:
        number += 1


def test_no_orphans_survive_a_killed_driver() -> None:
    """kill -9 of the driver ends the workers, also busy ones, and their parent."""
    paths = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
    driver = subprocess.Popen([sys.executable, "-c", DRIVER.format(paths=paths)], stderr=subprocess.PIPE)
    assert driver.stderr is not None
    pids = [int(pid) for _ in range(2) for pid in driver.stderr.readline().split()]
    driver.kill()
    driver.wait()
    driver.stderr.close()
    assert len(set(pids)) == 3
    assert all(ended(pid) for pid in pids)


@pytest.mark.parametrize(("name", "workers"), [("slurm", 1), ("local", 0)])
def test_an_engine_that_cannot_be_is_refused(name: str, workers: int) -> None:
    """An unknown engine, or no workers, is a wrong use with advice."""
    with pytest.raises(UsageError):
        open_engine(name, workers)
