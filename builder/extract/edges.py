"""Where the text in a block that is named for it begins and ends, and what stands in it twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from itertools import pairwise

from lxml.html import HtmlElement

from builder.extract.links import host, within
from builder.extract.naming import is_furniture
from builder.extract.wording import ABOUT_AUTHOR, CALL, CITATION, CONTENTS, REFERENCES, folded
from builder.markup import Line, Lines

MIN_SENTENCE_CHARS = 40
"""Shortest line, not a link, that is a sentence of an article rather than a label."""

WHOLLY_LINKED = 0.95
"""Link share of a line that is a link and nothing else."""

MIN_TAIL_LINES = 2
"""Fewest lines of links at the end of a text that are other articles and not its source."""

MIN_TAIL_WORDS = 3
"""Fewest words of such a line."""

MIN_OWN_SHARE = 0.1
"""Least share of a page's links that lead to a host of the page's own site, where they name it."""

MAX_ASIDE_LINKS = 0.2
"""Largest share of links of an aside that is told with the text it stands in."""

MIN_ASIDE_CHARS = 60
"""Shortest longest line of such an aside: a sentence, not the name of a box."""

MAX_SOURCES_HEADING_CHARS = 60
"""Longest heading of a list of sources."""

SOURCE_LINK_SHARE = 0.5
"""Link share from which on a line below such a heading, no item of a list, is a source."""

MIN_CONTENTS = 3
"""Fewest lines of a table of contents."""

MAX_BOX_LINES = 6
"""Most lines of a box about the writer, or how to cite, below a text, with its heading."""

MAX_BOX_CHARS = 800
"""Most characters of such a box."""

MAX_BOX_HEAD = 60
"""Longest heading of such a box; a colon may end it, with what it heads behind it in one line."""

MAX_CALL_LINES = 3
"""Most lines of such a call above its link: a heading and what is offered."""

MAX_CALL_CHARS = 400
"""Most characters of such a call."""

MIN_REPEAT_CHARS = 80
"""Shortest line of which an article keeps one copy; shorter ones are refrains."""

LONE = 2
"""How far two found lines are apart with one line between them."""

MIN_MENU_RUN = 8
"""So many links of a site in a row are its menu, and what stands beyond them is no part of a text without a name."""

LIFTED_TIMES = 2
"""How often a line stands in a text that shows it once more in large type."""

_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))


def asides(page: Lines, block: HtmlElement | None) -> set[HtmlElement]:
    """Return the `aside` elements of a block that are told with its text: sentences, few links, no furniture's name.

    A summary and a remark stand in one, and so do lists of other texts, which are links.
    """
    told = set()
    for aside in block.iter("aside") if block is not None else ():
        start, end = page.spans.get(aside, (0, 0))
        lines = page.lines[start:end] if aside is not block else []
        longest = max((len(line.text) for line in lines), default=0)
        linked = sum(line.link_chars for line in lines) > MAX_ASIDE_LINKS * sum(
            len(line.text) for line in lines
        )
        if longest >= MIN_ASIDE_CHARS and not linked and not is_furniture(aside):
            told.add(aside)
    return told


def beginning(page: Lines, block: HtmlElement | None, start: int, first: int, out: AbstractSet[int]) -> int:
    """Return where a text begins of which line `first` was found: sentences right above it are its beginning.

    They stand in the same parent, or loose in the block, from line `start` on; `out` are lines that are none.
    """
    parent = page.lines[first].element.getparent()
    begin = first
    for index in range(first - 1, start - 1, -1):
        line = page.lines[index]
        beside = line.element is block or line.element.getparent() is parent
        if index in out or not beside or line.element.tag in _HEADINGS:
            break
        if len(line.text) >= MIN_SENTENCE_CHARS:
            begin = index
    return begin


def gaps(page: Lines, hits: AbstractSet[int]) -> set[int]:
    """Return the lines between two found lines of one parent: lists of links that belong to the text.

    A lone heading right between two found lines is one of the text's, whatever it stands in.
    """
    found: set[int] = set()
    ordered = sorted(hits)
    for before, after in pairwise(ordered):
        if after - before > 1 and _parent(page, before) is _parent(page, after):
            found.update(range(before + 1, after))
        elif after - before == LONE and _is_heading(page.lines[before + 1]):
            found.add(before + 1)
    return found


def _is_heading(line: Line) -> bool:
    return line.element.tag in _HEADINGS and not line.link_chars


def _parent(page: Lines, index: int) -> HtmlElement | None:
    parent: HtmlElement | None = page.lines[index].element.getparent()
    return parent


def references(page: Lines, end: int, stop: int) -> int:
    """Return where a text ends that has come to line `end`, with its list of sources, up to line `stop`.

    The list stands right below under a heading that says so; its items may all be links, and where they are no
    items of a list they are links to other sites.
    """
    if end >= stop or not REFERENCES.match(folded(page.lines[end].text)):
        return end
    if len(page.lines[end].text) > MAX_SOURCES_HEADING_CHARS:
        return end
    last = end + 1
    while last < stop and page.lines[last].element.tag == "li":
        last += 1
    if last == end + 1:
        while last < stop and page.lines[last].link_share >= SOURCE_LINK_SHARE:
            last += 1
        if _Leads(_own_hosts(page)).home(page.lines[index].element for index in range(end + 1, last)):
            return end
    return last if last > end + 1 else end


def trimmed(page: Lines, inside: AbstractSet[int], linked: float) -> set[int]:
    """Leave out links before the first sentence and behind the last, and what stands beyond a menu there.

    They are menus and lists round a block without a name. `linked`: link share from which on a line is a link.
    """
    links = [line.link_share >= linked for line in page.lines]
    plain = [i for i in inside if not links[i] and len(page.lines[i].text) >= MIN_SENTENCE_CHARS]
    sure = [i for i in plain if _own_chars(page.lines[i]) >= MIN_SENTENCE_CHARS] or plain
    if not sure:
        return set(inside)
    near = set(range(min(sure), max(sure) + 1))
    near |= _up_to_menu(page, links, range(min(sure) - 1, min(inside) - 1, -1))
    near |= _up_to_menu(page, links, range(max(sure) + 1, max(inside) + 1))
    sentences = near.intersection(plain)
    first, last = min(sentences), max(sentences)
    return {i for i in inside if first <= i <= last or (not links[i] and i in near)}


def _own_chars(line: Line) -> int:
    return len(line.text) - line.link_chars


def _up_to_menu(page: Lines, links: list[bool], way: range) -> set[int]:
    """Return the lines on a way up to the first run of so many links to its site."""
    run: list[HtmlElement] = []
    leads: _Leads | None = None
    for index in way:
        if links[index]:
            run.append(page.lines[index].element)
        else:
            run.clear()
        if len(run) == MIN_MENU_RUN:
            leads = leads or _Leads(_own_hosts(page))
            if leads.home(run):
                return set(range(way.start, index, way.step))
    return set(way)


def without_tail(page: Lines, kept: list[int]) -> list[int]:
    """Leave out the links that close a block named as the article's body: other articles, ways to follow the site.

    A heading above them says that they belong to the text, and so does a link of a word or two or one that leads
    to another site.
    """
    end = len(kept)
    while end and _is_headline(page.lines[kept[end - 1]]):
        end -= 1
    above = page.lines[kept[end - 1]].text if end else ""
    if len(kept) - end < MIN_TAIL_LINES or len(above) < MIN_SENTENCE_CHARS or above.endswith(":"):
        return kept
    tail = [page.lines[index].element for index in kept[end:]]
    return kept[:end] if _Leads(_own_hosts(page)).home(tail) else kept


def without_box(page: Lines, kept: list[int]) -> list[int]:
    """Leave out the few lines that close a text under a heading: about the writer, how to cite it, a call to buy."""
    kept = _without_call(page, kept)
    for place in range(max(1, len(kept) - MAX_BOX_LINES), len(kept)):
        if _heads_box(page.lines[kept[place]].text):
            told = sum(len(page.lines[index].text) for index in kept[place:])
            return kept[:place] if told <= MAX_BOX_CHARS else kept
    return kept


def _without_call(page: Lines, kept: list[int]) -> list[int]:
    """Leave out a link that closes a text by calling on its reader to book or to write, with the box it stands in.

    The box is a heading and a sentence or two below it, right above the link.
    """
    last = page.lines[kept[-1]] if kept else None
    if last is None or last.link_share < WHOLLY_LINKED or not CALL.fullmatch(folded(last.text)):
        return kept
    for place in range(len(kept) - 2, max(0, len(kept) - 2 - MAX_CALL_LINES), -1):
        line = page.lines[kept[place]]
        if line.link_chars:
            break
        if line.element.tag in _HEADINGS:
            told = sum(len(page.lines[index].text) for index in kept[place:])
            return kept[:place] if told <= MAX_CALL_CHARS else kept
    return kept


def _heads_box(line: str) -> bool:
    head, colon, _ = line[:MAX_BOX_HEAD].partition(":")
    if len(line) > MAX_BOX_HEAD:
        return bool(colon and CITATION.fullmatch(folded(head)))
    return bool(ABOUT_AUTHOR.fullmatch(folded(line)) or CITATION.fullmatch(folded(head)))


def without_contents(page: Lines, kept: list[int]) -> list[int]:
    """Leave out tables of contents: lines in a row that lead to places of their page, with the heading over them."""
    out: set[int] = set()
    run: list[int] = []
    known: dict[HtmlElement, bool] = {}
    for place, index in enumerate([*kept, -1]):
        if index >= 0 and _is_anchor(page.lines[index], known):
            run.append(place)
            continue
        if len(run) >= MIN_CONTENTS:
            before = run[0] - 1
            headed = before >= 0 and CONTENTS.fullmatch(folded(page.lines[kept[before]].text))
            out.update(run, [before] if headed else [])
        run = []
    return [index for place, index in enumerate(kept) if place not in out]


def _is_anchor(line: Line, known: dict[HtmlElement, bool]) -> bool:
    """Return whether a line is nothing but a link with words to a place on its own page; listings number theirs.

    `known` keeps what the links of an element say: thousands of lines may stand in one, parted by `br`.
    """
    if line.link_share < WHOLLY_LINKED or not any(map(str.isalpha, line.text)):
        return False
    element = line.element
    if element not in known:
        links = list(within(element))
        known[element] = bool(links) and all((link.get("href") or "").startswith("#") for link in links)
    return known[element]


def once(page: Lines, kept: list[int]) -> list[int]:
    """Leave out the second copy of a long line: a sentence lifted out of the text to be shown in large type.

    A line that stands more than twice is the author's way of writing.
    """
    times = Counter(page.lines[index].text for index in kept)
    seen: set[str] = set()
    only = []
    for index in kept:
        text = page.lines[index].text
        if len(text) < MIN_REPEAT_CHARS or times[text] != LIFTED_TIMES or text not in seen:
            only.append(index)
        seen.add(text)
    return only


def _is_headline(line: Line) -> bool:
    return line.link_share >= WHOLLY_LINKED and len(line.text.split()) >= MIN_TAIL_WORDS


def _own_hosts(page: Lines) -> AbstractSet[str]:
    """Return the hosts that many links of a page lead to: those of its site; "" stands for the page's own."""
    root = page.lines[0].element.getroottree().getroot()
    hosts = Counter(host(link) for link in root.iter("a"))
    return {name for name, links in hosts.items() if links >= MIN_OWN_SHARE * hosts.total()} | {""}


class _Leads:
    """Where the links of elements lead; each element is looked through once, however many lines stand in it."""

    def __init__(self, own: AbstractSet[str]) -> None:
        self.own = own
        self.known: dict[HtmlElement, tuple[int, int]] = {}

    def home(self, elements: Iterable[HtmlElement]) -> bool:
        """Return whether most links of the elements of some lines stay on the site, whose hosts are `own`."""
        staying, links = 0, 0
        for element in elements:
            if element not in self.known:
                hosts = [host(link) in self.own for link in within(element)]
                self.known[element] = (sum(hosts), len(hosts))
            staying += self.known[element][0]
            links += self.known[element][1]
        return 2 * staying > links
