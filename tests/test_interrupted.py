"""A user who stops a command, or reads its output elsewhere, sees words and an exit code, never a traceback."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import buildkit
import pytest

from builder.engine.worker import PID, SPAWN, WARM

ROOT = Path(__file__).parent.parent


def hiwar(*command: str, **given: object) -> subprocess.CompletedProcess[bytes]:
    """Run a command as a user does, in a process of its own."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), **given.pop("env", {})}  # type: ignore[dict-item]
    whole = [sys.executable, "-m", "builder", *command]
    return subprocess.run(whole, env=env, stderr=subprocess.PIPE, check=False, **given)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("message", [WARM + PID.pack(3) + b"gc:", SPAWN])
def test_workers_go_quietly_when_their_driver_is_gone(message: bytes) -> None:
    """Ctrl-C ends the driver between an order and its answer: the process that made workers says nothing."""
    ours, theirs = socket.socketpair()
    socket.send_fds(ours, [message], [os.open(os.devnull, os.O_RDONLY)] if message == SPAWN else [])
    ours.close()
    code = f"from builder.engine.worker import nursery; nursery({theirs.fileno()}, {os.getpid()})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        pass_fds=[theirs.fileno()],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    theirs.close()
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("encoding", ["ascii", "cp1256"])
def test_a_terminal_without_our_letters_gets_what_it_can_show(tmp_path: Path, encoding: str) -> None:
    """Letters that an encoding lacks come as escapes, in people's words and in JSON that can be read back."""
    folder = tmp_path / "مجموعة 文"
    made = hiwar("new", str(folder), stdout=subprocess.PIPE, env={"PYTHONIOENCODING": encoding})
    assert (made.returncode, made.stderr) == (0, b"")
    again = hiwar("new", str(folder), "--json", stdout=subprocess.PIPE, env={"PYTHONIOENCODING": encoding})
    assert again.returncode == 2
    assert b"Traceback" not in again.stderr
    assert b"dataset.toml" in again.stderr
    assert json.loads(again.stdout.decode(encoding))["where"] == str(folder / "dataset.toml")


def test_a_closed_output_is_no_reason_to_fall(tmp_path: Path) -> None:
    """Cron and containers may start a command without a standard output."""
    done = hiwar("new", str(tmp_path / "a"), preexec_fn=lambda: os.close(1))
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "a/dataset.toml").is_file()


def test_a_full_disk_behind_the_output_is_named(tmp_path: Path) -> None:
    """What cannot be written is an error of the world, with its advice."""
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = hiwar("schema", "documents", stdout=full)
    assert done.returncode == 3
    assert b"Traceback" not in done.stderr
    assert b"No space left" in done.stderr


def test_a_reader_that_stops_reading_is_no_error(tmp_path: Path) -> None:
    """`hiwar schema | head -1` ends without a word on stderr."""
    reader, writer = os.pipe()
    os.close(reader)
    done = hiwar("schema", "documents", stdout=writer)
    os.close(writer)
    assert b"Traceback" not in done.stderr


def test_ctrl_c_in_a_build_leaves_no_half_release_and_no_process(tmp_path: Path) -> None:
    """As a terminal does it, the signal goes to every process; the next build gives the whole release."""
    essays = 60  # so many that the build is not at its end before the signal comes, however busy the machine
    buildkit.archive(tmp_path, "a", buildkit.essays(range(essays)))
    buildkit.recipe(tmp_path)
    command = [sys.executable, "-m", "builder", "build", "--json", "--workers", "2"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as build:
        assert build.stdout is not None
        assert build.stderr is not None
        for line in build.stdout:
            if b'"extract"' in line:
                break
        os.killpg(build.pid, signal.SIGINT)
        said = build.stderr.read()
    assert build.returncode in (130, -signal.SIGINT), said
    assert b"Traceback" not in said
    assert b"run the same command" in said
    with pytest.raises(ProcessLookupError):
        os.killpg(build.pid, 0)
    assert not list((tmp_path / "releases").glob("1*"))
    assert buildkit.run(buildkit.recipe(tmp_path)).rows["documents"] == essays


ENDLESS = """
from pathlib import Path
from builder.duck import connection, right_sides_held

def rows(database):
    with right_sides_held(database):
        yield database
        database.execute("SELECT count(*) FROM range(1000000000000) AS a, range(1000000) AS b").fetchall()

try:
    with connection(Path({work!r})) as database:
        held = rows(database)
        next(held)
        print("asked", flush=True)
        next(held)
except KeyboardInterrupt:
    print("stopped", flush=True)
"""


def test_ctrl_c_in_a_query_is_ctrl_c(tmp_path: Path) -> None:
    """SQL has an error of its own for it, which ended one build in ten that was stopped in a traceback."""
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS.format(work=str(tmp_path))],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as asking:
        assert asking.stdout is not None
        assert asking.stdout.readline() == b"asked\n"
        asking.send_signal(signal.SIGINT)
        said = asking.communicate(timeout=60)
    assert (asking.returncode, *said) == (0, b"stopped\n", b"")


def test_rows_that_nobody_takes_are_let_go_of_quietly(tmp_path: Path) -> None:
    """After an error the database is closed before what reads from it is."""
    from builder.duck import connection, right_sides_held

    with connection(tmp_path) as database:
        held = right_sides_held(database)
        held.__enter__()
    assert held.__exit__(None, None, None) is False
