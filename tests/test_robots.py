"""robots.txt is obeyed as RFC 9309 says: what it allows, and what its absence, failure or redirect means."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from crawling import FakeClock, captures, recipe_for
from loopback import Answering, Reply, Request, page, website

from builder.crawl import CrawlResult, crawl
from builder.crawl.robots import MAX_ROBOTS_BYTES, Rules, decoded_robots, verdict_of

URL = "http://site.example"


def rules(text: str, agent: str = "hiwar") -> Rules:
    """Return the rules of a robots.txt with this text."""
    return Rules("rules", "", text.encode(), agent)


ALL = "User-agent: *\nDisallow: /"
MATCHING = [
    # text, path, allowed (RFC 9309, 2.2; restated from the standard's own examples)
    ("", "/x", True),
    (ALL, "/", False),
    (ALL, "/robots.txt", True),
    ("User-agent: *\nDisallow:", "/x", True),
    ("User-agent: hiwar\nDisallow: /a\n\nUser-agent: *\nDisallow: /", "/b", True),
    ("User-agent: HIWAR\nDisallow: /a", "/a", False),
    ("user-AGENT: hiwar\ndisALLOW: /a", "/a", False),
    ("User-agent: other\nDisallow: /", "/x", True),
    ("User-agent: Hiwar/1.0\nDisallow: /", "/x", False),
    ("User-agent: hiwar\nDisallow: /a\n\nUser-agent: Hiwar/2.1 (dataset)\nDisallow: /b", "/b", False),
    ("User-agent: other/1.0\nDisallow: /", "/x", True),
    ("User-agent: GPTBot/1.0\nUser-agent: *\nDisallow: /a", "/a", False),
    ("User-agent: other\nUser-agent: hiwar\nDisallow: /a", "/a", False),
    ("User-agent: hiwar\nDisallow: /a\n\nUser-agent: hiwar\nDisallow: /b", "/b", False),
    ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
    ("User-agent: *\nAllow: /a\nDisallow: /a/b", "/a/b", False),
    ("User-agent: *\nDisallow: /a\nAllow: /a", "/a", True),
    ("User-agent: *\nDisallow: /*.asp$", "/x/y.asp", False),
    ("User-agent: *\nDisallow: /*.asp$", "/x/y.asp?aid=1", True),
    ("User-agent: *\nDisallow: /*print=", "/x?a=1&print=1", False),
    ("User-agent: *\nDisallow: /A", "/a", True),
    ("User-agent: *\nDisallow: /مقال", "/%D9%85%D9%82%D8%A7%D9%84/1", False),
    ("User-agent: *\nDisallow: /%d9%85", "/%D9%85", False),
    ("User-agent: *\nDisallow: /a # تعليق", "/a", False),
    ("\ufeffUser-agent: *\nDisallow: /a", "/a", False),
    ("User-agent: *\r\nDisallow: /a\r\n", "/a", False),
    ("Sitemap: /s.xml\nUser-agent: *\nCrawl-delay: 1\nDisallow: /a", "/a", False),
    ("Disallow: /a", "/a", True),
]


@pytest.mark.parametrize(("text", "path", "allowed"), MATCHING)
def test_rules_decide_as_the_standard_says(text: str, path: str, allowed: bool) -> None:
    """Groups, longest match, wildcards, case, escapes, comments."""
    assert rules(text).ruling(URL + path).allowed is allowed


@pytest.mark.parametrize(
    ("text", "path", "rule"),
    [
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b", "Allow: /a/b"),
        ("User-agent: *\nDisallow: /a", "/a/c", "Disallow: /a"),
        ("User-agent: *\nDisallow: /a", "/c", "no rule matches"),
        ("User-agent: *\nDisallow: /*.asp$", "/x.asp", "Disallow: /*.asp$"),
    ],
)
def test_each_verdict_names_its_line(text: str, path: str, rule: str) -> None:
    """The evidence that goes into the archive is the line itself."""
    assert rules(text).ruling(URL + path).rule == rule


@pytest.mark.parametrize(
    ("text", "delay_s"),
    [
        ("User-agent: *\nCrawl-delay: 2.5", 2.5),
        ("User-agent: *\nRequest-rate: 1/10s", 10.0),
        ("User-agent: *\nCrawl-delay: -3", 0.0),
        ("User-agent: *\nCrawl-delay: soon", 0.0),
        ("User-agent: *\nCrawl-delay: 99999", 300.0),
        ("User-agent: hiwar\nDisallow: /a\n\nUser-agent: *\nCrawl-delay: 9", 0.0),
    ],
)
def test_delays_are_read(text: str, delay_s: float) -> None:
    """Crawl-delay and Request-rate of our group; nonsense asks for nothing, the extreme is bounded."""
    assert rules(text).delay_s == delay_s


def test_a_comment_in_windows_1256_does_no_harm() -> None:
    """Bytes that are no UTF-8 do not switch the rules off."""
    body = "# تعليق بالعربية\n".encode("windows-1256") + b"User-agent: *\nDisallow: /a\n"
    assert not Rules("rules", "", body, "hiwar").ruling(URL + "/a").allowed


def test_a_long_file_is_cut_at_a_line() -> None:
    """The first 512 KiB count; a line cut in two must not become another rule."""
    filler = b"# x\n" * (MAX_ROBOTS_BYTES // 4)
    start = b"User-agent: *\nDisallow: /early\n"
    body = start + filler[: MAX_ROBOTS_BYTES - len(start) - 12] + b"\nDisallow: /late\n"
    found = Rules("rules", "", body, "hiwar")
    assert len(decoded_robots(body)) <= MAX_ROBOTS_BYTES
    assert not found.ruling(URL + "/early").allowed
    assert found.ruling(URL + "/late").allowed
    assert found.ruling(URL + "/other").allowed


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(200, "rules"), (206, "rules"), (301, "allow"), (401, "allow"), (403, "allow"), (404, "allow"), (410, "allow"),
     (429, "allow"), (500, "forbid"), (503, "forbid"), (599, "forbid"), (None, "forbid")],
)  # fmt: skip
def test_each_status_has_its_verdict(status: int | None, verdict: str) -> None:
    """RFC 9309, 2.3.1: unavailable allows, unreachable forbids."""
    assert verdict_of(status)[0] == verdict


def text(body: str | bytes, status: int = 200, **headers: str) -> Reply:
    """Return a plain text answer."""
    data = body.encode() if isinstance(body, str) else body
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Reply(data, status, named, mime="text/plain")


def hop(location: str) -> Reply:
    """Return a redirect."""
    return Reply(status=302, headers=(("Location", location),))


def drip(request: Request) -> Iterator[bytes]:
    """Begin an answer and break off."""
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nUser-agent: *\n"


def chain(hops: int) -> dict[str, Reply | Answering]:
    """Return a robots.txt that lies so many redirects away and forbids all."""
    routes: dict[str, Reply | Answering] = {"/robots.txt": hop("/r1") if hops else text(ALL)}
    routes |= {f"/r{n}": hop(f"/r{n + 1}") for n in range(1, hops)}
    return routes | ({f"/r{hops}": text(ALL)} if hops else {})


FETCHED: list[tuple[str, dict[str, Reply | Answering], bool]] = [
    ("200 with rules", {"/robots.txt": text(ALL)}, False),
    ("200 empty", {"/robots.txt": text("")}, True),
    ("200 that is a page", {"/robots.txt": page(text="ليس ملف قواعد")}, True),
    ("byte order mark", {"/robots.txt": text("\ufeff" + ALL)}, False),
    ("windows-1256 comment", {"/robots.txt": text("# مرحبا\n".encode("cp1256") + ALL.encode())}, False),
    ("utf-16", {"/robots.txt": text(ALL.encode("utf-16"))}, True),
    ("gzip", {"/robots.txt": text(__import__("gzip").compress(ALL.encode()), Content_Encoding="gzip")}, False),
    ("big, rule first", {"/robots.txt": text(ALL + "\n#" + "x" * 2_000_000)}, False),
    ("big, rule past 512 KiB", {"/robots.txt": text("# x\n" * 200_000 + ALL)}, True),
    ("gzip bomb", {"/robots.txt": text(__import__("gzip").compress(ALL.encode() + b"\n" + b"#" * 40_000_000),
                                       Content_Encoding="gzip")}, False),
    ("301", chain(1), False),
    ("five redirects", chain(5), False),
    ("six redirects", chain(6), True),
    ("redirect to nothing", {"/robots.txt": hop("/none")}, True),
    ("redirect to 500", {"/robots.txt": hop("/r"), "/r": text("", 500)}, False),
    ("redirect into the house", {"/robots.txt": hop("http://169.254.169.254/robots.txt")}, False),
    ("400", {"/robots.txt": text(ALL, 400)}, True),
    ("401", {"/robots.txt": text(ALL, 401)}, True),
    ("403", {"/robots.txt": text(ALL, 403)}, True),
    ("404 whose body is rules", {"/robots.txt": text(ALL, 404)}, True),
    ("410", {"/robots.txt": text(ALL, 410)}, True),
    ("429", {"/robots.txt": text("", 429)}, True),
    ("500", {"/robots.txt": text("User-agent: *\nAllow: /", 500)}, False),
    ("503", {"/robots.txt": text("", 503)}, False),
    ("closed at once", {"/robots.txt": Reply(raw=b"")}, False),
    ("broken off", {"/robots.txt": drip}, False),
    ("no HTTP", {"/robots.txt": Reply(raw=b"hello\r\n\r\n")}, False),
]  # fmt: skip


def run(folder: Path, url: str, clock: FakeClock | None = None, **settings: object) -> CrawlResult:
    """Crawl from one page by a clock of its own."""
    clock = clock or FakeClock()
    return crawl(recipe_for(folder, url, **settings), now=clock.now, wait=clock.wait)


@pytest.mark.parametrize(
    ("routes", "allowed"), [case[1:] for case in FETCHED], ids=[case[0] for case in FETCHED]
)
def test_the_fetch_matrix(tmp_path: Path, routes: dict[str, Reply | Answering], allowed: bool) -> None:
    """Status, redirects, size, encoding and failure: is the page asked for or not (RFC 9309, 2.3 to 2.5)."""
    with website({**routes, "/page": page()}) as site:
        run(tmp_path, f"{site.url}/page")
        assert ("/page" in site.paths()) is allowed


def test_a_host_without_an_answer_keeps_its_queue(tmp_path: Path) -> None:
    """A 503 for robots.txt ends the host's run with a report; the next run asks again and goes on."""
    clock = FakeClock()
    with website({"/robots.txt": text("", 503), "/": page()}) as site:
        result = run(tmp_path, f"{site.url}/", clock)
        assert result.hosts[0].stopped == "robots.txt 503"
        assert result.queued == 1
        site.routes["/robots.txt"] = text("")
        assert run(tmp_path, f"{site.url}/", clock).tally.kept == 1


