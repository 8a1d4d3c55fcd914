"""The default engine: processes on this machine, one task in flight in each, under the eyes of the driver.

The pools of the standard library end with the first worker that dies, and have no limit on what a task costs.
Here the kernel ends a worker that is over its CPU budget; its task is tried once more, alone and with a
generous budget, after all others are done. So what fails does not depend on the load of the machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, TypeVar, cast

from builder.engine.base import Budget, Failure, warm_of
from builder.engine.worker import END, PID, REAP, SPAWN, WARM, Answer, Order
from builder.errors import HiwarError, WorldError
from builder.threads import one_thread

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")

STALL_FACTOR = 60
"""Seconds of the clock a task may take for each second of its CPU budget before it counts as stalled: a worker
that is stopped or waits for a dead disk, never one on a busy machine."""
KILLED_TRIES = 3
"""Times a task is tried whose worker was killed from outside (by a person or for want of the machine's memory)."""
_LOOK_EVERY_S = 1.0
_FAREWELL_S = 5.0
_BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from builder.engine.worker import nursery; nursery(int(sys.argv[2]), int(sys.argv[3]))"
)


class Nursery:
    """The process that forks workers; started when the first one is needed, with what each function needs loaded."""

    def __init__(self) -> None:
        self._loaded: set[str] = set()
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-c", _BOOT, json.dumps(sys.path)),
                    *(str(theirs.fileno()), str(os.getpid())),
                ],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                env={**os.environ, **one_thread(os.environ)},
            )

    def load(self, what: str) -> None:
        """Have what `warm_of` names loaded once, before workers that need it are forked.

        Raises WorldError when the nursery is gone.
        """
        if what in self._loaded:
            return
        name = what.encode()
        try:
            self._control.sendall(WARM + PID.pack(len(name)) + name)
            self._reply(PID)
        except OSError:
            raise _nursery_gone() from None
        self._loaded.add(what)

    def spawn(self) -> tuple[int, Connection]:
        """Fork a worker; return its process id and the line to it.

        Raises WorldError when the nursery is gone.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [SPAWN], [theirs.fileno()])
                (pid,) = self._reply(PID)
            except OSError:
                ours.close()
                raise _nursery_gone() from None
        return pid, Connection(ours.detach())

    def reap(self, pid: int) -> tuple[int, float]:
        """End a worker; return how it ended (negative: the signal, as in `subprocess`) and its CPU seconds.

        Raises WorldError when the nursery is gone.
        """
        try:
            self._control.sendall(REAP + PID.pack(pid))
            status, cpu_s = self._reply(END)
        except OSError:
            raise _nursery_gone() from None
        return status, cpu_s

    def _reply(self, form: struct.Struct) -> tuple[Any, ...]:
        data = self._control.recv(form.size, socket.MSG_WAITALL)
        if len(data) < form.size:
            raise _nursery_gone()
        return form.unpack(data)

    def close(self) -> None:
        """End the nursery; the kernel ends what workers are left with it."""
        self._control.close()
        try:
            self._process.wait(timeout=_FAREWELL_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _nursery_gone() -> WorldError:
    return WorldError(
        "the process that starts the workers has ended",
        where="engine local",
        what_next="Run the command again: it goes on where it was.",
    )


@dataclass(eq=False, slots=True)
class Worker:
    """One worker as the driver sees it: its process, its line, the function it holds, what it does and since when."""

    pid: int
    line: Connection
    function: bytes | None = None
    task: object = None
    due_s: float = 0.0
    cpu_s: float = 0.0
    """CPU seconds of its finished tasks."""

    def order(self, function: bytes, task: object, budget: Budget) -> None:
        """Send a task, with the function if the worker has another one."""
        message = Order(
            None if function is self.function else function, task, budget.cpu_s, budget.memory_bytes
        )
        self.function, self.task = function, task
        self.due_s = time.monotonic() + budget.cpu_s * STALL_FACTOR
        with contextlib.suppress(OSError):  # a dead worker shows when its answer is awaited
            self.line.send_bytes(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))


class LocalEngine:
    """A pool of supervised processes; see the module's text."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.cpu_s = 0.0
        self._warm = ""
        self._nursery: Nursery | None = None
        self._idle: list[Worker] = []
        self._busy: list[Worker] = []

    def run(
        self,
        function: Callable[[TaskT], ResultT],
        tasks: Iterable[TaskT],
        budget: Budget,
    ) -> Iterator[tuple[TaskT, ResultT | Failure]]:
        """Yield each task with its outcome; those over budget or whose worker died come last, after a second try.

        Raises HiwarError when the function raised one.
        """
        recipe = pickle.dumps(function, pickle.HIGHEST_PROTOCOL)
        self._warm = warm_of(function)
        again: list[TaskT] = []
        try:
            for task, outcome in self._spread(recipe, iter(tasks), budget):
                if isinstance(outcome, Failure) and outcome.kind != "raised":
                    again.append(cast("TaskT", task))
                else:
                    yield cast("TaskT", task), cast("ResultT | Failure", outcome)
            for task_again in again:
                yield (
                    task_again,
                    cast("ResultT | Failure", self._alone(recipe, task_again, budget.generous())),
                )
        finally:
            # A fork costs 10 ms. A worker that waited for the next run would keep the memory of this one.
            while rest := (*self._busy, *self._idle):
                self._end(rest[0])

    def _spread(
        self, function: bytes, tasks: Iterator[object], budget: Budget
    ) -> Iterator[tuple[object, object]]:
        """Keep every worker busy with one task each; yield tasks and outcomes as they come."""
        exhausted = False
        while True:
            while not exhausted and len(self._busy) < self.workers:
                try:
                    task = next(tasks)
                except StopIteration:
                    exhausted = True
                    break
                self._give(function, task, budget)
            if not self._busy:
                return
            for worker, outcome in self._ready():
                yield worker.task, outcome

    def _alone(self, function: bytes, task: object, budget: Budget) -> object:
        """Try one task in a fresh worker while nothing else runs."""
        outcome: object = None
        for _ in range(KILLED_TRIES):
            while self._idle:
                self._end(self._idle[0])
            self._give(function, task, budget)
            while self._busy:
                outcome = next((found for _, found in self._ready()), outcome)
            if not (isinstance(outcome, Failure) and outcome.kind == "killed"):
                break
        return outcome

    def _give(self, function: bytes, task: object, budget: Budget) -> None:
        if self._nursery is None:
            self._nursery = Nursery()
        self._nursery.load(self._warm)
        worker = self._idle.pop() if self._idle else Worker(*self._nursery.spawn())
        self._busy.append(worker)
        worker.order(function, task, budget)

    def _ready(self) -> Iterator[tuple[Worker, object]]:
        """Wait for answers a while; yield those that came, and what became of workers that died or stalled.

        Raises HiwarError when a task's function raised one.
        """
        lines = wait([worker.line for worker in self._busy], timeout=_LOOK_EVERY_S)
        for worker in [worker for worker in self._busy if worker.line in lines]:
            yield worker, self._outcome(worker)
        now_s = time.monotonic()
        for worker in [worker for worker in self._busy if worker.due_s < now_s]:
            self._end(worker)
            yield worker, Failure("stalled", "no answer, and no CPU time used up")

    def _outcome(self, worker: Worker) -> object:
        """Receive a worker's answer.

        Raises the HiwarError that the task's function raised.
        """
        try:
            answer: Answer = pickle.loads(worker.line.recv_bytes())
        except (EOFError, OSError):
            return _verdict(self._end(worker))
        self.cpu_s += answer.cpu_s
        worker.cpu_s += answer.cpu_s
        if answer.kind == "failure":
            self._end(worker)  # what the task left behind in its process must not reach the next one
        else:
            self._busy.remove(worker)
            self._idle.append(worker)
        if answer.kind == "error":
            assert isinstance(answer.value, HiwarError)
            raise answer.value
        return answer.value

    def _end(self, worker: Worker) -> int:
        for group in (self._busy, self._idle):
            if worker in group:
                group.remove(worker)
        worker.line.close()
        assert self._nursery is not None
        status, cpu_s = self._nursery.reap(worker.pid)
        self.cpu_s += max(0.0, cpu_s - worker.cpu_s)
        return status

    def __enter__(self) -> LocalEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._nursery is not None:
            with contextlib.suppress(WorldError):  # then the workers are gone already
                for worker in (*self._busy, *self._idle):
                    self._end(worker)
            self._busy, self._idle = [], []
            self._nursery.close()
            self._nursery = None


def _verdict(status: int) -> Failure:
    """Say what the way a worker ended means for its task."""
    if status == -signal.SIGXCPU:
        return Failure("cpu", "over its budget of CPU time")
    if status == -signal.SIGKILL:
        return Failure("killed", "its process was killed from outside")
    return Failure("crash", f"its process ended with status {status}")
