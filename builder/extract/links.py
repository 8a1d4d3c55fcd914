"""The addresses of a page's links, of which some are none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from urllib.parse import SplitResult, unquote, urlsplit

from lxml.html import HtmlElement

from builder.urls import site_of

NOWHERE = SplitResult("", "?", "/?", "", "")
"""What stands for an address that cannot be taken apart: no host of any site, no front page."""


_LANGUAGE = re.compile(r"(?<=\w)[-_](?:ar|arabic|en|english|fr)(?=(?:\.\w{2,5})?/?$)", re.IGNORECASE)


def plain_path(url: str) -> str:
    """Return the path of an address unquoted, without the language at its end: /blog-ar.html is called /blog.html."""
    return _LANGUAGE.sub("", unquote(urlsplit(url).path))


def split(href: str) -> SplitResult:
    """Return the parts of an address; `NOWHERE` for one that is none, such as "http://["."""
    try:
        return urlsplit(href)
    except ValueError:
        return NOWHERE


def host(link: HtmlElement) -> str:
    """Return the host a link leads to, in lower case without "www."; "" for an address on the page's own."""
    return (split(link.get("href") or "").hostname or "").removeprefix("www.")


def within(element: HtmlElement) -> Iterator[HtmlElement]:
    """Yield the links that an element holds, then those it stands in."""
    return chain(element.iter("a"), element.iterancestors("a"))


def leads_home(link: HtmlElement, url: str) -> bool:
    """Return whether a link stays on the site of the page at `url`; "m." and "www." of one name are one site."""
    own, other = site_of(url), host(link)
    return not other or f".{other}".endswith(f".{own}") or f".{own}".endswith(f".{other}")