def test_many_starts_get_one_answer(tmp_path: Path) -> None:
    """Sixteen pages that wait for one robots.txt: none of the forbidden ones is asked for, and it is asked once."""
    starts = [f"/p{n}" for n in range(16)]
    with website({"/robots.txt": text(ALL), **{start: page() for start in starts}}) as site:
        clock = FakeClock()
        recipe = recipe_for(tmp_path, *[site.url + start for start in starts])
        result = crawl(recipe, now=clock.now, wait=clock.wait)
        assert site.paths().count("/robots.txt") == 1
        assert site.pages() == []
    assert result.tally.dropped == {"robots": 16}


def test_robots_is_asked_again_after_a_day(tmp_path: Path) -> None:
    """Within 24 hours the stored copy serves, also across runs; then it is asked for anew and obeyed."""
    clock = FakeClock()
    with website({"/robots.txt": text(""), "/": page()}) as site:
        for hours, times in ((0, 1), (23, 1), (2, 2)):
            clock.pass_s(hours * 3600)
            run(tmp_path, f"{site.url}/", clock, recrawl_min_days=0, recrawl_max_days=0)
            assert site.paths().count("/robots.txt") == times
        site.routes["/robots.txt"] = text(ALL)
        site.log.clear()
        clock.pass_s(25 * 3600)
        run(tmp_path, f"{site.url}/", clock, recrawl_min_days=0, recrawl_max_days=0)
        assert site.pages() == []


