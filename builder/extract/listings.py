"""Pages that list what a house has: its people, services, courses, projects, events; and forms to fill in.

Such pages have paragraphs as articles do. They are known by what they call themselves, by the last word of their
address, and by the cards they are made of.
"""

from __future__ import annotations

import re
from collections import defaultdict
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from builder.extract.article import MainText, place
from builder.extract.links import plain_path
from builder.extract.naming import names_of
from builder.extract.page import Page
from builder.extract.sites import SEPARATOR
from builder.extract.wording import folded

MIN_CARDS = 4
"""Fewest cards of one make on a page of cards."""

MIN_CARD_LINES = 2
"""Fewest lines of a card: a name and a line about it."""

MAX_CARD_LINES = 8
"""Most lines of a card; a chapter of a text has more, or longer ones."""

MAX_CARD_CHARS = 400
"""Longest card."""

MAX_NAME_CHARS = 70
"""Longest name at the head of a card."""

MIN_CARDS_SHARE = 0.6
"""Least share of a text's characters that stand in its cards."""

MAX_ABOVE_CHARS = 160
"""Most characters above the first card that only introduce them …"""

MAX_ABOVE_SHARE = 0.15
"""… or largest share of the text; below a longer text, cards are other articles."""

MIN_FIELDS = 4
"""Fewest fields of a form that is a page of its own."""

MIN_FIELDS_SHARE = 0.4
"""Least share of the lines of such a page that name its fields."""

MAX_FIELD_CHARS = 120
"""Longest line of such a page; a text above a form has longer ones."""

_WHAT = (
    "مقالات|اخبار|تدوينات|مدونه|تقارير|فعاليات|انشطه|اراء|دورات|كورسات|برامج|مشاريع|مشروعات|مبادرات|مراكز|خدمات"
    "|وظايف|شركاء|عملاء|منتجات|اصدارات|مطبوعات|فيديوهات|مناقصات|مسابقات|اعلانات|اعضاء|خبراء|مدربين|مدربون|كتاب"
)
_OURS = "خدماتنا|مشاريعنا|مشروعاتنا|اعمالنا|فريقنا|دوراتنا|برامجنا|منتجاتنا|شركاونا|عملاونا|خبراونا|اطباونا|مدربونا"
_PEOPLE = (
    r"(?:ال)?فريق(?: (?:ال)?(?:عمل|اداره|طبي|اداري))?|طاقم (?:ال)?عمل|مجلس (?:ال)?(?:اداره|امناء|ادارتنا)"
    r"|هييه (?:ال)?(?:تدريس|تحرير)|(?:ال)?اعضاء (?:مجلس |هييه |فريق )?(?:ال)?(?:مجلس|اداره|امناء|تدريس|فريق|عمل)"
)
_SHOWN = (
    r"(?:معرض|البوم|مكتبه) (?:ال)?(?:صور|اعمال|فيديو|وسايط)|المركز الاعلامي|سابقه (?:ال)?اعمال(?:نا)?"
    r"|روابط (?:مهمه|مفيده)|مواقع (?:مهمه|مفيده|صديقه)|دليل (?:ال)?(?:هاتف|هواتف|موظفين|مواقع)"
    r"|شركاء (?:ال)?نجاح|ماذا قالوا عنا|قالوا عنا|اراء (?:و\w+ )?(?:ال)?(?:عملاء|عملاينا|زوار)"
)
_ENGLISH = (
    r"(?:our |the |meet (?:our |the )?)?(?:team|staff|people|board(?: members| of directors)?|services|projects"
    r"|programs|partners|clients|courses|events|portfolio|gallery|testimonials|reviews|careers|jobs|news|institutes)"
)
_TITLE = re.compile(
    rf"(?:احدث |اخر |كل |جميع |قايمه )?(?:ال)?(?:{_WHAT})(?: و(?:ال)?(?:{_WHAT}))?(?: (?:ال)?متاحه)?"
    rf"|{_OURS}|{_PEOPLE}|{_SHOWN}|{_ENGLISH}"
)
_PATH = re.compile(
    r"/(?:our[-_]?)?(?:team|staff|board(?:[-_ ]?members)?|members|services|projects|portfolio|works?|programs|courses"
    r"|events|careers|jobs|vacancies|partners|clients|testimonials|reviews|gallery|photos|videos|products|publications"
    r"|institutes|news|directory|telephone[-_]?book|links|important[-_]?links|competitions|tenders|ads"
    r"|media[-_]?(?:center|centre|library)|download[-_]?center"
    r"|(?:news|ads|events|videos|courses|programs|projects|members)[-_]?list"
    r"|(?:ال)?(?:خدمات|مشاريع|دورات|برامج|فعاليات|وظائف|أخبار|اخبار|مقالات|تدوينات|مدونة|منتجات)"
    r"|خدماتنا|أعمالنا|اعمالنا|فريقنا|مشاريعنا|منتجاتنا|فريق[-_]العمل|معرض[-_](?:الصور|الأعمال))(?:\.\w+)?/?$",
    re.IGNORECASE,
)
_TEXTS = re.compile(r"/(?:posts?|blog|articles?|news|story|stories|\d{4})/", re.IGNORECASE)
_FRONT = re.compile(
    r"(?:/(?:[a-z]{2}/)?(?:(?:index|home|default|main|[a-z]{2})\.\w+)?|/[a-z]{2})?", re.IGNORECASE
)
_FIELD = re.compile(
    r"(?:ال)?(?:اسم|بريد|هاتف|جوال|رساله|جنسيه|موضوع|عنوان)(?:ك|كم)?(?: (?:ال)?(?:اول|اخير|كامل|ثلاثي|الكتروني))?$"
    r"|(?:ال)?(?:اسم|رقم|تاريخ|بيانات|معلومات)"
    r" (?:ال)?(?:مستخدم|اول|عايله|جوال|هاتف|هويه|ميلاد|حساب|شخصيه|تواصل|اتصال|عميل|جهه)"
    r"|هذا الحقل|(?:ادخل|ادخلي|اختر|اختاري|يرجي (?:اختيار|ادخال)|حدد) (?:\w+ )?\w+$"
    r"|كلمه (?:ال)?(?:مرور|سر)|تاكيد كلمه|رفع ملف"
    r"|(?:(?:first|last|full|your) )?(?:name|e ?mail|phone|mobile|message|password|subject)$"
)
_NAMED = re.compile(r"(?:^|[\s_-])(?:name|title|heading|head)(?:$|[\s_-])")
_HEADINGS = frozenset(("h2", "h3", "h4", "h5", "h6", "dt", "strong", "b", "summary"))


