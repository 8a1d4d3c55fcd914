"""What no server should send, and some do: it costs at most the answer it stands in, and never the crawl."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import brotli
import pytest
import zstandard
from crawling import FakeClock, assert_clean, captures, page_paths, recipe_for
from loopback import Answering, Reply, Request, page, website

from builder.console import Output
from builder.crawl import CrawlResult, Event, PageDone, crawl
from builder.crawl.pace import retry_after_s
from builder.crawl.robots import Rules
from builder.crawl.scope import host_of
from builder.recipe import Recipe
from builder.render.crawling import show_crawl
from builder.sources import discovery


def run(recipe: Recipe, clock: FakeClock | None = None) -> CrawlResult:
    """Crawl by a clock that moves by waiting alone; site.example is loopback."""
    clock = clock or FakeClock()
    return crawl(recipe, now=clock.now, wait=clock.wait, resolve={"site.example": ("127.0.0.1", 0)})


@pytest.mark.parametrize("include", [[], ["."]])
@pytest.mark.parametrize("link", ["http://x.example:99999/", "http://x.example:port/", "http://[1/"])
def test_a_link_that_is_no_address_costs_no_other(tmp_path: Path, link: str, include: list[str]) -> None:
    """A port that cannot be, a name that is none: the links beside it are followed."""
    with website({"/": page(link, "/a"), "/a": page(text="مقال آخر")}) as site:
        run(recipe_for(tmp_path, f"{site.url}/", source={"include": include}))
        assert site.pages() == ["/", "/a"]


@pytest.mark.parametrize(
    "robots",
    [
        Reply(status=301, headers=(("Location", "http://[x"),)),
        Reply(status=302, headers=(("Location", "http://x.example:99999/robots.txt"),)),
        Reply(b"Sitemap: http://[x/s.xml\nSitemap: http://x.example:99999/s.xml\n", mime="text/plain"),
    ],
)
def test_addresses_in_robots_that_are_none(tmp_path: Path, robots: Reply) -> None:
    """A redirect that leads nowhere counts like one without an end; a sitemap that is no address is none."""
    with website({"/robots.txt": robots, "/": page()}) as site:
        assert run(recipe_for(tmp_path, f"{site.url}/")).tally.kept == 1


@pytest.mark.parametrize(
    "value",
    [
        "Wed, 21 Oct 99999999999999 07:28:00 GMT",
        "Wed, 21 Oct 2015 07:28:00 +9999999999999999999",
        "Wed, 999999999999 Oct 2015 07:28:00 GMT",
        "",
    ],
)
def test_a_retry_after_beyond_all_time_is_none(value: str) -> None:
    """Numbers no clock has are no date."""
    assert retry_after_s(value, datetime(2025, 3, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    "line", ["Request-rate: 1/" + "9" * 400, "Crawl-delay: " + "9" * 400, "Crawl-delay: nan"]
)
def test_a_robots_file_that_asks_for_an_eternity_ends_no_crawl(tmp_path: Path, line: str) -> None:
    """A number beyond all numbers is the longest wait there is, or none; another host is asked all the same."""
    robots = Reply(f"User-agent: *\n{line}\n".encode(), mime="text/plain")
    with website({"/": page(), "/robots.txt": robots}) as slow, website({"/": page(text="مقال")}) as other:
        clock = FakeClock()
        result = run(recipe_for(tmp_path, f"{slow.url}/", f"{other.url}/"), clock)
    assert result.tally.kept == 2
    assert max(clock.waits, default=0) <= 300


def test_a_robots_file_of_line_ends_takes_no_time() -> None:
    """Half a megabyte of them once took hours."""
    began = time.process_time()
    assert Rules("rules", "", b"\n" * 30_000 + b"User-agent: hiwar/1\nDisallow: /", "hiwar").ruling(
        "http://a/b"
    ) == Rules("rules", "", b"User-agent: hiwar\nDisallow: /", "hiwar").ruling("http://a/b")
    assert time.process_time() - began < 2


def test_a_host_in_capitals_is_left_like_any_other(tmp_path: Path) -> None:
    """A robots.txt that cannot be had holds its URLs back, however their host is spelled."""
    with website({"/robots.txt": Reply(b"", 500), "/": page()}) as site:
        start = f"http://SITE.Example:{site.port}/"
        result = run(recipe_for(tmp_path, start, allow_private=["site.example"]))
        assert site.pages() == []
    assert (result.queued, result.hosts[0].stopped) == (1, "robots.txt 500")


def test_an_encoding_that_only_python_knows_is_none(tmp_path: Path) -> None:
    """Scripts write charset="undefined" into pages; the header or the bytes decide then."""
    odd = Reply('<meta charset="undefined"><a href="/s?q=مقال">س</a>'.encode(), mime="text/html")
    with website({"/": odd}) as site:
        run(recipe_for(tmp_path, f"{site.url}/"))
        assert site.pages() == ["/", "/s?q=%D9%85%D9%82%D8%A7%D9%84"]


FEED = b'<?xml version="1.0"?><rss><channel><item><link>/a</link></item></channel></rss>'
MAP = b"<urlset><url><loc>/a</loc></url></urlset>" + b"<!-- . -->" * 20_000


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("body", [FEED, MAP], ids=["feed", "sitemap"])
@pytest.mark.parametrize(
    ("coding", "pack"),
    [("gzip", gzip.compress), ("br", brotli.compress), ("zstd", zstandard.compress), ("", gzip.compress)],
)
def test_feeds_and_sitemaps_are_known_in_every_wrapping(
    tmp_path: Path, coding: str, pack: object, body: bytes, *, chunked: bool
) -> None:
    """Chunked, coded by any coding we ask for, or a packed file: a start is what its answer shows."""
    wire = pack(body)  # type: ignore[operator]
    headers = [("Content-Encoding", coding)] if coding else []
    if chunked:
        headers.append(("Transfer-Encoding", "chunked"))
        wire = b"%x\r\n%s\r\n0\r\n\r\n" % (len(wire), wire)
    answer = Reply(wire, mime="application/xml" if coding else "application/gzip", headers=tuple(headers))
    routes: dict[str, Reply | Answering] = {"/start": answer, "/a": page(text="مقال")}
    with website(routes) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/start")
        run(recipe)
    assert page_paths(captures(recipe)) == ["/start", "/a"]


def test_dots_in_an_address_go_round_no_rule(tmp_path: Path) -> None:
    """What robots.txt judges is the path that the server would come to."""
    robots = Reply(b"User-agent: *\nDisallow: /private/\n", mime="text/plain")
    links = ("/x/%2e%2e/private/1", "http://127.0.0.1:PORT/x/../private/2", "\\\\127.0.0.1:PORT\\ok")
    with website({"/robots.txt": robots}) as site:
        site.routes["/"] = page(*(link.replace("PORT", str(site.port)) for link in links))
        site.routes["/ok"] = page(text="مسموح")
        run(recipe_for(tmp_path, f"{site.url}/"))
        assert site.pages() == ["/", "/ok"]


def test_a_dot_behind_a_name_makes_no_second_host() -> None:
    """Politeness counts example.org. and EXAMPLE.org as the one host they are."""
    assert (
        len({host_of(f"http://{name}/a") for name in ("example.org", "EXAMPLE.org.", "example.org:80")}) == 1
    )


@pytest.mark.parametrize(("status", "page_asked"), [(503, False), (429, True)])
def test_a_robots_file_that_asks_to_wait_is_waited_for(tmp_path: Path, status: int, page_asked: bool) -> None:
    """Retry-After holds for robots.txt too: within the run up to five minutes, beyond that the host is left.

    What stays 429 after that allows, as other 4xx do (RFC 9309, 2.3.1.3); it is asked for again in the next run.
    """
    for after, asked in (("100", 3), ("3600", 1)):
        clock = FakeClock()
        busy = Reply(b"", status, (("Retry-After", after),))
        with website({"/robots.txt": busy, "/": page()}) as site:
            recipe = recipe_for(tmp_path / after, f"{site.url}/")
            run(recipe, clock)
            allowed = page_asked and asked == 3
            if not allowed:
                assert site.paths() == ["/robots.txt"] * asked
            assert site.paths().count("/robots.txt") == asked
            assert site.pages() == (["/"] if allowed else [])
            assert (max(clock.waits, default=0) >= 99) is (asked == 3)
            if allowed:
                continue
            site.routes["/robots.txt"] = Reply(b"", 404)
            began = clock.now()
            run(recipe, clock)
            assert (clock.now() - began).total_seconds() >= float(after) - 1
            assert site.paths().count("/robots.txt") == asked + 1
            assert site.pages() == ["/"]


def test_a_sitemap_beyond_the_cap_is_read_up_to_it(tmp_path: Path) -> None:
    """Arab addresses are long: 50,000 of them, escaped, pass 20 MB, which is no bomb; what fits is followed."""
    places = "".join(f"<url><loc>/{n}/{'%D9%85' * 20}</loc></url>" for n in range(20_000))
    places = places.replace("/12000/", "/wanted/12000/").replace("/19000/", "/wanted/19000/")
    xml = f"<urlset>{places}</urlset>".encode()
    packed = Reply(gzip.compress(xml), mime="application/xml", headers=(("Content-Encoding", "gzip"),))
    for name, sitemap in (("plain", Reply(xml, mime="application/xml")), ("gzip", packed)):
        with website({"/map.xml": sitemap}) as site:
            site.fallback = lambda request: page(text=request.path)
            site.routes["/robots.txt"] = Reply(b"Sitemap: /map.xml", mime="text/plain")
            source = {"include": ["/wanted/"]}
            recipe = recipe_for(tmp_path / name, f"{site.url}/", source=source, max_body_bytes=2_500_000)
            (host,) = run(recipe).hosts
            assert host.skipped["rest of a sitemap beyond 2,500,000 bytes"] == 1
            assert len([path for path in site.pages() if "/wanted/12000/" in path]) == 1
            assert not [path for path in site.pages() if "/wanted/19000/" in path]


def test_what_is_left_of_a_sitemap_is_in_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """More addresses than the protocol allows are not asked for, and the summary says how many were left."""
    monkeypatch.setattr(discovery, "MAX_SITEMAP_URLS", 3)
    xml = f"<urlset>{''.join(f'<url><loc>/{n}</loc></url>' for n in range(8))}</urlset>".encode()
    with website({"/map.xml": Reply(xml, mime="application/xml"), "/": page(text="البداية")}) as site:
        site.fallback = lambda request: page(text=request.path)
        site.routes["/robots.txt"] = Reply(b"Sitemap: /map.xml", mime="text/plain")
        result = run(recipe_for(tmp_path, f"{site.url}/"))
        assert sorted(site.pages()) == ["/", "/0", "/1", "/2", "/map.xml"]
    assert result.hosts[0].skipped == {"beyond 3 in one sitemap": 5}
    show_crawl(result, Output())
    assert "beyond 3 in one sitemap" in capsys.readouterr().out


BROKEN = {
    "two-lengths": b"Content-Length: 5\r\nContent-Length: 6",
    "no-number": b"Content-Length: 5 apples",
    "no-chunks": b"Transfer-Encoding: chunked\r\nX: apples",
}


@pytest.mark.parametrize("fault", BROKEN)
def test_an_answer_that_breaks_http_is_a_failure_that_says_so(
    tmp_path: Path, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is counted with its reason, tried as often as the recipe says, and holds up no page and no other host."""
    wire = b"HTTP/1.1 200 OK\r\n" + BROKEN[fault] + b"\r\n\r\nhello"
    events = list[Event]()
    with website({"/": page("/bad", "/good"), "/bad": Reply(raw=wire), "/good": page(text="مقال")}) as one:  # noqa: SIM117
        with website({"/": page(text="مضيف آخر")}) as other:
            recipe = recipe_for(tmp_path, f"{one.url}/", f"{other.url}/", max_retries=2)
            clock = FakeClock()
            result = crawl(recipe, now=clock.now, wait=clock.wait, progress=events.append)
            assert sorted(one.pages()) == ["/", "/bad", "/bad", "/bad", "/good"]
            assert other.pages() == ["/"]
    assert result.tally.as_dict()["failed_for"] == {"its answer breaks HTTP": 1}
    assert {host.stopped for host in result.hosts} == {None}
    (told,) = [event.reason for event in events if isinstance(event, PageDone) and event.outcome == "failed"]
    assert told is not None
    assert re.fullmatch(r"its answer breaks HTTP: [\w -]{8,}", told)
    assert "apples" not in told
    show_crawl(result, Output())
    assert "its answer breaks HTTP" in capsys.readouterr().out


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"


