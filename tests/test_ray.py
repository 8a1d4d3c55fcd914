"""The Ray engine gives the bytes of the local one, also when workers and machines go away."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pickle
import signal
import socket
from pathlib import Path

import buildkit as kit
import pytest
import test_engine as tasks
from raycluster import below

from builder.engine import Failure, open_engine
from builder.engine.ray import ADDRESS, connect, obey
from builder.errors import ArchiveError, UsageError, WorldError

# Ray reads its settings when it is imported, so a test must not do that before the engine does.
pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="the extra `ray` is not installed"),
    pytest.mark.filterwarnings(
        "ignore::FutureWarning", "ignore::ResourceWarning", "ignore::DeprecationWarning"
    ),
]


NAME = "the same"


def name() -> str:
    """Return what a machine says of its code."""
    return NAME


def process_of_ray(number: int) -> int:
    """Return the Ray worker above the process that does the task."""
    nursery = Path(f"/proc/{os.getppid()}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return int(nursery[1])


def kill_ray_once(marker: str) -> str:
    """Kill the Ray worker above this process the first time."""
    path = Path(marker)
    if path.name == "mortal" and not path.exists():
        path.touch()
        os.kill(process_of_ray(0), signal.SIGKILL)
    return path.name


def kill_ray_always(name: str) -> str:
    """Kill the Ray worker above this process each time it comes to the doomed one."""
    if name == "doomed":
        os.kill(process_of_ray(0), signal.SIGKILL)
        signal.pause()
    return name


def listeners() -> set[str]:
    """Return the addresses, as the kernel prints them, on which the processes below this one take connections."""
    sockets = set()
    for pid, _ in below(os.getpid()):
        for handle in Path(f"/proc/{pid}/fd").glob("*"):
            with contextlib.suppress(OSError):
                sockets.add(str(handle.readlink()))
    lines = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path("/proc/net", name).read_text(encoding="ascii").splitlines()[1:]
    ]
    listening = "0A"
    return {
        row[1].partition(":")[0] for row in lines if row[3] == listening and f"socket:[{row[9]}]" in sockets
    }


def test_a_build_on_ray_gives_the_same_bytes(tmp_path: Path) -> None:
    """One node, two workers: the release of the local engine, byte for byte; access asks for a token."""
    for name in ("local", "ray"):
        kit.archive(tmp_path / name, "a", kit.essays(range(6)))
        kit.run(kit.recipe(tmp_path / name), engine=name, workers=2)
    assert os.environ["RAY_AUTH_MODE"] == "token"
    assert kit.fingerprint(tmp_path / "ray" / "releases") == kit.fingerprint(tmp_path / "local" / "releases")


def test_tasks_fail_alone_and_nothing_listens_outside(tmp_path: Path) -> None:
    """What ends, hangs or swells fails alone, in the words of the local engine; a killed Ray worker costs nothing.

    A task that takes its Ray worker with it each time counts as killed, which is no verdict, and its group does not.
    All of it listens on loopback alone.
    """
    names = [str(tmp_path / name) for name in ("first", "mortal", "last")]
    evil = {
        tasks.crash: Failure("crash", f"its process ended with status -{signal.SIGABRT:d}"),
        tasks.hog: Failure("cpu", "over its budget of CPU time"),
        tasks.swell: Failure("memory", f"more than {tasks.TIGHT.generous().memory_bytes >> 20} MiB"),
    }
    with open_engine("ray", 2) as engine:
        for function, failure in evil.items():
            found = dict(engine.run(function, range(10), tasks.TIGHT))
            assert found == tasks.SQUARES | {3: failure}
        assert sorted(map(str, dict(engine.run(kill_ray_once, names, tasks.ROOMY)).values())) == [
            "first",
            "last",
            "mortal",
        ]
        with pytest.raises(ArchiveError, match="the disk is gone"):
            list(engine.run(tasks.world_fails, [1], tasks.ROOMY))
        found = dict(engine.run(kill_ray_always, ["one", "doomed", "two"], tasks.ROOMY))
        addresses = listeners()
    failure = found.pop("doomed")
    assert (failure.kind, failure.lasting) == ("killed", False)
    assert found == {"one": "one", "two": "two"}
    assert addresses == {"0100007F", "0000000000000000FFFF00000100007F"}  # 127.0.0.1 in both families


@pytest.mark.parametrize(
    ("holds", "proof", "said"),
    [("another", NAME, "does not see the folder"), ("token", "older", "another version of Hiwar")],
)
def test_a_machine_that_is_not_alike_does_nothing(tmp_path: Path, holds: str, proof: str, said: str) -> None:
    """Another folder under the same path, or other code: the machine is named, and none of its work is taken."""
    beacon = tmp_path / "beacon"
    beacon.write_text(holds, encoding="ascii")
    setting = pickle.dumps((str(beacon), "token", "test_ray:name", proof))
    work = pickle.dumps(([1], tasks.ROOMY))
    (error, _) = pickle.loads(obey(setting, pickle.dumps(tasks.square), work))
    assert isinstance(error, WorldError)
    assert socket.gethostname() in error.where
    assert said in error.what


def test_a_cluster_without_a_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address alone is not enough: nothing is sent to a cluster that asks nobody who they are."""
    monkeypatch.setenv(ADDRESS, "127.0.0.1:1")
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.delenv("RAY_AUTH_TOKEN_PATH", raising=False)
    with contextlib.ExitStack() as home, pytest.raises(UsageError, match="no token"):
        connect(1, home)
