"""Privacy: what is replaced, in every Arab country's spellings, and what must stay. No real person's data is here."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.columns.phones import COUNTRIES, country_of
from builder.columns.privacy import KINDS, PLACEHOLDERS, mask

EASTERN = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
MOBILE, LANDLINE = phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE


WRITTEN = ("راسلوه على [phone]، وشكرا", "راسلوه على ([phone]، وشكرا")


def masked(text: str, *, handles: bool = True, country: str | None = None) -> str:
    """Return the text after masking."""
    return mask(text, handles=handles, country=country).text


def example(region: str, kind: int) -> tuple[str, str, str]:
    """Return (E.164, international, national) of a region's example number."""
    number = phonenumbers.example_number_for_type(region, kind)
    assert number is not None
    forms = phonenumbers.PhoneNumberFormat
    e164, international, national = (
        phonenumbers.format_number(number, form) for form in (forms.E164, forms.INTERNATIONAL, forms.NATIONAL)
    )
    return e164, international, national


@pytest.mark.parametrize("kind", [MOBILE, LANDLINE], ids=["mobile", "landline"])
@pytest.mark.parametrize("region", sorted(COUNTRIES))
def test_international_spellings_of_every_country(region: str, kind: int) -> None:
    """Plus, 00, brackets, dots, dashes, a plus on the wrong side; digits of three kinds; no phone word needed."""
    e164, spaced, _ = example(region, kind)
    code = COUNTRIES[region]
    rest = e164[1 + len(code) :]
    for number in (
        e164, spaced, spaced.replace(" ", "-"), spaced.replace(" ", "."), "00" + e164[1:], "00 " + spaced[1:],
        f"+({code}) {rest}", f"(+{code}) {rest}", f"{e164[1:]}+", f"+{code} (0) {rest}",
    ):  # fmt: skip
        for digits in (number, number.translate(EASTERN), number.translate(PERSIAN)):
            assert masked(f"راسلوه على {digits}، وشكرا") in (
                "راسلوه على [phone]، وشكرا",
                "راسلوه على ([phone]، وشكرا",
            ), digits


@pytest.mark.parametrize("kind", [MOBILE, LANDLINE], ids=["mobile", "landline"])
@pytest.mark.parametrize("region", sorted(COUNTRIES))
def test_national_spellings_beside_a_phone_word(region: str, kind: int) -> None:
    """As printed nationally, joined, with dashes; the phone word before or after."""
    national = example(region, kind)[2]
    for number in (national, national.replace(" ", ""), national.replace(" ", "-")):
        for digits in (number, number.translate(EASTERN)):
            for context in (
                "للتواصل: {}",
                "رقم الجوال {}",
                "هاتف {} مساء",
                "واتساب {}",
                "اتصلوا على الرقم {}",
            ):
                assert "[phone]" in masked(context.format(digits)), (digits, context)
                assert not any(map(str.isdigit, masked(context.format(digits))))


@pytest.mark.parametrize(
    ("site", "zone", "text"),
    [
        ("news.example.sa", None, "بلغوا عن الحالة 011 234 5678"),
        ("example.eg", None, "المكتب 0223456789"),
        ("example.com", "Asia/Baghdad", "البائع 07912345678"),
    ],
)
def test_the_country_of_the_site_lets_national_numbers_speak(site: str, zone: str | None, text: str) -> None:
    """By top-level domain, else by the source's zone."""
    assert "[phone]" in masked(text, country=country_of(site, zone))


def test_no_country_is_guessed_from_a_plain_domain() -> None:
    """A .com without a zone has none."""
    assert country_of("example.com") is None


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("هاتف 0501234567 / 0559876543", "هاتف [phone] / [phone]"),
        ("الكويت هاتف: 22334455 / 99887766", "الكويت هاتف: [phone] / [phone]"),
        ("0559876543/0501234567 للحجز", "[phone]/[phone] للحجز"),
        ("هاتف 0501234567-0559876543", "هاتف [phone]-[phone]"),
        ("هاتف 0501234567-0559876543-0507654321", "هاتف [phone]-[phone]-[phone]"),
        ("الكويت هاتف: 22334455-99887766", "الكويت هاتف: [phone]-[phone]"),
        ("رقم الملف 1234567890-1234567890", "رقم الملف 1234567890-1234567890"),
        ("رقمي 0 5 0 1 2 3 4 5 6 7", "رقمي [phone]"),
        ("كلمني ع 07701234567 بكرة", "كلمني ع [phone] بكرة"),
        ("ج/ 01001234567", "ج/ [phone]"),
        ("اكتب لي 0501234567 واتس", "اكتب لي [phone] واتس"),
        ("https://wa.me/966501234567", "[phone]"),
        ("wa.me/1555-010-9999", "[phone]"),
        ("tel:+1-555-010-9999", "[phone]"),
        ("https://api.whatsapp.com/send?phone=966501234567&text=a", "[phone]"),
    ],
)
def test_phones_as_people_write_them(text: str, after: str) -> None:
    """Pairs, spaced digits, dialect, links."""
    assert masked(text) == after


