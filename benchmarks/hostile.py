"""Crawls a loopback site that does everything to fill the crawler's memory, and says how much it took.

    python benchmarks/hostile.py [--megabytes 400]

Bombs of four codings, of one and of two layers, endless pages, headers without end, wrong lengths, drips, a
sitemap bomb and a robots.txt bomb, on twelve hosts at one time. Prints one JSON line. Linux only (/proc).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import brotli
import zstandard

CHILD = """
import json, sys
from builder.crawl import crawl
from builder.recipe import load_recipe
result = crawl(load_recipe(sys.argv[1]))
line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"peak_rss_mb": round(int(line.split()[1]) / 1024), "tally": result.tally.as_dict(),
    "stopped": sorted({report.stopped for report in result.hosts if report.stopped})}))
"""
PATHS = (
    "gzip",
    "deflate",
    "br",
    "zstd",
    "twice",
    "endless",
    "endless-html",
    "heads",
    "drip",
    "liar",
    "map.xml",
    "deep",
)


def bombs(megabytes: int) -> dict[str, tuple[str, bytes]]:
    """Return coding and body of each bomb."""
    step = b" " * 1_000_000
    gzipped, deflated, zstd, br = (
        zlib.compressobj(9, zlib.DEFLATED, 31),
        zlib.compressobj(9),
        zstandard.ZstdCompressor().compressobj(),
        brotli.Compressor(quality=1),
    )
    parts: dict[str, list[bytes]] = {"gzip": [], "deflate": [], "zstd": [], "br": []}
    for _ in range(megabytes):
        parts["gzip"].append(gzipped.compress(step))
        parts["deflate"].append(deflated.compress(step))
        parts["zstd"].append(zstd.compress(step))
        parts["br"].append(br.process(step))
    ends = {"gzip": gzipped.flush(), "deflate": deflated.flush(), "zstd": zstd.flush(), "br": br.finish()}
    found = {name: (name, b"".join(pieces) + ends[name]) for name, pieces in parts.items()}
    return found | {"twice": ("gzip, gzip", zlib.compress(found["gzip"][1], wbits=31))}


class Hostile:
    """The site."""

    def __init__(self, megabytes: int) -> None:
        self.bombs = bombs(megabytes)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        try:
            while True:
                path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode().strip("/")
                async for piece in self.answer(path):
                    writer.write(piece)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, path: str) -> AsyncIterator[bytes]:
        """Yield one answer in pieces."""
        ok = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
        if path in self.bombs or path in ("map.xml", "robots.txt"):
            coding, body = self.bombs.get(path, self.bombs["gzip"])
            yield ok + f"Content-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        elif path.startswith("endless"):
            yield ok + b"\r\n"
            while True:
                yield b"<p><a href='x'>x</a>" * 4000 if "html" in path else bytes(65_536)
        elif path == "heads":
            yield b"HTTP/1.1 200 OK\r\n"
            while True:
                yield b"X-Head: " + b"a" * 60_000 + b"\r\n"
        elif path == "drip":
            yield ok + b"\r\n"
            while True:
                yield b"."
                await asyncio.sleep(0.01)
        elif path == "deep":
            yield ok + b"Content-Length: 10000000\r\n\r\n" + b"<div>" * 2_000_000
        elif path == "liar":
            yield ok + b"Content-Length: 99999999999\r\n\r\nshort"
        else:
            yield b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


async def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=400)
    site = Hostile(parser.parse_args().megabytes)
    servers = [await asyncio.start_server(site.serve, "127.0.0.1", 0) for _ in PATHS]
    starts = [
        f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/{path}"
        for server, path in zip(servers, PATHS, strict=True)
    ]
    with tempfile.TemporaryDirectory() as name:
        Path(name, "dataset.toml").write_text(
            '[dataset]\nname = "hostile"\n[crawl]\ncontact = "mailto:test@example.org"\nmin_delay_s = 0\n'
            "timeout_s = 20\nmax_retries = 0\n"
            f'allow_private = ["127.0.0.1"]\n[[source]]\nkind = "site"\nname = "hostile"\n'
            f"start = {json.dumps(starts)}\n",
            encoding="utf-8",
        )
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CHILD, name, stdout=subprocess.PIPE
        )
        output, _ = await child.communicate()
    print(output.decode().strip())


if __name__ == "__main__":
    asyncio.run(main())
