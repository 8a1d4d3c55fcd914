"""Archives of the demo site, made on the spot: WARC and WACZ files, and a web archive that serves ranges.

python examples/archives.py         # writes the files that the recipes of warc/, wacz/ and html/ read
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import sys
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from builder.demo.site import Page, build_site

ORIGIN = "http://essays.example"
STAMP, DATE = "20260102120000", "2026-01-02T12:00:00Z"
WARC = "crawl-data/CC-DEMO/00000.warc.gz"


@dataclass(frozen=True, slots=True)
class Captured:
    """One page of the demo site as a gzip member of a WARC file, with its place there."""

    url: str
    page: Page
    member: bytes
    offset: int


def captured() -> list[Captured]:
    """Return the pages of the demo site's journal and blog, as an archive has them."""
    found: list[Captured] = []
    offset = 0
    for page in build_site(ORIGIN).values():
        if page.path.startswith(("/maqalat/show", "/blog/")) and page.content_type.startswith("text/html"):
            member = gzip.compress(record(ORIGIN + page.path, page), mtime=0)
            found.append(Captured(ORIGIN + page.path, page, member, offset))
            offset += len(member)
    return found


def record(url: str, page: Page) -> bytes:
    """Return a page as a WARC response record."""
    block = f"HTTP/1.1 {page.status} OK\r\nContent-Type: {page.content_type}\r\n\r\n".encode() + page.body
    digest = base64.b32encode(hashlib.sha1(page.body).digest()).decode()
    head = (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, url)}>\r\n"
        f"WARC-Date: {DATE}\r\nWARC-Target-URI: {url}\r\nWARC-Payload-Digest: sha1:{digest}\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def rows() -> list[dict[str, str]]:
    """Return the index of the archive, as Common Crawl's has it."""
    return [
        {
            "urlkey": f"example,essays){urlsplit(one.url).path}?{urlsplit(one.url).query}",
            "timestamp": STAMP,
            "url": one.url,
            "mime": "text/html",
            "status": str(one.page.status),
            "digest": hashlib.sha1(one.page.body).hexdigest(),
            "length": str(len(one.member)),
            "offset": str(one.offset),
            "filename": WARC,
        }
        for one in captured()
    ]


Answer = tuple[int, str, bytes, dict[str, str]]


def answer(base: str, path: str, query: dict[str, list[str]], wanted: str) -> Answer:
    """Answer as the list of crawls, an index in pages, a WARC file by ranges, or a replay service."""
    if path == "/collinfo.json":
        listed = [{"id": "CC-DEMO", "cdx-api": f"{base}/CC-DEMO-index"}]
        return 200, "application/json", json.dumps(listed).encode(), {}
    if path == "/CC-DEMO-index" and "showNumPages" in query:
        return 200, "application/json", b'{"pages": 2, "pageSize": 5, "blocks": 2}', {}
    if path in ("/CC-DEMO-index", "/cdx"):
        first = rows()[::2] if query.get("page") == ["0"] else rows()[1::2]
        chosen = first if "page" in query else rows()
        return 200, "text/x-ndjson", "".join(json.dumps(row) + "\n" for row in chosen).encode(), {}
    if path == f"/{WARC}" and wanted:
        start, _, end = wanted.removeprefix("bytes=").partition("-")
        whole = b"".join(one.member for one in captured())
        return 206, "application/octet-stream", whole[int(start) : int(end) + 1], {}
    for one in captured():
        if f"/web/{STAMP}id_/{one.url}" == path + (f"?{query_text(query)}" if query else ""):
            return (
                200,
                one.page.content_type,
                one.page.body,
                {"Memento-Datetime": "Fri, 02 Jan 2026 12:00:00 GMT"},
            )
    return 404, "text/plain", b"nothing here", {}


def query_text(query: dict[str, list[str]]) -> str:
    """Return a query as it stood."""
    return "&".join(f"{name}={value}" for name, values in query.items() for value in values)


def serve_archive(port: int) -> Callable[[], None]:
    """Serve the archive on a loopback port in a thread; return what ends it."""
    base = f"http://127.0.0.1:{port}"

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer one request."""
            parts = urlsplit(self.path)
            wanted = self.headers.get("Range", "")
            status, mime, body, more = answer(base, parts.path, parse_qs(parts.query), wanted)
            self.send_response(status)
            for name, value in {"Content-Type": mime, "Content-Length": str(len(body)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    return server.shutdown


def write_files(folder: Path) -> None:
    """Write the files that the recipes of warc/, wacz/ and html/ read, the same bytes each time."""
    members = b"".join(one.member for one in captured())
    warc = folder / "warc" / "pages" / "essays.warc.gz"
    warc.parent.mkdir(parents=True, exist_ok=True)
    warc.write_bytes(members)
    pages = "".join(json.dumps({"url": one.url}) + "\n" for one in captured())
    wacz = folder / "wacz" / "recorded" / "essays.wacz"
    wacz.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wacz, "w") as package:
        for name, content in (
            ("archive/essays.warc.gz", members),
            ("pages/pages.jsonl", '{"format": "json-pages-1.0"}\n' + pages),
            ("datapackage.json", '{"profile": "data-package", "wacz_version": "1.1.1", "resources": []}'),
        ):
            package.writestr(zipfile.ZipInfo(name), content)
    saved = folder / "html" / "pages"
    saved.mkdir(parents=True, exist_ok=True)
    listed = ["file,url,collected_at"]
    for number, one in enumerate(captured()):
        (saved / f"{number:02d}.html").write_bytes(one.page.body)
        listed.append(f"{number:02d}.html,{one.url},{DATE}")
    (saved / "urls.csv").write_text("\n".join(listed) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_files(Path(__file__).parent)
