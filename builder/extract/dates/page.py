"""A page as the search for dates sees it: its lines, where the title stands, and what is not the article."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

from lxml.html import HtmlElement

from builder.extract import jsonld
from builder.extract import page as pages
from builder.extract.dates.names import fold, fold_lines
from builder.extract.dates.order import told_order
from builder.markup import squeeze
from builder.model import Moment

_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"\w{2,}")

NEAR_LINES = (-8, 15)
"""A line from 8 before to 15 behind the title is beside it: kickers, bylines, buttons stand between."""

LONGEST_TITLE_CHARS = 400
"""A longer line is no title."""

LEAST_SHARED = 0.6
"""Share of a line's words that must stand in the page's title for the line to be that title on the page."""

TODAY_S = 36 * 3600
"""Seconds round the capture in which a day counts as its own, whatever the zone."""

_ASIDE_TAGS = frozenset(("nav", "aside", "footer", "form", "select", "figure", "figcaption"))
_ASIDE = re.compile(
    r"related|side-?bar|(?:^|\s)widget(?:\s|$|_)|widget-?area|comment|respond|repl(?:y|ies)|recent|popular"
    r"|most-?(?:read|view)|ticker|breaking|footer|breadcrumb|latest|also-?read|more-?news|copyright"
    r"|(?:^|\s)(?:wp-)?calendar(?:\s|$|_)|prayer|similar|read-?more|archives|next-?post|prev(?:ious)?-?post|post-?nav"
    r"|navigation|\bnav\b|\bmenu\b|suggest|recommend|trending|teaser|carousel|slider",
    re.IGNORECASE,
)
_OF_ARTICLE = re.compile(
    r"(?:^|\s)(?:entry|post|article|story|blog)-?(?:footer|meta|info|header)(?:$|\s|[-_])", re.IGNORECASE
)
"""Names of what stands above or below an article and belongs to it: themes print its day there."""


_OWN_DAY = re.compile(
    r"(?:^|\s)(?:entry|post|article|story|news|blog|publish(?:ed)?|pub)[-_]?(?:date|day|time)(?:$|\s)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Spot:
    """One line of a page: its element, the line before it, and its distance in lines from the title (0: the title)."""

    element: HtmlElement
    line: str
    previous: str
    distance: int
    near: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """One date that may be the page's own."""

    moment: Moment
    origin: str
    confidence: float


