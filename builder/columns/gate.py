"""Tells in one pass over a text where patterns of words can match at all, so that they are tried nowhere else.

Every match of a pattern holds one of its words, and reaches a known way to either side of it. What is searched are
therefore the stretches around the words seen; they reach past the longest match, so that a pattern finds in them
what it finds in the whole text. tests/test_platforms.py holds both to the same answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import ahocorasick

from builder.columns.lexicon import GAP_CHARS, cue_tokens, form_tokens

CLITIC_CHARS = 8
"""More than clitics before a name, or suffixes behind it with the character that ends the word, take up."""
ADDRESS_CHARS = 14
"""More than "https://www." takes up."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A word without which a pattern cannot match, and how far around its last character a match can reach.

    `rest` are other words without which it cannot; a match with none holds no blank.
    """

    word: str
    before: int
    after: int
    rest: tuple[str, ...] = ()


def form_sign(form: str) -> Sign:
    """Return the sign of one spelling (`entity_pattern`): its longest token."""
    return _sign(form_tokens(form))


def cue_sign(cue: str) -> Sign:
    """Return the sign of one cue (`cue_pattern`); the rest of a word whose head it is reaches further."""
    return _sign(cue_tokens(cue))


def _sign(tokens: Sequence[str]) -> Sign:
    place = tokens.index(max(tokens, key=len))
    first, last = tokens[:place], tokens[place + 1 :]
    return Sign(tokens[place], len(tokens[place]) + _reach(first), _reach(last), (*first, *last))


def _reach(tokens: Sequence[str]) -> int:
    """Return how far some tokens, each with the gap beside it, and clitics at their end take up."""
    return sum(map(len, tokens)) + GAP_CHARS * len(tokens) + CLITIC_CHARS


def domain_sign(domain: str) -> Sign:
    """Return the sign of a domain: the domain."""
    return Sign(domain, len(domain) + ADDRESS_CHARS, CLITIC_CHARS)


Stretches = list[tuple[int, int]]


class _Sought(NamedTuple):
    """What a word says of one pattern: that it can match in that word `alone`, and how far to either side of it.

    It can match beyond the word where one of `others` stands there too.
    """

    number: int
    before: int
    after: int
    alone: bool
    others: tuple[str, ...]

    @classmethod
    def of(cls, number: int, signs: Sequence[Sign]) -> _Sought:
        """Put together the signs of one pattern that are the same word."""
        others = {max(sign.rest, key=len) for sign in signs if sign.rest}
        return cls(
            number,
            max(sign.before for sign in signs),
            max(sign.after for sign in signs),
            not all(sign.rest for sign in signs),
            tuple(sorted(others)),
        )


class Gate:
    """The signs of many patterns in one automaton; a pattern is known by its place in the list."""

    def __init__(self, signs: Iterable[Iterable[Sign]]) -> None:
        words: dict[str, dict[int, list[Sign]]] = {}
        for number, of_pattern in enumerate(signs):
            for sign in of_pattern:
                words.setdefault(sign.word, {}).setdefault(number, []).append(sign)
        self._automaton = ahocorasick.Automaton()
        for word, sought in sorted(words.items()):
            self._automaton.add_word(word, tuple(_Sought.of(*each) for each in sorted(sought.items())))
        self._automaton.make_automaton()

    def stretches(self, text: str, first: int | None = None) -> dict[int, Stretches]:
        """Return, for each pattern a sign of which stands in a text, the stretches where it can match, in order.

        Without a sign of one of the `first` patterns nothing is returned.
        """
        hits = list(self._automaton.iter(text))
        if first is not None and not any(values[0][0] < first for _, values in hits):
            return {}
        seen: dict[int, Stretches] = {}
        for end, values in hits:
            for number, before, after, alone, others in values:
                low, high = max(0, end - before), end + after
                if others and any(map(text[low:high].__contains__, others)):
                    stretch = (low, high)
                elif alone:
                    stop = text.find(" ", end, high)
                    stretch = (text.rfind(" ", low, end) + 1 or low, stop if stop > 0 else high)
                else:
                    continue
                if number in seen:
                    seen[number].append(stretch)
                else:
                    seen[number] = [stretch]
        if first is not None and min(seen, default=first) >= first:
            return {}
        return {number: _joined(stretches) for number, stretches in seen.items()}


def _joined(stretches: Stretches) -> Stretches:
    """Return stretches in order, those that touch as one."""
    stretches.sort()
    joined = []
    start, stop = stretches[0]
    for low, high in stretches:
        if low > stop:
            joined.append((start, stop))
            start, stop = low, high
        elif high > stop:
            stop = high
    joined.append((start, stop))
    return joined


def matches(pattern: re.Pattern[str], text: str, stretches: Stretches) -> Iterator[re.Match[str]]:
    """Yield the matches of a pattern in the stretches of a text."""
    for start, stop in stretches:
        yield from pattern.finditer(text, max(0, start), stop)


_REST_OF_WORD = re.compile(r"\w*")


def to_ends_of_words(text: str, stretches: Stretches) -> Stretches:
    """Return stretches that cut no word at their end: a cue that is the head of a word reaches to where it ends."""
    return _joined([(start, _end_of_word(text, stop)) for start, stop in stretches])


def _end_of_word(text: str, place: int) -> int:
    match = _REST_OF_WORD.match(text, place)
    return match.end() if match else place
