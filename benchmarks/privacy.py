"""Privacy: recall on spellings of personal data per Arab country and kind, false alarms on other numbers.

    python benchmarks/privacy.py [--misses] [TEXTS ...]

The spellings are made here from example numbers; nobody's data is used. TEXTS (JSON lines with "text") are
masked as well, and what would be replaced in them is printed, to be read.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import phonenumbers

from builder.columns.phones import COUNTRIES
from builder.columns.privacy import mask

EASTERN = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
CONTEXTS = (
    "للتواصل: {}",
    "اتصلوا بنا على الرقم {} بعد العصر.",
    "رقم الجوال {}",
    "هاتف: {}، وفاكس.",
    "واتساب {}",
)
BARE = ("راسلوه على {} وشكرا", "{}", "المكتب في المدينة ({})")
KINDS = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
IBANS = (
    "SA03 8000 0000 6080 1016 7519", "AE07 0331 2345 6789 0123 456", "EG380019000500000000263180002",
    "JO94CBJO0010000000000131000302", "KW81 CBKU 0000 0000 0000 1234 5601 01", "LB62 0999 0000 0001 0019 0122 9114",
    "QA58 DOHB 0000 1234 5678 90AB CDEF G", "BH67 BMAG 0000 1299 1234 56", "TN59 1000 6035 1835 9847 8831",
    "MR13 0002 0001 0100 0012 3456 753", "IQ98 NBIQ 8501 2345 6789 012", "PS92 PALS 0000 0000 0400 1234 5670 2",
    "LY83 0020 4800 0020 1001 2036 1",
)  # fmt: skip
CARDS = (
    "4111 1111 1111 1111",
    "5555-5555-5555-4444",
    "378282246310005",
    "6011111111111117",
    "4012888888881881",
)
IDS = (
    "رقم الهوية {}", "الهوية الوطنية: {}", "الرقم القومي {}", "رقم البطاقة الوطنية {}", "رقم الإقامة {}",
    "جواز سفر رقم {}", "الرقم الوطني: {}", "السجل المدني {}",
)  # fmt: skip
ID_NUMBERS = ("1023456789", "29001011234567", "784-1990-1234567-1", "AB123456", "199012345678")
EMAILS = (
    "someone@example.com", "first.last+tag@mail.example.org", "info [at] example [dot] org", "a_b@example.com.sa",
    "user(at)example.net", "name@sub.example.gov.eg", "MAJD@EXAMPLE.COM",
)  # fmt: skip
IPS = ("8.8.8.8", "196.204.161.5", "2a02:ed0:6e00::1", "185.60.216.35")
NEGATIVES = (
    "في 2025/01/06 عند 00:14",
    "بتاريخ 06-01-2025 و 6/1/2025",
    "١٢/٠٥/٢٠٢٤ م",
    "1446/07/06 هـ",
    "من 1990-2020",
    "بين 1914 – 1918",
    "السعر 1,250,000 دينار",
    "بلغ 120 000 000 ريال",
    "مبلغ 1500000 جنيه",
    "ثمن الهاتف 899999 دينارا",
    "هاتف بسعر 1200000 ليرة",
    "جوال جديد بـ 45000 دينار",
    "الإحداثيات 33.3152, 44.3661",
    "33.315241 44.366145",
    "30°02'40.1\"N 31°14'08.0\"E",
    "العدد: 8214",
    "رقم القرار 1234567 لسنة 2019",
    "المادة 23 من القانون 131",
    "4,294,967,295",
    "978-9953-68-123-4",
    "ISBN 9789953681234",
    "الصفحات 120-135",
    "نسبة 99.99 %",
    "1 234 567 نسمة",
    "عام 2024 2025",
    "الإصدار 10.0.19.41",
    "127.0.0.1",
    "192.168.1.1",
    "3.14159265358979",
    "2024-11-23T10:15:00",
    "رقم 123456",
    "النتيجة 3-2 في الدقيقة 90",
    "مقاس 1920x1080",
    "20250106",
    "1735689600000",
    "قرار مجلس الأمن 2334 2016",
    "10 000 000 مشاهدة",
    "خط عرض 24.7136 وخط طول 46.6753",
    "البند 1.2.3.4.5",
    "الحلقة 1001 من ألف ليلة",
    "07:30 - 09:45",
    "صفحة 10/12/14",
    "رقم الطلب 4512345678901235",
    "بطاقة ذكية لـ 150000 مواطن",
    "بطاقات بلغ عددها 1234567 بطاقة",
    "الآية 255 من 286",
    "12345678901234567890",
    "الهاتف iPhone 14 128",
    "هاتف غالاكسي 2024 طراز 5",
    "شارع 15 مايو رقم 7",
    "ص 345-350، ع 12، 1998",
    "+5 درجات و+100 نقطة",
    "ارتفع المؤشر 1.234,56 نقطة",
    "كورونا 19-2020-2021",
    "99ر99 دولار",
    "رواتب 500.000 - 750.000",
    "السجل التجاري 1010123456 ",
    "00:14:22",
    "2,500-3,000",
    "01-02-03",
    "طول النهر 6650 كيلومترا",
    "سنة 1258 م / 656 هـ",
    "جدول 1 2 3 4 5 6 7 8 9",
    "0.00012345",
    "١٬٢٣٤٬٥٦٧",
    "عدد المشتركين 5012345678",
)


def spellings(region: str, kind: int) -> Iterator[tuple[str, bool]]:
    """Yield (spelling, whether it is international) of the region's example number of a kind."""
    number = phonenumbers.example_number_for_type(region, kind)
    if number is None:
        return
    forms = phonenumbers.PhoneNumberFormat
    code, rest = str(number.country_code), phonenumbers.national_significant_number(number)
    e164, spaced = (phonenumbers.format_number(number, form) for form in (forms.E164, forms.INTERNATIONAL))
    national = phonenumbers.format_number(number, forms.NATIONAL)
    for text in (
        e164, spaced, spaced.replace(" ", "-"), spaced.replace(" ", "."), "00" + e164[1:], "00 " + spaced[1:],
        f"+({code}) {rest}", f"(+{code}) {rest}", f"{e164[1:]}+", f"+{code} (0) {rest}", f"+ {code} {rest}",
    ):  # fmt: skip
        yield text, True
    for text in (national, national.replace(" ", ""), national.replace(" ", "-"), f"{code}{rest}"):
        yield text, False


