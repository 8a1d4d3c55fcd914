"""What a host repeats on its pages, learned from the archive itself: lines and places that recur.

Pages are counted in a `Sample`, which can be filled in parts, in any order, in several processes, and merged:
it keeps the pages whose keys have the smallest digests, so its size is bounded and its content depends on the
set of pages alone. From a sample a `Template` is made, which cuts the recurring lines out of each document.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace

from builder.errors import UsageError
from builder.extract.wording import folded_lines
from builder.model import Document

VERSION = 1
"""Version of the rules by which templates are learned and applied."""

MIN_PAGES = 10
"""Fewest different pages of a host from which its template is learned; rating bars of ten pages are enough."""

SAMPLE_PAGES = 400
"""Most pages of a host that are counted; the share of a line over 400 pages is known to within 5 %."""

MIN_GROUPS = 3
"""Fewest different pages a line must stand on to be furniture."""

PLACE_SHARE = 0.2
"""Share of pages from which on a line is furniture in a place where most lines recur."""

EDGE_SHARE = 0.6
"""Share of the pages with text in its place from which on a line at an edge is furniture among others that are not."""

EDGE_LINES = 3
"""Number of lines at each end of a text that are its edge."""

FURNITURE_PLACE = 0.8
"""Share of recurring lines from which on a place is furniture with all that will ever stand in it."""

MIXED_PLACE = 0.5
"""Share of recurring lines from which on a place is taken for furniture that changes."""

MAX_CUT = 0.8
"""Largest share of a text's characters that a template may take; beyond it the page is of another kind."""

LONG_CHARS = 120
"""Longest line that a template keeps in words; longer ones are kept as digests."""

FLAG_NOT_LEARNED = "template_not_learned"
"""Flag of a document whose host has too few pages to learn from."""

FLAG_DOUBTFUL = "template_doubtful"
"""Flag of a document of which the template would have left too little, so that nothing was cut."""

_URL = re.compile(r"(?:https?://|www\.)\S+")
_NUMBER = re.compile(r"\d+")
_FORMULA = re.compile(
    r"بسم الله|السلام عليكم|الحمد لله|المراجع|المصادر|مراجع|مصادر|هوامش|الهوامش|مقدمه|المقدمه|تمهيد|خاتمه"
    r"|الخاتمه|الخلاصه"
    r"|ملاحظه|ملاحظات|اولا|ثانيا|ثالثا|ترجمه|تحرير|بقلم|كتب|اعداد|\W*$"
)
"""What authors write on many pages: it is theirs, not the host's."""


@dataclass(frozen=True, slots=True)
class PageLines:
    """One page as templates see it: its lines in their masked form, and the place of each."""

    lines: tuple[str, ...]
    places: tuple[str, ...]

    @classmethod
    def of(cls, document: Document) -> PageLines:
        """Return the lines of a document."""
        return cls(tuple(masked_lines(document.text)), document.line_places)


def masked_lines(text: str) -> list[str]:
    """Return lines in the form in which lines recur: folded, addresses and numbers made equal, long ones a digest."""
    return list(map(_short, _NUMBER.sub("0", folded_lines(_URL.sub(" url ", text))).split("\n")))


def _short(plain: str) -> str:
    if len(plain) <= LONG_CHARS:
        return plain
    return "#" + hashlib.blake2b(plain.encode(), digest_size=8).hexdigest()


def has_places(document: Document) -> bool:
    """Return whether a document was read off a page whose lines have places; only such ones teach and are cut."""
    return bool(document.line_places) and len(document.line_places) == document.text.count("\n") + 1


@dataclass(slots=True)
class Sample:
    """The pages of one host that are counted, by the digest of their keys."""

    host: str
    pages: dict[bytes, PageLines] = field(default_factory=dict)

    def add(self, document: Document) -> None:
        """Count a document. Of two states of one document the one with the greater lines is kept."""
        if has_places(document):
            self._put(
                hashlib.blake2b(document.key.encode("utf-8", "surrogatepass"), digest_size=16).digest(),
                PageLines.of(document),
            )
            self._shrink()

    def merge(self, other: Sample) -> None:
        """Take in a sample of other pages of the same host; the order of merging does not matter.

        Raises UsageError when the samples are of two hosts.
        """
        if other.host != self.host:
            raise UsageError(f"a sample of {other.host} cannot be merged into one of {self.host}")
        for digest, page in other.pages.items():
            self._put(digest, page)
        self._shrink()

    def _put(self, digest: bytes, page: PageLines) -> None:
        known = self.pages.get(digest)
        if known is None or (known.lines, known.places) < (page.lines, page.places):
            self.pages[digest] = page

    def _shrink(self) -> None:
        if len(self.pages) > SAMPLE_PAGES:
            stay = set(heapq.nsmallest(SAMPLE_PAGES, self.pages))
            self.pages = {digest: page for digest, page in self.pages.items() if digest in stay}

    def template(self) -> Template:
        """Return what the counted pages have in common."""
        groups = _groups(self.pages.values())
        if len(groups) < MIN_PAGES:
            return Template(self.host, len(groups))
        return _Counts(groups).template(self.host)


def learn(host: str, documents: Iterable[Document]) -> Template:
    """Return the template of a host from its documents, whatever their order."""
    sample = Sample(host)
    for document in documents:
        sample.add(document)
    return sample.template()


