"""How much a text is about the lexicon's topic: five parts and their sum, on the main text only.

Lines that call to follow, share or subscribe, source credits, contact lines and bare lists of platforms are
masked first, so that a footer cannot move the score. What counts is how a name stands in its sentence
(builder/columns/venues.py): a text on a platform speaks of it, a text on a crime names it as the place where it was
shown. Figures: docs/measurements/arabic.md, "Relevance".
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from builder.columns.furniture import Spans
from builder.columns.platforms import Found
from builder.text import words

TITLE_MAX, DENSITY_MAX, CONCEPTS_MAX, SPREAD_MAX, LEAD_MAX = 3.0, 3.0, 1.0, 2.0, 1.0
CORE_IN_TITLE = 1.0
"""A title that has only another core concept. One that names a platform as a place ("sold on Facebook") or for a
person ("the Snapchat girl") counts from this on, the more the more places count."""
CONCEPT_IN_TITLE = 0.5
TITLE_BORNE = 2.0
"""Mentions in the body, or one in 100 words of a shorter text, that a title needs behind it to count in full."""
TITLE_BORNE_MIN = 0.5
ATTRIBUTION_BEARS = 0.25
PLACE_WEIGHTS = (0.25, 0.25, 0.25, 0.5, 0.5, 1.0)
"""What a mention weighs that is a place, by the fifths of the text that name anything. A
report names a platform as the place of one event; an essay that comes back to the place all through is about it."""
PEOPLE_WEIGHT = 0.25
"""What one weighs that says who somebody is, or who reacts."""
CONCEPT_WEIGHT = 0.5
"""Two concept terms in 100 words weigh as much as one name."""
CORE_CONCEPT_SHARE = 0.25
"""What a core concept that is no name for the networks (influencers, hashtags, ...) weighs in spread and lead."""
APPOSITION_CHARS = 14
"""A general name right before a mention ("the network Facebook") is one mention with it."""
FIFTHS = 5
WORDS_MIN, WORDS_MAX = 100, 400
"""Texts count as at least and at most this long: one name in a short post is not a density of ten, and a long
essay that names its platforms all through is not lost for its length."""
REPEATED_TITLE_CHARS = 12
"""A title this long or longer that stands in the text again is no part of the text."""
PARTIAL_MIN = 2.5
ABOUT_MIN = 5.0
"""Cuts of the score: partly about, about."""


@dataclass(frozen=True, slots=True)
class Relevance:
    """The parts (title 0-3, density 0-3, concepts 0-1, spread 0-2, lead 0-1); `total` is their sum, 0-10."""

    title: float
    density: float
    concepts: float
    spread: float
    lead: float

    @property
    def total(self) -> float:
        """The sum of the parts, 0-10."""
        return self.title + self.density + self.concepts + self.spread + self.lead


def score(
    text: str, found: Found, title: Found, title_text: str = "", words_in: int | None = None
) -> Relevance:
    """Return the relevance of a text from what it and its title name; `words_in` are its words, where counted.

    Furniture lines and the title, where the text repeats it, count for nothing.
    """
    spans = sorted({*found.furniture, *_repeats(text, title_text, found.furniture)})
    aside = Spans(_with_blanks(text, spans))
    chars = max(1, len(text) - aside.chars)
    words_in = len(words(text)) if words_in is None else words_in
    word_count = words_in - sum(len(words(text[start:end])) for start, end in aside.spans)
    per_100 = 100 / min(WORDS_MAX, max(WORDS_MIN, word_count))
    fifths = [0.0] * FIFTHS

    def fifth(start: int) -> int:
        return min(FIFTHS - 1, int(FIFTHS * (start - aside.chars_before(start)) / chars))

    found_names = [(start, stance) for start, stance in _names(found) if not aside.holds(start)]
    place_weight = PLACE_WEIGHTS[len({fifth(start) for start, _ in found_names})]
    by_stance = {"topic": 1.0, "place": place_weight, "people": PEOPLE_WEIGHT}
    weights = [(fifth(start), by_stance[stance]) for start, stance in found_names]
    for number, weight in weights:
        fifths[number] = min(1.0, fifths[number] + weight)
    concepts = [hit for hit in found.concepts if not (hit.topic or aside.holds(hit.start))]
    for hit in concepts:
        if hit.core:
            fifths[fifth(hit.start)] = max(fifths[fifth(hit.start)], CORE_CONCEPT_SHARE)
    total = sum(weight for _, weight in weights)
    return Relevance(
        title=_title(title, by_stance) * _borne(found, aside, total, word_count),
        density=min(DENSITY_MAX, total * per_100),
        concepts=min(CONCEPTS_MAX, CONCEPT_WEIGHT * len(concepts) * per_100),
        spread=SPREAD_MAX * sum(fifths) / FIFTHS,
        lead=LEAD_MAX * fifths[0],
    )


def _with_blanks(text: str, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return stretches with the blanks before them, at the head of the text with those behind: they count no more."""
    wide: list[tuple[int, int]] = []
    last = head = 0
    for start, end in spans:
        start = max(start, last)
        while start > last and text[start - 1].isspace():
            start -= 1
        if start == head:
            while end < len(text) and text[end].isspace():
                end += 1
            head = end
        last = max(start, end)
        wide.append((start, last))
    return wide


def _repeats(text: str, title: str, furniture: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield where the title stands in the text again, outside furniture."""
    title, known = title.strip(), Spans(tuple(furniture))
    start = text.find(title) if len(title) >= REPEATED_TITLE_CHARS else -1
    while start >= 0:
        end = start + len(title)
        if not (known.holds(start) or known.holds(end - 1)):
            yield start, end
        start = text.find(title, end)


def _names(found: Found) -> Iterator[tuple[int, str]]:
    """Yield (start, stance) of what names a platform or the networks at large."""
    starts = [mention.start for mention in found.mentions]
    for mention in found.mentions:
        if mention.role == "topic":
            yield mention.start, mention.stance
    for hit in found.concepts:
        after = bisect_left(starts, hit.end)
        if hit.topic and not (after < len(starts) and starts[after] - hit.end <= APPOSITION_CHARS):
            yield hit.start, hit.stance


def _borne(found: Found, aside: Spans, total: float, word_count: int) -> float:
    """Return how far the text bears its title out (0-1)."""
    said_there = sum(m.role != "topic" and not aside.holds(m.start) for m in found.mentions)
    wanted = min(TITLE_BORNE, max(TITLE_BORNE_MIN, word_count / 100))
    return min(1.0, (total + ATTRIBUTION_BEARS * said_there) / wanted)


def _title(title: Found, weights: Mapping[str, float]) -> float:
    stances = ["place" if m.role != "topic" else m.stance for m in title.mentions]
    stances += [hit.stance for hit in title.concepts if hit.topic]
    if stances:
        return CORE_IN_TITLE + (TITLE_MAX - CORE_IN_TITLE) * max(weights[stance] for stance in stances)
    if any(hit.core for hit in title.concepts):
        return CORE_IN_TITLE
    return CONCEPT_IN_TITLE if title.concepts else 0.0