@pytest.mark.parametrize(
    "text",
    [
        "في 2025/01/06 عند 00:14", "بتاريخ 06-01-2025", "١٢/٠٥/٢٠٢٤ م", "1446/07/06 هـ", "بين 1914 – 1918",
        "السعر 1,250,000 دينار", "بلغ 120 000 000 ريال", "ثمن الهاتف 899999 دينارا", "هاتف بسعر 1200000 ليرة",
        "جوال جديد بـ 45000 دينار", "الإحداثيات 33.3152, 44.3661", "33.315241 44.366145",
        "رقم القرار 1234567 لسنة 2019",
        "4,294,967,295", "978-9953-68-123-4", "ISBN 9789953681234", "الصفحات 120-135", "نسبة 99.99 %",
        "الإصدار 10.0.19.41",
        "127.0.0.1 و 192.168.1.1", "3.14159265358979", "20250106", "1735689600000", "خط عرض 24.7136 وخط طول 46.6753",
        "10 000 000 مشاهدة", "12345678901234567890", "الهاتف iPhone 14 128", "ارتفع المؤشر 1.234,56 نقطة",
        "+5 درجات و+100 نقطة", "بطاقة ذكية لـ 150000 مواطن", "البند 1.2.3.4.5", "00:1A:2B:3C:4D:5E", "الآية 255 من 286",
        "https://site.example/page/0501234567", "هاتف الطوارئ 911 و 999", "عدد المشتركين 5012345678", "١٬٢٣٤٬٥٦٧",
        "سعر البطاقة 50000 دينار", "تأسست 1948-1967-1973", "ISSN 1234-5678", "كورونا 19-2020-2021", "10/12/14",
        "دفعنا مبلغ 0501234567", "بلغت 0501234567 صوت", "1914/1918/1939/1945",
    ],
)  # fmt: skip
def test_other_numbers_stay(text: str) -> None:
    """Dates, prices, coordinates, versions, counts and codes are not personal data."""
    assert masked(text) == text


@pytest.mark.parametrize(
    "iban",
    [
        "SA03 8000 0000 6080 1016 7519", "AE07 0331 2345 6789 0123 456", "EG380019000500000000263180002",
        "JO94CBJO0010000000000131000302", "KW81 CBKU 0000 0000 0000 1234 5601 01", "LB62 0999 0000 0001 0019 0122 9114",
        "QA58 DOHB 0000 1234 5678 90AB CDEF G", "BH67 BMAG 0000 1299 1234 56", "TN59 1000 6035 1835 9847 8831",
        "MR13 0002 0001 0100 0012 3456 753", "IQ98 NBIQ 8501 2345 6789 012", "PS92 PALS 0000 0000 0400 1234 5670 2",
        "LY83 0020 4800 0020 1001 2036 1",
    ],
)  # fmt: skip
def test_accounts_by_checksum(iban: str) -> None:
    """Grouped, joined, in Eastern digits; a wrong checksum is no account."""
    for spelling in (iban, iban.replace(" ", ""), iban.translate(EASTERN)):
        assert masked(f"الحساب {spelling} باسمي") == "الحساب [iban] باسمي"
    wrong = iban[:2] + ("99" if iban[2:4] != "99" else "98") + iban[4:]
    assert "[iban]" not in masked(f"الرمز {wrong}")


