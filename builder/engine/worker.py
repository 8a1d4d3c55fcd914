"""The far side of the local pool: a nursery that is warmed once, and the workers it forks.

The nursery is a fresh interpreter without threads, so forking it is safe at any time, also after the driver has
started threads of its own. The kernel ends it when the driver dies, and ends the workers when the nursery does.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import math
import os
import pickle
import resource
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Literal, NamedTuple

from builder.engine.base import Failure
from builder.errors import HiwarError

SPAWN, REAP, WARM = b"S", b"R", b"W"
PID = struct.Struct("<q")
END = struct.Struct("<qd")
"""How a worker ended (as `subprocess` says it) and the CPU seconds it had used."""
_PR_SET_PDEATHSIG = 1

YOUNG_OBJECTS = 10_000
"""New objects after which a worker looks for garbage that refers to itself. At Python's own 700 it looks several
times a page: that took 7 % of reading on generated pages, and memory was the same, also on pages made to swell."""


class Order(NamedTuple):
    """What the driver sends: the function when it changed, pickled; the task; and its budget."""

    function: bytes | None
    task: object
    cpu_s: int
    memory_bytes: int


class Answer(NamedTuple):
    """What a worker sends back: a result, a failure of the task, or an error that ends the build."""

    kind: Literal["result", "failure", "error"]
    value: object
    cpu_s: float = 0.0


def die_with_parent(parent: int) -> None:
    """Ask the kernel to end this process when its parent ends; exit at once if it already has."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def nursery(control_fd: int, parent: int) -> None:
    """Serve the driver: load what it names, fork a worker for each socket it sends, end and reap those it names.

    Ends when the driver closes its side.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent(parent)
    # The driver may be stopped between an order and its answer.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        _serve_driver(socket.socket(fileno=control_fd))
    os._exit(0)  # nothing here needs the interpreter's slow farewell


def _serve_driver(control: socket.socket) -> None:
    """Follow the driver's orders until it closes its side. Raises BrokenPipeError when it went before its answer."""
    with control:
        while True:
            message, fds, _, _ = socket.recv_fds(control, 1 + PID.size, 1)
            if not message:
                return
            if message == SPAWN:
                control.sendall(PID.pack(_fork(fds[0], control)))
                continue
            (number,) = PID.unpack(message[1:])
            if message[:1] == WARM:
                _load(control.recv(number, socket.MSG_WAITALL).decode())
                control.sendall(PID.pack(number))
            else:
                control.sendall(END.pack(*_reap(number)))


def _load(what: str) -> None:
    """Import "module:" or call "module:name", so that every worker forked from now on shares what that leaves."""
    module, _, name = what.partition(":")
    if name:  # what is lacking here would fail every page: the driver is to see this process end instead
        getattr(importlib.import_module(module), name)()
    else:
        with contextlib.suppress(ModuleNotFoundError):  # a script's own function: its workers find it or not
            importlib.import_module(module)
    gc.collect()
    gc.freeze()


def _fork(fd: int, control: socket.socket) -> int:
    me = os.getpid()
    pid = os.fork()
    if pid:
        os.close(fd)
        return pid
    code = 1
    try:
        die_with_parent(me)
        control.close()
        serve(Connection(fd))
        code = 0
    finally:
        os._exit(code)


def _reap(pid: int) -> tuple[int, float]:
    """End a worker; return how it ended, negative for the signal that ended it, and the CPU seconds it had used."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    _, status, used = os.wait4(pid, 0)
    return os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime


def serve(connection: Connection) -> None:
    """Do orders until the driver closes its side, or until a task used up the memory: then a fresh worker is due."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.set_threshold(YOUNG_OBJECTS)
    base_bytes = _resident_peak_bytes()
    function: Callable[[object], object] | None = None
    while True:
        try:
            order: Order = pickle.loads(connection.recv_bytes())
        except EOFError:
            return
        if order.function is not None:
            function = pickle.loads(order.function)
        assert function is not None
        began_s = time.process_time()
        answer = _obey(function, order)._replace(cpu_s=time.process_time() - began_s)
        if _resident_peak_bytes() - base_bytes > order.memory_bytes:
            answer = Answer("failure", Failure("memory", f"more than {order.memory_bytes >> 20} MiB"))
        connection.send_bytes(pickle.dumps(answer, pickle.HIGHEST_PROTOCOL))


def _obey(function: Callable[[object], object], order: Order) -> Answer:
    _limit(order.cpu_s, order.memory_bytes)
    try:
        return Answer("result", function(order.task))
    except HiwarError as error:
        return Answer("error", error)
    except MemoryError:
        return Answer("failure", Failure("memory", f"more than {order.memory_bytes >> 20} MiB"))
    except Exception as error:  # noqa: BLE001 - whatever a page brings about must not stop the build
        return Answer("failure", Failure("raised", f"{type(error).__name__}: {error}"[:300]))
    finally:
        _limit(None, None)


def _limit(cpu_s: int | None, memory_bytes: int | None) -> None:
    """Set or lift the kernel's limits. They hold inside C code too, where no Python handler would run.

    Past the CPU limit the kernel ends the process (SIGXCPU). The address space may grow by twice the budget,
    since a reservation is not use; what was really used is looked at after the task.
    """
    cpu = resource.RLIM_INFINITY if cpu_s is None else math.ceil(time.process_time()) + cpu_s
    space = resource.RLIM_INFINITY if memory_bytes is None else _address_space_bytes() + 2 * memory_bytes
    for kind, soft in ((resource.RLIMIT_CPU, cpu), (resource.RLIMIT_AS, space)):
        hard = resource.getrlimit(kind)[1]
        if hard != resource.RLIM_INFINITY and (soft == resource.RLIM_INFINITY or soft > hard):
            soft = hard
        resource.setrlimit(kind, (soft, hard))


def _address_space_bytes() -> int:
    """Return the size of this process's address space; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - called for every page
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _resident_peak_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
