"""What a build costs, in CPU seconds of its whole process tree, beside a bare extractor and beside datatrove.

    python benchmarks/build.py PAGES [--rival PYTHON] [--rounds 1]

PAGES is a folder of *.warc.gz files; PYTHON is that of datatrove's environment (see benchmarks/rival.py). Every
measurement runs in a process of its own, the systems in turn, so that neighbours on the machine disturb all of them
alike. Prints one JSON line a measurement, then medians over the rounds and the ratios of the medians.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RULE = "[rules.thresholds]\nmin_words = 350\n"
"""Leaves out a few articles in a hundred, with their comments."""
COLUMN = '[[platform]]\nid = "news"\nname = "News"\nlong = ["بيان وزارة"]\n'
"""Names a platform in a few articles in a hundred."""
FEW_PAGES = 5
TARGETS = {
    "datatrove / build": (3.5, "at least"),
    "build / bare extract": (1.25, "at most"),
    "one worker / two workers, clock": (1.85, "at least"),
    "build / unchanged": (100.0, "at least"),
    "build / changed rule": (20.0, "at least"),
    "build / changed column": (20.0, "at least"),
    "1 % new, without the start / build": (0.03, "at most"),
    "peak MB": (600.0, "at most"),
}
BUILD = """
import sys, time, datetime
sys.path.insert(0, {root!r})
from builder.pipeline import build
from builder.recipe import load_recipe
from pathlib import Path
built = build(load_recipe(Path({folder!r})), workers={workers}, now=datetime.datetime.now(datetime.UTC))
print(sum(built.rows.values()), sum(tally.read for tally in built.tallies if tally.stage == "extract"))
"""
BARE = """
import os, sys
sys.path.insert(0, {root!r})
from pathlib import Path
import trafilatura
from builder.archive.read import load, scan
from builder.model import CaptureRef
from builder.stages.inventory import reason_against
refs = [
    ref
    for path in sorted(Path({pages!r}).glob("*.warc.gz"))
    for ref in scan(path, source="bare")
    if isinstance(ref, CaptureRef) and reason_against(ref)[0] is None
]
share = next((number for number in range(1, {processes}) if os.fork() == 0), 0)
for ref in refs[share::{processes}]:
    trafilatura.extract(load(ref).body, with_metadata={metadata})
if share:
    os._exit(0)
for _ in range(1, {processes}):
    os.wait()
print(len(refs), len(refs))
"""
BARE_RUNS = {
    "bare extract": (False, 1),
    "bare extract with metadata": (True, 1),
    "bare extract, two processes": (False, 2),
}
"""Name -> with metadata?, processes. Two that share nothing show the most that a second core can give here."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: CPU seconds of the process tree, seconds on the clock, peak memory in MB (PSS), pages read."""

    name: str
    cpu_s: float
    wall_s: float
    peak_mb: float
    pages: int

    @property
    def ms_per_page(self) -> float:
        """CPU milliseconds a page."""
        return 1000 * self.cpu_s / max(1, self.pages)


def tree_pss_mb(root: int) -> float:
    """Return the proportional memory of a process and all below it, in MB; what has ended meanwhile counts 0."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    total, waiting = 0.0, [root]
    while waiting:
        pid = waiting.pop()
        waiting += parents.get(pid, [])
        try:
            found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        except OSError:
            continue
        total += int(found.group(1)) / 1024 if found else 0.0
    return total


def measure(name: str, command: list[str], pages: int | None = None) -> Measured:
    """Run a command and return what it cost; its last line of output ends in the number of pages unless given."""
    import resource
    import time

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began_s = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peak, ended = [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(1.0):
            peak[0] = max(peak[0], tree_pss_mb(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    out, err = process.communicate()
    ended.set()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{name}: {err[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    count = pages if pages is not None else int(out.split()[-1])
    found = Measured(name, round(cpu_s, 2), round(time.monotonic() - began_s, 2), round(peak[0]), count)
    print(json.dumps(asdict(found)), flush=True)
    return found


def build_command(folder: Path, workers: int) -> list[str]:
    """Return the command of a build in a folder."""
    return [sys.executable, "-c", BUILD.format(root=str(ROOT), folder=str(folder), workers=workers)]


def write_recipe(folder: Path, more: str = "relevance_min = 0\n", tail: str = "") -> None:
    """Write the recipe of the benchmark over all archives of the folder."""
    text = (
        '[dataset]\nname = "bench"\n[[source]]\nkind = "warc"\nname = "saved"\npaths = ["pages/*.warc.gz"]\n'
    )
    (folder / "dataset.toml").write_text(f"{text}[select]\n{more}{tail}", encoding="utf-8")


def hold_back(pages: Path, folder: Path) -> Path:
    """Copy archives into a dataset's folder but for every hundredth capture, which go to the file that is returned."""
    sys.path.insert(0, str(ROOT))
    from builder.archive.read import scan
    from builder.model import CaptureRef

    held = folder / "held.warc.gz"
    (folder / "pages").mkdir(parents=True)
    with held.open("wb") as late:
        for path in sorted(pages.glob("*.warc.gz")):
            data = path.read_bytes()
            with (folder / "pages" / path.name).open("wb") as now:
                for number, ref in enumerate(scan(path, source="bench")):
                    assert isinstance(ref, CaptureRef)
                    record = data[ref.warc_offset : ref.warc_offset + ref.warc_length]
                    (late if number % 100 == 50 else now).write(record)
    return held


