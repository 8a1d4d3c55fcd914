"""Readers' answers under articles and in forum threads, in the markup of many systems."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from builder.extract.comments import CommentsFound, find_comments
from builder.markup import drop, parse, text_of
from builder.model import Comment

PAGES = Path(__file__).parent / "pages" / "comments"
CAPTURED = datetime(2025, 4, 15, 10, 30, tzinfo=UTC)
ARTICLE = "<article><h1>القهوة في المقهى القديم</h1><p>نص المقال الذي كتبه صاحبه عن القهوة.</p></article>"

WORDPRESS = """<ol class="comment-list">
<li id="comment-11" class="comment even thread-even depth-1 parent"><article id="div-comment-11" class="comment-body">
<footer class="comment-meta"><div class="comment-author vcard"><b class="fn">سلمى</b>
<span class="says">يقول:</span></div><div class="comment-metadata"><a href="#comment-11">
<time datetime="2024-03-05T10:20:30+03:00">5 مارس، 2024 الساعة 10:20 ص</time></a></div></footer>
<div class="comment-content"><p>كلام جميل.</p><p>شكرا لك</p></div><div class="reply"><a>رد</a></div></article>
<ol class="children"><li id="comment-12" class="comment odd depth-2"><article id="div-comment-12" class="comment-body">
<footer class="comment-meta">
<div class="comment-author vcard"><b class="fn">نادر</b></div><div class="comment-metadata">
<time datetime="2024-03-05T12:00:00+03:00">5 مارس</time></div></footer>