class Page:
    """Views of one page, each made once and only when asked for."""

    def __init__(
        self,
        tree: HtmlElement,
        captured_at: datetime,
        zone: str | None,
        url: str,
        parsed: pages.Page,
    ) -> None:
        self.tree = tree
        self.captured_at = captured_at
        self.zone = zone
        self.url = url
        self.objects = parsed.objects
        self.lines = parsed.lines.lines
        self._named = parsed.named
        self._asides: dict[HtmlElement, bool] = {}

    @cached_property
    def meta(self) -> Mapping[str, list[str]]:
        """Contents of meta elements by name, property or itemprop in lower case."""
        found: dict[str, list[str]] = {}
        for element in self.tree.iter("meta"):
            for attribute in ("property", "name", "itemprop", "http-equiv"):
                name = (element.get(attribute) or "").strip().lower()
                if name and element.get("content"):
                    found.setdefault(name, []).append(element.get("content") or "")
        return found

    @cached_property
    def with_properties(self) -> list[HtmlElement]:
        """Elements with a property of microdata or RDFa, in reading order."""
        return [each for each, *_ in self._named if each.get("itemprop") or each.get("property")]

    @cached_property
    def titles(self) -> list[str]:
        """What the page calls its title, in its head."""
        names = [*self.meta.get("og:title", ()), *self.meta.get("twitter:title", ())]
        names += [squeeze(str(element.text_content())) for element in self.tree.iter("title")][:1]
        return [name for name in names if _words(name)]

    @cached_property
    def title_line(self) -> int | None:
        """Index in `lines` of the line that shares most words with the title; headings before other lines."""
        wanted = [_words(title) for title in self.titles]
        heads = set(self.tree.iter("h1", "h2", "h3"))
        heads.update(*self.tree.iter("h1"))
        headings = [i for i, line in enumerate(self.lines) if line.element in heads]
        for indexes in (headings, range(len(self.lines))) if wanted else ():
            best = self._most_like(wanted, indexes)
            if best is not None:
                return best
        return next((i for i, line in enumerate(self.lines) if line.element.tag == "h1"), None)

    def _most_like(self, wanted: list[frozenset[str]], indexes: Iterable[int]) -> int | None:
        """Return which of some lines, not long, shares most words with one of some titles; None where none does."""
        asked = frozenset[str]().union(*wanted)
        short = [i for i in indexes if len(self.lines[i].text) <= LONGEST_TITLE_CHARS]
        best, most = None, 0
        for index, line in zip(short, fold_lines([self.lines[i].text for i in short]), strict=True):
            words = frozenset(_WORD.findall(line))
            if asked.isdisjoint(words):
                continue
            shared = max(len(words & title) for title in wanted)
            like = shared > most and shared >= LEAST_SHARED * len(words)
            if like and not self.aside(self.lines[index].element):
                best, most = index, shared
        return best

    @cached_property
    def telling(self) -> list[int]:
        """The lines that hold a digit or a relative phrase, by index."""
        return [i for i, line in enumerate(self.lines) if _tells_when(line.text)]

    def is_near(self, index: int) -> bool:
        """Return whether a line stands beside the title."""
        title = self.title_line
        return title is not None and NEAR_LINES[0] <= index - title <= NEAR_LINES[1]

    def spot(self, index: int) -> Spot:
        """Return a line with its place beside the title."""
        line, previous = self.lines[index], self.lines[index - 1].text if index else ""
        return Spot(line.element, line.text, previous, index - (self.title_line or 0), self.is_near(index))

    @cached_property
    def day_first(self) -> bool | None:
        """The order of day and month as the page's own dates tell it (see `told_order`)."""
        lines = [self.lines[index].text for index in self.telling]
        return told_order([line for line in lines if len(line) <= 300][:400])

    @cached_property
    def dated(self) -> list[HtmlElement]:
        """Elements made to hold a date: time, and those whose class or id says so."""
        return [
            name.element
            for name in self._named
            if (name.said.dated or name.tag == "time") and len(name.element) <= 12
        ]

    @cached_property
    def own_day(self) -> HtmlElement | None:
        """The one element named as the day of the text ("post-date"); None where there are several, as in lists."""
        named = [
            element
            for element in self.dated
            if _OWN_DAY.search(f"{element.get('class') or ''} {element.get('id') or ''}")
            and not self.aside(element)
        ]
        return named[0] if len(named) == 1 else None

    @cached_property
    def _line_of(self) -> dict[HtmlElement, int]:
        found: dict[HtmlElement, int] = {}
        for index, line in enumerate(self.lines):
            found.setdefault(line.element, index)
        return found

    def distance(self, element: HtmlElement) -> int | None:
        """Return how many lines behind the title an element begins (negative: before it); None without a title."""
        if self.title_line is None:
            return None
        inside = (self._line_of[each] for each in element.iter() if each in self._line_of)
        around = (self._line_of[each] for each in element.iterancestors() if each in self._line_of)
        line = next(inside, next(around, None))
        return None if line is None else line - self.title_line

    def far(self, element: HtmlElement) -> float:
        """Return 0-0.3 by how far an element stands from the title; before it is farther than behind."""
        distance = self.distance(element)
        if distance is None:
            return 0.0
        return min(0.3, (distance if distance >= 0 else -2 * distance) / 250)

    def today(self, moment: Moment) -> bool:
        """True for a moment so near the capture that it may be the clock of the page and not its date."""
        return abs((self.captured_at - moment.instant).total_seconds()) < TODAY_S

    def before(self, element: HtmlElement) -> str:
        """Return the folded text that stands right before an element in its parent (up to 40 characters)."""
        previous = element.getprevious()
        parent = element.getparent()
        if previous is not None:
            text = (previous.tail or "") if (previous.tail or "").strip() else str(previous.text_content())
        else:
            text = (parent.text or "") if parent is not None else ""
        return fold(text)[-40:]

    def aside(self, element: HtmlElement) -> bool:
        """True when an element stands in navigation, a side column, other articles or comments."""
        chain = []
        current = element
        while current is not None and current.tag not in ("body", "html"):
            if current in self._asides:
                break
            chain.append(current)
            current = current.getparent()
        verdict = self._asides.get(current, False) if current is not None else False
        for link in reversed(chain):
            verdict = verdict or (link not in self._wrappers and _is_aside(link))
            self._asides[link] = verdict
        return verdict

    @cached_property
    def _wrappers(self) -> set[HtmlElement]:
        """Elements that hold a headline or the main part: "content-with-sidebar" is no side column."""
        found: set[HtmlElement] = set()
        for part in self.tree.iter("h1", "main"):
            current = part.getparent()
            while current is not None and current not in found:
                found.add(current)
                current = current.getparent()
        return found

    def strangeness(self, item: jsonld.Json) -> int:
        """Return 0 for a JSON-LD object about this page, 1 for one that does not say, 2 for one about another."""
        headline = _words(
            jsonld.text_value(item.get("headline")) or jsonld.text_value(item.get("name")) or ""
        )
        if not headline or not self.titles:
            return 1
        shared = max(len(headline & _words(title)) for title in self.titles)
        return 0 if shared >= LEAST_SHARED * len(headline) else 2


def _tells_when(line: str) -> bool:
    return bool(_DIGIT.search(line)) or "قبل" in line or "منذ" in line


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(fold(text)))


def _is_aside(element: HtmlElement) -> bool:
    told = _told_aside(element.get("class"), element.get("id"))
    if told is False:
        return False
    if element.tag == "footer":
        return not any(ancestor.tag in ("article", "main") for ancestor in element.iterancestors())
    return element.tag in _ASIDE_TAGS or told is True


@lru_cache(maxsize=8192)
def _told_aside(names: str | None, own_id: str | None) -> bool | None:
    """Return what names say: False part of the article, True beside it, None nothing."""
    told = f"{names or ''} {own_id or ''}"
    if _OF_ARTICLE.search(told):
        return False
    return True if told.strip() and _ASIDE.search(told) else None
