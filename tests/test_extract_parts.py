"""The parts of the general reader: lines of markup, titles, bylines, regions, kinds of pages."""

from __future__ import annotations

import pytest
from lxml.html import HtmlElement
from test_extract_pages import capture

from builder.extract import article, byline, metadata, region, title
from builder.extract.dates.names import fold, fold_lines
from builder.extract.links import leads_home
from builder.extract.page import Page
from builder.extract.people import labelled, read_byline, writer_in_title, written_by
from builder.extract.reader import MAX_LINES, has_arabic, read_page
from builder.extract.wording import HEADING, LINE, NOTICE, folded
from builder.markup import block_lines, drop, parse, read_lines, text_of, text_of_html

LONG = "هذه جملة طويلة كتبت لتكون فقرة من نص المقال لا عنوانا ولا رابطا، وفيها ما يكفي من الكلمات ليعرفها القارئ فقرة."
MORE = "وهذه جملة أخرى تختلف عن الأولى في كلماتها وتشبهها في طولها، نضعها بعدها حتى يكون للمقال أكثر من فقرة واحدة."


def page(html: str, url: str = "https://host.example/a/1") -> Page:
    """Return a page of our markup."""
    tree = parse(html)
    assert tree is not None
    return Page(tree, url)


def test_text_of_html_puts_one_block_on_a_line() -> None:
    """Blocks and line breaks end a line, inline elements do not; scripts are silent, entities are read."""
    html = "<p>أول <b>سط</b>ر</p>ثان<br>ثالث &amp; رابع<script>x</script><ul><li>خامس</li></ul>"
    assert text_of_html(html) == "أول سطر\nثان\nثالث & رابع\nخامس"
    assert text_of_html("بلا  وسوم\n\n هنا") == "بلا وسوم\nهنا"
    assert text_of_html("") == ""


def test_line_ends_of_preformatted_text_count() -> None:
    """Code keeps its lines."""
    tree = parse("<div><pre>a = 1\nb = 2</pre><p>س\nع</p></div>")
    assert tree is not None
    assert text_of(tree) == "a = 1\nb = 2\nس ع"


def test_lines_know_their_links_and_blocks_their_lines() -> None:
    """Link shares and spans are what regions are found by."""
    tree = parse("<body><div id=a><p>نص بلا رابط</p><p><a href=x>رابط</a> ونص</p></div><p>خارج</p></body>")
    assert tree is not None
    found = read_lines(tree)
    assert [round(line.link_share, 2) for line in found.lines] == [0.0, 0.5, 0.0]
    (block,) = tree.xpath("//div")
    assert found.spans[block] == (0, 2)
    assert [text for _, text in block_lines(tree, frozenset([block]))] == ["خارج"]


def test_depth_loses_no_text() -> None:
    """libxml2 stops at 256 levels unless told otherwise."""
    tree = parse("<div>" * 900 + LONG + "</div>" * 900)
    assert tree is not None
    assert text_of(tree) == LONG


@pytest.mark.parametrize(
    ("printed", "name", "kind"),
    [
        ("جدة - سعاد الغامدي", "سعاد الغامدي", "person"),
        ("الرياض فهد العتيبي", "فهد العتيبي", "person"),
        ("القاهرة، بيروت - أيمن محمود، (أ ف ب)", "أيمن محمود", "person"),
        ("لندن-(د ب أ)", "د ب أ", "agency"),
        ("الطائف واس:", "واس", "agency"),
        ("تغطية-مناحي الشيباني، تصوير- علي سالم", "مناحي الشيباني", "person"),
        ("د. عبدالله القفاري", "د. عبدالله القفاري", "person"),
        ("Jean-Luc Martin", "Jean-Luc Martin", "person"),
    ],
)
def test_bylines_tell_people_from_agencies_and_places(printed: str, name: str, kind: str) -> None:
    """The person is the author; where none signs, the agency is, and says so."""
    found = read_byline(printed)
    assert found is not None
    assert (found.name, found.kind) == (name, kind)


@pytest.mark.parametrize(
    "printed",
    [
        "الرياض",
        "بيروت - دمشق",
        "12/5/2010",
        "",
        "هذا ما كان في المدينة بعد العيد",
        "منوعات",
        "Français",
        "Saturday 6 June 2009",
    ],
)
def test_places_dates_and_sentences_sign_nothing(printed: str) -> None:
    """A place alone is nobody."""
    assert read_byline(printed) is None


