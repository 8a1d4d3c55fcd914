"""Words that stand in printed dates: months of four Arabic traditions, Hijri months, weekdays, hours of the day.

All words here are folded (see `fold`): no marks, no tatweel, alef, ya and ta marbuta forms joined, ASCII
digits, Latin in lower case without accents. Maghrebi, Egyptian, Levantine/Iraqi, Gulf, Mauritanian and Libyan
(1969-2011) names after the Unicode CLDR locales ar-MA, ar-DZ, ar-TN, ar-EG, ar-LB, ar-IQ, ar-SA, ar-MR and the
spellings that newspapers use.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from builder.texts import unit_text, units_like, utf16_units

if TYPE_CHECKING:
    from builder.texts import Units

DROPPED = "[\u0610-\u061a\u061c\u064b-\u065f\u0670\u0640\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\u00ad]"
"""Class of the characters that folding drops."""

_DROPPED = re.compile(DROPPED)
_FOLD = str.maketrans(
    "أإآٱىیېئةەہکڪچ\u00a0\u202f\u2007\u2009\u3000\t\r\n–—−‐‑٫⁄éèêûüôàçäABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "ااااييييهههككج        -----./eeeuuoacaabcdefghijklmnopqrstuvwxyz",
)
_FOLD.update({ord(digit): ord(str(index % 10)) for index, digit in enumerate("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹")})


_PLAIN = {chr(code): chr(plain) for code, plain in _FOLD.items()}
_COMMON = "أإآىئة"
_RARE = re.compile("[" + "".join(re.escape(sign) for sign in _PLAIN if sign not in _COMMON) + "]")

_BETWEEN = "\x1e"
"""Stands between lines that are folded together; a line of a page, squeezed, holds no white space but the space."""

_NOTHING = "\0"
"""The unit that stands for what is dropped."""

REMEMBERED_CHARS = 300
"""Longest line that is remembered; a page asks for its short lines many times, for its dates, answers and byline."""


def fold(text: str) -> str:
    """Return `text` in the form in which dates are matched; marks and invisible characters are dropped."""
    return _remembered(text) if len(text) <= REMEMBERED_CHARS else _folded(text)


def fold_lines(lines: list[str]) -> list[str]:
    """Return `fold` of each of some lines without line ends, folded in one go."""
    text = _BETWEEN.join(lines)
    folded = _folded(text) if _NOTHING in text else _folded_units(text)
    return folded.split(_BETWEEN) if lines else []


@lru_cache(maxsize=4096)
def _remembered(text: str) -> str:
    return _folded(text)


def _folded(text: str) -> str:
    text = _DROPPED.sub("", text)
    for letter in _COMMON:  # a search for each is a tenth of the cost of one table for all
        if letter in text:
            text = text.replace(letter, _PLAIN[letter])
    return _RARE.sub(lambda found: _PLAIN[found[0]], text)


def _folded_units(text: str) -> str:
    """Return `_folded` of a text without NUL: a look at a table for each character is a fifth of the cost for many."""
    forms = _forms()[utf16_units(text)]
    return unit_text(forms[forms > 0])


@lru_cache(maxsize=1)
def _forms() -> Units:
    """Return the folded form of every UTF-16 unit; 0 for those that are dropped."""
    import numpy as np

    forms = np.arange(1 << 16, dtype=np.dtype("<u2"))
    for char, plain in _PLAIN.items():
        forms[ord(char)] = ord(plain)
    forms[units_like(DROPPED)] = ord(_NOTHING)
    return forms


def origins(text: str) -> list[int]:
    """Return for each character of `fold(text)` its index in `text`, and the length of `text` at the end."""
    return [index for index, char in enumerate(text) if not _DROPPED.match(char)] + [len(text)]


def _table(*rows: tuple[int, str]) -> dict[str, int]:
    return {fold(name): number for number, names in rows for name in names.split("|")}


GREGORIAN = _table(
    (1, "يناير|جانفي|كانون الثاني|كانون ثاني|كانون ثان|كانون2|ك2|أي النار|january|jan|janvier|janv"),
    (2, "فبراير|فيفري|فيبراير|شباط|النوار|february|feb|fevrier|fevr"),
    (3, "مارس|آذار|march|mar|mars"),
    (4, "أبريل|ابريل|إبريل|أفريل|نيسان|april|apr|avril|avr"),
    (5, "مايو|ماي|مايس|أيار|نوار|may|mai"),
    (6, "يونيو|يونيه|جوان|حزيران|june|jun|juin"),
    (7, "يوليو|يوليه|يوليوز|جويلية|جويليه|تموز|هانيبال الاول|july|jul|juillet|juil"),
    (8, "أغسطس|اغسطس|أغسطوس|أوت|آب|غشت|أغشت|هانيبال|august|aug|aout"),
    (9, "سبتمبر|سيبتمبر|شتنبر|شتمبر|أيلول|الفاتح|september|sept|sep|septembre"),
    (10, "أكتوبر|اكتوبر|أوكتوبر|تشرين الأول|تشرين أول|تشرين1|ت1|التمور|october|oct|octobre"),
    (11, "نوفمبر|نونبر|نوڤمبر|تشرين الثاني|تشرين ثاني|تشرين ثان|تشرين2|ت2|الحرث|november|nov|novembre"),
    (12, "ديسمبر|دسمبر|دجنبر|دجمبر|كانون الأول|كانون أول|كانون1|ك1|الكانون|december|dec|decembre"),
)
"""Folded month name -> month of the Gregorian calendar."""

HIJRI = _table(
    (1, "محرم|المحرم|محرم الحرام|muharram"),
    (2, "صفر|صفر الخير|safar"),
    (3, "ربيع الأول|ربيع أول|ربيع الاولى|ربيع1|rabi al-awwal|rabi i"),
    (4, "ربيع الثاني|ربيع الآخر|ربيع ثاني|ربيع ثان|ربيع آخر|ربيع2|rabi al-thani|rabi ii"),
    (5, "جمادى الأولى|جمادى الأول|جمادي الأولى|جماد الأول|جماد أول|جمادى أول|جماد الاولى|جمادى1"),
    (
        6,
        "جمادى الآخرة|جمادى الآخر|جمادى الثانية|جمادى الثاني|جماد الآخر|جماد الثاني|جماد ثاني|جماد آخر|جمادى2",
    ),
    (7, "رجب|رجب الأصب|rajab"),
    (8, "شعبان|shaaban|shaban"),
    (9, "رمضان|رمضان المبارك|ramadan"),
    (10, "شوال|shawwal"),
    (11, "ذو القعدة|ذي القعدة|ذوالقعدة|ذيالقعدة|ذو قعدة|ذي قعدة|dhu al-qidah"),
    (12, "ذو الحجة|ذي الحجة|ذوالحجة|ذيالحجة|ذو حجة|ذي حجة|dhu al-hijjah"),
)
"""Folded month name -> month of the Hijri calendar."""

WEEKDAYS = _table(
    (0, "الاثنين|الإثنين|اثنين|monday|mon|lundi"),
    (1, "الثلاثاء|الثلاثا|ثلاثاء|tuesday|tue|mardi"),
    (2, "الأربعاء|الاربعا|اربعاء|wednesday|wed|mercredi"),
    (3, "الخميس|خميس|thursday|thu|jeudi"),
    (4, "الجمعة|جمعة|friday|fri|vendredi"),
    (5, "السبت|سبت|saturday|sat|samedi"),
    (6, "الأحد|احد|sunday|sun|dimanche"),
)
"""Folded weekday -> number as in datetime.weekday()."""

COUNTS = _table(
    (1, "واحد|واحدة|one|a|an"),
    (2, "اثنين|اثنان|اثنتين|اثنتان|two"),
    (3, "ثلاث|ثلاثة|three"),
    (4, "أربع|أربعة|four"),
    (5, "خمس|خمسة|five"),
    (6, "ست|ستة|six"),
    (7, "سبع|سبعة|seven"),
    (8, "ثماني|ثمانية|ثمان|eight"),
    (9, "تسع|تسعة|nine"),
    (10, "عشر|عشرة|ten"),
)
"""Folded number word -> number, for relative phrases."""

ZONES = {
    fold(name): zone
    for name, zone in {
        "غرينتش": "UTC", "غرينيتش": "UTC", "جرينتش": "UTC", "جرينيتش": "UTC", "قرينتش": "UTC",
        "مكة المكرمة": "Asia/Riyadh", "مكة": "Asia/Riyadh", "السعودية": "Asia/Riyadh", "الرياض": "Asia/Riyadh",
        "الدوحة": "Asia/Qatar", "قطر": "Asia/Qatar", "الكويت": "Asia/Kuwait", "البحرين": "Asia/Bahrain",
        "الإمارات": "Asia/Dubai", "أبوظبي": "Asia/Dubai", "أبو ظبي": "Asia/Dubai", "دبي": "Asia/Dubai",
        "مسقط": "Asia/Muscat", "صنعاء": "Asia/Aden", "عدن": "Asia/Aden", "بغداد": "Asia/Baghdad",
        "عمان": "Asia/Amman", "الأردن": "Asia/Amman", "دمشق": "Asia/Damascus", "سوريا": "Asia/Damascus",
        "بيروت": "Asia/Beirut", "لبنان": "Asia/Beirut", "القدس": "Asia/Jerusalem", "فلسطين": "Asia/Hebron",
        "القاهرة": "Africa/Cairo", "مصر": "Africa/Cairo", "الخرطوم": "Africa/Khartoum",
        "طرابلس": "Africa/Tripoli", "ليبيا": "Africa/Tripoli", "تونس": "Africa/Tunis",
        "الجزائر": "Africa/Algiers", "المغرب": "Africa/Casablanca", "الرباط": "Africa/Casablanca",
        "نواكشوط": "Africa/Nouakchott", "إسطنبول": "Europe/Istanbul", "لندن": "Europe/London",
    }.items()
}  # fmt: skip
"""Folded place after the word توقيت -> IANA zone."""


SHORT_ZONES = {
    "eet": "+02:00", "eest": "+03:00", "cet": "+01:00", "cest": "+02:00", "gst": "+04:00", "msk": "+03:00",
}  # fmt: skip
"""Zone abbreviations that mean one thing on Arabic pages; AST and IST do not."""


def alternatives(words: dict[str, int]) -> str:
    """Return the words as one regular expression, longest first, blanks flexible."""
    ordered = sorted(words, key=lambda word: (-len(word), word))
    return "|".join(re.escape(word).replace(r"\ ", r"\s*") for word in ordered)


def lookup(words: dict[str, int], surface: str) -> int:
    """Return the number of a surface that `alternatives(words)` matched, whatever its blanks.

    Raises KeyError when it is none of the words.
    """
    plain = re.sub(r"\s+", " ", surface.strip())
    if plain in words:
        return words[plain]
    squeezed = plain.replace(" ", "")
    return next(number for word, number in words.items() if word.replace(" ", "") == squeezed)
