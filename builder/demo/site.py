"""A small Arabic web site of our own writing, for the demo and the tests: every page as bytes.

Three layouts: a table-based opinion journal in windows-1256, a blog with comments, a forum. Beside the good
pages stand the ones a crawler meets: another language, a copy, an error page, a page that robots.txt forbids,
and one whose author opts out of AI.
"""

from __future__ import annotations

import html
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from string import Template
from zlib import crc32

Entry = Mapping[str, object]

FIRST_ISSUE = 900
ROBOTS = "User-agent: *\nDisallow: /maqalat/private/\nSitemap: {base}/sitemap.xml\n"
PERSIAN = (
    "شبکه‌های اجتماعی در ایران بخش بزرگی از گفت‌وگوی روزانه را شکل می‌دهند و تلگرام هنوز پرکاربردترین آن‌هاست.",
    "کاربران می‌گویند که پس از فیلتر شدن اینستاگرام بسیاری از فروشگاه‌های کوچک مشتریان خود را از دست دادند.",
    "پژوهشگران باور دارند که گفت‌وگوی آزاد بدون دسترسی پایدار به اینترنت ممکن نیست و باید راه دیگری پیدا کرد.",
)
ENGLISH = (
    "This page explains in English what the journal is and why it accepts essays about social platforms.",
    "The editors read every essay twice, answer every letter, and never sell the addresses of their readers.",
    "Writers keep their rights; the journal asks only to be named as the place of first publication.",
)


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the site: path, status, headers, body."""

    path: str
    body: bytes
    content_type: str = "text/html"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


def build_site(base: str) -> dict[str, Page]:
    """Return every page of the site by path, for a server at `base` (e.g. "http://127.0.0.1:8765")."""
    pages = [*_essays(), *_posts(base), *_threads(), *_odd_ones()]
    pages += [*_indexes(pages), *_machine_files(pages, base)]
    return {page.path: page for page in pages}


def _load(name: str) -> list[Entry]:
    text = (files("builder.demo") / f"{name}s.toml").read_text(encoding="utf-8")
    return list(tomllib.loads(text)[name])


def _layout(name: str) -> Template:
    return Template((files("builder.demo") / "layouts" / f"{name}.html").read_text(encoding="utf-8"))


def _lines(text: object) -> list[str]:
    return [html.escape(line, quote=False) for line in str(text).strip().splitlines()]


def _essays() -> Iterator[Page]:
    layout, essays = _layout("essay"), _load("essay")
    for number, essay in enumerate(essays):
        yield Page(f"/maqalat/show.asp?aid={number + 1}", _essay(layout, essay, essays, number))
    yield Page("/maqalat/print.asp?aid=1", _essay(layout, essays[0], essays, 0))
    forbidden = dict(essays[1], title="رسالة خاصة من المحرر")
    yield Page("/maqalat/private/letter.asp", _essay(layout, forbidden, essays, 1))
    optout = dict(essays[2], title="هذه الصفحة ليست لتدريب الآلات", author="ماهر العاني")
    yield Page(
        "/maqalat/show.asp?aid=99", _essay(layout, optout, essays, 2), headers=(("X-Robots-Tag", "noai"),)
    )


def _essay(layout: Template, essay: Entry, essays: list[Entry], number: int) -> bytes:
    others = [other for other in essays if other["title"] != essay["title"]]
    links = "".join(
        f'<a href="/maqalat/show.asp?aid={essays.index(other) + 1}">{other["title"]}</a><br>\n'
        for other in (others[number % len(others) :] + others)[:4]
    )
    page = layout.substitute(
        title=essay["title"],
        author=essay["author"],
        bio=f"{essay['bio']}<br>\n" if "bio" in essay else "",
        issue=FIRST_ISSUE + number,
        date=essay["date"],
        section=essay["section"],
        paragraphs="<br>\n".join(_lines(essay["body"])),
        related=links,
    )
    return page.encode("windows-1256", "xmlcharrefreplace")


def _posts(base: str) -> Iterator[Page]:
    layout, posts = _layout("post"), _load("post")
    for post in posts:
        path = f"/blog/{post['slug']}/"
        tags = post["tags"]
        assert isinstance(tags, list)
        page = layout.substitute(
            title=post["title"],
            author=post["author"],
            date=post["date"],
            day=str(post["date"])[:10],
            url=base + path,
            category=post["category"],
            tags=" ".join(f'<a rel="tag" href="/blog/">{tag}</a>' for tag in tags),
            paragraphs="\n".join(f"<p>{line}</p>" for line in _lines(post["body"])),
            comments=_comments(post, path),
            related="".join(
                f'<li><a href="/blog/{other["slug"]}/">{other["title"]}</a></li>' for other in posts[:5]
            ),
        )
        yield Page(path, page.encode(), "text/html; charset=utf-8")


def _comments(post: Entry, path: str) -> str:
    comments = post["comments"]
    assert isinstance(comments, list)
    if not comments:
        return "<p>لا توجد تعليقات بعد.</p>"
    return f'<ol class="comment-list">\n{_replies(comments, None, path, 1)}</ol>'


def _replies(comments: list[Entry], parent: int | None, path: str, depth: int) -> str:
    out = ""
    for place, comment in enumerate(comments):
        if comment.get("reply_to") != parent:
            continue
        number = f"{crc32(path.encode()) % 1000}{place}"
        below = _replies(comments, place, path, depth + 1)
        out += (
            f'<li id="comment-{number}" class="comment depth-{depth}"><article class="comment-body">'
            f'<footer class="comment-meta"><div class="comment-author vcard"><b class="fn">{comment["author"]}</b>'
            f' <span class="says">يقول:</span></div><div class="comment-metadata"><a href="{path}#comment-{number}">'
            f'<time datetime="{comment["date"]}">{str(comment["date"])[:16].replace("T", " ")}</time></a></div>'
            "</footer>"
            f'<div class="comment-content"><p>{html.escape(str(comment["text"]), quote=False)}</p></div>'
            f'<div class="reply"><a href="{path}?replytocom={number}#respond">رد</a></div></article>'
            + (f'<ol class="children">\n{below}</ol>' if below else "")
            + "</li>\n"
        )
    return out


def _threads() -> Iterator[Page]:
    layout = _layout("thread")
    for thread in _load("thread"):
        posts = thread["posts"]
        assert isinstance(posts, list)
        number = int(str(thread["id"]))
        rendered = "\n".join(
            _forum_post(post, number * 100 + place, place) for place, post in enumerate(posts)
        )
        page = layout.substitute(title=thread["title"], posts=rendered)
        yield Page(f"/forum/showthread.php?t={number}", page.encode(), "text/html; charset=utf-8")


def _forum_post(post: Entry, number: int, place: int) -> str:
    return (
        f'<li class="postbit postcontainer" id="post_{number}"><div class="posthead"><span class="postdate">'
        f'<span class="date">{post["date"]}</span></span> <a href="#post_{number}">#{place + 1}</a></div>'
        f'<div class="userinfo"><a class="username" href="/forum/member">{post["author"]}</a>'
        f'<span class="usertitle">عضو نشيط</span></div><div class="postbody"><div class="content">'
        f'<blockquote class="postcontent">{html.escape(str(post["text"]), quote=False)}</blockquote>'
        "</div></div></li>"
    )


def _odd_ones() -> Iterator[Page]:
    def plain(path: str, title: str, lines: tuple[str, ...], lang: str, status: int = 200) -> Page:
        body = "".join(f"<p>{line}</p>" for line in lines)
        text = f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title></head>'
        page = f"{text}<body><article><h1>{title}</h1>{body}</article></body></html>"
        return Page(path, page.encode(), "text/html; charset=utf-8", status)

    yield plain("/blog/farsi/", "تلگرام و گفت‌وگوی روزانه", PERSIAN, "fa")
    yield plain("/maqalat/about.asp", "About the journal", ENGLISH, "en")
    yield plain("/blog/moved/", "خطأ", ("الصفحة المطلوبة غير موجودة.",), "ar", 404)


def _indexes(pages: list[Page]) -> Iterator[Page]:
    for folder, name in (("/maqalat/", "مجلة الرافد"), ("/blog/", "مدونة الضفة"), ("/forum/", "منتدى النهر")):
        links = "".join(
            f'<li><a href="{html.escape(page.path)}">{page.path}</a></li>' for page in _under(pages, folder)
        )
        body = f'<!DOCTYPE html><html lang="ar" dir="rtl"><head><meta charset="utf-8"><title>{name}</title></head>'
        text = f"{body}<body><h1>{name}</h1><ul>{links}</ul></body></html>"
        yield Page(folder, text.encode(), "text/html; charset=utf-8")


def _under(pages: list[Page], folder: str) -> list[Page]:
    return [page for page in pages if page.path.startswith(folder)]


def _machine_files(pages: list[Page], base: str) -> Iterator[Page]:
    yield Page("/robots.txt", ROBOTS.format(base=base).encode(), "text/plain")
    urls = "".join(
        f"<url><loc>{html.escape(base + page.path)}</loc></url>" for page in _under(pages, "/blog/")
    )
    sitemap = (
        f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
    )
    yield Page("/sitemap.xml", sitemap.encode(), "application/xml")
    items = "".join(
        f"<item><title>{post['title']}</title><link>{base}/blog/{post['slug']}/</link></item>"
        for post in _load("post")
    )
    feed = (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>مدونة الضفة</title>{items}</channel></rss>'
    )
    yield Page("/blog/feed.xml", feed.encode(), "application/rss+xml")
