"""A host is asked slowly, asked again later when it is in trouble, and left alone when it wants us gone."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from crawling import FakeClock, captures, page_paths, recipe_for
from loopback import Reply, Request, Website, page, website

from builder.crawl import CrawlResult, Event, PageDone, crawl
from builder.crawl.pace import FAILURES_TO_STOP, REFUSALS_TO_STOP, Pace, retry_after_s
from builder.crawl.traps import trap_in

NOW = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)


def run(
    folder: Path, site: Website, *paths: str, clock: FakeClock | None = None, **settings: object
) -> CrawlResult:
    """Crawl from these paths by a clock of its own."""
    clock = clock or FakeClock()
    recipe = recipe_for(folder, *[site.url + path for path in paths or ("/",)], **settings)
    return crawl(recipe, now=clock.now, wait=clock.wait)


def failing(times: int, reply: Reply) -> Callable[[Request], Reply]:
    """Return an answer that fails so many times, then is a page."""
    left = [times]

    def answer(request: Request) -> Reply:
        left[0] -= 1
        return reply if left[0] >= 0 else page(text="أخيرا")

    return answer


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120.0), (" 7 ", 7.0), ("Sat, 01 Mar 2025 12:02:00 GMT", 120.0), ("Sat, 01 Mar 2025 11:00:00 GMT", 0.0),
     (None, None), ("soon", None), ("-5", None), ("٥", None), ("9" * 40, 999_999_999.0)],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    """RFC 9110, 10.2.3; nonsense is no Retry-After."""
    assert retry_after_s(value, NOW) == seconds


def test_the_longest_of_the_delays_holds() -> None:
    """Floor, Crawl-delay and twice the host's own time for an answer; the last is bounded."""
    pace = Pace("host", floor_s=1.0, max_delay_s=60.0)
    pace.answered(100.0, 200, 0.2, None)
    assert pace.next_s == 101.0
    pace.crawl_delay_s = 5.0
    assert pace.next_s == 105.0
    slow = Pace("slow", floor_s=1.0, max_delay_s=60.0)
    slow.answered(100.0, 200, 10.0, None)
    assert slow.next_s == 120.0
    slow.answered(200.0, 200, 1000.0, None)
    assert slow.next_s == 260.0
    slow.answered(300.0, 503, 0.1, 90.0)
    assert slow.next_s == 390.0


def test_backoff_doubles_with_jitter_and_is_the_same_for_the_same_host() -> None:
    """1, 2, 4 … seconds and up to half on top; seeded by the host's name, so that a run can be repeated."""
    waits = [[Pace(name, 1.0, 60.0).backoff_s(n) for n in range(8)] for name in ("a", "a", "b")]
    assert waits[0] == waits[1] != waits[2]
    for n, wait in enumerate(waits[0]):
        assert min(2.0**n, 60.0) <= wait <= 1.5 * min(2.0**n, 60.0)


def test_retry_after_is_kept_to(tmp_path: Path) -> None:
    """A 429 with Retry-After: 40 is asked again after 40 seconds, not before; so is the host's next page."""
    clock = FakeClock()
    busy = Reply(status=429, headers=(("Retry-After", "40"),))
    with website({"/": failing(1, busy)}) as site:
        result = run(tmp_path, site, clock=clock)
        assert site.pages() == ["/", "/"]
    assert result.tally.kept == 1
    assert max(clock.waits) >= 39


@pytest.mark.parametrize("status", [429, 503])
def test_a_plea_for_less_holds_the_whole_host(tmp_path: Path, status: int) -> None:
    """Without a Retry-After too: no other page is asked for in the 2, 4, 8 seconds after such answers in a row."""
    clock = FakeClock()
    asked: list[float] = []

    def answer(request: Request) -> Reply:
        asked.append(clock.now().timestamp())
        return Reply(status=status) if len(asked) <= 3 else page(text=request.path)

    with website({"/": page(*"abcdef")}) as site:
        site.fallback = answer
        site.routes |= {
            path: Reply(status=404) for path in ("/robots.txt", "/ai.txt", "/.well-known/tdmrep.json")
        }
        recipe = recipe_for(tmp_path, f"{site.url}/", min_delay_s=1)
        result = crawl(recipe, now=clock.now, wait=clock.wait)
    waits = [later - earlier for earlier, later in pairwise(asked)]
    assert result.tally.kept == 7
    assert [least <= wait <= 1.6 * least for wait, least in zip(waits, (2, 4, 8), strict=False)] == [True] * 3
    assert max(waits[3:]) < 2


