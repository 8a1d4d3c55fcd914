"""Archives in S3-compatible storage, read by a Ray cluster of two nodes: each node asks with keys of its own."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import buildkit as kit
import pytest
from raycluster import Cluster, below, kill_all
from s3kit import KEYS, Storage, moto, proxied
from test_s3 import assert_no_key, bytes_of, fill, from_files, remote

from builder.pipeline import BuildResult

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="the extra `ray` is not installed"),
    pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc"),
]

ARCHIVES = {"one.warc.gz": range(24), "two.warc.gz": range(24, 48)}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """Build a release from files, without Ray."""
    return from_files(tmp_path_factory.mktemp("local"), ARCHIVES)


@pytest.fixture(scope="module")
def storage(local: BuildResult) -> Iterator[Storage]:
    """Put the archives of the local release into a storage."""
    with moto() as server, proxied(server) as found:
        fill(found, local)
        yield found


@pytest.fixture(scope="module")
def cluster(storage: Storage) -> Iterator[Cluster]:
    """Start the head of a cluster whose nodes find the storage in their environment."""
    started = Cluster()
    started.environment |= KEYS | {"AWS_ENDPOINT_URL": storage.url}
    with started:
        yield started


@pytest.fixture(autouse=True)
def environment(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let builds of this process find the storage too."""
    for name, value in (KEYS | {"AWS_ENDPOINT_URL": storage.url}).items():
        monkeypatch.setenv(name, value)


def hiwar(cluster: Cluster, folder: Path) -> subprocess.CompletedProcess[str]:
    """Build on the cluster; the driver has the keys too."""
    around = {**cluster.environment, "PYTHONPATH": str(Path(__file__).parent.parent)}
    command = [sys.executable, "-m", "builder", "build", "--engine", "ray", "--workers", "2", str(folder)]
    around["HIWAR_RAY_ADDRESS"] = cluster.address
    return subprocess.run(command, env=around, capture_output=True, text=True, check=False)


def test_nodes_read_objects_and_give_the_release_of_files(
    tmp_path: Path, cluster: Cluster, storage: Storage, local: BuildResult
) -> None:
    """Two nodes, two archives, neither on a disk: the bytes of one machine, and no key in any file."""
    node = cluster.start()
    recipe = remote(tmp_path)
    done = hiwar(cluster, tmp_path)
    kill_all([node, *(pid for pid, _ in below(node))])
    assert done.returncode == 0, done.stderr
    assert storage.asked("GET", ".warc.gz")
    built = kit.run(recipe)
    assert (built.fresh, bytes_of(built)) == (False, bytes_of(local))
    assert_no_key(tmp_path, done.stdout, done.stderr)


def test_a_node_that_cannot_reach_the_storage_is_no_fault_of_a_page(
    tmp_path: Path, cluster: Cluster, local: BuildResult
) -> None:
    """The node's environment names a port where nobody listens: the build ends and says so, the next one is whole."""
    elsewhere = ["env", "AWS_ENDPOINT_URL=http://127.0.0.1:1"]
    node = cluster.start(*elsewhere)
    recipe = remote(tmp_path)
    done = hiwar(cluster, tmp_path)
    kill_all([node, *(pid for pid, _ in below(node))])
    assert done.returncode == 3, done.stderr
    assert "cannot be reached" in done.stderr
    assert not list(tmp_path.glob("releases/[0-9]*"))
    built = kit.run(recipe)
    assert (bytes_of(built), kit.rejected(built)) == (bytes_of(local), kit.rejected(local))
