"""The addresses of a page's links, of which some are none."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

NOWHERE = SplitResult("", "?", "/?", "", "")
"""What stands for an address that cannot be taken apart: no host of any site, no front page."""


def split(href: str) -> SplitResult:
    """Return the parts of an address; `NOWHERE` for one that is none, such as "http://["."""
    try:
        return urlsplit(href)
    except ValueError:
        return NOWHERE
