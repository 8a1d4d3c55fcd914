"""WordPress through its REST interface, against a loopback server with its habits."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from apis import SECRET, WordPress, serving, wordpress_comment, wordpress_post
from crawling import FakeClock
from walking import NOW, ask, make_source, walk

from builder.archive.read import load, scan
from builder.crawl import crawl
from builder.errors import FetchError
from builder.model import CaptureRef, Target
from builder.pipeline import build
from builder.recipe import load_recipe

TEXT = "هذا نص مقال قصير عن المنصات الرقمية كتبناه للاختبار."


def filled() -> WordPress:
    """A blog still without posts; they need its address."""
    return WordPress([], [])


def test_every_post_and_comment_comes_once_with_its_people_and_times() -> None:
    """260 posts over three pages, 130 of them of one second; comments with a tree; nothing hidden."""
    blog = filled()
    with serving(blog) as base:
        same = [wordpress_post(n, "2025-03-01T09:00:00", f"{TEXT} {n}", base) for n in range(1, 131)]
        spread = [
            wordpress_post(n, f"2025-04-{n % 28 + 1:02d}T10:00:{n % 60:02d}", TEXT, base)
            for n in range(131, 261)
        ]
        protected = wordpress_post(999, "2025-03-05T09:00:00", SECRET, base)
        protected["content"] = {"rendered": SECRET, "protected": True}
        blog.posts += [*same, *spread, protected]
        blog.comments += [
            wordpress_comment(1, 5, "رأي أول<br>في سطرين", base),
            wordpress_comment(2, 5, "رد", base, parent=1, author_name="سامي"),
            wordpress_comment(3, 5, SECRET, base, type="pingback"),
            wordpress_comment(4, 6, "بلا اسم", base, author_name=""),
        ]
        walked = walk(make_source("wordpress", url=base))
    assert len(walked.documents) == 260
    assert len(walked.comments) == 3
    assert not any(SECRET in item.text for item in (*walked.documents.values(), *walked.comments.values()))
    post = walked.documents["127.0.0.1/wp/5"]
    assert (post.title, post.author.name, post.author.bio) == ("“مقال” رقم 5", "سلمى الراوي", "كاتبة")
    assert (post.section, post.tags) == ("رأي", ("تيك توك",))
    assert post.published is not None
    assert post.published.instant == datetime(2025, 3, 1, 6, 0, tzinfo=UTC)
    assert (post.published.zone, post.published.zone_source) == ("+03:00", "given")
    first, reply = walked.comments["127.0.0.1/wp/comment/1"], walked.comments["127.0.0.1/wp/comment/2"]
    assert first.text == "رأي أول\nفي سطرين"
    assert (reply.parent_key, reply.document_key, reply.author.name) == (first.key, post.key, "سامي")
    assert walked.comments["127.0.0.1/wp/comment/4"].author.name is None


def test_what_plugins_left_behind_does_not_reach_the_text() -> None:
    """Scripts, styles, shortcodes and page marks go; bracketed words of the author stay."""
    blog = filled()
    leftovers = '<script>x()</script>[gallery ids="1,2"]<style>p{}</style>[caption]'
    body = f"{TEXT}</p>{leftovers}<p>قال [ساخرًا] نعم<!--nextpage--></p><p>صفحة ثانية"
    with serving(blog) as base:
        blog.posts.append(wordpress_post(1, "2025-03-01T09:00:00", body, base))
        (post,) = walk(make_source("wordpress", url=base)).documents.values()
    assert post.text == f"{TEXT}\nقال [ساخرًا] نعم\nصفحة ثانية"


def test_what_changed_later_is_asked_for_by_its_change() -> None:
    """The last request of a walk asks for what was modified since; a crawl later finds the edit there."""
    blog = filled()
    with serving(blog) as base:
        blog.posts.append(wordpress_post(1, "2025-03-01T09:00:00", TEXT, base))
        source = make_source("wordpress", url=base)
        last = [target for target in walk(source).asked if target.role == "wordpress.posts"][-1]
        assert "modified_after" in last.url
        edited = wordpress_post(1, "2025-03-01T09:00:00", "نص جديد", base, modified="2025-06-01T09:00:00")
        blog.posts[0] = edited
        extraction = source.read(ask(last))
    assert extraction is not None
    assert [document.text for document in extraction.documents] == ["نص جديد"]


def test_a_shut_interface_is_walked_round() -> None:
    """401 leads to the plain form, then to feed, sitemap and front page; the posts are found as pages."""
    blog = filled()
    with serving(blog) as base:
        blog.shut = True
        blog.posts.append(wordpress_post(1, "2025-03-01T09:00:00", TEXT, base))
        asked = walk(make_source("wordpress", url=base, comments=False)).asked
    assert any("rest_route" in target.url for target in asked)
    assert {target.role for target in asked} >= {"feed", "sitemap", "page"}


@pytest.mark.parametrize(
    "hidden", [{5}, {100, 101}, set(range(1, 100)), set(range(1, 251)), set(range(2, 250))]
)
@pytest.mark.parametrize("same_second", [False, True])
def test_comments_of_hidden_posts_do_not_end_the_list(hidden: set[int], *, same_second: bool) -> None:
    """WordPress leaves them out of pages it has cut: a short page, or an empty one, is not the last."""
    blog = filled()
    blog.hidden = frozenset(hidden)
    with serving(blog) as base:
        for number in range(1, 301):
            second = 0 if same_second else number % 60
            when = f"2025-02-{number // 60 + 1:02d}T10:00:{second:02d}"
            blog.comments.append(wordpress_comment(number, 5, "رأي", base, date=when, date_gmt=when))
        walked = walk(make_source("wordpress", url=base))
    shown = {f"127.0.0.1/wp/comment/{number}" for number in range(1, 301) if number not in hidden}
    assert set(walked.comments) == shown
    assert len(walked.asked) < 20


def test_a_crawl_walks_round_a_shut_interface(tmp_path: Path) -> None:
    """A 401 that is in the archive leads on like any other answer."""
    blog = filled()
    blog.shut = True
    with serving(blog) as base:
        blog.posts.append(wordpress_post(1, "2025-03-01T09:00:00", TEXT, base))
        recipe = load_recipe(write_recipe(tmp_path, f'kind = "wordpress"\nname = "blog"\nurl = "{base}"'))
        clock = FakeClock()
        crawl(recipe, now=clock.now, wait=clock.wait)
    assert "/p/1/?" in blog.asked


def test_a_cut_answer_is_an_error_to_try_again() -> None:
    """Half a JSON list is no empty list."""
    blog = filled()
    with serving(blog) as base:
        blog.posts.append(wordpress_post(1, "2025-03-01T09:00:00", TEXT, base))
        blog.broken = 1
        source = make_source("wordpress", url=base)
        target = next(iter(source.seeds()))
        capture = ask(target)
        with pytest.raises(FetchError, match="not JSON"):
            source.follow(capture, target)
        extraction = source.read(capture)
        assert extraction is not None
        assert extraction.failed is not None
        assert list(source.follow(ask(target), target))


def test_pages_of_the_fallback_are_left_to_the_general_reader() -> None:
    """A capture with the role of a page is nobody's own."""
    blog = filled()
    with serving(blog) as base:
        blog.posts.append(wordpress_post(1, "2025-03-01T09:00:00", TEXT, base))
        source = make_source("wordpress", url=base)
        assert source.read(ask(Target(f"{base}/p/1/", "s"))) is None