def phone_texts() -> Iterator[tuple[str, str, str]]:
    """Yield (country, text, number) for every spelling, in three kinds of digits."""
    for region in COUNTRIES:
        for kind in KINDS:
            for number, international in spellings(region, kind):
                contexts = (*CONTEXTS, *BARE) if international else CONTEXTS
                for digits in (number, number.translate(EASTERN), number.translate(PERSIAN)):
                    for context in contexts:
                        yield region, context.format(digits), digits


def other_texts() -> Iterator[tuple[str, str]]:
    """Yield (kind, text) for the other kinds of personal data."""
    for iban in IBANS:
        yield from (
            ("iban", f"الحساب {form} باسمي") for form in (iban, iban.replace(" ", ""), iban.replace(" ", "-"))
        )
    yield from (("card", f"بطاقتي {card} تنتهي قريبا") for card in CARDS)
    yield from (("card", card.translate(EASTERN)) for card in CARDS)
    yield from (("national_id", context.format(number)) for context in IDS for number in ID_NUMBERS)
    yield from (("national_id", context.format(ID_NUMBERS[0].translate(EASTERN))) for context in IDS)
    yield from (("email", f"راسلوني على {email}، شكرا") for email in EMAILS)
    yield from (("ip", f"دخل من العنوان {ip} البارحة") for ip in IPS)
    yield from (
        ("handle", text) for text in ("شكرا @some_one على الرد", "@user1 @user2", "@name@instance.example")
    )
    urls = (
        "https://twitter.com/some_one",
        "facebook.com/some.one",
        "https://t.me/some_one",
        "www.instagram.com/x_y/",
    )
    yield from (("profile_url", f"حسابي {url} تابعوني") for url in urls)


def main() -> None:
    """Mask everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", type=Path, nargs="*")
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    hits: dict[str, list[bool]] = defaultdict(list)
    for region, text, number in phone_texts():
        masked = mask(text, handles=True)
        whole = not any(char.isdigit() for char in masked.text) and masked.counts()["phone"] > 0
        hits[f"phone {region}"].append(whole)
        if options.misses and not whole:
            print("MISS phone", region, number, "|", text, "->", masked.text)
    for kind, text in other_texts():
        masked = mask(text, handles=True)
        hits[kind].append(masked.counts()[kind] > 0)
        if options.misses and not hits[kind][-1]:
            print("MISS", kind, text, "->", masked.text)
    false = [(text, masked.text) for text in NEGATIVES if (masked := mask(text, handles=True)).replacements]
    for kind, found in sorted(hits.items()):
        print(f"{kind:14} recall {sum(found) / len(found):.4f}  ({sum(found)}/{len(found)})")
    right = sum(map(sum, hits.values()))
    print(
        f"all recall {right / sum(map(len, hits.values())):.4f}  false alarms {len(false)}/{len(NEGATIVES)}"
    )
    print(f"precision {right / (right + len(false)):.4f}", *(f"\nFALSE {a} -> {b}" for a, b in false))
    for path in options.texts:
        for line in path.open(encoding="utf-8"):
            text = json.loads(line).get("text") or ""
            for found in mask(text, handles=False).replacements:
                context = text[max(0, found.start - 40) : found.end + 20].replace("\n", " ")
                print(found.kind, repr(text[found.start : found.end]), "|", context)


if __name__ == "__main__":
    main()
