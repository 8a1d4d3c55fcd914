"""Mentions of platforms: which, where, in what spelling, and whether the text is about them.

A text is folded, an Aho-Corasick gate finds which platforms it can name at all, and patterns that know Arabic
clitics find them. A short or ambiguous spelling needs a cue or company. Offsets count in the text given, and
text[start:end] == surface always. Figures: docs/measurements/arabic.md, "Mentions".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import ahocorasick

from builder.columns.lexicon import (
    CLASSES,
    Entity,
    Lexicon,
    cue_pattern,
    entity_pattern,
    gate_words,
    takes_enclitics,
)
from builder.text import Folded, fold, fold_text

CUE_CHARS = 55
"""Code points of the match form, about nine words, in which a cue counts on either side."""
CARRIER_CHARS = 22
COMPANY_CHARS = 28
ANTI_CHARS = 30
ATTRIBUTION_CHARS = 45
LEAD_SHARE = 0.2
_TANWIN = re.compile("[\u064b-\u064d]")
_SENTENCE_BREAK = re.compile(r"[.!?؟؛\n]+(?:\s|$)|\n")
_HAMZA_ALEF = "أإآ"


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention. `form`: long, short or ambiguous; `cue`: what made a short one count; `role`: topic or
    attribution. Offsets are code points; end is one past the last.
    """

    platform: str
    start: int
    end: int
    surface: str
    form: str
    cue: str | None
    zone: str
    role: str


@dataclass(frozen=True, slots=True)
class Found:
    """What one text names: mentions in order, and concept hits as (concept id, start, end) in the text."""

    mentions: tuple[Mention, ...] = ()
    concepts: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    platform: str
    form: str
    start: int
    end: int
    cue: str | None = None


