"""A crawl fetches what a site offers, writes all of it down, and does not ask twice."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from crawling import START, FakeClock, archive_files, assert_clean, captures, page_paths, recipe_for
from loopback import Reply, Request, page, website

from builder.archive import ledger
from builder.archive.read import load
from builder.cli import main
from builder.crawl import CrawlResult, Event, HostReport, PageDone, crawl, user_agent
from builder.errors import LockedError, RecipeError, UsageError
from builder.explain import explain
from builder.recipe import load_recipe
from builder.storage import folder_lock

DAY_S = 86_400


def run(recipe: object, clock: FakeClock | None = None, **more: object) -> CrawlResult:
    """Crawl by a clock that moves by waiting alone."""
    clock = clock or FakeClock()
    return crawl(recipe, now=clock.now, wait=clock.wait, **more)  # type: ignore[arg-type]


def small_site() -> dict[str, object]:
    """Return a start page with two articles, one of them behind a redirect."""
    return {
        "/": page("/a", "/old", text="البداية"),
        "/a": page("/", "/a#part", text="المقال الأول"),
        "/old": Reply(status=301, headers=(("Location", "/new"),)),
        "/new": page(text="المقال الثاني"),
    }


def test_everything_is_archived_and_nothing_asked_twice(tmp_path: Path) -> None:
    """Pages, redirect, robots.txt and opt-out files lie in one clean WARC file; each was asked for once."""
    with website(small_site()) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        result = run(recipe)
        assert sorted(site.pages()) == ["/", "/a", "/new", "/old"]
    assert (result.tally.kept, result.queued, result.interrupted) == (4, 0, False)
    roles = [(ref.role, ref.status) for ref in captures(recipe)]
    assert roles.count(("robots", 404)) == 1
    assert roles.count(("optout", 404)) == 2
    assert sorted(page_paths(captures(recipe))) == ["/", "/a", "/new", "/old"]
    assert_clean(recipe)


def test_other_tools_read_the_archive(tmp_path: Path) -> None:
    """Warcio and FastWARC, which share no code with us, find every record whole."""
    with website(small_site()) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        run(recipe)
    files = [str(path) for path in archive_files(recipe)]
    for command in (["warcio.cli", "check"], ["fastwarc.cli", "check", "-p"]):
        if command[0] == "fastwarc.cli":
            pytest.importorskip("fastwarc.cli")
        done = subprocess.run([sys.executable, "-m", *command, *files], capture_output=True, check=False)
        assert done.returncode == 0, done.stdout


def test_bytes_are_kept_as_received(tmp_path: Path) -> None:
    """Header spelling, repeated headers, chunk borders and coding stand in the record as they came."""
    body = gzip.compress("<p>مرحبا بالعالم</p>".encode())
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    wire = (
        b"HTTP/1.1 103 Early Hints\r\nLink: </x.css>\r\n\r\n"
        b"HTTP/1.1 200 Alright\r\ncOnTent-TYPE: text/html\r\nX-Dup: 1\r\nX-Dup: 2\r\nX-Arab: \xe3\xcd\r\n"
        b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked
    )
    with website({"/": Reply(raw=wire)}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        run(recipe)
    ref = next(ref for ref in captures(recipe) if ref.role == "page")
    with Path(ref.path).open("rb") as file:
        file.seek(ref.warc_offset)
        record = gzip.decompress(file.read(ref.warc_length))
    assert wire[wire.index(b"HTTP/1.1 200") :] in record
    assert load(ref).body.decode() == "<p>مرحبا بالعالم</p>"


def test_the_request_is_archived_with_our_name_and_query(tmp_path: Path) -> None:
    """The request record shows the whole path and a User-Agent with the contact address."""
    with website({"/q.asp?aid=7&Q=%E3%CD": page()}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/q.asp?aid=7&Q=%E3%CD")
        run(recipe)
        assert "(+mailto:test@example.org)" in site.log[0].headers["user-agent"]
    text = gzip.decompress(archive_files(recipe)[0].read_bytes())
    assert b"GET /q.asp?aid=7&Q=%E3%CD HTTP/1.1\r\n" in text
    assert user_agent(recipe).encode() in text


def test_a_second_crawl_asks_only_what_is_due(tmp_path: Path) -> None:
    """Right after a crawl nothing is due; a day later the start page is, pages of articles are not."""
    clock = FakeClock()
    with website(small_site()) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", recrawl_min_days=1, recrawl_max_days=30)
        run(recipe, clock)
        site.log.clear()
        assert run(recipe, clock).tally.read == 0
        assert site.log == []
        clock.pass_s(DAY_S + 60)
        run(recipe, clock)
        assert site.pages() == ["/"]


def test_unchanged_pages_become_revisits(tmp_path: Path) -> None:
    """A 304 and the same bytes again are stored as revisits that point to the first record; no body is doubled."""
    clock = FakeClock()

    def tagged(request: Request) -> Reply:
        same = request.headers.get("if-none-match") == '"v1"'
        return replace(page(text="ثابت"), status=304 if same else 200, headers=(("ETag", '"v1"'),))

    with website({"/": page("/tagged", "/same"), "/tagged": tagged, "/same": page(text="نفسه")}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", recrawl_max_days=1)
        run(recipe, clock)
        clock.pass_s(2 * DAY_S)
        result = run(recipe, clock)
    assert result.hosts[0].unchanged == 3
    refs = [ref for ref in captures(recipe) if ref.role == "page"]
    assert [(ref.kind, ref.status) for ref in refs].count(("revisit", 304)) == 1
    assert [(ref.kind, ref.status) for ref in refs].count(("revisit", 200)) == 2
    firsts = {ref.url: ref for ref in refs[:3]}
    assert all(ref.payload_digest == firsts[ref.url].payload_digest for ref in refs[3:])
    text = b"".join(gzip.decompress(path.read_bytes()) for path in archive_files(recipe))
    assert text.count("ثابت".encode()) == 1
    for url in firsts:
        assert text.count(f"WARC-Refers-To-Target-URI: {url}\r\n".encode()) == 1
    assert text.count(b"revisit/server-not-modified") == 1
    assert text.count(b"revisit/identical-payload-digest") == 2
    assert_clean(recipe)


def test_the_same_bytes_at_another_address_are_a_revisit(tmp_path: Path) -> None:
    """A copy under a second address costs no second body; its relative links are its own."""
    copy = page("next", text="نسخة")
    with website(
        {"/": page("/x/", "/y/"), "/x/": copy, "/y/": copy, "/x/next": page(), "/y/next": page()}
    ) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        run(recipe)
        assert {"/x/next", "/y/next"} <= set(site.pages())
    kinds = {
        path: ref.kind
        for path, ref in zip(page_paths(captures(recipe))[:], captures(recipe)[3:], strict=True)
    }
    assert kinds == {
        "/": "response",
        "/x/": "response",
        "/y/": "revisit",
        "/x/next": "response",
        "/y/next": "revisit",
    }


def test_intervals_follow_change(tmp_path: Path) -> None:
    """A page that never changes is asked ever less often, one that always changes as often as allowed."""
    clock = FakeClock()
    count = iter(range(1000))
    routes = {"/still": page(text="ساكن"), "/moving": lambda request: page(text=f"متغير {next(count)}")}
    with website(routes) as site:
        recipe = recipe_for(
            tmp_path, f"{site.url}/still", f"{site.url}/moving", recrawl_min_days=1, recrawl_max_days=16
        )
        for _ in range(32):
            run(recipe, clock)
            clock.pass_s(DAY_S + 1)
        asked = site.pages()
    assert asked.count("/moving") == 32
    assert 4 <= asked.count("/still") <= 7


def test_a_page_that_is_gone_is_recorded(tmp_path: Path) -> None:
    """A 410 after a 200 lies in the archive, so that the next release can drop the page."""
    clock = FakeClock()
    with website({"/": page(text="سيحذف")}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", recrawl_max_days=1)
        run(recipe, clock)
        site.routes["/"] = Reply(b"gone", 410)
        clock.pass_s(2 * DAY_S)
        events: list[Event] = []
        run(recipe, clock, progress=events.append)
    assert [event.outcome for event in events if isinstance(event, PageDone)] == ["gone"]
    assert captures(recipe)[-1].status == 410


def test_a_redirect_that_only_drops_a_tracking_mark_is_followed(tmp_path: Path) -> None:
    """Both addresses are one for the frontier; the page behind must not be lost for that."""
    routes = {
        "/a?utm_source=x": Reply(status=302, headers=(("Location", "/a"),)),
        "/a": page(text="خلف التحويل"),
    }
    with website(routes) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/a?utm_source=x")
        run(recipe)
        assert site.pages() == ["/a?utm_source=x", "/a"]


def test_redirects_end_after_five_hops(tmp_path: Path) -> None:
    """A chain without end is left after five hops, each of them archived."""

    def onward(request: Request) -> Reply:
        return Reply(status=302, headers=(("Location", f"/{int(request.path[1:]) + 1}"),))

    with website() as site:
        site.fallback = lambda request: onward(request) if request.path[1:].isdigit() else Reply(status=404)
        recipe = recipe_for(tmp_path, f"{site.url}/0")
        result = run(recipe)
        assert site.pages() == ["/0", "/1", "/2", "/3", "/4", "/5"]
    assert result.tally.dropped == {"redirects without end": 1}


def test_include_exclude_depth_and_addresses(tmp_path: Path) -> None:
    """Only what the patterns let through is asked for; other hosts, media, mail and script links never."""
    links = (
        "/art/1", "/art/2.pdf", "/art/print/1", "/tag/x", "http://elsewhere.example/art/9", "mailto:a@example.org",
        "javascript:void(0)", "ftp://example.org/art/3", "/art/4.jpg?x=1",
    )  # fmt: skip
    with website({"/": page(*links), "/art/1": page("/art/deep"), "/art/deep": page("/art/deeper")}) as site:
        source = {"include": ["/art/"], "exclude": ["/print/"]}
        recipe = recipe_for(tmp_path, f"{site.url}/", source=source, max_depth=2)
        result = run(recipe)
        assert site.pages() == ["/", "/art/1", "/art/deep"]
    assert "too deep" in result.hosts[0].skipped


def test_a_narrower_recipe_empties_the_queue(tmp_path: Path) -> None:
    """What an older recipe found and the new one excludes is refused without asking."""
    with website({"/": page("/a", "/b")}) as site:
        run(recipe_for(tmp_path, f"{site.url}/"), max_pages=1)
        result = run(recipe_for(tmp_path, f"{site.url}/", source={"exclude": ["/b"]}))
        assert set(site.pages()) == {"/", "/a"}
    assert result.tally.dropped["excluded"] == 1


def test_what_a_recipe_left_out_comes_back_with_a_wider_one(tmp_path: Path) -> None:
    """An `exclude` too many is no decision for ninety days."""
    with website({"/": page("/art/1", "/art/2"), "/art/1": page(text="أ"), "/art/2": page(text="ب")}) as site:
        run(recipe_for(tmp_path, f"{site.url}/"), max_pages=1)
        narrow = run(recipe_for(tmp_path, f"{site.url}/", source={"exclude": ["/art/"]}))
        assert narrow.tally.dropped == {"excluded": 2}
        run(recipe_for(tmp_path, f"{site.url}/"))
        assert [path for path in site.pages() if path != "/"] == ["/art/1", "/art/2"]


def test_a_304_to_nothing_is_no_page(tmp_path: Path) -> None:
    """A cache that answers "not modified" to a first visit is asked again, and not believed."""
    answers = iter([Reply(status=304, headers=(("ETag", '"x"'),)), page(text="المقال")])
    with website({"/": lambda request: next(answers)}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        assert run(recipe).tally.kept == 1
        assert site.pages() == ["/", "/"]
        assert not any("if-none-match" in request.headers for request in site.log)


def test_a_session_in_the_address_does_not_use_up_a_page(tmp_path: Path) -> None:
    """Each visit is sent on once, to a new session: hops are counted within a visit, not over the years."""
    clock = FakeClock()
    visits = iter(range(100))

    def answer(request: Request) -> Reply:
        if request.path.endswith(f"={clock.now():%Y%m%d}0123456789abcdef"):
            return page(text=f"الزيارة {next(visits)}")
        place = f"/?PHPSESSID={clock.now():%Y%m%d}0123456789abcdef"
        return Reply(status=302, headers=(("Location", place),))

    with website() as site:
        site.fallback = answer
        site.routes["/robots.txt"] = Reply(b"", 404)
        recipe = recipe_for(tmp_path, f"{site.url}/", recrawl_max_days=1)
        for _ in range(8):
            assert run(recipe, clock).hosts[0].kept == 1
            clock.pass_s(2 * DAY_S)


def test_the_same_frames_in_two_folders_lead_to_each_ones_pages(tmp_path: Path) -> None:
    """Equal bytes with relative links are not equal links."""
    frames = page("menu.html", text="إطار")
    routes = {"/": page("/a/", "/b/"), "/a/": frames, "/b/": frames}
    routes |= {"/a/menu.html": page(text="أ"), "/b/menu.html": page(text="ب")}
    with website(routes) as site:
        run(recipe_for(tmp_path, f"{site.url}/"))
        assert sorted(site.pages()) == sorted(routes)


def test_an_endless_copy_is_left_in_the_end(tmp_path: Path) -> None:
    """A server that gives one page at every address is not walked for its 10,000 pages."""
    with website({"/robots.txt": Reply(b"", 404)}) as site:
        site.fallback = lambda request: page("p1.html", "q/", text="فخ")
        run(recipe_for(tmp_path, f"{site.url}/", max_depth=200))
        assert len(site.log) < 100


def test_max_pages_ends_the_run_and_the_next_goes_on(tmp_path: Path) -> None:
    """Three pages now, the rest later, each once."""
    links = [f"/p{n}" for n in range(9)]
    with website({"/": page(*links), **{link: page(text=link) for link in links}}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        assert run(recipe, max_pages=3).queued == 7
        assert len(site.pages()) == 3
        run(recipe)
        assert sorted(site.pages()) == sorted(["/", *links])


def test_a_dry_run_asks_robots_only_and_writes_nothing(tmp_path: Path) -> None:
    """It shows what would be asked and what robots.txt forbids."""
    robots = Reply(b"User-agent: *\nDisallow: /no\n", mime="text/plain")
    with website({"/robots.txt": robots, "/": page(), "/no": page()}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", f"{site.url}/no")
        plan = run(recipe, dry_run=True).plan
        assert [(line.url.removeprefix(site.url), line.allowed) for line in plan] == [
            ("/", True),
            ("/no", False),
        ]
        assert plan[1].reason == "Disallow: /no"
        assert site.pages() == []
        assert archive_files(recipe) == []
        assert list(recipe.archive.glob("*.sqlite")) == []
        run(recipe)
    assert "robots" in [ref.role for ref in captures(recipe)]


def test_the_options_of_the_command_reach_the_crawl(tmp_path: Path) -> None:
    """One object a page for machines, no more pages than asked for, and nothing asked by a dry run but robots.txt."""
    with website(small_site()) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        words = ["crawl", str(recipe.path), "--json"]
        plan = CliRunner().invoke(main, [*words, "--dry-run"])
        assert (plan.exit_code, site.pages()) == (0, [])
        done = CliRunner().invoke(main, [*words, "--max-pages", "2"])
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.exit_code, events[-1]["event"], len(site.pages())) == (0, "done", 2)
    assert [each["outcome"] for each in events if each["event"] == "page"] == ["kept", "kept"]


def test_a_forbidden_address_has_a_story_too(tmp_path: Path) -> None:
    """`explain` says that robots.txt forbade it, not that nobody knows it."""
    robots = Reply(b"User-agent: *\nDisallow: /no\n", mime="text/plain")
    with website({"/robots.txt": robots, "/": page("/no")}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        run(recipe)
        with pytest.raises(UsageError, match=r"was not fetched: robots: Disallow: /no"):
            explain(recipe, f"{site.url}/no")
        with pytest.raises(UsageError, match="no capture of"):
            explain(recipe, f"{site.url}/elsewhere")
        (file,) = archive_files(recipe)
        file.unlink()
        with pytest.raises(UsageError, match=rf"was fetched \(kept\) into {file.name}, which is not among"):
            explain(recipe, f"{site.url}/")


def test_a_feed_may_stand_in_for_a_sitemap(tmp_path: Path) -> None:
    """robots.txt names an RSS feed as its sitemap; its entries are fetched."""
    with website({"/": page(), "/from-feed": page()}) as site:
        robots = f"User-agent: *\nDisallow:\nSitemap: {site.url}/news.rss\n".encode()
        site.routes["/robots.txt"] = Reply(robots, mime="text/plain")
        feed = f"<rss><channel><item><link>{site.url}/from-feed</link></item></channel></rss>".encode()
        site.routes["/news.rss"] = Reply(feed, mime="application/rss+xml")
        run(recipe_for(tmp_path, f"{site.url}/"))
        assert "/from-feed" in site.pages()


def test_two_crawls_in_one_folder_do_not_meet(tmp_path: Path) -> None:
    """The second names the first and stops."""
    recipe = recipe_for(tmp_path, "http://127.0.0.1:9/")
    with folder_lock(recipe.archive, doing="crawling"), pytest.raises(LockedError, match=r"process \d+"):
        run(recipe)


@pytest.mark.parametrize("contact", [None, "", "nobody"])
def test_a_contact_address_is_required(tmp_path: Path, contact: str | None) -> None:
    """No host is asked by someone who gives no address."""
    recipe = recipe_for(
        tmp_path, "http://127.0.0.1:9/", **({"contact": contact} if contact is not None else {})
    )
    if contact is None:
        text = (tmp_path / "dataset.toml").read_text(encoding="utf-8")
        (tmp_path / "dataset.toml").write_text(text.replace('contact = "mailto:test@example.org"\n', ""))
        recipe = load_recipe(tmp_path)
    with pytest.raises(RecipeError, match="contact"):
        run(recipe)


def test_events_are_json_and_hold_no_page_text(tmp_path: Path) -> None:
    """Each event is one JSON object with a name; none holds what a page says."""
    events: list[Event] = []
    with website(small_site()) as site:
        result = run(recipe_for(tmp_path, f"{site.url}/"), progress=events.append)
    lines = [json.dumps(event.as_dict(), ensure_ascii=False) for event in events]
    assert json.loads(lines[0])["event"] == "crawl-started"
    assert not any("المقال" in line for line in lines)
    assert json.loads(json.dumps(result.as_dict()))["tally"]["kept"] == 4


def test_events_leave_out_what_looks_like_a_key(tmp_path: Path) -> None:
    """The request has it, the archive has it, no log has it."""
    events: list[Event] = []
    with website() as site:
        site.fallback = lambda request: page()
        address = f"{site.url}/posts?api_key=geheim&page=2"
        plan = run(recipe_for(tmp_path, address), dry_run=True).plan
        run(recipe_for(tmp_path, address), progress=events.append)
        assert site.pages() == ["/posts?api_key=geheim&page=2"]
    told = json.dumps([event.as_dict() for event in [*events, *plan]])
    assert "geheim" not in told
    assert "api_key=...&page=2" in told


def test_the_table_of_a_host_is_told_on_the_way(tmp_path: Path) -> None:
    """A live view gets queue, delay and the time that is left, not only at the end."""
    events: list[Event] = []
    links = [f"/{n}" for n in range(24)]
    with website({"/": page(*links), **{link: page(text=link) for link in links}}) as site:
        run(recipe_for(tmp_path, f"{site.url}/", min_delay_s=2), progress=events.append)
    reports = [event for event in events if isinstance(event, HostReport)]
    assert [report.queued for report in reports] == [24, 14, 4]
    assert reports[0].seconds_left >= 48


def test_local_files_need_no_contact_and_no_network(tmp_path: Path) -> None:
    """A recipe of exports alone: its records are in the archive, nobody is asked."""
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "a.html").write_bytes(page(text="محفوظ").body)
    block = 'kind = "html"\nname = "saved"\npaths = ["saved/*.html"]\nurls = "urls.csv"\n'
    (tmp_path / "urls.csv").write_text("file,url\nsaved/a.html,http://x.example/a\n", encoding="utf-8")
    (tmp_path / "dataset.toml").write_text(f'[dataset]\nname = "t"\n[[source]]\n{block}', encoding="utf-8")
    recipe = load_recipe(tmp_path)
    assert run(recipe).tally.read == 0
    assert len(captures(recipe)) == 1


def test_names_resolve_where_the_caller_says(tmp_path: Path) -> None:
    """A site under any name can be served on loopback; the guard still sees the address behind it."""
    with website({"/": page(text="باسم مستعار")}) as site:
        table = {"essays.example": ("127.0.0.1", site.port)}
        recipe = recipe_for(tmp_path / "a", "http://essays.example/")
        assert run(recipe, resolve=table).tally.kept == 1
        assert site.log[-1].headers["host"] == "essays.example"
        recipe = recipe_for(tmp_path / "b", "http://essays.example/", allow_private=[])
        result = run(recipe, resolve=table)
    assert result.tally.kept == 0


def test_requests_carry_no_cookies(tmp_path: Path) -> None:
    """What a server sets is not sent back: visits are not tied together."""
    cookie = replace(page("/a"), headers=(("Set-Cookie", "id=1"),))
    with website({"/": cookie, "/a": page()}) as site:
        run(recipe_for(tmp_path, f"{site.url}/"))
        assert not any("cookie" in request.headers for request in site.log)


def test_a_file_that_lost_its_end_gives_its_pages_back(tmp_path: Path) -> None:
    """After a cut of power took bytes that were committed, their URLs are due again and nothing is damaged."""
    with website({"/": page("/a", "/b"), "/a": page(text="أ"), "/b": page(text="ب")}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        run(recipe)
        refs = captures(recipe)
        cut = next(ref for ref in refs if ref.url.endswith("/b"))
        with Path(cut.path).open("rb+") as file:
            file.truncate(cut.warc_offset + 10)
        site.log.clear()
        clock = FakeClock(START)
        run(recipe, clock)
        assert site.pages() == ["/b"]
    assert sorted(page_paths(captures(recipe))) == ["/", "/a", "/b"]


def test_a_cut_takes_nothing_that_lies_before_it(tmp_path: Path) -> None:
    """A file that lost its second half keeps the states of pages that its first half holds."""
    clock = FakeClock()
    with website({"/": page("/a"), "/a": page(text="الحال الأول")}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", recrawl_max_days=1)
        run(recipe, clock)
        first = [ref.record_id for ref in captures(recipe)]
        site.routes |= {"/": page("/a", "/b"), "/a": page(text="الحال الثاني"), "/b": page(text="ب")}
        clock.pass_s(2 * DAY_S)
        run(recipe, clock)
        cut = captures(recipe)[len(first)]
        with Path(cut.path).open("rb+") as file:
            file.truncate(cut.warc_offset + 10)
        run(recipe, clock)
    refs = captures(recipe)
    assert [ref.record_id for ref in refs][: len(first)] == first
    assert len({ref.payload_digest for ref in refs if ref.url.endswith("/a")}) == 2
    assert any(ref.url.endswith("/b") for ref in refs)
    assert_clean(recipe)


def test_a_full_file_ends_with_its_last_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record that fills a file is its last one: each file has one warcinfo record, at its head."""
    monkeypatch.setattr(ledger, "ROTATE_BYTES", 1)
    with website(small_site()) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        run(recipe)
    files = archive_files(recipe)
    assert len(files) == 7
    assert [gzip.decompress(path.read_bytes()).count(b"WARC-Type: warcinfo") for path in files] == [1] * 7
    assert_clean(recipe)


