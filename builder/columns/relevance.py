"""How much a text is about the lexicon's topic: five parts and their sum, on the main text only.

Lines that call to follow, share or subscribe, source credits, contact lines and bare lists of platforms are
masked first, so that a footer cannot move the score. Figures: docs/measurements/arabic.md, "Relevance".
"""

from __future__ import annotations

from dataclasses import dataclass

from builder.columns.furniture import Spans
from builder.columns.platforms import Found
from builder.text import words

TITLE_MAX, DENSITY_MAX, CONCEPTS_MAX, SPREAD_MAX, LEAD_MAX = 3.0, 2.0, 2.0, 2.0, 1.0
CONCEPT_IN_TITLE = 2.0
CONCEPT_WEIGHT = 0.5
"""Two concept terms in 100 words weigh as much as one name."""
FIFTHS = 5
WORDS_MIN, WORDS_MAX = 100, 400
"""Texts count as at least and at most this long: one name in a short post is not a density of ten, and a long
essay that names its platforms all through is not lost for its length."""
CORE_CONCEPT_SHARE = 0.5
"""What a core concept (the networks, influencers, hashtags, ...) weighs in spread and lead beside a name."""
PERSON_IN_TITLE = 1.5
"""A title that names a platform only to say who somebody is ("فتاة السناب شات")."""
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


def score(text: str, found: Found, title: Found) -> Relevance:
    """Return the relevance of a text from what it and its title name. Furniture lines count for nothing."""
    furniture = Spans(found.furniture)
    chars = max(1, len(text) - furniture.chars)
    word_count = len(words(text)) - sum(len(words(text[start:end])) for start, end in furniture.spans)
    per_100 = 100 / min(WORDS_MAX, max(WORDS_MIN, word_count))

    def fifth(start: int) -> int:
        return min(FIFTHS - 1, int(FIFTHS * (start - furniture.chars_before(start)) / chars))

    topics = [fifth(mention.start) for mention in found.mentions if mention.role == "topic"]
    concepts = [hit for hit in found.concepts if not furniture.holds(hit.start)]
    weights = {fifth(hit.start): CORE_CONCEPT_SHARE for hit in concepts if hit.core} | dict.fromkeys(
        topics, 1.0
    )
    return Relevance(
        title=_title(title),
        density=min(DENSITY_MAX, len(topics) * per_100),
        concepts=min(CONCEPTS_MAX, CONCEPT_WEIGHT * len(concepts) * per_100),
        spread=SPREAD_MAX * sum(weights.values()) / FIFTHS,
        lead=LEAD_MAX * weights.get(0, 0.0),
    )


def _title(title: Found) -> float:
    topics = [mention for mention in title.mentions if mention.role == "topic"]
    if any(not mention.names_person for mention in topics):
        return TITLE_MAX
    if any(hit.core for hit in title.concepts):
        return CONCEPT_IN_TITLE
    return PERSON_IN_TITLE if topics or title.concepts else 0.0
