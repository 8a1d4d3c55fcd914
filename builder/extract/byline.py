"""Who wrote an article, from what the page declares and from the line beside its title."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml.html import HtmlElement

from builder.extract import jsonld
from builder.extract.dates.printed import find_printed
from builder.extract.heading import Heading, is_date_line
from builder.extract.links import leads_home
from builder.extract.naming import Kind, kind_of, names_of, said_of
from builder.extract.page import Page
from builder.extract.people import (
    MAX_BYLINE_CHARS,
    Byline,
    is_dateline,
    is_plainly_a_name,
    labelled,
    read_byline,
    writer_in_title,
    written_by,
)
from builder.extract.wording import ABOUT_AUTHOR, folded
from builder.markup import Line, squeeze
from builder.model import Author, Evidence

BEFORE_LINES = 6
"""A byline stands at most this many lines above the title or the first line of the text."""

AFTER_LINES = 2
"""… or at most this many lines into the text …"""

BELOW_LINES = 2
"""… or right below its last line."""

BARE_LINES = 3
"""A name without a label stands at most this many lines below the title."""

MIN_LINES_ABOVE = 2
"""A name closes a text when at least so many lines of it stand above."""

BOX_LINES = 8
"""A box about the author begins at most this many lines below the text."""

MAX_BOXED_WORDS = 5
"""Most words of the name in such a box."""

MAX_NAMED = 12
"""Most named parts of one line that are looked at."""

MAX_BIO_CHARS = 300
"""Longest line about an author."""

LEAST_PRINTED = 0.9
"""A printed name as sure as this has a label, or an element named as a byline."""

_ARABIC = re.compile("[\u0620-\u064a]")
_TRANSLATED = ("ترجم", "نقله", "نقلته", "تعريب")
_HREF = re.compile(
    r"/(?:authors?|writers?|columnists?|profile|users?|members?|katib|people|kuttab"
    r"|opinion-writers)(?:[/?=]|$)|[?&/](?:author|m\.asp)\b"
)
_HREF_OF_ALL = re.compile(r"/(?:authors?|writers?|columnists?|profile|users?|members?|people|kuttab)/?$")
_BIO_NAMED = re.compile(
    r"(?:author|writer|user)[\s_-]*(?:bio|desc|description|info|about|box)|about[\s_-]*(?:author"
    r"|writer)|(?:^|[\s_-])bio(?:$|[\s_-])"
)
_BIO_WORDS = re.compile(
    r"^\W*(?:(?:هو|وهو|هي)\s)?(?:كاتب|كاتبه|باحث|باحثه|صحافي|صحافيه|صحفي|صحفيه|اكاديمي|اكاديميه|شاعر"
    r"|شاعره|رواييه?|قاصه?|مدون|مدونه|ناشط|ناشطه"
    r"|استاذ|استاذه|محامي?|محاميه|مخرج|مخرجه|ناقد|ناقده|خبير|خبيره|مفكر|اعلامي|اعلاميه|محلل|مترجم"
    r"|مترجمه|مهندس|رييس تحرير|عضو|دكتور|طبيب)(?:\s|$)"
)
_WRITER = frozenset(map(folded, ("الكاتب", "الكاتبة")))
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BEFORE_DAY = re.compile(
    r"[\s|•·,،\-–—]*(?:(?:ال)?(?:سبت|[أا]حد|[إا]ثنين|ثلاثاء|[أا]ربعاء|خميس|جمعة))?[\s|•·,،\-–—]*$"
)
_META = (
    "author",
    "article:author",
    "dc.creator",
    "dcterms.creator",
    "parsely-author",
    "sailthru.author",
    "byl",
    "cxenseparse:author",
)


@dataclass(frozen=True, slots=True)
class Signed:
    """The author of an article, why, and the lines of the page that say so."""

    author: Author
    evidence: tuple[Evidence, ...]
    lines: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Claim:
    byline: Byline
    origin: str
    confidence: float
    line: int | None = None


def find_author(
    page: Page, title_line: int | None, first: int, last: int, printed: Heading | None = None
) -> Signed:
    """Return who signed the article whose text stands in lines `first` to `last` of the page.

    `printed` is the heading above it, where one was found: the name in it stands alone, without a label.
    A person is preferred to an agency, then the surer rule to the less sure.
    """
    sites = page.sites
    window = _window(title_line, first, last, len(page.lines.lines))
    below = range(max(window.stop, last + 1), min(len(page.lines.lines), last + 1 + BELOW_LINES))
    claims = [*_declared(page, sites), *_printed(page, (*window, *below), sites, first, title_line)]
    claims += _headed(page, printed, sites)
    claims += _in_title(page, title_line, sites)
    claims = claims or [
        *_named_below(page, sites, below.stop),
        *_boxed(page, sites, last),
        *_at_end(page, first, last),
    ]
    if not claims:
        return Signed(Author(), (), frozenset())
    best = max(claims, key=lambda claim: (claim.byline.kind == "person", claim.confidence))
    best = _in_arabic(page, claims, best)
    lines = {claim.line for claim in claims if claim.line is not None and _same(claim, best)}
    bio = _about(page, printed, best) or _bio(page, best, window, last)
    origin = best.origin if best.byline.kind == "person" else f"{best.origin}:{best.byline.kind}"
    evidence = [Evidence("author", origin, best.confidence)]
    if bio:
        evidence.append(Evidence("author_bio", bio[1], 0.8))
    return Signed(Author(best.byline.name, bio=bio[0] if bio else None), tuple(evidence), frozenset(lines))


def _in_arabic(page: Page, claims: Iterable[_Claim], best: _Claim) -> _Claim:
    """Return the surest name that a byline prints in Arabic, where the surest of all is declared in other letters.

    Systems declare their accounts, and names as an English form has them; who has translated signs for nobody else.
    """
    if best.line is not None or _ARABIC.search(best.byline.name):
        return best
    printed = [
        claim
        for claim in claims
        if claim.line is not None and claim.confidence >= LEAST_PRINTED and claim.byline.kind == "person"
    ]
    own = [
        claim
        for claim in printed
        if _ARABIC.search(claim.byline.name)
        and not folded(page.lines.lines[claim.line or 0].text).startswith(_TRANSLATED)
    ]
    return max(own, key=lambda claim: claim.confidence, default=best)


def _same(claim: _Claim, best: _Claim) -> bool:
    one, other = folded(claim.byline.name), folded(best.byline.name)
    return one in other or other in one


def _window(title_line: int | None, first: int, last: int, total: int) -> range:
    """Return the lines in which a byline may stand: round the title and the beginning of the text."""
    near = (first,) if title_line is None else (first, title_line)
    stop = min(first + AFTER_LINES + 1, last + 1)
    if title_line is not None:
        stop = max(stop, title_line + BARE_LINES + 1)
    return range(max(0, min(near) - BEFORE_LINES), min(total, stop))


def _declared(page: Page, sites: frozenset[str]) -> Iterator[_Claim]:
    for item in page.articles:
        names = [name for name in _people(item.get("author")) if not name.startswith("http")]
        bylines = [found for found in (read_byline(name, sites) for name in names) if found]
        people = dict.fromkeys(found.name for found in bylines if found.kind == "person")
        if people:
            yield _Claim(Byline(" و".join(people), "person"), "jsonld:author", 0.95)
        elif bylines:
            yield _Claim(bylines[0], "jsonld:author", 0.6)
    for name in _META:
        for content in page.meta.get(name, ()):
            byline = None if content.startswith(("http", "www.", "@", "/")) else read_byline(content, sites)
            if byline is not None:
                yield _Claim(byline, f"meta:{name}", 0.85 if byline.kind == "person" else 0.4)


def _people(value: object) -> list[str]:
    if isinstance(value, list):
        return [name for part in value[:5] for name in _people(part)]
    if isinstance(value, dict):
        return [] if "Organization" in jsonld.types(value) else _people(value.get("name"))
    return [value.strip()] if isinstance(value, str) and value.strip() else []


def _printed(
    page: Page, window: Iterable[int], sites: frozenset[str], first: int, title_line: int | None
) -> Iterator[_Claim]:
    bare = range(0) if title_line is None else range(title_line + 1, title_line + BARE_LINES + 1)
    for index in window:
        line = page.lines.lines[index]
        if len(line.text) > MAX_BYLINE_CHARS:
            if index < first:
                yield from _among_others(line, sites)
            continue
        claim = _claim(line, index, sites, page.url, above=index < first)
        if claim is None and title_line is not None and title_line < index <= first + 1:
            claim = _written(line.text, index, sites)
        if claim is None and index in bare and not _is_pictured(line.element):
            claim = _bare(line.text, index, sites)
        if claim is not None:
            yield claim


def _among_others(line: Line, sites: frozenset[str]) -> Iterator[_Claim]:
    """Yield who is named by an element of a long line above the text: day, author and a link to comments in one."""
    for text in _named_texts(line):
        byline = (
            read_byline(labelled(text, named=True) or text, sites) if len(text) < len(line.text) else None
        )
        if byline is not None and len(text) <= MAX_BYLINE_CHARS:
            yield _Claim(byline, "line:named", 0.9)
            return


def _written(text: str, index: int, sites: frozenset[str]) -> _Claim | None:
    """Return who signs a line between title and text that says "wrote" and a name, with nothing between the two."""
    names = written_by(text)
    byline = read_byline(names, sites) if names else None
    return _Claim(byline, "line:wrote", 0.9, index) if byline else None


def _is_pictured(element: HtmlElement) -> bool:
    """Return whether a line is the caption of a picture: who is shown in it has not written the text."""
    parent = element.getparent()
    return any(part is not None and kind_of(part) == Kind.PICTURE for part in (element, parent))


def _in_title(page: Page, title_line: int | None, sites: frozenset[str]) -> Iterator[_Claim]:
    """Yield who the title of an opinion says writes it: "Name writes: the title"."""
    title = page.lines.lines[title_line].text if title_line is not None else page.head_title
    name = writer_in_title(title)
    byline = read_byline(name, sites) if name else None
    if byline is not None and byline.kind == "person":
        yield _Claim(byline, "title:writes", 0.7)


def _boxed(page: Page, sites: frozenset[str], last: int) -> Iterator[_Claim]:
    """Yield the name that stands under a heading such as "the writer" below the text."""
    lines = page.lines.lines
    for index in range(last + 1, min(len(lines) - 1, last + 1 + BOX_LINES)):
        words = folded(lines[index].text)
        if words in _WRITER or ABOUT_AUTHOR.fullmatch(words):
            text = lines[index + 1].text
            byline = read_byline(text, sites) if len(text.split()) <= MAX_BOXED_WORDS else None
            if byline is not None and byline.kind == "person":
                yield _Claim(byline, "line:box", 0.7)


def _bare(text: str, index: int, sites: frozenset[str]) -> _Claim | None:
    """Return who signs a line right below the title that has no label: a name, or a place and a name or agency."""
    alone = _without_day(text)
    if is_plainly_a_name(alone):
        return _Claim(Byline(alone, "person"), "line:name", 0.6, index if alone == text else None)
    byline = read_byline(text, sites) if is_dateline(text) else None
    return _Claim(byline, "line:place", 0.65, index) if byline else None


def _without_day(text: str) -> str:
    """Return a line without the day printed behind what it begins with."""
    found = find_printed(text)
    return _BEFORE_DAY.sub("", text[: found[0].start]) if found and found[0].start else text


def _named_below(page: Page, sites: frozenset[str], start: int) -> Iterator[_Claim]:
    """Yield who is named a little farther below the text, by an element that is named as a byline."""
    for line in page.lines.lines[start : start + BELOW_LINES]:
        if len(line.text) <= MAX_BYLINE_CHARS and _is_named(line.element):
            byline = read_byline(labelled(line.text, named=True) or line.text, sites)
            if byline is not None and byline.kind == "person":
                yield _Claim(byline, "line:named-below", 0.6)


def _at_end(page: Page, first: int, last: int) -> Iterator[_Claim]:
    """Yield the name that stands alone under a text of paragraphs: right before a line about its bearer or a day."""
    lines = page.lines.lines
    for index in range(
        max(first + MIN_LINES_ABOVE, last - BELOW_LINES), min(len(lines), last + BELOW_LINES + 1)
    ):
        follows = lines[index + 1].text if index + 1 < len(lines) else ""
        closes = bool(_BIO_WORDS.match(folded(follows))) or is_date_line(follows)
        if closes and lines[index].link_share < 1 and is_plainly_a_name(lines[index].text):
            yield _Claim(Byline(lines[index].text, "person"), "line:end", 0.5)


def _headed(page: Page, printed: Heading | None, sites: frozenset[str]) -> Iterator[_Claim]:
    if printed is not None and printed.author is not None:
        byline = read_byline(page.lines.lines[printed.author].text, sites)
        if byline is not None and byline.kind == "person":
            yield _Claim(byline, "line:heading", 0.82, printed.author)


def _about(page: Page, printed: Heading | None, best: _Claim) -> tuple[str, str] | None:
    """Return the line about the author in a printed heading, where the name of the heading is theirs."""
    if printed is None or printed.about is None or best.line != printed.author:
        return None
    return page.lines.lines[printed.about].text, "line:heading"


def _claim(line: Line, index: int, sites: frozenset[str], url: str, *, above: bool) -> _Claim | None:
    """Return who a line beside the title says has written: by its label, its element's name, or its link."""
    for text in _named_texts(line):
        byline = read_byline(labelled(text, named=True) or text, sites)
        if byline is not None:
            return _Claim(byline, "line:named", 0.94, index)
    behind = labelled(line.text)
    if behind is not None:
        byline = read_byline(behind, sites)
        return _Claim(byline, "line:label", 0.93, index) if byline else None
    for text in _author_links(line.element, url) if above else ():
        byline = read_byline(text, sites)
        if byline is not None and byline.kind == "person":
            return _Claim(byline, "line:link", 0.8, index)
    return None


