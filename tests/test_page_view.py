"""What all readers of a page share: what names say, the page's JSON-LD, its lines."""

from __future__ import annotations

import pytest
from test_extract_pages import capture

from builder.extract.naming import NOTHING, said
from builder.extract.page import Page
from builder.extract.reader import read_page
from builder.extract.repair import repair
from builder.markup import parse, squeeze

TEXT = "هذه جملة طويلة كتبت لتكون فقرة من نص المقال لا عنوانا ولا رابطا، وفيها ما يكفي من الكلمات ليعرفها القارئ فقرة."
RELATED = "".join(f"<div><h3>عنوان آخر {n}</h3><span>{n}/11/2011</span></div>" for n in range(1, 20))


def test_numbers_in_names_do_not_matter() -> None:
    """A menu's items bear a number each; which number it is says nothing, that there is one may."""
    assert said("li", "menu-item menu-item-4711", None, None) is NOTHING
    assert said("li", None, "comment-12", None) is said("li", None, "comment-4711", None)
    assert said("li", None, "comment-4711", None).comment_id
    assert not said("li", None, "comment-", None).comment_id


def test_two_classes_that_take_turns_are_one_kind_of_post() -> None:
    """Forums paint every second post in another colour."""
    kinds = {said("div", name, None, None).post_classes for name in ("windowbg", "windowbg2")}
    assert kinds == {(".windowbg",)}


def test_json_of_what_was_cut_is_not_the_pages() -> None:
    """JSON-LD inside answers goes with them."""
    script = '<script type="application/ld+json">{"@type": "Article", "headline": "%s"}</script>'
    tree = parse(f"<div>{script % 'المقال'}<p>نص</p></div><div id='answers'><p>رد</p>{script % 'الرد'}</div>")
    assert tree is not None
    page = Page(tree, "https://host.example/a/1")
    assert [item["headline"] for item in page.articles] == ["المقال", "الرد"]
    del page.articles
    page.drop([tree.get_element_by_id("answers")])
    assert [item["headline"] for item in page.articles] == ["المقال"]


@pytest.mark.parametrize(("day", "read"), [("3/4/2012", "2012-04-03"), ("12/31/2011", "2011-12-31")])
def test_the_day_beside_the_title_wins_over_many_below(day: str, read: str) -> None:
    """Days under the titles of other texts are not the page's, be they ever so many."""
    html = (
        f"<html><head><title>سؤال الحي</title></head><body><h1>سؤال الحي</h1><p>{day}</p>"
        f"<p>{TEXT}</p><p>{TEXT} مرة أخرى</p>{RELATED}</body></html>"
    )
    found = read_page(capture("https://host.example/a/1", html.encode()))
    assert [each.published.printed_day for each in found.documents if each.published] == [read]


@pytest.mark.parametrize(
    ("text", "squeezed"),
    [
        (" س ", "س"),
        ("س  ع", "س ع"),
        ("س\u00a0ع\n", "س ع"),
        ("\u200bس\u00ad", "س"),
        ("س\u200cع 😋", "س\u200cع 😋"),
    ],
)
def test_a_squeezed_line_has_single_spaces_and_nothing_invisible(text: str, squeezed: str) -> None:
    """The joiner that Persian words need stays; whatever nobody sees goes."""
    assert squeeze(text) == squeezed


def test_signs_of_windows_1256_prove_a_misreading_only_behind_its_letters() -> None:
    """UTF-8 read as windows-1256 gives one letter and a sign, again and again; quotation marks alone prove nothing."""
    text = "قالت الجارة «إن الهاتف سرق من أولادنا سهراتهم» ثم ضحكت"
    misread = text.encode("utf-8").decode("cp1256", "replace")
    assert repair(text).layers == ()
    assert repair(misread).layers == ("cp1256>utf-8",)
