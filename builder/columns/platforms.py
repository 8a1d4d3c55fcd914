"""Mentions of platforms: which, where, in what spelling, and whether the text is about them.

A text is folded, an Aho-Corasick gate finds which platforms it can name at all, and patterns that know Arabic
clitics find them. A short or ambiguous spelling needs a cue or company. Offsets count in the text given, and
text[start:end] == surface always. Figures: docs/measurements/arabic.md, "Mentions".
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from builder.columns.candidates import Candidate, EntityPatterns, Search, name_span
from builder.columns.furniture import Spans, furniture_spans
from builder.columns.gate import Gate, Stretches, cue_sign, form_sign, matches, to_ends_of_words
from builder.columns.lexicon import CLASSES, Concept, Lexicon, cue_pattern, entity_pattern
from builder.columns.venues import Venues
from builder.text import Folded, fold_text
from builder.texts import fold_known

CUE_CHARS = 55
"""Code points of the match form, about nine words, in which a cue counts on either side."""
CARRIER_CHARS = 22
COMPANY_CHARS = 28
JOINED_CHARS = 4
LONGEST_NAME_CHARS = 20
ATTRIBUTION_CHARS = 60
PLACE_CHARS = 30
LEAD_SHARE = 0.2
_SENTENCE_BREAK = re.compile(r"[.!?؟؛\n]+(?:\s|$)|\n")


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention. `form`: long, short or ambiguous; `cue`: what made a short one count; `role`: topic or
    attribution. Offsets are code points; end is one past the last. `stance`: topic; place ("a photo on Facebook");
    people ("the Snapchat girl", "the activists of Twitter").
    """

    platform: str
    start: int
    end: int
    surface: str
    form: str
    cue: str | None
    zone: str
    role: str
    stance: str = "topic"


@dataclass(frozen=True, slots=True)
class ConceptHit:
    """One concept term: which concept, where in the text, whether it is a core one or a general name for the topic
    (`topic`), and its stance as a mention has it."""

    concept: str
    start: int
    end: int
    core: bool
    topic: bool = False
    stance: str = "topic"


@dataclass(frozen=True, slots=True)
class Found:
    """What one text names: mentions and concept hits in order, and its furniture lines."""

    mentions: tuple[Mention, ...] = ()
    concepts: tuple[ConceptHit, ...] = ()
    furniture: tuple[tuple[int, int], ...] = ()