@pytest.mark.parametrize(
    ("line", "behind"),
    [
        ("بقلم: سلمى الحاج", "سلمى الحاج"),
        ("بقلم سلمى الحاج", "سلمى الحاج"),
        ("كتب - مروان التل:", "مروان التل:"),
        ("مرسلة بواسطة عمر في 9:40 م", "عمر"),
        ("كتب له أن يعود إلى المدينة", None),
        ("رأي الناس في المنصات", None),
        ("حوار مع كاتب", None),
        ("إعداد وليد السالم", "وليد السالم"),
        ("إعداد وصياغة العقود", None),
        ("إعداد الطعام في المخيم.", None),
    ],
)
def test_labels_of_bylines(line: str, behind: str | None) -> None:
    """Common words open a byline only with a sign behind them."""
    assert labelled(line) == behind


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("كتب عاطف الغرباوى", "عاطف الغرباوى"),
        ("كتبت هدى المنصور", "هدى المنصور"),
        ("كتب هدى المنصور - سالم حمدان", "هدى المنصور - سالم حمدان"),
        ("كتب الله النصر للصابرين", None),
        ("كتب سالم رسالة، ثم مزقها", None),
        ("كتبت", None),
    ],
)
def test_wrote_and_a_name_without_a_sign(line: str, names: str | None) -> None:
    """A line of that word and a name or two is a byline where bylines stand; a sentence is none."""
    assert written_by(line) == names


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("سهيل مراد يكتب: في مديح الطريق", "سهيل مراد"),
        ("د. هدى المنصور تكتب: أول الطريق", "د. هدى المنصور"),
        ("لماذا لا يكتب: سؤال", None),
        ("من يكتب التاريخ", None),
    ],
)
def test_titles_that_name_their_writer(heading: str, name: str | None) -> None:
    """ "Name writes:" before the title of an opinion."""
    assert writer_in_title(heading) == name


def test_who_took_the_photographs_has_not_written() -> None:
    """Also where the word stands behind the writer's name with no sign before it."""
    found = read_byline("سالم حمدان تصوير- هدى المنصور")
    assert found is not None
    assert found.name == "سالم حمدان"


def test_site_names_are_never_titles() -> None:
    """A heading that names the site loses to one that names the text, whatever their order and size."""
    html = f"<title>صحيفة النهر : أول الكلام</title><h1>صحيفة النهر</h1><h2>أول الكلام</h2><p>{LONG}</p>"
    found = title.find_title(page(html), 2)
    assert found is not None
    assert found.text == "أول الكلام"
    assert title.strip_site("أول الكلام | دفاتر الحي", frozenset([folded("دفاتر الحي")])) == "أول الكلام"
    assert title.strip_site("أول | آخر | دفاتر الحي", frozenset([folded("دفاتر الحي")])) == "أول | آخر"


@pytest.mark.parametrize(
    "head", ["حوار على المنصات [الأرشيف] - منتدى الوادي", "منتدى الوادي :: اقرأ الموضوع - حوار على المنصات"]
)
def test_what_a_forum_writes_round_the_title_of_a_thread_is_left_out(head: str) -> None:
    """The title element of vBulletin's archive says "archive" behind it, that of phpBB 2 "view topic" before it."""
    name = "<meta property='og:site_name' content='منتدى الوادي'>"
    html = f"<head><title>{head}</title>{name}</head><p>{LONG}</p>"
    found = title.find_title(page(html), 0)
    assert found is not None
    assert found.text == "حوار على المنصات"


def test_a_title_of_two_parts_stays_whole() -> None:
    """A bar inside a title is the author's where a heading prints it."""
    html = (
        f"<title>المنطق الضبابي | Fuzzy logic | شاي</title><h1>المنطق الضبابي | Fuzzy logic</h1><p>{LONG}</p>"
    )
    found = title.find_title(page(html), 1)
    assert found is not None
    assert found.text == "المنطق الضبابي | Fuzzy logic"
    assert found.evidence.origin == "title+line:h1"


def test_labelled_section_issue_and_tags() -> None:
    """Lines beside the title give section and issue; a labelled line gives tags."""
    html = (
        f"<h1>عنوان</h1><p>المجلة - العدد: ٨٢١٤</p><p>المحور: قضايا ثقافية</p><p>{LONG}</p>"
        "<p>كلمات مفتاحية: منصات، حوار، ثقافة</p>"
    )
    labels = metadata.find_labels(page(html), "عنوان", 3)
    assert (labels.section, labels.issue) == ("قضايا ثقافية", "8214")
    assert labels.tags == ("منصات", "حوار", "ثقافة")
    assert {evidence.field for evidence in labels.evidence} == {"section", "issue", "tags"}


