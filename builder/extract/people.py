"""Names in bylines: what is a person, what an agency, what a place."""

from __future__ import annotations

import re
from dataclasses import dataclass

from builder.extract.wording import OUTLET, folded
from builder.markup import squeeze

_AGENCIES = """
واس|وأس|رويترز|أ ف ب|اف ب|فرانس برس|فرانس بريس|وكالة فرانس برس|د ب أ|د ب ا|الألمانية|ي ب أ|ي ب ا
يو بي آي|يو بي اي|أ ب|ا ب|أسوشيتد برس|أسوشييتد برس|اسوشيتدبرس|بترا|وام|كونا|قنا|بنا|سبأ|سانا
أ ش أ|ا ش ا|شينخوا|الأناضول|وفا|معا|صفا|واج|وات|وال|و م ع|إرنا|ايرنا|تسنيم|مهر|إيفي|نوفوستي
سبوتنيك|تاس|بي بي سي|سي إن إن|سي ان ان|دويتشه فيله|روسيا اليوم|وكالات|الوكالات|وكالات الأنباء
وكالة الأنباء|مواقع|متابعات|متابعة|تغطية|خاص|خاصة|مراسلنا|المحرر|محرر|التحرير|هيئة التحرير
أسرة التحرير|إدارة التحرير|إدارة الموقع|فريق التحرير|قسم الأخبار|غرفة الأخبار|مكتب|صحف|مصادر|cnn
bbc|afp|reuters|ap|dpa|upi|efe|xinhua|anadolu|agencies|admin|administrator|webmaster|editor
staff|خبر صحفي|بيان صحفي|رئيس التحرير|الإدارة|المدير|المشرف|مدير الموقع|أدمن
"""
_PLACES = """
الرياض|جدة|مكة المكرمة|مكة|المدينة المنورة|المدينة|الدمام|الطائف|أبها|تبوك|بريدة|حائل|جازان
جيزان|نجران|الأحساء|الخبر|الجبيل|ينبع|القصيم|عرعر|سكاكا|الباحة|عسير|القاهرة|الإسكندرية|الجيزة
أسوان|الأقصر|المنصورة|طنطا|بورسعيد|السويس|الإسماعيلية|أسيوط|سوهاج|دمياط|دمشق|حلب|حمص|حماة
اللاذقية|درعا|إدلب|الرقة|دير الزور|بيروت|طرابلس|صيدا|صور|بعلبك|عمان|عمّان|إربد|الزرقاء|العقبة
الكرك|السلط|معان|القدس|القدس المحتلة|رام الله|غزة|نابلس|الخليل|بيت لحم|جنين|حيفا|يافا|الناصرة
بغداد|البصرة|الموصل|أربيل|السليمانية|كركوك|النجف|كربلاء|الأنبار|ديالى|الكويت|المنامة|الدوحة
أبوظبي|أبو ظبي|دبي|الشارقة|عجمان|رأس الخيمة|الفجيرة|العين|مسقط|صلالة|صنعاء|عدن|تعز|الحديدة
المكلا|الخرطوم|أم درمان|جوبا|بنغازي|مصراتة|تونس|صفاقس|سوسة|القيروان|الجزائر|وهران|قسنطينة|عنابة
الرباط|الدار البيضاء|فاس|مراكش|طنجة|أكادير|مكناس|وجدة|تطوان|نواكشوط|مقديشو|جيبوتي|موروني|أنقرة
إسطنبول|اسطنبول|طهران|لندن|باريس|برلين|روما|مدريد|بروكسل|جنيف|فيينا|لاهاي|أمستردام|ستوكهولم
أوسلو|كوبنهاغن|أثينا|موسكو|واشنطن|نيويورك|لوس أنجلوس|شيكاغو|بوسطن|تورونتو|مونتريال|أوتاوا|بكين
طوكيو|سيول|نيودلهي|إسلام آباد|كابول|كراتشي|دكا|جاكرتا|كوالالمبور|سنغافورة|مانيلا|سيدني|كانبيرا
لاغوس|أبوجا|نيروبي|أديس أبابا|جوهانسبرغ|داكار|كانو|آستنة|السعودية|مصر|سوريا|سورية|لبنان|الأردن
فلسطين|العراق|اليمن|السودان|ليبيا|المغرب|موريتانيا|الصومال|قطر|البحرين|الإمارات|تركيا|إيران
عواصم|العواصم
"""


