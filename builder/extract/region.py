"""Where on a page its article stands: the lines that are text, the block that holds them, and what in that block
is the page's furniture.

A block that is named as the article's body and holds most sentences of its page is the article. Elsewhere
trafilatura says which lines are main text. It leaves out lists of links that belong to the text, and on old
layouts it takes in rating bars and related lists. Both are mended here by shape and wording alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate, chain
from operator import mul

from lxml.html import HtmlElement

from builder.extract.edges import (
    asides,
    beginning,
    gaps,
    once,
    references,
    trimmed,
    without_box,
    without_contents,
    without_tail,
)
from builder.extract.naming import Kind, Names, said_of
from builder.extract.within import MIN_CHARS as MIN_MATCH_CHARS
from builder.extract.within import standing_within
from builder.extract.wording import (
    HEADING,
    LINE,
    MAX_HEADING_CHARS,
    MAX_LINE_CHARS,
    MAX_NOTICE_CHARS,
    folded,
    folded_lines,
    is_notice,
    is_trail,
)
from builder.markup import Line, Lines

MIN_SHARE = (0.15, 0.3)
"""Least share of the found text that must stand in a block named as the article's body, or as content."""

MIN_ALONE = 0.6
"""Share of the found text below which a block is a piece of it, where many are named as content."""

PIECE = 0.2
"""Share of the largest such piece that another holds: answers to a long text are smaller."""

MAX_PIECES = 6
"""Most blocks named as content round one text that is not in pieces: wrappers of wrappers."""

MIN_CHARS = (20, 100)
"""Fewest characters of found text in such a block."""

DEEPEST_SHARE = 0.9
"""A block inside another is preferred while it keeps this share of the other's found text."""

MIN_COLUMN_SHARE = 0.8
"""Share of a block's sentences that a cell beside others must hold to be the column of the article."""

MAX_HEADED_SHARE = 0.3
"""Share of the found text from which on a block below a furniture heading holds the article as well."""

MAX_NAMED_SHARE = 0.5
"""Share of a block's found text from which on a part of it is no furniture, whatever its name."""

MIN_EVIDENT_SHARE = 0.7
"""Share of a page's sentences from which on the block named as the article's body is the article, unasked."""

MIN_EVIDENT_TEXT = 0.3
"""Least share of all that is no link in such a block: beside a poem, whose lines are short, a box has the sentences."""

MIN_EVIDENT_CHARS = 400
"""Fewest characters of sentences in such a block; shorter texts are looked for by all means."""

MIN_MENU_LINES = 5
"""Fewest lines of a block of nothing but links that is no part of a text where nothing names the text."""

LINKED = 0.5
"""Link share from which on a line is a link rather than a sentence with one."""

MAX_ANCHOR_CHARS = 3
"""Longest line, a link without a letter, that is a heading's anchor."""

MAX_CAPTION_CHARS = 160
"""Longest line in a picture's box that is its caption."""

_HEADS = frozenset(("h1", "title"))
_CELLS = ("td", "th")


@dataclass(frozen=True, slots=True)
class Found:
    """The article's lines by their index on the page, the block that holds them, and whether it names itself so.

    `hits` are the lines that were taken for text at first, `cut` those of them that were left out.
    """

    kept: tuple[int, ...]
    cut: tuple[int, ...]
    block: HtmlElement | None
    declared: bool
    hits: frozenset[int] = frozenset()


Tiers = list[tuple[HtmlElement, int]]
"""Blocks with the tiers of their names (see `naming.Said`)."""


def key(text: str) -> str:
    """Return a line in the form in which lines of two extractors are compared."""
    return folded(text).replace(" ", "")


def find(page: Lines, text: str, tiers: Tiers | None = None) -> Found | None:
    """Return where the text that trafilatura found stands on the page; None when it stands nowhere on it.

    `tiers` are those of `tiers_of(page.spans)`, if known.
    """
    hits = _hits(page.lines, text)
    if not hits:
        return None
    return _placed(page, hits, tiers_of(page.spans) if tiers is None else tiers, range(len(page.lines)))


def evident(page: Lines, tiers: Tiers) -> Found | None:
    """Return where the article stands on a page that says so itself; None where it must be looked for.

    A page does when a block named as the article's body holds most sentences of the page: whoever is asked then
    finds that block, which is taken whole. `tiers` are those of `tiers_of(page.spans)`.
    """
    bodies = [named for named in tiers if named[1] == 1]
    weights = [_weight(line) for line in page.lines] if bodies else []
    long = (len(line.text) > MAX_LINE_CHARS for line in page.lines)
    weight = [0.0, *accumulate(map(mul, weights, long))]
    block, _ = _declared(page, weight, bodies)
    if block is None:
        return None
    start, end = page.spans[block]
    if weight[end] - weight[start] < max(MIN_EVIDENT_CHARS, MIN_EVIDENT_SHARE * weight[-1]):
        return None
    if sum(weights[start:end]) < MIN_EVIDENT_TEXT * sum(weights):
        return None
    names, own = Names(block, frozenset()), range(start, end)
    hits = {i for i in own if page.lines[i].link_share < LINKED and not names.kind(page.lines[i].element)}
    found = sum(_weight(page.lines[i]) for i in hits if len(page.lines[i].text) > MAX_LINE_CHARS)
    if found < MIN_EVIDENT_TEXT * (weight[end] - weight[start]):
        return None
    return _placed(page, hits, tiers, own)