def is_titled_as_list(title: str) -> bool:
    """Return whether a title, or its part before a site's name, is what lists are called: "our team", "courses"."""
    parts = [part for part in SEPARATOR.split(title)[:2] if part.strip()]
    return any(_TITLE.fullmatch(folded(part)) for part in (title, *parts[:1]))


def is_list_address(url: str) -> bool:
    """Return whether an address ends with what lists are called, and does not stand among posts."""
    path = plain_path(url)
    return bool(_PATH.search(path)) and not _TEXTS.search(path)


def is_front_page(url: str) -> bool:
    """Return whether an address is that of a site's first page, in whichever language."""
    address = urlsplit(url)
    return not address.query and bool(_FRONT.fullmatch(plain_path(url)))


def is_form(page: Page, main: MainText) -> bool:
    """Return whether a text is the names of a form's fields, by their elements or by their words."""
    lines = [page.lines.lines[index] for index in main.kept]
    if not lines or max(len(line.text) for line in lines) > MAX_FIELD_CHARS:
        return False
    fields = sum(_is_label(line.element) or bool(_FIELD.match(folded(line.text))) for line in lines)
    return fields >= max(MIN_FIELDS, MIN_FIELDS_SHARE * len(lines))


def _is_label(element: HtmlElement) -> bool:
    if next(element.iter("label"), None) is not None:
        return next(element.iterancestors("form"), None) is not None
    return any(above.tag == "label" for above in element.iterancestors("label", "form"))


def has_cards(page: Page, main: MainText) -> bool:
    """Return whether most of a text stands in cards of one make: a name each, and a line or two about its bearer."""
    if not main.kept:
        return False
    shown = frozenset(main.kept)
    cards: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for element, (start, end) in page.lines.spans.items():
        within = main.first - 1 <= start and end <= main.last + 2
        if within and MIN_CARD_LINES <= end - start <= MAX_CARD_LINES and _is_card(page, start, end):
            cards[place(element)].append((start, end))
    return any(len(spans) >= MIN_CARDS and _fill(page, spans, shown) for spans in cards.values())


def _fill(page: Page, spans: list[tuple[int, int]], shown: frozenset[int]) -> bool:
    """Return whether cards are most of a text, and what stands above the first is no text of its own."""
    whole = sum(len(page.lines.lines[index].text) for index in shown)
    first = min(start for start, _ in spans)
    above = sum(len(page.lines.lines[index].text) for index in shown if index < first)
    little = above <= max(MAX_ABOVE_CHARS, MAX_ABOVE_SHARE * whole)
    return little and _chars(page, spans, shown) >= MIN_CARDS_SHARE * whole


def _chars(page: Page, spans: list[tuple[int, int]], shown: frozenset[int]) -> int:
    lines = page.lines.lines
    return sum(len(lines[index].text) for span in spans for index in range(*span) if index in shown)


def _is_card(page: Page, start: int, end: int) -> bool:
    """Return whether some lines are a name in a heading, first or second, and little more."""
    lines = page.lines.lines[start:end]
    if sum(len(line.text) for line in lines) > MAX_CARD_CHARS:
        return False
    return any(_is_name(line.element) and len(line.text) <= MAX_NAME_CHARS for line in lines[:2])


def _is_name(element: HtmlElement) -> bool:
    inner = element[0] if len(element) == 1 and not (element.text or "").strip() else None
    tags = {element.tag, inner.tag if inner is not None else ""}
    return bool(tags & _HEADINGS) or bool(_NAMED.search(names_of(element).lower()))
