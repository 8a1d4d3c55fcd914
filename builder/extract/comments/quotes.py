"""What an answer repeats of another: blocks that say so by their name, and blocks that open with the word alone."""

from __future__ import annotations

from collections.abc import Iterator

from lxml.html import HtmlElement

from builder.extract.comments.heads import is_quote_label
from builder.extract.comments.marks import is_quote
from builder.markup import Lines

LONGEST_QUOTE_LABEL_CHARS = 20
"""A longer line is no label of a quotation."""

_SIGNS = ("قتب", "uote", "UOTE")
"""One of these stands in every such label: to fold each short line would cost more than all the rest."""


def quotes_in(body: HtmlElement, page: Lines) -> frozenset[HtmlElement]:
    """Return the blocks inside the text of an answer that repeat another's words, nested ones among them."""
    return frozenset((*filter(is_quote, body.iterdescendants()), *_labelled(body, page)))


def _labelled(body: HtmlElement, page: Lines) -> Iterator[HtmlElement]:
    """Yield the blocks whose first line is the word "quotation" and nothing else: vBulletin 3 gives them no class."""
    start, end = page.spans.get(body, (0, 0))
    for index in range(start, end):
        line = page.lines[index]
        if len(line.text) > LONGEST_QUOTE_LABEL_CHARS or not any(map(line.text.__contains__, _SIGNS)):
            continue
        if not is_quote_label(line.text):
            continue
        block = line.element.getparent()
        if block is None or page.spans.get(block, (0, 0))[0] != index:
            continue
        if any(above is body for above in block.iterancestors()):
            yield block
