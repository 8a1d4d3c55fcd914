"""Lines that are not their author's prose: calls to follow and share, source credits, bare lists of names.

What such lines name is no topic and no evidence, so that a footer cannot move what a text is about.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from builder.text import fold_text, words

HEAD_CHARS = 25
"""A call to follow opens its line, after a name at most."""
LINE_CHARS = 220
"""A line that opens like one and is longer is prose."""
LIST_NAMES_MIN = 3
LIST_SHARE_MIN = 0.6
"""A line of which names make this share of the words, three or more of them, is a list of links."""


class Spans:
    """Stretches of a text, sorted and apart from each other, that answer quickly whether a place lies in one."""

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        self.spans = tuple(spans)
        self._starts = [start for start, _ in spans]
        self._before = [0]
        for start, end in spans:
            self._before.append(self._before[-1] + end - start)

    def holds(self, position: int) -> bool:
        """Tell whether a code point lies in one of the stretches."""
        place = bisect_right(self._starts, position) - 1
        return place >= 0 and position < self.spans[place][1]

    def chars_before(self, position: int) -> int:
        """Return how many code points of the stretches that begin before a position lie before their end."""
        return self._before[bisect_left(self._starts, position)]

    @property
    def chars(self) -> int:
        """All code points of the stretches."""
        return self._before[-1]


def opens_like_furniture(line: str, openings: re.Pattern[str]) -> bool:
    """Tell whether a line begins as a call to follow, share or subscribe, a source credit or a contact line."""
    if len(line) > 2 * LINE_CHARS:
        return False
    folded = fold_text(line).strip()
    match = openings.search(folded)
    return match is not None and match.start() < HEAD_CHARS and len(folded) < LINE_CHARS


def furniture_spans(text: str, names: Sequence[tuple[int, int]], openings: re.Pattern[str]) -> Spans:
    """Return the lines of a text that are furniture.

    `names`: (start, end) of what the text names, sorted; `openings`: how such lines begin, in the match form.
    """
    starts = [start for start, _ in names]
    spans = []
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        if line:
            inside = names[bisect_left(starts, start) : bisect_left(starts, end)]
            if opens_like_furniture(line, openings) or _is_list(text, line, inside):
                spans.append((start, end))
        start = end + 1
    return Spans(spans)


def _is_list(text: str, line: str, names: Sequence[tuple[int, int]]) -> bool:
    if len(names) < LIST_NAMES_MIN:
        return False
    named = sum(len(words(text[start:end])) for start, end in names)
    return named / max(1, len(words(line))) >= LIST_SHARE_MIN
