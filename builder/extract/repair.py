"""Mojibake undone where it can be proved: text read by the wrong codec, read again by the right one.

A reading is undone only when the undone text is likely Arabic, the text as it stood is not, and nothing is lost
on the way. Real text in any language fails the second condition and comes back as it was.
"""

from __future__ import annotations

import codecs
import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from builder.texts import kinds_table, utf16_units

if TYPE_CHECKING:
    from builder.texts import Units

_PER_MILLE = {
    "ا": 144, "ل": 101, "ي": 72, "م": 60, "و": 58, "ن": 57, "ر": 47, "ت": 46, "ب": 44, "ه": 37, "ع": 33,
    "د": 28, "س": 25, "ك": 23, "ف": 23, "ح": 21, "ق": 18, "ة": 20, "ش": 14, "ج": 13, "أ": 13, "ط": 9, "ص": 9,
    "خ": 8, "ز": 7, "غ": 6, "ض": 5, "ى": 7, "ذ": 5, "إ": 5, "ث": 4, "ئ": 3, "ء": 3, "ظ": 2, "آ": 1, "ؤ": 1,
    "ی": 16, "ک": 5, "گ": 2, "چ": 1, "پ": 3, "ە": 8, "ێ": 4, "ۆ": 3, "ڕ": 1, "ڵ": 1, "ڤ": 1, "ے": 4, "ں": 2,
    "ہ": 6, "ھ": 2, "ژ": 1, "ٹ": 1, "ڈ": 1, "ۇ": 3,
}  # fmt: skip
"""Letters per thousand letters: counted on our own samples of Arabic, rounded; letters of its neighbours added."""

_NEUTRAL = re.compile(
    "[\u00a0\u00ab\u00bb\u00b7©®،؛؟ـ\u200b-\u200f\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026"
    "\u2600-\u27bf\ufe0f\ufeff\U00010000-\U0010ffff]"
)
"""Signs and emoji that stand in Arabic pages and speak neither for nor against a reading."""

_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]")
_RARE, _ALIEN = math.log(0.002), math.log(0.000_01)
_WEIGHT = {letter: math.log(count / 1000) for letter, count in _PER_MILLE.items()}

READ_AS = ("cp1252", "latin-1", "cp1256", "cp1251", "mac_roman", "cp850", "cp437", "cp1254", "iso8859-15")
"""Codecs by which Arabic bytes are read in error, the commonest first."""

MEANT_AS = ("utf-8", "cp1256", "iso8859-6")
"""Codecs the bytes were written in."""

LIKELY = -3.9
"""Least mean log likelihood of undone text; real Arabic of 20 letters and more lies above -3.6."""

GAIN = 1.0
"""Least gain in mean log likelihood; a wrong reading of Arabic costs 1.5 and more."""

MIN_LETTERS = 6
"""Fewest Arabic letters that prove a single-byte reading; UTF-8 proves itself by its form from two letters on."""

SHORT_LIKELY = -4.6
"""Least mean log likelihood of what undone UTF-8 gives; lower, for it proves itself by its form."""

MIN_UTF8_LETTERS = 2
"""Fewest Arabic letters that undone UTF-8 must give."""

MAX_LAYERS = 3
"""How often one text can have been misread; more than three layers have not been seen."""

MAX_MIXED = 0.2
"""Largest share of Arabic runs that may touch a Latin letter in text undone by a single-byte reading."""

_MIXED = re.compile("[A-Za-z][\u0620-\u064a]|[\u0620-\u064a][A-Za-z]")
_RUN = re.compile(r"[^\x00-\x7f]+")
_SUSPECT = re.compile("[\u0080-\u009f\u00a1-\u00aa\u00ac-\u00ba\u00bc-\u024f\u0400-\u04ff\u2500-\u25ff]")
_SUSPECT_PAIR = re.compile("[\u00a0-\u00bf\u2010-\u2122](?:(?<=[طظ].)|(?<=[طظ][^\\W\\d_طظ].))")
"""Signs of a misreading; a sign of the second kind counts behind the letters as which UTF-8 is misread."""