def test_a_long_retry_after_ends_the_run_and_holds_in_the_next(tmp_path: Path) -> None:
    """An hour is not waited for; the page stays queued and is not asked for before the hour is over."""
    clock = FakeClock()
    busy = Reply(status=503, headers=(("Retry-After", "3600"),))
    with website({"/": failing(1, busy)}) as site:
        result = run(tmp_path, site, clock=clock)
        assert "3600" in (result.hosts[0].stopped or "")
        began = clock.now()
        run(tmp_path, site, clock=clock)
        assert site.pages() == ["/", "/"]
    assert (clock.now() - began).total_seconds() >= 3500


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_server_errors_are_tried_again(tmp_path: Path, status: int) -> None:
    """Two failures, then the page; every answer is in the archive."""
    with website({"/": failing(2, Reply(status=status))}) as site:
        result = run(tmp_path, site)
        recipe = recipe_for(tmp_path, site.url + "/")
    assert result.tally.kept == 1
    assert [ref.status for ref in captures(recipe) if ref.role == "page"] == [status, status, 200]


def test_tries_end(tmp_path: Path) -> None:
    """After max_retries the page is a failure of this run, and due again another day."""
    clock = FakeClock()
    with website({"/": Reply(status=500)}) as site:
        result = run(tmp_path, site, clock=clock, max_retries=3)
        assert site.pages() == ["/"] * 4
        assert result.tally.failed == {"status 500": 1}
        clock.pass_s(2 * 86_400)
        site.routes["/"] = page()
        assert run(tmp_path, site, clock=clock).tally.kept == 1


