"""Signals about a text as text: lines, repetition, symbols, line ends, function words, wrong decoding.

They inform; builder/rules.py decides with few of them. `..`, `…`, `؛`, `؟`, `!`, `:` and closing quotes end a
line as the full stop does: Arabic opinion pages are written so. Figures: docs/measurements/arabic.md, "Quality".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from builder.columns.wordlists import word_list
from builder.text import fold_text, words
from builder.texts import Counted, Kinds, count_words, kinds_table, word_hashes

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    U64 = npt.NDArray[np.uint64]

_ENDS = (".", "!", "?", "؟", "؛", "…", ":", "。")
_QUOTES = ("»", "”", '"')
_BLANKS = "".join(char for char in map(chr, range(0x3001)) if char.isspace())
_CLOSERS = "\"'”’»)]}" + _BLANKS
_LIST_HEAD = re.compile(r"^\s*(?:[-–—•●▪◦*·‣■□►»>+]|\(?\d{1,3}\s?[.)\-:]|[\u0621-\u064a]\s?[.)\-]\s)")
_SYMBOL = r"[#|{}<>=*\\~^`@$%_&;\[\]\"/©®™°§¶†‡•●▪◦■□►◄▼▲→←↑↓\u2500-\u27bf]"
_MOJIBAKE = re.compile(
    "[\u00d8\u00d9\u00da\u00db][\u0080-\u00bf\u00a0-\u00ff\u0152-\u0192\u2013-\u203a\u20ac\u2122]|\ufffd|\u0637[\u00a7-\u00b9\u2018-\u2122]"
    "|[\u00c0-\u00ff]{4,}|\u00c3.|\u00e2\u20ac"
)
_SYMBOLS, _BLANK_SIGNS, _SPOILED = 1, 2, 4
_CLASSES = {_SYMBOLS: _SYMBOL, _BLANK_SIGNS: r"\s", _SPOILED: "[\u00c0-\u00ff\ufffd]"}
"""Kinds of characters that are counted."""
_SPOILED_TAH = re.compile("\u0637[\u00a7-\u00b9\u2018-\u2122]")
"""Mojibake has this or a spoiled character."""
_ARABIC_HEADS = re.compile("[ء-ي]+")
_NGRAMS = (2, 3, 4)
_SPREAD = 0x9E3779B97F4A7C15
"""An odd number by which hashes of words become the hash of their order too."""
_NGRAM_WORDS_MAX = 20_000
"""Repetition is read on the first words only, so that a book costs no more than an essay."""


@dataclass(frozen=True, slots=True)
class Quality:
    """The signals; shares are 0-1, `mean_word_chars` code points. See the column documentation in schemas/."""

    words: int
    lines: int
    duplicate_line_share: float
    top_ngram_share: float
    symbol_share: float
    terminal_line_share: float
    list_line_share: float
    stop_word_share: float
    mean_word_chars: float
    mojibake_share: float


def measure_quality(text: str) -> Quality:
    """Return the signals of a text in storage form; an empty text has zeros."""
    form = fold_text(text)
    found = words(form)
    return qualities([text], [form], [found], [word_hashes(found)])[0]


def qualities(
    texts: Sequence[str], forms: Sequence[str], folded: Sequence[Sequence[str]], hashes: Sequence[U64]
) -> list[Quality]:
    """Return the signals of texts: from their match forms, the words of these and their hashes."""
    kinds = Kinds(texts, _kinds())
    counted = (kinds.sums(_SYMBOLS), kinds.sums(_BLANK_SIGNS), kinds.sums(_SPOILED), count_words(texts))
    return list(map(_quality, texts, forms, folded, hashes, *counted))


@lru_cache(maxsize=1)
def _kinds() -> npt.NDArray[np.uint16]:
    return kinds_table(_CLASSES)


def _quality(
    text: str,
    form: str,
    folded: Sequence[str],
    hashes: U64,
    symbols: int,
    blanks: int,
    spoiled: int,
    counted: Counted,
) -> Quality:
    lines = [line for line in text.split("\n") if line.strip()]
    stops = word_list("stop")
    chars = max(1, len(text) - blanks)
    return Quality(
        words=counted.words,
        lines=len(lines),
        duplicate_line_share=_share(len(lines) - _different(text, form), len(lines)),
        top_ngram_share=_top_ngram_share(folded[:_NGRAM_WORDS_MAX], hashes[:_NGRAM_WORDS_MAX]),
        symbol_share=symbols / chars,
        terminal_line_share=_share(sum(map(_is_ended, lines)), len(lines)),
        list_line_share=_share(sum(bool(_LIST_HEAD.match(line)) for line in lines), len(lines)),
        stop_word_share=_share(
            sum(map(stops.__contains__, folded)),
            sum(map(len, _ARABIC_HEADS.findall("".join([word[0] for word in folded])))),
        ),
        mean_word_chars=_share(counted.chars, counted.words),
        mojibake_share=_mojibake_chars(text) / chars if spoiled or _SPOILED_TAH.search(text) else 0.0,
    )


def _is_ended(line: str) -> bool:
    """Tell whether a line ends as a sentence or clause does, closing marks and blanks left out, or with a quotation."""
    return line.rstrip(_CLOSERS).endswith(_ENDS) or line.rstrip().endswith(_QUOTES)


def _mojibake_chars(text: str) -> int:
    return sum(len(match.group()) for match in _MOJIBAKE.finditer(text))


def _different(text: str, form: str) -> int:
    """Return how many lines differ in the match form; it is made for the whole text, as it keeps line ends."""
    pairs = zip(text.split("\n"), form.split("\n"), strict=True)
    return len({folded for line, folded in pairs if line.strip()})


def _share(part: float, whole: int) -> float:
    return part / whole if whole else 0.0


def _top_ngram_share(folded: Sequence[str], hashes: U64) -> float:
    """Return the largest share of characters that one repeated 2-, 3- or 4-gram of words covers.

    An n-gram can stand twice only where its first and its last words do, so that few of the longer are counted.
    """
    import numpy as np

    ends = np.cumsum([0, *map(len, folded)])
    places, grams, best = np.arange(len(folded) - 1), hashes[:-1], 0
    for size in _NGRAMS:
        if not len(places):
            break
        grams = grams * np.uint64(_SPREAD) + hashes[places + size - 1]
        order = np.argsort(grams)
        firsts = np.flatnonzero(np.diff(grams[order], prepend=~grams[order[:1]]))
        counts = np.diff(firsts, append=len(grams))
        times = counts.max()
        if times < 2:
            break
        most = places[order[firsts[counts == times]]]
        best = max(best, times * (ends[most + size] - ends[most]).max())
        again = np.sort(order[np.repeat(counts > 1, counts)])
        again = again[:-1][np.diff(places[again]) == 1]
        places, grams = places[again], grams[again]
    return min(1.0, float(best / ends[-1])) if folded else 0.0
