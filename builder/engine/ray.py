"""The engine for many machines: Ray Core tasks, each with a supervised local pool of one worker inside.

Ray moves tasks, survives machines that go away, and knows nothing of pages; budgets and kills stay where they are
in the local engine. All machines must see the recipe's folder under one path.
"""

from __future__ import annotations

import os
import pickle
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from types import TracebackType
from typing import Any, TypeVar, cast

from builder.engine.base import Budget, Failure, warm_of
from builder.engine.local import LocalEngine
from builder.errors import HiwarError, UsageError, WorldError

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")

ADDRESS = "HIWAR_RAY_ADDRESS"
"""Environment variable with the address of a cluster; without it a cluster is started on this machine alone."""

GROUP_TASKS = 8
"""Tasks sent together: a Ray task costs about 1 ms to hand over, a page 30 ms to read."""

TRIES = 4
"""Times Ray runs a group whose worker or machine went away before the group counts as killed."""


class RayEngine:
    """Runs groups of tasks on a Ray cluster; see the module's text."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.cpu_s = 0.0
        self._ray: Any = None

    def run(
        self,
        function: Callable[[TaskT], ResultT],
        tasks: Iterable[TaskT],
        budget: Budget,
    ) -> Iterator[tuple[TaskT, ResultT | Failure]]:
        """Yield each task with its outcome, group by group as they end.

        Raises HiwarError when the function raised one, UsageError where Ray is not installed.
        """
        recipe = pickle.dumps(function, pickle.HIGHEST_PROTOCOL)
        waiting = iter(tasks)
        flying: dict[Any, list[TaskT]] = {}
        while True:
            while len(flying) < 2 * self.workers and (group := list(islice(waiting, GROUP_TASKS))):
                flying[self._send(recipe, group, budget)] = group
            if not flying:
                return
            (ended, *_), _ = self._ray.wait(list(flying), num_returns=1)
            group = flying.pop(ended)
            yield from zip(group, self._received(ended, len(group)), strict=True)

    def _send(self, function: bytes, group: list[TaskT], budget: Budget) -> object:
        if self._ray is None:
            self._ray = connect(self.workers)
        remote = self._ray.remote(max_retries=TRIES - 1, num_cpus=1)(_run_group)
        return remote.remote(sys.path, function, pickle.dumps(group), budget)

    def _received(self, ended: object, count: int) -> list[Any]:
        """Return the outcomes of a group.

        Raises the HiwarError that a task's function raised, WorldError when a machine lacks what the work needs.
        """
        from ray.exceptions import RayError, RayTaskError

        try:
            answer: bytes = self._ray.get(ended)
        except RayTaskError as error:
            raise WorldError(
                f"a machine of the cluster cannot do the work: {error.cause!r}",
                where="engine ray",
                what_next="Install the same Hiwar there, and let it see this folder under the same path.",
            ) from error
        except RayError as error:
            return [Failure("killed", f"{TRIES} times: {type(error).__name__}")] * count
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
        if self._ray is not None:
            self._ray.shutdown()
            self._ray = None


def connect(workers: int) -> Any:
    """Connect to the cluster named in the environment, or start one on this machine; return the ray module.

    The address is always explicit, since Ray else joins whatever cluster a stale file names; the token is always
    asked for, since Ray else runs whatever anyone on the network sends; the dashboard stays off.
    Raises UsageError where Ray is not installed, or a cluster is named without a token.
    """
    address = os.environ.get(ADDRESS)
    token = os.environ.get("RAY_AUTH_TOKEN") or os.environ.get("RAY_AUTH_TOKEN_PATH")
    if address and not token:
        raise UsageError(
            f"{ADDRESS} names a cluster, but there is no token for it",
            what_next="Set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN as on the cluster. See docs/scaling.md.",
        )
    os.environ["RAY_AUTH_MODE"] = "token"
    if not token:
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError:
        raise UsageError("Ray is not installed", what_next="pip install 'hiwar[ray]'") from None
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
    if address is None:
        options |= {"num_cpus": workers, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    ray.init(address=address or "local", **options)
    return ray


def _run_group(paths: list[str], function: bytes, tasks: bytes, budget: Budget) -> bytes:
    """Run some tasks on the machine Ray chose; return outcomes and CPU seconds, or the HiwarError that was raised.

    `paths` are where the driver finds modules: on a shared disk a plain source tree is found there too.
    """
    sys.path.extend(path for path in paths if path not in sys.path)
    engine = _local()
    before_s = engine.cpu_s
    group: list[Any] = pickle.loads(tasks)
    try:
        outcomes = {
            place: outcome
            for (place, _), outcome in engine.run(
                _Numbered(pickle.loads(function)), list(enumerate(group)), budget
            )
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
def _local() -> LocalEngine:
    """Return the pool of this Ray worker; the kernel ends its processes with the worker."""
    return LocalEngine(1)