def test_hashtags_are_read_once_in_order() -> None:
    """Addresses and colours with a # are none."""
    lines = ["كتب في #حوار_المنصات ثم #حوار_المنصات", "https://x.example/#top و #2024 و #ترند!"]
    assert metadata.hashtags(lines) == ("حوار_المنصات", "ترند")


def test_author_is_not_taken_from_a_related_story() -> None:
    """A byline far from the title is somebody else's."""
    html = f"<h1>عنوان المقال</h1><p>{LONG}</p><p>{MORE}</p>" + "<p>سطر</p>" * 9 + "<p>بقلم: غريب الدار</p>"
    found = byline.find_author(page(html), 0, 1, 2)
    assert found.author.name is None


def test_words_of_furniture() -> None:
    """Headings, lines and notices are known with and without marks; sentences are not taken for them."""
    assert HEADING.match(folded("مَوَاضِيع ذات صلة:"))
    assert HEADING.match(folded("إقرأ أيضاً"))
    assert LINE.match(folded("جميع الحقوق محفوظة © 2012"))
    assert NOTICE.search(folded("التعليقات المنشورة لا تعبر عن رأي الصحيفة"))
    assert not NOTICE.search(folded("أعربت الحكومة عن أسفها لحوادث لا تعبر عن موقف المصريين من أشقائهم"))
    assert not HEADING.match(folded("المزيدون في الأسعار"))


def test_a_furniture_heading_takes_its_block_and_not_the_article() -> None:
    """A list under "related" goes; an article whose title begins like such a heading stays."""
    html = (
        f"<body><div><h1>المزيد من الحرية</h1><p>{LONG}</p><p>{MORE}</p></div>"
        "<div class=q><h3>مواضيع مشابهة</h3><ul><li><a href=1>خبر</a><p>تعريف قصير بالخبر</p></li></ul></div></body>"
    )
    lines = page(html).lines
    out = region.furniture(lines, {1, 2})
    assert [line.text for i, line in enumerate(lines.lines) if i not in out] == [
        "المزيد من الحرية",
        LONG,
        MORE,
    ]


def test_text_lists_of_links_inside_the_article_stay() -> None:
    """trafilatura leaves out lists of links; between two found lines of one parent they are put back."""
    lines = page(f"<div><p>{LONG}</p><ul><li><a href=1>مصدر أول</a></li></ul><p>{MORE}</p></div>").lines
    found = region.find(lines, f"{LONG}\n{MORE}")
    assert found is not None
    assert found.kept == (0, 1, 2)


def test_text_that_is_not_on_the_page_is_not_placed() -> None:
    """What trafilatura takes out of JSON has no place."""
    assert region.find(page(f"<p>{LONG}</p>").lines, "نص من مكان آخر تماما لا يشبه ما في الصفحة") is None


def test_answers_named_as_the_text_is_are_no_pieces_of_it() -> None:
    """Many short blocks under one name, beside a long one, are what readers answered."""
    numbers = ("واحد", "اثنان", "ثلاثة", "أربعة", "خمسة", "ستة", "سبعة")
    answers = [f"{number} {number} هذا جواب قصير كتبه قارئ من القراء" for number in numbers]
    other = [f"{word} {LONG}" for word in ("ثم", "وقد", "حيث", "لكن")]
    text = [LONG, MORE, f"أخيرا {LONG}", f"أخيرا {MORE}"]
    body = "".join(f"<p>{line}</p>" for line in text)
    said = "".join(f'<div class="post-content"><p>{line}</p></div>' for line in answers)
    rest = "".join(f"<p>{line}</p>" for line in other)
    lines = page(f'<div class="post-content">{body}</div><div>{said}</div><div>{rest}</div>').lines
    found = region.find(lines, "\n".join(text + answers + other))
    assert found is not None
    assert [lines.lines[i].text for i in found.kept] == text


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"<html><p>only English here</p></html>", ("not-arabic-bytes", None)),
        (b"\xf0" * 500, (None, "charset")),
        (b"", ("not-arabic-bytes", None)),
        (("<p>س</p>" * (MAX_LINES + 1)).encode(), (None, "too-many-lines")),
    ],
)
def test_pages_that_cannot_be_read_say_why(body: bytes, outcome: tuple[str | None, str | None]) -> None:
    """Nothing raises; the reason is skipped or failed."""
    found = read_page(capture("https://host.example/a/1", body))
    assert (found.skipped, found.failed) == outcome
    assert found.documents == ()