@pytest.mark.parametrize(
    "card", ["4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "6011111111111117"]
)
def test_cards_by_luhn(card: str) -> None:
    """Known issuers whose check digit holds; one digit off is none."""
    assert masked(f"ادفع بـ {card} الآن") == "ادفع بـ [card] الآن"
    assert masked(card.translate(EASTERN)) == "[card]"
    assert "[card]" not in masked(card[:-1] + str((int(card[-1]) + 1) % 10))


@pytest.mark.parametrize(
    "text",
    [
        "رقم الهوية 1023456789", "الرقم القومي: ٢٩٠٠١٠١١٢٣٤٥٦٧", "رقم البطاقة الوطنية 199012345678",
        "جواز سفر رقم A1234567",
        "الرقم الوطني 9901012345", "CIN AB123456", "السجل المدني 1023456789", "رقم الإقامة 2345678901",
        "هويتي 1023456789",
        "784-1990-1234567-1", "29001011234567",
    ],
)  # fmt: skip
def test_national_ids(text: str) -> None:
    """Beside a word for them; the Emirates' and Egypt's by their form."""
    assert mask(text, handles=False).counts()["national_id"] == 1


@pytest.mark.parametrize(
    ("number", "is_id"),
    [
        ("30002290112345", True), ("29912310112345", True), ("29602290112345", True),
        ("20002290112345", False), ("29902290112345", False), ("29931120112345", False), ("29900100112345", False),
    ],
)  # fmt: skip
def test_an_egyptian_id_begins_with_a_day_of_birth(number: str, is_id: bool) -> None:
    """Century, year, month and day in that order, a day that was: 2000 had a 29 February, 1900 and 1999 had none."""
    assert masked(f"كتب {number} في آخر السطر") == f"كتب {'[id]' if is_id else number} في آخر السطر"


@pytest.mark.parametrize(
    "text",
    [
        "السجل المدني بمبلغ 1023456789", "رقم الهوية 2015-2016", "بطاقة السنة 12-11-2015 انتهت",
        "بطاقات 15000000 مواطن", "صدرت البطاقة لنحو 15000000 مواطن", "رقم البطاقة 1500000 ريال",
    ],
)  # fmt: skip
def test_a_number_beside_a_word_for_cards_that_is_none(text: str) -> None:
    """Amounts, spans of years, days and counts of things are told apart by what stands around them."""
    assert mask(text, handles=False).counts()["national_id"] == 0


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("SA03 8000 0000 6080 1016 7519 TO ALI", "[iban] TO ALI"),
        ("IBAN: SA0380000000608010167519 BANK", "IBAN: [iban] BANK"),
        ("MT84MALT011000012345MTLCAST001S", "[iban]"),
        ("NO9386011117947", "[iban]"),
    ],
)
def test_an_account_ends_where_its_checksum_holds(text: str, after: str) -> None:
    """Words behind an account are no part of it; other countries' lengths are their own."""
    assert masked(text) == after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("راسلني a.b+c@mail.example.org، شكرا", "راسلني [email]، شكرا"),
        ("راسلنا على info@موقع.السعودية، شكرا", "راسلنا على [email]، شكرا"),
        ("أحمد@بريد.example.org", "[email]"),
        ("سأل @ صديقي . فقال لا أدري", "سأل @ صديقي . فقال لا أدري"),
        ("info [at] example [dot] org", "[email]"),
        ("user(at)example.net", "[email]"),
        ("majd @ example.com", "[email]"),
        ("دخل من 8.8.8.8 و 2a02:ed0:6e00::1", "دخل من [ip] و [ip]"),
        ("الساعة 10:15:30", "الساعة 10:15:30"),
        ("نسخة على 8.8.8.8", "نسخة على [ip]"),
        ("النسخة: 8.8.8.8", "النسخة: 8.8.8.8"),
    ],
)
def test_mail_and_addresses(text: str, after: str) -> None:
    """Also disguised addresses; times of day are no addresses."""
    assert masked(text) == after


@pytest.mark.parametrize(
    ("text", "comment", "article"),
    [
        ("شكرا @some_one!", "شكرا [user]!", "شكرا @some_one!"),
        ("@سعيد أحسنت", "[user] أحسنت", "@سعيد أحسنت"),
        ("@name@instance.example", "[user]", "@name@instance.example"),
        ("https://twitter.com/some_one/status/12", "twitter.com", "https://twitter.com/some_one/status/12"),
        ("facebook.com/some.one.", "facebook.com.", "facebook.com/some.one."),
        ("t.me/some_one", "t.me", "t.me/some_one"),
        ("https://social.example/@some_one", "social.example", "https://social.example/@some_one"),
        ("youtube.com/watch?v=abc", "youtube.com/watch?v=abc", "youtube.com/watch?v=abc"),
    ],
)
def test_handles_and_profiles_go_from_comments_only(text: str, comment: str, article: str) -> None:
    """A commenter's account is private, the account an article names is its subject."""
    assert masked(text, handles=True) == comment
    assert masked(text, handles=False) == article


def test_counts_and_places() -> None:
    """Every kind is counted, zeros included; each replacement says where it stood."""
    text = "بريدي a@b.example وهاتفي 0501234567"
    result = mask(text, handles=True)
    assert result.counts() == {**dict.fromkeys(KINDS, 0), "email": 1, "phone": 1}
    assert [text[r.start : r.end] for r in result.replacements] == ["a@b.example", "0501234567"]
    assert [r.placeholder for r in result.replacements] == [PLACEHOLDERS["email"], PLACEHOLDERS["phone"]]


PIECES = st.sampled_from(
    ["0501234567", "+966 50 123 4567", "a@b.com", "@user", "هاتف", " ", "،", "٠٥٠", "4111111111111111", "[phone]",
        "رقم الهوية",
     "1023456789", "8.8.8.8", "t.me/x", "/", "-", "(", "2025", "نص", "\n", "https://x.com/y"]
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.lists(PIECES, max_size=8))
def test_masking_leaves_the_rest_alone(parts: list[str]) -> None:
    """What is not replaced stands as it was, and replacements do not overlap."""
    text = "".join(parts)
    result = mask(text, handles=True)
    rebuilt, last = "", 0
    for replacement in result.replacements:
        assert replacement.start >= last
        rebuilt += text[last : replacement.start] + replacement.placeholder
        last = replacement.end
    assert rebuilt + text[last:] == result.text


@pytest.mark.parametrize(
    "text", ["1" * 50_000, "12/" * 5_000, "a@" * 20_000, "a." * 20_000 + "/@b", "SA03 " * 8_000, "(" * 50_000]
)
def test_hostile_text_comes_back(text: str) -> None:
    """Long runs that tempt a pattern to try everything."""
    assert isinstance(mask(text, handles=True).text, str)
