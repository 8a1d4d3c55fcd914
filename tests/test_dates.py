"""Dates as Arabic pages print them, and which of a page's dates is its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.extract.dates import find_modified, find_published, parse_moment
from builder.extract.dates.names import GREGORIAN, HIJRI
from builder.extract.dates.order import told_order
from builder.extract.dates.printed import find_printed
from builder.markup import parse

CAPTURED = datetime(2025, 4, 15, 10, 30, tzinfo=UTC)
ARABIC_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def instant(text: str, **options: object) -> str | None:
    """Return the instant a text names as "2024-03-05 10:20:00", or None."""
    moment = parse_moment(text, CAPTURED, **options)  # type: ignore[arg-type]
    return moment.instant.strftime("%Y-%m-%d %H:%M:%S") if moment else None


DAYS = [
    ("٣ مارس/ آذار ٢٠٢٤", "2024-03-03"),
    ("28 كانون الثاني / يناير 2018", "2018-01-28"),
    ("٢٨ تموز (يوليو) ٢٠١٨", "2018-07-28"),
    ("28 نيسان ابريل 2018", "2018-04-28"),
    ("6 كانون2 2015", "2015-01-06"),
    ("28 فيفري 2018", "2018-02-28"),
    ("12 غشت 2019", "2019-08-12"),
    ("5 جويلية 2017", "2017-07-05"),
    ("3 أوت 2017", "2017-08-03"),
    ("12 دجنبر 2018", "2018-12-12"),
    ("3 شتنبر 2018", "2018-09-03"),
    ("28 آب 2018", "2018-08-28"),
    ("3 من شهر شباط عام 2005", "2005-02-03"),
    ("أغسطس 6, 2021", "2021-08-06"),
    ("2018 أيار 28", "2018-05-28"),
    ("28-May-2018", "2018-05-28"),
    ("Feb. 28, 2018", "2018-02-28"),
    ("mercredi 28 février 2018", "2018-02-28"),
    ("14 يَنَايِر 2012م", "2012-01-14"),
    ("28 / 07 / 2018", "2018-07-28"),
    ("28.02.2018", "2018-02-28"),
    ("28\\2\\2018", "2018-02-28"),
    ("2025 / 1 / 6", "2025-01-06"),
    ("٢٨/٢/٢٠١٨م", "2018-02-28"),
    ("۲۸/۲/۲۰۱۸", "2018-02-28"),
    ("20180228", "2018-02-28"),
    ("من 1/2/2018 الى 3/2/2018", "2018-02-01"),
]


@pytest.mark.parametrize(("text", "day"), DAYS)
def test_days_are_read_in_every_tradition(text: str, day: str) -> None:
    """Maghrebi, Egyptian, Levantine, Gulf names, twins of names, digits of three kinds, every order."""
    moment = parse_moment(text, CAPTURED)
    assert moment is not None
    assert (moment.printed_day, moment.precision) == (day, "day")


HOURS = [
    ("09:15 صباحاً 2012/03/29", "2012-03-29 09:15:00"),
    ("12:54 مساءً 2012/05/01", "2012-05-01 12:54:00"),
    ("12:54 صباحا 2012/05/01", "2012-05-01 00:54:00"),
    ("(04/05/2010 08:45:16 PM)", "2010-05-04 20:45:16"),
    ("2018/7/28 - 10:20 م", "2018-07-28 22:20:00"),
    ("23 أكتوبر، 2023 في 11:20 ص", "2023-10-23 11:20:00"),
    ("الأربعاء 28 فيفري 2018 على الساعة 14:05", "2018-02-28 14:05:00"),
    ("mercredi 28 février 2018 à 14h05", "2018-02-28 14:05:00"),
    ("13 أغسطس 2018 12:00 ظهرا", "2018-08-13 12:00:00"),
    ("13 أغسطس 2018 01:00 بعد الظهر", "2018-08-13 13:00:00"),
    ("13 أغسطس 2018 11:30 ليلا", "2018-08-13 23:30:00"),
    ("13 أغسطس 2018 12:10 ليلا", "2018-08-13 00:10:00"),
    ("13 أغسطس 2018 02:30 فجرا", "2018-08-13 02:30:00"),
    ("13 أغسطس 2018 04:30 عصرا", "2018-08-13 16:30:00"),
    ("الحوار المتمدن-العدد: 8214 - 2025 / 1 / 6 - 00:14", "2025-01-06 00:14:00"),
]


@pytest.mark.parametrize(("text", "want"), HOURS)
def test_hours_are_read_before_and_behind_the_day(text: str, want: str) -> None:
    """Words for the halves and parts of the day mean what they mean on clocks of twelve hours."""
    assert instant(text) == want


ZONES = [
    ("2020-06-03T03:01+0400", "2020-06-02 23:01:00", "+04:00"),
    ("2018-02-28T14:05:10.1234567+03:00", "2018-02-28 11:05:10", "+03:00"),
    ("2018-02-28T14:05Z", "2018-02-28 14:05:00", "UTC"),
    ("Sat, 14 Jan 2012 10:00:00 GMT", "2012-01-14 10:00:00", "UTC"),
    ("Thu Apr 14 10:00:00 +0300 2022", "2022-04-14 07:00:00", "+03:00"),
    ("1519826710", "2018-02-28 14:05:10", "UTC"),
    ("1519826710123", "2018-02-28 14:05:10", "UTC"),
    ("13 أيلول 2013 - 10:30 صباحاً بتوقيت القاهرة", "2013-09-13 08:30:00", "Africa/Cairo"),
    ("28 يوليو 2018 - 05:30 بتوقيت مكة المكرمة (02:30 غرينتش)", "2018-07-28 02:30:00", "Asia/Riyadh"),
    ("السبت، 28 يوليو 2018، 05:30 ص (غرينتش)", "2018-07-28 05:30:00", "UTC"),
    ("28 يوليو 2018 10:00 GST", "2018-07-28 06:00:00", "+04:00"),
]


@pytest.mark.parametrize(("text", "want", "zone"), ZONES)
def test_zone_beside_the_time_is_given(text: str, want: str, zone: str) -> None:
    """An offset, an abbreviation that means one thing, a place behind توقيت: the instant is UTC."""
    moment = parse_moment(text, CAPTURED)
    assert moment is not None
    assert (instant(text), moment.zone, moment.zone_source) == (want, zone, "given")


def test_zone_of_the_site_is_used_and_said_so() -> None:
    """Without a zone on the page the site's counts; without that the digits stand as they are."""
    text = "28 يوليو 2018 10:00"
    known, unknown = parse_moment(text, CAPTURED, zone="Asia/Baghdad"), parse_moment(text, CAPTURED)
    assert known is not None
    assert unknown is not None
    assert (known.instant.hour, known.zone_source, known.printed_day) == (7, "site", "2018-07-28")
    assert (unknown.instant.hour, unknown.zone_source) == (10, "none")


