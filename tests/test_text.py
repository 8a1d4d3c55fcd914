"""The stored form keeps what the author wrote; the match form finds it again; sentences end where Arabic ends them."""

from __future__ import annotations

import itertools
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from builder.text import clauses, fold, fold_text, raw_patterns, sentences, storage_form, word_spans, words

ARABIC_TEXT = st.text(
    st.sampled_from(
        "ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءأإآؤئپچگڤکیە ًٌٍَُِّْـ\u200c\u200d\u200f\u202e\u00a0\n\t.,؛؟!…«»()@#_&;0٣۷aBﻼﷺﻓ𝗧"
    ),
    max_size=80,
)


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        ("&quot;فيسبوك&quot; &amp; تويتر", '"فيسبوك" & تويتر'),
        ("&amp;quot;نص&amp;quot;", '"نص"'),
        ("&#1575;&#x644;", "ال"),
        ("AT&T وR&D؛", "AT&T وR&D؛"),
        ("سطر\r\nثان\rثالث\u2028رابع", "سطر\nثان\nثالث\nرابع"),
        ("فقرة\n\n\n\n  فقرة", "فقرة\n\nفقرة"),
        ("كلمة\u00a0\t كلمة", "كلمة كلمة"),
        ("كل\u00adمة\ufeff\u200b", "كلمة"),
        ("صوت\x00\x08\x9f", "صوت"),
        ("\ud800نص", "نص"),
        ("  حاشية  ", "حاشية"),
    ],
)
def test_storage_takes_out_what_no_reader_sees(raw: str, stored: str) -> None:
    """Entities, line ends, blanks and invisible characters."""
    assert storage_form(raw).text == stored


@pytest.mark.parametrize(
    "text",
    [
        "مُحَمَّدٌ رَسُولٌ",
        "تيـــك تـــوك",
        "٠١٢ و ۰۱۲ و 012",
        "فی کتاب",
        "أإآٱ ؤئ ىة",
        "نهاية .. ثم ... ثم ؛ بداية",
        "می\u200cرود و ه\u200dـ",
        "½ ² ™ ﷺ ①",
        "قال: «لا»",
    ],
)
def test_storage_keeps_what_the_author_wrote(text: str) -> None:
    """Diacritics, tatweel, digits, letter variants, `..`, ` ؛ `, joiners and signs stay as they are."""
    assert storage_form(text).text == text


def test_direction_controls_are_counted() -> None:
    """They go, and their number stays."""
    stored = storage_form("\u202bنص\u202c و\u200f\u2067رقم\u2069\u061c")
    assert stored.text == "نص ورقم"
    assert stored.bidi_controls == 6


def test_storage_composes() -> None:
    """A letter and its mark become the one letter of NFC."""
    assert storage_form("ا\u0653") == storage_form("آ")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_storage_is_stable_for_any_text(raw: str) -> None:
    """Plain text that holds no entity: twice is once, the result is NFC, one paragraph a line, and UTF-8."""
    once = storage_form(raw.replace("&", "")).text
    assert storage_form(once).text == once
    assert unicodedata.is_normalized("NFC", once)
    assert "\n\n\n" not in once
    assert "\r" not in once
    once.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("إنستغرام", "انستغرام"),
        ("الفيـــسبوكُ", "الفيسبوك"),
        ("فیسبوک", "فيسبوك"),
        ("خوارزميّة", "خوارزميه"),
        ("ﻓﻴﺴﺒﻮﻙ", "فيسبوك"),
        ("فيييييسبوك", "فيسبوك"),
        ("تيك‌توك", "تيكتوك"),
        ("TikTok ＴＩＫ 𝗧𝗶𝗸", "tiktok tik tik"),
        ("#قاطعوا_فيسبوك", "#قاطعوا فيسبوك"),
        ("٠٧٧ و ۰۷۷", "077 و 077"),
        ("مسؤول شؤون", "مسوول شوون"),
        ("ڤيديو پوست چات گوگل", "فيديو بوست جات كوكل"),
        ("2000000", "2000000"),
    ],
)
def test_match_form_makes_spellings_one(text: str, form: str) -> None:
    """Letters, digits, stretched letters, presentation forms and styled Latin."""
    assert fold(text).text == form


@settings(max_examples=60, deadline=None)
@given(ARABIC_TEXT)
def test_the_two_ways_to_fold_agree_and_map_back(text: str) -> None:
    """The fast form equals the mapped one; the map goes forward and stays inside the text."""
    folded = fold(text)
    assert fold_text(text) == folded.text
    assert len(folded.starts) == len(folded.text)
    assert list(folded.starts) == sorted(folded.starts)
    assert all(0 <= start < len(text) for start in folded.starts)
    if folded.text:
        assert folded.span(0, len(folded.text))[1] <= len(text)


ODD = "أإآاىيیكکةه ؤئپچڤـ_\u064b\u0651\u200c\u200d\u00ad\ufeffﻻﷺﷲﺏ…ＡAa𝐀½①İß.-٣3\n\U0001f130"


def found_raw(text: str, words: list[str]) -> bool:
    """Tell whether one of the patterns of some words is found in a text as it was written."""
    column = pa.array([text])
    return any(pc.match_substring_regex(column, pattern)[0].as_py() for pattern in raw_patterns(words))


