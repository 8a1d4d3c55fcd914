"""Words by which Arabic pages name their own furniture, and the form in which words are compared.

The lists hold what Arabic sites of any maker print: headings of related lists, share and rating bars, comment
policies, cookie notices, copyright lines. They name no site.
"""

from __future__ import annotations

import re
from functools import lru_cache

from builder.texts import only_words

_DROPPED = re.compile(
    "[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
_LETTERS = tuple(zip("أإآٱىیئکةۀ", "اااايييكهه", strict=True))
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_DIGIT = re.compile("[٠-٩۰-۹]")
_WORD = re.compile(r"[^\W_]+")


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """Return `text` for comparison: marks dropped, letter variants joined, digits ASCII, signs as single spaces."""
    return " ".join(_WORD.findall(_plain(text)))


def folded_lines(text: str) -> str:
    """Return a text with `folded` of each line in its place, at a third of the cost of line by line."""
    return only_words(_plain(text))


def _plain(text: str) -> str:
    text = _DROPPED.sub("", text)
    for letter, plain in _LETTERS:  # a search for each is a third of the cost of one table for all
        if letter in text:
            text = text.replace(letter, plain)
    if _DIGIT.search(text):
        text = text.translate(_DIGITS)
    return text.lower()


def _starts(words: str) -> re.Pattern[str]:
    """Return a pattern that matches folded text beginning with one of the phrases, one phrase a line."""
    phrases = sorted({folded(line) for line in words.splitlines() if line.strip()}, key=len, reverse=True)
    return re.compile("(?:" + "|".join(map(re.escape, phrases)) + r")(?:\s|$)")


HEADING = _starts("""
مواضيع مشابهة
مواضيع ذات صلة
مواضيع ذات علاقة
مواضيع متعلقة
مواضيع مرتبطة
مواضيع قد تهمك
منتجات ذات صلة
منتجات مشابهة
مواضيع أخرى
موضوعات ذات صلة
موضوعات متعلقة
موضوعات مشابهة
موضوعات أخرى
مقالات ذات صلة
مقالات مشابهة
مقالات متعلقة
مقالات أخرى
مقالات مقترحة
مقالات الكاتب
أخبار ذات صلة
أخبار ذات علاقة
أخبار متعلقة
أخبار مشابهة
أخبار أخرى
أخبار مرتبطة
تدوينات مشابهة
تدوينات ذات صلة
ذات صلة
قصص مقترحة
قصص ذات صلة
قد يعجبك
قد يعجبكم
قد يهمك
قد يهمكم
ربما يعجبك
ربما يهمك
ربما تود
اقرأ أيضا
اقرأوا أيضا
إقرأ أيضا
اقرأ كذلك
اقرأ المزيد
إقرأ المزيد
اقرأ في
شاهد أيضا
شاهدوا أيضا
شاهد المزيد
طالع أيضا
انظر أيضا
أنظر أيضا
المزيد حول
المزيد من
المزيد عن
الأكثر قراءة
الأكثر مشاهدة
الأكثر تعليقا
الأكثر تصفحا
الأكثر تداولا
الأكثر رواجا
الأكثر شعبية
الأكثر زيارة
آخر الأخبار
آخر المقالات
آخر المواضيع
آخر التعليقات
أحدث الأخبار
أحدث المقالات
أحدث المواضيع
أحدث التعليقات
معلومات المقال
المنشورات الأخيرة
المواضيع الأخيرة
المقالات الأخيرة
أهم الأخبار
الأخبار الرئيسية
روابط ذات صلة
روابط مشابهة
نقترح لك
نرشح لك
اخترنا لك
اخترنا لكم
يستحق الانتباه
تصفح أيضا
تابع أيضا
من نفس القسم
في نفس السياق
المقال السابق
المقال التالي
الموضوع السابق
الموضوع التالي
الخبر السابق
الخبر التالي
الصفحة السابقة
الصفحة التالية
شارك الموضوع
شارك المقال
شارك الخبر
شارك هذا
شارك على
شاركها
أضف تعليق
أضف تعليقك
أضف تعليقا
إضافة تعليق
اترك تعليق
اترك تعليقا
اترك تعليقك
اترك ردا
اترك رد
اكتب تعليق
اكتب تعليقك
شارك برأيك
شاركنا رأيك
تعليقات القراء
تعليقات الزوار
كل التعليقات
الشبكات الاجتماعية
related posts
related post
related articles
recent posts
recent articles
latest posts
latest articles
popular posts
read also
read more
you may also like
see also
most read
share this
leave a comment
leave a reply
""")
"""Openings of a block that is not the article: related lists, share bars, comment forms."""

LINE = _starts("""
رابط الخبر
رابط المقال
رابط الموضوع
رابط مختصر
رابط دائم
الرابط المختصر
الرابط الدائم
الرابط المختصر للمقال
جميع الحقوق محفوظة
كل الحقوق محفوظة
حقوق النشر محفوظة
جميع حقوق النشر
جميع حقوق المؤلف
قيم هذا
قيم الموضوع
قيم المقال
تقييم المقال
تقييم القراء
كلمات مفتاحية
كلمات دلالية
كلمات البحث
الكلمات المفتاحية
الكلمات الدلالية
الوسوم
وسوم
تاغات
طباعة
نسخة للطباعة
إطبع
اطبع
أرسل لصديق
ارسل الى صديق
أرسل إلى صديق
إرسال إلى صديق
أرسل هذا
أرسل المقال
أرسل الموضوع
أرسل الخبر
أخبر صديقك
أضف إلى المفضلة
حفظ طباعة
حجم الخط
تكبير الخط
نسخ الرابط
تابعنا على
تابعونا على
تابعونا عبر
تابعوا صفحتنا
انضم إلى قناتنا
انضموا إلى قناتنا
اشترك في النشرة
اشترك في القناة
اشترك الآن في
عدد القراءات
عدد المشاهدات
عدد الزيارات
عدد التعليقات
عدد التقييمات
عدد القراء
مشاركة عبر
مشاركة على
شارك
التعليقات
تخطى
تخطي
مدة القراءة
وقت القراءة
زمن القراءة
عدل هذه الصفحة
هل كان المقال مفيدا
هل كان هذا المقال مفيدا
هل وجدت المقال مفيدا
العودة إلى المدونة
العودة إلى المقالات
العودة إلى الأخبار
العودة للمدونة
العودة للمقالات
reading time
edit this page
copyright
all rights reserved
""")
"""Openings of a line, itself short, that is the page speaking of itself."""

NOTICE = re.compile(
    r"(?:تعليقات|اراء|مقالات|مشاركات|مواد)\b.{0,60}\bلا تعبر|لا تعبر? .{0,30}\bعن (?:راي|وجهه نظر"
    r"|موقف) (?:اداره |هييه )?"
    r"(?:ال|لل)?(?:موقع|صحيفه|جريده|شبكه|تحرير|مدونه|منتدي|قناه|وكاله|ناشر|اداره|بالضروره)"
    r"|مراجعه التعليقات|(?:سياسه|شروط|قواعد|ضوابط|بروتوكول) (?:نشر )?التعليق"
    r"|(?:ملفات (?:تعريف )?(?:ال)?ارتباط|cookies|كوكيز).{0,120}(?:خصوصيه|نستخدم|يستخدم|موافق|تقبل)"
    r"|(?:خصوصيه).{0,120}(?:ملفات (?:تعريف )?(?:ال)?ارتباط|cookies)"
    r"|(?:محتوي|مقال|ماده|خدمه)(?: \w+){0,2} (?:للمشتركين|لمشتركي)"
    r"|يحظر (?:نقل|نسخ|اعاده نشر)|لا يسمح بالاقتباس|^هذا (?:الخبر|المقال|الموضوع) من موقع"
    r"|(?:تفعيل|enable|دعم) (?:ال)?(?:javascript|جافا ?سكريبت)|(?:انتهاء|انتهت) (?:ال)?(?:فتره"
    r"|مده) (?:ال)?(?:محدده|تعليق)"
)
"""Notices of a site to its readers: whose opinion comments are, cookies, rights of copying, log in."""

_NOTICE_SIGNS = (
    *("لا تعب", "التعليق", "ارتباط", "cookies", "كوكيز", "مشترك", "يحظر", "لا يسمح", "هذا "),
    *("javascript", "جافا", "انتها", "انتهت"),
)
"""Of these stands one in every line in which `NOTICE` is found: to look for them takes a fifth of the time."""


def is_notice(words: str) -> bool:
    """Return whether a folded line is a site's notice to its readers."""
    return any(map(words.__contains__, _NOTICE_SIGNS)) and NOTICE.search(words) is not None


_TRAIL = re.compile(r"\s*(?:الصفحة الرئيسية|الرئيسية|Home)\s*[/>»›|←\\]")
_TRAIL_WORDS = ("الرييسيه", "الصفحه الرييسيه", "home")


def is_trail(text: str, words: str) -> bool:
    """Return whether a line says where on its site a page stands; `words` is the line folded."""
    return words.startswith(_TRAIL_WORDS) and _TRAIL.match(text) is not None


MAX_LINE_CHARS = 90
"""Longest line that `LINE` may take out."""

MAX_NOTICE_CHARS = 420
"""Longest line that `NOTICE` may take out."""

MAX_HEADING_CHARS = 60
"""Longest line that can head a block of furniture."""

ERROR = re.compile(
    r"(?:ال)?صفحه (?:\w+ ){0,3}(?:غير موجوده|لم تعد موجوده|غير متوفره|غير متاحه|لا توجد)|لا يمكن العثور علي"
    r"|لم يتم العثور علي|لم نتمكن من العثور|لا يوجد ما تبحث|غير موجود(?:ه)?$|خطا 404|404 (?:not found"
    r"|error)|^404$|^404 "
    r"|page not found|not found$|error 404|هذا (?:المقال|الموضوع|الخبر) (?:غير موجود|محذوف|لم يعد)"
    r"|تم حذف (?:هذا |هذه )?"
    r"(?:الموضوع|المقال|الصفحه|المشاركه)|حدث خطا|عذرا (?:\w+ ){0,4}(?:غير موجود|لا يوجد|لم نجد|غير متاح)"
    r"|الخدمه غير متوفره|access denied|forbidden$|service unavailable|internal server error|just a moment"
)
"""Titles of pages that say there is no page."""

REFUSAL = re.compile(
    r"^(?:تسجيل (?:ال)?دخول|تسجيل دخول|رساله اداريه|لحظه من فضلك|log ?in$|sign ?in$|attention required)"
    r"|^(?:انشاء|تسجيل|فتح) (?:ال)?(?:حساب|عضويه|عضو|مستخدم)(?: (?:ال)?جديده?)?$|^(?:sign ?up|register)$"
    r"|(?:^|\s)تسجيل الدخول$|^(?:عفوا|عذرا)? ?(?:انت )?غير مسجل|ليس لديك صلاحيه"
    r"|^(?:يجب|عليك) (?:عليك )?(?:ان تسجل|تسجيل)"
    r"|(?:جار|جاري|نحتاج الي|يرجي|يتم) ال?(?:تحقق|تاكد) (?:من|مما) (?:انك|اذا كنت|كونك|انكم|ان الاتصال|اتصالك|متصفحك)"
    r"|انك لست (?:روبوت|برنامج)|(?:verify|checking) (?:you are|that you are|if the site|your browser)"
)
"""Openings of pages that ask the reader to log in or to prove that they are a person, in title or first line."""

LISTING = re.compile(
    r"(?:(?:ال)?وسم|التصنيف|تصنيف|(?:ال)?ارشيف|نتايج (?:ال)?بحث|قايمه (?:ال)?(?:اعضاء|مواضيع|مقالات)"
    r"|عرض (?:ال)?(?:تسميه|تسميات|مشاركات)|رسايل (?:ذات تسميه|تصنيف)"
    r"|(?:كل |جميع )?مقالات (?:مصنفه|موسومه|(?:ال)?كاتبه?|للكاتبه?)"
    r"|(?:كل |جميع )?(?:ال)?(?:وسوم|تصنيفات)|search results|tags?|category|categories|archives?)(?:\s|$)"
)
"""Beginnings of the titles of lists: tags, categories, archives, search, members."""

SERVICE = re.compile(
    r"(?:اتصل|اتصلوا|تواصل|تواصلوا) (?:بنا|معنا)|(?:لل|ال)?(?:تواصل|اتصال)|(?:سله|عربه) (?:ال)?(?:تسوق|مشتريات)|السله"
    r"|اتمام (?:ال)?(?:طلب|شراء)|حسابي|(?:ال)?اشتراكات?|cart|basket|checkout|my account|subscribe|contact(?: us)?"
)
"""Titles, whole, of pages that serve a site's visitors and say nothing."""

MORE = re.compile(
    r"(?:(?:اقرا|اقراي|اقراوا|قراءه|شاهد|تابع|عرض) )?(?:ال)?(?:مزيد|تتمه|بقيه|تفاصيل|تكمله)(?: \W*)?$"
    r"|(?:اكمل|تابع|متابعه|مواصله|استمر في) (?:ال)?(?:قراءه|مقال|موضوع)|للمزيد$|read more|continue reading|more$"
    r"|(?:اقرا|اقراي|اقراوا|قراءه|افتح|عرض) (?:ال)?(?:مقال|مقاله|خبر|موضوع|تدوينه|منشور|دراسه|قصه|تقرير)$"
)
"""Links below a teaser that lead to the text itself."""

REFERENCES = re.compile(
    r"(?:قايمه )?(?:ال)?(?:مراجع|مصادر|هوامش|احالات)(?: وال(?:مراجع|مصادر|هوامش|احالات))?(?:\s|$)"
    r"|(?:references|sources|bibliography)(?:\s|$)"
)
"""Beginnings of the headings of lists of sources."""

CONTENTS = re.compile(
    r"(?:جدول |قايمه |فهرس )?(?:ال)?(?:محتويات|محتوي|فهرس)(?: (?:ال)?(?:مقال|مقاله|موضوع|صفحه))?"
    r"|(?:table of )?contents|toc"
)
"""Lines, whole, that head a table of contents."""

ABOUT_AUTHOR = re.compile(
    r"(?:(?:نبذه |لمحه |معلومات )?عن (?:ال)?(?:كاتب|كاتبه|مولف|مولفه)|كاتب(?:ه)? المقال|about the author)"
)
"""Lines, whole, that head a box about the writer."""

_THIS = (
    r"(?: (?:من |الي )?(?:ب?هذ[اه] )?(?:ب?ال)?"
    r"(?:مقال|مقاله|بحث|دراسه|صفحه|ماده|ورقه|عمل|مصدر|تدوينه|نص|تقرير|كتاب))"
)
CITATION = re.compile(
    rf"(?:كيف(?:يه)?|طريقه|صيغه) (?:ال)?(?:استشهاد|اقتباس|توثيق|تستشهد|تقتبس|توثق){_THIS}?"
    rf"|لل?(?:استشهاد|اقتباس|توثيق|اشاره){_THIS}|(?:ا?ستشهد|اقتبس){_THIS}|للاستشهاد|الاستشهاد المرجعي|توثيق المقاله?"
    r"|(?:الاقتباس|الاستشهاد) المقترح|(?:how to )?cite(?: this)?(?: (?:article|page|post|paper|work|as))?"
    r"|suggested citation|bibtex"
)
"""Lines, whole or up to a colon, that head a box which says how to cite the text."""

CALL = re.compile(
    r"(?:احجز|اطلب|اشترك|تواصل|اتصل|جرب|ابدا|استشر|احصل)(?:ي|وا)?(?: \w+){0,5}"
    r"|(?:سجل|سجلي|سجلوا) (?:الان|معنا)(?: \w+){0,3}"
)
"""Whole lines, links and nothing else, that call on the reader to buy, to book or to write."""

OUTLET = re.compile(
    r"(?:جريده|صحيفه|موقع|شبكه|وكاله|وكالات|مجله|منتديات|منتدي|مدونه|قناه|بوابه|مركز|دار|موسسه|راديو"
    r"|اذاعه|تلفزيون|مكتب|فريق|اسره|هييه"
    r"|اداره|قسم|الصفحه|الرييسيه|home|blog)(?:\s|$)"
)
"""Beginnings of the names of papers, sites, desks and teams, folded: such a name is no title and no person."""