def _placed(page: Lines, hits: set[int], tiers: Tiers, within: range) -> Found:
    """Return the article round the lines that were taken for its text; furniture is looked for in a range of lines."""
    out = furniture(page, hits, within)
    heavy = (_weight(line) if i in hits and i not in out else 0.0 for i, line in enumerate(page.lines))
    weight = [0.0, *accumulate(heavy)]
    block, tier = _declared(page, weight, tiers)
    if block is None:
        block = _column(page, _smallest(page, weight))
    told = asides(page, block) if tier else set()
    hits = hits | {index for aside in told for index in range(*page.spans[aside])}
    out |= _inner_furniture(page, block, hits, weight, told)
    kept = _kept(page, block, hits, out, tier=tier)
    return Found(tuple(kept), tuple(sorted(hits - set(kept))), block, tier > 0, frozenset(hits))


def menus(page: Lines) -> list[HtmlElement]:
    """Return the largest blocks of several lines of which each is a link: menus, tickers, lists of other texts."""
    plain = [0, *accumulate(line.link_share < LINKED for line in page.lines)]
    found = dict.fromkeys(
        element
        for element, (start, end) in page.spans.items()
        if end - start >= MIN_MENU_LINES
        and plain[end] == plain[start]
        and element.tag not in ("body", "html")
    )
    return [element for element in found if element.getparent() not in found]


def tiers_of(blocks: Iterable[HtmlElement]) -> Tiers:
    """Return those of some blocks that are named as an article's body or as content, each with its tier."""
    return [(element, tier) for element in blocks if (tier := said_of(element).tier)]


def _hits(lines: list[Line], text: str) -> set[int]:
    """Return the lines of the page that trafilatura took, by index."""
    wanted = [key(line) for line in text.splitlines()]
    keys = [key(line.text) for line in lines]
    taken = set(wanted)
    taken |= standing_within("".join(wanted), {own for own in keys if len(own) >= MIN_MATCH_CHARS} - taken)
    return {index for index, own in enumerate(keys) if own and own in taken}


def _weight(line: Line) -> float:
    return len(line.text) * (1 - line.link_share)


def furniture(page: Lines, hits: Iterable[int] = (), within: range | None = None) -> set[int]:
    """Return the lines that the page's own words give away as furniture, by index; of a range of lines if given."""
    heavy = sum(_weight(page.lines[i]) for i in hits)
    every = range(len(page.lines)) if within is None else within
    short = [index for index in every if len(page.lines[index].text) <= MAX_NOTICE_CHARS]
    told = folded_lines("\n".join(page.lines[index].text for index in short)).split("\n")
    out: set[int] = set()
    for index, words in zip(short, told, strict=True) if short else ():
        if index in out:
            continue
        line = page.lines[index]
        size = len(line.text)
        anchor = line.link_chars and size <= MAX_ANCHOR_CHARS and not words
        opens = size <= MAX_LINE_CHARS and LINE.match(words)
        if anchor or opens or is_notice(words) or is_trail(line.text, words):
            out.add(index)
        elif HEADING.match(words):
            out |= _headed(page, index, heavy)
    return out


def _headed(page: Lines, index: int, heavy: float) -> set[int]:
    """Return the lines of the block that a furniture heading opens; the heading of an article opens none."""
    line = page.lines[index]
    if line.element.tag in _HEADS:
        return set()
    if len(line.text) > MAX_HEADING_CHARS or line.link_share >= LINKED:
        return {index} if line.link_share >= LINKED or ":" in line.text[:MAX_HEADING_CHARS] else set()
    start, end = _opened(page, index, heavy)
    if end - start <= 1:
        end = _linked_run(page, index + 1)
    block = range(start, end)
    return {index} if heavy and _sentences(page, start, end) > MAX_HEADED_SHARE * heavy else set(block)


def _sentences(page: Lines, start: int, end: int) -> float:
    """Return the characters of a span's lines that are longer than furniture is."""
    lines = (page.lines[i] for i in range(start, end))
    return sum(_weight(line) for line in lines if len(line.text) > MAX_LINE_CHARS)


def _opened(page: Lines, index: int, heavy: float) -> tuple[int, int]:
    """Return the span of the largest block whose first line is this one and that does not hold the article too.

    A heading in the first cell of a row is the first line of the row as well: the article stands in its next cell.
    """
    span = (index, index + 1)
    element: HtmlElement | None = page.lines[index].element
    while element is not None and element.tag not in ("body", "html"):
        own = page.spans.get(element)
        if own is not None:
            if own[0] < index or (heavy and _sentences(page, *own) > MAX_HEADED_SHARE * heavy):
                break
            span = own
        element = element.getparent()
    return span


