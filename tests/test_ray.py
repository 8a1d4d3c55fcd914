"""The Ray engine gives the bytes of the local one, also when workers and machines go away."""

from __future__ import annotations

import importlib.util
import os
import signal
from pathlib import Path

import buildkit as kit
import pytest
import test_engine as tasks

from builder.engine import Failure, open_engine
from builder.engine.ray import ADDRESS, connect
from builder.errors import ArchiveError, UsageError

# Ray reads its settings when it is imported, so a test must not do that before the engine does.
pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="the extra `ray` is not installed"),
    pytest.mark.filterwarnings(
        "ignore::FutureWarning", "ignore::ResourceWarning", "ignore::DeprecationWarning"
    ),
]


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


def test_a_build_on_ray_gives_the_same_bytes(tmp_path: Path) -> None:
    """One node, two workers: the release of the local engine, byte for byte; access asks for a token."""
    for name in ("local", "ray"):
        kit.archive(tmp_path / name, "a", kit.essays(range(6)))
        kit.run(kit.recipe(tmp_path / name), engine=name, workers=2)
    assert os.environ["RAY_AUTH_MODE"] == "token"
    assert kit.fingerprint(tmp_path / "ray" / "releases") == kit.fingerprint(tmp_path / "local" / "releases")


def test_tasks_fail_alone_and_killed_workers_cost_nothing(tmp_path: Path) -> None:
    """On Ray too a crash costs its task, an error of ours ends the run, and a killed worker is made good."""
    names = [str(tmp_path / name) for name in ("first", "mortal", "last")]
    with open_engine("ray", 2) as engine:
        found = dict(engine.run(tasks.crash, range(10), tasks.ROOMY))
        failure = found.pop(3)
        assert isinstance(failure, Failure)
        assert failure.kind == "crash"
        assert found == {n: n * n for n in range(10) if n != 3}
        assert sorted(map(str, dict(engine.run(kill_ray_once, names, tasks.ROOMY)).values())) == [
            "first",
            "last",
            "mortal",
        ]
        with pytest.raises(ArchiveError, match="the disk is gone"):
            list(engine.run(tasks.world_fails, [1], tasks.ROOMY))


def test_a_cluster_without_a_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address alone is not enough: nothing is sent to a cluster that asks nobody who they are."""
    monkeypatch.setenv(ADDRESS, "127.0.0.1:1")
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.delenv("RAY_AUTH_TOKEN_PATH", raising=False)
    with pytest.raises(UsageError, match="no token"):
        connect(1)
