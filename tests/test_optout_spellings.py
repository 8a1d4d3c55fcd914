"""A no in an unusual spelling, or said while a file of the site was out of reach, is a no all the same."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from crawling import FakeClock, captures, recipe_for
from loopback import Reply, page, website
from test_optout import names

from builder.crawl import crawl
from builder.optout import ai_txt_signals, header_signals, html_signals, tdmrep_signals


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("max-video-preview: -1, noai", ["noai"]),
        ("max-image-preview:large, noindex", ["noindex"]),
        ("indexifembedded, noai", ["noai"]),
        ("googlebot: nofollow, hiwar: noai", ["noai"]),
        ("googlebot: noindex, nofollow, hiwar: noai, noml", ["noai", "noml"]),
        ("noai, googlebot: noindex", ["noai"]),
        ("hiwar: noai, otherbot: noindex", ["noai"]),
        ("unavailable_after: Wednesday, 25 Jun 2030 15:00:00 GMT, noai", ["noai"]),
    ],
)
def test_a_header_of_several_statements(value: str, found: list[str]) -> None:
    """Directives with a value are no agent's name; proxies join the headers for several agents into one."""
    assert names(header_signals([("X-Robots-Tag", value)])) == found


def test_a_meta_element_that_begins_with_a_preview_size() -> None:
    """As search plugins write them: sizes of previews first, the words that matter behind."""
    assert names(html_signals('<meta name="robots" content="max-video-preview:-1, noai">')) == ["noai"]


@pytest.mark.parametrize("said", ["tdm=n", "genai=n", "all=n", "bots=?0"])
def test_a_usage_statement_by_its_older_words(said: str) -> None:
    """Earlier drafts of the vocabulary had other words, and a structured boolean is a no as well."""
    assert names(header_signals([("Content-Usage", said)])) == ["content-usage"]


@pytest.mark.parametrize(
    "text",
    [
        '{"location": "/", "tdm-reservation": 1}',
        '[{"location": "/", "tdm-reservation": true}]',
        '[{"location": "/", "tdm-reservation": " 1 "}]',
    ],
)
def test_a_reservation_in_a_slip_of_the_format(text: str) -> None:
    """One rule without its list, or true for 1, can only mean that the rights are reserved."""
    assert names(tdmrep_signals(text, "/a")) == ["tdm-reservation"]


def test_an_agent_with_its_version() -> None:
    """The product token decides (RFC 9309, 2.2.1): what stands behind it is no part of the name."""
    assert names(ai_txt_signals("User-Agent: Hiwar/1.0\nDisallow: /", "/a")) == ["ai.txt"]


@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        ((("X-Robots-Tag", "none"),), ["/"]),
        ((("X-Robots-Tag", "noarchive"), ("X-Robots-Tag", "nofollow")), ["/"]),
        ((("X-Robots-Tag", "hiwar: nofollow"),), ["/"]),
        ((("X-Robots-Tag", "googlebot: nofollow"),), ["/", "/next"]),
    ],
)
def test_links_are_followed_where_no_header_forbids(
    tmp_path: Path, headers: tuple[tuple[str, str], ...], asked: list[str]
) -> None:
    """None is nofollow too, each of several headers counts, and a word for another agent does not."""
    clock = FakeClock()
    with website({"/": Reply(page("/next").body, headers=headers), "/next": page()}) as site:
        crawl(recipe_for(tmp_path, f"{site.url}/"), now=clock.now, wait=clock.wait)
        assert site.pages() == asked


@pytest.mark.parametrize(("name", "asked"), [("diwan", ["/"]), ("otherbot", ["/", "/next"])])
def test_a_meta_element_for_our_own_name(tmp_path: Path, name: str, asked: list[str]) -> None:
    """What a page says to the product name of the recipe is kept beside it and obeyed."""
    clock = FakeClock()
    routes = {"/": page("/next", head=f'<meta name="{name}" content="noai, nofollow">'), "/next": page()}
    with website(routes) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", user_agent="Diwan")
        crawl(recipe, now=clock.now, wait=clock.wait)
        assert site.pages() == asked
    (home,) = [ref for ref in captures(recipe) if ref.url == f"{site.url}/"]
    assert names(home.rights.signals) == (["noai", "nofollow"] if name == "diwan" else [])


@pytest.mark.parametrize("answer", [Reply(b"busy", 503), Reply(b"slow down", 429), Reply(raw=b"")])
def test_a_statement_holds_while_its_file_is_out_of_reach(tmp_path: Path, answer: Reply) -> None:
    """A day later the site is asked again; an answer that says nothing does not take back what was said."""
    clock = FakeClock()
    routes = {
        "/.well-known/tdmrep.json": Reply(
            b'[{"location": "/", "tdm-reservation": 1}]', mime="application/json"
        ),
        "/": page(),
    }
    with website(routes) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", recrawl_min_days=1)
        crawl(recipe, now=clock.now, wait=clock.wait)
        clock.pass_s(timedelta(days=3).total_seconds())
        site.routes["/.well-known/tdmrep.json"] = answer
        site.routes["/"] = page(text="مقال آخر")
        crawl(recipe, now=clock.now, wait=clock.wait)
    visits = [names(ref.rights.signals) for ref in captures(recipe) if ref.url == f"{site.url}/"]
    assert visits == [["tdm-reservation"], ["tdm-reservation"]]
