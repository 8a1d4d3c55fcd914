"""Replaces personal data by constant placeholders, before anything counts offsets in the text.

E-mail addresses, telephone numbers, bank accounts, cards, national ids and public IP addresses go everywhere;
handles and profile addresses go from comments and posts. Policy and figures: docs/privacy.md,
docs/measurements/arabic.md, "Privacy".
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from builder.columns.phones import SEPARATOR, digits_span, find_phones, is_quantity

KINDS = ("email", "phone", "iban", "card", "national_id", "ip", "handle", "profile_url")
PLACEHOLDERS = {
    "email": "[email]",
    "phone": "[phone]",
    "iban": "[iban]",
    "card": "[card]",
    "national_id": "[id]",
    "ip": "[ip]",
    "handle": "[user]",
}
"""A profile address has no placeholder of its own: the platform's host stays, what names the person goes."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """One replacement: its kind, where it stood in the text before (code points), and what stands there now."""

    kind: str
    start: int
    end: int
    placeholder: str


@dataclass(frozen=True, slots=True)
class Masked:
    """A text with its personal data replaced, and what was replaced, in order."""

    text: str
    replacements: tuple[Replacement, ...]

    def counts(self) -> dict[str, int]:
        """Return the number of replacements of every kind, zeros included."""
        counts = dict.fromkeys(KINDS, 0)
        for replacement in self.replacements:
            counts[replacement.kind] += 1
        return counts


_DIGITS: dict[int, int | str] = {
    **{code: code for code in range(0x700)},  # letters that stay: a lookup that fails is slow
    **{0x660 + value: str(value) for value in range(10)},
    **{0x6F0 + value: str(value) for value in range(10)},
    **{0xFF10 + value: str(value) for value in range(10)},
    0xFF20: "@",
    0xFF0B: "+",
    0x2010: "-",
    0x2011: "-",
    0x2012: "-",
    0x2212: "-",
}
_OTHER_DIGIT = re.compile("[\u0660-\u0669\u06f0-\u06f9\uff10-\uff19\uff20\uff0b\u2010-\u2012\u2212]")
_MASKABLE = re.compile("[\\d@\uff20(\\[/wW]")
"""Whatever is looked for has one of these, and half of all comments have none."""
_DIGITS_HINT = re.compile(r"\d(?:\D?\d|:)")
_HINT = re.compile(r"@|\(at\)|\[at\]|://|www\.|\.(?:com|me|net)/", re.IGNORECASE)
_LONG_NUMBER = re.compile(rf"\d(?:{SEPARATOR}{{0,3}}\d){{4}}")
"""What every card, national id and telephone number has; most texts have none."""


def mask(text: str, *, handles: bool, country: str | None = None) -> Masked:
    """Return the text with personal data replaced. Masking twice changes nothing more.

    `handles`: also replace @handles and profile addresses. `country`: two-letter code of the site's country,
    which lets national spellings of telephone numbers count without a phone word.
    """
    if not _MASKABLE.search(text):
        return Masked(text, ())
    plain = text.translate(_DIGITS) if _OTHER_DIGIT.search(text) else text
    if not (_DIGITS_HINT.search(plain) or _HINT.search(plain)):
        return Masked(text, ())
    found: list[Replacement] = []
    taken = bytearray(len(plain))
    for finder in _finders(handles=handles, country=country, numbers=bool(_LONG_NUMBER.search(plain))):
        for replacement in finder(plain):
            start, end = replacement.start, replacement.end
            if not any(taken[start:end]):
                taken[start:end] = b"\x01" * (end - start)
                found.append(replacement)
    found.sort(key=lambda r: r.start)
    pieces, last = [], 0
    for replacement in found:
        pieces += [text[last : replacement.start], replacement.placeholder]
        last = replacement.end
    return Masked("".join([*pieces, text[last:]]), tuple(found))


Finder = Callable[[str], Iterator[Replacement]]


def _finders(*, handles: bool, country: str | None, numbers: bool) -> list[Finder]:
    """Return the finders in order of precedence: where two claim the same place, the first has it.

    `numbers`: long numbers are looked for as well.
    """

    def phones(plain: str) -> Iterator[Replacement]:
        for start, end in find_phones(plain, country):
            yield Replacement("phone", start, end, PLACEHOLDERS["phone"])

    order: tuple[tuple[Finder, bool], ...] = (
        (_emails, True),
        (_phone_links, True),
        (_profile_urls, handles),
        (_ibans, True),
        (_cards, numbers),
        (_national_ids, numbers),
        (_ips, True),
        (phones, numbers),
        (_handles, handles),
    )
    return [finder for finder, wanted in order if wanted]


