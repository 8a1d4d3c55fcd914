"""Quality signals: lines, repetition, symbols, ends, function words, wrong decoding."""

from __future__ import annotations

import pytest

from builder.columns.quality import Quality, measure_quality
from builder.columns.wordlists import word_list

PROSE = "مشى الرجل في السوق القديم وسأل عن ثمن الخبز. ثم عاد إلى بيته قبل المغرب وهو يفكر في أولاده."


def test_an_empty_text_has_zeros() -> None:
    """Nothing is divided by nothing."""
    quality = measure_quality("")
    assert all(getattr(quality, name) == 0 for name in Quality.__slots__)


def test_words_and_lines() -> None:
    """Lines with text count, blank ones do not; a tatweel alone is no word."""
    quality = measure_quality("كلمة وكلمة\n\nثالثة ـــ")
    assert (quality.words, quality.lines) == (4, 2)
    assert measure_quality("كتب").mean_word_chars == 3


@pytest.mark.parametrize("end", [".", "..", "...", "…", "؟", "!", "؛", "؟!", ".»", '."', ":", " ..", ".)"])
def test_arabic_line_ends(end: str) -> None:
    """Ellipses, the Arabic marks and closing quotes end a line as the full stop does."""
    assert measure_quality(f"سطر ينتهي هكذا{end}").terminal_line_share == 1


@pytest.mark.parametrize("line", ["سطر بلا نهاية", "الرئيسية", "سطر ينتهي بفاصلة،", "2024"])
def test_lines_without_an_end(line: str) -> None:
    """Menu items, headlines and a comma do not end a sentence."""
    assert measure_quality(line).terminal_line_share == 0


@pytest.mark.parametrize("head", ["- ", "• ", "1. ", "٢) ", "(3) ", "أ- ", "* ", "■ "])
def test_list_heads(head: str) -> None:
    """Dashes, bullets, numbers in brackets, letters."""
    assert measure_quality(f"{head}بند من البنود").list_line_share == 1


def test_duplicate_lines_are_compared_in_the_match_form() -> None:
    """Spelling variants of one line are one line."""
    quality = measure_quality("اقرأ المزيد\nإقرأ المزيد\nنص آخر\nاقرأ المزيد")
    assert quality.duplicate_line_share == 0.5


def test_repetition() -> None:
    """One phrase over and over fills the text; prose does not."""
    assert measure_quality("اشتر الآن بنصف السعر " * 20).top_ngram_share > 0.9
    assert measure_quality(PROSE).top_ngram_share == 0


def test_symbols_tell_code_from_prose() -> None:
    """Braces, quotes and operators against letters."""
    assert (
        measure_quality('function f(a) { return a["x"] == 1; }\nif (a) { b[0] = "z"; }').symbol_share > 0.15
    )
    assert measure_quality(PROSE).symbol_share == 0
    assert measure_quality("كتب ( فلان ) ؛ ثم مضى ..").symbol_share == 0


def test_stop_words_are_counted_among_arabic_words() -> None:
    """Foreign terms in a tutorial do not hide its function words."""
    assert measure_quality("هذا هو Docker وهو من Linux").stop_word_share == pytest.approx(1.0)
    assert measure_quality("الرئيسية السياسة الاقتصاد الرياضة").stop_word_share == 0
    assert measure_quality(PROSE).stop_word_share > 0.2


@pytest.mark.parametrize(
    "text", ["Ø§Ù„Ø¹Ø±Ø¨ÙŠØ© Ù„ØºØ©", "ÇáÚÑÈíÉ áÛÉ ÌãíáÉ", "ط§ظ„ط¹ط±ط¨ظٹط©", "نص \ufffd\ufffd\ufffd\ufffd"]
)
def test_wrong_decoding_is_seen(text: str) -> None:
    """UTF-8 read as Latin-1, windows-1256 read as Latin-1, UTF-8 read as windows-1256, replacement characters."""
    assert measure_quality(text).mojibake_share > 0.1


@pytest.mark.parametrize(
    "text", [PROSE, "Café à la crème, Müller und Söhne", "طه وظافر وطاهر في «ظل» طويل", "à côté d’un élève"]
)
def test_right_decoding_is_not_suspected(text: str) -> None:
    """Accents of other languages and Arabic tah and zah are no mojibake."""
    assert measure_quality(text).mojibake_share < 0.02


def test_word_lists_ship_in_the_match_form() -> None:
    """Notes are left out; every entry can be compared with a folded word."""
    assert {"في", "الي", "التي"} <= word_list("stop")
    assert not any(
        word.startswith("#")
        for name in ("stop", "arabic", "persian", "arabizi", "dialect")
        for word in word_list(name)
    )