def _folded_set(rows: str) -> frozenset[str]:
    return frozenset(folded(name) for row in rows.splitlines() for name in row.split("|") if name.strip())


AGENCIES = _folded_set(_AGENCIES)
"""Agencies, desks and accounts that sign without a person, folded."""

PLACES = _folded_set(_PLACES)
"""Cities and countries that begin a byline, folded."""

_GIVEN = """
محمد|أحمد|محمود|علي|حسن|حسين|عمر|عثمان|خالد|سعيد|سعد|سالم|سامي|سمير|صالح|صلاح|طارق|طه|عادل|عامر|عباس|عبد|عبدالله|عبدالرحمن
عبدالعزيز|عبدالكريم|عبدالقادر|عبداللطيف|عبدالحميد|عبدالوهاب|عدنان|عصام|عماد|فؤاد|فاروق|فاضل|فهد|فيصل|كاظم|كامل|كريم|كمال|ماجد
مازن|مالك|مجدي|مروان|مصطفى|معاذ|منصور|منير|مهدي|موسى|ناصر|نبيل|نزار|هاشم|هاني|هشام|وائل|وليد|ياسر|ياسين|يحيى|يوسف|يونس|إبراهيم
إسماعيل|إسحاق|أنس|أنور|أيمن|إياد|باسم|بدر|بسام|بشار|بلال|توفيق|جابر|جاسم|جعفر|جلال|جمال|جميل|جواد|حاتم|حازم|حامد|حمد|حمزة|حميد
حيدر|راشد|رامي|رشيد|رضا|رياض|زكريا|زياد|زيد|سلطان|سلمان|سليم|سليمان|سيف|شاكر|شريف|شوقي|صادق|صبحي|ضياء|غازي|غسان|فادي|فارس|فتحي
فراس|فريد|قاسم|قيس|لؤي|مؤيد|مبارك|محسن|مراد|مشعل|معن|مكرم|نادر|نجيب|نضال|نعيم|نور|نواف|هادي|هيثم|فاطمة|عائشة|مريم|زينب|خديجة
سلمى|ليلى|منى|هدى|نادية|سميرة|سعاد|سناء|رنا|ريم|رانيا|دينا|داليا|هبة|هند|نهى|نجلاء|أمل|أميرة|إيمان|أسماء|آمنة|بشرى|ثريا|جميلة
حنان|خلود|دعاء|رحاب|رشا|زهراء|سارة|سحر|سوسن|شيماء|عبير|علياء|غادة|فدوى|لبنى|لمياء|مها|ميساء|ندى|نوال|هالة|وفاء|ياسمين|جورج|إلياس
ميشال|بطرس|حنا|أنطوان|إدوارد|ألبير|أبو|ابن|بن|آل
"""
_SECTIONS = """
منوعات|متفرقات|سياسة|رياضة|اقتصاد|ثقافة|فن|فنون|محليات|أخبار|الأخبار|تكنولوجيا|تقنية|علوم|صحة|مجتمع|حوادث|دين|إسلاميات|تعليم
مقالات|آراء|رأي|تقارير|تحقيقات|حوارات|دوليات|عربي|عربية|عالمي|سياحة|طب|أسرة|مرأة|سيارات|غير مصنف|عام
uncategorized|news|sports
"""
_LANGUAGES = """
العربية|عربي|english|français|francais|español|deutsch|italiano|português|türkçe|русский|فارسی|עברית|中文|اردو|کوردی|kurdî
الإنجليزية|الفرنسية|en|ar|fr
"""
_WEEKDAYS = """
السبت|الأحد|الاثنين|الإثنين|الثلاثاء|الأربعاء|الخميس|الجمعة|اليوم|أمس|saturday|sunday|monday|tuesday|wednesday|thursday|friday|today
"""
WEEKDAYS = _folded_set(_WEEKDAYS)
"""Days, folded: what is left of a date line without its digits."""

