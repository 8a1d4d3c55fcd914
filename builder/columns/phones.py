"""Telephone numbers as they are written in the Arab countries.

International spellings count anywhere; national ones only beside a word such as هاتف, or on a site whose
country is known. Digits may be Arabic-Indic; the caller has made them ASCII, one for one. Validity comes from
phonenumbers. Trying all regions on any number finds "phones" in dates and prices: docs/measurements/arabic.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

COUNTRIES = {
    "AE": "971", "BH": "973", "DJ": "253", "DZ": "213", "EG": "20", "IQ": "964", "JO": "962", "KM": "269",
    "KW": "965", "LB": "961", "LY": "218", "MA": "212", "MR": "222", "OM": "968", "PS": "970", "QA": "974",
    "SA": "966", "SD": "249", "SO": "252", "SY": "963", "TN": "216", "YE": "967",
}  # fmt: skip
"""Calling codes of the members of the Arab League."""

WORD_CHARS = 40
"""Code points before a number in which a phone word speaks for it; after it, a third of that."""

SEPARATOR = r"[ .\-–—/()]"
"""What stands between the digits of a number: a regex class."""
_CANDIDATE = re.compile(
    rf"(?<![\w.,@=&#%$€£\-])(?<![A-Za-z.]/)(?:\+\s?\(?\s?|\(\s?\+?\s?)?\d(?:{SEPARATOR}{{0,3}}\d){{5,34}}\)?(?:\s?\+)?(?![\w%])"
)
_SIX_DIGITS = re.compile(rf"\d(?:{SEPARATOR}{{0,3}}\d){{5}}")
"""What every candidate has; most texts have none, and the first one is found at a fifth of the cost."""
_BESIDE_DIGITS = 8
"""More than a number has before its first digit, or is looked at behind its last."""
_TO_LAST_DIGIT = re.compile(r".*\d", re.DOTALL)
_PHONE_WORD = re.compile(
    r"(?<!\w)[وف]?[بل]?(?:ال|لل)?(?:هاتف\w{0,3}|هواتف\w{0,3}|تلفون\w{0,3}|تليفون\w{0,3}|تيليفون\w{0,3}|تلفن\w{0,2}|جوال\w{0,3}|جوّال|"
    r"موبايل\w{0,3}|محمول|نقال|خلوي|خليوي|خلوى|واتس\w*|وتس\w*|واتساب|تواصل|اتصال|إتصال|اتصل\w{0,3}|إتصل\w{0,3}|حجز|"
    r"استفسار\w{0,3}|إستفسار\w{0,3}|رقمي|رقمه|رقمها|رقمنا|أرقامنا|ارقامنا|كلمني|كلموني|فاكس|نمرتي|نمرة|نمرته|بورتابل|"
    r"سنترال|خط\s?ساخن|راسلني|راسلونا|tel|phone|mobile|mob|gsm|whats\s?app|call|fax|cell|t[eé]l[eé]phone|portable)(?!\w)|(?<!\w)(?:هـ|ت|ج|م)\s?[:/]",
    re.IGNORECASE,
)
_WORD_RIGHT_BEFORE = re.compile(
    _PHONE_WORD.pattern
    + r"\s{0,2}(?:على|ع|رقم|الرقم|رقمه|رقمها|التالي|هو|معنا|بنا|بي|مباشرة|الجوال|الهاتف|الموبايل|المحمول|واتس\w*)?"
    r"\s{0,2}(?:رقم|الرقم|على|هو)?\s{0,2}[:：./\-–(]{0,2}\s{0,2}\(?$",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"^\(?(?:(?:1[3-9]|20)\d\d\s?[./\-–]\s?\d{1,2}\s?[./\-–]\s?\d{1,2}|\d{1,2}\s?[./\-–]\s?\d{1,2}\s?[./\-–]\s?(?:1[3-9]|20)\d\d)(?!\d)"
)
_YEARS = re.compile(r"^(?:1[3-9]|20)\d\d(?:\s?[-–/]\s?(?:1[3-9]|20)\d\d)+$")
_DECIMAL = re.compile(r"^\d{1,3}\.\d{3,}$|^\d+\.\d{1,2}$|^[1-9]\d{0,2}(?:\.\d{3}){1,4}$")
_UNIT_AFTER = re.compile(
    r"^\s?(?:[%٪$€£°]|(?:ال)?(?:دولار|دينار|ريال|درهم|جنيه|جنيها|ليرة|يورو|دينارا|ريالا|درهما|مليون|مليار|ألف|الف|شخص|نسمة|"
    r"متر|كيلو|كم|كلم|طن|مشاهد|متابع|صوت|نقطة|ميلادي|هجري|مواطن|برميل|قطعة|وحدة|نسخة|عضو|طالب|سنة|عام|م\b|هـ\b))"
)
_MONEY_BEFORE = re.compile(
    r"(?:سعر\w{0,3}|بسعر|ثمن\w{0,3}|بمبلغ|مبلغ|بقيمة|قيمة|بثمن|تكلفة|\$|€|£)\s?:?\s?\S{0,8}\s?$"
)
_TRUNK = re.compile(r"^0[1-9]")
_DIGITS_OF_PHONES = (6, 18)
_DIGITS_OF_E164 = 15
"""ITU-T E.164: the longest number there is; a run of more is several numbers joined."""
_GROUPS_MAX = 7
_LOCAL_DIGITS = (6, 11)
_ADJACENT_DIGITS = (7, 12)
"""Right after a phone word any number this long is one, whether or not phonenumbers knows its range."""
_BARE_GROUPS_MAX = 3
_TOKEN = re.compile(r"[+(]*\d[\d.\-()]*")
_NO_DIGIT = re.compile(r"\D")
_PART = re.compile(r"[+(]*\d[\d.()]*")


def find_phones(plain: str, country: str | None = None) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the telephone numbers in a text whose digits are ASCII.

    `country` is the two-letter code of the site's country, where it is known.
    """
    first = _SIX_DIGITS.search(plain)
    if first is None:
        return
    for match in _CANDIDATE.finditer(plain, *digits_span(plain, first)):
        start, end = _trimmed(plain, *match.span())
        yield from _pieces(plain, start, end, country)


