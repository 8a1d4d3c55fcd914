"""The engine for many machines: Ray Core tasks, each with a supervised local pool of one worker inside.

Ray moves tasks, survives machines that go away, and knows nothing of pages; budgets and kills stay where they are
in the local engine. Every machine must have the same Hiwar with the same packages and see the recipe's folder under
one path; a machine that does not ends the build with its name, before it has done anything.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import secrets
import socket
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, TypeVar, cast

from builder.engine.base import Budget, Failure, warm_of
from builder.engine.local import LocalEngine
from builder.errors import HiwarError, UsageError, WorldError
from builder.storage import TEMPORARY

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")

ADDRESS = "HIWAR_RAY_ADDRESS"
"""Environment variable with the address of a cluster; without it a cluster is started on this machine alone."""

GROUP_TASKS = 8
"""Pages sent together: a Ray task costs about 1 ms to hand over, a page 30 ms to read."""
GROUP_CPU_S = 32
"""CPU seconds that the budgets of a group may add up to; tasks with larger ones go one by one, to spread evenly."""

TRIES = 3
"""Times Ray runs a group whose worker or machine went away before the group is parted into its tasks, and times it
then runs each of them before that one counts as killed."""

ANSWER_S = 10.0
"""Seconds of the clock within which a cluster's address must take a connection."""

_HEAD_TRIES = "3"


