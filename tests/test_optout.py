"""What publishers say about the use of their pages is read in every place where they say it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from crawling import FakeClock, captures, recipe_for
from loopback import Reply, page, website

from builder.crawl import crawl
from builder.model import Signal
from builder.optout import (
    SiteStatements,
    ai_txt_signals,
    header_signals,
    html_signals,
    pattern_matches,
    robots_signals,
    tdmrep_signals,
)


def names(signals: object) -> list[str]:
    """Return the names of signals, sorted."""
    return sorted(signal.name for signal in signals)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("X-Robots-Tag", "noai", ["noai"]),
        ("x-robots-tag", "NOINDEX, noimageai", ["noimageai", "noindex"]),
        ("X-Robots-Tag", "none", ["nofollow", "noindex"]),
        ("X-Robots-Tag", "noml; noarchive", ["noarchive", "noml"]),
        ("X-Robots-Tag", "googlebot: noindex", []),
        ("X-Robots-Tag", "hiwar: noai", ["noai"]),
        ("X-Robots-Tag", "all", []),
        ("X-Robots-Tag", "unavailable_after: 25 Jun 2030 15:00:00 GMT", []),
        ("TDM-Reservation", "1", ["tdm-reservation"]),
        ("TDM-Reservation", " 1 ", ["tdm-reservation"]),
        ("TDM-Reservation", "0", ["tdm-reservation-other"]),
        ("TDM-Reservation", "", []),
        ("X-Robots-Tag", "Hiwar : NOAI", ["noai"]),
        ("Content-Usage", "Train-AI=N", ["content-usage"]),
        ("Content-Usage", "nothing", []),
        ("TDM-Policy", "https://example.org/policy.json", ["tdm-policy"]),
        ("Content-Usage", "train-ai=n", ["content-usage"]),
        ("Content-Usage", "train-ai=y", ["content-usage-other"]),
        ("Content-Signal", "search=yes, ai-train=no", ["content-signal"]),
        ("Content-Type", "noai", []),
    ],
)
def test_headers(name: str, value: str, found: list[str]) -> None:
    """Each header that speaks, and only words for everybody or for us."""
    assert names(header_signals([(name, value)])) == found


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<meta name="robots" content="noai, noimageai">', ["noai", "noimageai"]),
        ("<META CONTENT='noindex' NAME='ROBOTS'>", ["noindex"]),
        ("<meta name=robots content=noml>", ["noml"]),
        ('<meta name="googlebot" content="noindex">', []),
        ('<meta name="hiwar" content="noai">', ["noai"]),
        ('<meta name=" Robots " content="noai">', ["noai"]),
        ('<meta name="robots" content>', []),
        ('<meta name="tdm-reservation" content="1">', ["tdm-reservation"]),
        ('<meta http-equiv="X-Robots-Tag" content="noai">', ["noai"]),
        ('<meta name="robots" content="no&#97;i">', ["noai"]),
        ('<meta name="description" content="noai">', []),
        ("<p>noai</p>", []),
    ],
)
def test_meta_elements(html: str, found: list[str]) -> None:
    """Spelling, order of attributes, entities; other meta elements say nothing."""
    assert names(html_signals(f"<html><head>{html}</head></html>")) == found


def test_a_page_of_open_tags_takes_no_time() -> None:
    """A hostile page cannot make the search for meta elements slow."""
    began = time.process_time()
    html_signals("<meta " * 200_000)
    html_signals("<meta name=" + "a" * 500_000)
    assert time.process_time() - began < 5


ROBOTS = """
User-agent: *
Content-Signal: search=yes, ai-train=no
Content-Usage: /open train-ai=y
Disallow: /private

