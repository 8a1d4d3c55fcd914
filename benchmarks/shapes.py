"""Measures what a page of a huge host costs: every address has a path of its own and a parameter.

    python benchmarks/shapes.py [--urls 20000 100000] [--pages 300]

A loopback host names so many addresses in its sitemaps; the first pages are crawled. CPU of the crawling thread from
the first page to the last; prints one JSON line a number of addresses.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from builder.crawl import Event, PageDone, crawl
from builder.recipe import load_recipe

PER_MAP = 40_000
RECIPE = (
    '[dataset]\nname = "bench"\n[crawl]\ncontact = "mailto:test@example.org"\nmin_delay_s = 0\n'
    'allow_private = ["127.0.0.1"]\nmax_pages_per_host = 1000000\n'
    '[[source]]\nkind = "site"\nname = "bench"\nstart = ["{url}/map/index"]\n'
)


class Site(BaseHTTPRequestHandler):
    """Serves an index of sitemaps, the sitemaps, and a small page at every other address."""

    protocol_version = "HTTP/1.1"
    urls = 0

    def do_GET(self) -> None:
        """Answer one request."""
        if self.path == "/map/index":
            maps = range(-(-self.urls // PER_MAP))
            body = f"<sitemapindex>{''.join(f'<sitemap><loc>/map/{n}</loc></sitemap>' for n in maps)}</sitemapindex>"
        elif self.path.startswith("/map/"):
            first = int(self.path.removeprefix("/map/")) * PER_MAP
            numbers = range(first, min(first + PER_MAP, self.urls))
            body = f"<urlset>{''.join(f'<url><loc>/art/{n}/?lang=ar</loc></url>' for n in numbers)}</urlset>"
        else:
            body = "" if self.path == "/robots.txt" else f"<p>مقال {self.path}</p>"
        raw = body.encode()
        self.send_response(200)
        self.send_header(
            "Content-Type", "application/xml" if "/map/" in self.path else "text/html; charset=utf-8"
        )
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def measured(urls: int, pages: int) -> dict[str, object]:
    """Crawl the first pages of a host of so many addresses; return the CPU a page took."""
    Site.urls = urls
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    times: list[float] = []

    def tell(event: Event) -> None:
        if isinstance(event, PageDone) and "/art/" in event.url:
            times.append(time.thread_time())

    with tempfile.TemporaryDirectory() as name:
        recipe = Path(name, "dataset.toml")
        recipe.write_text(RECIPE.format(url=f"http://127.0.0.1:{server.server_port}"), encoding="utf-8")
        crawl(load_recipe(recipe), max_pages=pages, progress=tell)
    server.shutdown()
    server.server_close()
    cpu_ms = 1000 * (times[-1] - times[0]) / (len(times) - 1)
    return {"urls": urls, "pages": len(times), "cpu_ms_per_page": round(cpu_ms, 2)}


def main() -> None:
    """Measure each number of addresses."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--urls", type=int, nargs="+", default=[20_000, 100_000])
    parser.add_argument("--pages", type=int, default=300)
    options = parser.parse_args()
    for urls in options.urls:
        print(json.dumps(measured(urls, options.pages)), flush=True)


if __name__ == "__main__":
    main()
