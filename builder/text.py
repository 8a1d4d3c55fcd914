"""Arabic text: the form that is stored, the form that is matched, sentences, clauses and words.

The stored form is what the author wrote; the match form is derived on demand, carries an offset map back and is
never published. Decisions and measurements: docs/measurements/arabic.md.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Literal

FOLD_VERSION = 1
"""Version of the match form; a change of `fold` that changes its output raises it."""

BIDI_CONTROLS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
MARKS = "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
"""Harakat, tanwin, shadda, dagger alef and the marks of the Qur'an: a regex class body."""

_BIDI = re.compile(f"[{BIDI_CONTROLS}]")
_NOT_SEEN = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff"
_GONE = re.compile(f"[{_NOT_SEEN}]")
_ENDS_OF_LINES = "\r\x85\u2028\u2029"
_LINE_END = re.compile(f"[{_ENDS_OF_LINES}](?:(?<=\r)\n)?")
_BLANKS = re.compile(r"[^\S\n]+")
_ODD_BLANKS = "\t\v\f\x1c-\x1f\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
"""Every blank but the space and the ends of lines: a regex class body."""
_ODD = re.compile(f"[{BIDI_CONTROLS}{_NOT_SEEN}{_ENDS_OF_LINES}{_ODD_BLANKS}]")
"""What most texts have none of: one look tells."""
_EDGE_BLANKS = re.compile(r" ?\n ?")
_BLANK_LINES = re.compile(r"\n{3,}")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ENTITY_ROUNDS = 3
"""Texts escaped twice are met, thrice hardly ever; a bound keeps hostile input cheap."""

_MARKS_TOLD = 200
"""So many marks in a row, on one letter, are put in order before the text is normalized: real ones are ten."""

