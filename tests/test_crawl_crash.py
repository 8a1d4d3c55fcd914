"""A crawl that is killed at any instant loses nothing and doubles nothing; one that is asked to stop, stops."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from crawling import archive_files, assert_clean, captures, page_paths, recipe_for
from loopback import Reply, Request, page, website

PAGES = 200
KILLS = 3


@contextmanager
def crawling(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run `hiwar crawl` as a process of its own, ended with the block."""
    root = Path(__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "builder", "crawl", str(folder / "dataset.toml"), "-q"]
    child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.communicate()


def numbered(request: Request) -> Reply:
    """Return page n of a tree of pages: each links to two more and to its parent."""
    number = request.path.removeprefix("/p/") if request.path != "/" else "0"
    if not number.isdigit() or int(number) >= PAGES:
        return Reply(status=404)
    n = int(number)
    links = [f"/p/{m}" for m in (2 * n + 1, 2 * n + 2, n // 2) if 0 < m < PAGES]
    words = random.Random(n).choices(["منصة", "حوار", "رأي", "مقال"], k=200 + n)
    return page(*links, text=f"{n} " + " ".join(words))


def test_kill_at_any_instant_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Killed three times between one request and the next, the crawl ends with every page exactly once.

    The kill comes a random while after a request, so that it falls into the answer, the writing or the commit.
    """
    dice = random.Random(20250301)
    instants = sorted(dice.sample(range(5, PAGES - 5), KILLS))
    child: list[subprocess.Popen[bytes]] = []
    timers: list[threading.Timer] = []

    with website() as site:

        def answer(request: Request) -> Reply:
            if instants and len(site.pages()) >= instants[0]:
                instants.pop(0)
                timers.append(threading.Timer(dice.random() * 0.01, child[-1].kill))
                timers[-1].start()
            return numbered(request)

        site.fallback = answer
        recipe = recipe_for(tmp_path, f"{site.url}/")
        for _ in range(KILLS + 1):
            with crawling(tmp_path) as process:
                child.append(process)
                process.wait(60)
            for timer in timers:
                timer.join()
            if process.returncode == 0:
                break
        asked = Counter(site.pages())
    assert child[-1].returncode == 0
    wanted = {"/", *(f"/p/{n}" for n in range(1, PAGES))}
    found = Counter(page_paths(captures(recipe)))
    assert set(found) == wanted
    assert [path for path, count in found.items() if count > 1] == []
    assert asked.total() - len(wanted) <= KILLS
    assert_clean(recipe)


def test_signals_stop_in_good_order(tmp_path: Path) -> None:
    """While an answer hangs, SIGINT or SIGTERM ends the crawl; the page is asked for again by the next run."""
    hanging = threading.Event()
    release = threading.Event()

    def hang(request: Request) -> Reply:
        hanging.set()
        release.wait(30)
        return page(text="بعد الانتظار")

    with website({"/": page("/slow", "/other"), "/slow": hang, "/other": page(text="أخرى")}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        for number in (signal.SIGINT, signal.SIGTERM):
            with crawling(tmp_path) as process:
                assert hanging.wait(30)
                process.send_signal(number)
                assert process.wait(5) == 130
            hanging.clear()
        release.set()
        with crawling(tmp_path) as process:
            assert process.wait(30) == 0
    assert sorted(page_paths(captures(recipe))) == ["/", "/other", "/slow"]
    assert_clean(recipe)


def test_a_second_process_names_the_first(tmp_path: Path) -> None:
    """The second crawl in a folder ends with a message that holds the first one's process number."""
    hanging = threading.Event()
    release = threading.Event()

    def hang(request: Request) -> Reply:
        hanging.set()
        release.wait(30)
        return page()

    with website({"/": hang}) as site:
        recipe_for(tmp_path, f"{site.url}/")
        with crawling(tmp_path) as first:
            assert hanging.wait(30)
            with crawling(tmp_path) as second:
                _, message = second.communicate(timeout=30)
            assert second.returncode == 3
            assert f"process {first.pid}".encode() in message
            release.set()
            assert first.wait(30) == 0


def spoiled(database: Path) -> None:
    """Overwrite what stands behind the first page of a database."""
    data = database.read_bytes()
    database.write_bytes(data[:4096] + random.Random(1).randbytes(len(data) - 4096))


def held(database: Path) -> sqlite3.Connection:
    """Open a database as another program does that keeps it to itself."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("BEGIN EXCLUSIVE")
    return connection


@pytest.mark.parametrize(("fault", "advice"), [(spoiled, b"Move it away"), (held, b"close that one")])
def test_a_database_that_fails_ends_with_what_to_do(
    tmp_path: Path, fault: Callable[[Path], sqlite3.Connection | None], advice: bytes
) -> None:
    """Damaged behind its head, or held by another program: exit code 3, a way on, and the archive as it was."""
    with website({"/": page("/a"), "/a": page(text="أ")}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        with crawling(tmp_path) as first:
            assert first.wait(60) == 0
        before = [path.read_bytes() for path in archive_files(recipe)]
        other = fault(recipe.archive / "frontier.sqlite")
        with crawling(tmp_path) as second:
            _, message = second.communicate(timeout=60)
        if other is not None:
            other.close()
    assert (second.returncode, b"Traceback" in message) == (3, False)
    assert advice in message
    assert [path.read_bytes() for path in archive_files(recipe)] == before
