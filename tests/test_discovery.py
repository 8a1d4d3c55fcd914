"""Addresses are found in pages, feeds and sitemaps, also in broken ones."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import pytest
from crawling import FakeClock, captures, recipe_for
from loopback import Reply, page, website
from walking import make_source

from builder.crawl import crawl
from builder.sources.discovery import Feed, charset_of, page_links, read_feed, read_sitemap, sniffed_role
from builder.sources.site import SiteSource

BASE = "http://site.example/dir/page.html"


def urls(html: str | bytes, content_type: str | None = None) -> list[str]:
    """Return the addresses of a page's links."""
    body = html if isinstance(html, bytes) else html.encode()
    return [link.url for link in page_links(body, BASE, content_type)]


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<a href="a.html">', ["http://site.example/dir/a.html"]),
        ('<a href="/a#x"><a href="/a">', ["http://site.example/a"]),
        ('<base href="/b/"><a href="c">', ["http://site.example/b/c"]),
        ('<a href=" //other.example/x ">', ["http://other.example/x"]),
        ('<a href="?aid=7&amp;t=0">', ["http://site.example/dir/page.html?aid=7&t=0"]),
        ('<a href="mailto:a@b"><a href="javascript:x()"><a href="tel:1"><a href="#top"><a>', [BASE]),
        ('<a href="x.pdf"><a href="x.JPG?y"><a href="x.mp4">', []),
        (
            '<iframe src="/frame"></iframe><area href="/map">',
            ["http://site.example/frame", "http://site.example/map"],
        ),
        ('<a href="http://[::1">', []),
        ('<a href="/مقال">', ["http://site.example/%D9%85%D9%82%D8%A7%D9%84"]),
        ('<meta http-equiv="Refresh" content="0; URL=\'/ar/\'">', ["http://site.example/ar/"]),
        ('<meta http-equiv="refresh" content="5"><meta name="x" content="0;url=/y">', []),
        ("", []),
        ("\0\0", []),
    ],
)
def test_links_of_a_page(html: str, found: list[str]) -> None:
    """Relative to the page or its base, each once, web addresses only."""
    assert urls(html) == found


def test_an_element_of_50_000_attributes_takes_no_time() -> None:
    """Libxml2 would need the square of their number; the links beside it are found."""
    attributes = " ".join(f'a{n}="{n}"' for n in range(50_000))
    began = time.process_time()
    assert urls(f'<a href="/before"><div {attributes}></div><a href="/after">') == [
        "http://site.example/before",
        "http://site.example/after",
    ]
    assert time.process_time() - began < 2


def test_a_refresh_of_blanks_takes_no_time() -> None:
    """One of 16,000 blanks once took a second, and a page may hold a hundred."""
    began = time.process_time()
    assert urls(f'<meta http-equiv="refresh" content="{" " * 16_000}">' * 20 + '<a href="/a">') == [
        "http://site.example/a"
    ]
    assert time.process_time() - began < 2


def test_letters_in_a_query_follow_the_pages_encoding() -> None:
    """A windows-1256 page's links are sent as its own server expects them."""
    body = '<meta charset="windows-1256"><a href="/s?Q=محمد">'.encode("windows-1256")
    assert urls(body) == ["http://site.example/s?Q=%E3%CD%E3%CF"]
    assert urls(body, "text/html; charset=utf-8") != urls(body)


def test_kinds_of_links() -> None:
    """Feeds that a page names, and its next page, are told apart from links."""
    html = (
        '<link rel="alternate" type="application/rss+xml" href="/feed"><link rel="next" href="?p=2">'
        '<link rel="stylesheet" href="/x"><link rel="alternate" hreflang="en" href="/en"><a rel="next" href="?p=3">'
    )
    found = {
        link.url.removeprefix("http://site.example"): link.how for link in page_links(html.encode(), BASE)
    }
    assert found == {"/feed": "feed", "/dir/page.html?p=2": "pagination", "/dir/page.html?p=3": "pagination"}


RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>
<link>http://site.example/</link><atom:link rel="next" href="/feed?p=2"/>
<item><title>أ</title><link>http://site.example/1</link><guid>http://site.example/guid</guid></item>
<item><guid isPermaLink="true">http://site.example/2</guid></item>
<item><guid isPermaLink="false">http://site.example/no</guid></item>
<item><link> /3 </link></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><link rel="self" href="/feed"/><link rel="next" href="/feed/2"/>
<entry><link rel="edit" href="/edit"/><link href="/1"/></entry>
<entry><link rel="alternate" href="/2"/></entry></feed>"""
BASED = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://site.example/blog/">
<link rel="next" href="feed/2"/><entry><link href="1"/></entry>
<entry xml:base="sub/"><link href="2"/></entry></feed>"""
HTML_INSIDE = """<rss><channel><item><title>أ<br>ب</title><link>/1?a=1&amp;t=0</link></item>
<item><link>/2?a=1&amp;t=0</link></item></channel></rss>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
<item rdf:about="x"><link>/1</link></item></rdf:RDF>"""


@pytest.mark.parametrize(
    ("text", "paths", "following"),
    [
        (RSS, ["/1", "/2", "/3"], "/feed?p=2"),
        (ATOM, ["/1", "/2"], "/feed/2"),
        (RDF, ["/1"], None),
        (RSS[: RSS.index("<item><guid isPermaLink")], ["/1"], "/feed?p=2"),
        (RSS.replace("<title>أ</title>", "<title>أ & ب</title>"), ["/1", "/2", "/3"], "/feed?p=2"),
        (
            RSS.replace("/3 ", "/3?a=1&amp;t=0 ").replace("أ", "أ&nbsp;ب"),
            ["/1", "/2", "/3?a=1&t=0"],
            "/feed?p=2",
        ),
        (RSS.replace("/3 ", "/3?a=1&t=0&#38;c=2 "), ["/1", "/2", "/3?a=1&t=0&c=2"], "/feed?p=2"),
        (RSS.replace(" /3 ", "<![CDATA[/3?a=1&t=0]]>"), ["/1", "/2", "/3?a=1&t=0"], "/feed?p=2"),
        (RSS.replace("?>", ' encoding="utf-16"?>', 1), ["/1", "/2", "/3"], "/feed?p=2"),
        (BASED, ["/blog/1", "/blog/sub/2"], "/blog/feed/2"),
        (HTML_INSIDE, ["/2?a=1&t=0", "/1?a=1&t=0"], None),
        ("\n\n  " + RSS, ["/1", "/2", "/3"], "/feed?p=2"),
        ('{"items": [{"url": "/1"}, {}, 3], "next_url": "/2"}', ["/1"], "/2"),
        ("{broken", [], None),
        ("", [], None),
    ],
)
def test_feeds(text: str, paths: list[str], following: str | None) -> None:
    """RSS 2.0, RSS 1.0, Atom, JSON Feed; cut, unescaped and padded ones give what they hold."""
    feed = read_feed(text.encode(), "http://site.example/feed")
    root = "http://site.example"
    assert feed == Feed(tuple(root + path for path in paths), root + following if following else None)


def urlset(*places: str) -> str:
    """Return a sitemap of these places."""
    inner = "".join(f"<url><loc>{place}</loc><lastmod>2025-01-01</lastmod></url>" for place in places)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{inner}</urlset>'


INDEX = "<sitemapindex><sitemap><loc>http://site.example/s1.xml</loc></sitemap></sitemapindex>"
ENTITY = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><urlset><url><loc>&e;</loc></url></urlset>'


