"""One page has one address, however its links are spelt; two pages never share one."""

from __future__ import annotations

import pytest

from builder.urls import ascii_host, canonical_url, fetchable_url, site_of, stable_id

SAME = [
    ("HTTP://Example.ORG:80/a", "http://example.org/a"),
    ("https://example.org:443", "https://example.org/"),
    ("https://example.org:8443/", "https://example.org:8443/"),
    ("http://example.org/a#part", "http://example.org/a"),
    ("http://example.org//debat/show.asp?aid=7", "http://example.org/debat/show.asp?aid=7"),
    ("http://example.org/a/../b/./c", "http://example.org/b/c"),
    ("http://example.org/a/..", "http://example.org/"),
    ("http://example.org/%7euser/%66oo", "http://example.org/~user/foo"),
    ("http://example.org/%d9%85%d9%82", "http://example.org/%D9%85%D9%82"),
    ("http://example.org/مق", "http://example.org/%D9%85%D9%82"),
    ("http://example.org/a b", "http://example.org/a%20b"),
    ("http://example.org/100%", "http://example.org/100%25"),
    ("http://example.org/s?Q=%e3%cd%e3%cf+%d4", "http://example.org/s?Q=%E3%CD%E3%CF+%D4"),
    ("http://example.org/s?q=a%20b", "http://example.org/s?q=a+b"),
    ("http://example.org/?aid=5&utm_source=x&fbclid=y", "http://example.org/?aid=5"),
    ("http://example.org/?aid=5&amp;t=0", "http://example.org/?aid=5&t=0"),
    ("http://example.org/?a=1&&b=2&", "http://example.org/?a=1&b=2"),
    ("http://example.org/a;jsessionid=1A2B3C?x=1", "http://example.org/a?x=1"),
    ("http://example.org/(S(abcdefghij1234567890abcd))/a.aspx", "http://example.org/a.aspx"),
    ("http://example.org/?PHPSESSID=0123456789abcdef0123&p=1", "http://example.org/?p=1"),
    ("http://EXAMPLE.org./a", "http://example.org/a"),
    ("http://حوار.example/أ", "http://xn--mgbln4g.example/%D8%A3"),
    ("  http://example.org/a\n", "http://example.org/a"),
    ("http://user:pw@example.org/", "http://example.org/"),
    ("http://[2001:DB8::1]:80/", "http://[2001:db8::1]/"),
]


@pytest.mark.parametrize(("spelling", "canonical"), SAME)
def test_spellings_of_one_page_give_one_address(spelling: str, canonical: str) -> None:
    """Case, escapes, ports, fragments, tracking and session parameters do not make a page."""
    assert canonical_url(spelling) == canonical


@pytest.mark.parametrize("canonical", sorted({canonical for _, canonical in SAME}))
def test_a_canonical_address_stays_as_it_is(canonical: str) -> None:
    """Canonical form is a fixed point."""
    assert canonical_url(canonical) == canonical


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://example.org/a%2Fb", "http://example.org/a/b"),
        ("http://example.org/?q=a%26b", "http://example.org/?q=a&b"),
        ("http://example.org/?q=c%2B%2B", "http://example.org/?q=c++"),
        ("http://example.org/f%23x", "http://example.org/f#x"),
        ("http://example.org/a", "http://example.org/a/"),
        ("http://example.org/a", "https://example.org/a"),
        ("http://example.org/?a=1&b=2", "http://example.org/?b=2&a=1"),
        ("http://example.org/news.php?sid=12", "http://example.org/news.php?sid=13"),
        ("http://example.org/?q=%E3%CD", "http://example.org/?q=%D9%85%D8%AD"),
    ],
)
def test_different_pages_keep_different_addresses(one: str, other: str) -> None:
    """An escaped separator is no separator, and a short sid is a story's number."""
    assert canonical_url(one) != canonical_url(other)


def test_only_the_kept_parameters_make_the_page() -> None:
    """A source that names its parameters gets one address for all mixtures of the others."""
    keep = frozenset({"aid"})
    urls = ["http://x.example/s.asp?aid=5&t=0", "http://x.example/s.asp?r=0&aid=5&cid=9"]
    assert {canonical_url(url, keep) for url in urls} == {"http://x.example/s.asp?aid=5"}


@pytest.mark.parametrize("broken", ["http://[::1", "http://x:99999/", "http://x:port/"])
def test_what_is_no_url_comes_back(broken: str) -> None:
    """Nothing raises on a broken address."""
    assert canonical_url(broken) == broken
    assert fetchable_url(broken) == broken


@pytest.mark.parametrize(
    ("url", "charset", "wire"),
    [
        ("http://example.org/مق?q=مق", "utf-8", "http://example.org/%D9%85%D9%82?q=%D9%85%D9%82"),
        ("http://example.org/مق?q=مق", "windows-1256", "http://example.org/%D9%85%D9%82?q=%E3%DE"),
        ("http://example.org/s?q=ڭ", "windows-1256", "http://example.org/s?q=%26%231709%3B"),
        ("http://example.org/%e3%cd/a%2Fb?Q=%e3%cd#x", "utf-8", "http://example.org/%e3%cd/a%2Fb?Q=%e3%cd"),
        ("http://example.org/a b?c d", "utf-8", "http://example.org/a%20b?c%20d"),
        ("http://حوار.example:8080/", "utf-8", "http://xn--mgbln4g.example:8080/"),
        ("http://حوار.example/س", "utf-8", "http://xn--mgbln4g.example/%D8%B3"),
        ("HTTP://example.org/س", "utf-8", "http://example.org/%D8%B3"),
        ("http://example.org", "utf-8", "http://example.org/"),
        ("http://EXAMPLE.org/A", "utf-8", "http://example.org/A"),
        ("http:\\\\example.org\\a\\b?c=\\", "utf-8", "http://example.org/a/b?c=%5C"),
        ("http://example.org\\@127.0.0.1/", "utf-8", "http://example.org/@127.0.0.1/"),
        ("http://example.org/a/../b/./c/..", "utf-8", "http://example.org/b/"),
        ("http://example.org/a/%2e%2E/b%2f.", "utf-8", "http://example.org/b%2f."),
        ("http://example.org/../../a/.", "utf-8", "http://example.org/a/"),
        ("http://example.org//a/.well-known?../..", "utf-8", "http://example.org//a/.well-known?../.."),
        ("http://example.org/?q=م", "no-such-charset", "http://example.org/?q=%D9%85"),
    ],
)
def test_the_wire_gets_what_a_browser_would_send(url: str, charset: str, wire: str) -> None:
    """Escapes that stand stay, letters are escaped in the page's encoding in the query and in UTF-8 before it."""
    assert fetchable_url(url, charset) == wire


def test_hosts_and_ids() -> None:
    """A host is compared without www and in ASCII; an id depends on its key alone."""
    assert site_of("https://WWW.Example.org:8080/x") == "example.org"
    assert ascii_host("ExAmple.ORG.") == "example.org"
    assert ascii_host("م" * 70 + ".Example") == "م" * 70 + ".example"
    assert stable_id("a") == stable_id("a") != stable_id("b")
    assert len(stable_id("مفتاح")) == 32


def test_long_names_with_letters_beyond_ascii_come_back() -> None:
    """A path of many words and one foreign letter at its end is no work: the patterns never go back."""
    path = "2021-05-03-programmieren-for-the-space-of-all-days-" * 8
    assert canonical_url(f"https://site.example/{path}ü/") == f"https://site.example/{path}%C3%BC/"
