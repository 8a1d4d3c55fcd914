"""Answers found by shape alone: blocks that repeat, each with one time stamp, under a word for comments."""

from __future__ import annotations

import re
from collections import Counter

from lxml.html import HtmlElement

from builder.extract.comments.heads import clean_name, is_control
from builder.extract.comments.item import LONGEST_NAME_CHARS, Context, Item, read_item
from builder.extract.comments.teaser import is_teaser
from builder.extract.dates.names import fold, fold_lines
from builder.extract.dates.printed import find_printed
from builder.extract.dates.relative import find_relative
from builder.markup import Line

_ABOUT = re.compile(
    r"تعليق|التعليقات|الردود|ردود\s+(?:ال)?(?:قراء|زوار)|مشاركات\s+(?:ال)?(?:قراء|زوار)|اراء\s+(?:ال)?(?:قراء|زوار)"
    r"|(?:الاراء|المشاركات).{0,60}(?:تعبر|اصحابها)|comments?\b|responses|replies"
)
_OF_THE_PAGE = re.compile(r"نشر|تحديث|عدد|publish|updated")
_COUNTS_BACK = re.compile("قبل|منذ|امس|أمس|ago")
_SAYS_WHEN = re.compile(rf"\d|{_COUNTS_BACK.pattern}")
_STAMP_BESIDE_CHARS = 60
"""A line with more words than this beside its date is a sentence."""

LOOK_BACK_LINES = 12
"""How far above the first answer a word for comments may stand."""

MOST_HEADING_CHARS = 250
"""A longer line with a word for comments in it is a sentence."""

MOST_LINES = 20_000
"""Longer pages are not searched for shapes."""


def shaped_items(lines: list[Line], context: Context) -> list[Item]:
    """Return the answers that repeat under a word for comments, in reading order; [] where the page shows none.

    `lines` are those of the page.
    """
    if len(lines) > MOST_LINES:
        return []
    headings = _headings([line.text for line in lines])
    if not headings:
        return []
    stamps = [index for index in range(headings[0], len(lines)) if _is_stamp(lines[index].text, context)]
    first = next((at for at in headings if any(at < stamp <= at + LOOK_BACK_LINES for stamp in stamps)), None)
    if first is None:
        return []
    under = [index for index in stamps if index > first]
    blocks = [
        block
        for block in _blocks([lines[index].element for index in under])
        if not is_teaser(block, context=context)
    ]
    read = [read_item(block, frozenset(), context) for block in blocks]
    runs = [item for item in _runs(lines, under, context) if not is_teaser(item.element, context=context)]
    whole = [item for item in (*read, *runs) if item is not None and item.whole]
    kin = Counter(_kinship(item.element) for item in whole)
    return [item for item in whole if kin[_kinship(item.element)] > 1 or _to_the_minute(item)]


def _kinship(element: HtmlElement) -> tuple[HtmlElement | None, str]:
    return element.getparent(), str(element.tag)


def _to_the_minute(item: Item) -> bool:
    """One block alone counts only with an hour: days stand beside many things, hours beside answers."""
    return item.published is not None and item.published.precision in ("minute", "second")


def _headings(lines: list[str]) -> list[int]:
    """Return the lines with a word for comments, by index."""
    short = [index for index, line in enumerate(lines) if len(line) <= MOST_HEADING_CHARS]
    folded = fold_lines([lines[index] for index in short])
    return [index for index, line in zip(short, folded, strict=True) if _ABOUT.search(line)]


def _is_stamp(line: str, context: Context) -> bool:
    if len(line) > 140 or not _SAYS_WHEN.search(line) or _OF_THE_PAGE.search(fold(line)):
        return False
    found = find_printed(line)
    if found:
        return len(line) - sum(date.end - date.start for date in found) <= _STAMP_BESIDE_CHARS
    return (
        len(line) <= 40
        and _COUNTS_BACK.search(line) is not None
        and find_relative(line, context.captured_at) is not None
    )


def _blocks(owners: list[HtmlElement]) -> list[HtmlElement]:
    """Return for each stamp the largest block round it that holds no other stamp and has its kin beside it."""
    stamped: Counter[HtmlElement] = Counter()
    for owner in owners:
        stamped[owner] += 1
        stamped.update(owner.iterancestors())
    blocks = []
    for owner in owners:
        if stamped[owner] != 1:
            continue
        block = owner
        parent = block.getparent()
        while (
            parent is not None
            and stamped[parent] == 1
            and parent.tag not in ("body", "html")
            and not _holds_form(parent)
        ):
            block, parent = parent, parent.getparent()
        blocks.append(owner if len(owners) == 1 else block)
    return blocks


def _holds_form(element: HtmlElement) -> bool:
    return next(element.iter("form", "textarea", "h1"), None) is not None


def _runs(lines: list[Line], stamps: list[int], context: Context) -> list[Item]:
    """Read answers that share one block and are parted by nothing but their time stamps.

    The line before each stamp is the name where it is short; the text runs to the line before the next name.
    """
    found = []
    kin = Counter(lines[at].element for at in stamps)
    behind: dict[HtmlElement, int] = {}
    ends = {}
    for at in reversed(stamps):
        owner = lines[at].element
        ends[at] = behind.get(owner, context.page.spans.get(owner, (0, len(lines)))[1])
        behind[owner] = at - 1
    for at in stamps:
        owner = lines[at].element
        if kin[owner] < 2 or at == 0:
            continue
        text = [
            line.text
            for line in lines[at + 1 : ends[at]]
            if line.element is owner and not is_control(line.text)
        ]
        name, when = clean_name(lines[at - 1].text), context.moment(lines[at].text)
        if name and len(name) <= LONGEST_NAME_CHARS and when is not None and text:
            found.append(Item(owner, "\n".join(text), name, when))
    return found
