"""Boots small servers on loopback that the recipes beside this file crawl.

A web site, WordPress, Mastodon, Bluesky, and a web archive for the Common Crawl and Wayback recipes.

    python examples/serve.py            # in one terminal; ends with Ctrl-C
    hiwar crawl examples/wordpress/dataset.toml && hiwar build examples/wordpress/dataset.toml

They are the servers the tests use, with the habits of the real ones and texts of our own.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from itertools import combinations
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "examples")]

from apis import (
    AppView,
    Mastodon,
    WordPress,
    mastodon_status,
    post_view,
    serving,
    wordpress_comment,
    wordpress_post,
)
from archives import serve_archive

from builder.demo.server import serve
from builder.demo.site import build_site

PORTS = {"site": 8765, "wordpress": 8801, "mastodon": 8802, "atproto": 8803, "web archive": 8804}
TEXTS = (
    "الخوارزمية على تيك توك تختار لنا ما نغضب منه قبل أن نختار ما نفكر فيه، ثم تحسب غضبنا إعجابًا وتزيدنا منه.",
    "صار واتساب بيت العائلة الذي لا يغلق بابه، يدخل منه الخبر والدعاء والشائعة معًا ولا يسأل أحد من جاء بها.",
    "في تيليجرام قنوات بلا محرر ولا عنوان، تسبق الجريدة بساعة وتخطئ قبلها بيوم، ولا تعتذر في الحالين.",
    "يكتب الناس على إكس كما كانوا يصرخون في السوق: من علا صوته سمعه الجميع، ومن صدق لم يسمعه إلا جاره.",
    "على يوتيوب معلم يشرح الدرس لمليون طالب بلا مدرسة، وبعده إعلان يشرح لهم ما ينقصهم ليكونوا سعداء.",
    "فيسبوك دفتر ذكريات لا نملكه: نكتب فيه أعمارنا سطرًا سطرًا، ثم نستأذن غيرنا كي نقرأ ما كتبناه.",
    "إنستغرام نافذة تطل على بيوت مرتبة دائمًا، فنظن أن الفوضى لا تسكن إلا بيوتنا ونخجل من حياتنا العادية.",
    "الوسم يجمع الغرباء ليلة واحدة حول غضب واحد، ثم يتفرقون في الصباح ولا يذكر أحدهم اسم من وقف بجانبه.",
)
SPEECHES = tuple(" ".join(three) for three in combinations(TEXTS, 3))
"""56 different texts: no two are copies of each other."""


def wordpress(base: str) -> WordPress:
    """Return a blog of eight posts with comments."""
    posts = [wordpress_post(n, f"2025-0{n}-10T12:00:00", SPEECHES[n * 6], base) for n in range(1, 9)]
    return WordPress(posts, [wordpress_comment(n, n % 8 + 1, TEXTS[n % 8], base) for n in range(1, 17)])


def mastodon() -> Mastodon:
    """Return a server with a hashtag timeline of 56 posts."""
    statuses = [mastodon_status(n, text, tag="تيك_توك") for n, text in enumerate(SPEECHES)]
    return Mastodon(statuses, tag="تيك_توك")


def atproto() -> AppView:
    """Return a server with one account's 56 posts."""
    return AppView([post_view(n, text) for n, text in enumerate(SPEECHES)])


def main() -> None:
    """Serve until interrupted."""
    with ExitStack() as stack:
        stack.enter_context(serve(build_site, PORTS["site"]))
        blog = WordPress([], [])
        base = stack.enter_context(serving(blog, PORTS["wordpress"]))
        filled = wordpress(base)
        blog.posts, blog.comments = filled.posts, filled.comments
        stack.enter_context(serving(mastodon(), PORTS["mastodon"]))
        stack.enter_context(serving(atproto(), PORTS["atproto"]))
        stack.callback(serve_archive(PORTS["web archive"]))
        for name, port in PORTS.items():
            print(f"{name:12} http://127.0.0.1:{port}", flush=True)  # noqa: T201
        while True:
            time.sleep(60)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
