"""Words that belong to one region's speech; evidence in a column, never a label.

On 12,548 labelled posts such a list told dialect from standard Arabic with precision .66 and recall .37, which
is too little to publish a label: docs/measurements/arabic.md.
"""

from __future__ import annotations

from collections.abc import Iterable

from builder.columns.wordlists import word_list


def dialect_markers(folded_words: Iterable[str]) -> list[str]:
    """Return the markers among the words of a text's match form, sorted, each once."""
    return sorted(word_list("dialect").intersection(folded_words))