class Matcher:
    """The lexicon as compiled patterns. Build once, use for many texts; holds no state between texts."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._entities = {entity.id: EntityPatterns(entity) for entity in lexicon.entities}
        self._searches: list[tuple[EntityPatterns, Search]] = [
            (patterns, search)
            for _, patterns in sorted(self._entities.items())
            for search in patterns.searches
        ]
        self._concepts = [_ConceptSearch(concept) for concept in lexicon.concepts]
        searches = [search.signs for _, search in self._searches]
        concepts = [concept.signs for concept in self._concepts]
        looks = [concept.never_signs for concept in self._concepts]
        openings = tuple(map(cue_sign, lexicon.furniture))
        self._gate = Gate([*searches, *concepts, *looks, openings])
        self._names_gate = Gate([*searches, *(() for _ in (*concepts, *looks)), openings])
        self._cues = cue_pattern(lexicon.cues)
        self._carriers = cue_pattern(lexicon.carriers)
        self._venues = Venues(lexicon)
        self._openings = cue_pattern(lexicon.furniture)

    def find(
        self, text: str, form: str | None = None, *, zone: str | None = None, concepts: bool = True
    ) -> Found:
        """Return the mentions and concepts of a text. `zone` names it ("title"); else lead or body by place.

        `form` is the match form of the text, where it is known.

        Without `concepts` the mentions alone are looked for.
        """
        wanted = len(self._searches) + (len(self._concepts) if concepts else 0)
        form = fold_text(text) if form is None else form
        seen = (self._gate if concepts else self._names_gate).stretches(form, first=wanted)
        if not seen:
            return Found()
        folded = fold_known(text, form)
        candidates = self._candidates(folded, text, seen)
        names = [c.place for c in candidates]
        openings = seen.get(len(self._searches) + 2 * len(self._concepts), [])
        furniture = furniture_spans(text, folded.text, names, self._openings, openings)
        accepted = self._accept(folded.text, candidates, furniture)
        hits = self._concept_hits(folded, seen) if concepts else ()
        return Found(
            tuple(self._mention(text, folded.text, candidate, zone, furniture) for candidate in accepted),
            tuple(sorted(hits, key=lambda hit: (hit.start, hit.end, hit.concept))),
            furniture.spans,
        )

    def _candidates(self, folded: Folded, text: str, seen: Mapping[int, Stretches]) -> list[Candidate]:
        """Return what looks like a name, in order; where two claim a place, the surer class, then the longer."""
        found = [
            candidate
            for number, (patterns, search) in self._searches_in(seen)
            for candidate in patterns.candidates(search, folded, text, seen[number])
        ]
        rank = {form: place for place, form in enumerate(CLASSES)}
        found.sort(key=lambda c: (rank[c.form], c.start - c.end, c.start, c.platform))
        taken = bytearray(len(folded.text))
        kept: list[Candidate] = []
        for candidate in found:
            if not any(taken[candidate.start : candidate.end]):
                taken[candidate.start : candidate.end] = b"\x01" * (candidate.end - candidate.start)
                kept.append(replace(candidate, place=folded.span(candidate.start, candidate.end)))
        return sorted(kept, key=lambda c: c.start)

    def _searches_in(self, seen: Mapping[int, Stretches]) -> list[tuple[int, tuple[EntityPatterns, Search]]]:
        return [(number, self._searches[number]) for number in sorted(seen) if number < len(self._searches)]

    def _accept(self, text: str, candidates: list[Candidate], furniture: Spans) -> list[Candidate]:
        """Keep long forms, and those short and ambiguous ones that a cue or company speaks for."""
        judged = [c if c.form == "long" else replace(c, cue=self._cue(text, c)) for c in candidates]
        sure = [c.form == "long" or c.cue is not None for c in judged]
        company = _Company([c for c, known in zip(judged, sure, strict=True) if known], furniture)
        kept = []
        for place, (candidate, known) in enumerate(zip(judged, sure, strict=True)):
            if known:
                kept.append(candidate)
            elif cue := company.of(candidate, judged[max(0, place - 1) : place + 2]):
                kept.append(replace(candidate, cue=cue))
        return kept

    def _cue(self, text: str, candidate: Candidate) -> str | None:
        before = _before(text, candidate.start, CUE_CHARS)
        after = _after(text, candidate.end, CUE_CHARS)
        patterns_of = self._entities[candidate.platform]
        if phrase := patterns_of.cue_phrase(text, candidate.start, candidate.end):
            return phrase
        own = patterns_of.cues
        patterns = [own] if candidate.form == "ambiguous" else [own, self._cues]
        for pattern in patterns:
            match = pattern.search(before) or pattern.search(after)
            if match:
                return match.group().strip()
        carrier = self._carriers.search(before[-CARRIER_CHARS:])
        return carrier.group().strip() if carrier else None

    def _mention(
        self, text: str, folded: str, candidate: Candidate, zone: str | None, furniture: Spans
    ) -> Mention:
        start, end = candidate.place
        lead = "lead" if start < LEAD_SHARE * len(text) else "body"
        before = _before(folded, candidate.start, ATTRIBUTION_CHARS)
        attribution = furniture.holds(start) or self._venues.only_said_there(before)
        role = "attribution" if attribution else "topic"
        surface = text[start:end]
        return Mention(
            candidate.platform,
            start,
            end,
            surface,
            candidate.form,
            candidate.cue,
            zone or lead,
            role,
            self._venues.stance(before),
        )

    def _concept_hits(self, folded: Folded, seen: Mapping[int, Stretches]) -> Iterator[ConceptHit]:
        """Yield the concept terms, without what only looks like them."""
        for number, search in enumerate(self._concepts, len(self._searches)):
            if number in seen:
                concept, looks = search.concept, seen.get(number + len(self._concepts), [])
                for start, end in search.spans(folded.text, seen[number], looks):
                    stance = "topic"
                    if concept.topic:
                        stance = self._venues.stance(_before(folded.text, start, PLACE_CHARS))
                    yield ConceptHit(
                        concept.id, *folded.span(start, end), concept.core, concept.topic, stance
                    )


class _ConceptSearch:
    """The patterns of one concept: its terms, and what only looks like them. Both are compiled when first asked for."""

    def __init__(self, concept: Concept) -> None:
        self.concept = concept
        self.signs = tuple(map(form_sign, concept.forms))
        self.never_signs = tuple(map(cue_sign, concept.never))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The terms."""
        return entity_pattern(self.concept.forms, enclitics=True)

    @cached_property
    def never(self) -> re.Pattern[str]:
        """What only looks like one."""
        return cue_pattern(self.concept.never)

    def spans(self, text: str, stretches: Stretches, looks: Stretches) -> list[tuple[int, int]]:
        """Return where the terms stand in a match form; what only looks like one can stand in `looks`."""
        spans = [name_span(match) for match in matches(self.pattern, text, stretches)]
        if not spans or not looks:
            return spans
        whole = matches(self.never, text, to_ends_of_words(text, looks))
        blocked = {place for match in whole for place in range(*match.span())}
        return [span for span in spans if blocked.isdisjoint(range(*span))]


class _Company:
    """Who else is surely named in a text, furniture left out, found quickly by place."""

    def __init__(self, sure: list[Candidate], furniture: Spans) -> None:
        prose = [c for c in sure if not furniture.holds(c.place[0])]
        self._prose = prose
        self._starts = [c.start for c in prose]
        self._long = {c.platform for c in prose if c.form == "long"}

    def of(self, candidate: Candidate, neighbours: list[Candidate]) -> str | None:
        """Return what speaks for a candidate: its own long name, another name close by, or any for a short form.

        `neighbours` are the candidates beside it, sure or not: two unsure names joined by "and" carry each other.
        """
        if candidate.platform in self._long:
            return candidate.platform
        for other in self._close(candidate) or _joined(candidate, neighbours):
            return other.platform
        return self._prose[0].platform if candidate.form == "short" and self._prose else None

    def _close(self, candidate: Candidate) -> list[Candidate]:
        low = bisect_left(self._starts, candidate.start - COMPANY_CHARS - LONGEST_NAME_CHARS)
        high = bisect_left(self._starts, candidate.end + COMPANY_CHARS)
        return [c for c in self._prose[low:high] if c.platform != candidate.platform]


def _joined(candidate: Candidate, neighbours: list[Candidate]) -> list[Candidate]:
    return [
        other
        for other in neighbours
        if other.platform != candidate.platform
        and max(candidate.start - other.end, other.start - candidate.end) <= JOINED_CHARS
    ]


def _before(text: str, start: int, width: int) -> str:
    window = text[max(0, start - width) : start]
    breaks = list(_SENTENCE_BREAK.finditer(window))
    return window[breaks[-1].end() :] if breaks else window


def _after(text: str, end: int, width: int) -> str:
    window = text[end : end + width]
    cut = _SENTENCE_BREAK.search(window)
    return window[: cut.start()] if cut else window
