"""Kills a crawl with SIGKILL at random instants, again and again, and proves that nothing was lost or doubled.

    python benchmarks/crash.py [--pages 3000] [--kills 50] [--hosts 4] [--seed 1]

Serves `--pages` pages on `--hosts` loopback ports, runs the crawl as a process of its own, kills it `--kills`
times, lets it finish, then reads the archive back. Prints one JSON line; exit code 1 if the promise is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from builder.archive.check import check_archive
from builder.archive.read import scan
from builder.model import CaptureRef

CHILD = """
import sys
from builder.crawl import crawl
from builder.recipe import load_recipe
crawl(load_recipe(sys.argv[1]))
"""
WORDS = ["منصة", "تواصل", "حوار", "رأي", "كاتب", "مقال", "نقاش", "تعليق", "صفحة", "خبر"]


class Site:
    """A site of numbered pages; page n links to the next ones. Counts how often each was asked for."""

    def __init__(self, pages: int, seed: int) -> None:
        self.pages = pages
        self.seed = seed
        self.asked: Counter[str] = Counter()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until it closes."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode()
                self.asked[path] += 1
                body = self.page(path)
                status = "200 OK" if body else "404 Not Found"
                fields = (
                    f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
                )
                writer.write(fields.encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def page(self, path: str) -> bytes:
        """Return the page at a path, empty if there is none."""
        number = path.removeprefix("/p/")
        if path == "/":
            number = "0"
        if not number.isdigit() or int(number) >= self.pages:
            return b""
        n = int(number)
        dice = random.Random(self.seed * 1_000_003 + n)
        text = " ".join(dice.choices(WORDS, k=dice.randint(50, 2000)))
        links = "".join(f"<a href='/p/{m}'>{m}</a>" for m in range(2 * n + 1, min(2 * n + 3, self.pages)))
        return f"<html><body><p>{n} {text}</p>{links}</body></html>".encode()


async def main() -> int:
    """Run it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=3000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--hosts", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    per_host = options.pages // options.hosts
    sites = [Site(per_host, options.seed + n) for n in range(options.hosts)]
    servers = [await asyncio.start_server(site.serve, "127.0.0.1", 0) for site in sites]
    starts = [f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/" for server in servers]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "dataset.toml").write_text(recipe(starts), encoding="utf-8")
        kills = await crawl_under_fire(folder, options.kills, random.Random(options.seed))
        report = judge(folder, sites, starts, kills)
    print(json.dumps(report))
    return 0 if report["ok"] else 1


def recipe(starts: list[str]) -> str:
    """Return a recipe that crawls these start pages without delay."""
    return f"""[dataset]
name = "crash"
[crawl]
contact = "mailto:test@example.org"
min_delay_s = 0
allow_private = ["127.0.0.1"]
[[source]]
kind = "site"
name = "crash"
start = {json.dumps(starts)}
"""


async def crawl_under_fire(folder: Path, kills: int, dice: random.Random) -> int:
    """Run the crawl, kill it up to `kills` times at random instants after its first page, let it end."""
    done = 0
    while True:
        before = page_count(folder)
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD, str(folder))
        if done < kills:
            while page_count(folder) <= before and child.returncode is None:
                await asyncio.sleep(0.005)
            await asyncio.sleep(dice.expovariate(1 / 0.08))
        try:
            if done < kills and child.returncode is None:
                child.send_signal(signal.SIGKILL)
                done += 1
        except ProcessLookupError:
            pass
        if await child.wait() == 0:
            return done


def page_count(folder: Path) -> int:
    """Return the bytes in the archive, which only grow while a crawl works."""
    return sum(path.stat().st_size for path in (folder / "archive").glob("*.warc.gz"))


def judge(folder: Path, sites: list[Site], starts: list[str], kills: int) -> dict[str, object]:
    """Compare archive and servers with what the promise says."""
    files = sorted((folder / "archive").glob("*.warc.gz"))
    refs = [ref for path in files for ref in scan(path, source="crash")]
    pages = Counter(ref.url for ref in refs if isinstance(ref, CaptureRef) and ref.role == "page")
    wanted = {
        start if n == 0 else f"{start}p/{n}"
        for site, start in zip(sites, starts, strict=True)
        for n in range(site.pages)
    }
    asked = sum(
        count for site in sites for path, count in site.asked.items() if path == "/" or path.startswith("/p/")
    )
    report: dict[str, object] = {
        "pages": len(wanted),
        "kills": kills,
        "lost": len(wanted - set(pages)),
        "doubled": sum(count - 1 for count in pages.values()),
        "refetched": asked - len(wanted),
        "in_flight_at_most": kills * len(sites),
        "damaged": len([ref for ref in refs if not isinstance(ref, CaptureRef)]),
        "clauses_broken": sum(len(check_archive(path, advice=True)) for path in files),
        "warcio_check": subprocess.run(
            [sys.executable, "-m", "warcio.cli", "check", *map(str, files)], check=False
        ).returncode,
    }
    report["ok"] = not (
        report["lost"] or report["doubled"] or report["damaged"] or report["clauses_broken"]
    ) and (asked - len(wanted) <= kills * len(sites))
    return report


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", str(Path.cwd()))
    began = time.monotonic()
    code = asyncio.run(main())
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    sys.exit(code)
