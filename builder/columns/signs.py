"""The characters of many texts by their kinds: letters counted, and how ha and hamza stand in words.

One look at a table for each character, for all texts at once; patterns for each text would cost five times as much.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from builder.text import BIDI_CONTROLS, MARKS
from builder.texts import END, Kinds, chars_beyond, kinds_table, unit_text

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Places = npt.NDArray[np.int64]
    Bits = npt.NDArray[np.uint16]

SCRIPT_LETTERS = (
    "\u0620-\u063f\u0641-\u064a\u066e\u066f\u0671-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06ff\u0750-\u077f"
    "\u0870-\u088e\u08a0-\u08c9\ufb50-\ufdc7\ufdf0-\ufdfb\ufe70-\ufefc"
)
"""Letters of the Arabic script: a regex class body."""
_NATIVE = "\u0621-\u063a\u0641-\u064aٱپچژگڤڨڭڥیک"
"""Those on a keyboard for Arabic or Persian, or in Arabic spellings of foreign names."""

_LETTER, _WORD, _SCRIPT, _FOREIGN, _KEYS, _ALIEN, _HA, _ENDING, _INNER, _BESIDE, _DROPPED, _VOWEL, _BLOCK = (
    1 << place for place in range(13)
)
_CLASSES = {
    _LETTER: r"[^\W\d_]",
    _WORD: r"\w",
    _SCRIPT: f"[{SCRIPT_LETTERS}]",
    _FOREIGN: f"(?![{_NATIVE}])[{SCRIPT_LETTERS}]",
    _KEYS: "[یک]",  # as a Persian keyboard writes them; Arabic has them in another form
    _ALIEN: "[پچژگ]",  # letters of Persian that Arabic has not
    _HA: "[هەھہ]",
    _ENDING: "[مانهويی]",  # behind ha they end a pronoun
    _INNER: "[ةى]",
    _BESIDE: "[\u0621-\u063a\u0641-\u064aپچژگیک]",
    _DROPPED: f"[{MARKS}{BIDI_CONTROLS}\u0640\u200b-\u200d]",
    _VOWEL: "[\u0659-\u065f\u02c7]",  # of Gilaki, Balochi and Kurdish spelling; Arabic has none of them
    _BLOCK: "[\u0600-\u06ff\u0750-\u077f\\s]",
}
"""The kinds of characters, as patterns; a character may be of several."""
_JOINER, _HAMZA, _HAMZA_ON_YA, _MIM, _ALEF = map(ord, "\u200cءئما")
_STRETCH = re.compile(r"(\w)\1\1+")


class Counts(NamedTuple):
    """How many characters of a text are letters, are of the Arabic script, and which: not native to Arabic or Persian
    keyboards, of a Persian keyboard, of the Persian alphabet alone."""

    letters: int
    script: int
    foreign: int
    keys: int
    alien: int

    @property
    def share(self) -> float:
        """Arabic-script letters among all letters (0-1)."""
        return self.script / max(1, self.letters)


class Habits(NamedTuple):
    """How often in a text: hamza as a word, though not at its head, where it is the rest of a word that was cut; hamza
    on ya at the head of a word; ta marbuta or alef maqsura inside words; ha; ha inside words, pronouns left out."""

    lone_hamza: int
    initial_hamza: int
    inner_ending: int
    ha: int
    open_ha: int


class Signs(Kinds):
    """The characters of some texts, each by what is asked of it."""

    def __init__(self, texts: Sequence[str]) -> None:
        import numpy as np

        super().__init__(texts, _bits())
        for like, bit, chars in ((str.isalnum, _WORD, 2), (_is_letter, _LETTER, 1)):
            places = chars_beyond(self.units, like)
            for unit in range(chars):
                self.bits[places + unit] |= bit
        self._around = np.append(
            self.bits, np.zeros(3, np.uint16)
        )  # up to three behind a place are looked at

    def counts(self) -> list[Counts]:
        """Return how many letters of each kind each text has."""
        return list(map(Counts, *map(self.sums, (_LETTER, _SCRIPT, _FOREIGN, _KEYS, _ALIEN))))

    def foreign_marks(self) -> list[tuple[int, int]]:
        """Return how many vowel signs that Arabic has not, and how many joiners inside words, each text has."""
        import numpy as np

        joiners = np.flatnonzero(self.units == _JOINER)
        joiners = joiners[self._is(_WORD, joiners - 1) & self._is(_WORD, joiners + 1)]
        return list(zip(self.sums(_VOWEL), self._per_text(joiners), strict=True))

    def habits(self) -> list[Habits]:
        """Return what `Habits` has of each text."""
        import numpy as np

        units = np.append(self.units, np.zeros(3, np.uint16))
        hamza = np.flatnonzero(units == _HAMZA)
        behind = (units[hamza - 1] != 0) & ~self._is(_WORD, hamza - 1)
        lone = hamza[behind & ~self._is(_WORD, hamza + 1)]
        initial = np.flatnonzero(units == _HAMZA_ON_YA)
        inner, ha = (np.flatnonzero(self.bits & kind) for kind in (_INNER, _HA))
        ended = self._is(_ENDING, ha + 1) & ~self._is(_WORD, ha + 2)
        ended |= (units[ha + 1] == _MIM) & (units[ha + 2] == _ALEF) & ~self._is(_WORD, ha + 3)
        places = (
            lone,
            initial[~self._is(_WORD, initial - 1)],
            inner[self._is(_BESIDE, inner + 1)],
            ha,
            ha[self._is(_WORD, ha + 1) & ~ended],
        )
        return list(map(Habits, *map(self._per_text, places)))

    def unstretched(self) -> list[str]:
        """Return the texts without marks, and with letters that stand three times or more once."""
        import numpy as np

        units = self.units[(self.bits & _DROPPED) == 0]
        texts = unit_text(units).split(END)[:-1]
        same = units[1:] == units[:-1]
        thrice = np.flatnonzero(same[1:] & same[:-1])
        thrice = thrice[(_bits()[units[thrice]] & _WORD) > 0]
        found = np.append(thrice, chars_beyond(units, str.isalnum))
        for number in set(np.searchsorted(np.flatnonzero(units == 0), found).tolist()):
            texts[number] = _STRETCH.sub(r"\1", texts[number])
        return texts

    def in_blocks(self) -> list[str]:
        """Return what of each text is in the blocks of Arabic, blanks made one."""
        stay = ((self.bits & _BLOCK) > 0) | (self.units == 0)
        return [" ".join(text.split()) for text in unit_text(self.units[stay]).split(END)[:-1]]

    def _is(self, kind: int, places: Places) -> npt.NDArray[np.bool_]:
        """Tell which places hold a character of a kind; before the first text stands none."""
        held: npt.NDArray[np.bool_] = (self._around[places] & kind) > 0
        return held

    def _per_text(self, places: Places) -> list[int]:
        """Return how many of some places lie in each text."""
        import numpy as np

        counts: list[int] = np.bincount(
            np.searchsorted(self.ends, places), minlength=len(self.texts)
        ).tolist()
        return counts


def _is_letter(char: str) -> bool:
    return char.isalnum() and not char.isdecimal()


@lru_cache(maxsize=1)
def _bits() -> Bits:
    return kinds_table(_CLASSES)