<div class="comment-content"><p>أوافقك</p></div></article></li></ol></li></ol>
<div id="respond" class="comment-respond"><h3>اترك تعليقاً</h3><form><p>لن يتم نشر بريدك</p></form></div>"""


def found_on(body: str, head: str = "") -> CommentsFound:
    """Return what is found on a page with this body."""
    tree = parse(f"<html><head>{head}</head><body>{body}</body></html>")
    assert tree is not None
    return find_comments(tree, "https://site.example/a", "site.example/a", CAPTURED)


def told(found: CommentsFound) -> list[tuple[str | None, str | None, str]]:
    """Return author, time and text of each comment."""
    return [
        (c.author.name, c.published.instant.isoformat() if c.published else None, c.text)
        for c in found.comments
    ]


def test_wordpress_list_gives_author_time_text_and_parent() -> None:
    """The list of a WordPress theme is read whole; a reply inside an answer names its parent."""
    found = found_on(ARTICLE + WORDPRESS)
    assert told(found) == [
        ("سلمى", "2024-03-05T07:20:30+00:00", "كلام جميل.\nشكرا لك"),
        ("نادر", "2024-03-05T09:00:00+00:00", "أوافقك"),
    ]
    first, second = found.comments
    assert (first.key, first.depth, first.position) == ("site.example/a#comment-11", 0, 0)
    assert (second.parent_key, second.parent_state, second.depth) == (first.key, "present", 1)


def test_nothing_of_the_answers_is_left_in_the_page() -> None:
    """With the elements cut, the article stands alone: no answer, no form, no button."""
    tree = parse(f"<html><body>{ARTICLE}{WORDPRESS}</body></html>")
    assert tree is not None
    drop(find_comments(tree, "https://site.example/a", "k", CAPTURED).elements)
    assert text_of(tree) == "القهوة في المقهى القديم\nنص المقال الذي كتبه صاحبه عن القهوة."


def test_json_ld_comments_are_read_where_the_page_shows_none() -> None:
    """Comments that a script draws later still stand in the structured data."""
    head = (
        '<script type="application/ld+json">{"@type":"Article","comment":[{"@type":"Comment","@id":"#c7",'
        '"text":"رأي &amp; رأي",'
        '"author":{"name":"هند"},"dateCreated":"2024-01-02T03:04:05Z","upvoteCount":4}]}</script>'
    )
    found = found_on(ARTICLE, head)
    assert told(found) == [("هند", "2024-01-02T03:04:05+00:00", "رأي & رأي")]
    assert found.comments[0].rating == 4


@pytest.mark.parametrize("heading", ["تعليقات القراء (2)", "الآراء المنشورة هنا لا تعبر إلا عن أصحابها"])
def test_blocks_of_an_unknown_system_are_found_by_shape(heading: str) -> None:
    """Under a word for comments, blocks with one time stamp each are answers, whatever their markup."""
    found = found_on(
        f"{ARTICLE}<p>{heading}</p><div>"
        "<p><b>جميل</b> (سامي - عمان)<br>(04/05/2010 08:45:16 PM)<br>نعم هذا صحيح</p><hr>"
        "<p><b>لا</b> (ليلى - دمشق)<br>(14/05/2010 06:11:31 AM)<br>لا أوافق أبدا</p></div>"
    )
    assert told(found) == [
        ("سامي", "2010-05-04T20:45:16+00:00", "نعم هذا صحيح"),
        ("ليلى", "2010-05-14T06:11:31+00:00", "لا أوافق أبدا"),
    ]
    assert [c.title for c in found.comments] == ["جميل", "لا"]


@pytest.mark.parametrize("case", sorted(path.name for path in PAGES.iterdir()))
def test_each_system_gives_exactly_its_answers(case: str) -> None:
    """Forums, blogs, papers and unknown systems: key, author, time, text, parent; and what is left of the page."""
    want = json.loads((PAGES / case / "comments.json").read_text(encoding="utf-8"))
    tree = parse((PAGES / case / "page.html").read_text(encoding="utf-8"))
    assert tree is not None
    found = find_comments(tree, "https://x.example/t", "k", CAPTURED)
    assert found.is_thread is want["thread"]
    assert [plain(comment) for comment in found.comments] == want["comments"]
    assert (plain(found.opening) if found.opening else None) == want["opening"]
    drop(found.elements)
    assert text_of(tree).split("\n") == want["left"]


def plain(comment: Comment) -> dict[str, object]:
    """Return the fields of a comment that have a value, as the expected files hold them."""
    fields = {
        "key": comment.key,
        "author": comment.author.name,
        "time": comment.published.instant.isoformat() if comment.published else None,
        "text": comment.text,
        "parent": comment.parent_key,
        "rating": comment.rating,
        "title": comment.title,
    }
    return {name: value for name, value in fields.items() if value is not None}


def test_later_page_of_a_thread_holds_answers_only() -> None:
    """Its first post is not the thread's; all stand under the key of the thread's first page."""
    tree = parse((PAGES / "vbulletin-4" / "page.html").read_text(encoding="utf-8"))
    assert tree is not None
    url = "https://x.example/showthread.php?t=7&page=2"
    found = find_comments(tree, url, url, CAPTURED)
    assert found.is_thread
    assert found.opening is None
    assert {comment.document_key for comment in found.comments} == {"https://x.example/showthread.php?t=7"}
    assert [comment.position for comment in found.comments] == [0, 1]


def test_later_page_on_a_forumotion_host_is_told_by_its_address() -> None:
    """Such hosts write the place of the first post into the path: /t9p15-title is a later page of /t9-title."""
    tree = parse((PAGES / "forumotion-tables" / "page.html").read_text(encoding="utf-8"))
    assert tree is not None
    url = "https://x.example/t9p15-topic"
    found = find_comments(tree, url, url, CAPTURED)
    assert found.is_thread
    assert found.opening is None
    assert {comment.document_key for comment in found.comments} == {"https://x.example/t9-topic"}


def test_same_words_twice_are_two_comments() -> None:
    """Without ids of the platform the key is made of who said what; a repeat gets a number."""
    block = (
        "<div class='comment'><b class='author'>سعد</b>"
        "<time datetime='2024-01-0{}'></time><p class='text'>نعم</p></div>"
    )
    found = found_on(ARTICLE + block.format(1) + block.format(2))
    first, second = (comment.key for comment in found.comments)
    assert second == f"{first}-2"


def test_wrapper_named_after_its_side_column_hides_nothing() -> None:
    """A page whose content stands in "content-sidebar" has its answers read all the same."""
    block = "<p class='comment'><b class='author'>س</b><i class='date'>12/05/2021</i><span>نعم</span></p>"
    found = found_on(f"<div class='content-sidebar'>{ARTICLE}{block}</div>")
    assert [text for _, _, text in told(found)] == ["نعم"]


def test_the_nameless_are_not_one_person() -> None:
    """What a theme prints for a missing name is no name."""
    block = (
        "<li class='comment' id='comment-1'><b class='fn'>غير معروف</b>"
        "<time datetime='2024-01-01'></time><p>نعم</p></li>"
    )
    (comment,) = found_on(ARTICLE + f"<ul>{block}</ul>").comments
    assert comment.author.name is None
    assert comment.text == "نعم"


def test_order_of_day_and_month_is_the_pages_own() -> None:
    """A page that prints 02-25-2011 means February by 02-03-2011."""
    block = (
        "<li class='comment'><b class='author'>س</b><span class='date'>{}</span><p class='text'>{}</p></li>"
    )
    page = (
        ARTICLE
        + "<ul>"
        + block.format("02-25-2011, 11:05 PM", "أ")
        + block.format("02-03-2011, 11:05 PM", "ب")
        + "</ul>"
    )
    assert [time for _, time, _ in told(found_on(page))] == [
        "2011-02-25T23:05:00+00:00",
        "2011-02-03T23:05:00+00:00",
    ]


@pytest.mark.parametrize(
    "body",
    [
        "<ul class='recent-comments'><li class='comment'><b class='author'>س</b> على <a href='/x'>مقال</a></li></ul>",
        "<p>تعليقات</p><ul><li><h3><a href='/a'>مقال</a></h3>12/01/2012 10:20</li>"
        "<li><h3><a href='/b'>آخر</a></h3>13/01/2012 10:20</li></ul>",
        "<div class='comments-list' itemscope itemtype='http://schema.org/UserComments'>"
        "<h3>كل التعليقات</h3><a>المزيد</a></div>",
    ],
)
def test_lists_that_only_look_like_answers_give_none(body: str) -> None:
    """Widgets of the latest comments, lists of articles, empty lists."""
    assert found_on(ARTICLE + body).comments == ()


def test_answers_nested_deep_keep_their_parents() -> None:
    """Five hundred answers inside one another are read as what they are, each the child of the one around it."""
    page = ARTICLE + "<div class='comment'><b class='author'>س</b><p>نص</p>" * 500 + "</div>" * 500
    found = found_on(page)
    assert len(found.comments) == 500
    assert found.comments[-1].depth == 499
