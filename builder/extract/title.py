"""The title of an article: what the page's head says and what stands over the text, and where they agree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from builder.extract import jsonld
from builder.extract.links import split, within
from builder.extract.naming import joined
from builder.extract.page import Page
from builder.extract.region import LINKED, key
from builder.extract.sites import SEPARATOR, is_site_name, strip_site
from builder.extract.wording import folded
from builder.markup import Line, squeeze
from builder.model import Evidence

NEAR_LINES = 8
"""A heading at most this many lines above the first line of the text stands over it."""

INTO_LINES = 3
"""A heading of the head's title may stand so many lines into the text: above it stands what is told of the site."""

MIN_KEY_CHARS = 4
"""Shortest line, folded and without spaces, that can be found inside the head's title."""

MIN_COVER = 0.35
"""Least share of the head's title that a plain line must cover to be its printed form."""

MAX_TITLE_CHARS = 300
"""Longest text taken for a title."""

LINK_COST = 3.0
"""What a plain line loses for being a link: names of sites and sections are, titles seldom."""

HEADING_SCORE = 5.0
"""Least score by which a heading alone is the title; see `_score`."""

_TITLE_NAMES = re.compile(
    r"(?:^|[\s_-])(?:headline|(?:entry|post|article|news|story|topic|page|single|main|item"
    r"|content)?[\s_-]*(?:news)?"
    r"(?:title|heading|subject))(?:$|[\s_-])"
)
_NOT_TITLE = re.compile(
    r"(?:^|[\s_-])(?:logo|site|brand|blog-title|widget|menu|nav|related|comments?|section|sub)(?:$|[\s_-])"
)
_OF_ENGINE = re.compile(
    r"^(?:اقرأ الموضوع|مشاهدة الموضوع|عرض الموضوع|view topic)\s*-\s+|\s*\[(?:الأرشيف|archive)\]\s*$",
    re.IGNORECASE,
)
"""What forums write into the title element beside the title of a thread."""

_LARGE = re.compile(r"(?:[4-7]|\+[1-4])$")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_HEADINGS = {"h1": 3.0, "h2": 2.0, "h3": 1.0}


@dataclass(frozen=True, slots=True)
class Title:
    """A title, the line of the page it is printed in (None if it is only in the head), and why it was chosen."""

    text: str
    line: int | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class _Heading:
    line: int
    text: str
    origin: str
    score: float


def find_title(page: Page, first: int, last: int | None = None) -> Title | None:
    """Return the title of the article whose text stands in lines `first` to `last`; None when nothing names one."""
    sites = page.sites | host_names(page.url)
    named = _named(page, sites)
    headings = sorted(
        _headings(page, first, max(first, last or 0), sites, named),
        key=lambda heading: (-heading.score, -heading.line),
    )
    best = headings[0] if headings else None
    over = _over(page, headings, best, first, last)
    if over is not None:
        return Title(over.text, over.line, Evidence("title", over.origin, 0.8))
    if named is not None:
        return _agreed(named, best)
    return _from_head(page, best, sites)


def _over(
    page: Page, headings: list[_Heading], best: _Heading | None, first: int, last: int | None
) -> _Heading | None:
    """Return the page's only `h1` where it stands over a text below whose middle the declared title is printed.

    What stands so far below heads what is told of the page: how to cite it, or whom to follow.
    """
    if best is None or last is None or 2 * best.line <= first + last or len(page.tree.findall(".//h1")) != 1:
        return None
    near = (heading for heading in headings if first - NEAR_LINES <= heading.line <= first + 1)
    return next((heading for heading in near if heading.origin == "line:h1" and heading.score > 0), None)


def host_names(url: str) -> frozenset[str]:
    """Return the host of a URL and its first label, folded: the name of a site where it gives itself no other."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    return frozenset((folded(host), folded(host.split(".")[0])))


def _named(page: Page, sites: frozenset[str]) -> tuple[str, str] | None:
    """Return the title that the page's head declares, without the site's part, and where it stood."""
    declared = [(jsonld.text_value(item.get("headline")), "jsonld:headline") for item in page.articles]
    declared += [
        (page.first_meta(name), f"meta:{name}")
        for name in ("og:title", "twitter:title", "dc.title", "headline")
    ]
    for text, origin in declared:
        if text and len(text) <= MAX_TITLE_CHARS and not is_site_name(text, sites):
            return strip_site(squeeze(unescape(text)), sites), origin
    return None


def _headings(
    page: Page, first: int, last: int, sites: frozenset[str], named: tuple[str, str] | None
) -> Iterator[_Heading]:
    head = key(page.head_title)
    wanted = key(named[0]) if named else ""
    large_fonts = _large_fonts(page.tree)
    homes: dict[HtmlElement, bool] = {}
    lines, covered = page.lines.lines, 0
    for index, line in enumerate(lines[: max(first + NEAR_LINES, last + 1)]):
        if len(line.text) > MAX_TITLE_CHARS or index < covered:
            continue
        text = line.text
        if index + 1 < len(lines) and lines[index + 1].element is line.element:
            text, covered = _whole(page, index, head, wanted)
        own = key(text)
        if len(own) < MIN_KEY_CHARS or folded(text) in sites:
            continue
        may_be_large = index < last and line.text in large_fonts
        agrees = _agrees(own, wanted)
        if index > first + 1 and not (agrees or may_be_large or own in head):
            continue
        shape, origin = _shape(line.element)
        in_head = own in head and (shape > 0 or len(own) >= MIN_COVER * len(head))
        large = not shape and may_be_large and _holds_any(line.element, large_fonts[line.text])
        if not in_head and not agrees and not large and (shape <= 0 or index > first + 1):
            continue
        if _leads_home(line, homes):
            continue
        reach = first + INTO_LINES * (in_head and shape > 0)
        near = 2.0 * (first - NEAR_LINES <= index <= reach)
        linked = LINK_COST * (shape <= 0 and line.link_share >= LINKED)
        yield _Heading(index, text, origin, shape + (near - linked) + 4.0 * in_head + 4.0 * agrees)


def _whole(page: Page, index: int, head: str, wanted: str) -> tuple[str, int]:
    """Return a heading with its further lines, where the page's head has them in one, and the line behind them.

    Else its line alone. `head` and `wanted` are the keys of what the head says.
    """
    lines, end = page.lines.lines, index + 1
    line, size = lines[index], len(lines[index].text)
    if line.element.tag not in _HEADINGS:
        return line.text, end
    while end < len(lines) and lines[end].element is line.element and size <= MAX_TITLE_CHARS:
        size += 1 + len(lines[end].text)
        end += 1
    text = " ".join(each.text for each in lines[index:end])
    own = key(text) if len(text) <= MAX_TITLE_CHARS else ""
    return (text, end) if own and (own in head or own == wanted) else (line.text, index + 1)


def _agrees(own: str, wanted: str) -> bool:
    """Return whether a line's key and that of the declared title are one, or the line holds or is most of it."""
    return bool(wanted) and (own in wanted or wanted in own) and 2 * len(own) >= len(wanted)


