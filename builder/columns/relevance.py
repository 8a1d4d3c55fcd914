"""How much a text is about the lexicon's topic: five parts and their sum, on the main text only.

Lines that call to follow, share or subscribe, source credits, contact lines and bare lists of platforms are
masked first, so that a footer cannot move the score. Figures: docs/measurements/arabic.md, "Relevance".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from builder.columns.platforms import Found, Matcher, Mention
from builder.text import words

TITLE_MAX, DENSITY_MAX, CONCEPTS_MAX, SPREAD_MAX, LEAD_MAX = 3.0, 2.0, 2.0, 2.0, 1.0
CONCEPT_IN_TITLE = 2.0
CONCEPT_WEIGHT = 0.5
"""Two concept terms in 100 words weigh as much as one name."""
FIFTHS = 5
LIST_MENTIONS_MIN = 3
LIST_SHARE_MIN = 0.4
"""A line of which names make this share of the words, three or more of them, is a list of links."""
WORDS_MIN = 100
"""Shorter texts count as this long, so that one name in a short post is not a density of ten."""
PARTIAL_MIN = 2.5
ABOUT_MIN = 5.0
"""Cuts of the score: partly about, about."""


@dataclass(frozen=True, slots=True)
class Relevance:
    """The parts (title 0-3, density 0-2, concepts 0-2, spread 0-2, lead 0-1); `total` is their sum, 0-10."""

    title: float
    density: float
    concepts: float
    spread: float
    lead: float

    @property
    def total(self) -> float:
        """The sum of the parts, 0-10."""
        return self.title + self.density + self.concepts + self.spread + self.lead


def furniture_spans(text: str, mentions: Iterable[Mention], matcher: Matcher) -> list[tuple[int, int]]:
    """Return (start, end) of the lines of a text that are furniture and not its author's prose."""
    listed = list(mentions)
    spans = []
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        if line and (
            matcher.is_furniture(line) or _is_list(line, [m for m in listed if start <= m.start < end])
        ):
            spans.append((start, end))
        start = end + 1
    return spans


def _is_list(line: str, mentions: list[Mention]) -> bool:
    if len(mentions) < LIST_MENTIONS_MIN:
        return False
    named = sum(len(words(mention.surface)) for mention in mentions)
    return named / max(1, len(words(line))) >= LIST_SHARE_MIN


def score(text: str, found: Found, title: Found, furniture: list[tuple[int, int]]) -> Relevance:
    """Return the relevance of a text from what it and its title name; `furniture` are spans to leave out."""
    main = _Main(text, furniture)
    topics = [place for m in found.mentions if m.role == "topic" for place in main.places(m.start)]
    concepts = [place for _, start, _ in found.concepts for place in main.places(start)]
    per_100 = 100 / max(WORDS_MIN, main.word_count)
    return Relevance(
        title=_title(title),
        density=min(DENSITY_MAX, len(topics) * per_100),
        concepts=min(CONCEPTS_MAX, CONCEPT_WEIGHT * len(concepts) * per_100),
        spread=SPREAD_MAX * len({int(place * FIFTHS) for place in topics}) / FIFTHS,
        lead=LEAD_MAX if any(place < 1 / FIFTHS for place in topics) else 0.0,
    )


def _title(title: Found) -> float:
    if any(mention.role == "topic" for mention in title.mentions):
        return TITLE_MAX
    return CONCEPT_IN_TITLE if title.concepts else 0.0


class _Main:
    """The main text: where a code point of the whole text lies in it, as a share of its length."""

    def __init__(self, text: str, furniture: list[tuple[int, int]]) -> None:
        self._furniture = furniture
        self._chars = max(1, len(text) - sum(end - start for start, end in furniture))
        kept, last = [], 0
        for start, end in furniture:
            kept.append(text[last:start])
            last = end
        self.word_count = len(words("\n".join([*kept, text[last:]])))

    def places(self, position: int) -> list[float]:
        """Return the place (share, below 1) of a position, or nothing when it lies in furniture."""
        if any(start <= position < end for start, end in self._furniture):
            return []
        before = sum(end - start for start, end in self._furniture if end <= position)
        return [min((position - before) / self._chars, 1 - 1e-9)]
