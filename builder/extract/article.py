"""The main text of a page, by trafilatura, called so that it depends on the page alone."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from lxml.html import HtmlElement
from trafilatura import bare_extraction
from trafilatura.settings import Extractor

from builder.markup import squeeze

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

_SPANS = ("colspan", "rowspan")
_MAX_SPAN = 20
"""A cell that says it spans more columns is counted as one; each one is an empty cell to trafilatura."""


def _options() -> Extractor:
    """Return fresh options: no deduplication (it remembers pages), no dates (they ask the clock), no comments."""
    return Extractor(
        output_format="python",
        comments=False,
        tables=True,
        dedup=False,
        with_metadata=False,
        date_params={"max_date": "1970-01-01"},
    )


def main_text(tree: HtmlElement) -> str:
    """Return the main text of a page, one paragraph a line; "" when there is none.

    The tree stays as it was: trafilatura works on copies of it.
    """
    _cap_spans(tree)
    found = bare_extraction(tree, options=_options())
    if found is None or not found.text:
        return ""
    return "\n".join(tidy(found.text.splitlines()))


def _cap_spans(tree: HtmlElement) -> None:
    for cell in tree.iter("td", "th"):
        for name in _SPANS:
            value = cell.get(name)
            if value is not None and not (value.isdigit() and int(value) <= _MAX_SPAN):
                del cell.attrib[name]


def tidy(lines: Iterable[str]) -> list[str]:
    """Return lines of text squeezed, without the bars and dashes that trafilatura puts round cells and items."""
    squeezed = (squeeze(line).strip("|").strip() for line in lines)
    return [line.removeprefix("- ").strip() for line in squeezed if any(char.isalnum() for char in line)]