@pytest.mark.parametrize("status", [500, 429])
def test_an_older_copy_serves_while_the_file_cannot_be_reached(tmp_path: Path, status: int) -> None:
    """RFC 9309, 2.4: past 24 hours the old rules hold as long as robots.txt answers 5xx, or 429."""
    clock = FakeClock()
    with website(
        {"/robots.txt": text("User-agent: *\nDisallow: /no"), "/": page("/no", "/yes"), "/yes": page()}
    ) as site:
        run(tmp_path, f"{site.url}/", clock)
        site.routes["/robots.txt"] = text("", status)
        site.log.clear()
        clock.pass_s(40 * 86_400)
        run(tmp_path, f"{site.url}/", clock)
        assert site.pages() == ["/", "/yes"]


def delays(
    answer: Callable[[], Reply], folder: Path, **settings: object
) -> tuple[CrawlResult, FakeClock, list[str]]:
    """Crawl a start page and three others with this robots.txt; return result, clock and pages asked for."""
    clock = FakeClock()
    links = ["/1", "/2", "/3"]
    with website(
        {"/robots.txt": answer(), "/": page(*links), **{link: page(text=link) for link in links}}
    ) as site:
        result = run(folder, f"{site.url}/", clock, **settings)
        return result, clock, site.paths()


