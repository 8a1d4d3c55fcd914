"""Mentions of platforms: which, where, in what spelling, and whether the text is about them.

A text is folded, an Aho-Corasick gate finds which platforms it can name at all, and patterns that know Arabic
clitics find them. A short or ambiguous spelling needs a cue or company. Offsets count in the text given, and
text[start:end] == surface always. Figures: docs/measurements/arabic.md, "Mentions".
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import ahocorasick

from builder.columns.furniture import Spans, furniture_spans
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
PERSON_CHARS = 12
JOINED_CHARS = 4
LONGEST_NAME_CHARS = 20
CLITIC_CHARS = 40
"""More than all clitics, suffixes and gaps around and inside a spelling take up."""
ANTI_CHARS = 30
ATTRIBUTION_CHARS = 45
LEAD_SHARE = 0.2
_TANWIN = re.compile("[\u064b-\u064d]")
_SENTENCE_BREAK = re.compile(r"[.!?؟؛\n]+(?:\s|$)|\n")
_HAMZA_ALEF = "أإآ"


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


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What looks like a name. `start` and `end` count in the match form, `place` in the text."""

    platform: str
    form: str
    start: int
    end: int
    place: tuple[int, int] = (0, 0)
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
        names: set[str] = set()
        terms: dict[str, list[int]] = {}
        for end, values in self._gate.iter(fold_text(text)):
            for kind, name in values:
                if kind == "entity":
                    names.add(name)
                else:
                    terms.setdefault(name, []).append(end)
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

    def _candidates(self, folded: Folded, text: str, names: set[str]) -> list[_Candidate]:
        """Return what looks like a name, in order; where two claim a place, the surer class, then the longer."""
        found = [
            candidate for name in sorted(names) for candidate in self._entities[name].candidates(folded, text)
        ]
        rank = {form: place for place, form in enumerate(CLASSES)}
        found.sort(key=lambda c: (rank[c.form], c.start - c.end, c.start, c.platform))
        taken = bytearray(len(folded.text))
        kept: list[_Candidate] = []
        for candidate in found:
            if not any(taken[candidate.start : candidate.end]):
                taken[candidate.start : candidate.end] = b"\x01" * (candidate.end - candidate.start)
                kept.append(replace(candidate, place=folded.span(candidate.start, candidate.end)))
        return sorted(kept, key=lambda c: c.start)

    def _accept(self, text: str, candidates: list[_Candidate], furniture: Spans) -> list[_Candidate]:
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

    def _cue(self, text: str, candidate: _Candidate) -> str | None:
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
        self, text: str, folded: str, candidate: _Candidate, zone: str | None, furniture: Spans
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

    def _is_attribution(self, folded: str, candidate: _Candidate) -> bool:
        """Tell whether the platform is only the place where something was said: "كتب على تويتر"."""
        before = _before(folded, candidate.start, ATTRIBUTION_CHARS)
        return bool(self._verbs.search(before) and self._places.search(before[-CARRIER_CHARS:]))

    def _concept_hits(self, folded: Folded, terms: Mapping[str, list[int]]) -> Iterator[ConceptHit]:
        """Yield the concept terms; `terms` says where the gate saw a word of each, the only places they can be."""
        for name in sorted(terms):
            pattern, never = self._concepts[name]
            spans = [
                _name_span(match)
                for start, end in _windows(terms[name], self._window_chars, len(folded.text))
                for match in pattern.finditer(folded.text, start, end)
            ]
            blocked: set[int] = set()
            if spans:
                blocked = {place for match in never.finditer(folded.text) for place in range(*match.span())}
            for start, end in spans:
                if blocked.isdisjoint(range(start, end)):
                    yield ConceptHit(name, *folded.span(start, end), name in self._core)


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

    def __init__(self, sure: list[_Candidate], furniture: Spans) -> None:
        prose = [c for c in sure if not furniture.holds(c.place[0])]
        self._prose = prose
        self._starts = [c.start for c in prose]
        self._long = {c.platform for c in prose if c.form == "long"}

    def of(self, candidate: _Candidate, neighbours: list[_Candidate]) -> str | None:
        """Return what speaks for a candidate: its own long name, another name close by, or any for a short form.

        `neighbours` are the candidates beside it, sure or not: two unsure names joined by "and" carry each other.
        """
        if candidate.platform in self._long:
            return candidate.platform
        for other in self._close(candidate) or _joined(candidate, neighbours):
            return other.platform
        return self._prose[0].platform if candidate.form == "short" and self._prose else None

    def _close(self, candidate: _Candidate) -> list[_Candidate]:
        low = bisect_left(self._starts, candidate.start - COMPANY_CHARS - LONGEST_NAME_CHARS)
        high = bisect_left(self._starts, candidate.end + COMPANY_CHARS)
        return [c for c in self._prose[low:high] if c.platform != candidate.platform]


def _joined(candidate: _Candidate, neighbours: list[_Candidate]) -> list[_Candidate]:
    return [
        other
        for other in neighbours
        if other.platform != candidate.platform
        and max(candidate.start - other.end, other.start - candidate.end) <= JOINED_CHARS
    ]


class _Patterns:
    """The compiled patterns of one entity."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        cue_phrases = [cue for cue in entity.cues if " " in cue and _holds_form(cue, entity)]
        self.cues = cue_pattern(cue for cue in entity.cues if cue not in cue_phrases)
        self._cue_phrases = cue_pattern(cue_phrases)
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

    def cue_phrase(self, text: str, start: int, end: int) -> str | None:
        """Return the cue that holds the name itself at this place ("قالت ميتا"), where there is one."""
        for match in self._cue_phrases.finditer(text, max(0, start - ANTI_CHARS), end + ANTI_CHARS):
            if match.start() < end and match.end() > start:
                return match.group().strip()
        return None

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
    """Tell whether a cue or anti-cue is a phrase around one of the entity's own spellings ("سبيس إكس")."""
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


def _before(text: str, start: int, width: int) -> str:
    window = text[max(0, start - width) : start]
    breaks = list(_SENTENCE_BREAK.finditer(window))
    return window[breaks[-1].end() :] if breaks else window


def _after(text: str, end: int, width: int) -> str:
    window = text[end : end + width]
    cut = _SENTENCE_BREAK.search(window)
    return window[: cut.start()] if cut else window
