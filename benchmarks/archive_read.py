"""Times the reading of WARC files: a scan with digests, loads by offset, and warcio over the same files.

    python benchmarks/archive_read.py pages/dev.warc.gz [more.warc.gz ...]

Prints for each file the records, the damaged stretches, and CPU milliseconds a capture, the best of five runs.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator

from builder.archive.read import load, scan
from builder.errors import ArchiveError
from builder.model import CaptureRef, Damage

RUNS = 5


def best_s(work: Callable[[], object]) -> float:
    """Return the least CPU seconds of several runs."""
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def load_all(refs: list[CaptureRef]) -> int:
    """Load captures in the order given; return how many could be."""
    whole = 0
    for ref in refs:
        try:
            load(ref)
            whole += 1
        except ArchiveError as error:
            print(f"  not loaded: {error.what}")
    return whole


def by_warcio(path: Path) -> int:
    """Read all response bodies with warcio; return how many."""
    with path.open("rb") as file, Path(os.devnull).open("w") as silent, redirect_stderr(silent):
        bodies = [
            record.content_stream().read()
            for record in ArchiveIterator(file)
            if record.rec_type == "response"
        ]
    return len(bodies)


def main(paths: list[str]) -> None:
    """Print one line a file."""
    for path in map(Path, paths):
        found = list(scan(path, source="benchmark"))
        refs = [item for item in found if isinstance(item, CaptureRef)]
        damage = [item for item in found if isinstance(item, Damage)]
        random.Random(0).shuffle(refs)
        count = max(1, len(refs))
        scan_ms = best_s(lambda path=path: list(scan(path, source="benchmark"))) * 1000 / count
        load_ms = best_s(lambda refs=refs: load_all(refs)) * 1000 / count
        try:
            warcio = f"{best_s(lambda path=path: by_warcio(path)) * 1000 / count:.3f} ms"
        except Exception as error:  # noqa: BLE001  (warcio raises what it likes; that is what is measured)
            warcio = f"stops: {type(error).__name__}"
        print(
            f"{path.name}: {len(refs)} captures, {len(damage)} damaged, "
            f"scan {scan_ms:.3f} ms, load {load_ms:.3f} ms, warcio {warcio}"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