def few_pages(archive: Path, folder: Path) -> None:
    """Make a dataset of the first pages of an archive, to see what a build costs that has next to nothing to do."""
    from builder.archive.read import scan
    from builder.model import CaptureRef
    from builder.stages.inventory import reason_against

    refs = (ref for ref in scan(archive, source="bench") if isinstance(ref, CaptureRef))
    worth = [ref for ref in refs if reason_against(ref)[0] is None]
    data = archive.read_bytes()
    (folder / "pages").mkdir(parents=True)
    with (folder / "pages/few.warc.gz").open("wb") as file:
        for ref in worth[:FEW_PAGES]:
            file.write(data[ref.warc_offset : ref.warc_offset + ref.warc_length])


def measurements(pages: Path, work: Path, rival: Path | None) -> Iterator[Measured]:
    """Yield the runs of one round over fresh folders below `work`."""
    one, two, tiny = work / "one", work / "two", work / "tiny"
    held = hold_back(pages, one)
    shutil.copytree(one / "pages", two / "pages")
    few_pages(min((one / "pages").iterdir()), tiny)
    for folder in (one, two, tiny):
        write_recipe(folder)
    for name, (metadata, processes) in BARE_RUNS.items():
        pages_at = str(one / "pages")
        script = BARE.format(root=str(ROOT), pages=pages_at, metadata=metadata, processes=processes)
        yield measure(name, [sys.executable, "-c", script])
    built = measure("build", build_command(one, 1))
    yield built
    if rival is not None:
        command = [str(rival), str(ROOT / "benchmarks/rival.py"), str(one / "pages"), str(work / "rival")]
        yield measure("datatrove", command, built.pages)
    yield measure("build, two workers", build_command(two, 2))
    yield measure("five pages", build_command(tiny, 1))
    yield measure("unchanged", build_command(one, 1))
    write_recipe(one, tail=RULE)
    yield measure("changed rule", build_command(one, 1))
    write_recipe(one, tail=RULE + COLUMN)
    yield measure("changed column", build_command(one, 1))
    held.rename(one / "pages" / "late.warc.gz")
    yield measure("1 % new", build_command(one, 1))


def median(runs: list[Measured]) -> Measured:
    """Return the median of each figure over the rounds of one measurement."""
    return replace(
        runs[0],
        cpu_s=statistics.median(run.cpu_s for run in runs),
        wall_s=statistics.median(run.wall_s for run in runs),
        peak_mb=statistics.median(run.peak_mb for run in runs),
    )


def ratios(found: dict[str, Measured]) -> dict[str, float]:
    """Return the figures that have targets, by name."""
    build = found["build"]
    result = {
        "build / bare extract": build.ms_per_page / found["bare extract"].ms_per_page,
        "one worker / two workers, clock": build.wall_s / found["build, two workers"].wall_s,
        "build / unchanged": build.cpu_s / found["unchanged"].cpu_s,
        "build / changed rule": build.cpu_s / found["changed rule"].cpu_s,
        "build / changed column": build.cpu_s / found["changed column"].cpu_s,
        "1 % new, without the start / build": (found["1 % new"].cpu_s - found["five pages"].cpu_s)
        / build.cpu_s,
        "peak MB": max(entry.peak_mb for name, entry in found.items() if name.startswith("build")),
    }
    if "datatrove" in found:
        result["datatrove / build"] = found["datatrove"].cpu_s / build.cpu_s
    return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pages", type=Path)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--rival", type=Path, help="Python of datatrove's environment")
    asked = parser.parse_args()
    print(
        json.dumps(
            {"machine": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()}
        )
    )
    compileall.compile_dir(ROOT / "builder", quiet=1)  # as pip does for those who install it
    rounds: list[dict[str, Measured]] = []
    for _ in range(asked.rounds):
        with tempfile.TemporaryDirectory(prefix="hiwar-bench-") as name:
            runs = measurements(asked.pages.resolve(), Path(name), asked.rival)
            rounds.append({entry.name: entry for entry in runs})
    found = {name: median([one[name] for one in rounds]) for name in rounds[0]}
    for name, entry in found.items():
        print(
            f"{name:28} {entry.ms_per_page:8.2f} ms CPU a page, {entry.wall_s:7.1f} s, {entry.peak_mb:5.0f} MB"
        )
    gain = found["bare extract"].wall_s / found["bare extract, two processes"].wall_s
    print(f"one process / two, bare extract: {gain:.2f}, what the second core of this machine is good for")
    for name, value in ratios(found).items():
        target, sense = TARGETS[name]
        met = value >= target if sense == "at least" else value <= target
        print(f"{name:34} {value:8.3f}  target {sense} {target:g}  {'met' if met else 'MISSED'}")


if __name__ == "__main__":
    main()