_ALONE, _BEHIND, _LEAD = 1, 2, 4
_KINDS = {_ALONE: _SUSPECT.pattern, _BEHIND: "[\u00a0-\u00bf\u2010-\u2122]", _LEAD: "[طظ]"}
_REACH = 3
"""How many units before a sign of the second kind the letter may stand: a character beyond U+FFFF has two."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """A text and how it was mended: ("cp1252>utf-8",), the outermost layer first; () when it was left alone."""

    text: str
    layers: tuple[str, ...] = ()


def non_ascii(text: str) -> str:
    """Return the characters of `text` beyond ASCII."""
    return (
        text.encode("utf-8", "surrogatepass")
        .translate(None, bytes(range(128)))
        .decode("utf-8", "surrogatepass")
    )


def likeness(text: str) -> float:
    """Return the mean log likelihood, per character beyond ASCII, of `text` being Arabic (nats, 0 at most).

    -inf when nothing in it speaks. The model is one letter at a time: that tells a permuted alphabet, which
    every wrong codec gives, from the real one.
    """
    counts = {char: count for char, count in Counter(non_ascii(text)).items() if not _NEUTRAL.match(char)}
    total = sum(counts.values())
    if not total:
        return -math.inf
    return sum(_weight(char) * count for char, count in counts.items()) / total


def _weight(char: str) -> float:
    weight = _WEIGHT.get(char)
    if weight is not None:
        return weight
    return _RARE if _ARABIC.match(char) else _ALIEN


def repair(text: str) -> Repaired:
    """Return `text` with every provable misreading undone, or as it was. Works on markup as well.

    Only what turns out to be Arabic counts as proved: a stray "Ã©" in Latin letters stays as it was found.
    """
    mended, layers = text, list[str]()
    for _ in range(MAX_LAYERS):
        undone = _undo(mended)
        if undone is None:
            break
        mended, layer = undone
        layers.append(layer)
    if not layers or not _is_arabic(mended, text):
        return Repaired(text)
    return Repaired(mended, tuple(layers))


def _is_arabic(mended: str, text: str) -> bool:
    after = likeness(mended)
    return after >= SHORT_LIKELY and after > likeness(text) and _letters(mended) >= MIN_UTF8_LETTERS


def _undo(text: str) -> tuple[str, str] | None:
    """Undo the outermost misreading, or return None when none can be proved."""
    if not _may_be_misread(text):
        return None
    beyond = non_ascii(text)  # a tenth of the text: of markup nearly all is ASCII
    if not _SUSPECT.search(beyond) and not (_SUSPECT_PAIR.search(beyond) and _SUSPECT_PAIR.search(text)):
        return None
    if likeness(beyond) >= LIKELY:
        return None
    return _best(text, MEANT_AS[:1]) or _best(text, MEANT_AS[1:])


def _may_be_misread(text: str) -> bool:
    """Return False where a text has no sign of a misreading: a look at a table for each character tells most pages."""
    import numpy as np

    units = utf16_units(text)
    kinds = _kinds_of_units()[units]
    if (kinds & _ALONE).any():
        return True
    places = np.flatnonzero(kinds & _BEHIND)
    return any((kinds[places[places >= back] - back] & _LEAD).any() for back in range(1, _REACH + 1))


@cache
def _kinds_of_units() -> Units:
    return kinds_table(_KINDS)


def _best(text: str, meant_as: tuple[str, ...]) -> tuple[str, str] | None:
    """Return the likeliest proved reading and its name; the commoner codec wins a tie."""
    before = likeness(text)
    proved: list[tuple[float, str, str]] = []
    for meant in meant_as:
        for read in READ_AS:
            candidate = _reread(text, read, meant)
            if candidate is not None and _proves(text, candidate, before, meant):
                proved.append((round(likeness(candidate), 6), candidate, f"{read}>{meant}"))
    if not proved:
        return None
    return max(proved, key=lambda found: found[0])[1:]


def _proves(text: str, candidate: str, before: float, meant: str) -> bool:
    if meant == "utf-8":
        return len(non_ascii(candidate)) < len(non_ascii(text))
    after = likeness(candidate)
    return after >= LIKELY and after - before >= GAIN and _stands_alone(candidate)


def _stands_alone(candidate: str) -> bool:
    """Return whether the Arabic won makes words of its own: in accented Latin it would touch Latin letters."""
    mixed = len(_MIXED.findall(candidate))
    return _letters(candidate) >= MIN_LETTERS and mixed <= MAX_MIXED * len(_RUN.findall(candidate))


def _letters(text: str) -> int:
    return sum(char in _WEIGHT for char in text)


def _reread(text: str, read: str, meant: str) -> str | None:
    """Return text with its runs beyond ASCII written by codec `read` and read by `meant`; None if too few can be."""
    table = _byte_of(read)
    done = failed = 0

    def swap(match: re.Match[str]) -> str:
        nonlocal done, failed
        run = match.group()
        try:
            result = bytes([table[char] for char in run]).decode(meant)
        except (KeyError, UnicodeDecodeError):
            failed += len(run)
            return run
        done += len(run)
        return result

    result = _RUN.sub(swap, text)
    return result if done and failed <= 0.1 * (done + failed) else None


@cache
def _byte_of(codec: str) -> dict[str, int]:
    """Return the byte of every character of a single-byte codec; bytes it leaves out are C1 controls."""
    decoder = codecs.getdecoder(codec)
    table: dict[str, int] = {}
    for value in range(128, 256):
        char = decoder(bytes([value]), "replace")[0]
        table[chr(value) if char == "\ufffd" else char] = value
    return table
