"""Ways the columns take to be cheap give what the plain ways give, on random texts that hold every kind of trap."""

from __future__ import annotations

import random
import re
import unicodedata
from collections import Counter
from functools import cache

import pytest

from builder.columns import phones, privacy
from builder.columns.candidates import EntityPatterns
from builder.columns.furniture import HEAD_CHARS, LINE_CHARS, furniture_spans
from builder.columns.gate import Gate, cue_sign, form_sign, matches
from builder.columns.letters import count_letters, read_letters
from builder.columns.lexicon import cue_pattern, entity_pattern, load_lexicon
from builder.columns.privacy import KINDS, mask
from builder.columns.quality import measure_quality
from builder.columns.votes import votes
from builder.text import BIDI_CONTROLS, MARKS, fold, fold_text, storage_form, words
from builder.texts import count_words, fold_known, fold_texts, words_of
from tests.sentences import NAMED, NOT_NAMED
from tests.votekit import langdetects_own

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
        for folded in (fold(text), fold_known(text, fold_text(text))):
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


def test_texts_are_folded_together_as_alone() -> None:
    """Every character with a form of its own, and every odd one, stretched or not, alone or at the end of an essay."""
    essay = "كتبت هدى عن المدينة القديمة وأسواقها، ثم عادت إلى بيتها. " * 3
    blocks = (*range(0x3000), *range(0xD7F0, 0x10000), *range(0x1D400, 0x1D800), *range(0x1F0F0, 0x1F210))
    texts = []
    for char in (*map(chr, blocks), *ODD, "𐤀"):
        for part in (char, char * 3):
            texts.append(essay + part)
    every = [*texts, *random_texts(200), "", "\n"]
    assert fold_texts(every) == list(map(fold_text, every))
    assert fold_texts([*texts[:3], "a\0\u064b"]) == [*map(fold_text, texts[:3]), "a\0"]
    assert fold_texts([]) == []


def test_letters_are_counted_as_patterns_would_find_them() -> None:
    """Letters of any script and plane, those of the Arabic script among them, and its signs that are no letters."""
    for text in (*random_texts(200), "𝗔 𐤀 😂 \ud800 \u06fd \ufbb2 ڳ ئۇيغۇر گفتگو", ""):
        counts = count_letters(text)
        assert counts.letters == len(re.findall(r"[^\W\d_]", text))
        script = re.findall(
            "[\u0620-\u063f\u0641-\u064a\u066e\u066f\u0671-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06ff]", text
        )
        assert counts.script == len(script) + len(
            re.findall("[\ufb50-\ufdc7\ufdf0-\ufdfb\ufe70-\ufefc]", text)
        )
        assert (counts.keys, counts.alien) == (len(re.findall("[یک]", text)), len(re.findall("[پچژگ]", text)))


def test_votes_are_langdetects_own_on_random_texts() -> None:
    """Same languages and the same probabilities to the last bit, also where no language is ever certain."""
    unsure = ["", " ", "؟", "x😀y", "ÉCOLE a\0b", "و d", "sur la این", *("ab و" * times for times in (1, 40))]
    texts = [*random_texts(60), *unsure]
    assert votes(texts) == list(map(langdetects_own, texts))


WORD = re.compile(rf"[^\W_](?:[^\W_]|[{MARKS}\u200c\u200d])*")


def test_words_are_letters_and_the_marks_on_them() -> None:
    """Taken run by run they are the same as letter by letter."""
    for text in random_texts(200):
        assert words(text) == WORD.findall(text)


def test_words_of_many_texts_are_those_of_each() -> None:
    """Also of those with marks before a letter, letters beyond U+FFFF, or nothing at all."""
    texts = [*random_texts(200), "", "\u064b", "\u064bكتب ـ\u0650", "𐤀𐤁 كتب 😂😂", "أ\u200cب_ج", "٣ كتب\n\nو"]
    every = list(map(words, texts))
    assert words_of(texts) == every
    assert count_words(texts) == [(len(found), sum(map(len, found))) for found in every]
    texts.append("كتب\0قرأ")
    assert words_of(texts) == [*every, ["كتب", "قرأ"]]
    assert count_words(texts)[-1] == (2, 6)


TERMINAL = re.compile(r"[.!?؟؛…:。][\"'”’»)\]}\s]*$|[»”\"]\s*$")
MOJIBAKE = re.compile(
    "[\u00d8\u00d9\u00da\u00db][\u0080-\u00bf\u00a0-\u00ff\u0152-\u0192\u2013-\u203a\u20ac\u2122]|\ufffd"
    "|\u0637[\u00a7-\u00b9\u2018-\u2122]|[\u00c0-\u00ff]{4,}|\u00c3.|\u00e2\u20ac"
)


def spoiled_texts() -> list[str]:
    """Return random texts, some read with a wrong character set, some with endings, many with repetition."""
    chance = random.Random(9)
    texts = []
    for text in random_texts(200):
        wrong = chance.choice(["cp1252", "latin-1", "cp1256"])
        part = text.encode("utf-8", "replace")[: chance.randint(0, 40)].decode(wrong, "replace")
        ends = chance.choice(["", ".", "..»", "؟ ”", "» ", '"', ".x", ":\u2003)", "…'\x1f"])
        again = " ".join([*text.split()[: chance.randint(0, 6)]] * chance.randint(1, 3))
        texts.append(chance.choice([text, part + text]) + ends + "\n" + again)
    return texts