def test_a_blog_becomes_rows_of_a_release(tmp_path: Path) -> None:
    """Crawled for real and built: the interface's own noindex is no opt-out, comments keep their tree."""
    blog = filled()
    long = f"{TEXT} وهذه جملة أخرى في الموضوع نفسه، تقول إن القارئ في بلادنا يعرف ذلك كله."
    with serving(blog) as base:
        for number, topic in enumerate(("تيك توك", "واتساب وتيليجرام", "فيسبوك"), start=1):
            body = f"{long} كتبتُ هذا المقال عن {topic} بعد شهر من القراءة والسؤال، ورأيت أن الناس على هذه المنصة "
            body += (
                f"لا يختلفون عن الناس في السوق: منهم من يصدق ومنهم من يبيع، وكلهم يقول إن {topic} ضاق بهم."
            )
            blog.posts.append(wordpress_post(number, f"2025-03-0{number}T09:00:00", body, base))
        blog.comments += [
            wordpress_comment(1, 1, "رأي القارئة أن المقال صادق وأن المنصة تغيرت كثيرا في هذه السنة.", base),
            wordpress_comment(
                2, 1, "وأنا أرى غير ذلك، فالناس هم الذين تغيروا لا المنصة نفسها.", base, parent=1
            ),
            wordpress_comment(
                3, 1, "هذا رد على تعليق حذفه صاحبه قبل أن نصل إليه نحن القراء.", base, parent=99
            ),
        ]
        recipe = load_recipe(write_recipe(tmp_path, f'kind = "wordpress"\nname = "blog"\nurl = "{base}"'))
        crawl(recipe, now=lambda: NOW)
    result = build(recipe, now=NOW)
    assert result.rows == {"documents": 3, "comments": 3}
    assert result.release is not None
    (shard,) = (result.release / "data" / "comments").glob("*.parquet")
    states = {row["id"]: row["parent_state"] for row in pq.read_table(shard).to_pylist()}
    assert sorted(states.values()) == ["missing", "none", "present"]


def write_recipe(folder: Path, block: str) -> Path:
    """Write a recipe with one source that lies on loopback; return its path."""
    path = folder / "dataset.toml"
    crawl_block = (
        '[crawl]\ncontact = "mailto:t@example.org"\nmin_delay_s = 0\nallow_private = ["127.0.0.1"]\n'
    )
    text = f'[dataset]\nname = "t"\n[[source]]\n{block}\n{crawl_block}[select]\nrelevance_min = 0\n'
    path.write_text(text, encoding="utf-8")
    return path


def test_lists_that_come_cut_are_asked_for_again_by_the_crawl(tmp_path: Path) -> None:
    """Twice half a list, the same bytes both times: the crawl goes on, and every post is in the archive once."""
    blog = filled()
    with serving(blog) as base:
        blog.posts += [
            wordpress_post(n, f"2025-03-{n:02d}T09:00:00", f"{TEXT} {n}", base) for n in range(1, 9)
        ]
        blog.broken = 2
        recipe = load_recipe(
            write_recipe(tmp_path, f'kind = "wordpress"\nname = "blog"\nurl = "{base}"\ncomments = false')
        )
        clock = FakeClock(NOW)
        crawl(recipe, now=clock.now, wait=clock.wait)
    captures = [ref for path in recipe.archive.glob("*.warc.gz") for ref in scan(path, source="blog")]
    roles = [ref for ref in captures if isinstance(ref, CaptureRef) and ref.role == "wordpress.posts"]
    keys = {
        document.key
        for ref in roles
        if (extraction := recipe.sources[0].read(load(ref))) is not None
        for document in extraction.documents
    }
    assert len(keys) == 8
    assert any("modified_after" in ref.url for ref in roles)
