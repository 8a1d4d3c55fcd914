"""Crawls whole static sites, served on loopback under their own names, and says what was found of them.

    python benchmarks/mirror.py FOLDER [FOLDER ...]

Each folder is one site; its name is the host name. The site is crawled from "/" by http, with the guard on and
127.0.0.1 allowed. Prints one JSON line a site: pages on disk, pages reached, how they were found, what failed.
"""

from __future__ import annotations

import functools
import http.server
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import quote

from builder.archive.check import check_archive
from builder.archive.read import scan
from builder.crawl import crawl
from builder.model import CaptureRef
from builder.recipe import load_recipe


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server that keeps connections open, prints nothing, and turns the sites' own https links into http."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Print nothing."""

    def do_GET(self) -> None:
        """Send a file; text with links that this server can answer."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() and self.path.partition("?")[0].endswith("/") else path
        if not path.is_file() or path.suffix not in (".html", ".xml", ".txt"):
            super().do_GET()
            return
        body = path.read_bytes().replace(b"https://", b"http://")
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def mirror(folder: Path) -> dict[str, object]:
    """Crawl one site and compare what was reached with what lies on disk."""
    host = folder.name
    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    names = dict.fromkeys((host, f"www.{host}"), ("127.0.0.1", server.server_address[1]))
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "dataset.toml").write_text(recipe(host), encoding="utf-8")
        began, cpu = time.monotonic(), time.process_time()
        result = crawl(load_recipe(work), resolve=names)
        wall_s, cpu_s = time.monotonic() - began, time.process_time() - cpu
        files = sorted((work / "archive").glob("*.warc.gz"))
        refs = [ref for path in files for ref in scan(path, source="site") if isinstance(ref, CaptureRef)]
        faults = sum(len(check_archive(path, advice=True)) for path in files)
    server.shutdown()
    pages = [ref for ref in refs if ref.role == "page" and ref.status == 200]
    reached = {ref.url.partition(host)[2].partition("?")[0] for ref in pages}
    on_disk = {address(folder, path) for path in folder.rglob("*.html")}
    missed = on_disk - reached - {page.rstrip("/") + "/" for page in reached}
    return {
        "site": host,
        "html_on_disk": len(on_disk),
        "reached": len(on_disk) - len(missed),
        "missed": sorted(missed)[:10],
        "found_by": dict(sorted(Counter(ref.how or "" for ref in pages).items())),
        "roles": dict(sorted(Counter(ref.role for ref in refs).items())),
        "revisits": sum(ref.kind == "revisit" for ref in refs),
        "tally": result.tally.as_dict(),
        "skipped": {report.host: dict(report.skipped) for report in result.hosts if report.skipped},
        "clauses_broken": faults,
        "wall_s": round(wall_s, 1),
        "cpu_ms_per_page": round(1000 * cpu_s / max(len(pages), 1), 1),
    }


def recipe(host: str) -> str:
    """Return the recipe of one site without delay."""
    return f"""[dataset]
name = "mirror"
[crawl]
contact = "mailto:test@example.org"
min_delay_s = 0
allow_private = ["127.0.0.1"]
[[source]]
kind = "site"
name = "site"
start = ["http://{host}/"]
"""


def address(folder: Path, path: Path) -> str:
    """Return the address of a file: folders for their index.html."""
    text = "/" + path.relative_to(folder).as_posix()
    return quote(text.removesuffix("index.html"))


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(json.dumps(mirror(Path(argument)), ensure_ascii=False), flush=True)
