"""The same archives, recipe and code give the same bytes, whatever happens around the build."""

from __future__ import annotations

import contextlib
import os
import random
import select
import shutil
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import buildkit as kit
import pytest

from builder.errors import WorldError

PAGES = 24
COMMENT = "قرأت ما كتبت عن المنصة رقم {} وأختلف معك في كثير مما جاء فيه"

DRIVER = """
import sys
sys.path[:0] = {paths!r}
import buildkit as kit
from builder.recipe import load_recipe
from pathlib import Path
tell = lambda told: print(told.stage, flush=True)
kit.run(load_recipe(Path({folder!r})), workers={workers}, progress=tell)
"""

KILLS = 2
"""Kills in one stage. A task is tried four times; one kill more may fall into the next stage, so none is given up."""

_PAUSE_S = 0.005

TOLD = 15
"""Lines a build of the test tells, at least; the last says that the release is begun."""


def records() -> list[bytes]:
    """Return captures with copies, two states, comments, errors and a page that is gone."""
    commented = [
        kit.capture(kit.address(n), kit.page(n, comments=(COMMENT.format(n), COMMENT.format(n + 50))))
        for n in range(PAGES)
    ]
    return [
        *commented,
        *kit.essays(range(4), day=3),
        kit.capture("https://site9.example/copy", kit.page(5), 4),
        kit.capture(kit.address(6), b"", 8, "410 Gone"),
        kit.capture("https://site9.example/error", b"", 8, "500 Internal Server Error"),
    ]


def dataset(folder: Path, order: random.Random | None = None) -> Path:
    """Write the archives of the test into a folder; the files hold the same records under any listing order."""
    every = records()
    for number in range(3):
        kit.archive(folder, f"part-{number}", every[number::3])
    kit.recipe(folder)
    if order is not None:
        paths = sorted((folder / "warcs").iterdir())
        order.shuffle(paths)
        for path in paths:  # listing order of many file systems is the order of making
            path.rename(path.with_suffix(".tmp"))
            path.with_suffix(".tmp").rename(path)
    return folder