def test_day_without_an_hour_does_not_move_with_the_zone() -> None:
    """A day, and midnight in a known zone, which systems print for want of an hour, stays that day."""
    for text in ("28 يوليو 2018", "2018-07-28T00:00:00+03:00", "28 يوليو 2018 12:00 ص"):
        moment = parse_moment(text, CAPTURED, zone="Asia/Baghdad")
        assert moment is not None
        assert (moment.instant.date(), moment.precision) == (date(2018, 7, 28), "day")


HIJRI_DATES = [
    ("١٤٤٥/٠٣/١٢هـ", "2023-09-27", "١٤٤٥/٠٣/١٢هـ"),
    ("1433-02-20", "2012-01-14", "1433-02-20"),
    ("السبت 1 رمضان 1438", "2017-05-27", "1 رمضان 1438"),
    ("12 ذو الحجة ١٤٣٦", "2015-09-25", "12 ذو الحجة ١٤٣٦"),
    ("السبت 20 صفر 1433 هـ - 14 يناير 2012م - العدد 15909", "2012-01-14", "20 صفر 1433 هـ"),
    ("16 جمادى الأولى 1434 هـ الموافق 28 آذار 2013 م", "2013-03-28", "16 جمادى الأولى 1434 هـ"),
]


@pytest.mark.parametrize(("text", "day", "hijri"), HIJRI_DATES)
def test_hijri_dates_are_converted_and_kept(text: str, day: str, hijri: str) -> None:
    """Alone by the Umm al-Qura calendar, beside a Gregorian date by that; as printed both ways."""
    moment = parse_moment(text, CAPTURED)
    assert moment is not None
    assert (moment.printed_day, moment.hijri) == (day, hijri)


