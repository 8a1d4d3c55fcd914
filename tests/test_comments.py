"""Readers' answers under articles and in forum threads, in the markup of many systems."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from builder.extract.comments import CommentsFound, find_comments
from builder.markup import drop, parse, text_of

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