class RayEngine:
    """Runs groups of tasks on a Ray cluster; see the module's text.

    `folder` is one that every machine must see; `alike` names a function as "module:name" that must return on each
    machine the text it returns here.
    """

    def __init__(self, workers: int, folder: Path | None = None, alike: str = "") -> None:
        self.workers = workers
        self.cpu_s = 0.0
        self._folder = folder
        self._alike = alike
        self._beacon: Path | None = None
        self._ray: Any = None
        self._remote: Any = None
        self._setting = b""
        self._home = contextlib.ExitStack()

    def run(
        self,
        function: Callable[[TaskT], ResultT],
        tasks: Iterable[TaskT],
        budget: Budget,
    ) -> Iterator[tuple[TaskT, ResultT | Failure]]:
        """Yield each task with its outcome, group by group as they end.

        Raises HiwarError when the function raised one, UsageError where Ray is not installed, WorldError when the
        cluster cannot be reached or a machine of it lacks what the work needs.
        """
        size = max(1, min(GROUP_TASKS, GROUP_CPU_S // budget.cpu_s))
        waiting = iter(tasks)
        recipe: object = None
        again: list[TaskT] = []
        flying: dict[Any, list[TaskT]] = {}
        while True:
            while len(flying) < 2 * self.workers:
                group = [again.pop()] if again else list(islice(waiting, size))
                if not group:
                    break
                recipe = recipe or self._shared(function)
                flying[self._send(recipe, group, budget)] = group
            if not flying:
                return
            (ended, *_), _ = self._ray.wait(list(flying), num_returns=1)
            group = flying.pop(ended)
            found = self._received(ended)
            if found is not None:
                yield from zip(group, found, strict=True)
            elif (
                len(group) > 1
            ):  # one of them may be what ends the machines: the others must not fall with it
                again.extend(group)
            else:
                yield group[0], Failure("killed", f"{TRIES} times, with its worker or machine")

    def _shared(self, function: object) -> object:
        """Connect if that is not done, and hand the function to the cluster once for all its tasks."""
        if self._ray is None:
            self._ray = connect(self.workers, self._home)
            self._remote = self._ray.remote(max_retries=TRIES - 1, num_cpus=1)(_entry())
            token = self._light()
            proof = _call(self._alike) if self._alike else ""
            setting = _Setting(str(self._beacon or ""), token, self._alike, proof)
            self._setting = pickle.dumps(setting, pickle.HIGHEST_PROTOCOL)
        return self._ray.put(pickle.dumps(function, pickle.HIGHEST_PROTOCOL))

    def _light(self) -> str:
        """Write a file that only machines with this very folder can see; return what it holds."""
        token = secrets.token_hex(16)
        if self._folder is not None:
            self._beacon = self._folder / f"{TEMPORARY}ray-{token}"
            self._beacon.write_text(token, encoding="ascii")
        return token

    def _send(self, function: object, group: list[TaskT], budget: Budget) -> object:
        work = pickle.dumps((group, budget), pickle.HIGHEST_PROTOCOL)
        return self._remote.remote(sys.path, self._setting, function, work)

    def _received(self, ended: object) -> list[Any] | None:
        """Return the outcomes of a group; None where its worker or machine went away each time.

        Raises the HiwarError that a task's function raised, WorldError when a machine lacks what the work needs.
        """
        from ray.exceptions import RayError, RayTaskError

        try:
            answer: bytes = self._ray.get(ended)
        except RayTaskError as error:
            raise WorldError(
                f"a machine of the cluster cannot do the work: {_last_line(error)}",
                where="engine ray",
                what_next="Install the same Hiwar there, with the same packages. See docs/scaling.md.",
            ) from error
        except RayError:
            return None
        found, cpu_s = pickle.loads(answer)
        if isinstance(found, HiwarError):
            raise found
        self.cpu_s += cpu_s
        return cast("list[Any]", found)

    def __enter__(self) -> RayEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._beacon is not None:
            self._beacon.unlink(missing_ok=True)
            self._beacon = None
        if self._ray is not None:
            self._ray.shutdown()
            self._ray = None
        self._home.close()


def connect(workers: int, home: contextlib.ExitStack) -> Any:
    """Connect to the cluster named in the environment, or start one on this machine; return the ray module.

    The address is always explicit, since Ray else joins whatever cluster a stale file names; the token is always
    asked for, since Ray else runs whatever anyone on the network sends; the dashboard stays off. `home` takes
    the folder of a cluster that is started here, to be removed after it.
    Raises UsageError where Ray is not installed, a cluster is named without a token or its address is none,
    WorldError when it does not answer or does not let us in.
    """
    address = os.environ.get(ADDRESS)
    token = os.environ.get("RAY_AUTH_TOKEN") or os.environ.get("RAY_AUTH_TOKEN_PATH")
    if address is not None:
        if not token:
            raise UsageError(
                f"{ADDRESS} names a cluster, but there is no token for it",
                what_next="Set RAY_AUTH_TOKEN, or RAY_AUTH_TOKEN_PATH, as on the cluster. See docs/scaling.md.",
            )
        _knock(address)
    ray = _import_ray(alone=address is None)
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
    if address is not None:
        _join(ray, address, options)
        return ray
    if not token:
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    folder = home.enter_context(tempfile.TemporaryDirectory(prefix="hiwar-ray-", ignore_cleanup_errors=True))
    options |= {"num_cpus": workers, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    ray.init(address="local", _temp_dir=folder, **options)
    return ray


def _import_ray(*, alone: bool) -> Any:
    """Import Ray with the settings it reads at that moment.

    Raises UsageError where it is not installed.
    """
    os.environ["RAY_AUTH_MODE"] = "token"
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    if alone:  # Ray's own switch for laptops: every port on loopback; else 127.0.0.1 is turned into the host's address
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    else:
        os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", _HEAD_TRIES)
    try:
        import ray
    except ImportError:
        raise UsageError("Ray is not installed", what_next="pip install 'hiwar[ray]'") from None
    return ray


def _knock(address: str) -> None:
    """See whether anything listens at the cluster's address: Ray itself tries for minutes and then aborts.

    Raises UsageError when it is no address, WorldError when nobody answers.
    """
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal()) or "/" in host:
        raise UsageError(
            f"{address!r} is no address of a cluster",
            where=ADDRESS,
            what_next="Give host:port of the head, as in ray-head.example.org:6379.",
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_S).close()
    except (OSError, OverflowError, UnicodeError) as error:
        raise WorldError(
            f"no Ray cluster answers: {error}",
            where=address,
            what_next=f"Start the cluster, or unset {ADDRESS} to work on this machine alone.",
        ) from error


def _join(ray: Any, address: str, options: dict[str, Any]) -> None:
    """Connect to a cluster that listens.

    Raises WorldError when it does not take us.
    """
    try:
        ray.init(address=address, **options)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise WorldError(
            f"something listens there, but it does not let us in: {_last_line(error.__cause__ or error)}",
            where=address,
            what_next="Check that RAY_AUTH_TOKEN is the cluster's, that this is a Ray head of the same version "
            "(`ray status`), and that this machine is part of the cluster (`ray start --address`).",
        ) from error


def _last_line(error: BaseException) -> str:
    """Return the last line of an error's text, without the places that Ray quotes."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:300]


def _entry() -> Callable[..., bytes]:
    """Return the function that Ray calls.

    It is made here so that Ray sends it by value: on a shared disk the package is found where the driver finds it,
    but only after the path says so. Its arguments are bytes for the same reason.
    """

    def run_group(paths: list[str], setting: bytes, function: bytes, work: bytes) -> bytes:
        import sys

        sys.path.extend(path for path in paths if path not in sys.path)
        from builder.engine.ray import obey

        return obey(setting, function, work)

    return run_group


class _Setting(NamedTuple):
    """What a machine must know and be: see RayEngine."""

    beacon: str
    token: str
    alike: str
    proof: str


def obey(setting: bytes, function: bytes, work: bytes) -> bytes:
    """Run some tasks on the machine Ray chose; return outcomes and CPU seconds, or the HiwarError that was raised."""
    try:
        engine = _local(setting)
        before_s = engine.cpu_s
        group, budget = pickle.loads(work)
        outcomes = {
            place: outcome
            for (place, _), outcome in engine.run(_numbered(function), list(enumerate(group)), budget)
        }
    except HiwarError as error:
        return pickle.dumps((error, 0.0))
    found = [outcomes[place] for place in range(len(group))]
    return pickle.dumps((found, engine.cpu_s - before_s), pickle.HIGHEST_PROTOCOL)


class _Numbered:
    """A function over (number, task), so that outcomes that come in any order find their place."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function
        self.warm = warm_of(function)

    def __call__(self, numbered: tuple[int, Any]) -> Any:
        return self._function(numbered[1])


@lru_cache(maxsize=1)
def _numbered(function: bytes) -> _Numbered:
    return _Numbered(pickle.loads(function))


@lru_cache(maxsize=1)
def _local(setting: bytes) -> LocalEngine:
    """Return the pool of this Ray worker; the kernel ends its processes with the worker.

    Raises WorldError when this machine is not fit for the build.
    """
    _check_machine(_Setting(*pickle.loads(setting)))
    return LocalEngine(1)


def _check_machine(given: _Setting) -> None:
    """See that a machine has the driver's folder and code: without either, pages would be lost or differ.

    Raises WorldError when it has not.
    """
    name = f"machine {socket.gethostname()}"
    if given.beacon:
        try:
            seen = Path(given.beacon).read_text(encoding="ascii")
        except OSError:
            seen = ""
        if seen != given.token:
            raise WorldError(
                f"does not see the folder {Path(given.beacon).parent} that the build works in",
                where=name,
                what_next="Mount the same folder under the same path on every machine of the cluster.",
            )
    if given.alike and _call(given.alike) != given.proof:
        raise WorldError(
            "has another version of Hiwar, or of a package it reads with, than the machine that drives the build",
            where=name,
            what_next="Install the same Hiwar and the same packages on every machine: else its pages would differ.",
        )


def _call(name: str) -> str:
    module, _, function = name.partition(":")
    return str(getattr(importlib.import_module(module), function)())