def test_weekday_settles_a_hijri_day_that_sighting_moved() -> None:
    """Months began by sighting: the weekday beside a Hijri date outweighs the calendar's day by one."""
    plain, moved = parse_moment("5 محرم 1440", CAPTURED), parse_moment("الأحد 5 محرم 1440", CAPTURED)
    assert plain is not None
    assert moved is not None
    assert (plain.printed_day, moved.printed_day) == ("2018-09-15", "2018-09-16")


RELATIVE = [
    ("قبل ٣ أيام", "2025-04-12 00:00:00", "day"),
    ("منذ ثلاثة أيام", "2025-04-12 00:00:00", "day"),
    ("قبل يومين", "2025-04-13 00:00:00", "day"),
    ("4 أيام مضت", "2025-04-11 00:00:00", "day"),
    ("منذ ساعتين", "2025-04-15 00:00:00", "day"),
    ("منذ ١٥ دقيقة", "2025-04-15 10:15:00", "minute"),
    ("الآن", "2025-04-15 10:30:00", "minute"),
    ("أمس الساعة 10:20 م", "2025-04-14 22:20:00", "minute"),
    ("أول أمس", "2025-04-13 00:00:00", "day"),
    ("اليوم 09:15 ص", "2025-04-15 09:15:00", "minute"),
    ("منذ 3 أسابيع", "2025-03-25 00:00:00", "month"),
    ("قبل سنة", "2024-04-15 00:00:00", "year"),
    ("5 hours ago", "2025-04-15 00:00:00", "day"),
]


@pytest.mark.parametrize(("text", "want", "precision"), RELATIVE)
def test_relative_phrases_count_from_the_capture(text: str, want: str, precision: str) -> None:
    """And say how exact such a phrase can be."""
    moment = parse_moment(text, CAPTURED)
    assert moment is not None
    assert (instant(text), moment.precision) == (want, precision)


@pytest.mark.parametrize(
    "text",
    [
        *("2012", "عام 2018", "العدد 2018", "12/2018", "الدورة 2018/2019", "5-1 5-2", "10.20.30.40", "20-13"),
        *(
            "0599-123-4567",
            "31 فبراير 2018",
            "31/02/2018",
            "00/00/2018",
            "32 يناير 2018",
            "13/13/2013",
            "1/2/3",
        ),
        *(
            "05/06/07",
            "۱۳۹۷/۰۵/۰۶",
            "3 مارس 1952",
            "17 أبريل 2025",
            "2025-04-15T15:00:00+03:00",
            "",
            "x" * 400,
        ),
    ],
)
def test_what_is_no_date_gives_none(text: str) -> None:
    """Years alone, scores, addresses, days that are none, Persian years, days before the web or after the capture."""
    assert parse_moment(text, CAPTURED) is None


@pytest.mark.parametrize("text", ["15 أبريل 2025 23:50", "16 أبريل 2025"])
def test_local_time_ahead_of_the_capture_is_kept_as_a_day(text: str) -> None:
    """East of Greenwich it may be tomorrow already; the instant still is never later than the capture."""
    moment = parse_moment(text, CAPTURED)
    assert moment is not None
    assert moment.instant <= CAPTURED
    assert moment.precision == "day"


