"""A build on a Ray cluster of two nodes: the bytes of one machine, also when workers and whole nodes are killed."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import buildkit as kit
import pytest
from raycluster import Cluster, below, kill_all, until

from builder.engine import Budget
from builder.stages import extraction

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="the extra `ray` is not installed"),
    pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc"),
]

TIGHT = Budget(cpu_s=1, memory_bytes=512 << 20)
"""For the pages of these tests: an ordinary one takes a thirtieth of a second."""

DRIVER = """
import sys
sys.path[:0] = {paths!r}
import buildkit as kit
import test_ray_cluster as here
from builder.stages import extraction
from pathlib import Path
extraction.PAGE_BUDGET = here.TIGHT
kit.run(kit.load_recipe(Path({folder!r})), workers=2, engine="ray")
"""


def endless() -> bytes:
    """Return a page that takes far more CPU time to read than it is allowed."""
    cells = "<td>كلمة</td>" * 40_000
    return f"<html lang=ar><body><article>{kit.essay(1)}<table><tr>{cells}</table></article>".encode()


def dataset(folder: Path) -> Path:
    """Write two archives of essays, the second with the page that never ends in the midst of it."""
    kit.archive(folder, "a", kit.essays(range(24)))
    hung = kit.capture("https://site9.example/endless", endless())
    kit.archive(folder, "b", [*kit.essays(range(24, 30)), hung, *kit.essays(range(30, 48))])
    kit.recipe(folder)
    return folder


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the digests of what the local engine makes of the dataset, all accounted for."""
    folder = dataset(tmp_path_factory.mktemp("expected"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extraction, "PAGE_BUDGET", TIGHT)
        built = kit.run(kit.recipe(folder), workers=2)
    assert kit.rules(built) == {"extract/cpu": 1}
    assert built.rows["documents"] == 48
    return kit.fingerprint(folder / "releases")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Start the head of a cluster; each test adds the nodes it needs."""
    with Cluster() as started:
        yield started


def drive(cluster: Cluster, folder: Path) -> subprocess.Popen[str]:
    """Start a build on the cluster."""
    paths = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER.format(paths=paths, folder=str(folder))],
        env={**cluster.environment, "HIWAR_RAY_ADDRESS": cluster.address},
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
    )


def hiwar(cluster: Cluster, folder: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run the build command, with changes to the environment."""
    around = {**cluster.environment, "PYTHONPATH": str(Path(__file__).parent.parent), **changes}
    command = [sys.executable, "-m", "builder", "build", "--engine", "ray", str(folder)]
    return subprocess.run(command, env=around, capture_output=True, text=True, check=False)


def readers(raylet: int) -> list[int]:
    """Return the Ray workers of a node that have a pool below them which has a page in hand."""
    workers = [pid for pid, line in below(raylet) if line.startswith("ray::")]
    return [pid for pid in workers if len([line for _, line in below(pid) if "nursery(" in line]) > 1]


def reading(folder: Path, raylet: int) -> bool:
    """Return whether the archives are scanned and a node reads pages of them."""
    return len(list(folder.glob("cache/scans/*/*.parquet"))) == 2 and bool(readers(raylet))


def finished(driver: subprocess.Popen[str]) -> None:
    """Wait for a build, which must end well."""
    _, complaint = driver.communicate()
    assert driver.returncode == 0, complaint


def in_the_midst(folder: Path) -> bool:
    """Return whether a build still reads: what was read is kept when 256 pages or all are done."""
    return not list(folder.glob("cache/extractions/*/part-*"))


def test_killed_workers_and_a_killed_node_change_nothing(
    tmp_path: Path, cluster: Cluster, expected: dict[str, str]
) -> None:
    """A worker of the second node is killed while it reads, then the node, raylet and all: the same bytes."""
    doomed = cluster.start()
    driver = drive(cluster, dataset(tmp_path))
    until(lambda: reading(tmp_path, doomed), "a worker of the second node that reads")
    killed = readers(doomed)
    kill_all(killed)
    until(lambda: set(readers(doomed)) - set(killed), "a worker in its place")
    assert in_the_midst(tmp_path)
    kill_all([doomed, *(pid for pid, _ in below(doomed))])
    finished(driver)
    assert kit.fingerprint(tmp_path / "releases") == expected


def test_who_does_not_belong_is_told_so(tmp_path: Path, cluster: Cluster) -> None:
    """A wrong token, no token, an address where nobody is and one that is none: each ends at once and says why."""
    dataset(tmp_path)
    here = {"HIWAR_RAY_ADDRESS": cluster.address}
    for changes, code, said in (
        (here | {"RAY_AUTH_TOKEN": "0" * 64}, 3, "RAY_AUTH_TOKEN"),
        (here | {"RAY_AUTH_TOKEN": ""}, 2, "there is no token"),
        ({"HIWAR_RAY_ADDRESS": "127.0.0.1:1"}, 3, "no Ray cluster answers"),
        ({"HIWAR_RAY_ADDRESS": "auto"}, 2, "is no address of a cluster"),
    ):
        done = hiwar(cluster, tmp_path, **changes)
        assert (done.returncode, said in done.stderr) == (code, True), done.stderr
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "releases").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a node another view of the disk")
def test_a_node_that_does_not_see_the_folder_is_named(tmp_path: Path, cluster: Cluster) -> None:
    """On a node where the folder is another one no page may be read: it would be lost in silence."""
    dataset(tmp_path)
    blind = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs tmpfs {tmp_path} && exec "$@"', "sh"]
    if subprocess.run([*blind, "true"], capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    node = cluster.start(*blind)
    done = hiwar(cluster, tmp_path, HIWAR_RAY_ADDRESS=cluster.address)
    kill_all([node, *(pid for pid, _ in below(node))])
    assert done.returncode == 3, done.stderr
    assert f"does not see the folder {tmp_path}" in done.stderr
    assert not list(tmp_path.glob("releases/[0-9]*"))
    assert not list(tmp_path.glob("cache/.tmp-ray-*"))
