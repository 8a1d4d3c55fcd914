"""Many texts at a time: folded and cut into words by arrays over all of them, at a third of the cost of one by one.

What is given for each text is what `builder.text` gives for it alone; tests/test_shortcuts.py holds both to the same
answer. The few texts that arrays do not do for are done one by one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from builder.text import MARKS, Folded, cut_runs, fold, fold_table, fold_text, words

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Units = npt.NDArray[np.uint16]
    Places = npt.NDArray[np.int64]
    U64 = npt.NDArray[np.uint64]

END = "\0"
"""Stands between texts that are worked on as one: no letter, no blank, and in no stored text."""
_NO_END = "\1"
"""What a text has in place of END, which is as little a letter or blank."""
_UNITS = 1 << 16
_SURROGATE_MASK, _FIRST_HALF, _SECOND_HALF = 0xFC00, 0xD800, 0xDC00
"""How the two units of a character beyond U+FFFF are known."""


def utf16_units(text: str) -> Units:
    """Return a text as numbers, two for a character beyond U+FFFF."""
    import numpy as np

    return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.dtype("<u2"))


def unit_text(units: Units) -> str:
    """Return the text that `utf16_units` made numbers of."""
    return units.tobytes().decode("utf-16-le", "surrogatepass")


def units_like(pattern: str) -> Units:
    """Return the characters below U+10000 that a pattern of one character fits, as numbers."""
    import numpy as np

    every = unit_text(np.arange(_UNITS, dtype=np.dtype("<u2")))
    return utf16_units("".join(re.findall(f"(?:{pattern})+", every)))


def chars_beyond(units: Units, like: Callable[[str], bool]) -> Places:
    """Return the places of characters of a kind beyond U+FFFF."""
    import numpy as np

    halves = units & _SURROGATE_MASK
    places = np.flatnonzero((halves[:-1] == _FIRST_HALF) & (halves[1:] == _SECOND_HALF))
    if not len(places):
        return places
    codes = _UNITS + ((units[places].astype(np.int64) & 0x3FF) << 10) + (units[places + 1] & 0x3FF)
    return places[np.isin(codes, [code for code in set(codes.tolist()) if like(chr(code))])]


def texts_at(places: Places, units: Units) -> list[int]:
    """Return the numbers of the texts in which some places lie, each once."""
    import numpy as np

    return sorted(set(np.searchsorted(np.flatnonzero(units == 0), places).tolist()))


def fold_texts(texts: Sequence[str]) -> list[str]:
    """Return `builder.text.fold_text` of each text."""
    import numpy as np

    units = _folded_units(END.join(texts))
    folded = unit_text(units).split(END)
    if len(folded) != len(texts):
        return list(map(fold_text, texts))
    same = units[1:] == units[:-1]
    thrice = np.flatnonzero(same[1:] & same[:-1])
    stretched = thrice[_word_kinds()[units[thrice]] == _LETTER]
    for number in texts_at(np.append(stretched, chars_beyond(units, str.isalnum)), units):
        folded[number] = cut_runs(folded[number])
    return folded


def _folded_units(text: str) -> Units:
    """Return the match form of a text but for its runs. Characters that become several are replaced beforehand."""
    units, forms = utf16_units(text), _unit_forms()
    sizes = forms.sizes[units]
    if (sizes > 1).any():
        table = fold_table()
        several = set(map(chr, units[sizes > 1].tolist())) | set(_BEYOND.findall(text))
        for char in several & forms.several:
            text = text.replace(char, table[ord(char)])
        units = utf16_units(text)
        sizes = forms.sizes[units]
    folded: Units = forms.forms[units[sizes > 0]]
    return folded


_BEYOND = re.compile("[\U00010000-\U0010ffff]")


def fold_known(text: str, form: str) -> Folded:
    """Return what `builder.text.fold` gives for a text whose match form is known."""
    import numpy as np

    units = utf16_units(text)
    sizes = _unit_forms().sizes[units]
    if len(units) > len(text) or sizes.sum(dtype=np.int64) != len(
        form
    ):  # runs were cut, or units are not characters
        return fold(text, form)
    return Folded(form, np.repeat(np.arange(len(text)), sizes).data)


class _UnitForms(NamedTuple):
    """The match form of every UTF-16 unit that has one of one unit, and how many units each has.

    `several` are the characters whose match form has several, or that have two units themselves.
    """

    forms: Units
    sizes: npt.NDArray[np.uint8]
    several: frozenset[str]


@lru_cache(maxsize=1)
def _unit_forms() -> _UnitForms:
    import numpy as np

    forms, sizes = np.arange(_UNITS, dtype=np.dtype("<u2")), np.ones(_UNITS, np.uint8)
    several = []
    for code, folded in fold_table().items():
        if code < _UNITS and len(folded) < 2 and folded < chr(_UNITS):
            forms[code] = ord(folded or END)
            sizes[code] = len(folded)
        else:
            sizes[utf16_units(chr(code))[0]] = max(2, len(folded))
            several.append(chr(code))
    return _UnitForms(forms, sizes, frozenset(several))


_LETTER, _MARK = 1, 2
"""Kinds of units in words: letters and digits, and the marks on them."""


@lru_cache(maxsize=1)
def _word_kinds() -> npt.NDArray[np.uint8]:
    import numpy as np

    kinds = np.zeros(_UNITS, np.uint8)
    for kind, pattern in ((_MARK, f"[{MARKS}\u200c\u200d]"), (_LETTER, r"[^\W_]")):
        kinds[units_like(pattern)] = kind
    return kinds


class _Stretches:
    """Where words stand in texts that are one: which units are in them, and the texts that units do not tell it of.

    Those have letters beyond U+FFFF, or marks without a letter before them.
    """

    def __init__(self, text: str) -> None:
        import numpy as np

        self.units = utf16_units(text)
        kinds = _word_kinds()[self.units]
        self.inside = kinds > 0
        before = np.append(False, self.inside[:-1])
        self.heads = self.inside & ~before
        odd = np.append(np.flatnonzero(self.heads & (kinds == _MARK)), chars_beyond(self.units, str.isalnum))
        self.odd = texts_at(odd, self.units)


def words_of(texts: Sequence[str]) -> list[list[str]]:
    """Return `builder.text.words` of each text."""
    import numpy as np

    found = _Stretches(END.join(texts))
    blanked = np.where(found.inside | (found.units == 0), found.units, np.uint16(ord(" ")))
    every = [text.split() for text in unit_text(blanked).split(END)]
    if len(every) != len(texts):
        return list(map(words, texts))
    for number in found.odd:
        every[number] = words(texts[number])
    return every


def only_words(text: str) -> str:
    """Return the lines of a text with nothing but their words, a blank between two."""
    import numpy as np

    found = _Stretches(text)
    if found.odd:
        return "\n".join([" ".join(words(line)) for line in text.split("\n")])
    stay = found.inside | (found.units == ord("\n"))
    units = np.where(stay, found.units, np.uint16(ord(" ")))
    stay[1:] |= found.inside[:-1]
    return unit_text(units[stay]).replace(" \n", "\n").removesuffix(" ")


def kinds_table(patterns: Mapping[int, str]) -> Units:
    """Return the kinds of every character below U+10000: the bits whose patterns it fits."""
    import numpy as np

    bits = np.zeros(_UNITS, np.uint16)
    for bit, pattern in patterns.items():
        bits[units_like(pattern)] |= bit
    return bits


class Kinds:
    """The characters of some texts by their kinds, which a table of bits gives.

    `units` are those of all texts with END behind each, `bits` their kinds, `ends` the places of END.
    """

    def __init__(self, texts: Sequence[str], table: Units) -> None:
        import numpy as np

        self.texts = [text.replace(END, _NO_END) for text in texts]
        self.units = utf16_units("".join([text + END for text in self.texts]))
        self.bits = table[self.units]
        self.ends = np.flatnonzero(self.units == 0)

    def sums(self, kind: int) -> list[int]:
        """Return how many characters of a kind each text has."""
        import numpy as np

        if not self.texts:
            return []
        begins = np.append(0, self.ends[:-1])
        counts: list[int] = np.add.reduceat((self.bits & kind) > 0, begins, dtype=np.int64).tolist()
        return counts


class Counted(NamedTuple):
    """How many words a text has, and how many characters they have together."""

    words: int
    chars: int


def count_words(texts: Sequence[str]) -> list[Counted]:
    """Return how many words each text has, and how long they are."""
    import numpy as np

    found = _Stretches(END.join(texts) + END)
    ends = np.flatnonzero(found.units == 0)
    if len(ends) != len(texts):
        return list(map(_counted, texts))
    begins = np.append(0, ends[:-1])
    counts = [np.add.reduceat(each, begins, dtype=np.int64).tolist() for each in (found.heads, found.inside)]
    every = list(map(Counted, *counts))
    for number in found.odd:
        every[number] = _counted(texts[number])
    return every


def _counted(text: str) -> Counted:
    found = words(text)
    return Counted(len(found), sum(map(len, found)))


def word_hashes(found: Sequence[str]) -> U64:
    """Return a 64-bit hash of each word."""
    import numpy as np

    return np.fromiter(map(_word_hash, found), np.uint64, len(found))


@lru_cache(maxsize=1 << 16)
def _word_hash(word: str) -> int:
    digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")