User-agent: GPTBot
User-agent: CCBot
Disallow: /
"""


def test_robots_txt_speaks_of_use() -> None:
    """Content-Signal for all paths, Content-Usage for some, training bots that are shut out."""
    found = {signal.name: signal for signal in robots_signals(ROBOTS, "/open/1")}
    assert found["content-signal"].value == "search=yes, ai-train=no"
    assert found["ai-agents"] == Signal("ai-agents", "robots", "ccbot, gptbot")
    assert "content-usage-other" in found
    assert "content-usage-other" not in names(robots_signals(ROBOTS, "/closed"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Content-Signal: ai-train=no\n\nUser-agent: *\nDisallow: /x", ["content-signal"]),
        ("User-agent: *\nContent-Signal: ai-train=no\n\nUser-agent: hiwar\nDisallow: /x", []),
        ("User-agent: hiwar\nContent-Signal: ai-train=no\n\nUser-agent: *\nDisallow: /x", ["content-signal"]),
        ("User-agent: other\nContent-Signal: ai-train=no", []),
        ("User-agent: *\nContent-Usage: train-ai=n\nDisallow: /x", ["content-usage"]),
        ("User-agent: *\nContent-Signal: nothing that can be read", []),
        ("User-agent: *\nDisallowAITraining: /", ["noai"]),
        ("User-agent: *\nDisallowAITraining:", ["noai"]),
        ("User-agent: *\nDisallowAITraining: /closed", []),
        ("User-agent: *\nDisallow: /", []),
        ("User-agent: Googlebot\nDisallow: /", []),
        ("User-agent: GPTBot\nDisallow: /closed", []),
        ("User-agent: GPTBot\nAllow: /", []),
        ("User-agent: Googlebot\nDisallow: /\n\nUser-agent: GPTBot\nAllow: /", []),
        ("  User-Agent : GPTBot\n  Disallow : /", ["ai-agents"]),
        ("User-agent: GPTBot/1.2\nDisallow: /", ["ai-agents"]),
        ("User-agent GPTBot\nDisallow: /", []),
    ],
)
def test_whom_a_line_of_robots_txt_is_for(text: str, found: list[str]) -> None:
    """The groups that name us, else those for all, and always the lines that stand before any group."""
    assert names(robots_signals(text, "/open/1", "Hiwar")) == found


def test_signals_come_in_one_order() -> None:
    """The same headers give the same rows: what is said comes sorted, each signal once."""
    said = [("X-Robots-Tag", "notranslate, nosnippet, noml, noindex, noimageai, noarchive, noai, noai")]
    found = header_signals([*said, *said])
    assert len(found) == 7
    assert list(found) == sorted(found)


def test_noindex_of_an_interface_speaks_of_its_answer_alone() -> None:
    """WordPress says noindex with every answer in JSON; with a page, or another header in JSON, it stands."""
    said = ("X-Robots-Tag", "noindex, noai")
    assert names(header_signals([said, ("CONTENT-TYPE", "application/json; charset=UTF-8")])) == ["noai"]
    assert names(header_signals([said, ("Content-Type", "application/ld+json")])) == ["noai"]
    assert names(header_signals([said, ("Accept", "application/json")])) == ["noai", "noindex"]
    assert names(header_signals([said, ("Content-Type", "text/html")])) == ["noai", "noindex"]


@pytest.mark.parametrize(
    ("text", "path", "reserved"),
    [
        ("User-Agent: *\nDisallow: /", "/a", True),
        ("User-Agent: *\nDisallow: /\nAllow: /open/", "/open/1", False),
        ("User-Agent: *\nDisallow: *.html", "/x/a.html", True),
        ("User-Agent: *\nDisallow: *.jpg", "/x/a.html", False),
        ("User-Agent: *\nAllow: /", "/a", False),
        ("User-Agent: hiwar\nDisallow: /a", "/a", True),
        ("", "/a", False),
        ("<html>", "/a", False),
    ],
)
def test_ai_txt(text: str, path: str, reserved: bool) -> None:
    """The longest rule decides; an empty file says nothing."""
    assert (names(ai_txt_signals(text, path)) == ["ai.txt"]) is reserved


@pytest.mark.parametrize(
    ("text", "path", "found"),
    [
        ('[{"location": "/", "tdm-reservation": 1}]', "/a", ["tdm-reservation"]),
        ('[{"location": "/", "tdm-reservation": 1}, {"location": "/open/*", "tdm-reservation": 0}]', "/open/1",
         ["tdm-reservation-other"]),
        ('[{"location": "/x", "tdm-reservation": 1, "tdm-policy": "https://example.org/p"}]', "/x/1",
         ["tdm-policy", "tdm-reservation"]),
        ('[{"location": "/x", "tdm-reservation": 1}]', "/y", []),
        ('{"location": "/"}', "/", []),
        ("[1, null, {}]", "/", []),
        ("[" * 100_000, "/", []),
        ("", "/", []),
    ],
)  # fmt: skip
def test_tdmrep(text: str, path: str, found: list[str]) -> None:
    """The longest location speaks; what is no such file says nothing and breaks nothing."""
    assert names(tdmrep_signals(text, path)) == found


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/", "/a", True), ("/a", "/ab", True), ("/a$", "/ab", False), ("/a$", "/a", True), ("/*b", "/xxb", True),
        ("/*b$", "/xbx", False), ("/a*b*c", "/aXbXc", True), ("/a*b*c", "/acb", False), ("*", "/x", True),
        (".html", "/a.html", True), ("/$", "/", True), ("/%d9%85", "/م", True),
    ],
)  # fmt: skip
def test_patterns(pattern: str, path: str, matches: bool) -> None:
    """Stars and dollars as RFC 9309 has them."""
    assert pattern_matches(pattern, path) is matches


def test_a_pattern_of_stars_takes_no_time() -> None:
    """No pattern can make the match slow."""
    began = time.process_time()
    assert not pattern_matches("/" + "*a" * 2000 + "b", "/" + "a" * 20_000)
    assert time.process_time() - began < 5


def test_a_site_speaks_in_all_its_files() -> None:
    """What robots.txt, ai.txt and tdmrep.json say of one address comes together."""
    site = SiteStatements(ROBOTS, "User-Agent: *\nDisallow: /", '[{"location": "/", "tdm-reservation": 1}]')
    assert names(site.signals("http://example.org/a?b=1")) == [
        "ai-agents",
        "ai.txt",
        "content-signal",
        "tdm-reservation",
    ]
    by_query = SiteStatements(ai_txt="User-Agent: *\nDisallow: /show?day=")
    assert names(by_query.signals("http://example.org/show?day=3")) == ["ai.txt"]
    assert names(by_query.signals("http://example.org/show")) == []


def test_the_evidence_lies_beside_each_page(tmp_path: Path) -> None:
    """A crawl asks for the well-known files once and writes their word, and the page's headers', to its record."""
    routes = {
        "/robots.txt": Reply(b"User-agent: *\nContent-Signal: ai-train=no\n", mime="text/plain"),
        "/ai.txt": Reply(b"User-Agent: *\nDisallow: /closed\n", mime="text/plain"),
        "/.well-known/tdmrep.json": Reply(
            b'[{"location": "/closed", "tdm-reservation": 1}]', mime="application/json"
        ),
        "/": page("/closed", "/quiet"),
        "/closed": page(text="مغلق"),
        "/quiet": Reply(page("/never").body, headers=(("X-Robots-Tag", "noai, nofollow"),)),
    }
    clock = FakeClock()
    with website(routes) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        crawl(recipe, now=clock.now, wait=clock.wait)
        assert site.paths().count("/ai.txt") == 1
        assert "/never" not in site.paths()
    said = {
        ref.url.removeprefix(site.url): names(ref.rights.signals)
        for ref in captures(recipe)
        if ref.role == "page"
    }
    assert said == {
        "/": ["content-signal"],
        "/closed": ["ai.txt", "content-signal", "tdm-reservation"],
        "/quiet": ["content-signal", "noai", "nofollow"],
    }
    assert {ref.role for ref in captures(recipe)} == {"robots", "optout", "page"}


def test_a_page_in_place_of_a_file_says_nothing(tmp_path: Path) -> None:
    """Sites that answer every address with a page of theirs have no ai.txt."""
    clock = FakeClock()
    with website({"/": page()}) as site:
        site.fallback = lambda request: page(text="User-Agent: * Disallow: /")
        recipe = recipe_for(tmp_path, f"{site.url}/")
        crawl(recipe, now=clock.now, wait=clock.wait)
    assert [ref.rights.signals for ref in captures(recipe) if ref.role == "page"] == [()]


def test_meta_nofollow_is_obeyed(tmp_path: Path) -> None:
    """The page is kept, its links are not followed; nor is a link marked nofollow."""
    clock = FakeClock()
    routes = {
        "/": page("/a", head='<meta name="robots" content="nofollow">'),
        "/b": Reply(b'<a rel="ugc nofollow" href="/c">c</a>'),
    }
    with website(routes) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", f"{site.url}/b")
        crawl(recipe, now=clock.now, wait=clock.wait)
        assert sorted(site.pages()) == ["/", "/b"]
