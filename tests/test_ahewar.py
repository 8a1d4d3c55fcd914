"""ahewar.org: pages of our own wording in the places where the site prints its own."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from builder.model import Capture, CaptureRef, Extraction
from builder.reading import document_key
from builder.sources import site_for
from builder.sources.sites.ahewar import Ahewar
from builder.sources.sites.ahewar_lines import issue_fits

PAGES = Path(__file__).parent / "pages" / "ahewar"
CAPTURED = datetime(2025, 4, 15, 12, tzinfo=UTC)


def read(url: str, body: bytes) -> Extraction:
    """Return what the site's reader makes of a page."""
    ref = CaptureRef(
        "s", "page", url, 200, "text/html", CAPTURED, "sha1:A", "<urn:uuid:1>", "response", "p", "f", 0, 1
    )
    site = Ahewar()
    found = site.read(Capture(ref, (("Content-Type", "text/html"),), body), site.layouts[0])
    assert found is not None
    return found


@pytest.mark.parametrize("case", sorted(path.name for path in PAGES.iterdir()))
def test_page_gives_exactly_its_document(case: str) -> None:
    """Tables, divs, bare line breaks, mobile page, Word twin: each field exact, nothing of menus, donation, news."""
    want = json.loads((PAGES / case / "document.json").read_text(encoding="utf-8"))
    (document,) = read(want["url"], (PAGES / case / "page.html").read_bytes()).documents
    moment = document.published
    assert moment is not None
    got = {
        "url": document.url,
        "key": document.key,
        "title": document.title,
        "author": document.author.name,
        "bio": document.author.bio,
        "section": document.section,
        "issue": document.issue,
        "instant": moment.instant.isoformat(),
        "precision": moment.precision,
        "zone_source": moment.zone_source,
        "hashtags": list(document.hashtags),
        "text": document.text,
        "charset": document.charset,
        "flags": list(document.flags),
        "author_id": document.author.native_id,
    }
    assert got == {"author_id": None, **want}


@pytest.mark.parametrize(
    "url",
    [
        "http://ahewar.org/debat/show.art.asp?aid=12381",
        "https://www.ahewar.org/debat/show.art.asp?aid=12381&t=0",
        "https://www.ahewar.net/debat/show.art.asp?aid=12381",
        "http://www.ssrcaw.org/ar/show.art.asp?aid=12381",
        "https://m.ahewar.org/s.asp?cid=0&i=0&aid=12381&r=0",
        "http://www.ahewar.org//debat/word.art.asp?t=0&aid=12381",
    ],
)
def test_every_address_of_an_article_is_one_document(url: str) -> None:
    """Six spellings, one key and one canonical address."""
    site = site_for(url.split("/")[2])
    assert site is not None
    assert document_key(url) == "ahewar.org/aid/12381"
    assert site.canonical_url(url) == "https://www.ahewar.org/debat/show.art.asp?aid=12381"


@pytest.mark.parametrize(
    "url",
    [
        "https://www.ahewar.org/debat/nr.asp",
        "https://www.ahewar.org/debat/show.art.asp?aid=0",
        "https://www.ahewar.org/debat/show.art.asp?aid=x1",
        "https://www.ahewar.org/search/search.asp?aid=5",
    ],
)
def test_other_addresses_are_left_to_the_general_reader(url: str) -> None:
    """Front page, search and broken numbers are no articles of the site."""
    assert Ahewar().key(url) is None


def header_page(lines: list[str]) -> bytes:
    """Return a page of lines with line breaks and nothing else."""
    return "<html><body>{}</body></html>".format("<br>".join(lines)).encode()