def command(folder: Path, workers: int = 1) -> list[str]:
    """Return the command line of a build in a process of its own."""
    paths = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
    return [sys.executable, "-c", DRIVER.format(paths=paths, folder=str(folder), workers=workers)]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the digests of the releases folder that one worker makes in this process."""
    folder = dataset(tmp_path_factory.mktemp("expected"))
    built = kit.run(kit.recipe(folder))
    assert built.rows["documents"] > PAGES - 3
    return kit.fingerprint(folder / "releases")


@pytest.mark.parametrize("workers", [2, 4])
def test_the_number_of_workers_changes_nothing(
    tmp_path: Path, expected: dict[str, str], workers: int
) -> None:
    """Two or four workers give the bytes of one, for the release and for what was rejected."""
    kit.run(kit.recipe(dataset(tmp_path)), workers=workers)
    assert kit.fingerprint(tmp_path / "releases") == expected


def test_order_clock_zone_and_hashes_change_nothing(tmp_path: Path, expected: dict[str, str]) -> None:
    """Shuffled files, another zone, locale, hash seed and folder give the same bytes."""
    folder = dataset(tmp_path / "another place", random.Random(7))
    around = {"TZ": "Asia/Baghdad", "LC_ALL": "C", "PYTHONHASHSEED": "4242"}
    subprocess.run(command(folder, 2), env={**os.environ, **around}, check=True, cwd="/", capture_output=True)
    assert kit.fingerprint(folder / "releases") == expected


def test_the_clock_changes_nothing(tmp_path: Path, expected: dict[str, str]) -> None:
    """A build in 2038 gives the bytes of one in 2026."""
    kit.run(kit.recipe(dataset(tmp_path)), now=datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC))
    assert kit.fingerprint(tmp_path / "releases") == expected


def test_a_warm_cache_changes_nothing(tmp_path: Path, expected: dict[str, str]) -> None:
    """Archives that came one by one, with a build after each, end in the same records."""
    folder = dataset(tmp_path)
    late = (folder / "warcs" / "part-2.warc.gz").rename(folder / "late")
    kit.run(kit.recipe(folder))
    late.rename(folder / "warcs" / "part-2.warc.gz")
    shutil.rmtree(folder / "releases")
    kit.run(kit.recipe(folder), workers=2)
    assert kit.fingerprint(folder / "releases") == expected


def begun(folder: Path, workers: int = 2) -> subprocess.Popen[bytes]:
    """Start a build that prints the name of its stage each time it has something to tell."""
    return subprocess.Popen(
        command(folder, workers), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
    )


def test_kills_of_the_driver_change_nothing(tmp_path: Path, expected: dict[str, str]) -> None:
    """A build that is killed again and again, at instants drawn by lot, ends with the same bytes."""
    folder, chance = dataset(tmp_path), random.Random(1)
    for told in (*chance.sample(range(TOLD), 4), TOLD):
        with begun(folder, chance.choice((1, 2, 4))) as driver:
            assert driver.stdout is not None
            for _ in range(told):
                driver.stdout.readline()
            driver.kill()
        half = [path for path in (folder / "releases").glob("[0-9]*") if path.is_dir()]
        assert all((path / "manifest.json").exists() for path in half)
    kit.run(kit.recipe(folder))
    assert kit.fingerprint(folder / "releases") == expected


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, path.read_text(encoding="ascii").split())
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="workers are looked up in /proc")
@pytest.mark.parametrize("seed", [3, 4])
def test_kills_of_workers_change_nothing(tmp_path: Path, expected: dict[str, str], seed: int) -> None:
    """Workers drawn by lot are killed in every stage that has any, as often as a task is tried again."""
    folder, chance, killed = dataset(tmp_path, random.Random(seed)), random.Random(seed), Counter[str]()
    with begun(folder, 4) as driver:
        stage = "take in"
        while driver.poll() is None:
            assert driver.stdout is not None
            while select.select([driver.stdout], [], [], _PAUSE_S)[0] and (line := driver.stdout.readline()):
                stage = line.decode().strip()
            workers = [worker for nursery in children(driver.pid) for worker in children(nursery)]
            if workers and killed[stage] < KILLS:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(chance.choice(workers), signal.SIGKILL)
                    killed[stage] += 1
        assert driver.wait() == 0
    assert killed["extract"]
    assert killed.total() > KILLS
    assert kit.fingerprint(folder / "releases") == expected


def test_a_busy_machine_changes_nothing(tmp_path: Path, expected: dict[str, str]) -> None:
    """Processes that take all the CPU there is, beside two workers: the same bytes."""
    folder = dataset(tmp_path, random.Random(5))
    hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(3)]
    try:
        with begun(folder) as driver:
            driver.communicate()
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
    assert driver.returncode == 0
    assert kit.fingerprint(folder / "releases") == expected


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_a_full_disk_stops_the_build_and_loses_nothing(tmp_path: Path, expected: dict[str, str]) -> None:
    """On a disk that is too small the build says so; when there is space again it goes on to the same bytes."""
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        given = kit.recipe(dataset(small))
        for size in ("260k", "400k"):
            subprocess.run(["mount", "-o", f"remount,size={size}", str(small)], check=True)
            with pytest.raises(WorldError):
                kit.run(given)
            assert not list(given.releases.glob("[0-9]*"))
        subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)
        kit.run(given)
        assert kit.fingerprint(small / "releases") == expected
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_the_first_build_in_any_folder_gives_the_same_bytes(tmp_path: Path) -> None:
    """Pseudonyms too: a first key is drawn from the archives, whatever their order; another archive gives another.

    A folder's name may hold what SQL and patterns of names read as their own.
    """
    built = []
    for name, seed in (("here", None), ("كتاب d'été [2]", random.Random(3))):
        folder = dataset(tmp_path / name, seed)
        shutil.rmtree(folder / "private", ignore_errors=True)
        kit.run(kit.load_recipe(folder))
        built.append(folder)
    here, there = built
    assert kit.fingerprint(here / "releases") == kit.fingerprint(there / "releases")
    key = (here / "private" / "key").read_text(encoding="ascii")
    assert key == (there / "private" / "key").read_text(encoding="ascii")
    kit.archive(there, "part-9", kit.essays(range(40, 42)))
    (there / "private" / "key").unlink()
    kit.run(kit.load_recipe(there))
    assert key != (there / "private" / "key").read_text(encoding="ascii")


def test_other_names_of_the_archives_change_no_row(tmp_path: Path) -> None:
    """The same files under shuffled names: every shard and the rejected rows are the same bytes."""
    here, there = dataset(tmp_path / "here"), dataset(tmp_path / "there")
    paths = sorted((there / "warcs").iterdir())
    for path in paths:
        path.rename(path.with_suffix(".tmp"))
    for path, other in zip(paths, [*paths[1:], paths[0]], strict=True):
        path.with_suffix(".tmp").rename(other)
    for folder in (here, there):
        kit.run(kit.load_recipe(folder))
    one, other_one = kit.fingerprint(here / "releases"), kit.fingerprint(there / "releases")
    assert {name for name in one if one[name] != other_one[name]} <= {"1.0.0/manifest.json"}
