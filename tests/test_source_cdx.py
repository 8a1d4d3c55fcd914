"""Common Crawl and the Wayback Machine: from an index to captures that read like any other page."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from builder.archive.read import load, name_of, scan
from builder.crawl.pace import Pace
from builder.model import Capture, CaptureRef, Damage, Target
from builder.sources.base import AnySource
from builder.sources.cdx import Pattern
from builder.sources.commoncrawl import CommonCrawlBlock, CommonCrawlSource
from builder.sources.wayback import WaybackBlock, WaybackSource
from tests.warcmaker import http, page, record, response, sha1, write

INDEX = "http://127.0.0.1:9/CC-MAIN-2025-05-index"


def crawl_source(**keys: object) -> CommonCrawlSource:
    """Return a Common Crawl source over example.org."""
    block = {"kind": "commoncrawl", "name": "cc", "urls": ["example.org/*"], **keys}
    return CommonCrawlSource(CommonCrawlBlock.model_validate(block))


def wayback_source(**keys: object) -> WaybackSource:
    """Return a Wayback source over example.org."""
    block = {"kind": "wayback", "name": "past", "urls": ["example.org/*"], **keys}
    return WaybackSource(WaybackBlock.model_validate(block))


def answer(target: Target, body: bytes, status: int = 200) -> Capture:
    """Return what a server answered to a target."""
    ref = CaptureRef(
        source=target.source,
        role=target.role,
        url=target.url,
        status=status,
        mime="application/json",
        fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
        payload_digest="",
        record_id="<urn:uuid:0>",
        kind="response",
        path="",
        warc_file="",
        warc_offset=0,
        warc_length=0,
    )
    return Capture(ref, (), body)


def walk(source: AnySource, serve: Callable[[Target], bytes | int]) -> list[Target]:
    """Follow a source from its seeds through all answers; return the targets of pages, in order."""
    waiting: list[Target] = list(source.seeds())
    pages: list[Target] = []
    while waiting:
        target = waiting.pop(0)
        if target.role in ("commoncrawl.record", "wayback.memento"):
            pages.append(target)
            continue
        given = serve(target)
        capture = answer(target, b"", given) if isinstance(given, int) else answer(target, given)
        waiting += source.follow(capture, target)
    return pages


def row(number: int, timestamp: str = "20250301080000", **fields: object) -> dict[str, object]:
    """Return an index row as Common Crawl writes it."""
    return {
        "urlkey": f"org,example)/{number}",
        "timestamp": timestamp,
        "url": f"https://example.org/{number}",
        "mime": "text/html",
        "status": "200",
        "digest": f"D{number}",
        "length": "100",
        "offset": str(number * 1000),
        "filename": "crawl-data/x.warc.gz",
        **fields,
    }


def lines(rows: Iterable[dict[str, object]]) -> bytes:
    """Return rows as JSON lines."""
    return "".join(json.dumps(one) + "\n" for one in rows).encode()


def common_crawl(pages: list[list[dict[str, object]]]) -> Callable[[Target], bytes | int]:
    """Return a server with one crawl whose index has those pages."""

    def serve(target: Target) -> bytes | int:
        if target.role == "commoncrawl.crawls":
            return json.dumps(
                [
                    {"id": "CC-MAIN-2025-05", "cdx-api": INDEX},
                    {"id": "CC-MAIN-2024-51", "cdx-api": INDEX + "-old"},
                ]
            ).encode()
        if "showNumPages" in target.url:
            return json.dumps({"pages": len(pages), "pageSize": 5}).encode()
        return lines(pages[int(target.url.rpartition("page=")[2])])

    return serve


def test_common_crawl_is_walked_page_by_page() -> None:
    """Each row of each index page becomes one Range request for exactly its bytes."""
    found = walk(crawl_source(), common_crawl([[row(1), row(2)], [row(3)]]))
    assert [target.headers[0] for target in found] == [
        ("Range", "bytes=1000-1099"),
        ("Range", "bytes=2000-2099"),
        ("Range", "bytes=3000-3099"),
    ]
    assert {target.url for target in found} == {"https://data.commoncrawl.org/crawl-data/x.warc.gz"}


def test_the_crawls_of_the_recipe_are_asked_and_no_others() -> None:
    """Named crawls, or as many of the newest as wanted, with the time window in the question."""
    asked: list[str] = []
    serve = common_crawl([[]])

    def listening(target: Target) -> bytes | int:
        asked.append(target.url)
        return serve(target)

    walk(crawl_source(crawls=["CC-MAIN-2024-51"], since="2024", until="202402"), listening)
    assert asked[1].startswith(INDEX + "-old?url=example.org%2F%2A&output=json&from=2024&to=202402")
    asked.clear()
    walk(crawl_source(newest_crawls=2), listening)
    assert [url.partition("?")[0] for url in asked if "showNum" in url] == [INDEX, INDEX + "-old"]


def test_an_index_without_pages_is_read_at_once() -> None:
    """A flat index ignores the question for pages and answers with rows."""
    found = walk(
        crawl_source(),
        lambda target: lines([row(1)]) if "showNum" in target.url else common_crawl([])(target),
    )
    assert [target.headers[0][1] for target in found] == ["bytes=1000-1099"]


@pytest.mark.parametrize(
    "given",
    [
        404,
        503,
        b"",
        b"<html>busy</html>",
        b'{"message": "No Captures found"}',
        b"[[",
        b"[[1, 2], 3]",
        b"7",
        b"null",
        b'[{"id": "CC-MAIN-2025-05", "cdx-api": "http://[bad/"}, {"id": 1}, null]',
        b'{"pages": "many"}',
        b'{"pages": -1}',
    ],
)
def test_an_index_that_has_nothing_leads_nowhere(given: bytes | int) -> None:
    """No captures, an error page or an empty answer give no targets and no crash."""
    assert walk(crawl_source(), lambda target: given) == []
    assert walk(wayback_source(), lambda target: given) == []


def test_the_newest_capture_of_an_address_is_taken() -> None:
    """Of several captures the newest whole one is fetched; with "all" each content once."""
    rows = [
        row(1, "20240101000000", digest="A", offset="0"),
        row(1, "20240601000000", digest="B", offset="500"),
        row(1, "20240701000000", digest="B", offset="600"),
        row(1, "20250101000000", digest="A", mime="warc/revisit", status="-", offset="900"),
        row(1, "20250201000000", status="404", offset="950"),
        row(1, "20250301000000", mime="image/png", offset="960"),
    ]
    newest = walk(crawl_source(), common_crawl([rows]))
    assert [target.headers[0][1] for target in newest] == ["bytes=0-99"]
    every = walk(crawl_source(captures="all"), common_crawl([rows]))
    assert [target.headers[0][1] for target in every] == ["bytes=0-99", "bytes=600-699"]


def test_rows_that_cannot_be_fetched_are_passed_over() -> None:
    """A row without place, with a senseless one, or of a monster record is no target."""
    rows = [row(6, timestamp="soon"), row(7, length="999", filename="//elsewhere.example/x.warc.gz")]
    found = walk(crawl_source(), common_crawl([rows]))
    assert [target.url for target in found] == ["https://data.commoncrawl.org/elsewhere.example/x.warc.gz"]
    rows = [row(1, offset="x"), row(2, length="0"), row(3, length="99999999999"), row(4, filename=""), row(5)]
    found = walk(crawl_source(), common_crawl([rows]))
    assert [target.headers[0][1] for target in found] == ["bytes=5000-5099"]


def test_the_wayback_index_is_paged_by_its_resume_key() -> None:
    """The array form is read, and the key at its end leads to the next page."""
    head = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]

    def serve(target: Target) -> bytes | int:
        number = 2 if "resumeKey=org%2Cexample%29%2F1" in target.url else 1
        table: list[list[str]] = [head]
        table += [
            [f"k{number}", "20140102030405", f"http://example.org/{number}", "text/html", "200", "D", "9"]
        ]
        table += [[], ["org,example)/1"]] if number == 1 else []
        return json.dumps(table).encode()

    found = walk(wayback_source(since="2012"), serve)
    assert [target.url for target in found] == [
        "https://web.archive.org/web/20140102030405id_/http://example.org/1",
        "https://web.archive.org/web/20140102030405id_/http://example.org/2",
    ]
    assert found[0].via is not None
    assert "from=2012" in found[0].via


def test_a_revisit_whose_body_the_service_knows_is_replayed() -> None:
    """The Wayback Machine finds the body of a revisit; a Range of Common Crawl would not."""
    rows = [
        row(1, "20240101000000", digest="A"),
        row(1, "20250101000000", digest="B", mime="warc/revisit", status="-"),
    ]
    (memento,) = walk(wayback_source(), lambda target: lines(rows))
    assert "/20250101000000id_/" in memento.url
    (range_,) = walk(crawl_source(), common_crawl([rows]))
    assert range_.headers[0] == ("Range", "bytes=1000-1099")


def copied(path: Path, url: str, block: bytes) -> list[CaptureRef | Damage]:
    """Return what an archive holds after an answer from `url` was written into it with our metadata."""
    meta = record(
        "metadata",
        b"hiwar-role: commoncrawl.record\r\nvia: http://index/\r\nhiwar-how: api\r\nhiwar-robots: allowed\r\n",
        Content_Type="application/warc-fields",
        WARC_Concurrent_To="<urn:uuid:7>",
    )
    outer = record(
        "response",
        block,
        WARC_Record_ID="<urn:uuid:7>",
        WARC_Target_URI=url,
        WARC_Date="2026-01-01T00:00:00Z",
        WARC_Payload_Digest=sha1(block.split(b"\r\n\r\n", 1)[1]),
    )
    return list(scan(write(path / "cc-00000.warc.gz", [outer, meta]), source="cc"))


def test_a_range_of_a_warc_file_is_the_page_inside(tmp_path: Path) -> None:
    """Address, time, status and digest are the page's; place and record id are our archive's."""
    inner = gzip.compress(response(4))
    block = http(inner, "206 Partial Content", Content_Type="application/octet-stream")
    (ref,) = copied(tmp_path, "https://data.commoncrawl.org/x/y.warc.gz", block)
    assert isinstance(ref, CaptureRef)
    assert (ref.url, ref.status, ref.mime, ref.role) == ("https://example.org/4", 200, "text/html", "page")
    assert ref.fetched_at == datetime(2025, 3, 1, 8, tzinfo=UTC)
    assert ref.payload_digest == sha1(page(4))
    assert (ref.record_id, ref.warc_file, ref.via) == (
        "<urn:uuid:7>",
        name_of(Path(ref.path)),
        "http://index/",
    )
    assert ref.rights.robots == "unknown"
    capture = load(ref)
    assert capture.body == page(4)
    assert crawl_source().read(capture) is None


@pytest.mark.parametrize("cut", [slice(5, None), slice(None, -9), slice(0, 0)])
def test_a_range_at_a_wrong_offset_is_damage(tmp_path: Path, cut: slice) -> None:
    """Bytes that are no whole record are counted as damage, not read as a page."""
    block = http(gzip.compress(response(4))[cut], "206 Partial Content")
    (found,) = copied(tmp_path, "https://data.commoncrawl.org/x/y.warc.gz", block)
    assert isinstance(found, Damage)
    assert "no whole record" in found.reason


def test_a_range_that_holds_another_page_is_skipped(tmp_path: Path) -> None:
    """An offset that leads to a whole record of an address nobody asked for gives no document."""
    block = http(gzip.compress(response(4)), "206 Partial Content")
    (ref,) = copied(tmp_path, "https://data.commoncrawl.org/x/y.warc.gz", block)
    assert isinstance(ref, CaptureRef)
    skipped = crawl_source(urls=["elsewhere.org/*"]).read(load(ref))
    assert skipped is not None
    assert skipped.skipped == "not-asked-for"


@pytest.mark.parametrize("url", ["http://example.org/4", "http:/example.org/4"])
def test_a_memento_is_the_page_at_its_time(tmp_path: Path, url: str) -> None:
    """A replayed capture has the page's address and the time of the original capture."""
    block = http(page(4), Memento_Datetime="Thu, 02 Jan 2014 03:04:05 GMT")
    (ref,) = copied(tmp_path, f"https://web.archive.org/web/20140102030405id_/{url}", block)
    assert isinstance(ref, CaptureRef)
    assert (ref.url, ref.fetched_at) == (
        "http://example.org/4",
        datetime(2014, 1, 2, 3, 4, 5, tzinfo=UTC),
    )
    assert load(ref).body == page(4)
    assert wayback_source().read(load(ref)) is None


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        ("example.org/*", "http://www.example.org/a?b=1", "http://sub.example.org/a"),
        ("*.example.org", "https://sub.example.org/a", "https://notexample.org/a"),
        ("*.example.org/debat/*", "https://sub.example.org/debat/x", "https://sub.example.org/other"),
        ("https://example.org/debat/*", "http://example.org/Debat/x", "http://example.org/deba"),
        ("example.org/one", "http://example.org/one/", "http://example.org/one/two"),
        ("example.org", "http://example.org/", "http://example.org/two"),
        (
            "example.org/مقالات/*",
            "http://example.org/%D9%85%D9%82%D8%A7%D9%84%D8%A7%D8%AA/1",
            "http://example.org/1",
        ),
        ("example.org/%d9%85/*", "http://example.org/%D9%85/1", "http://example.org/%D9%86/1"),
        ("حوار.example/*", "http://xn--mgbln4g.example/a", "http://x.example/a"),
        ("127.0.0.1:8091/*", "http://127.0.0.1:8091/a", "http://127.0.0.1/a"),
    ],
)
def test_patterns_mean_what_they_mean_to_the_index(pattern: str, inside: str, outside: str) -> None:
    """A pattern matches the addresses an index returns for it."""
    assert Pattern.of(pattern).matches(inside)
    assert not Pattern.of(pattern).matches(outside)


def test_shared_services_are_asked_slowly_whatever_the_recipe_says() -> None:
    """A recipe can slow the crawl of web.archive.org down, not speed it up; other hosts are as it says."""
    assert Pace("web.archive.org", 0.1, 60.0).delay_s == 3.0
    assert Pace("web.archive.org", 9.0, 60.0).delay_s == 9.0
    assert Pace("example.org", 0.1, 60.0).delay_s == 0.1


@pytest.mark.parametrize("moment", ["202", "2024-01-31", "last year", "202401310000001"])
def test_a_time_that_an_index_would_not_understand_is_refused(moment: str) -> None:
    """Digits alone, a year at least: an index passes over what it cannot read, and gives all there is."""
    for key in ("since", "until"):
        with pytest.raises(ValidationError, match=key):
            crawl_source(**{key: moment})
        assert crawl_source(**{key: "2024"})


@pytest.mark.parametrize("pattern", ["*", "https://*", "*.", "/debat/*"])
def test_the_whole_index_is_not_asked_for(pattern: str) -> None:
    """A pattern without a host is refused: the index is one shared server."""
    with pytest.raises(ValidationError, match="name a host"):
        crawl_source(urls=[pattern])