@pytest.mark.parametrize(
    ("body", "pages", "maps"),
    [
        (urlset("http://site.example/1", "http://site.example/2").encode(), 2, 0),
        (urlset("/1").encode(), 1, 0),
        (INDEX.encode(), 0, 1),
        (INDEX.replace("<loc>", "\n").replace("</loc>", "\n").encode(), 0, 1),
        (gzip.compress(urlset("http://site.example/1").encode()), 1, 0),
        (gzip.compress(urlset("http://site.example/1").encode())[:-12], 1, 0),
        (urlset("http://site.example/1").replace("</urlset>", "").encode(), 1, 0),
        (urlset("http://site.example/1").encode("utf-16"), 1, 0),
        (urlset("  http://site.example/1\n").encode(), 1, 0),
        (
            urlset("http://site.example/1")
            .replace("sitemaps.org/schemas/sitemap/0.9", "example.org/other")
            .encode(),
            1,
            0,
        ),
        ("\ufeffhttp://site.example/1\nhttp://site.example/2\n".encode(), 2, 0),
        (ENTITY.encode(), 0, 0),
        (b"<html><body>not found</body></html>", 0, 0),
        (b"", 0, 0),
    ],
)
def test_sitemaps(body: bytes, pages: int, maps: int) -> None:
    """XML, its index, gzip, plain text; broken ones give what they hold, entities are not opened."""
    found = read_sitemap(body, "http://site.example/sitemap.xml")
    assert (len(found.pages), len(found.sitemaps)) == (pages, maps)


@pytest.mark.parametrize("before", ["", "http://site.example/x", "http://site.example/x&nbsp;", "<b>"])
@pytest.mark.parametrize("sign", ["&", "&amp;", "&#38;", "&#x26;"])
def test_an_address_keeps_all_its_parameters(before: str, sign: str) -> None:
    """Bare or escaped, also behind what the parser takes for an error: "&" stays "&"."""
    body = urlset(*filter(None, [before]), f"http://site.example/?aid=1{sign}t=0{sign}copy=2").encode()
    assert read_sitemap(body, BASE).pages[-1] == "http://site.example/?aid=1&t=0&copy=2"


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (urlset(*[f"http://site.example/{n}" for n in range(60_000)]).encode(), 10_000),
        (urlset(*[f"http://site.example/{n}" for n in range(50_001)]).encode("utf-16"), 1),
        (urlset(*[f"http://site.example/{n}" for n in range(50_000)]).encode(), 0),
        ("\n".join(f"http://site.example/{n}" for n in range(50_007)).encode(), 7),
    ],
    ids=("xml", "utf-16", "full", "text"),
)
def test_a_sitemap_without_end_is_cut(body: bytes, left: int) -> None:
    """50,000 addresses are read, as the protocol allows; the rest is counted."""
    found = read_sitemap(body, BASE)
    assert (len(found.pages), found.left) == (50_000, left)


@pytest.mark.parametrize(
    ("start", "role"),
    [(RSS, "feed"), (ATOM, "feed"), (RDF, "feed"), (urlset(), "sitemap"), (INDEX, "sitemap"),
     ("<!doctype html><html><body>&lt;rss", "page"), ("plain", "page")],
)  # fmt: skip
def test_roles_are_seen_by_their_first_element(start: str, role: str) -> None:
    """A start address may be a page, a feed or a sitemap; its answer tells."""
    assert sniffed_role((), start.encode()) == role
    packed = gzip.compress(start.encode())
    assert sniffed_role((("Content-Encoding", "gzip"),), packed) == role


@pytest.mark.parametrize(
    ("body", "header", "charset"),
    [(b"\xef\xbb\xbfx", None, "utf-8"), ("مقال".encode(), None, "utf-8"), ("مقال".encode("cp1256"), None, "cp1256"),
     (b"x", "text/html; charset=windows-1256", "cp1256"), (b"x", "text/html; charset=nonsense", "utf-8")],
)  # fmt: skip
def test_charsets(body: bytes, header: str | None, charset: str) -> None:
    """Byte order mark, header, meta, then whether it is UTF-8."""
    assert charset_of(body, header) == charset