LANGUAGES = _folded_set(_LANGUAGES)
"""Names of languages, folded: links to translations stand where bylines do."""

SECTIONS = _folded_set(_SECTIONS) | {f"ال{name}" for name in _folded_set(_SECTIONS)}
"""Names of sections, folded: some systems print one where a byline stands."""

NOBODY = PLACES | SECTIONS | LANGUAGES | WEEKDAYS
"""What stands where names do and is none."""

GIVEN = _folded_set(_GIVEN)
"""Common given names and parts of names, folded: a line without a label is a byline only if it holds one."""

MAX_NAME_WORDS = 9
"""Most words of one byline's people."""

MAX_PEOPLE = 3
"""Most people named as authors of one text."""

MAX_DATELINE_WORDS = 9
"""Most words of a line of place and name."""

MAX_BYLINE_CHARS = 120
"""Longest line that is read as a byline."""

MAX_WRITTEN_WORDS = 8
"""Most words of a line "wrote" and a name or two, without a sign between them."""

MIN_JOINED_CHARS = 4
"""Longest word with "and" before it that may be a name of its own."""

_WROTE = frozenset(("كتب", "كتبت"))

_LABELS = """
بقلم|قلم|كتبت بواسطة|كتبه|كتبها|كتبت|كتب|مرسلة بواسطة|مرسله بواسطة|نشر بواسطة|نشرت بواسطة|نشره
أضيف بواسطة|أرسل بواسطة|بواسطة|بواسطه|كاتب المقالة|كاتب المقال|اسم الكاتب|الكاتبة|الكاتب|تأليف|المؤلف|إعداد
اعداد|أعده|أعدته|أعدها|أجرى الحوار|أجرت الحوار|حاوره|حاورته|حاورها|حوار|تحقيق|تقرير|ترجمة|ترجمه
المحرر|مقال لـ|مقال بقلم|رأي|شعر|قصة|خاطرة|كلمات|written by|posted by|by|author|von
"""
LABEL = re.compile(
    r"^[\s*•\-–—(\[]*(?P<label>(?:"
    + "|".join(_LABELS.replace("\n", "|").strip("|").split("|"))
    + r")(?:\s*[:/\\\-–—|]+\s*|\s+(?=\S)))",
    re.IGNORECASE,
)
"""Words that open a byline. Those that are common words of a sentence count only with a sign behind them."""

