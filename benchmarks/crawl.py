"""Measures what a page costs: our crawl against a bare aiohttp loop and Scrapy with WARC output, in one run.

    python benchmarks/crawl.py [--pages 1000] [--kilobytes 60] [--scrapy PYTHON]

One loopback server gives all of them the same site: Arabic pages of the given size with 67 links each. Every
candidate is a process of its own; its CPU time and peak memory are its own. `--scrapy` names the Python of an
environment with scrapy and warcio. Prints one JSON line a candidate; wall times depend on the machine's load.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

PRELUDE = """
import json, resource, sys, time
def report(name, pages, began):
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    print(json.dumps({"candidate": name, "pages": pages, "cpu_ms_per_page": round(1000 * (cpu - IDLE) / pages, 2),
        "start_cpu_s": round(IDLE, 2), "peak_rss_mb": peak_mb(),
        "wall_s": round(time.monotonic() - began, 1)}))
def peak_mb():
    # Not ru_maxrss: a child inherits its parent's.
    line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    return round(int(line.split()[1]) / 1024)
def idle():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
"""
BARE = (
    PRELUDE
    + """
import aiohttp, asyncio
async def main(url, pages):
    todo = iter(range(pages))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=16)) as session:
        async def work():
            for n in todo:
                async with session.get(f"{url}p/{n}") as response:
                    await response.read()
        await asyncio.gather(*[work() for _ in range(16)])
IDLE = idle(); began = time.monotonic()
asyncio.run(main(sys.argv[1], int(sys.argv[2])))
report("aiohttp loop, fetch only", int(sys.argv[2]), began)
"""
)
OURS = (
    PRELUDE
    + """
from builder.crawl import crawl
from builder.recipe import load_recipe
IDLE = idle(); began = time.monotonic()
result = crawl(load_recipe(sys.argv[3]))
report("hiwar: links, robots, guard, frontier, WARC", result.tally.kept, began)
"""
)
SCRAPY = (
    PRELUDE
    + """
import io, scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.linkextractors import LinkExtractor
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter
output = open(sys.argv[3] + "/scrapy.warc.gz", "wb")
writer = WARCWriter(output, gzip=True)
class Pages(scrapy.Spider):
    name = "pages"
    start_urls = [sys.argv[1]]
    count = 0
    links = LinkExtractor()
    def parse(self, response):
        Pages.count += 1
        headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        body = io.BytesIO(response.body)
        record = writer.create_warc_record(response.url, "response", payload=body, http_headers=headers)
        writer.write_record(record)
        for link in self.links.extract_links(response):
            yield scrapy.Request(link.url)
IDLE = idle(); began = time.monotonic()
process = CrawlerProcess({"LOG_ENABLED": False, "ROBOTSTXT_OBEY": True, "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "DOWNLOAD_DELAY": 0, "TELNETCONSOLE_ENABLED": False, "JOBDIR": sys.argv[3] + "/job"})
process.crawl(Pages)
process.start()
report("scrapy " + scrapy.__version__ + ": links, robots, JOBDIR, warcio", Pages.count, began)
"""
)
WORDS = ["منصة", "تواصل", "حوار", "رأي", "كاتب", "مقال", "نقاش", "تعليق", "صفحة", "خبر", "مجتمع", "سياسة"]


def page(number: int, pages: int, size_bytes: int) -> bytes:
    """Return page n: words up to the size, and links to 67 other pages."""
    dice = random.Random(number)
    links = "".join(
        f"<li><a href='/p/{(number * 67 + k) % pages}'>{dice.choice(WORDS)}</a>" for k in range(67)
    )
    parts, length = [], 0
    while length < size_bytes - len(links):
        word = dice.choice(WORDS) + str(dice.randrange(1000)) * (dice.random() < 0.2)
        parts.append(word)
        length += 2 * len(word) + 1
    return f"<html lang=ar><body><ul>{links}</ul><p>{' '.join(parts)}</p></body></html>".encode()


async def serve(bodies: list[bytes]) -> asyncio.Server:
    """Serve the pages; "/" is page 0, robots.txt allows all."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
                number = "0" if path == "/" else path.removeprefix("/p/")
                body = bodies[int(number)] if number.isdigit() else b"User-agent: *\nDisallow: /private\n"
                kind = "text/html; charset=utf-8" if number.isdigit() else "text/plain"
                status = "200 OK" if number.isdigit() or path == "/robots.txt" else "404 Not Found"
                head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0)


async def run(python: str, code: str, *arguments: str) -> None:
    """Run one candidate and pass its line on."""
    child = await asyncio.create_subprocess_exec(python, "-c", code, *arguments, stdout=subprocess.PIPE)
    output, _ = await child.communicate()
    print(output.decode().strip(), flush=True)


async def main() -> None:
    """Run all candidates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--kilobytes", type=int, default=60)
    parser.add_argument("--scrapy", help="Python of an environment with scrapy and warcio")
    options = parser.parse_args()
    bodies = [page(n, options.pages, options.kilobytes * 1000) for n in range(options.pages)]
    began = time.process_time()
    for body in bodies[:200]:
        zlib.compress(body, 6)
    packing = {"zlib 6 alone, cpu_ms_per_page": round(5 * (time.process_time() - began), 2)}
    print(json.dumps({**packing, "mean_page_bytes": sum(map(len, bodies)) // len(bodies)}), flush=True)
    server = await serve(bodies)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    with tempfile.TemporaryDirectory() as name:
        Path(name, "dataset.toml").write_text(
            '[dataset]\nname = "bench"\n[crawl]\ncontact = "mailto:test@example.org"\nmin_delay_s = 0\n'
            f'allow_private = ["127.0.0.1"]\n[[source]]\nkind = "site"\nname = "bench"\nstart = ["{url}"]\n',
            encoding="utf-8",
        )
        await run(sys.executable, BARE, url, str(options.pages))
        await run(sys.executable, OURS, url, str(options.pages), name)
        if options.scrapy:
            await run(options.scrapy, SCRAPY, url, str(options.pages), name)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