def _plain(kind: str, span: tuple[int, int]) -> Replacement:
    return Replacement(kind, *span, PLACEHOLDERS[kind])


_AT = r"(?:\s?@\s?|\s?[\[(]\s?(?:at|@|آت|ات)\s?[\])]\s?)"
_DOT = r"(?:\.|\s\.\s|\s?[\[(]\s?(?:dot|نقطة|دوت)\s?[\])]\s?)"
_EMAIL = re.compile(
    rf"(?<![\w.+\-@])[\w.+\-]{{1,64}}(?:{_AT}(?:[A-Za-z0-9\-]{{1,63}}{_DOT}){{1,4}}(?:[A-Za-z]{{2,24}})|"
    r"@(?:[\w\-]{1,63}\.){1,4}[^\W\d_]{2,24})(?![\w\-])",
    re.IGNORECASE,
)
_AT_WORD = re.compile(r"[\[(]\s?(?:at|آت|ات)", re.IGNORECASE)
_LINK_SIGNS = ("e=", "E=", "e/", "E/", "l:", "L:")
_LINKED_DIGITS = re.compile(r"[=/:]\+?[\d\-]{7}")
_PHONE_LINK = re.compile(
    r"(?:https?://)?(?:(?:api\.|web\.)?whatsapp\.com/send/?\?phone=|wa\.me/|tel:)\+?[\d\-]{7,17}(?:[?&]\S*)?",
    re.IGNORECASE,
)


def _emails(plain: str) -> Iterator[Replacement]:
    bracketed = "(" in plain or "[" in plain
    for match in _EMAIL.finditer(plain) if "@" in plain or (bracketed and _AT_WORD.search(plain)) else ():
        yield _plain("email", match.span())


def _phone_links(plain: str) -> Iterator[Replacement]:
    linked = any(sign in plain for sign in _LINK_SIGNS) and _LINKED_DIGITS.search(plain)
    for match in _PHONE_LINK.finditer(plain) if linked else ():
        yield _plain("phone", match.span())


_PROFILE = re.compile(
    r"(?<![\w@./\-])(?:https?://)?(?:www\.|m\.|mobile\.|ar\.|[a-z]{2}-[a-z]{2}\.|web\.)?"
    r"(?:(?P<host>twitter\.com|x\.com|facebook\.com|fb\.com|fb\.me|instagram\.com|t\.me|telegram\.me|threads\.net|threads\.com|vk\.com|ask\.fm|"
    r"m\.me|sarahah\.com|soundcloud\.com|github\.com|clubhouse\.com)/(?!(?:watch|hashtag|search|share|sharer|intent|explore|p|reel|tv|"
    r"stories|events|groups|photo|story\.php|home|i|s/|login|help|about|policies)\b)(?:profile\.php\?id=\d+|[@\w.%\-]+)|"
    r"(?P<host2>linkedin\.com)/(?:in|pub)/[\w%\-]+|(?P<host3>snapchat\.com)/(?:add|@)/?[\w.\-]+|"
    r"(?P<host4>tiktok\.com)/@[\w.\-]+|(?P<host5>youtube\.com)/(?:@|c/|user/|channel/)[\w.%\-]+|"
    r"(?P<host6>reddit\.com)/(?:u|user)/[\w\-]+|(?P<host7>bsky\.app)/profile/[\w.:\-]+|"
    r"(?P<host8>(?:[a-z0-9\-]{1,63}\.){1,5}[a-z]{2,24})/(?:users/|@)[\w.\-]{1,60})[^\s<>\"'«»،؛]*",
    re.IGNORECASE,
)
_HOST_SIGN = re.compile(r"\.[a-z]{2,24}/", re.IGNORECASE)
"""How every profile address goes on from its host."""
_HANDLE = re.compile(r"(?<![\w@/.+\-])@[A-Za-z0-9_\u0621-\u064a][\w.\-]{1,40}(?:@[\w.\-]{1,80}\.\w{2,24})?")


