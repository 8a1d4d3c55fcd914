"""Words that belong to one region's speech; evidence in a column, never a label.

On 12,548 labelled posts such a list told dialect from standard Arabic with precision .66 and recall .37, which
is too little to publish a label: docs/measurements/arabic.md.
"""

from __future__ import annotations

from builder.columns.wordlists import word_list
from builder.text import folded_words


def dialect_markers(text: str) -> list[str]:
    """Return the marker words of a text, as written in the match form, sorted, each once."""
    return sorted(word_list("dialect").intersection(folded_words(text)))