def digits_span(plain: str, first: re.Match[str]) -> tuple[int, int]:
    """Return (start, end) of where numbers can stand: around all digits from the first ones on."""
    last = _TO_LAST_DIGIT.match(plain, first.start()) or first
    return max(0, first.start() - _BESIDE_DIGITS), last.end() + _BESIDE_DIGITS


def _pieces(plain: str, start: int, end: int, country: str | None) -> Iterator[tuple[int, int]]:
    """Yield the candidate itself or, where several numbers stand side by side, the longest parts that are phones."""
    if _is_phone(plain, start, end, country):
        yield start, end
        return
    tokens = list(_tokens(plain, start, end))
    first = 0
    while first < len(tokens):
        for last in range(min(len(tokens), first + _GROUPS_MAX) - 1, first - 1, -1):
            low, high = _trimmed(plain, tokens[first][0], _end_of_digits(plain, tokens[last][1]))
            if (low, high) != (start, end) and _is_phone(plain, low, high, country):
                yield low, high
                first = last
                break
        first += 1


def _tokens(plain: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of what blanks part; a run with more digits than any number has is cut at its hyphens too."""
    for match in _TOKEN.finditer(plain, start, end):
        if sum(map(str.isdigit, match.group())) <= _DIGITS_OF_E164:
            yield match.span()
        else:
            yield from (part.span() for part in _PART.finditer(plain, *match.span()))


def _end_of_digits(plain: str, end: int) -> int:
    while not plain[end - 1].isdigit() and plain[end - 1] != ")":
        end -= 1
    return end


def _trimmed(plain: str, start: int, end: int) -> tuple[int, int]:
    """Leave out a bracket without its partner."""
    piece = plain[start:end]
    if piece.startswith("(") and ")" not in piece:
        start += 1
    if piece.endswith(")") and "(" not in piece:
        end -= 1
    return start, end


def _is_phone(plain: str, start: int, end: int, country: str | None) -> bool:
    raw = plain[start:end]
    digits = _NO_DIGIT.sub("", raw)
    if not _DIGITS_OF_PHONES[0] <= len(digits) <= _DIGITS_OF_PHONES[1]:
        return False
    if _DATE.match(raw) or _YEARS.match(raw) or is_quantity(plain[end : end + 12]):
        return False
    if "+" in raw or digits.startswith("00"):
        return _valid_international(digits.removeprefix("00"), raw)
    before = plain[max(0, start - WORD_CHARS) : start]
    after = plain[end : end + WORD_CHARS // 3].split("\n")[0]
    named = bool(_PHONE_WORD.search(before) or _PHONE_WORD.search(after))
    if _with_calling_code(digits, named=named):
        return True
    if _DECIMAL.match(raw) or _MONEY_BEFORE.search(before):
        return False
    if _WORD_RIGHT_BEFORE.search(before) and _ADJACENT_DIGITS[0] <= len(digits) <= _ADJACENT_DIGITS[1]:
        return True
    return (named and _valid_somewhere(digits, country)) or _speaks_for_itself(raw, digits, country)


def is_quantity(after: str) -> bool:
    """Tell whether what follows a number makes it an amount: a currency, a unit, a count of things."""
    return _UNIT_AFTER.match(after) is not None


def _speaks_for_itself(raw: str, digits: str, country: str | None) -> bool:
    """Check a number that no word announces: with a leading zero, valid in the site's country or a mobile's."""
    if not _TRUNK.match(digits):
        return False
    if country is not None:
        return _valid(digits, country)
    return len(re.findall(r"\d+", raw)) <= _BARE_GROUPS_MAX and len(digits) in (10, 11) and _is_mobile(digits)


@lru_cache(maxsize=4096)
def _is_mobile(digits: str) -> bool:
    import phonenumbers

    for region in COUNTRIES:
        try:
            number = phonenumbers.parse(digits, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            kind = phonenumbers.number_type(number)
            if kind == phonenumbers.PhoneNumberType.MOBILE:
                return True
    return False


def _valid_international(digits: str, raw: str) -> bool:
    """Check a number with its calling code; "(0)" between code and number is a spelling of the trunk."""
    digits = digits.lstrip("0") if raw.lstrip("( ").startswith("+") else digits
    if _valid("+" + digits, None):
        return True
    for code in COUNTRIES.values():
        if digits.startswith(code + "0"):
            return _valid("+" + code + digits[len(code) + 1 :], None)
        if digits.startswith(code) and _possible("+" + digits):
            return True
    return False


def _with_calling_code(digits: str, *, named: bool) -> bool:
    """Check a number that has its calling code but no plus: only nine-hundreds codes speak for themselves."""
    if not 10 <= len(digits) <= 13:
        return False
    codes = [
        code for code in COUNTRIES.values() if digits.startswith(code) and (named or code.startswith("9"))
    ]
    return any(_valid("+" + digits, None) for _ in codes)


@lru_cache(maxsize=4096)
def _valid_somewhere(digits: str, country: str | None) -> bool:
    if not _LOCAL_DIGITS[0] <= len(digits) <= _LOCAL_DIGITS[1]:
        return False
    regions = [country] if country else []
    return any(_valid(digits, region) for region in [*regions, *COUNTRIES])


def _valid(number: str, region: str | None) -> bool:
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.is_valid_number(parsed))


def _possible(number: str) -> bool:
    """Tell whether a number with an Arab calling code has a length its country uses; ranges are opened yearly."""
    import phonenumbers

    try:
        return bool(phonenumbers.is_possible_number(phonenumbers.parse(number, None)))
    except phonenumbers.NumberParseException:
        return False


_BY_DOMAIN = {code.lower(): code for code in COUNTRIES}
_BY_ZONE = {
    "Asia/Baghdad": "IQ", "Asia/Riyadh": "SA", "Africa/Cairo": "EG", "Asia/Dubai": "AE", "Asia/Amman": "JO",
    "Asia/Beirut": "LB", "Asia/Damascus": "SY", "Asia/Kuwait": "KW", "Asia/Qatar": "QA", "Asia/Bahrain": "BH",
    "Asia/Muscat": "OM", "Asia/Aden": "YE", "Asia/Gaza": "PS", "Asia/Hebron": "PS", "Africa/Tripoli": "LY",
    "Africa/Tunis": "TN", "Africa/Algiers": "DZ", "Africa/Casablanca": "MA", "Africa/Nouakchott": "MR",
    "Africa/Khartoum": "SD", "Africa/Mogadishu": "SO", "Africa/Djibouti": "DJ", "Indian/Comoro": "KM",
}  # fmt: skip


def country_of(site: str, zone: str | None = None) -> str | None:
    """Return the country of a site by its top-level domain, else by its zone; None where neither tells."""
    return _BY_DOMAIN.get(site.rsplit(".", 1)[-1]) or (_BY_ZONE.get(zone) if zone else None)