def test_arabic_in_entities_counts() -> None:
    """Old pages write letters as numbers."""
    assert has_arabic("&#1575;&#1604;" * 20)
    assert not has_arabic("&#1575;" * 10)


def test_opt_outs_in_the_head_are_read() -> None:
    """Meta robots of the page go with what is read out of it."""
    html = f'<html><head><meta name="robots" content="noindex, noai"></head><body><h1>عنوان</h1><p>{LONG}</p></body>'
    found = read_page(capture("https://host.example/a/1", html.encode()))
    assert {signal.name for signal in found.signals} >= {"noai", "noindex"}


def test_reading_twice_gives_the_same() -> None:
    """No page leaves a trace in the next: trafilatura's memory of repeated paragraphs is off."""
    html = f"<html><body><h1>عنوان المقال</h1><p>{LONG}</p><p>{MORE}</p></body></html>".encode()
    seen = {repr(read_page(capture("https://host.example/a/1", html))) for _ in range(5)}
    assert len(seen) == 1
    assert LONG in seen.pop()


def test_text_without_a_place_is_still_a_document() -> None:
    """What trafilatura finds only in JSON-LD stands on no line of the page; the document is made all the same."""
    body = " ".join([LONG, MORE] * 4)
    html = (
        "<html><head><title>عنوان المقال الطويل هنا</title><script type='application/ld+json'>"
        f'{{"@type": "Article", "articleBody": "{body}"}}</script></head>'
        "<body><h1>عنوان المقال الطويل هنا</h1><div>يحمل المتصفح النص بعد قليل</div></body></html>"
    )
    (document,) = read_page(capture("https://host.example/a/1", html.encode())).documents
    assert LONG in document.text
    assert document.title == "عنوان المقال الطويل هنا"


SHORTENED = (
    "<body><p>أ</p>{before}<div><p>تعليق</p> <a href='/'>رد</a></div>{behind}"
    "<section><h2>ب</h2>ج</section></body>"
)


@pytest.mark.parametrize("before", ["", " ", "نص ", "<b>نص</b>", "<div>قائمة</div>", "<a>رابط</a> ", "<br>"])
@pytest.mark.parametrize(
    "behind", ["", "\n", " نص", "<i>نص</i>", "<p>فقرة</p>", "<div>تعليق</div>نص", "<br>"]
)
def test_lines_left_are_those_of_the_tree_read_again(before: str, behind: str) -> None:
    """Whatever stands round an element that is dropped: the lines are the same, or are said to be read again."""
    for chosen in ("//div", "//div[last()]", "//section", "//p", "//h2", "//a"):
        tree = parse(SHORTENED.format(before=before, behind=behind))
        assert tree is not None
        gone = tree.xpath(chosen)
        left = read_lines(tree).without(gone)
        drop(gone)
        again = read_lines(tree)
        assert left is None or (left.lines, list(left.spans.items())) == (
            again.lines,
            list(again.spans.items()),
        )
    assert left is None  # a link is no block: what stands round it runs together


@pytest.mark.parametrize(
    ("href", "url", "stays"),
    [
        ("/writers/salma", "https://site.example/post", True),
        ("https://blog.site.example/salma", "https://site.example/post", True),
        ("https://site.example/salma", "https://m.site.example/post", True),
        ("https://www.SITE.example/salma", "https://site.example/post", True),
        ("https://site.example:8080/salma", "https://site.example/post", True),
        ("https://notsite.example/salma", "https://site.example/post", False),
        ("https://site.example/salma", "https://notsite.example/post", False),
        ("http://[/salma", "https://site.example/post", False),
        ("https://other.example/", "http://[", False),
    ],
)
def test_a_link_stays_on_its_site(href: str, url: str, stays: bool) -> None:
    """A site is known by whole parts of its name; capitals and a port change nothing."""
    link = HtmlElement(attrib={"href": href})
    assert leads_home(link, url) is stays


def test_lines_folded_together_are_those_folded_alone() -> None:
    """Marks, letters of neighbours, signs of all kinds, digits, capitals, nothing at all."""
    lines = ["", "٢٠٢٤/٠٣/١٥", "نُشِرَ في ـ أوّل", "Élan – MAY 5", "ک ی ۀ", "‏نص", ""]
    assert fold_lines(lines) == [fold(line) for line in lines]
    assert fold_lines(lines[1:4]) == ["2024/03/15", "نشر في  اول", "Élan - may 5"]
    assert fold_lines([]) == []


