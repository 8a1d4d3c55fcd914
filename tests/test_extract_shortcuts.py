"""Ways the readers of pages take to be cheap give what the plain ways give, on random texts that hold every trap."""

from __future__ import annotations

import random
import re

from builder.extract import repair
from builder.extract.dates.names import fold, fold_lines
from builder.extract.wording import NOTICE, folded, folded_lines, is_notice

LINE_ENDS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
"""Signs that no line of a page holds: lines are squeezed."""
WHOLE = (
    *("هذا الخبر من موقع", "تفعيل جافا سكريبت", "انتهاء الفتره المحدده", "انتهت مده تعليق", "ماده للمشتركين"),
    *("من", "موقع", "ان"),
)
"""Notices that random words of the pattern seldom make, and words round them."""


def every_sign() -> list[str]:
    """Return a line for each character below U+10000 and for some beyond: the sign in a word and alone."""
    codes = [*range(1, 0xD800), *range(0xE000, 0x1_0000), 0x1D7CE, 0x1F600, 0x10FFFF]
    return [f"ا{chr(code)}ب {chr(code)} A" for code in codes if chr(code) not in LINE_ENDS]


def test_every_sign_is_folded_among_others_as_alone() -> None:
    """For comparison of lines and for dates, page by page and line by line."""
    lines = every_sign()
    assert folded_lines("\n".join(lines)).split("\n") == list(map(folded, lines))
    assert fold_lines(lines) == list(map(fold, lines))


def test_a_notice_is_found_by_its_signs() -> None:
    """Whatever the pattern finds in words of its own, in any order, the signs let through."""
    chance = random.Random(3)
    pieces = [*re.findall(r"[^\W_]+(?: [^\W_]+)*", NOTICE.pattern), *WHOLE]
    lines = [" ".join(chance.choices(pieces, k=chance.randint(1, 6))) for _ in range(60_000)]
    found = [line for line in lines if NOTICE.search(line)]
    assert len(found) > 1_000
    assert [line for line in lines if is_notice(line)] == found


def test_a_text_with_a_sign_of_misreading_is_never_passed_over() -> None:
    """Signs alone, behind the letters that misread UTF-8 begins with, and at the very beginning."""
    chance = random.Random(5)
    signs = "طظابa 1_«»\u00a0\u00ad،؛–…€™é½ÃÂ\u0085\u0416─😀𞸀"
    texts = ["".join(chance.choices(signs[:12] if n % 3 else signs, k=5)) for n in range(30_000)]
    told = [text for text in texts if repair._SUSPECT.search(text) or repair._SUSPECT_PAIR.search(text)]
    assert 1_000 < len(told) < len(texts) - 1_000
    assert not [text for text in told if not repair._may_be_misread(text)]
    assert not repair._may_be_misread("نص عربي «سليم» كما هو، بلا أثر – لشيء")
