"""Ways the columns take to be cheap give what the plain ways give, on random texts that hold every kind of trap."""

from __future__ import annotations

import random
import re
from functools import cache

from builder.columns.candidates import EntityPatterns
from builder.columns.furniture import HEAD_CHARS, LINE_CHARS, furniture_spans
from builder.columns.gate import Gate, cue_sign, form_sign, matches
from builder.columns.lexicon import cue_pattern, entity_pattern, load_lexicon
from builder.text import fold, fold_text
from tests.sentences import NAMED, NOT_NAMED

CLITICS = ["", "", "و", "ف", "ال", "وال", "فبال", "لل", "عال", "هال", "ا", "ل", "وبهال", "كال", "يا", "مال"]
SUFFIXES = ["", "", "ها", "هم", "ي", "يون", "يينها", "جيينهم", "رز", "رينكم", "'s", "ات", "س", "م"]
GAPS = ["", " ", " - ", "/", "ـ", "\u064b", "\n", "_", "، ", ". ", "...", "\u200c", "    "]
ODD = [
    "😂",
    "ﷺ",
    "ﻓﻴﺲ",
    "½",
    "⑴",
    "🄐",
    "🅰",
    "𝗔",
    "İ",
    "ششش",
    "0000",
    "٣٣٣",
    "AAA",
    "\ufeff",
    "ـــ",
    "ی",
    "ک",
    "ەە",
    "@",
    "#",
]


LEXICON = load_lexicon()


@cache
def forms() -> list[str]:
    """Return every spelling, domain, cue and call of the LEXICON."""
    found = [form for entity in LEXICON.entities for _, form in entity.forms()]
    found += [
        word for entity in LEXICON.entities for word in (*entity.domains, *entity.cues, *entity.anti_cues)
    ]
    found += [form for concept in LEXICON.concepts for form in (*concept.forms, *concept.never)]
    return [form.rstrip("*") for form in (*found, *LEXICON.furniture)]


def random_texts(count: int) -> list[str]:
    """Return texts of spellings with clitics, suffixes and gaps, cut and mixed with sentences and odd characters."""
    chance = random.Random(8)
    sentences = [*(text for text, _ in NAMED), *NOT_NAMED]
    texts = []
    for _ in range(count):
        pieces = []
        for _ in range(chance.randint(1, 12)):
            form = chance.choice(forms())
            if chance.random() < 0.3:
                form = form.replace(" ", chance.choice(GAPS))
            whole = chance.choice(CLITICS) + form + chance.choice(SUFFIXES)
            call = "\n" + chance.choice(LEXICON.furniture)
            pieces.append(chance.choice([whole, whole, chance.choice(sentences), chance.choice(ODD), call]))
            pieces.append(chance.choice(GAPS))
        text = "".join(pieces)
        start = chance.randrange(len(text))
        texts.append(text[start:] if chance.random() < 0.3 else text)
    return texts


def test_patterns_find_around_their_words_what_they_find_in_the_whole_text() -> None:
    """Entities, domains and concepts: same matches, in the same order."""
    searches = [search for entity in LEXICON.entities for search in EntityPatterns(entity).searches]
    patterns = [search.pattern for search in searches]
    signs = [search.signs for search in searches]
    for concept in LEXICON.concepts:
        patterns.append(entity_pattern(concept.forms, enclitics=True))
        signs.append(tuple(map(form_sign, concept.forms)))
    gate = Gate(signs)
    seen = 0
    for text in map(fold_text, random_texts(250)):
        stretches = gate.stretches(text)
        for number, pattern in enumerate(patterns):
            near = [match.span() for match in matches(pattern, text, stretches.get(number, []))]
            assert near == [match.span() for match in pattern.finditer(text)]
            seen += len(near)
    assert seen > 100


def test_furniture_is_looked_for_only_where_a_call_can_stand() -> None:
    """The same lines as when the pattern is tried on every line."""
    calls = LEXICON.furniture
    openings, gate = cue_pattern(calls), Gate([tuple(map(cue_sign, calls))])
    seen = 0
    for text in random_texts(400):
        folded = fold_text(text)
        spans = furniture_spans(text, folded, [], openings, gate.stretches(folded).get(0, []))
        assert [text[start:end] for start, end in spans.spans] == [
            line for line in text.split("\n") if line and opens(line, openings)
        ]
        seen += len(spans.spans)
    assert seen > 20


def opens(line: str, openings: re.Pattern[str]) -> bool:
    """Tell whether a line begins with a call, from the line alone."""
    folded = fold_text(line).strip()
    match = openings.search(folded)
    return bool(
        match and match.start() < HEAD_CHARS and len(folded) < LINE_CHARS and len(line) <= 2 * LINE_CHARS
    )


def test_the_map_of_the_match_form_is_the_one_made_letter_by_letter() -> None:
    """Each letter of the match form comes from the character it folds from, the first where letters are stretched."""
    for text in random_texts(200):
        letters = [(char, place) for place, source in enumerate(text) for char in folded_char(source)]
        kept = [
            (char, place)
            for index, (char, place) in enumerate(letters)
            if not (stretched(letters, index) and index and letters[index - 1][0] == char)
        ]
        folded = fold(text)
        assert (folded.text, list(folded.starts)) == (
            "".join(c for c, _ in kept),
            [place for _, place in kept],
        )


def folded_char(char: str) -> str:
    """Return the match form of one character alone."""
    return fold_text(f" {char} ")[1:-1] if char not in " \n" else char


def stretched(letters: list[tuple[str, int]], index: int) -> bool:
    """Tell whether a letter, but no digit, stands in a run of three or more."""
    char = letters[index][0]
    if not re.fullmatch(r"[^\W\d]", char):
        return False
    first = last = index
    while first and letters[first - 1][0] == char:
        first -= 1
    while last + 1 < len(letters) and letters[last + 1][0] == char:
        last += 1
    return last - first >= 2