def test_crawl_delay_is_kept(tmp_path: Path) -> None:
    """With Crawl-delay: 7 each request after robots.txt waits 7 seconds."""
    _, clock, paths = delays(lambda: text("User-agent: *\nCrawl-delay: 7"), tmp_path)
    assert len(paths) == 7
    assert len([wait for wait in clock.waits if wait >= 6.9]) == len(paths) - 1


def test_the_floor_is_kept(tmp_path: Path) -> None:
    """Without a word from the host the recipe's min_delay_s lies between any two requests."""
    _, clock, paths = delays(lambda: text(""), tmp_path, min_delay_s=3)
    assert len([wait for wait in clock.waits if wait >= 2.9]) == len(paths) - 1


def test_the_verdict_lies_beside_the_page(tmp_path: Path) -> None:
    """The metadata record says what robots.txt allowed and by which line."""
    with website({"/robots.txt": text("User-agent: *\nAllow: /art\nDisallow: /"), "/art": page()}) as site:
        run(tmp_path, f"{site.url}/art")
    ref = next(ref for ref in captures(recipe_for(tmp_path, f"{site.url}/art")) if ref.role == "page")
    assert (ref.rights.robots, ref.rights.robots_rule) == ("allowed", "Allow: /art")


def test_an_origin_that_cannot_be_reached_does_not_hold_up_its_twin(tmp_path: Path) -> None:
    """Links to https of a host that has none are left for another run; its http pages are fetched all the same."""
    with website() as site:
        twin = f"https://127.0.0.1:{site.port}"
        site.routes = {"/": page(f"{twin}/a", "/b"), "/b": page(text="ب")}
        clock = FakeClock()
        recipe = recipe_for(tmp_path, f"{site.url}/", timeout_s=2)
        result = crawl(recipe, now=clock.now, wait=clock.wait)
        assert {"/", "/b"} <= set(site.pages())
    assert (result.tally.kept, result.queued) == (2, 1)
    ((why, times),) = result.hosts[0].skipped.items()
    assert (why.startswith("robots.txt unreachable: "), times) == (True, 1)


def test_an_address_that_the_guard_refuses_is_named(tmp_path: Path) -> None:
    """Whoever crawls an intranet learns which address to allow, not only that robots.txt did not come."""
    clock = FakeClock()
    recipe = recipe_for(tmp_path, "http://127.0.0.1:9/", allow_private=[])
    (host,) = crawl(recipe, now=clock.now, wait=clock.wait).hosts
    assert host.stopped == "robots.txt unreachable: address 127.0.0.1 is not on the open internet"