_LABEL_BEHIND_DATE = re.compile(
    r"^[^.!؟]*\d[^.!؟]*[\s|•·،,\-–—](?P<label>(?:بقلم|كتبت|كتب|بواسطة|الكاتبة|الكاتب)\s*[:/\-–—|]*\s*)(?=\S)"
)
_WEAK_LABEL = re.compile(
    r"^\W*(?:شعر|قصة|خاطرة|كلمات|رأي|حوار|تقرير|تحقيق|المحرر|نشره|كتب|كتبت|الكاتب|الكاتبة|ترجمة|ترجمه|by|von|author)\s+\w",
    re.IGNORECASE,
)
_WRITES = re.compile(r"(?P<name>[^\d:؟?!،,.]*(?:د\.\s*)?[^\d:؟?!،,.]+?)\s+(?:يكتب|تكتب)\s*(?:[:؛\-–—.]|$)")
_PHOTOS = re.compile(r"\s+(تصوير|عدسة|عدسه)$")
_SPLIT = re.compile(r"\s*(?:[–—/\\|،,:؛;•·]|(?<![A-Za-z])-|-(?![A-Za-z]))+\s*|\s*ـ+\s+|\s+ـ+\s*|[()\[\]{}]")
_WHEN = re.compile(r"\s+(?:في|بتاريخ|يوم|منذ|الساعة|on)\s.*\d.*$")
_HONORIFIC = re.compile(
    r"(?:أ\.?\s?)?(?:د|أ|م)\s?[./]\s?|(?:الدكتور|الدكتورة|الأستاذ|الأستاذة|المهندس|الشيخ)\s"
)
_DIGIT = re.compile(r"\d")
_STOP = re.compile(
    r"(?:^|\s)(?:في|من|الي|عن|ان|التي|الذي|هذا|هذه|ما|لا|لم|كان|بعد|قبل|منذ|اليوم|امس|دقيقه|دقايق|ساعه"
    r"|قراءه|تعليق|تعليقات|مشاهده|سجل|الان"
    r"|المزيد|الرييسيه|طباعه|ارسال|مشاركه|نشر|تحديث|اخر|عدد|http|www|com)(?:\s|$)"
)
_SENTENCE = re.compile(r"[؟?!;؛«»\"\d]|[.،:]\s+\S+\s+\S+\s+\S")
_ROLE = re.compile(
    r"(?:رييس|مدير|نايب|مسوول|كاتب|باحث|خبير|مستشار|موسس|محلل|صحفي|صحافي|مراسل|محرر|عضو|محاضر|استاذ|مهندس|طبيب|شريك)"
    r"(?:ه|ة)?\s"
)
_NOISE = re.compile(
    r"^[\s*•.:،\-–—\"'«»]*@(?=[\u0621-\u064a])|^[\s*•.:،\-–—\"'«»]+|[\s*•:،\-–—\"'«»]+$|\(\s*زائر\s*\)"
)


@dataclass(frozen=True, slots=True)
class Byline:
    """Who signed: a person or people as printed, or, when no person did, the agency."""

    name: str
    kind: str


def read_byline(text: str, sites: frozenset[str] = frozenset()) -> Byline | None:
    """Return who signs a byline: "Amman - Petra - Name" gives the name; None when only a place stands there.

    `sites` are the site's own names, folded; a byline of the site itself is an outlet's.
    """
    pieces = (_NOISE.sub("", piece).strip() for piece in _SPLIT.split(squeeze(text)))
    parts = [part for part in pieces if part and not _DIGIT.search(part)]
    named = [name for part in _without_photographers(parts) if (name := _without_place(part))]
    people = [name for name in named if is_person(name, sites)]
    if len(parts) > 1:
        people = [name for name in people if " " in name] or people
        people = [*people[:1], *(name for name in people[1:] if not _ROLE.match(folded(name)))]
    if people:
        return Byline(" و".join(dict.fromkeys(people[:MAX_PEOPLE])), "person")
    outlets = [name for name in named if is_agency(name, sites)]
    if not outlets and len(parts) > 1 and any(folded(parts[-1]) in site.split() for site in sites):
        outlets = parts[-1:]
    return Byline(outlets[-1], "agency") if outlets else None


def _without_photographers(parts: list[str]) -> list[str]:
    """Leave out "photos by" and whoever stands behind it, also where no sign stands before the words."""
    parts = [piece for part in parts for piece in _PHOTOS.split(part) if piece]
    photos = [i for i, part in enumerate(parts) if folded(part) in ("تصوير", "عدسه", "photo", "photos")]
    return [part for i, part in enumerate(parts) if i not in photos and i - 1 not in photos]


def _without_place(part: str) -> str | None:
    """Return a part of a byline without the place it begins with; None when it is nothing but a place."""
    words = part.split()
    for size in (3, 2, 1):
        if folded(" ".join(words[:size])) in PLACES and len(words) >= size:
            rest = " ".join(words[size:])
            if not rest:
                return None
            return rest if len(words) - size >= 2 or folded(rest) in AGENCIES else part
    return part