def _named_texts(line: Line) -> Iterator[str]:
    """Yield the texts of a line that elements named as a byline hold: the inmost part of it first, then all of it."""
    inner = [part for part in line.element.iterdescendants() if _is_named(part)][:MAX_NAMED]
    for part in reversed(inner):
        text = squeeze(part.text_content())
        if text and text in line.text:
            yield text
    parent = line.element.getparent()
    if _is_named(line.element) or (parent is not None and _is_named(parent)):
        yield line.text


def _is_named(element: HtmlElement) -> bool:
    """Return whether an element is named as a byline by its class, id, itemprop or rel."""
    if not isinstance(element.tag, str) or element.tag in ("body", "article", "main"):
        return False
    return "author" in (element.get("rel") or "").split() or said_of(element).byline


def _author_links(element: HtmlElement, url: str) -> Iterator[str]:
    """Yield the texts of links that lead to the page of a person; an account elsewhere must be called by a name."""
    for link in element.iter("a"):
        href = link.get("href") or ""
        text = squeeze(link.text_content()) if _HREF.search(href) and not _HREF_OF_ALL.search(href) else ""
        if text and (leads_home(link, url) or is_plainly_a_name(text)):
            yield text


def _bio(page: Page, best: _Claim, window: range, last: int) -> tuple[str, str] | None:
    """Return the line about the author and where it stood: a box named so, or a line that begins with a calling."""
    lines = page.lines.lines
    for index in range(window.start, min(len(lines), last + 8)):
        line = lines[index]
        inside = window.stop <= index < last - 1
        if inside or len(line.text) > MAX_BIO_CHARS or folded(line.text) == folded(best.byline.name):
            continue
        names = " ".join(
            _CAMEL.sub("-", names_of(e)).lower()
            for e in (line.element, line.element.getparent())
            if e is not None
        )
        if _BIO_NAMED.search(names) and len(line.text.split()) > 3:
            return line.text, "line:bio"
        if _BIO_WORDS.match(folded(line.text)) and len(line.text.split()) <= 30 and line.link_share < 1:
            return line.text.strip("*• "), "line:calling"
    return None
