"""A Ray cluster of several nodes on this machine: real raylets, each with an address of its own on loopback."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

QUICK = (
    '{"health_check_initial_delay_ms": 500, "health_check_period_ms": 300, '
    '"health_check_timeout_ms": 2000, "health_check_failure_threshold": 3}'
)
"""A dead node is noticed after a second or two. Ray's own values are made for real networks and take half a minute."""

PATIENCE_S = 100.0


def until(found: Callable[[], object], what: str) -> None:
    """Look again and again until something is there; fail where it never comes."""
    last_s = time.monotonic() + PATIENCE_S
    while not found():
        assert time.monotonic() < last_s, f"never seen: {what}"
        time.sleep(0.01)


def command_lines() -> Iterator[tuple[int, int, str]]:
    """Yield (process, parent, command line) of every process there is."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            yield int(folder.name), int(stat.rpartition(")")[2].split()[1]), line
        except OSError:
            continue


def below(root: int) -> list[tuple[int, str]]:
    """Return the processes below one, nearest first, with their command lines."""
    everything = list(command_lines())
    found, parents = [], [root]
    while parents:
        found += [(pid, line) for pid, parent, line in everything if parent in parents]
        parents = [pid for pid, parent, _ in everything if parent in parents]
    return found


def kill_all(processes: list[int]) -> None:
    """End processes at once, those that are there."""
    for pid in processes:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


class Cluster:
    """A head and further nodes with one core each. Use it as a context manager."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hiwar-ray-test-"))
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "HIWAR_"))
        } | {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        self.address = ""
        self._nodes = 0

    def start(self, *before: str) -> int:
        """Start a node, the head first; return the process of its raylet. `before` is what runs its command."""
        self._nodes += 1
        place = f"127.0.0.{self._nodes + 1}"
        head = ["--head", "--port=0", "--include-dashboard=false", f"--system-config={QUICK}"]
        command = [
            *(*before, str(Path(sys.executable).with_name("ray")), "start", f"--node-ip-address={place}"),
            *("--num-cpus=1", "--object-store-memory=80000000", "--min-worker-port=0", "--max-worker-port=0"),
            *("--include-log-monitor=false", "--disable-usage-stats"),
            *([f"--address={self.address}"] if self.address else [*head, f"--temp-dir={self.folder}"]),
        ]
        done = subprocess.run(
            command, env=self.environment, cwd="/", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        if not self.address:
            found = re.search(r"--address='([\d.:]+)'", done.stdout)
            assert found, done.stdout
            self.address = found[1]
        return next(pid for pid, line in self._own() if "/raylet " in line and f"={place} " in line)

    def _own(self) -> list[tuple[int, str]]:
        return [(pid, line) for pid, _, line in command_lines() if f"{self.folder}/" in line]

    def __enter__(self) -> Cluster:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        for pid, _ in self._own():
            kill_all([pid, *(child for child, _ in below(pid))])
        shutil.rmtree(self.folder, ignore_errors=True)