def test_a_block_named_as_the_body_needs_nobody_to_find_it() -> None:
    """Its lines are taken whole, its headings whatever their ids; menus and small print in it stay out."""
    sentences = [f"{LONG} {number} {MORE}" for number in range(4)]
    body = "".join(f"<p>{sentence}</p>" for sentence in sentences)
    html = (
        "<ul><li><a href=1>خبر</a><li><a href=2>خبر آخر</a></ul>"
        f"<div class=entry-content><h2 id=tag-list>عنوان فرعي</h2>{body}"
        f"<div class=byline>كتبه أحد القراء</div></div><div class=box><p>{LONG}</p></div>"
    )
    lines = page(html).lines
    found = region.evident(lines, region.tiers_of(lines.spans))
    assert found is not None
    assert [lines.lines[i].text for i in found.kept] == ["عنوان فرعي", *sentences]


def test_a_block_that_only_bears_the_name_is_not_believed() -> None:
    """Most sentences stand elsewhere: the text must be looked for."""
    outside = "".join(f"<p>{LONG} {number} {MORE}</p>" for number in range(4))
    lines = page(
        f"<div class=entry-content><p>{LONG} {MORE} {LONG} {MORE}</p></div><div>{outside}</div>"
    ).lines
    assert region.evident(lines, region.tiers_of(lines.spans)) is None
    verses = "".join(f"<p>شطر من قصيدة طويلة رقمه {number}</p>" for number in range(60))
    lines = page(f"<div>{verses}</div><div class=post-text><p>{LONG} {MORE} {LONG} {MORE}</p></div>").lines
    assert region.evident(lines, region.tiers_of(lines.spans)) is None


def test_a_short_question_with_long_answers_keeps_its_day() -> None:
    """The list of a thread's posts holds the first of them: it is not cut with the answers."""
    posts = "".join(
        f"<div class=post_block id=post{number}><a class=username>عضو{number}</a>"
        f"<div class=date>2012-03-0{number} 10:00</div><div class=post_body>{text}</div></div>"
        for number, text in enumerate(("هل من جواب؟", f"{LONG} {MORE}", f"{MORE} {LONG}", f"{LONG}"), 1)
    )
    html = f"<html><meta name=generator content=phpBB><h1>سؤال قصير</h1><div id=posts>{posts}</div></html>"
    found = read_page(capture("https://host.example/t/1", html.encode()))
    (document,) = found.documents
    assert (document.text, document.title, document.author.name) == ("هل من جواب؟", "سؤال قصير", "عضو1")
    assert document.published is not None
    assert document.published.printed_day == "2012-03-01"
    assert len(found.comments) == 3


def test_menus_are_kept_from_the_search_and_stay_on_the_page() -> None:
    """Blocks of nothing but links are no text; what is read after the search still finds them in their places."""
    menu = "".join(f"<tr><td><a href={number}>خبر من الأخبار</a></td></tr>" for number in range(9))
    sources = "<ul><li><a href=1>مصدر أول</a></li><li>مصدر على الورق</li></ul>"
    html = f"<body><table>{menu}</table><div><h1>عنوان</h1><p>{LONG}</p>{sources}<p>{MORE}</p></div></body>"
    read = page(html)
    assert [element.tag for element in region.menus(read.lines)] == ["table"]
    before = text_of(read.tree)
    main = article.main_text(read)
    assert main is not None
    assert "خبر من الأخبار" not in main.lines
    assert LONG in main.lines
    assert text_of(read.tree) == before


@pytest.mark.parametrize("broken", ["http://[", "//[x]/a", "https://[::1", "http://a]b/"])
def test_a_link_that_is_no_address_stops_nothing(broken: str) -> None:
    """In a heading, between the paragraphs and behind the text: the page is read as if it led nowhere."""
    link = f'<a href="{broken}">اقرأ ما كتب صديقي</a>'
    html = (
        f"<html><body><h1>{link}</h1><h2>{link}</h2><article><div class='article-body'><p>{LONG}</p><p>{MORE}</p>"
        f"<h2>{link}</h2><p>{LONG} {MORE}</p><p>{link}</p><p>{link}</p></div></article></body></html>"
    )
    found = read_page(capture("https://host.example/a/1", html.encode()))
    assert [LONG in document.text for document in found.documents] == [True]
