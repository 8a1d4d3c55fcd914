"""Common Crawl and Wayback sources, crawled for real from a loopback server with the habits of theirs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from builder.archive.read import load, scan
from builder.crawl import crawl
from builder.model import CaptureRef, Damage
from builder.recipe import load_recipe
from tests.loopback import Reply, Request, Website, website
from tests.warcmaker import page, response

MEMBERS = [gzip.compress(response(number), mtime=0) for number in range(6)]
WARC_PATH = "/crawl-data/CC-LAB/00000.warc.gz"


def index_rows(shift: int = 0) -> list[dict[str, str]]:
    """Return an index of the pages 0 to 5; the offset of page 3 is wrong by `shift` bytes."""
    rows, offset = [], 0
    for number, member in enumerate(MEMBERS):
        place = offset + (shift if number == 3 else 0)
        rows.append(
            {
                "urlkey": f"org,example)/{number}",
                "timestamp": "20250301080000",
                "url": f"https://example.org/{number}",
                "mime": "text/html",
                "status": "200",
                "digest": f"D{number}",
                "length": str(len(member)),
                "offset": str(place),
                "filename": WARC_PATH[1:],
            }
        )
        offset += len(member)
    return rows


def common_crawl(site: Website, shift: int) -> None:
    """Give a website the routes of Common Crawl: list, index in two pages, ranges; each third range is 429."""
    rows = index_rows(shift)
    ranges = iter(range(1_000))

    def index(request: Request) -> Reply:
        query = parse_qs(urlsplit(request.path).query)
        if "showNumPages" in query:
            return Reply(b'{"pages": 2, "pageSize": 5, "blocks": 4}', mime="text/x-ndjson")
        part = rows[:3] if query["page"] == ["0"] else rows[3:]
        return Reply("".join(json.dumps(row) + "\n" for row in part).encode(), mime="text/x-ndjson")

    def data(request: Request) -> Reply:
        if next(ranges) % 3 == 1:
            return Reply(b"slow down", 429, (("Retry-After", "1"),))
        first, _, last = request.headers["range"].removeprefix("bytes=").partition("-")
        piece = b"".join(MEMBERS)[int(first) : int(last) + 1]
        return Reply(piece, 206, (("Content-Range", f"bytes {first}-{last}/*"),), "application/octet-stream")

    def fallback(request: Request) -> Reply:
        return index(request) if request.path.startswith("/index?") else Reply(b"nothing here", 404)

    listed = [{"id": "CC-LAB", "cdx-api": f"{site.url}/index"}]
    site.routes["/collinfo.json"] = Reply(json.dumps(listed).encode(), mime="application/json")
    site.routes[WARC_PATH] = data
    site.fallback = fallback


@pytest.fixture
def site() -> Iterator[Website]:
    """A loopback website without routes."""
    with website() as found:
        yield found


def crawled(folder: Path, source: str) -> list[CaptureRef | Damage]:
    """Crawl a recipe of one source without waiting; return the pages and damage of its archive."""
    (folder / "dataset.toml").write_text(
        '[dataset]\nname = "lab"\n[crawl]\ncontact = "mailto:a@example.org"\nmin_delay_s = 0.0\n'
        f'allow_private = ["127.0.0.1"]\n[[source]]\nname = "past"\nurls = ["example.org/*"]\n{source}'
    )

    clock = [datetime(2026, 1, 1, tzinfo=UTC)]

    async def wait(seconds: float) -> None:
        """Wait by moving the clock."""
        clock[0] += timedelta(seconds=seconds)

    crawl(load_recipe(folder), now=lambda: clock[0], wait=wait)
    found = [
        item for path in sorted((folder / "archive").glob("*.warc.gz")) for item in scan(path, source="past")
    ]
    return [item for item in found if isinstance(item, Damage) or item.role == "page"]


def test_records_are_copied_out_of_common_crawl(tmp_path: Path, site: Website) -> None:
    """Each record of the index is asked for by its range, 429 is obeyed, and the pages are in our archive."""
    common_crawl(site, shift=0)
    block = f'kind = "commoncrawl"\nlist_url = "{site.url}/collinfo.json"\ndata_url = "{site.url}/"\n'
    found = crawled(tmp_path, block)
    refs = sorted((item for item in found if isinstance(item, CaptureRef)), key=lambda ref: ref.url)
    pages = [ref for ref in refs if ref.url.startswith("https://example.org/") and ref.status == 200]
    assert [load(ref).body for ref in pages] == [page(number) for number in range(6)]
    assert all(ref.fetched_at.year == 2025 and ref.rights.robots == "unknown" for ref in pages)
    assert not [item for item in found if isinstance(item, Damage)]


def test_a_wrong_offset_costs_one_record(tmp_path: Path, site: Website) -> None:
    """An index that lies about one place loses that record, which is counted as damage."""
    common_crawl(site, shift=7)
    block = f'kind = "commoncrawl"\nlist_url = "{site.url}/collinfo.json"\ndata_url = "{site.url}/"\n'
    found = crawled(tmp_path, block)
    pages = {item.url for item in found if isinstance(item, CaptureRef) and item.status == 200}
    assert pages == {f"https://example.org/{number}" for number in (0, 1, 2, 4, 5)}
    assert ["no whole record" in item.reason for item in found if isinstance(item, Damage)] == [True]


def test_mementos_are_copied_out_of_a_replay_service(tmp_path: Path, site: Website) -> None:
    """The index is walked by its resume key, and each capture comes with its own time."""
    head = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]

    def answer(request: Request) -> Reply:
        parts = urlsplit(request.path)
        if parts.path == "/cdx":
            number = 2 if "resumeKey" in parts.query else 1
            row = [f"org,example)/{number}", "20140102030405", f"http://example.org/{number}"]
            table = [head, [*row, "text/html", "200", f"D{number}", "9"]]
            table += [[], ["next"]] if number == 1 else []
            return Reply(json.dumps(table).encode(), mime="application/json")
        if parts.path.startswith("/web/20140102030405id_/"):
            moment = ("Memento-Datetime", "Thu, 02 Jan 2014 03:04:05 GMT")
            return Reply(page(int(parts.path[-1])), headers=(moment,))
        return Reply(b"nothing here", 404)

    site.fallback = answer
    block = f'kind = "wayback"\ncdx_url = "{site.url}/cdx"\nreplay_url = "{site.url}/web/"\n'
    found = crawled(tmp_path, block)
    refs = sorted((item for item in found if isinstance(item, CaptureRef)), key=lambda ref: ref.url)
    assert [(ref.url, ref.fetched_at.year) for ref in refs] == [
        ("http://example.org/1", 2014),
        ("http://example.org/2", 2014),
    ]
    assert [load(ref).body for ref in refs] == [page(1), page(2)]
