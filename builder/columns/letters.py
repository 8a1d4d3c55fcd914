"""What the letters and small words of a text say about its language; no model, no word list beyond a page.

Arabic shares its script with some twenty languages. Most of them betray themselves by letters Arabic does not
have; Sorani typed on an Arabic keyboard by its many ه and by the lack of ال and of Arabic function words.
Thresholds: docs/measurements/arabic.md, "Language".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from builder.columns.wordlists import word_list
from builder.text import BIDI_CONTROLS, MARKS, fold_text, words

LETTERS_MIN = 6
"""Fewer Arabic letters than this say nothing."""
ARABIC_SHARE_MIN = 0.5
"""Below this share of letters a text is not called Arabic, from .2 on it is called mixed."""
MIXED_SHARE_MIN = 0.2
FOREIGN_SHARE_MAX = 0.03
"""Natural Arabic has at most 2 % of letters from outside its alphabet, even at 60 characters."""
INNER_SHARE_MAX = 0.05
"""Share of ta marbuta and alef maqsura inside words: a typing slip in Arabic, a vowel in hand-typed Sorani."""
HA_SHARE_MAX = 0.17
HA_EVIDENCE_MIN = 0.3
HA_OPEN_SHARE_MAX = 0.06
"""Share of ha before another letter. Word-final ha stands for ta marbuta in many an Arabic post."""
HA_LETTERS_MIN = 30
EVIDENCE_MIN = 0.15
"""Share of words that look Arabic which natural Arabic all but always exceeds."""

_NOISE = re.compile(
    r"https?://\S+|www\.\S+|\S+@\S+|@\w+|#[A-Za-z0-9_]+|#|\bRT\b|\[(?:email|phone|iban|card|id|ip|user)\]"
)
_STRETCH = re.compile(r"(\w)\1{2,}")
_DROPPED = re.compile(f"[{MARKS}{BIDI_CONTROLS}\u0640\u200b-\u200d]")
_NATIVE = re.compile("[\u0621-\u063a\u0641-\u064aٱپچژگڤڨڭڥیک]")
_INNER = re.compile("[ةى](?=[\u0621-\u063a\u0641-\u064aپچژگیک])")
_SCRIPT = re.compile(
    "[\u0620-\u063f\u0641-\u064a\u066e\u066f\u0671-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06ff\u0750-\u077f"
    "\u0870-\u088e\u08a0-\u08c9\ufb50-\ufdc7\ufdf0-\ufdfb\ufe70-\ufefc]"
)
_LETTER = re.compile(r"[^\W\d_]")
_HA = re.compile("[هەھہ]")
_HA_OPEN = re.compile(r"[هەھہ](?=\w)")
_LONE_HAMZA = re.compile(r"(?<!\w)ء(?!\w)")
_LONE_HAMZA_WEIGHT = 3
_INITIAL_HAMZA = re.compile(r"(?<!\w)ئ")
_ARTICLE = re.compile("^[وف]?(?:[بكف]?ال|لل|عال|هال)..")
_ARABIC_SHAPE = re.compile("^[وفبكل]?[أإ].|.ة$|[ً-ٍ]")


@dataclass(frozen=True, slots=True)
class Letters:
    """What the letters say. `verdict` is "ar" where they allow Arabic, else the reason against.

    `arabic_share`: Arabic-script letters among all letters. `evidence`: share of words that look Arabic
    (article, function word, ta marbuta at the end, hamza on alef at the head). `persian`: share of words that
    are common in Persian and none in Arabic. `cleaned`: the text without addresses, handles, marks and
    stretched letters.
    """

    verdict: str
    arabic_share: float
    evidence: float
    persian: float
    cleaned: str


def read_letters(text: str) -> Letters:
    """Return the letters' verdict on a text: "ar", "few-letters", "not-arabic-script", "mixed-script",
    "foreign-letters", "many-ha" or "no-arabic-words".
    """
    plain = unicodedata.normalize("NFKC", _NOISE.sub(" ", text))
    cleaned = _STRETCH.sub(r"\1", _DROPPED.sub("", plain))
    script = len(_SCRIPT.findall(cleaned))
    share = script / max(1, len(_LETTER.findall(cleaned)))
    found = [word for word in words(cleaned) if _SCRIPT.match(word)]
    folded = [fold_text(word) for word in found]
    arabic = word_list("arabic")
    evidence = _share(
        word in arabic or bool(_ARTICLE.match(word) or _ARABIC_SHAPE.search(raw))
        for raw, word in zip(found, folded, strict=True)
    )
    persian = _share(word in word_list("persian") for word in folded)
    return Letters(_verdict(cleaned, script, share, evidence), share, evidence, persian, cleaned)


def _share(hits: Iterable[bool]) -> float:
    flags = list(hits)
    return sum(flags) / max(1, len(flags))


def _verdict(cleaned: str, script: int, share: float, evidence: float) -> str:
    if share < MIXED_SHARE_MIN and len(_LETTER.findall(cleaned)) >= LETTERS_MIN:
        return "not-arabic-script"
    if script < LETTERS_MIN:
        return "few-letters"
    if share < ARABIC_SHARE_MIN:
        return "mixed-script"
    return _within_script(cleaned, script, evidence)


def _within_script(cleaned: str, script: int, evidence: float) -> str:
    foreign = script - len(_NATIVE.findall(cleaned)) + _LONE_HAMZA_WEIGHT * len(_LONE_HAMZA.findall(cleaned))
    if foreign / script > FOREIGN_SHARE_MAX or len(_INNER.findall(cleaned)) / script > INNER_SHARE_MAX:
        return "foreign-letters"
    if script < HA_LETTERS_MIN:
        return "ar"
    if len(_HA.findall(cleaned)) / script > HA_SHARE_MAX and evidence < HA_EVIDENCE_MIN:
        return "many-ha"
    sorani = len(_HA_OPEN.findall(cleaned)) / script > HA_OPEN_SHARE_MAX
    sorani = sorani or len(_INITIAL_HAMZA.findall(cleaned)) > script / 100
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
    found = [word.lower() for word in _LATIN_WORD.findall(_NOISE.sub(" ", text)) if not word.isdigit()]
    if len(found) < _ARABIZI_WORDS_MIN:
        return False
    digits = sum(bool(_ARABIZI_STRONG.match(word)) and not _TECH_WORD.match(word) for word in found)
    arabizi = word_list("arabizi")
    small = sum(word in arabizi for word in found)
    return (2 * digits + small) / len(found) >= _ARABIZI_SHARE_MIN and digits + small > 1
