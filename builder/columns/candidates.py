"""What looks like a name: the spellings of one entity as patterns, with the traps of letters and of neighbours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial

from builder.columns.gate import Sign, Stretches, domain_sign, form_sign, matches
from builder.columns.lexicon import CLASSES, Entity, cue_pattern, entity_pattern, takes_enclitics
from builder.text import Folded, fold_text

ANTI_CHARS = 30
"""Code points of the match form in which an anti-cue speaks against a short or ambiguous spelling."""
_TANWIN = re.compile("[\u064b-\u064d]")
_HAMZA_ALEF = "أإآ"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What looks like a name. `start` and `end` count in the match form, `place` in the text."""

    platform: str
    form: str
    start: int
    end: int
    place: tuple[int, int] = (0, 0)
    cue: str | None = None


@dataclass(frozen=True)
class Search:
    """One pattern of an entity: what class of spellings it finds, and the words it needs. `cue` comes with it."""

    form: str
    compiled: Callable[[], re.Pattern[str]]
    signs: tuple[Sign, ...]
    cue: str | None = None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern, compiled when a text is first met that holds a sign of it: few texts name most entities."""
        return self.compiled()


class EntityPatterns:
    """The patterns of one entity, each compiled when it is first asked for."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self.searches = (
            *_domain_search(entity.domains),
            *(
                search
                for form_class in CLASSES
                for search in _class_searches(getattr(entity, form_class), form_class)
            ),
        )
        self._hamza = tuple(fold_text(form) for form in entity.ambiguous if form[0] in _HAMZA_ALEF)

    @cached_property
    def cues(self) -> re.Pattern[str]:
        """The words that speak for the entity close by."""
        return cue_pattern(cue for cue in self.entity.cues if not self._is_phrase(cue))

    @cached_property
    def _cue_phrases(self) -> re.Pattern[str]:
        return cue_pattern(filter(self._is_phrase, self.entity.cues))

    def _is_phrase(self, cue: str) -> bool:
        return " " in cue and _holds_form(cue, self.entity)

    @cached_property
    def _phrases(self) -> re.Pattern[str]:
        return cue_pattern(cue for cue in self.entity.anti_cues if _holds_form(cue, self.entity))

    @cached_property
    def _anti(self) -> re.Pattern[str]:
        return cue_pattern(cue for cue in self.entity.anti_cues if not _holds_form(cue, self.entity))

    def cue_phrase(self, text: str, start: int, end: int) -> str | None:
        """Return the cue that holds the name itself at this place ("قالت ميتا"), where there is one."""
        for match in self._cue_phrases.finditer(text, max(0, start - ANTI_CHARS), end + ANTI_CHARS):
            if match.start() < end and match.end() > start:
                return match.group().strip()
        return None

    def candidates(
        self, search: Search, folded: Folded, text: str, stretches: Stretches
    ) -> Iterator[Candidate]:
        """Yield what one search finds and no anti-cue and no letter trap speaks against."""
        for match in matches(search.pattern, folded.text, stretches):
            start, end = name_span(match)
            if search.cue or not self._trapped(folded, text, match, search.form):
                yield Candidate(self.entity.id, search.form, start, end, cue=search.cue)

    def _trapped(self, folded: Folded, text: str, match: re.Match[str], form_class: str) -> bool:
        start, end = name_span(match)
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
        prefix_start, name_start = match.start(), name_span(match)[0]
        alef = folded.text.rfind("ال", prefix_start, name_start)
        return alef >= 0 and text[folded.starts[alef]] in _HAMZA_ALEF

    def _hamza_is_lost(self, folded: Folded, text: str, match: re.Match[str], form_class: str) -> bool:
        """وايمو is Waymo, وإيمو is "and imo"."""
        start, end = name_span(match)
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


def _domain_search(domains: tuple[str, ...]) -> Iterator[Search]:
    """Yield the search for the domains of an entity, if it has any; who writes one means the platform."""
    if domains:
        names = "|".join(map(re.escape, domains))
        pattern = rf"(?<![\w.\-@])(?:https?://)?(?:www\.|m\.)?(?P<name0>{names})(?![\w.\-])"
        yield Search("long", partial(re.compile, pattern), tuple(map(domain_sign, domains)), cue="domain")


def _class_searches(forms: Iterable[str], form_class: str) -> Iterator[Search]:
    """Yield the searches of one class: spellings that take suffixes, and those that do not."""
    with_suffix = [form for form in forms if form_class != "ambiguous" and takes_enclitics(form)]
    bare = [form for form in forms if form not in with_suffix]
    for kind, enclitics in ((with_suffix, True), (bare, False)):
        if kind:
            pattern = partial(entity_pattern, kind, enclitics=enclitics)
            yield Search(form_class, pattern, tuple(map(form_sign, kind)))


def sign_words(entity: Entity) -> tuple[str, ...]:
    """Return words one of which stands in the match form of every text that an entity's spellings are found in."""
    signs = (*map(domain_sign, entity.domains), *(form_sign(form) for _, form in entity.forms()))
    return tuple(sorted({sign.word for sign in signs}))


def name_span(match: re.Match[str]) -> tuple[int, int]:
    """Return (start, end) of the name in a match of a lexicon pattern, without its clitics."""
    return match.span(match.lastgroup or 0)
