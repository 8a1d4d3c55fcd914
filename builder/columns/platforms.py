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
from functools import lru_cache

import ahocorasick

from builder.columns.candidates import Candidate, EntityPatterns, name_span
from builder.columns.furniture import Spans, furniture_spans
from builder.columns.lexicon import (
    CLASSES,
    Lexicon,
    cue_pattern,
    entity_pattern,
    gate_words,
)
from builder.text import Folded, fold, fold_whole

CUE_CHARS = 55
"""Code points of the match form, about nine words, in which a cue counts on either side."""
CARRIER_CHARS = 22
COMPANY_CHARS = 28
PERSON_CHARS = 12
JOINED_CHARS = 4
LONGEST_NAME_CHARS = 20
CLITIC_CHARS = 40
"""More than all clitics, suffixes and gaps around and inside a spelling take up."""
ATTRIBUTION_CHARS = 45
LEAD_SHARE = 0.2
_SENTENCE_BREAK = re.compile(r"[.!?؟؛\n]+(?:\s|$)|\n")


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention. `form`: long, short or ambiguous; `cue`: what made a short one count; `role`: topic or
    attribution. Offsets are code points; end is one past the last. `names_person`: it only says who somebody is.
    """

    platform: str
    start: int
    end: int
    surface: str
    form: str
    cue: str | None
    zone: str
    role: str
    names_person: bool = False


@dataclass(frozen=True, slots=True)
class ConceptHit:
    """One concept term: which concept, where in the text, and whether it is a core one."""

    concept: str
    start: int
    end: int
    core: bool


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
        self._concepts = {
            concept.id: (entity_pattern(concept.forms, enclitics=True), cue_pattern(concept.never))
            for concept in lexicon.concepts
        }
        longest = max((len(form) for concept in lexicon.concepts for form in concept.forms), default=0)
        self._window_chars = 2 * longest + CLITIC_CHARS
        self._core = {concept.id for concept in lexicon.concepts if concept.core}
        self._gate = _gate(lexicon)
        self._cues = cue_pattern(lexicon.cues)
        self._carriers = cue_pattern(lexicon.carriers)
        self._verbs = cue_pattern(lexicon.attribution_verbs)
        self._places = cue_pattern(lexicon.attribution_places)
        self._persons = cue_pattern(lexicon.attribution_persons)
        self._openings = cue_pattern(lexicon.furniture)

    def find(self, text: str, *, zone: str | None = None) -> Found:
        """Return the mentions and concepts of a text. `zone` names it ("title"); else lead or body by place."""
        names, terms = _gated(self, text)
        if not (names or terms):
            return Found()
        folded = fold(text)
        candidates = self._candidates(folded, text, names)
        furniture = furniture_spans(text, [c.place for c in candidates], self._openings)
        accepted = self._accept(folded.text, candidates, furniture)
        concepts = sorted(
            self._concept_hits(folded, terms),
            key=lambda hit: (hit.start, hit.end, hit.concept),
        )
        return Found(
            tuple(self._mention(text, folded.text, candidate, zone, furniture) for candidate in accepted),
            tuple(concepts),
            furniture.spans,
        )

    def nameable(self, text: str) -> set[str]:
        """Return the ids of the platforms that a text can name at all: no other one changes what is found in it."""
        return _gated(self, text)[0]

    def gated(self, text: str) -> tuple[set[str], dict[str, list[int]]]:
        """Return the platforms and, with the places, the concepts that the gate sees a word of in a text."""
        names: set[str] = set()
        terms: dict[str, list[int]] = {}
        for end, values in self._gate.iter(fold_whole(text)):
            for kind, name in values:
                if kind == "entity":
                    names.add(name)
                else:
                    terms.setdefault(name, []).append(end)
        return names, terms

    def _candidates(self, folded: Folded, text: str, names: set[str]) -> list[Candidate]:
        """Return what looks like a name, in order; where two claim a place, the surer class, then the longer."""
        found = [
            candidate for name in sorted(names) for candidate in self._entities[name].candidates(folded, text)
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
        attribution = furniture.holds(start) or self._is_attribution(folded, candidate)
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
            self._persons.search(_before(folded, candidate.start, PERSON_CHARS)) is not None,
        )

    def _is_attribution(self, folded: str, candidate: Candidate) -> bool:
        """Tell whether the platform is only the place where something was said: "كتب على تويتر"."""
        before = _before(folded, candidate.start, ATTRIBUTION_CHARS)
        return bool(self._verbs.search(before) and self._places.search(before[-CARRIER_CHARS:]))

    def _concept_hits(self, folded: Folded, terms: Mapping[str, list[int]]) -> Iterator[ConceptHit]:
        """Yield the concept terms; `terms` says where the gate saw a word of each, the only places they can be."""
        for name in sorted(terms):
            pattern, never = self._concepts[name]
            spans = [
                name_span(match)
                for start, end in _windows(terms[name], self._window_chars, len(folded.text))
                for match in pattern.finditer(folded.text, start, end)
            ]
            blocked: set[int] = set()
            if spans:
                blocked = {place for match in never.finditer(folded.text) for place in range(*match.span())}
            for start, end in spans:
                if blocked.isdisjoint(range(start, end)):
                    yield ConceptHit(name, *folded.span(start, end), name in self._core)


@lru_cache(maxsize=2)
def _gated(matcher: Matcher, text: str) -> tuple[set[str], dict[str, list[int]]]:
    """Return what the gate sees; kept for the last texts, of which a row asks twice. Nobody changes what it gives."""
    return matcher.gated(text)


def _windows(ends: list[int], width: int, chars: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a text within `width` of some places, those that touch as one."""
    start = stop = 0
    for end in ends:
        if stop and end - width > stop:
            yield start, stop
            stop = 0
        start = start if stop else max(0, end - width)
        stop = min(chars, end + width)
    if stop:
        yield start, stop


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


def _gate(lexicon: Lexicon) -> ahocorasick.Automaton:
    words: dict[str, set[tuple[str, str]]] = {}
    for entity in lexicon.entities:
        for _, form in entity.forms():
            words.setdefault(gate_words(form), set()).add(("entity", entity.id))
        for domain in entity.domains:
            words.setdefault(domain, set()).add(("entity", entity.id))
    for concept in lexicon.concepts:
        for form in concept.forms:
            words.setdefault(gate_words(form), set()).add(("concept", concept.id))
    automaton = ahocorasick.Automaton()
    for word in sorted(words):
        automaton.add_word(word, tuple(sorted(words[word])))
    automaton.make_automaton()
    return automaton


def _before(text: str, start: int, width: int) -> str:
    window = text[max(0, start - width) : start]
    breaks = list(_SENTENCE_BREAK.finditer(window))
    return window[breaks[-1].end() :] if breaks else window


def _after(text: str, end: int, width: int) -> str:
    window = text[end : end + width]
    cut = _SENTENCE_BREAK.search(window)
    return window[: cut.start()] if cut else window