def _profile_urls(plain: str) -> Iterator[Replacement]:
    for match in _PROFILE.finditer(plain) if "/" in plain and _HOST_SIGN.search(plain) else ():
        host = next(value for value in match.groups() if value)
        end = match.end() - len(match.group()) + len(match.group().rstrip(".,:;!؟?)]"))
        yield Replacement("profile_url", match.start(), end, host.lower())


def _handles(plain: str) -> Iterator[Replacement]:
    for match in _HANDLE.finditer(plain) if "@" in plain else ():
        end = match.start() + len(match.group().rstrip(".-"))
        yield _plain("handle", (match.start(), end))


_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\s?\d{2}(?:[ \-]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])")
_IBAN_SIGN = re.compile(r"\d\d(?:(?<=[A-Za-z]{2}\d\d)|(?<=[A-Za-z]{2}\s\d\d))")
"""Looked for from its digits, as those of the other signs: they are rarer than letters."""
_IBAN_CHARS = (15, 34)
_IBAN_LENGTHS = {
    "AE": 23, "BH": 22, "DJ": 27, "EG": 29, "IQ": 23, "JO": 30, "KW": 30, "LB": 28, "LY": 25, "MR": 27, "OM": 23,
    "PS": 29, "QA": 29, "SA": 24, "SD": 18, "SO": 23, "TN": 24, "YE": 30,
}  # fmt: skip
"""Lengths of the SWIFT registry for Arab countries; other countries' accounts are judged by checksum alone."""


def _ibans(plain: str) -> Iterator[Replacement]:
    for match in _IBAN.finditer(plain) if _IBAN_SIGN.search(plain) else ():
        end = _iban_end(plain, match)
        if end:
            yield _plain("iban", (match.start(), end))


def _iban_end(plain: str, match: re.Match[str]) -> int | None:
    """Return where the account ends: the longest stretch whose checksum holds, cut at blanks."""
    for end in [
        match.end(),
        *(match.start() + b.start() for b in reversed(list(re.finditer(" ", match.group())))),
    ]:
        compact = re.sub(r"[\s\-]", "", plain[match.start() : end]).upper()
        if _iban_holds(compact):
            return end
    return None