HEADERS = [
    (
        [
            "المزيد.....",
            "عنوان",
            "اسم كاتب",
            "الحوار المتمدن-العدد: 28 - 2002 / 1 / 6 - 15:04",
            "المحور: محور",
        ],
        None,
    ),
    (
        ["|", "عنوان", "اسم كاتب", "الحوار المتمدن-العدد: 3164 - 2010 / 10 / 24 - 06:10", "المحور:", "محور"],
        None,
    ),
    (
        ["عنوان", "اسم كاتب", "طبيب", "الحوار المتمدن - العدد : 4624 - 2014/11/4 - 23:20", "المحور: محور"],
        "طبيب",
    ),
    (["عنوان", "اسم كاتب", "الحوار المتمدن-العدد: ٨٢١٤", "- ٢٠٢٥ / ١ / ٦ - ٠٠:١٤", "المحور: محور"], None),
    (
        ["عنوان", "اسم كاتب", "الحوار المتمدن-العدد: 8214", "- 2025 / 1 / 6", "- 00:14", "المحور:", "محور"],
        None,
    ),
    (["عنوان", "اسم كاتب", "الحوار المتمدن-العدد: 677 - 2003 / 12 / 9 - 02:17 المحور: محور"], None),
]


@pytest.mark.parametrize(("head", "bio"), HEADERS)
def test_headers_of_all_years_are_read(head: list[str], bio: str | None) -> None:
    """From 2002 to 2025: broken lines, labels on a line of their own, tables' bars, Arabic digits."""
    page = header_page([*head, "نص أول", "نص ثان", "#اسم_كاتب_(هاشتاغ)", "تابعونا على: كذا"])
    (document,) = read("https://ahewar.org/debat/show.art.asp?aid=5", page).documents
    assert (document.title, document.author.name, document.author.bio) == ("عنوان", "اسم كاتب", bio)
    assert (document.section, document.text) == ("محور", "نص أول\nنص ثان")
    assert document.published is not None
    assert document.published.precision == "minute"
    assert not document.flags


def test_latin_name_is_kept_as_evidence_and_out_of_text_and_bio() -> None:
    """The line "(Latin name)" says who wrote; it is neither text nor biography."""
    page = header_page(
        [
            "عنوان",
            "اسم",
            "(Some Name)",
            "الحوار المتمدن-العدد: 8214 - 2025 / 1 / 6 - 00:14",
            "المحور: م",
            "نص",
        ]
    )
    (document,) = read("https://ahewar.org/debat/show.art.asp?aid=5", page).documents
    assert document.author.bio is None
    assert any("(Some Name)" in each.origin for each in document.evidence if each.field == "author")


def test_comment_page_is_a_comment_of_its_article() -> None:
    """The comment page gives one comment, under the article it links to by title."""
    page = (
        "<html><body><div>الصفحة الرئيسية - مقال عن الخبز / اسم كاتب - أرشيف التعليقات - رد على سعيد</div>"
        '<div><a href="show.art.asp?aid=77">مقال آخر</a> <a href="show.art.asp?aid=840001">مقال عن الخبز</a></div>'
        "<div>المزيد.....</div><div>رد على سعيد</div><div>قارئ من الحي</div>"
        "<div>الحوار المتمدن-العدد: 756048 - 2017 / 12 / 22 - 21:36</div>"
        "<div>أوافقك الرأي<br>ولي سؤال</div></body></html>"
    )
    found = read("http://ahewar.org/debat/show.com.asp?coid=756048", page.encode())
    (comment,) = found.comments
    assert not found.documents
    assert (comment.key, comment.document_key) == ("ahewar.org/coid/756048", "ahewar.org/aid/840001")
    assert (comment.title, comment.author.name, comment.text) == (
        "رد على سعيد",
        "قارئ من الحي",
        "أوافقك الرأي\nولي سؤال",
    )
    assert comment.published is not None
    assert comment.published.instant == datetime(2017, 12, 22, 21, 36, tzinfo=UTC)


def test_page_without_the_printed_lines_is_no_article() -> None:
    """An error page under an article's address gives no document."""
    found = read(
        "https://ahewar.org/debat/show.art.asp?aid=5", header_page(["الموضوع غير موجود", "الصفحة الرئيسية"])
    )
    assert found.skipped == "no-header-line"


@pytest.mark.parametrize(
    ("issue", "day", "fits"),
    [
        (28, date(2002, 1, 6), True),
        (3140, date(2010, 9, 30), True),
        (8214, date(2025, 1, 6), True),
        (8214, date(2025, 6, 1), False),
        (8524, date(2010, 1, 1), False),
    ],
)
def test_issue_number_is_a_clock(issue: int, day: date, *, fits: bool) -> None:
    """Issue numbers count days: one that cannot belong to its date is told by a flag."""
    assert issue_fits(issue, day) is fits