class Matcher:
    """The lexicon as compiled patterns. Build once, use for many texts; holds no state between texts."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._entities = {entity.id: _Patterns(entity) for entity in lexicon.entities}
        self._concepts = {
            concept.id: (entity_pattern(concept.forms, enclitics=True), cue_pattern(concept.never))
            for concept in lexicon.concepts
        }
        self._gate = _gate(lexicon)
        self._cues = cue_pattern(lexicon.cues)
        self._carriers = cue_pattern(lexicon.carriers)
        self._verbs = cue_pattern(lexicon.attribution_verbs)
        self._places = cue_pattern(lexicon.attribution_places)
        self._furniture = cue_pattern(lexicon.furniture)

    def find(self, text: str, *, zone: str | None = None) -> Found:
        """Return the mentions and concepts of a text. `zone` names it ("title"); else lead or body by place."""
        hits = {value for _, values in self._gate.iter(fold_text(text)) for value in values}
        if not hits:
            return Found()
        folded = fold(text)
        candidates = self._candidates(folded, text, {name for kind, name in hits if kind == "entity"})
        accepted = self._accept(folded, candidates)
        mentions = tuple(self._mention(text, folded, candidate, zone) for candidate in accepted)
        return Found(
            mentions, tuple(self._concept_hits(folded, {name for kind, name in hits if kind == "concept"}))
        )

    def is_furniture(self, line: str) -> bool:
        """Tell whether a line is a call to follow, share or subscribe, a source credit or a contact line."""
        folded = fold_text(line).strip()
        match = self._furniture.search(folded)
        return (
            match is not None and match.start() < FURNITURE_HEAD_CHARS and len(folded) < FURNITURE_LINE_CHARS
        )

    def _candidates(self, folded: Folded, text: str, names: set[str]) -> list[_Candidate]:
        found = [
            candidate for name in sorted(names) for candidate in self._entities[name].candidates(folded, text)
        ]
        rank = {form: place for place, form in enumerate(CLASSES)}
        found.sort(key=lambda c: (rank[c.form], c.start - c.end, c.start, c.platform))
        kept: list[_Candidate] = []
        for candidate in found:
            if all(candidate.end <= other.start or candidate.start >= other.end for other in kept):
                kept.append(candidate)
        return sorted(kept, key=lambda c: c.start)

    def _accept(self, folded: Folded, candidates: list[_Candidate]) -> list[_Candidate]:
        """Keep long forms, and those short and ambiguous ones that a cue or company speaks for."""
        sure = [c for c in candidates if c.form == "long"]
        for candidate in candidates:
            cue = None if candidate.form == "long" else self._cue(folded.text, candidate)
            if cue:
                sure.append(replace(candidate, cue=cue))
        rest = [c for c in candidates if all(c.start != s.start for s in sure)]
        for candidate in rest:
            company = _company(candidate, sure, candidates)
            if company:
                sure.append(replace(candidate, cue=company))
        return sorted(sure, key=lambda c: c.start)

    def _cue(self, text: str, candidate: _Candidate) -> str | None:
        before = _before(text, candidate.start, CUE_CHARS)
        after = _after(text, candidate.end, CUE_CHARS)
        own = self._entities[candidate.platform].cues
        patterns = [own] if candidate.form == "ambiguous" else [own, self._cues]
        for pattern in patterns:
            match = pattern.search(before) or pattern.search(after)
            if match:
                return match.group().strip()
        carrier = self._carriers.search(before[-CARRIER_CHARS:])
        return carrier.group().strip() if carrier else None

    def _mention(self, text: str, folded: Folded, candidate: _Candidate, zone: str | None) -> Mention:
        start, end = folded.span(candidate.start, candidate.end)
        lead = "lead" if start < LEAD_SHARE * len(text) else "body"
        return Mention(
            candidate.platform,
            start,
            end,
            text[start:end],
            candidate.form,
            candidate.cue,
            zone or lead,
            self._role(text, folded.text, candidate, start),
        )

    def _role(self, text: str, folded: str, candidate: _Candidate, start: int) -> str:
        line_start = text.rfind("\n", 0, start) + 1
        line_end = text.find("\n", start)
        if self.is_furniture(text[line_start : line_end if line_end >= 0 else len(text)]):
            return "attribution"
        before = _before(folded, candidate.start, ATTRIBUTION_CHARS)
        if self._verbs.search(before) and self._places.search(before[-CARRIER_CHARS:]):
            return "attribution"
        return "topic"

    def _concept_hits(self, folded: Folded, names: set[str]) -> Iterator[tuple[str, int, int]]:
        for name in sorted(names):
            pattern, never = self._concepts[name]
            blocked = [match.span() for match in never.finditer(folded.text)]
            for match in pattern.finditer(folded.text):
                start, end = _name_span(match)
                if all(end <= low or start >= high for low, high in blocked):
                    yield name, *folded.span(start, end)


FURNITURE_HEAD_CHARS = 25
FURNITURE_LINE_CHARS = 220
"""A line that opens like a call to follow and is longer than this is prose."""


class _Patterns:
    """The compiled patterns of one entity."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self.cues = cue_pattern(entity.cues)
        phrases = [cue for cue in entity.anti_cues if _holds_form(cue, entity)]
        self._phrases = cue_pattern(phrases)
        self._anti = cue_pattern(cue for cue in entity.anti_cues if cue not in phrases)
        self._domains = re.compile(
            r"(?<![\w.\-@])(?:https?://)?(?:www\.|m\.)?(?P<name0>"
            + "|".join(map(re.escape, entity.domains))
            + r")(?![\w.\-])"
            if entity.domains
            else r"(?!)"
        )
        self._forms = [
            (form_class, pattern)
            for form_class in CLASSES
            for pattern in _class_patterns(getattr(entity, form_class), form_class)
        ]
        self._hamza = tuple(fold_text(form) for form in entity.ambiguous if form[0] in _HAMZA_ALEF)

    def candidates(self, folded: Folded, text: str) -> Iterator[_Candidate]:
        """Yield what looks like the entity and is not spoken against by an anti-cue or a letter trap."""
        for match in self._domains.finditer(folded.text):
            yield _Candidate(self.entity.id, "long", *match.span("name0"), cue="domain")
        for form_class, pattern in self._forms:
            for match in pattern.finditer(folded.text):
                start, end = _name_span(match)
                if not self._trapped(folded, text, match, form_class):
                    yield _Candidate(self.entity.id, form_class, start, end)

    def _trapped(self, folded: Folded, text: str, match: re.Match[str], form_class: str) -> bool:
        start, end = _name_span(match)
        if self._article_is_hamzated(folded, text, match) or self._hamza_is_lost(
            folded, text, match, form_class
        ):
            return True
        if form_class != "long" and _TANWIN.search(
            text[folded.starts[start] : folded.starts[end - 1] + 3].split(" ")[0]
        ):
            return True
        return self._spoken_against(folded.text, start, end, form_class)

    def _article_is_hamzated(self, folded: Folded, text: str, match: re.Match[str]) -> bool:
        """ألفيس is Elvis, الفيس is Facebook; both fold to one form."""
        prefix_start, name_start = match.start(), _name_span(match)[0]
        alef = folded.text.rfind("ال", prefix_start, name_start)
        return alef >= 0 and text[folded.starts[alef]] in _HAMZA_ALEF

    def _hamza_is_lost(self, folded: Folded, text: str, match: re.Match[str], form_class: str) -> bool:
        """وايمو is Waymo, وإيمو is "and imo"."""
        start, end = _name_span(match)
        if form_class != "ambiguous" or start == match.start() or folded.text[start:end] not in self._hamza:
            return False
        return (
            match.group()[: start - match.start()] in ("و", "ف")
            and text[folded.starts[start]] not in _HAMZA_ALEF
        )

    def _spoken_against(self, text: str, start: int, end: int, form_class: str) -> bool:
        low, high = max(0, start - ANTI_CHARS), min(len(text), end + ANTI_CHARS)
        phrases = self._phrases.finditer(text, low, high)
        if any(match.start() < end and match.end() > start for match in phrases):
            return True
        return form_class != "long" and self._anti.search(text, low, high) is not None


