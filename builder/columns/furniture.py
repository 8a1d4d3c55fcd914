"""Lines that are not their author's prose: calls to follow and share, source credits, bare lists of names.

What such lines name is no topic and no evidence, so that a footer cannot move what a text is about.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from builder.text import words

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


def furniture_spans(
    text: str,
    folded: str,
    names: Sequence[tuple[int, int]],
    openings: re.Pattern[str],
    stretches: Sequence[tuple[int, int]],
) -> Spans:
    """Return the lines of a text that are furniture.

    `folded` is the match form of the text. `names`: (start, end) of what the text names, sorted; `openings`: how
    such lines begin, in the match form; `stretches`: where in the match form one can stand at all, sorted and apart.
    """
    if not stretches and len(names) < LIST_NAMES_MIN:
        return Spans(())
    starts = [start for start, _ in names]
    ends = [stop for _, stop in stretches]
    spans = []
    start = place = 0
    for line, form in zip(text.split("\n"), folded.split("\n"), strict=True):
        end = start + len(line)
        if line:
            inside = names[bisect_left(starts, start) : bisect_left(starts, end)]
            near = bisect_right(ends, place)
            opened = near < len(ends) and stretches[near][0] < place + len(form)
            if (opened and _opens(line, form, openings)) or _is_list(text, line, inside):
                spans.append((start, end))
        start = end + 1
        place += len(form) + 1
    return Spans(spans)


def _opens(line: str, folded: str, openings: re.Pattern[str]) -> bool:
    """Tell whether a line begins as a call to follow or share, a source credit or a contact line."""
    folded = folded.strip()
    if len(line) > 2 * LINE_CHARS or len(folded) >= LINE_CHARS:
        return False
    match = openings.search(folded)
    return match is not None and match.start() < HEAD_CHARS


def _is_list(text: str, line: str, names: Sequence[tuple[int, int]]) -> bool:
    if len(names) < LIST_NAMES_MIN:
        return False
    named = sum(len(words(text[start:end])) for start, end in names)
    return named / max(1, len(words(line))) >= LIST_SHARE_MIN
