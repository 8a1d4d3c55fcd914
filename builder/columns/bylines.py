"""Names under articles, as the recipe's removal list and the pages spell them."""

from __future__ import annotations

from builder.text import fold_text


def byline_key(name: str) -> str:
    """Return one spelling for the spellings of a name: folded, blanks made one."""
    return " ".join(fold_text(name).split())
