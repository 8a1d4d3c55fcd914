"""What the letters and small words of a text say about its language; no model, no word list beyond a page.

Arabic shares its script with some twenty languages. Most of them betray themselves by letters Arabic does not
have; Sorani typed on an Arabic keyboard by its many ه and by the lack of ال and of Arabic function words.
Thresholds: docs/measurements/arabic.md, "Language".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from builder.columns.signs import SCRIPT_LETTERS, Counts, Habits, Signs
from builder.columns.wordlists import word_list
from builder.text import fold_text, normalized, words
from builder.texts import words_of

LETTERS_MIN = 6
"""Fewer Arabic letters than this say nothing."""
ARABIC_SHARE_MIN = 0.5
"""Below this share of letters a text is not called Arabic, from .2 on it is called mixed."""
MIXED_SHARE_MIN = 0.2
LATIN_PROSE_MAX = 0.3
"""From this share of the letters in running Latin text on, a text is mixed though most of it is Arabic. Of real
Arabic articles, posts and comments none had so much; names, titles, addresses and code are not running text."""
FOREIGN_SHARE_MAX = 0.03
"""Natural Arabic has at most 2 % of letters from outside its alphabet, even at 60 characters."""
INNER_SHARE_MAX = 0.05
"""Share of ta marbuta and alef maqsura inside words: a typing slip in Arabic, a vowel in hand-typed Sorani."""
HA_OPEN_SHARE_MAX = ((120, 0.085), (600, 0.06), (1_000_000, 0.045))
"""By letters of text: the largest share of ha inside words. Arabic had at most .075 at 60 characters, .042 at
300, .022 at 1,500; Sorani typed with Arabic letters has .1 and more. Word-final ha (ta marbuta in many an
Arabic post) and the pronouns ها هم هن هو هي do not count."""
HA_OPEN_SHARE_SUSPECT = 0.055
HA_EVIDENCE_MAX = 0.5
"""Where half of the words look Arabic, many ha are only words such as هل هذه."""
HA_SHARE_SORANI = 0.12
HA_LETTERS_MIN = 30
LATIN_SMALL_WORDS = 8
EVIDENCE_MIN = 0.2
"""Share of words that look Arabic which natural Arabic all but always exceeds."""

_ADDRESS = r"https?://\S+|www\.\S+"
_TAG = r"#[A-Za-z0-9_]+|#|\bRT\b|\[(?:email|phone|iban|card|id|ip|user)\]"
_NOISE = re.compile(rf"{_ADDRESS}|\S+@\S+|@\w+|{_TAG}")
_NOISE_WITHOUT_AT = re.compile(rf"{_ADDRESS}|{_TAG}")
_NOISE_SIGNS = ("#", "[", "://", "www.", "RT")
"""Without any of these there is no noise; looking for it costs more than all the counting."""
_SCRIPT_HEAD = re.compile(f"[{SCRIPT_LETTERS}]")
_LATIN_WORDS = r"[A-Za-z\u00c0-\u024f][A-Za-z\u00c0-\u024f'’\-]*"
_LATIN_RUN = re.compile(rf"{_LATIN_WORDS}(?:[,.;:!?…\"'”’)»]*\s+[\"'“‘(«–—-]*\s*{_LATIN_WORDS}){{3,}}")
_LONE_HAMZA_WEIGHT = 3
_ARTICLE = re.compile("^[وف]?(?:[بكف]?ال|لل|عال|هال)..")
_ARABIC_SHAPE = re.compile("^[وفبكل]?[أإ].|.ة$|[ً-ٍ]")
_WORDS_REMEMBERED = 1 << 14


@dataclass(frozen=True, slots=True)
class Letters:
    """What the letters say. `verdict` is "ar" where they allow Arabic, else the reason against.

    `arabic_share`: Arabic-script letters among all letters. `evidence`: share of words that look Arabic
    (article, function word, ta marbuta at the end, hamza on alef at the head). `persian`: share of words that
    are Persian: common there and none in Arabic, or with a joiner inside. `persian_letters`: how many letters
    are of the Persian alphabet or keyboard. `alien_letters`: how many letters and vowel signs no Arabic keyboard
    and no Persian spelling of Arabic words has. `many_ha`: ha stands as often, also inside words, as in Sorani typed
    with Arabic letters. `cleaned`: the text without addresses, handles, marks and stretched letters; `script`: what
    of that is in Arabic script, blanks made one.
    """

    verdict: str
    arabic_share: float
    evidence: float
    persian: float
    persian_letters: int
    alien_letters: int
    many_ha: bool
    cleaned: str
    script: str


def read_letters(text: str, whole: str | None = None) -> Letters:
    """Return the letters' verdict on a text: "ar", "few-letters", "not-arabic-script", "mixed-script",
    "foreign-letters", "many-ha" or "no-arabic-words".

    `whole` is what the share of Arabic letters is counted on, where `text` is a sample of it.
    """
    return read_all([text], [whole])[0]


def read_all(texts: Sequence[str], wholes: Sequence[str | None]) -> list[Letters]:
    """Return what `read_letters` gives for each text and its whole."""
    plain = Signs([normalized("NFKC", _without_noise(text)) for text in texts])
    cleaned = Signs(plain.unstretched())
    words_in = words_of(cleaned.texts)
    shares = iter(Signs([_without_noise(whole) for whole in wholes if whole is not None]).counts())
    read: list[Letters] = []
    for text, whole, counts, *found in zip(
        texts,
        wholes,
        cleaned.counts(),
        cleaned.habits(),
        plain.foreign_marks(),
        words_in,
        cleaned.texts,
        cleaned.in_blocks(),
        strict=True,
    ):
        share = counts.share if whole is None else next(shares).share
        read.append(_letters(whole or text, share, counts, *found))
    return read


def _letters(
    text: str,
    share: float,
    counts: Counts,
    habits: Habits,
    marks: tuple[int, int],
    words_in: Sequence[str],
    cleaned: str,
    script: str,
) -> Letters:
    foreign_marks, joiners = marks
    script_words, arabic, own, persian_words = _read_words(words_in)
    persian_letters = counts.keys + counts.alien
    evidence = _share(own if persian_letters else arabic, script_words)
    persian = _share(persian_words, script_words) + joiners / max(1, script_words)
    verdict = _verdict(counts, habits, share, evidence)
    if verdict == "ar" and share <= 1 - LATIN_PROSE_MAX and latin_prose_share(text) >= LATIN_PROSE_MAX:
        verdict = "mixed-script"
    if verdict == "ar" and foreign_marks / counts.script > FOREIGN_SHARE_MAX:
        verdict = "foreign-letters"
    alien = counts.foreign + counts.alien + foreign_marks
    many_ha = _has_many_ha(habits, max(1, counts.script))
    return Letters(verdict, share, evidence, persian, persian_letters, alien, many_ha, cleaned, script)


def _without_noise(text: str) -> str:
    """Return a text with blanks for addresses, handles, tags and placeholders."""
    if "@" in text:
        return _NOISE.sub(" ", text)
    return _NOISE_WITHOUT_AT.sub(" ", text) if any(sign in text for sign in _NOISE_SIGNS) else text


def count_letters(text: str) -> Counts:
    """Return how many letters of each kind a text has."""
    return Signs([text]).counts()[0]


_COUNT_BITS = 20
"""Four counts are kept in one number, so that those of words are added up in one go; no text has so many words."""


@lru_cache(maxsize=_WORDS_REMEMBERED)
def _read_word(raw: str) -> int:
    """Return what a word says, each as a count of 0 or 1: whether it begins in Arabic script and, if so, looks Arabic,
    looks Arabic and not Persian too, or is Persian. Few words make up most of what is written.
    """
    if not _SCRIPT_HEAD.match(raw):
        return 0
    word = fold_text(raw)
    looks = _looks_arabic(raw, word)
    small = word in word_list("arabic")
    own = small and word not in word_list("shared")
    persian = word in word_list("persian")
    said = (True, small or looks, own or looks, persian)
    return sum(yes << place * _COUNT_BITS for place, yes in enumerate(said))


def _read_words(found: Iterable[str]) -> Iterator[int]:
    """Yield how many of some words say so, for each of what `_read_word` returns."""
    counts = sum(map(_read_word, found))
    for _ in range(4):
        yield counts & ((1 << _COUNT_BITS) - 1)
        counts >>= _COUNT_BITS


def _looks_arabic(raw: str, word: str) -> bool:
    """Tell whether a word has the article, a hamza on its head or a ta marbuta at its end, or tanwin."""
    if ("ال" in word or "لل" in word) and _ARTICLE.match(word):
        return True
    shaped = raw[-1] == "ة" or "أ" in raw or "إ" in raw or not raw.isalpha()
    return shaped and _ARABIC_SHAPE.search(raw) is not None


def latin_prose_share(text: str) -> float:
    """Return the share of all letters that stand in running Latin text (0-1).

    Running: four words or more with only blanks and marks of prose between them, one in eight a function word of
    English or French, most of the others in lower case. So names, titles, addresses and code do not count.
    """
    plain = _without_noise(text)
    runs = [match.group() for match in _LATIN_RUN.finditer(plain) if _is_prose(match.group())]
    return _share(count_letters(" ".join(runs)).letters, count_letters(plain).letters)


def _is_prose(run: str) -> bool:
    found = words(run)
    small = word_list("latin")
    content = [word for word in found if word.lower() not in small]
    lower = sum(word[0].islower() for word in content)
    return (len(found) - len(content)) * LATIN_SMALL_WORDS >= len(found) and 2 * lower >= len(content)


def _has_many_ha(habits: Habits, letters: int) -> bool:
    """Tell whether ha stands as often, also inside words, as in Sorani typed with Arabic letters."""
    return habits.ha / letters >= HA_SHARE_SORANI and habits.open_ha / letters >= HA_OPEN_SHARE_SUSPECT


def _share(part: int, whole: int) -> float:
    return part / max(1, whole)


def _verdict(counts: Counts, habits: Habits, share: float, evidence: float) -> str:
    if share < MIXED_SHARE_MIN and counts.letters >= LETTERS_MIN:
        return "not-arabic-script"
    if counts.script < LETTERS_MIN:
        return "few-letters"
    if share < ARABIC_SHARE_MIN:
        return "mixed-script"
    return _within_script(counts, habits, evidence)


def _within_script(counts: Counts, habits: Habits, evidence: float) -> str:
    script = counts.script
    foreign = counts.foreign + _LONE_HAMZA_WEIGHT * habits.lone_hamza
    if foreign / script > FOREIGN_SHARE_MAX or habits.inner_ending / script > INNER_SHARE_MAX:
        return "foreign-letters"
    if script < HA_LETTERS_MIN:
        return "ar"
    open_ha = habits.open_ha / script
    if evidence < HA_EVIDENCE_MAX and open_ha > next(
        limit for letters, limit in HA_OPEN_SHARE_MAX if script < letters or letters >= 1_000_000
    ):
        return "many-ha"
    sorani = open_ha > HA_OPEN_SHARE_SUSPECT or habits.initial_hamza > script / 100
    return "no-arabic-words" if sorani and evidence < EVIDENCE_MIN else "ar"


_ARABIZI_STRONG = re.compile(r"^(?=.*[a-z])(?:[a-z]*[23579][a-z]+|[a-z]+[23579][a-z]*)$", re.IGNORECASE)
_LATIN_WORD = re.compile(r"[A-Za-z0-9']+")
_TECH_WORD = re.compile(
    r"^(?:mp3|mp4|h264|h265|g20|g7|covid19|\w*20\d\d|[a-z]\d|\d+[a-z]{1,2}|w3c?|web3|i18n)$", re.IGNORECASE
)
_ARABIZI_WORDS_MIN = 3
_ARABIZI_SHARE_MIN = 0.14


def is_arabizi(text: str) -> bool:
    """Tell whether a text looks like Arabic written in Latin letters and digits (7abibi, 3ala)."""
    found = [word.lower() for word in _LATIN_WORD.findall(_without_noise(text)) if not word.isdigit()]
    if len(found) < _ARABIZI_WORDS_MIN:
        return False
    digits = sum(bool(_ARABIZI_STRONG.match(word)) and not _TECH_WORD.match(word) for word in found)
    arabizi = word_list("arabizi")
    small = sum(word in arabizi for word in found)
    return (2 * digits + small) / len(found) >= _ARABIZI_SHARE_MIN and digits + small > 1
