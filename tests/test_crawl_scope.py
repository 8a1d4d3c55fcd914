"""What a crawl asks for, and what it leaves: sources that come and go, sitemaps, redirects, traps, refusals."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from crawling import FakeClock, recipe_for
from loopback import Reply, page, website

from builder.crawl import crawl
from builder.crawl.pace import retry_after_s
from builder.recipe import Recipe, load_recipe


def without(recipe: Recipe, name: str) -> Recipe:
    """Return the recipe of that folder without one source."""
    text = recipe.path.read_text(encoding="utf-8")
    head, *blocks = text.split("[[source]]\n")
    kept = [block for block in blocks if f'name = "{name}"' not in block]
    recipe.path.write_text("[[source]]\n".join([head, *kept]), encoding="utf-8")
    return load_recipe(recipe.path)


def test_a_source_that_leaves_the_recipe_is_set_aside_and_not_forgotten(tmp_path: Path) -> None:
    """Its addresses wait while it is away, and are asked for when it is back."""
    clock = FakeClock()
    with website({"/": page("/a", "/b"), "/a": page(), "/b": page(), "/blog": page()}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        text = recipe.path.read_text(encoding="utf-8")
        both = (
            text
            + f'[[source]]\nkind = "site"\nname = "blog"\nstart = ["{site.url}/blog"]\ninclude = ["/blog"]\n'
        )
        recipe.path.write_text(both, encoding="utf-8")
        crawl(load_recipe(tmp_path), now=clock.now, wait=clock.wait, max_pages=1)
        asked = len(site.pages())
        crawl(without(recipe, "site"), now=clock.now, wait=clock.wait)
        assert set(site.pages()[asked:]) <= {"/blog"}
        recipe.path.write_text(both, encoding="utf-8")
        crawl(load_recipe(tmp_path), now=clock.now, wait=clock.wait)
        assert sorted(site.pages()) == ["/", "/a", "/b", "/blog"]


@pytest.mark.parametrize("wanted", [True, False])
def test_sitemaps_are_asked_for_where_the_recipe_wants_them(tmp_path: Path, wanted: bool) -> None:
    """A sitemap that robots.txt names leads to pages, unless the source says no."""
    clock = FakeClock()
    with website({"/": page(), "/hidden": page()}) as site:
        site.routes["/robots.txt"] = Reply(f"Sitemap: {site.url}/map.xml\n".encode(), mime="text/plain")
        listed = f"<urlset><url><loc>{site.url}/hidden</loc></url></urlset>"
        site.routes["/map.xml"] = Reply(listed.encode(), mime="application/xml")
        crawl(
            recipe_for(tmp_path, f"{site.url}/", source={"sitemaps": wanted}), now=clock.now, wait=clock.wait
        )
        assert site.pages() == (["/", "/map.xml", "/hidden"] if wanted else ["/"])


@pytest.mark.parametrize("wanted", [True, False])
def test_feeds_are_followed_where_the_recipe_wants_them(tmp_path: Path, wanted: bool) -> None:
    """A feed that a page names leads to pages, unless the source says no; a feed of another host never."""
    clock = FakeClock()
    listed = "<rss><channel><item><link>/hidden</link></item></channel></rss>"
    named = '<link rel="alternate" type="application/rss+xml" href="{}">'
    with website({"/hidden": page(), "/rss": Reply(listed.encode(), mime="application/rss+xml")}) as site:
        site.routes["/"] = page(head=named.format("/rss") + named.format(f"http://localhost:{site.port}/rss"))
        recipe = recipe_for(tmp_path, f"{site.url}/", source={"feeds": wanted})
        crawl(recipe, now=clock.now, wait=clock.wait)
        assert site.pages() == (["/", "/rss", "/hidden"] if wanted else ["/"])


def test_links_of_error_pages_are_not_followed(tmp_path: Path) -> None:
    """What a site shows in place of a page is a menu, and for pages that never were it may go on for ever."""
    clock = FakeClock()
    missing = Reply(b'<html><a href="/never-was">x</a></html>', 404)
    with website({"/": page("/missing"), "/missing": missing, "/never-was": page()}) as site:
        crawl(recipe_for(tmp_path, f"{site.url}/"), now=clock.now, wait=clock.wait)
        assert site.pages() == ["/", "/missing"]


def test_a_redirect_leads_no_further_than_a_link_may(tmp_path: Path) -> None:
    """A start page may have moved anywhere on its host; a page below it only to where links may lead."""
    clock = FakeClock()
    moved = {
        name: Reply(status=301, headers=(("Location", to),))
        for name, to in (("/old", "/new"), ("/e/1", "/out"))
    }
    with website({**moved, "/new": page("/e/1", "/e/2"), "/e/2": page(), "/out": page()}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/old", source={"include": ["/e/"]})
        result = crawl(recipe, now=clock.now, wait=clock.wait)
        assert sorted(site.pages()) == ["/e/1", "/e/2", "/new", "/old"]
    assert dict(result.tally.dropped) == {"redirect leads outside": 1}


def test_a_start_page_is_no_trap_whatever_it_looks_like(tmp_path: Path) -> None:
    """Who names an address means it; the same shape in a link is left alone, and counted."""
    clock = FakeClock()
    with website(
        {"/calendar/1850-01": page("/calendar/1849-12", "/a/b/a/b/a/b", "/x"), "/x": page()}
    ) as site:
        result = crawl(recipe_for(tmp_path, f"{site.url}/calendar/1850-01"), now=clock.now, wait=clock.wait)
        assert site.pages() == ["/calendar/1850-01", "/x"]
    (host,) = result.hosts
    assert host.skipped == {"trap: calendar": 1, "trap: repeating path": 1}


def test_what_hosts_refuse_is_told_from_what_failed(tmp_path: Path) -> None:
    """No entry, payment, law: refused. Not there, gone: dropped as such. Anything else failed."""
    clock = FakeClock()
    codes = {code: Reply(b"x", code) for code in (400, 401, 402, 403, 404, 410, 418, 451)}
    routes = {f"/{code}": reply for code, reply in codes.items()}
    with website(
        {"/": page(*routes, "/picture"), **routes, "/picture": Reply(b"\x89PNG", mime="image/png")}
    ) as site:
        result = crawl(recipe_for(tmp_path, f"{site.url}/"), now=clock.now, wait=clock.wait)
    refused = {f"status {code}": 1 for code in (401, 402, 403, 404, 410, 451)}
    assert dict(result.tally.dropped) == {**refused, "type": 1}
    assert dict(result.tally.failed) == {"status 400": 1, "status 418": 1}
    assert result.tally.kept == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("soon", None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("99999999999999999999", 999_999_999.0),
        ("Sat, 01 Mar 2025 12:02:00 GMT", 120.0),
        ("Sat, 01 Mar 2025 12:02:00 -0000", 120.0),
        ("Sat, 01 Mar 2025 15:02:00 +0300", 120.0),
        ("Sat, 01 Mar 2025 11:00:00 GMT", 0.0),
    ],
)
def test_how_long_a_host_asks_to_be_left(value: str | None, seconds: float | None) -> None:
    """Seconds or a day, also one without a zone; a time that is past is no wait."""
    assert retry_after_s(value, datetime(2025, 3, 1, 12, tzinfo=UTC)) == seconds


def test_sitemaps_are_found_by_a_robots_file_that_is_still_good(tmp_path: Path) -> None:
    """Its copy of an hour ago names them too: for a recipe that wants them now, or where a kill came before."""
    clock = FakeClock()
    listed = Reply(b"<urlset><url><loc>/art/1</loc></url></urlset>", mime="application/xml")
    with website({"/": page(text="البداية"), "/map.xml": listed, "/art/1": page(text="أ")}) as site:
        site.routes["/robots.txt"] = Reply(b"Sitemap: /map.xml", mime="text/plain")
        for wanted in (False, True):
            recipe = recipe_for(tmp_path, f"{site.url}/", source={"sitemaps": wanted})
            crawl(recipe, now=clock.now, wait=clock.wait)
            assert ("/map.xml" in site.pages(), "/art/1" in site.pages()) == (wanted, wanted)
        assert site.paths().count("/robots.txt") == 1


def test_a_sitemap_is_read_whatever_type_its_server_gives_it(tmp_path: Path) -> None:
    """A packed sitemap is often "octet-stream"; it was asked for as a sitemap, so it is read."""
    clock = FakeClock()
    packed = gzip.compress(b"<urlset><url><loc>/art/1</loc></url></urlset>")
    with website({"/": page(text="البداية"), "/art/1": page(text="أ")}) as site:
        site.routes["/robots.txt"] = Reply(b"Sitemap: /map.xml.gz", mime="text/plain")
        site.routes["/map.xml.gz"] = Reply(packed, mime="application/octet-stream")
        crawl(recipe_for(tmp_path, f"{site.url}/"), now=clock.now, wait=clock.wait)
        assert "/art/1" in site.pages()


def test_a_robots_file_that_says_not_now_is_asked_for_by_the_next_run(tmp_path: Path) -> None:
    """429 to every try lets pages be asked for, as RFC 9309 has it, and is no answer to keep for a day."""
    clock = FakeClock()
    with website({"/": page("/private"), "/private": page(), "/robots.txt": Reply(status=429)}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        crawl(recipe, now=clock.now, wait=clock.wait, max_pages=1)
        assert site.pages() == ["/"]
        site.routes["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /private", mime="text/plain")
        crawl(recipe, now=clock.now, wait=clock.wait)
        assert site.pages() == ["/"]