@given(st.text(st.sampled_from(ODD), max_size=30), st.data())
@settings(max_examples=400, deadline=None)
def test_no_text_whose_match_form_holds_a_word_is_missed(text: str, data: st.DataObject) -> None:
    """Whatever stands in a folded text is found in the text before it was folded."""
    folded = fold_text(text)
    assume(folded)
    start = data.draw(st.integers(0, len(folded) - 1))
    end = data.draw(st.integers(start + 1, len(folded)))
    others = data.draw(st.lists(st.sampled_from(["منصه", "tiktok", "t.me"]), max_size=9))
    assert found_raw(text, [*others, folded[start:end]])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("قرأت على تيك توك اليوم", True),
        ("قرأت على تـــيـك توووك اليوم", True),
        ("قرأت على تِيك", True),
        ("قرأت في الجريدة", False),
        ("", False),
    ],
)
def test_a_word_is_found_in_texts_as_they_were_written(text: str, *, found: bool) -> None:
    """Tatweel, marks and stretched letters hide no word, and other texts are not found."""
    assert found_raw(text, ["تيك"]) == found
    assert not found_raw(text, [])


def test_span_covers_what_was_dropped_inside() -> None:
    """A match in the match form points at the stretch as written, marks and tatweel inside included."""
    text = "قالوا: تِيـــك تُوك انتهى"
    folded = fold(text)
    start = folded.text.index("تيك توك")
    low, high = folded.span(start, start + len("تيك توك"))
    assert text[low:high] == "تِيـــك تُوك"


def test_words_keep_their_marks() -> None:
    """Diacritics belong to the word; punctuation, underscores and signs do not."""
    assert words("مُحَمَّد، كتب_نصا (2024)!") == ["مُحَمَّد", "كتب", "نصا", "2024"]
    text = "كلمة، أخرى"
    assert [text[start:end] for start, end in word_spans(text)] == words(text)


SPLIT: tuple[tuple[str, ...], ...] = (
    ("ذهب الولد إلى المدرسة.", "عاد مساء."),
    ("هل تعبت؟", "لا!", "نعم، قليلا."),
    ("انتهى الأمر ..", "وللحديث بقية ..."),
    ("كان يحلم…", "ثم استيقظ."),
    ("قال د. أحمد إن النتيجة جيدة.", "صفق الحضور."),
    ("راجعت أ. سعاد البحث.", "وافقت عليه."),
    ("بلغت النسبة 3.5 في المئة.", "ارتفعت قليلا."),
    ("الموقع example.com متوقف.", "جربوا غدا."),
    ("«هل جئت؟»", "سأل الأب."),
    ("قالت: «كفى.»", "وخرجت."),
    ("سطر أول بلا نقطة\n", "سطر ثان بلا نقطة"),
    ("كيف؟!", "لا أدري!!"),
    ("هذه جملة ؛ فيها فاصلة منقوطة ؛ ولم تنته بعد.", "هذه الثانية."),
    ("تشكل المنصة ظاهرة ؛ بأعتبارها الأبرز ..", "والعمل عليها ليس سهلا ..."),
    ("وصل الساعة 8.30 صباحا.", "نام فورا."),
    ("كلمة.كلمة بلا فراغ", ""),
    ("انتهى(1).", "هامش."),
    ("أين؟", "هنا.", "متى؟", "الآن."),
    ("أعجبني جدا 😍!", "شكرا."),
    ("النتيجة 2-1.", "فاز الفريق."),
)


def test_sentences_end_where_arabic_ends_them() -> None:
    """F of sentence ends on texts of our own is at least .97."""
    right = found = wanted = 0
    for parts in SPLIT:
        pieces = [part for part in parts if part]
        if pieces == ["كلمة.كلمة بلا فراغ"]:
            pieces = ["كلمة.", "كلمة بلا فراغ"]
            text = "".join(pieces)
        else:
            text = " ".join(pieces).replace("\n ", "\n")
        got = {text[start:end] for start, end in sentences(text)}
        want = {piece.strip() for piece in pieces}
        right, found, wanted = right + len(got & want), found + len(got), wanted + len(want)
    assert 2 * right / (found + wanted) >= 0.97


def test_clauses_also_end_at_the_arabic_semicolon() -> None:
    """A paragraph of one sentence with `؛` has many clauses."""
    text = "منصة كبيرة ؛ وجمهور أكبر ؛ وربح قليل .. وانتهى الكلام"
    assert len(sentences(text)) == 2
    assert [text[start:end] for start, end in clauses(text)] == [
        "منصة كبيرة ؛",
        "وجمهور أكبر ؛",
        "وربح قليل ..",
        "وانتهى الكلام",
    ]


@settings(max_examples=60, deadline=None)
@given(ARABIC_TEXT)
def test_sentences_lie_in_order_and_hold_every_word(text: str) -> None:
    """Spans do not overlap, are trimmed, and no letter or digit is lost between them."""
    spans = sentences(text)
    assert all(low < high <= next_low for (low, high), (next_low, _) in itertools.pairwise(spans))
    inside = {place for start, end in spans for place in range(start, end)}
    assert all(place in inside for place, char in enumerate(text) if char.isalnum())
