"""What a second visit may go by: the tags of the newest answer, and a budget that counts new pages alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from crawling import FakeClock, assert_clean, captures, page_paths, recipe_for
from loopback import Reply, Request, page, website

from builder.archive.read import load
from builder.crawl import CrawlResult, crawl
from builder.recipe import Recipe

DAY_S = 86_400


def run(recipe: Recipe, clock: FakeClock) -> CrawlResult:
    """Crawl by a clock that moves by waiting alone."""
    return crawl(recipe, now=clock.now, wait=clock.wait)


def test_a_tag_goes_with_the_answer_it_came_with(tmp_path: Path) -> None:
    """A page that went back to an older text is fetched, not taken for the text between, whose answer had no tag."""
    texts = [("النص الأول", '"one"'), ("النص الثاني", None), ("النص الأول", '"one"')]
    clock = FakeClock()

    def answer(request: Request) -> Reply:
        text, tag = texts[0]
        if tag is not None and request.headers.get("if-none-match") == tag:
            return Reply(status=304, headers=(("ETag", tag),))
        return Reply(page(text=text).body, headers=() if tag is None else (("ETag", tag),))

    with website({"/": answer}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", recrawl_max_days=1)
        while texts:
            run(recipe, clock)
            texts.pop(0)
            clock.pass_s(2 * DAY_S)
    pages = [ref for ref in captures(recipe) if ref.role == "page"]
    assert [ref.status for ref in pages] == [200, 200, 200]
    assert "النص الأول" in load(pages[0]).body.decode()
    assert pages[2].payload_digest == pages[0].payload_digest
    assert_clean(recipe)


def test_other_chunks_of_the_same_page_are_no_change(tmp_path: Path) -> None:
    """Servers cut a body anew each time, "not modified" between: the page is unchanged, and kept as it came."""
    whole, sizes = page(text="النص نفسه").body, [10, 0, 17]
    clock = FakeClock()

    def answer(request: Request) -> Iterator[bytes]:
        size = sizes.pop(0)
        if not size:
            yield b"HTTP/1.1 304 Not Modified\r\n\r\n"
            return
        yield b'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: "x"\r\nTransfer-Encoding: chunked\r\n\r\n'
        for start in range(0, len(whole), size):
            piece = whole[start : start + size]
            yield b"%x\r\n%b\r\n" % (len(piece), piece)
        yield b"0\r\n\r\n"

    with website({"/": answer}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", recrawl_max_days=1)
        run(recipe, clock)
        for _ in range(2):
            clock.pass_s(2 * DAY_S)
            (host,) = run(recipe, clock).hosts
            assert (host.kept, host.unchanged) == (0, 1)
    pages = [ref for ref in captures(recipe) if ref.role == "page"]
    assert [load(ref).body for ref in pages] == [whole, b"", whole]
    assert pages[0].payload_digest != pages[2].payload_digest
    assert_clean(recipe)


def test_a_host_whose_budget_is_used_up_is_still_visited_again(tmp_path: Path) -> None:
    """New pages beyond the budget wait; those that are known are asked for when they are due, gone ones too."""
    clock = FakeClock()
    with website(
        {"/": page("/a", "/b", "/c"), "/a": page(text="أ"), "/b": page(text="ب"), "/c": page()}
    ) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", max_pages_per_host=3, recrawl_max_days=1)
        first = run(recipe, clock)
        assert site.pages() == ["/", "/a", "/b"]
        assert "budget of 3 pages" in (first.hosts[0].stopped or "")
        assert first.queued == 1
        site.log.clear()
        site.routes |= {"/a": Reply(status=404)}
        clock.pass_s(2 * DAY_S)
        again = run(recipe, clock)
        assert sorted(site.pages()) == ["/", "/a", "/b"]
        assert "budget of 3 pages" in (again.hosts[0].stopped or "")
        assert again.queued == 1
        wider = recipe_for(tmp_path, f"{site.url}/", max_pages_per_host=9, recrawl_max_days=1)
        run(wider, clock)
    assert "/c" in page_paths(captures(recipe))


def test_who_refused_is_left_for_a_day_however_short_the_intervals(tmp_path: Path) -> None:
    """A recipe that visits all in every run does not knock in every run where it was turned away."""
    clock = FakeClock()
    with website({"/": page("/shut"), "/shut": Reply(status=403)}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", recrawl_min_days=0, recrawl_max_days=0)
        for _ in range(2):
            run(recipe, clock)
            clock.pass_s(3600)
        assert sorted(site.pages()) == ["/", "/", "/shut"]
        clock.pass_s(DAY_S)
        run(recipe, clock)
        assert site.pages().count("/shut") == 2


def test_two_answers_that_were_cut_are_not_taken_for_one(tmp_path: Path) -> None:
    """They begin alike; nobody saw how they end, so each is kept for itself and none says it repeats the other."""
    start = page(text="البداية نفسها " * 1_000).body
    with website({"/": page("/a", "/b"), "/a": Reply(start), "/b": Reply(start)}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", max_body_bytes=20_000)
        run(recipe, FakeClock())
    cut = [ref for ref in captures(recipe) if ref.url.endswith(("/a", "/b"))]
    assert [(ref.kind, ref.truncated) for ref in cut] == [("response", "length")] * 2
    assert_clean(recipe)


def test_a_page_that_sends_its_reader_on_to_itself_ends(tmp_path: Path) -> None:
    """A new session in each address makes no new page; after five hops the crawl asks no more, and says why."""
    with website({"/": page("/a")}) as site:
        site.fallback = lambda request: Reply(
            status=302, headers=(("Location", f"/a?PHPSESSID={len(site.log):032x}"),)
        )
        site.routes |= {
            path: Reply(status=404) for path in ("/robots.txt", "/ai.txt", "/.well-known/tdmrep.json")
        }
        result = run(recipe_for(tmp_path, f"{site.url}/"), FakeClock())
        assert len(site.pages()) == 1 + 6
    assert result.tally.dropped == {"redirects without end": 1}


def test_new_pages_come_before_those_that_are_known(tmp_path: Path) -> None:
    """What was never asked for is asked for first, when both are due."""
    clock = FakeClock()
    with website({"/": page("/known", "/new")}) as site:
        site.fallback = lambda request: page(text=request.path)
        recipe = recipe_for(tmp_path, f"{site.url}/", recrawl_max_days=1)
        crawl(recipe, now=clock.now, wait=clock.wait, max_pages=2)
        clock.pass_s(2 * DAY_S)
        site.log.clear()
        run(recipe, clock)
        assert site.pages() == ["/", "/new", "/known"]


def test_a_new_run_has_all_its_tries(tmp_path: Path) -> None:
    """The tries of a run that ended before the last one are not counted against the next."""
    clock = FakeClock()
    with website({"/": Reply(status=500)}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", max_retries=2)
        crawl(recipe, now=clock.now, wait=clock.wait, max_pages=2)
        assert site.pages() == ["/"] * 2
        site.log.clear()
        run(recipe, clock)
        assert site.pages() == ["/"] * 3


@pytest.mark.parametrize("away", [503, 429, None])
def test_a_no_that_cannot_be_read_today_still_holds(tmp_path: Path, away: int | None) -> None:
    """An ai.txt that fails or hangs up says what it said; one that is gone (404) says nothing any more."""
    clock = FakeClock()
    with website(
        {"/": page("/a"), "/a": page(text="أ"), "/ai.txt": Reply(b"User-Agent: *\nDisallow: /\n")}
    ) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", recrawl_max_days=1)
        for reply in (None, Reply(raw=b"") if away is None else Reply(status=away), Reply(status=404)):
            if reply is not None:
                site.routes["/ai.txt"] = reply
                clock.pass_s(2 * DAY_S)
            site.routes["/a"] = page(text=f"أ {clock.now()}")
            run(recipe, clock)
    said = [
        any(signal.name == "ai.txt" for signal in ref.rights.signals)
        for ref in captures(recipe)
        if ref.url.endswith("/a")
    ]
    assert said == [True, True, False]


def test_a_wider_recipe_follows_links_of_pages_that_stayed_the_same(tmp_path: Path) -> None:
    """A corrected `include` finds what the first one left on start pages and lists that would say "not modified"."""
    clock = FakeClock()

    def start(request: Request) -> Reply:
        whole = page("/art/1", "/essay/1", head='<link rel="next" href="/list/2">')
        return unchanged(request, whole)

    def unchanged(request: Request, whole: Reply) -> Reply:
        if request.headers.get("if-none-match") == '"same"':
            return Reply(status=304)
        return Reply(whole.body, headers=(("ETag", '"same"'),))

    with website(
        {"/": start, "/list/2": lambda request: unchanged(request, page("/essay/2", text="٢"))}
    ) as site:
        site.fallback = lambda request: page(text=request.path)
        narrow = {"include": ["/art/"]}
        run(recipe_for(tmp_path, f"{site.url}/", source=narrow), clock)
        assert sorted(site.pages()) == ["/", "/art/1", "/list/2"]
        site.log.clear()
        run(recipe_for(tmp_path, f"{site.url}/", source=narrow), clock)
        assert site.pages() == []
        wide = recipe_for(tmp_path, f"{site.url}/", source={"include": ["/art/", "/essay/"]})
        run(wide, clock)
        assert sorted(site.pages()) == ["/", "/essay/1", "/essay/2", "/list/2"]
        site.log.clear()
        clock.pass_s(20 * DAY_S)
        run(wide, clock)
        asked = {request.path for request in site.log if "if-none-match" in request.headers}
        assert asked == {"/", "/list/2"}
    assert [ref.kind for ref in captures(wide) if ref.url == f"{site.url}/"] == [
        "response",
        "revisit",
        "revisit",
    ]
    assert_clean(wide)


def test_bounds_that_change_hold_for_visits_planned_before(tmp_path: Path) -> None:
    """Who shortens the longest time between two visits sees what is older at once; who lengthens the shortest waits."""
    clock = FakeClock()
    with website({"/": page()}) as site:

        def visits(**bounds: float) -> int:
            run(recipe_for(tmp_path, f"{site.url}/", **bounds), clock)
            return site.pages().count("/")

        assert visits(recrawl_min_days=10) == 1
        clock.pass_s(2 * DAY_S)
        assert visits(recrawl_min_days=10) == 1
        assert visits(recrawl_min_days=1, recrawl_max_days=1) == 2
        clock.pass_s(2 * DAY_S)
        assert visits(recrawl_min_days=5) == 2
        assert visits(recrawl_min_days=0, recrawl_max_days=0) == 3


def test_a_dry_run_shows_what_the_next_run_asks_for(tmp_path: Path) -> None:
    """Nothing while nothing is due, with the time when something is; then the pages that are, not their start alone."""
    clock = FakeClock()
    with website({"/": page("/a"), "/a": page()}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", recrawl_min_days=1, recrawl_max_days=1)
        run(recipe, clock)
        due = clock.now().timestamp() + DAY_S

        def planned() -> list[str]:
            found = crawl(recipe, now=clock.now, wait=clock.wait, dry_run=True)
            assert found.queued == len(found.plan)
            return [line.url.removeprefix(site.url) for line in found.plan]

        assert planned() == []
        waiting = crawl(recipe, now=clock.now, wait=clock.wait, dry_run=True).next_due_s
        assert waiting is not None
        assert due - 60 < waiting <= due
        clock.pass_s(2 * DAY_S)
        assert planned() == planned() == ["/", "/a"]
        asked = site.pages()
        run(recipe, clock)
        assert site.pages()[len(asked) :] == ["/", "/a"]
