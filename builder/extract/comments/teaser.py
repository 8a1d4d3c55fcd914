"""Tells blocks that lead to other texts from answers of readers."""

from __future__ import annotations

from collections.abc import Iterable

from lxml.html import HtmlElement

from builder.extract.comments.heads import is_email
from builder.extract.comments.item import Context, own
from builder.markup import block_lines, squeeze

_HEADINGS = ("h1", "h2", "h3", "h4")


def is_teaser(
    element: HtmlElement, nested: frozenset[HtmlElement] = frozenset(), context: Context | None = None
) -> bool:
    """True for a block that mostly links elsewhere: a list of articles is no list of answers."""
    if any(heading.find(".//a[@href]") is not None for heading in _own_tagged(element, nested, *_HEADINGS)):
        return True
    away = filter(_leads_away, _own_tagged(element, nested, "a"))
    linked = sum(len(squeeze(str(link.text_content()))) for link in away)
    if not linked:
        return False
    lines = context.lines(element, nested) if context else [line for _, line in block_lines(element, nested)]
    return linked > sum(len(line) for line in lines if not is_email(line)) / 2


def _own_tagged(element: HtmlElement, nested: frozenset[HtmlElement], *tags: str) -> Iterable[HtmlElement]:
    """Return the elements of a block with one of some tags, without those inside its nested answers."""
    return [part for part in own(element, nested) if part.tag in tags] if nested else element.iter(*tags)


def _leads_away(part: HtmlElement) -> bool:
    """True for a link to another page; an answer's time is often a link to the answer itself."""
    return not (part.get("href") or "#").startswith("#")