def test_what_only_a_lost_file_held_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages that were unchanged since, and the copy of one, have no body once the first file was taken away."""
    clock = FakeClock()
    pages = {"/": page("/a"), "/a": page("/copy", text="ثابت"), "/copy": page("/copy", text="ثابت")}
    with website(pages) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", recrawl_max_days=1)
        run(recipe, clock)
        monkeypatch.setattr(ledger, "ROTATE_BYTES", 1)
        clock.pass_s(2 * DAY_S)
        run(recipe, clock)
        files = archive_files(recipe)
        assert len(files) > 1
        files[0].unlink()
        site.log.clear()
        monkeypatch.undo()
        run(recipe, clock)
        assert sorted(site.pages()) == ["/", "/a", "/copy"]
    whole = [ref.url for ref in captures(recipe) if (ref.role, ref.kind) == ("page", "response")]
    assert len(whole) == 2


def test_foreign_files_in_the_archive_are_left_alone(tmp_path: Path) -> None:
    """A WARC file the frontier does not know is neither cut nor written to."""
    with website({"/": page()}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        recipe.archive.mkdir()
        stranger = recipe.archive / "site-00000.warc.gz"
        stranger.write_bytes(b"of another time")
        run(recipe)
    assert stranger.read_bytes() == b"of another time"
    assert (recipe.archive / "site-00001.warc.gz").exists()