def is_agency(name: str, sites: frozenset[str] = frozenset()) -> bool:
    """Return whether a name is that of an agency, a desk, a team or the site itself."""
    words = folded(name.replace(".", " "))
    return words in AGENCIES or words in sites or bool(OUTLET.match(words))


def is_person(name: str, sites: frozenset[str] = frozenset()) -> bool:
    """Return whether a text can be the name of a person: few words, no digits, no sentence, no agency, no place."""
    plain = folded(name)
    words = plain.split()
    if not words or len(words) > MAX_NAME_WORDS or _DIGIT.search(name) or "@" in name or len(plain) < 2:
        return False
    if plain in NOBODY:
        return False
    return not is_agency(name, sites) and not _STOP.search(plain)


def is_plainly_a_name(text: str) -> bool:
    """Return whether a line with nothing to label it is a name: two to five words, one of them a given name."""
    words = folded(text).split()
    honoured = bool(_HONORIFIC.match(text.strip()))
    if not 2 <= len(words) <= 5 + honoured or not is_person(text) or re.search(r"[^\w\s.’'ـ]", text):
        return False
    if words[0] in _WROTE:
        return False
    return honoured or any(word in GIVEN or word.startswith("عبدال") for word in words)


def is_dateline(text: str) -> bool:
    """Return whether a short line begins with a place, or is a word, a dash and a name: "Amman - Petra"."""
    words = text.split()
    if len(words) > MAX_DATELINE_WORDS or _SENTENCE.search(text):
        return False
    parts = [part.strip() for part in _SPLIT.split(text) if part.strip()]
    begins = (
        any(folded(" ".join(parts[0].split()[:size])) in PLACES for size in (1, 2, 3)) if parts else False
    )
    if begins:
        return len(parts) > 1 or len(words) <= 5
    return len(parts) == 2 and len(parts[0].split()) == 1 and is_plainly_a_name(parts[1])


def labelled(text: str, *, named: bool = False) -> str | None:
    """Return what stands behind a byline's label ("بقلم: …", "كتب - …"), or None when there is no label.

    `named`: the text is known for a byline, so that a common word may be its label without a sign behind it.
    """
    if len(text) > MAX_BYLINE_CHARS:
        return None
    match = LABEL.match(text) or _LABEL_BEHIND_DATE.match(text)
    if match is None or (
        not named and _WEAK_LABEL.match(text) and not re.search(r"[:/\\\-–—|]", match["label"])
    ):
        return None
    behind = _WHEN.sub("", text[match.end() :]).strip()
    if not behind or _goes_on(match["label"], behind):
        return None
    return labelled(behind, named=True) or behind


def _goes_on(label: str, behind: str) -> bool:
    """Return whether a label without a sign is the first word of a phrase: "preparation and revision of contracts"."""
    first = behind.split()[0]
    joined = first.startswith("و") and len(first) > MIN_JOINED_CHARS and folded(first) not in GIVEN
    return not re.search(r"[:/\\\-–—|]", label) and (joined or behind.endswith("."))


def written_by(text: str) -> str | None:
    """Return the names of a line that is nothing but "wrote" and who did, without a sign between; None for others.

    Such a line is also how a sentence may begin: it is for the caller to know that it stands where bylines do.
    """
    words = text.split()
    if not 3 <= len(words) <= MAX_WRITTEN_WORDS or folded(words[0]) not in _WROTE:
        return None
    if "،" in text or _SENTENCE.search(text):
        return None
    behind = text[len(words[0]) :].strip()
    parts = [part for part in _SPLIT.split(behind) if part.strip()]
    named = all(is_person(part) and not part.strip().startswith("ال") for part in parts)
    return behind if named and all(len(part.split()) <= 4 for part in parts) else None


def writer_in_title(title: str) -> str | None:
    """Return the name before "writes:" in the title of an opinion; None for other titles."""
    match = _WRITES.match(title.strip())
    if match is None or not 2 <= len(match["name"].split()) <= 5 or not is_person(match["name"]):
        return None
    return match["name"].strip()