def test_signals_are_those_of_the_plain_patterns() -> None:
    """Line ends, wrong decoding and repeated phrases."""
    for text in spoiled_texts():
        found = measure_quality(text)
        lines = [line for line in text.split("\n") if line.strip()]
        ended = sum(bool(TERMINAL.search(line)) for line in lines)
        assert found.terminal_line_share == (ended / len(lines) if lines else 0)
        chars = max(1, sum(map(len, text.split())))
        assert found.mojibake_share == sum(len(match.group()) for match in MOJIBAKE.finditer(text)) / chars
        assert found.top_ngram_share == top_share(words(fold_text(text)))


def top_share(found: list[str]) -> float:
    """Return the share of the n-gram that covers most, all n-grams counted."""
    best = 0
    for size in (2, 3, 4):
        counts = Counter(zip(*(found[offset:] for offset in range(size)), strict=False))
        times = max(counts.values(), default=0)
        if times > 1:
            best = max(best, *(times * len("".join(gram)) for gram in counts if counts[gram] == times))
    return min(1.0, best / len("".join(found))) if found else 0.0


@pytest.mark.parametrize(
    "noise", ["", " #tag_1 ", " [email] ", " www.a.example/x ", " RT ", " @user ", " a@b.example "]
)
def test_letters_are_counted_without_noise_whatever_it_is(noise: str) -> None:
    """Addresses, handles, tags and placeholders change no share."""
    for text in random_texts(60):
        bare = re.sub(r"[@#\[:/]|\.|RT", " ", text)
        plain, mixed = read_letters(bare), read_letters(f"{bare}\n{noise}\n")
        assert (mixed.arabic_share, mixed.evidence) == (plain.arabic_share, plain.evidence)


PRIVATE = [
    "+964 770 123 4567", "٠٧٧٠١٢٣٤٥٦٧", "هاتف: 0770 123 4567", "(02) 2345678", "someone@mail.example.com",
    "a.b [at] c [dot] com", "x (at) y.example", "@ahmad_1", "https://twitter.com/some_one", "FB.com/xx", "t.me/chan",
    "social.example/@abc", "SA03 8000 0000 6080 1675 1977", "GB82WEST12345698765432", "4111 1111 1111 1111",
    "رقم الهوية 1234567890", "29001011234567", "784-1990-1234567-1", "8.8.8.8", "2606:4700:4700::1111", "1990/05/06",
    "https://wa.me/9647701234567", "TEL:+9647701234567", "whatsapp.com/send?phone=9647701234567", "12:30", "15.000",
]  # fmt: skip


def test_personal_data_is_found_behind_its_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same replacements as when every pattern is tried on every text from its beginning."""
    chance = random.Random(10)
    texts = []
    for text in random_texts(300):
        given = "".join(chance.choice(GAPS) + chance.choice(PRIVATE) for _ in range(chance.randint(0, 3)))
        texts.append(text[: chance.randint(0, 60)] + given + chance.choice(GAPS) + text[60:])
    found = [mask(text, handles=True, country="IQ") for text in texts]
    always = re.compile("")
    for name in ("_AT_WORD", "_LINKED_DIGITS", "_HOST_SIGN", "_IBAN_SIGN", "_CARD_SIGN", "_FIVE_DIGITS"):
        monkeypatch.setattr(privacy, name, always)
    for name in ("_EGYPTIAN_SIGN", "_IPV4_SIGN", "_IPV6_SIGN", "_OTHER_DIGIT", "_LONG_NUMBER"):
        monkeypatch.setattr(privacy, name, always)
    monkeypatch.setattr(privacy, "_LINK_SIGNS", ("",))
    monkeypatch.setattr(phones, "_SIX_DIGITS", always)
    assert [mask(text, handles=True, country="IQ") for text in texts] == found
    assert {each.kind for masked in found for each in masked.replacements} == set(KINDS)


def plain_storage(raw: str) -> str:
    """Return the storage form of a text without entities, every step taken on every text."""
    text = re.sub(f"[{BIDI_CONTROLS}]", "", raw)
    text = re.sub("\r\n?|[\x85\u2028\u2029]", "\n", text)
    text = unicodedata.normalize("NFC", re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\u200b\ufeff]", "", text))
    text = re.sub(r" ?\n ?", "\n", re.sub(r"[^\S\n]+", " ", text))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def test_the_storage_form_skips_only_steps_that_change_nothing() -> None:
    """Blanks of every kind and line ends of every kind."""
    chance = random.Random(11)
    blanks = [
        " ",
        "  ",
        "\n",
        "\n\n\n",
        "\r",
        "\r\n",
        "\n\r",
        "\t",
        "\xa0",
        "\u2003",
        "\u3000",
        "\u2028",
        "\x85",
        "\v",
    ]
    for text in random_texts(200):
        given = "".join(chance.choice([part, part + chance.choice(blanks)]) for part in re.split("( )", text))
        given = given.replace("&", "")
        assert storage_form(given).text == plain_storage(given)
