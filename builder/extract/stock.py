"""trafilatura called as it comes: the measure of `cascade`, and the way taken with its other releases."""

from __future__ import annotations

from lxml.html import HtmlElement
from trafilatura import bare_extraction
from trafilatura.settings import Extractor


def read_main(tree: HtmlElement, *, fast: bool) -> str:
    """Return the main text of a page, a paragraph a line, "" when there is none; the tree is not changed.

    `fast` leaves out the comparison with other extractors. No deduplication (it remembers pages), no dates (they
    ask the clock), no comments.
    """
    options = Extractor(
        output_format="python",
        fast=fast,
        comments=False,
        tables=True,
        dedup=False,
        with_metadata=False,
        date_params={"max_date": "1970-01-01"},
    )
    found = bare_extraction(tree, options=options)
    return found.text or "" if found is not None else ""
