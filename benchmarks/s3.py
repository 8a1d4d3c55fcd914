"""What a build costs whose archives lie in object storage: requests and bytes a page, CPU against files.

python benchmarks/s3.py FOLDER  (its *.warc.gz are put into moto on loopback; needs tests/requirements.txt)
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
sys.path += [str(ROOT), str(ROOT / "tests")]

from s3kit import BUCKET, KEYS, Storage, moto, proxied  # noqa: E402


def build(pattern: str, workers: int, environment: dict[str, str]) -> float:
    """Build in a process tree of its own; return its CPU seconds."""
    with TemporaryDirectory() as scratch:
        (Path(scratch) / "dataset.toml").write_text(
            f'[dataset]\nname = "essays"\n[[source]]\nkind = "warc"\nname = "saved"\npaths = ["{pattern}"]\n'
            "[select]\nrelevance_min = 0\n",
            encoding="utf-8",
        )
        (Path(scratch) / "private").mkdir()
        (Path(scratch) / "private" / "key").write_bytes(bytes(32))  # else it is drawn from the archives first
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "builder", "build", "-q", "--workers", str(workers), scratch]
        subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        shutil.rmtree(Path(scratch) / "cache")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def pages(folder: Path) -> int:
    """Return the captures of a folder's archives."""
    from builder.archive.read import scan

    return sum(1 for path in folder.glob("*.warc.gz") for _ in scan(path, source="x"))


def measure(folder: Path, storage: Storage) -> None:
    """Print one line for each number of workers."""
    total = sum(path.stat().st_size for path in folder.glob("*.warc.gz"))
    count = pages(folder)
    print(f"{count} pages, {total:,} bytes")
    for workers in (1, 2, 4, 8):
        near = build(f"{folder}/*.warc.gz", workers, {})
        storage.log.clear()
        environment = {**KEYS, "AWS_ENDPOINT_URL": storage.url}
        far = build(f"s3://{BUCKET}/pages/*.warc.gz", workers, environment)
        ranges = [asked for asked in storage.asked("GET") if asked.last is not None]
        travelled = sum((asked.last or 0) - (asked.first or 0) + 1 for asked in ranges)
        looks = len(storage.asked("HEAD"))
        alone = len(ranges) - 2 * len(list(folder.glob("*.warc.gz")))
        print(
            f"{workers} workers: {alone / count:.3f} ranges a page that bring {travelled / total - 2:.2f} times"
            f" the archive, {looks} looks, {far / near:.2f} times the CPU of files"
        )


if __name__ == "__main__":
    given = Path(sys.argv[1]).resolve()
    with moto() as server, proxied(server) as storage:
        for path in sorted(given.glob("*.warc.gz")):
            storage.put(f"pages/{path.name}", path.read_bytes())
        measure(given, storage)