def test_a_broken_connection_is_tried_again(tmp_path: Path) -> None:
    """Closed without an answer, then cut off in the middle, then whole."""
    answers = iter([Reply(raw=b""), Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf")])
    with website({"/": lambda request: next(answers, page(text="كامل"))}) as site:
        result = run(tmp_path, site)
        recipe = recipe_for(tmp_path, site.url + "/")
    assert result.tally.kept == 1
    assert [ref.truncated for ref in captures(recipe) if ref.role == "page"][-2:] == ["disconnect", None]


@pytest.mark.parametrize("status", [401, 403])
def test_a_host_that_refuses_everything_is_left_with_a_report(tmp_path: Path, status: int) -> None:
    """Ten refusals in a row: the rest of its queue is not asked for, and the report says why."""
    paths = [f"/{n}" for n in range(25)]
    with website({path: Reply(status=status) for path in paths}) as site:
        result = run(tmp_path, site, *paths)
        assert len(site.pages()) == REFUSALS_TO_STOP
    assert str(status) in (result.hosts[0].stopped or "")
    assert result.queued == 15


def test_single_refusals_do_not_stop_a_host(tmp_path: Path) -> None:
    """Members' pages between open ones are refused one by one."""
    paths = [f"/{n}" for n in range(24)]
    routes = {path: Reply(status=403) if n % 2 else page(text=path) for n, path in enumerate(paths)}
    with website(routes) as site:
        result = run(tmp_path, site, *paths)
    assert result.hosts[0].stopped is None
    assert result.tally.dropped == {"status 403": 12}


def test_a_dead_host_is_left(tmp_path: Path) -> None:
    """Nothing listens: robots.txt is tried a few times and the host left for this run."""
    with website() as site:
        port = site.port
    clock = FakeClock()
    result = crawl(recipe_for(tmp_path, f"http://127.0.0.1:{port}/"), now=clock.now, wait=clock.wait)
    assert str(result.hosts[0].stopped).startswith("robots.txt unreachable: ")
    assert result.queued == 1


def test_a_host_that_dies_on_the_way_is_left() -> None:
    """Eight requests without an answer end the run of a host; one answer between begins the count anew."""
    pace = Pace("host", 1.0, 60.0)
    for _ in range(FAILURES_TO_STOP - 1):
        pace.failed(0.0, "refused")
    pace.answered(0.0, 200, 0.1, None)
    for _ in range(FAILURES_TO_STOP - 1):
        pace.failed(0.0, "refused")
    assert pace.stopped is None
    pace.failed(0.0, "refused")
    assert "refused" in (pace.stopped or "")


def test_budgets_end_a_host(tmp_path: Path) -> None:
    """Pages and bytes are bounded per host; what is over stays queued."""
    links = [f"/{n}" for n in range(10)]
    routes = {"/": page(*links), **{link: page(text=link * 300) for link in links}}
    with website(routes) as site:
        result = run(tmp_path / "pages", site, max_pages_per_host=4)
        assert len(site.pages()) == 4
        assert result.hosts[0].stopped == "budget of 4 pages used up"
        site.log.clear()
        result = run(tmp_path / "bytes", site, max_bytes_per_host=2500)
        assert 1 < len(site.pages()) < 8
        assert "bytes used up" in (result.hosts[0].stopped or "")


@pytest.mark.parametrize(
    ("name", "links", "stopped"),
    [
        ("repeating path", lambda path: (path.rstrip("/") + "/a/b/",), "trap: repeating path"),
        (
            "filters",
            lambda path: [f"/list?{c}{d}=1" for c in "abcdefgh" for d in "abcdefgh"],
            "trap: too many filters",
        ),
        (
            "parameters",
            lambda path: ("/x?" + "&".join(f"p{n}=1" for n in range(12)),),
            "trap: too many parameters",
        ),
        ("calendar", lambda path: ("/calendar/2031/05", "/calendar/1971/05"), "trap: calendar"),
    ],
)
def test_traps_are_not_walked_into(
    tmp_path: Path, name: str, links: Callable[[str], list[str]], stopped: str
) -> None:
    """Addresses without end are held back, counted and reported; the crawl ends by itself."""
    with website() as site:
        site.fallback = lambda request: page(
            *links(request.path.partition("?")[0]), text=f"{name} {request.path}"
        )
        result = run(tmp_path, site, max_pages_per_host=200)
        assert len(site.pages()) < 60
    assert stopped in result.hosts[0].skipped


@pytest.mark.parametrize(
    ("path", "trap"),
    [
        ("/events/1446/09", None),
        ("/calendar/?date=1447-01-05", None),
        ("/events/17851", None),
        ("/event/178512", None),
        ("/events/202501", None),
        ("/events/197105", "calendar"),
        ("/calendar/1300/05", "calendar"),
        ("/calendar/1460-05", "calendar"),
    ],
)
def test_a_calendar_may_count_from_the_hijra(path: str, trap: str | None) -> None:
    """Hijri years of our time are no years long past, and the number of an article is no year."""
    assert trap_in(f"http://site.example{path}", 2025) == trap


def test_an_endless_calendar_ends_by_depth(tmp_path: Path) -> None:
    """Next month, next month: a chain no rule sees ends at max_depth."""
    with website() as site:
        site.routes = {f"/n{n}": page(f"/n{n + 1}", text=f"شهر {n}") for n in range(20)}
        run(tmp_path, site, "/n0", max_depth=7)
        assert site.pages() == [f"/n{n}" for n in range(8)]


def test_two_hosts_are_asked_side_by_side(tmp_path: Path) -> None:
    """One slow host does not hold up another, and each keeps its own delay."""
    with (
        website({"/": page("/a"), "/a": page(text="أ")}) as one,
        website({"/": page("/b"), "/b": page(text="ب")}) as two,
    ):
        clock = FakeClock()
        recipe = recipe_for(tmp_path, f"{one.url}/", f"{two.url}/", min_delay_s=2)
        result = crawl(recipe, now=clock.now, wait=clock.wait)
    assert [report.kept for report in result.hosts] == [2, 2]
    assert sorted(page_paths(captures(recipe))) == ["/", "/", "/a", "/b"]


def test_a_run_whose_pages_are_used_up_waits_for_nobody(tmp_path: Path) -> None:
    """Once `max_pages` are done, a host that asked for five minutes between requests is not waited for."""
    clock, left, waiting = FakeClock(), list[float](), threading.Event()

    def robots_later(request: Request) -> Reply:
        assert waiting.wait(20)
        return Reply(status=404)

    async def wait(seconds: float) -> None:
        if seconds < 100:
            await clock.wait(seconds)
            return
        waiting.set()
        try:
            async with asyncio.timeout(20):
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            left.append(seconds)
            raise

    robots = Reply(b"User-agent: *\nCrawl-delay: 300", mime="text/plain")
    with website({"/": page(), "/robots.txt": robots}) as slow, website({"/": page()}) as quick:
        quick.routes["/robots.txt"] = robots_later
        recipe = recipe_for(tmp_path, f"{quick.url}/", f"{slow.url}/")
        result = crawl(recipe, now=clock.now, wait=wait, max_pages=1)
        assert (quick.pages(), slow.pages()) == (["/"], [])
    assert (len(left), result.queued, result.interrupted) == (1, 1, False)


def many(count: int, site: Website) -> dict[str, tuple[str, int]]:
    """Return so many hosts that all are one site."""
    return {f"h{number:03}.example": ("127.0.0.1", site.port) for number in range(count)}


def test_hosts_that_wait_hold_up_no_other(tmp_path: Path) -> None:
    """Forty hosts ask for 300 seconds between requests; all pages of another come meanwhile."""
    clock, finished, told = FakeClock(), asyncio.Event(), list[PageDone]()
    robots = Reply(b"User-agent: *\nCrawl-delay: 300", mime="text/plain")

    async def wait(seconds: float) -> None:
        if seconds < 100:
            await clock.wait(seconds)
            return
        async with asyncio.timeout(20):
            await finished.wait()

    def tell(event: Event) -> None:
        if isinstance(event, PageDone):
            told.append(event)
            if event.url.endswith("/p9"):
                finished.set()

    pages = {f"/p{number}": page(f"/p{number + 1}", text=f"مقال {number}") for number in range(9)}
    with website({"/": page(), "/robots.txt": robots}) as slow, website(pages | {"/p9": page()}) as quick:
        hosts = many(40, slow)
        recipe = recipe_for(tmp_path, *(f"http://{host}/" for host in hosts), f"{quick.url}/p0")
        crawl(recipe, now=clock.now, wait=wait, progress=tell, resolve=hosts)
        paths = quick.pages()
    assert paths == [f"/p{number}" for number in range(10)]
    assert [event.url for event in told[:10]] == [quick.url + path for path in paths]
    assert len(told) == 50


def test_more_hosts_than_a_process_may_have_files(tmp_path: Path) -> None:
    """Connections that wait for a next request are closed before the system refuses another."""
    code = (
        "import resource, sys\nfrom pathlib import Path\n"
        "from builder.crawl import crawl\nfrom builder.recipe import load_recipe\n"
        "_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))\n"
        "hosts = {f'h{number:03}.example': ('127.0.0.1', int(sys.argv[2])) for number in range(240)}\n"
        "print(crawl(load_recipe(Path(sys.argv[1])), resolve=hosts).tally)\n"
    )
    with website() as site:
        site.fallback = lambda request: page() if request.path == "/" else Reply(status=404)
        recipe_for(tmp_path, *(f"http://{host}/" for host in many(240, site)))
        command = [sys.executable, "-c", code, str(tmp_path), str(site.port)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "kept=240, " in done.stdout, done