_WORD = re.compile(rf"[^\W_]+(?:[{MARKS}\u200c\u200d]+[^\W_]*)*")
_ARABIC_LETTER = (
    "\u0620-\u063f\u0641-\u064a\u066e\u066f\u0671-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06ff\u0750-\u077f"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A text in the form that is stored, and how many direction controls were taken out of it."""

    text: str
    bidi_controls: int


def storage_form(raw: str) -> Stored:
    """Return `raw` as it is to be stored: all that the author wrote, without what no reader can see.

    Entities are decoded, line ends are \\n, controls, soft hyphens and direction controls go, blanks become
    one space, blank lines at most one, Unicode is NFC. Diacritics, tatweel, digits, letter variants, `..` and
    the joiners U+200C/U+200D stay. Doing it twice changes nothing.
    """
    text, bidi = _unescaped(raw), 0
    odd = _ODD.search(text) is not None
    if odd:
        text, bidi = _BIDI.subn("", text)
        text = _GONE.sub("", _LINE_END.sub("\n", text))
    text = normalized("NFC", text)
    if odd or "  " in text:
        text = _BLANKS.sub(" ", text)
    if " \n" in text or "\n " in text:
        text = _EDGE_BLANKS.sub("\n", text)
    if "\n\n\n" in text:
        text = _BLANK_LINES.sub("\n\n", text)
    return Stored(text.strip(), bidi)


def normalized(form: Literal["NFC", "NFKC"], text: str) -> str:
    """Return what `unicodedata.normalize` gives, whose cost grows with the square of the marks on one letter."""
    if any(_is_in_run(text, at) for at in range(0, len(text), _MARKS_TOLD)):
        text = _ordered("NFD" if form == "NFC" else "NFKD", text)
    return unicodedata.normalize(form, text)


def _is_in_run(text: str, at: int) -> bool:
    """Return whether a long run of marks goes on at a place; one twice as long goes on at one place of them all."""
    return all(map(unicodedata.combining, text[at : at + _MARKS_TOLD])) if text[at] > "\u02ff" else False


def _ordered(form: Literal["NFD", "NFKD"], text: str) -> str:
    """Take characters apart and bring their marks into the order of the standard, in which no more are moved."""
    parts = "".join([unicodedata.normalize(form, char) for char in text])
    runs = groupby(parts, lambda char: unicodedata.combining(char) > 0)
    return "".join(["".join(sorted(run, key=unicodedata.combining) if marks else run) for marks, run in runs])


def _unescaped(text: str) -> str:
    for _ in range(_ENTITY_ROUNDS):
        if "&" not in text:
            break
        decoded = _ENTITY.sub(lambda match: html.unescape(match.group()), text)
        if decoded == text:
            break
        text = decoded
    return text


@dataclass(frozen=True, slots=True)
class Folded:
    """The match form of a text. `starts[i]` is the code point of the source that gave `text[i]`."""

    text: str
    starts: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the stretch of the source behind text[start:end] (end > start), dropped marks inside included."""
        return self.starts[start], self.starts[end - 1] + 1


_LETTERS = str.maketrans(
    {
        **dict.fromkeys("أإآٱ", "ا"),
        **dict.fromkeys("ىیېےۍ", "ي"),
        **dict.fromkeys("کڪگݢ", "ك"),
        **dict.fromkeys("ةەہھۀۂۃ", "ه"),
        "ؤ": "و",
        "ئ": "ي",
        "پ": "ب",
        "چ": "ج",
        "ڤ": "ف",
        "_": " ",
        "ـ": None,
    }
)
_DROPPED = re.compile(f"[{MARKS}{BIDI_CONTROLS}\u200b-\u200d\u2060\ufeff\u00ad]")
_FOLDED_BLOCKS = ((0x00, 0x3000), (0xF900, 0x10000), (0x1D400, 0x1D800), (0x1F100, 0x1F200))
"""Blocks with compatibility forms that are met in Arabic posts: presentation forms, styled Latin letters."""
_RUN = re.compile(r"(\w)\1(?!\d)\1+")
"""A letter three times or more; a class for "letter" in its place would be tried at twice the cost."""
_COMMON_UNTIL = 0x800


@lru_cache(maxsize=1)
def fold_table() -> dict[int, str]:
    """Return the match form of every code point that differs from it."""
    table = {}
    for first, end in _FOLDED_BLOCKS:
        for code in range(first, end):
            char = chr(code)
            folded = _fold_char(char)
            if folded != char:
                table[code] = folded
    return table


def _fold_char(char: str) -> str:
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    if "\ud800" <= char <= "\udfff":
        return ""
    wide = unicodedata.normalize("NFKC", char)
    return _DROPPED.sub("", unicodedata.normalize("NFC", wide).translate(_LETTERS)).lower()


def fold_text(text: str) -> str:
    """Return the match form alone, at a tenth of the cost of `fold`; equal to `fold(text).text`."""
    return cut_runs(text.translate(_translation()))


def cut_runs(folded: str) -> str:
    """Return a match form with stretched letters cut to one."""
    return _RUN.sub(r"\1", folded)


@lru_cache(maxsize=1)
def _translation() -> dict[int, int | str]:
    """Return the table for `str.translate`: common letters that stay are in it, as a lookup that fails is slow."""
    table: dict[int, int | str] = {code: code for code in range(_COMMON_UNTIL)}
    for code, folded in fold_table().items():
        table[code] = ord(folded) if len(folded) == 1 else folded
    return table


WORDS_PER_PATTERN = 8
"""RE2 passes over a text at 500 MB a second for up to 16 words; measured: for 24 forty times slower."""


def raw_patterns(words: Iterable[str]) -> Iterator[str]:
    """Yield regular expressions (RE2) one of which is found in every text whose match form holds one of some words.

    They are found in few others: most texts hold none, and RE2 tells so thirty times faster than they are folded.
    `words` are in match form.
    """
    wanted = sorted(set(words))
    for first in range(0, len(wanted), WORDS_PER_PATTERN):
        yield _raw_pattern(wanted[first : first + WORDS_PER_PATTERN])


def _raw_pattern(words: Sequence[str]) -> str:
    """Letters in all their forms, each as often as it likes, with what is dropped between them; or a ligature."""
    unfolded = _unfolded()
    gap = _class(unfolded[""])
    spelt = ["".join(f"(?:{_class({ord(x), *unfolded.get(x, ())})}{gap}*)+" for x in word) for word in words]
    letters = frozenset("".join(words))
    ligatures = [
        code for text, codes in unfolded.items() if len(text) > 1 and letters & {*text} for code in codes
    ]
    return "|".join([*spelt, *([_class(ligatures)] if ligatures else [])])


@lru_cache(maxsize=1)
def _unfolded() -> dict[str, list[int]]:
    """Return the code points that fold to a text, by that text; those that are dropped under ""."""
    found: dict[str, list[int]] = {}
    for code, folded in fold_table().items():
        found.setdefault(folded, []).append(code)
    return found


def _class(codes: Iterable[int]) -> str:
    """Return the class of some code points for RE2, neighbours as ranges."""
    ranges: list[list[int]] = []
    for code in sorted(code for code in codes if not 0xD800 <= code < 0xE000):
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "[" + "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in ranges) + "]"