def _large_fonts(tree: HtmlElement) -> dict[str, list[HtmlElement]]:
    """Return what is set in a large font, as titles were before there were style sheets, by its text."""
    found: dict[str, list[HtmlElement]] = {}
    for font in tree.iter("font"):
        if _LARGE.match((font.get("size") or "").strip()):
            found.setdefault(squeeze(str(font.text_content())), []).append(font)
    return found


def _holds_any(element: HtmlElement, parts: list[HtmlElement]) -> bool:
    """Return whether an element is one of some parts or holds one."""
    return any(part is element or any(above is element for above in part.iterancestors()) for part in parts)


def _leads_home(line: Line, known: dict[HtmlElement, bool]) -> bool:
    """Return whether a line is a link to the front page: the name of the site, or "home".

    `known` keeps what the links of an element say, in which many lines may stand.
    """
    if line.link_share < LINKED:
        return False
    if line.element not in known:
        known[line.element] = any(_is_home(link.get("href") or "-") for link in within(line.element))
    return known[line.element]


def _is_home(href: str) -> bool:
    """Return whether an address has no path; most begin with one, and are not taken apart."""
    if href[0] == "/" and href[1:2].isalnum():
        return False
    return split(href).path in ("", "/")


def _shape(element: HtmlElement) -> tuple[float, str]:
    """Return how much an element looks like a title by its tag and names, and the name of what it is."""
    score, origin = 0.0, f"line:{element.tag}"
    current: HtmlElement | None = element
    for _ in range(2):
        if current is None:
            break
        score += _HEADINGS.get(str(current.tag), 0.0)
        score += _named_score(current.get("class"), current.get("id"), current.get("itemprop"))
        current = current.getparent()
    return score, origin


@lru_cache(maxsize=8192)
def _named_score(classes: str | None, own_id: str | None, prop: str | None) -> float:
    names = _CAMEL.sub("-", joined(classes, own_id, prop)).lower()
    if not names:
        return 0.0
    if _NOT_TITLE.search(names):
        return -4.0
    if _TITLE_NAMES.search(names):
        return 3.0 if "headline" in names else 2.0
    return 0.0


def _agreed(named: tuple[str, str], heading: _Heading | None) -> Title:
    """Join what the head declares with what is printed: the shorter of two that contain each other, else the head's."""
    text, origin = named
    if heading is None:
        return Title(text, None, Evidence("title", origin, 0.9))
    own, declared = key(heading.text), key(text)
    if own == declared:
        return Title(heading.text, heading.line, Evidence("title", f"{origin}+{heading.origin}", 0.99))
    if own in declared and _is_suffix_cut(text, heading.text):
        return Title(heading.text, heading.line, Evidence("title", f"{heading.origin}+{origin}", 0.95))
    line = heading.line if declared in own or own in declared else None
    return Title(text, line, Evidence("title", origin, 0.9))


def _is_suffix_cut(declared: str, printed: str) -> bool:
    """Return whether the printed title is a part of the declared one, or more than half of it from its beginning."""
    own, whole = key(printed), key(declared)
    parts = SEPARATOR.split(declared)
    return any(key(part) == own for part in parts) or (whole.startswith(own) and 2 * len(own) >= len(whole))


def _from_head(page: Page, heading: _Heading | None, sites: frozenset[str]) -> Title | None:
    """Choose between the title element and a heading when nothing else names a title."""
    head = _OF_ENGINE.sub("", strip_site(page.head_title, sites)) if page.head_title else ""
    if heading is not None and (key(heading.text) in key(page.head_title) or heading.score >= HEADING_SCORE):
        agrees = key(heading.text) in key(page.head_title)
        origin = f"title+{heading.origin}" if agrees else heading.origin
        return Title(heading.text, heading.line, Evidence("title", origin, 0.97 if agrees else 0.7))
    if head and not is_site_name(head, sites):
        return Title(head, None, Evidence("title", "title", 0.6))
    if heading is not None:
        return Title(heading.text, heading.line, Evidence("title", heading.origin, 0.4))
    return None