@dataclass(frozen=True, slots=True)
class Template:
    """What a host repeats. `pages`: different pages it was learned from; with too few, all else is empty.

    `anywhere`: lines cut wherever they stand; `edges`: lines cut at the beginning and end of a text; `places`:
    places cut with all they hold. All sorted, so that equal templates are equal bytes.
    """

    host: str
    pages: int
    anywhere: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    version: int = VERSION

    @property
    def learned(self) -> bool:
        """Whether there were pages enough."""
        return self.pages >= MIN_PAGES

    def to_json(self) -> str:
        """Return the template as one line of JSON with sorted keys."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Template:
        """Return the template that `to_json` wrote.

        Raises UsageError when it is of another version.
        """
        data = json.loads(text)
        if data["version"] != VERSION:
            raise UsageError(
                f"template version {data['version']} is not {VERSION}",
                what_next="Learn the templates again from the archive.",
            )
        anywhere, edges, places = (tuple(data[name]) for name in ("anywhere", "edges", "places"))
        return cls(data["host"], data["pages"], anywhere, edges, places)


def _groups(pages: Iterable[PageLines]) -> list[list[PageLines]]:
    """Return the pages in groups of one article each: copies under several addresses share their longest line."""
    found: dict[str, list[PageLines]] = defaultdict(list)
    for page in pages:
        longest = max(page.lines, key=lambda line: (line.startswith("#"), len(line), line), default="")
        found[longest].append(page)
    return [found[key] for key in sorted(found)]


class _Counts:
    """On how many groups of pages each line stands, and how much of each place recurs."""

    def __init__(self, groups: list[list[PageLines]]) -> None:
        self.total = len(groups)
        self.groups_of: Counter[str] = Counter()
        self.edge_groups: Counter[str] = Counter()
        self.placed: dict[str, Counter[str]] = defaultdict(Counter)
        self.places_of: dict[str, Counter[str]] = defaultdict(Counter)
        self.groups_with: Counter[str] = Counter()
        for group in groups:
            self._count(group)

    def _count(self, group: list[PageLines]) -> None:
        self.groups_of.update({line for page in group for line in page.lines})
        self.edge_groups.update({line for page in group for line in _edge(page.lines)})
        self.groups_with.update({place for page in group for place in page.places})
        for place, line in {pair for page in group for pair in zip(page.places, page.lines, strict=True)}:
            self.placed[place][line] += 1
            self.places_of[line][place] += 1

    def template(self, host: str) -> Template:
        """Decide for every line and place."""
        recurring = {place: self._recurring(lines) for place, lines in self.placed.items()}
        anywhere, edges = [], []
        for line, groups in self.groups_of.items():
            if groups < MIN_GROUPS or not line or _FORMULA.match(line):
                continue
            home = max(sorted(self.places_of[line]), key=lambda place: self.places_of[line][place])
            alike = self._alike(home)
            if recurring[home] >= MIXED_PLACE and groups >= math.ceil(PLACE_SHARE * alike):
                anywhere.append(line)
            elif groups >= EDGE_SHARE * alike and self.edge_groups[line] >= 0.8 * groups:
                edges.append(line)
        places = [
            place
            for place, lines in self.placed.items()
            if "." in place and recurring[place] >= FURNITURE_PLACE and sum(lines.values()) >= MIN_PAGES
        ]
        return Template(
            host, self.total, tuple(sorted(anywhere)), tuple(sorted(edges)), tuple(sorted(places))
        )

    def _alike(self, place: str) -> int:
        """Return on how many pages a line in a place could be furniture: those with text there, MIN_PAGES at least.

        A host with a journal, a blog and a forum has three layouts; each says its own lines on its own pages.
        """
        return max(self.groups_with[place], MIN_PAGES)

    def _recurring(self, lines: Mapping[str, int]) -> float:
        """Return the share of what stands in a place that stands on several pages (0-1)."""
        again = sum(count for line, count in lines.items() if self.groups_of[line] >= MIN_GROUPS)
        return again / sum(lines.values())


def _edge(lines: tuple[str, ...]) -> tuple[str, ...]:
    return lines[:EDGE_LINES] + lines[-EDGE_LINES:]


def apply(document: Document, template: Template) -> Document:
    """Return a document without what its host repeats; what was cut is added to `lines_removed`.

    A document of a host that was not learned comes back as it was, with a flag that says so.
    """
    if not has_places(document):
        return document
    if not template.learned:
        return _flagged(document, FLAG_NOT_LEARNED)
    lines = document.text.split("\n")
    cut = _cut(PageLines.of(document), template)
    if not cut:
        return document
    if sum(len(lines[i]) for i in cut) > MAX_CUT * sum(map(len, lines)):
        return _flagged(document, FLAG_DOUBTFUL)
    stay = [i for i in range(len(lines)) if i not in cut]
    return replace(
        document,
        text="\n".join(lines[i] for i in stay),
        line_places=tuple(document.line_places[i] for i in stay),
        lines_removed=(*document.lines_removed, *(lines[i] for i in sorted(cut))),
    )


def _flagged(document: Document, flag: str) -> Document:
    return document if flag in document.flags else replace(document, flags=(*document.flags, flag))


def _cut(page: PageLines, template: Template) -> set[int]:
    """Return the lines to take out: those known by their words or places, and then what they leave at the edges."""
    anywhere, places, edges = set(template.anywhere), set(template.places), set(template.edges)
    cut = {i for i, line in enumerate(page.lines) if line in anywhere or page.places[i] in places}
    for order in (range(len(page.lines)), range(len(page.lines) - 1, -1, -1)):
        left = EDGE_LINES
        for i in order:
            if i in cut:
                continue
            if page.lines[i] in edges:
                cut.add(i)
            left -= 1
            if left == 0:
                break
    return cut