def test_a_site_is_found_by_all_its_ways(tmp_path: Path) -> None:
    """robots.txt names a sitemap index, a page names a feed, a list has next pages: each page says how it was found."""
    clock = FakeClock()
    with website() as site:
        xml = {"mime": "application/xml"}
        index = INDEX.replace("http://site.example", site.url).encode()
        packed = gzip.compress(urlset(f"{site.url}/art/map", f"{site.url}/about").encode())
        feed = f"<rss><channel><item><link>{site.url}/art/feed</link></item></channel></rss>".encode()
        site.routes = {
            "/robots.txt": Reply(f"Sitemap: {site.url}/index.xml\nSitemap: ::broken".encode(), mime="text/plain"),
            "/index.xml": Reply(index, **xml),
            "/s1.xml": Reply(packed, mime="application/gzip"),
            "/": page("/art/link", "/about", head='<link rel="alternate" type="application/rss+xml" href="/rss">'
                      '<link rel="next" href="/page/2">'),
            "/rss": Reply(feed, mime="application/rss+xml"),
            "/page/2": page("/art/old", head='<link rel="next" href="/page/3">', text="٢"),
            "/page/3": page("/art/older", text="٣"),
            **{f"/art/{name}": page(text=name) for name in ("map", "link", "feed", "old", "older")},
        }  # fmt: skip
        recipe = recipe_for(tmp_path, f"{site.url}/", source={"include": ["/art/"]})
        crawl(recipe, now=clock.now, wait=clock.wait)
    ways = {
        ref.url.removeprefix(site.url): (ref.role, ref.how)
        for ref in captures(recipe)
        if ref.role != "optout"
    }
    assert ways == {
        "/robots.txt": ("robots", "start"),
        "/index.xml": ("sitemap", "sitemap"),
        "/s1.xml": ("sitemap", "sitemap"),
        "/": ("page", "start"),
        "/rss": ("feed", "feed"),
        "/page/2": ("page", "pagination"),
        "/page/3": ("page", "pagination"),
        "/art/map": ("page", "sitemap"),
        "/art/link": ("page", "link"),
        "/art/feed": ("page", "feed"),
        "/art/old": ("page", "link"),
        "/art/older": ("page", "link"),
    }


def test_starts_may_be_feeds_and_sitemaps(tmp_path: Path) -> None:
    """The role in the archive is what the answer is, so that no reader takes a feed for an article."""
    clock = FakeClock()
    with website() as site:
        site.routes = {
            "/feed.asp": Reply(
                f"<rss><item><link>{site.url}/1</link></item></rss>".encode(), mime="text/xml"
            ),
            "/map": Reply(urlset(f"{site.url}/2").encode(), mime="text/html"),
            "/1": page(text="واحد"),
            "/2": page(text="اثنان"),
        }
        recipe = recipe_for(tmp_path, f"{site.url}/feed.asp", f"{site.url}/map")
        crawl(recipe, now=clock.now, wait=clock.wait)
    roles = {ref.url.removeprefix(site.url): ref.role for ref in captures(recipe)}
    assert (roles["/feed.asp"], roles["/map"], roles["/1"], roles["/2"]) == (
        "feed",
        "sitemap",
        "page",
        "page",
    )


@pytest.mark.parametrize(
    ("url", "at_home"),
    [
        ("http://site.example:80/a", True),
        ("https://www.site.example:443/a", True),
        ("HTTP://SITE.example/a", True),
        ("http://site.example:8080/a", False),
        ("http://sub.site.example/a", False),
        ("http://site.example.org/a", False),
    ],
)
def test_links_stay_on_the_hosts_of_the_start_pages(url: str, at_home: bool) -> None:
    """However host and port are spelt; another port or host is another site."""
    source = make_source("site", start=["http://site.example/"])
    assert isinstance(source, SiteSource)
    assert source.wants(url) is at_home


def test_www_and_the_bare_host_are_one_site(tmp_path: Path) -> None:
    """A start page that moves to www, or to https of the same host, takes its links along."""
    clock = FakeClock()
    with website() as site:
        names = dict.fromkeys(("essays.example", "www.essays.example"), ("127.0.0.1", site.port))

        def start(request: object) -> Reply:
            if request.headers["host"].startswith("www."):  # type: ignore[attr-defined]
                return page("/a")
            return Reply(status=301, headers=(("Location", "http://www.essays.example/"),))

        site.routes = {"/": start, "/a": page(text="أ")}
        recipe = recipe_for(tmp_path, "http://essays.example/")
        crawl(recipe, now=clock.now, wait=clock.wait, resolve=names)
    assert "http://www.essays.example/a" in [ref.url for ref in captures(recipe)]