def _iban_holds(compact: str) -> bool:
    """ISO 13616: letters become 10-35, the first four characters go last, the rest modulo 97 is 1."""
    if not _IBAN_CHARS[0] <= len(compact) <= _IBAN_CHARS[1]:
        return False
    if _IBAN_LENGTHS.get(compact[:2], len(compact)) != len(compact):
        return False
    turned = compact[4:] + compact[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


_CARD = re.compile(r"(?<![\w.])\d(?:[ \-]?\d){12,18}(?![\w])")
_CARD_SIGN = re.compile(r"\d(?:[ \-]?\d){12}")
_CARD_HEAD = re.compile(
    r"^(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|"
    r"3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|(?:50|5[6-9]|6[0-9])\d{10,17}|9\d{15})$"
)


def _cards(plain: str) -> Iterator[Replacement]:
    for match in _CARD.finditer(plain) if _CARD_SIGN.search(plain) else ():
        digits = re.sub(r"\D", "", match.group())
        if _CARD_HEAD.match(digits) and len(set(digits)) > 1 and _luhn(digits):
            yield _plain("card", match.span())


def _luhn(digits: str) -> bool:
    doubled = [int(char) * (1 + place % 2) for place, char in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


_ID_NUMBER_WORD = re.compile(
    r"(?:رقم|الرقم|رقمي|رقمه|رقمها)\s?(?:ال)?(?:هوية|قومي|وطني|مدني|إقامة|اقامة|جواز|بطاقة|شخصي|تعريف)|"
    r"السجل المدني|سجل مدني|(?<!\w)(?:cin|cni|nin|national id|id no|id number|iqama no|ssn)(?!\w)",
    re.IGNORECASE,
)
_ID_CARD_WORD = re.compile(
    r"الهوية|هوية|هويتي|هويته|هويتها|البطاقة|بطاقة|بطاقته|بطاقتي|بطاقتها|جواز|الجواز|جوازه|جوازي|جوازها|"
    r"الإقامة|إقامة|اقامة|إقامته|إقامتي|الضمان الاجتماعي|(?<!\w)(?:passport|iqama|carte nationale)(?!\w)",
    re.IGNORECASE,
)
_ID_CARD_DIGITS_MIN = 7
"""A card is spoken of in many ways ("بطاقة لـ 15000 مواطن"); without the word for number, it takes more digits."""
_ID_CHARS = 36
_ID_NUMBER = re.compile(r"(?<![\w.,/\-])(?:[A-Za-z]{1,3}\s?)?\d(?:[ \-/]?\d){4,17}(?![\w/%])(?!\.\d)")
_FIVE_DIGITS = re.compile(r"\d(?:[ \-/]?\d){4}")
"""What all patterns of national ids ask for."""
_EMIRATES_ID = re.compile(r"(?<!\d)784[ \-]?(?:19|20)\d\d[ \-]?\d{7}[ \-]?\d(?!\d)")
_EGYPTIAN_ID = re.compile(r"(?<![\w.])([23])(\d\d)(\d\d)(\d\d)(0[1-4]|1[1-9]|2[1-9]|3[1-5]|88)\d{5}(?!\w)")
_EGYPTIAN_SIGN = re.compile(r"[23]\d{13}")
_NOT_ID_BEFORE = re.compile(
    r"(?:مبلغ|قيمة|سعر|عدد|عام|سنة|هاتف|جوال|موبايل|واتس\w*|"
    r"نحو|حوالي|قرابة|أكثر من|اكثر من|بلغ|لـ|إلى|الى)\s?\S{0,4}\s?$"
)
_DATE_LIKE = re.compile(r"^\d{1,4}[ \-/]\d{1,2}[ \-/]\d{1,4}$|^(?:1[3-9]|20)\d\d\s?-\s?(?:1[3-9]|20)\d\d$")


def _national_ids(plain: str) -> Iterator[Replacement]:
    first = _FIVE_DIGITS.search(plain)
    if first is None:
        return
    for match in _EMIRATES_ID.finditer(plain) if "784" in plain else ():
        yield _plain("national_id", match.span())
    for match in _EGYPTIAN_ID.finditer(plain) if _EGYPTIAN_SIGN.search(plain) else ():
        if _is_day(match.group(1), match.group(2), match.group(3), match.group(4)):
            yield _plain("national_id", match.span())
    for match in _ID_NUMBER.finditer(plain, *digits_span(plain, first)):
        if _is_named_id(plain, match):
            yield _plain("national_id", match.span())


def _is_named_id(plain: str, match: re.Match[str]) -> bool:
    before = plain[max(0, match.start() - _ID_CHARS) : match.start()].rsplit("\n", 1)[-1]
    if (
        not before  # no word says what a number at the head of a line is
        or _NOT_ID_BEFORE.search(before)
        or _DATE_LIKE.match(match.group())
        or is_quantity(plain[match.end() : match.end() + 12])
    ):
        return False
    if _ID_NUMBER_WORD.search(before):
        return True
    digits = sum(map(str.isdigit, match.group()))
    lettered = match.group()[0].isalpha()
    return (lettered or digits >= _ID_CARD_DIGITS_MIN) and _ID_CARD_WORD.search(before) is not None


def _is_day(century: str, year: str, month: str, day: str) -> bool:
    try:
        date((1900 if century == "2" else 2000) + int(year), int(month), int(day))
    except ValueError:
        return False
    return True


_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4})+(?![\w:])", re.IGNORECASE)
_IPV4_SIGN = re.compile(r"\.\d{1,3}\.\d{1,3}\.\d")
_IPV6_SIGN = re.compile(r":[0-9A-Fa-f]{1,4}:")
_VERSION_WORD = re.compile(
    r"(?:إصدار\w*|اصدار\w*|نسخة|النسخة|version|v|ver|build|firmware|تحديث)\.?\s?:?\s?$", re.IGNORECASE
)


def _ips(plain: str) -> Iterator[Replacement]:
    for pattern, sign in ((_IPV4, _IPV4_SIGN), (_IPV6, _IPV6_SIGN)):
        for match in pattern.finditer(plain) if sign.search(plain) else ():
            before = plain[max(0, match.start() - 16) : match.start()]
            if not _VERSION_WORD.search(before) and _is_public(match.group()):
                yield _plain("ip", match.span())


def _is_public(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False