@pytest.mark.parametrize(
    ("text", "day_first", "day"),
    [
        ("04/05/2010", None, "2010-05-04"),
        ("04/05/2010", False, "2010-04-05"),
        ("02/25/2011", None, "2011-02-25"),
        ("25/02/2011", False, "2011-02-25"),
        ("الاثنين 05/04/2010", None, "2010-04-05"),
        ("الاثنين 04/05/2010", None, "2010-04-05"),
        ("03/11/2024", None, "2024-11-03"),
        ("04/12/2025", None, "2025-04-12"),
    ],
)
def test_order_of_day_and_month(text: str, day_first: bool | None, day: str) -> None:
    """What can be only one way is that way; then the weekday, the capture, the evidence, then the Arabic habit."""
    moment = parse_moment(text, CAPTURED, day_first=day_first)
    assert moment is not None
    assert moment.printed_day == day


def test_order_is_told_by_other_dates() -> None:
    """One date that can be only one way settles the others; an even split settles nothing."""
    assert told_order(["25/02/2011", "01/02/2011"]) is True
    assert told_order(["02/25/2011"]) is False
    assert told_order(["01/02/2011"]) is None
    assert told_order(["02/25/2011", "25/02/2011"]) is None


@pytest.mark.parametrize("name", sorted(GREGORIAN))
def test_every_month_name_is_read_in_a_date(name: str) -> None:
    """No name of the table hides another, in either digits."""
    for digits in (str.maketrans("", ""), ARABIC_DIGITS, PERSIAN_DIGITS):
        moment = parse_moment(
            f"17 {name} 2014".translate(digits) if name[-1] not in "12" else f"17 {name} 2014", CAPTURED
        )
        assert moment is not None
        assert moment.printed_day == f"2014-{GREGORIAN[name]:02d}-17"


@pytest.mark.parametrize("name", sorted(HIJRI))
def test_every_hijri_month_name_is_read(name: str) -> None:
    """Each becomes a day within its Hijri month."""
    (printed,) = find_printed(f"17 {name} 1440")
    assert printed.hijri
    assert printed.numbers[1] == HIJRI[name]


@given(
    st.dates(date(1991, 1, 1), date(2025, 4, 14)),
    st.sampled_from(["{d}/{m}/{y}", "{y}-{m:02d}-{d:02d}", "{y} / {m} / {d}"]),
)
def test_all_number_days_come_back(day: date, form: str) -> None:
    """Every day of the web's age, printed day first or year first, is read as itself."""
    moment = parse_moment(form.format(d=day.day, m=day.month, y=day.year), CAPTURED)
    assert moment is not None
    assert moment.printed_day == day.isoformat()


@given(st.text(st.sampled_from("0123456789/-.: ٠١٢٣٤مصهـيناير"), max_size=60))
def test_no_text_breaks_it_or_gives_the_future(text: str) -> None:
    """Whatever stands in a slot: no error, and nothing later than the capture or before the web."""
    moment = parse_moment(text, CAPTURED)
    assert (
        moment is None or datetime(1990, 1, 1, tzinfo=UTC) - timedelta(days=1) <= moment.instant <= CAPTURED
    )


STORY = (
    "<p>نص يحكي عن حادثة وقعت في 3 مارس 2003 في المدينة القديمة ولم ينسها أهلها رغم مرور السنوات الطويلة عليها</p>"
    * 3
)
HEAD = "<h1>عنوان المقال الكبير</h1>"
LD = '<script type="application/ld+json">{}</script>'
ARTICLE = '{{"@type":"NewsArticle","headline":"{}","datePublished":"{}"}}'

OWN = ARTICLE.format("عنوان المقال الكبير", "2021-02-03")