def _linked_run(page: Lines, start: int) -> int:
    """Return the end of the run of links that starts at a line; a short line between two links does not end it."""
    end = start
    for index in range(start, len(page.lines)):
        line = page.lines[index]
        if line.link_share >= LINKED:
            end = index + 1
        elif len(line.text) > 40 or index > end:
            break
    return end


def _declared(page: Lines, weight: list[float], named: Tiers) -> tuple[HtmlElement | None, int]:
    """Return the block that calls itself the article's body and holds a fair part of the found text, and its tier."""
    total = weight[-1]
    for tier in (1, 2):
        held = {
            element: weight[page.spans[element][1]] - weight[page.spans[element][0]]
            for element, own in named
            if own == tier
        }
        most = max(held.values(), default=0.0)
        if most < max(MIN_CHARS[tier - 1], MIN_SHARE[tier - 1] * total):
            continue
        if most < MIN_ALONE * total and sum(chars >= PIECE * most for chars in held.values()) > MAX_PIECES:
            continue
        close = [element for element, chars in held.items() if chars >= DEEPEST_SHARE * most]
        return min(close, key=lambda element: page.spans[element][1] - page.spans[element][0]), tier
    return None, 0


def _smallest(page: Lines, weight: list[float]) -> HtmlElement | None:
    """Return the smallest block that holds nearly all of the found text."""
    total = weight[-1]
    holds = [
        (end - start, element)
        for element, (start, end) in page.spans.items()
        if weight[end] - weight[start] >= DEEPEST_SHARE * total
    ]
    return min(holds, key=lambda pair: pair[0])[1] if holds else None


def _column(page: Lines, block: HtmlElement | None) -> HtmlElement | None:
    """Return the cell of a layout table that holds the sentences of a block; the block itself where none does.

    Cells of one row are columns of a page: an article stands in one of them, tickers and menus in the others.
    """
    while block is not None:
        whole = _sentences(page, *page.spans[block])
        cells = [cell for cell in block.iter("td") if cell is not block and cell in page.spans]
        held = [(cell, _sentences(page, *page.spans[cell])) for cell in cells if _is_column(cell)]
        fitting = [cell for cell, chars in held if whole and chars >= MIN_COLUMN_SHARE * whole]
        if not fitting:
            break
        block = fitting[0]
    return block


def _is_column(cell: HtmlElement) -> bool:
    beside = chain(cell.itersiblings(*_CELLS), cell.itersiblings(*_CELLS, preceding=True))
    return next(beside, None) is not None


def _inner_furniture(
    page: Lines, block: HtmlElement | None, hits: set[int], weight: list[float], told: set[HtmlElement]
) -> set[int]:
    """Return the lines inside a block that stand in parts named as furniture; small print only where not found.

    A part that holds much of the block's found text is not furniture, whatever its name, nor are those that are `told`.
    """
    start, end = page.spans.get(block, (0, 0)) if block is not None else (0, len(page.lines))
    most = MAX_NAMED_SHARE * (weight[end] - weight[start])
    heavy = {
        element
        for element, (first, last) in page.spans.items()
        if weight[last] - weight[first] > max(most, 0.0)
    }
    names = Names(block, heavy | told)
    out = set()
    for index in range(start, end):
        line = page.lines[index]
        kind = names.kind(line.element)
        caption = kind == Kind.PICTURE and len(line.text) <= MAX_CAPTION_CHARS
        if kind == Kind.FURNITURE or caption or (kind == Kind.SMALL_PRINT and index not in hits):
            out.add(index)
    return out


def _kept(page: Lines, block: HtmlElement | None, hits: set[int], out: set[int], *, tier: int) -> list[int]:
    """Return the lines of the article: those found, less furniture, and what their block holds beside them.

    A block named as the article's body is taken whole; one named as content from its first found line to its last.
    """
    start, end = page.spans.get(block, (0, 0)) if block is not None else (0, 0)
    found = hits - out
    if tier:
        own = [i for i in found if start <= i < end]
        if tier > 1 and own:
            linked = {i for i in range(start, min(own)) if page.lines[i].link_share >= LINKED}
            end = references(page, max(own) + 1, end)
            start = beginning(page, block, start, min(own), out | linked)
        kept = [i for i in range(start, end) if i not in out]
        return once(page, without_contents(page, without_tail(page, without_box(page, kept))))
    column = block is not None and block.tag == "td" and _is_column(block)
    loose = set() if column else {i for i in found if page.lines[i].link_share < LINKED}
    inside = {i for i in found if start <= i < end} | loose
    inside = trimmed(page, inside, LINKED)
    kept = sorted(inside | (gaps(page, inside) - out))
    return once(page, without_contents(page, without_box(page, kept)))