def swollen(request: Request) -> Iterator[bytes]:
    """Send a page of five letters whose chunk has an extension of 100 MB."""
    yield CHUNKED + b"5;"
    for _ in range(100):
        yield b"x" * 1_000_000


def crumbs(request: Request) -> Iterator[bytes]:
    """Send a page letter by letter, each in a chunk with a long name."""
    yield CHUNKED
    for _ in range(1_000):
        yield b"1;abcdefghijklmnopqrstuvwxyz\r\nx\r\n" * 500


@pytest.mark.parametrize("answer", [swollen, crumbs])
def test_what_is_no_body_counts_too(tmp_path: Path, answer: Answering) -> None:
    """Chunk borders come over the wire and fill the disk like letters do; the record says where it was cut."""
    with website({"/": answer}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", max_body_bytes=100_000)
        assert run(recipe).hosts[0].bytes < 6_000_000
    assert [ref.truncated for ref in captures(recipe) if ref.role == "page"] == ["length"]
    assert_clean(recipe)


def test_hints_without_end_are_no_answer(tmp_path: Path) -> None:
    """An answer is kept whole with its digest, or not at all."""

    def hints(request: Request) -> Iterator[bytes]:
        for _ in range(20):
            yield b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 1_000
        yield page(text="مقال").wire()

    with website({"/": hints, "/b": page(text="آخر")}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", f"{site.url}/b", max_retries=0)
        run(recipe)
    assert page_paths(captures(recipe)) == ["/b"]
    assert_clean(recipe)


@pytest.mark.parametrize(
    ("encoding", "asked"),
    [("utf-8", "/%D9%85?q=%D9%85"), ("cp1256", "/%E3?q=%E3")],
)
def test_a_redirect_in_raw_letters_leads_where_it_leads_a_browser(
    tmp_path: Path, encoding: str, asked: str
) -> None:
    """Servers put the letters of their pages into Location as they are."""
    wire = "HTTP/1.1 302 Found\r\nLocation: /م?q=م\r\nContent-Length: 0\r\n\r\n".encode(encoding)
    with website({"/": Reply(raw=wire), asked: page(text="مقال")}) as site:
        run(recipe_for(tmp_path, f"{site.url}/"))
        assert site.pages() == ["/", asked]


@pytest.mark.parametrize("name", ["ETag", "Last-Modified"])
def test_a_tag_that_cannot_be_sent_back_is_not(tmp_path: Path, name: str) -> None:
    """A control character in it is no reason never to see the page again."""
    clock = FakeClock()
    head = f'HTTP/1.1 200 OK\r\n{name}: "a\x01b"\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n'
    with website({"/": Reply(raw=head.encode() + b"ok")}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", recrawl_max_days=1)
        run(recipe, clock)
        clock.pass_s(2 * 86_400)
        assert run(recipe, clock).hosts[0].unchanged == 1