PAGES = {
    "today's masthead and a label": (
        f'<div class="date">الثلاثاء 15 أبريل 2025</div>{HEAD}<div>تاريخ النشر: 12/03/2024</div>{STORY}',
        "2024-03-12",
    ),
    "today's masthead only": (f'<div class="date">الثلاثاء 15 أبريل 2025</div>{HEAD}{STORY}', None),
    "masthead of an issue": (
        f"<div>السبت 20 صفر 1433 هـ - 14 يناير 2012م - العدد 15909</div>{HEAD}{STORY}",
        "2012-01-14",
    ),
    "dates in prose only": (HEAD + STORY, None),
    "years in the footer": (f"{HEAD}{STORY}<footer>جميع الحقوق محفوظة 2012-2024</footer>", None),
    "dates of other articles": (
        f'{HEAD}{STORY}<div class="related"><time datetime="2024-01-01">1</time></div>',
        None,
    ),
    "caption of a picture": (
        f"{HEAD}<figure><figcaption>صورة من 2 مايو 2020</figcaption></figure>{STORY}",
        None,
    ),
    "counting back": (f"{HEAD}<span>منذ ٣ أيام</span>{STORY}", "2025-04-12"),
    "blog header": (
        f'<h2 class="date-header">السبت، 16 مايو 2009</h2><h3>عنوان المقال الكبير</h3>{STORY}',
        "2009-05-16",
    ),
    "at the end": (f"{HEAD}{STORY * 6}<p>نشر في جريدة الحي بتاريخ 5-6-2011</p>", "2011-06-05"),
    "published and updated": (f"{HEAD}<p>نشر: 5/6/2011 آخر تحديث: 7/8/2012</p>{STORY}", "2011-06-05"),
    "updated only": (f"{HEAD}<p>آخر تحديث: 17/8/2012</p>{STORY}", "2012-08-17"),
    "structured, of another article": (
        LD.format("[" + ARTICLE.format("خبر آخر لا صلة له", "2020-01-01") + "," + OWN + "]") + HEAD + STORY,
        "2021-02-03",
    ),
    "structured, trailing comma": (
        LD.format('{"@type":"Article","datePublished":"2021-02-03",}') + HEAD,
        "2021-02-03",
    ),
    "structured, broken": (
        LD.format('{"headline":"كذا "وكذا"","datePublished":"2021-02-03"}') + HEAD,
        "2021-02-03",
    ),
    "month first by the page": (
        f"{HEAD}<div>Posted: 05/04/2011</div>{STORY}<div>02/25/2011 - 03/30/2011</div>",
        "2011-05-04",
    ),
    "order by the weekday": (f"{HEAD}<div>الأربعاء 05/04/2011</div>{STORY}", "2011-05-04"),
    "comments' dates only": (
        f'{HEAD}{STORY}<div id="comments"><time datetime="2020-01-01">1</time></div>',
        None,
    ),
    "meta of the sending": (
        f'<meta name="date" content="2025-04-15T10:29:00Z">{HEAD}<div>نشر في 5 يونيو 2011</div>{STORY}',
        "2011-06-05",
    ),
    "table without classes": (
        f"<table><tr><td>عنوان المقال الكبير</td></tr><tr><td>2008 / 5 / 4</td></tr><tr><td>{STORY}</td></tr></table>",
        "2008-05-04",
    ),
    "label in the cell before": (
        f"{HEAD}<table><tr><td>تاريخ النشر</td><td>4/15/2009</td></tr></table>{STORY}",
        "2009-04-15",
    ),
    "day, month and year apart": (
        f'{HEAD}<div class="date"><b>28</b><b>يوليو</b><b>2018</b></div>{STORY}',
        "2018-07-28",
    ),
    "updated before published": (
        f'{HEAD}<time class="updated" datetime="2022-01-01T00:00:00Z">1</time>'
        f'<time class="published" datetime="2021-01-01T00:00:00Z">1</time>{STORY}',
        "2021-01-01",
    ),
    "among counters": (f"{HEAD}<div>القراءات: 2013 | 12-11-2014 | بقلم: فلان</div>{STORY}", "2014-11-12"),
    "dateline": (
        f"{HEAD}<p>بغداد - 12 تشرين الثاني 2014 - قال مصدر إن الأمور تجري على ما يرام في أنحاء المدينة</p>{STORY}",
        "2014-11-12",
    ),
    "footer of the article": (
        f'<article>{HEAD}{STORY}<footer class="entry-footer"><time class="entry-date published updated"'
        ' datetime="2020-02-16T13:00:00+03:00">16</time></footer></article>',
        "2020-02-16",
    ),
    "footer of the page": (f'{HEAD}{STORY}<footer><time datetime="2020-02-16">16</time></footer>', None),
    "RDFa": (
        f'{HEAD}<span property="dc:date dc:created" content="2013-05-06T10:00:00+03:00">05/06/2013</span>{STORY}',
        "2013-05-06",
    ),
    "hour printed, day in the title attribute": (
        f'{HEAD}{STORY}<abbr itemprop="datePublished" title="2012-05-06T10:00:00-07:00">10:00 ص</abbr>',
        "2012-05-06",
    ),
    "page builder's widgets": (
        f'<div class="x-widget x-title">{HEAD}</div><div class="x-widget x-info">12 مايو، 2021</div>{STORY}',
        "2021-05-12",
    ),
    "wrapper named after its side column": (
        f'<div class="with-sidebar">{HEAD}<b>12 مايو 2021</b>{STORY}</div><div class="sidebar">13 يونيو 2022</div>',
        "2021-05-12",
    ),
    "icon's name": (f'{HEAD}<span class="icon-calendar">12 مايو 2021</span>{STORY}', "2021-05-12"),
    "news ticker far above": (
        '<div><time datetime="2024-09-09">9</time></div>'
        + "<div>رابط</div>" * 60
        + f"{HEAD}<p>12/05/2021</p>{STORY}",
        "2021-05-12",
    ),
    "microdata": (
        f'{HEAD}<span itemprop="datePublished" content="2016-07-08">أمس</span>{STORY}',
        "2016-07-08",
    ),
}