def fold(text: str, folded: str | None = None) -> Folded:
    """Return the match form of `text` with the map back; `folded` is the match form, where it is known.

    NFKC for each character; marks, tatweel and zero-width characters dropped; alef, ya, kaf, ta marbuta and
    hamza carriers made one; digits ASCII; Latin in lower case; `_` a space; three or more of
    one letter cut to one.
    """
    table = fold_table()
    whole = fold_text(text) if folded is None else folded
    uneven = _uneven_places(text)
    if not uneven and len(whole) == len(text):
        return Folded(whole, range(len(text)))
    starts: list[int] = []
    last = 0
    for place in uneven:  # between these every character has one in the match form
        starts.extend(range(last, place))
        starts.extend([place] * len(table[ord(text[place])]))
        last = place + 1
    starts.extend(range(last, len(text)))
    if len(starts) == len(whole):
        return Folded(whole, starts)
    return _without_runs(text.translate(_translation()), starts)


def _uneven_places(text: str) -> list[int]:
    """Return the places of the characters whose match form is not one character long."""
    table = fold_table()
    found = (match.start() for pattern in _uneven() for match in pattern.finditer(text))
    return sorted(place for place in found if len(table.get(ord(text[place]), " ")) != 1)


@lru_cache(maxsize=1)
def _uneven() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the pattern of those characters, and of the stretch beyond U+FFFF where more are: one class is slow."""
    uneven = [code for code, folded in sorted(fold_table().items()) if len(folded) != 1]
    low, high = ([chr(code) for code in uneven if (code > 0xFFFF) is beyond] for beyond in (False, True))
    return re.compile("[" + "".join(map(re.escape, low)) + "]"), re.compile(f"[{high[0]}-{high[-1]}]")


def _without_runs(text: str, starts: list[int]) -> Folded:
    """Cut stretched letters; the map of the letter kept points at the first of the run."""
    pieces: list[str] = []
    kept: list[int] = []
    last = 0
    for match in _RUN.finditer(text):
        pieces.append(text[last : match.start() + 1])
        kept.extend(starts[last : match.start() + 1])
        last = match.end()
    pieces.append(text[last:])
    kept.extend(starts[last:])
    return Folded("".join(pieces), kept)


def words(text: str) -> list[str]:
    """Return the words: runs of letters, digits and the marks on them."""
    return _WORD.findall(text)


def word_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each word, in code points."""
    return (match.span() for match in _WORD.finditer(text))


_CLOSERS = r"[\"'”’»)\]}]*"
_SENTENCE_END = re.compile(rf"(?:[.!?؟。！？]+|…)+{_CLOSERS}(?=\s|$|[{_ARABIC_LETTER}«“(\[])|\n+")
_CLAUSE_END = re.compile(rf"(?:[.!?؟。！？؛;]+|…)+{_CLOSERS}(?=\s|$|[{_ARABIC_LETTER}«“(\[])|\n+")
_ABBREVIATION = re.compile(rf"(?:^|[\s(«“\"'/.])(?:[{_ARABIC_LETTER}A-Za-z]|Mr|Dr|St|vs|No|أ\.د|ا\.د)$")
_LONE_DOT = "."


def sentences(text: str) -> list[tuple[int, int]]:
    """Return (start, end) of each sentence. `.`, `!`, `?`, `؟`, `..` and `…` end one, and so does a line end.

    A dot after a single letter ("د. أحمد") or inside a number or an address does not.
    """
    return _split(text, _SENTENCE_END)


def clauses(text: str) -> list[tuple[int, int]]:
    """Return (start, end) of each clause: sentences split again at `؛` and `;`."""
    return _split(text, _CLAUSE_END)


def _split(text: str, end_pattern: re.Pattern[str]) -> list[tuple[int, int]]:
    spans = []
    start = 0
    for match in end_pattern.finditer(text):
        if not _ends_here(text, match):
            continue
        spans.append((start, match.end()))
        start = match.end()
    spans.append((start, len(text)))
    return [trimmed for span in spans if (trimmed := _trimmed(text, *span))]


def _ends_here(text: str, match: re.Match[str]) -> bool:
    if match.group() != _LONE_DOT:
        return True
    before = text[max(0, match.start() - 6) : match.start()]
    return not _ABBREVIATION.search(before)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return the span without blanks at its edges; None when no letter or digit is in it."""
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end -= len(piece) - len(piece.rstrip())
    return (start, end) if any(char.isalnum() for char in piece) else None