def _holds_form(cue: str, entity: Entity) -> bool:
    """Tell whether an anti-cue is a phrase around one of the entity's own spellings ("سبيس إكس")."""
    folded = fold_text(cue)
    return any(fold_text(form).removeprefix("ال") in folded for _, form in entity.forms())


def _class_patterns(forms: Iterable[str], form_class: str) -> Iterator[re.Pattern[str]]:
    """Yield patterns of one class: spellings that take suffixes, and those that do not."""
    with_suffix = [form for form in forms if form_class != "ambiguous" and takes_enclitics(form)]
    bare = [form for form in forms if form not in with_suffix]
    if with_suffix:
        yield entity_pattern(with_suffix, enclitics=True)
    if bare:
        yield entity_pattern(bare, enclitics=False)


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


def _name_span(match: re.Match[str]) -> tuple[int, int]:
    for name, value in match.groupdict().items():
        if name.startswith("name") and value is not None:
            return match.span(name)
    return match.span()


def _company(candidate: _Candidate, sure: list[_Candidate], all_: list[_Candidate]) -> str | None:
    """Return what else is named: the same thing by its long name, another one close by, or (for a short
    form) any sure one in the text.
    """
    for other in sure:
        if other.platform == candidate.platform and other.form == "long":
            return other.platform
    for other in (*sure, *all_):
        near = max(candidate.start - other.end, other.start - candidate.end) <= COMPANY_CHARS
        if other.platform != candidate.platform and near and other.start != candidate.start:
            return other.platform
    if candidate.form == "short":
        return next((other.platform for other in sure), None)
    return None


def _before(text: str, start: int, width: int) -> str:
    window = text[max(0, start - width) : start]
    breaks = list(_SENTENCE_BREAK.finditer(window))
    return window[breaks[-1].end() :] if breaks else window


def _after(text: str, end: int, width: int) -> str:
    window = text[end : end + width]
    cut = _SENTENCE_BREAK.search(window)
    return window[: cut.start()] if cut else window