def tree_of(body: str) -> object:
    """Return the tree of a page with a title."""
    return parse(f"<html><head><title>عنوان المقال الكبير - موقع</title></head><body>{body}</body></html>")


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_pages_own_day_is_found_or_none(name: str) -> None:
    """Of all dates on a page its own is taken, by markup, label or place; none is better than a guess."""
    body, want = PAGES[name]
    found = find_published(tree_of(body), CAPTURED)
    assert (found[0].printed_day if found else None) == want


def test_address_is_weak_evidence() -> None:
    """A whole day in the address counts where the page prints none; what the page prints outweighs it."""
    url = "https://x.example/2019/07/08/slug"
    alone = find_published(tree_of(HEAD + STORY), CAPTURED, url=url)
    assert alone is not None
    assert (alone[0].printed_day, alone[1].origin) == ("2019-07-08", "url")
    printed = find_published(tree_of(f"{HEAD}<p>نشر في 9 يوليو 2019</p>"), CAPTURED, url=url)
    assert printed is not None
    assert printed[0].printed_day == "2019-07-09"


def test_last_change_is_found_apart() -> None:
    """The day of the last change has its own evidence and is not the day of publication."""
    page = tree_of(f"{HEAD}<p>نشر: 5/6/2011 آخر تحديث: 17/8/2012</p>{STORY}")
    changed = find_modified(page, CAPTURED)
    assert changed is not None
    assert (changed[0].printed_day, changed[1].field) == ("2012-08-17", "modified")
    assert find_modified(tree_of(f"{HEAD}<p>نشر: 5/6/2011</p>"), CAPTURED) is None


def test_evidence_names_element_and_confidence() -> None:
    """Structured data is surest, a label beside the title next, a bare line less."""
    sure = []
    for body in (
        LD.format(OWN),
        "<p>نشر: 3/2/2021</p>",
        "<p>3/2/2021</p>",
    ):
        found = find_published(tree_of(HEAD + body), CAPTURED)
        assert found is not None
        sure.append(found[1])
    assert [each.origin for each in sure] == ["jsonld:datePublished", "printed:label", "printed:title"]
    assert sure[0].confidence > sure[1].confidence > sure[2].confidence


def test_hour_is_lent_by_another_element_of_the_same_day() -> None:
    """A label tells the day, the time element beside it the hour: both are kept."""
    page = tree_of(
        f'{HEAD}<p>نشر في 16 فبراير 2020</p><time datetime="2020-02-16T13:05:00+03:00">16</time>{STORY}'
    )
    found = find_published(page, CAPTURED)
    assert found is not None
    assert (found[0].precision, found[0].instant.hour, found[1].origin) == ("second", 10, "time")
