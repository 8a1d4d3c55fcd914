"""Dates and readers' answers on pages with a gold file, with and without their structured data.

    python benchmarks/dates_comments.py PAGES.warc.gz GOLD.jsonl [--articles ARTICLES.json]

GOLD has one line a page: url, date (as printed, ISO), comments (author, text, time or date, rating). Printed: days
right as printed, and right as the first ten characters of the instant in UTC; then, for pages whose structured
data name a day, how often the same day is found when scripts, meta, time and itemprop are taken away; answers found
with text, author and time, and article texts in which a line of one is left. ARTICLES (title, comments with
comment and comment_timestamp) is set in seven layouts and read back.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from lxml.html import HtmlElement

from builder.archive.read import load, scan
from builder.extract import charset
from builder.extract.comments import find_comments
from builder.extract.dates import find_published, parse_moment
from builder.extract.reader import read_page
from builder.markup import drop, parse, text_of
from builder.model import Capture, Comment, Damage

Gold = dict[str, Any]


@dataclass
class Page:
    """One captured page with what is known of it."""

    capture: Capture
    markup: str
    gold: Gold

    def tree(self) -> HtmlElement:
        """Return a fresh tree; pages without an element are not measured."""
        tree = parse(self.markup)
        assert tree is not None
        return tree


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", type=Path)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--articles", type=Path)
    options = parser.parse_args()
    gold = {row["url"]: row for row in map(json.loads, options.gold.open(encoding="utf-8"))}
    pages = list(read_pages(options.pages, gold))
    report_dates(pages)
    report_printed(pages)
    report_comments(pages)
    if options.articles:
        report_layouts(json.loads(options.articles.read_text(encoding="utf-8")))


def read_pages(path: Path, gold: dict[str, Gold]) -> Iterator[Page]:
    """Yield the pages of an archive that decode and parse, with their gold."""
    for ref in scan(path, source="gold"):
        if isinstance(ref, Damage):
            continue
        capture = load(ref)
        decoded = charset.decode(capture.body, capture.header("Content-Type"))
        if decoded is not None and parse(decoded.text) is not None:
            yield Page(capture, decoded.text, gold.get(ref.url, {}))


def report_dates(pages: list[Page]) -> None:
    """Print days right by group of evidence, and the cost."""
    right, right_utc, origins, asked = 0, 0, Counter[str](), 0
    start_s = time.process_time()
    for page in pages:
        found = find_published(page.tree(), page.capture.ref.fetched_at, url=page.capture.url)
        if not page.gold.get("date"):
            continue
        asked += 1
        day = page.gold["date"][:10]
        right += bool(found and found[0].printed_day == day)
        right_utc += bool(found and str(found[0].instant)[:10] == day)
        origins[found[1].origin if found else "none"] += 1
    cost_ms = (time.process_time() - start_s) * 1000 / len(pages)
    print(
        f"days as printed {right}/{asked}, of the instant in UTC {right_utc}/{asked}, {cost_ms:.1f} ms a page"
    )
    print("  by", ", ".join(f"{name} {count}" for name, count in origins.most_common()))


def report_printed(pages: list[Page]) -> None:
    """Print how often print alone gives the day that structured data give."""
    counts: Counter[str] = Counter()
    for page in pages:
        at = page.capture.ref.fetched_at
        told = find_published(page.tree(), at)
        if told is None or not told[1].origin.startswith(("jsonld:datePublished", "meta:")):
            continue
        bare = page.tree()
        strip_structure(bare)
        found = find_published(bare, at)
        same = found is not None and found[0].printed_day == told[0].printed_day
        counts["same" if same else "none" if found is None else "other"] += 1
    print("print alone against structured data:", dict(sorted(counts.items())))


def strip_structure(tree: HtmlElement) -> None:
    """Take away what is made for machines; og:title stays, for it says where the title stands."""
    drop(list(tree.iter("script")))
    drop([each for each in tree.iter("meta") if each.get("property") != "og:title"])
    for element in tree.iter():
        if not isinstance(element.tag, str) or element.tag == "meta":
            continue
        for name in ("datetime", "itemprop", "content", "title", "data-time"):
            element.attrib.pop(name, None)
        if element.tag == "time":
            element.tag = "span"


def words(text: str | None) -> tuple[str, ...]:
    """Return the words of a text, for comparison."""
    return tuple(re.findall(r"\w+", text or ""))


def report_comments(pages: list[Page]) -> None:
    """Print gold answers found, whole, and left in texts."""
    gold = found_text = whole = left = 0
    start_s = time.process_time()
    for page in pages:
        wanted = page.gold.get("comments") or []
        found = find_comments(page.tree(), page.capture.url, "k", page.capture.ref.fetched_at).comments
        texts = Counter(words(comment.text) for comment in found)
        marks = Counter(mark(comment) for comment in found)
        for want in wanted:
            gold += 1
            key = words(want["text"])
            found_text += texts[key] > 0
            full = (key, words(want["author"]), wanted_time(want, page))
            whole += marks[full] > 0
            marks[full] -= 1
    cost_ms = (time.process_time() - start_s) * 1000 / len(pages)
    for page in pages:
        left += left_in_text(page)
    print(
        f"answers found {found_text}/{gold}, with author and minute {whole}/{gold}, {cost_ms:.1f} ms a page"
    )
    print(f"texts that hold a line of an answer: {left}")


def mark(comment: Comment) -> tuple[object, ...]:
    """Return text, author and minute of a comment."""
    minute = comment.published.instant.strftime("%Y-%m-%dT%H:%M") if comment.published else None
    return words(comment.text), words(comment.author.name), minute


def wanted_time(want: Gold, page: Page) -> str | None:
    """Return the minute of a gold answer, printed or ISO."""
    moment = parse_moment(want.get("date") or want.get("time") or "", page.capture.ref.fetched_at)
    return moment.instant.strftime("%Y-%m-%dT%H:%M") if moment else None


def left_in_text(page: Page) -> bool:
    """Return whether the article read from a page holds a line of a gold answer."""
    lines = {line for want in page.gold.get("comments") or [] for line in want["text"].split("\n")}
    own = set((page.gold.get("text") or "").split("\n"))
    texts = [document.text for document in read_page(page.capture).documents]
    return any(len(line) > 15 and line in text and line not in own for line in lines for text in texts)


def report_layouts(articles: list[Gold]) -> None:
    """Set real answers in layouts of several systems and print how many come back whole."""
    for name, layout in LAYOUTS.items():
        asked = found = left = 0
        for article in articles:
            answers = [
                (f"قارئ {'أبجدهوزحطي'[n % 10] * 2}", each["comment_timestamp"], each["comment"])
                for n, each in enumerate(article["comments"])
                if each["comment"].strip()
            ]
            body = f"<h1>{escape(article['title'])}</h1><p>نص المقال هنا.</p>{layout(answers)}"
            tree = parse(f"<html><body>{body}</body></html>")
            assert tree is not None
            result = find_comments(tree, "u", "k", datetime.fromisoformat("2025-04-15T00:00:00+00:00"))
            have = Counter(
                (
                    words(c.text),
                    words(c.author.name),
                    c.published and c.published.instant.strftime("%d-%m-%Y %H:%M"),
                )
                for c in result.comments
            )
            for who, when, text in answers:
                asked += 1
                key = (words(text), words(who), when)
                found += have[key] > 0
                have[key] -= 1
            drop(result.elements)
            left += any(
                words(text) == words(line) for _, _, text in answers for line in text_of(tree).split("\n")
            )
        print(f"layout {name}: {found}/{asked} whole, {left} pages with an answer left")


Answers = list[tuple[str, str, str]]


def each_answer(form: str, before: str = "", behind: str = "") -> Callable[[Answers], str]:
    """Return a layout that writes each answer by a form with who, when, text and number."""

    def layout(answers: Answers) -> str:
        parts = (
            form.format(who=escape(who), when=when, text=escape(text), number=number)
            for number, (who, when, text) in enumerate(answers, 1)
        )
        return before + "".join(parts) + behind

    return layout


def structured(answers: Answers) -> str:
    """Write answers as JSON-LD."""
    told = [
        {
            "@type": "Comment",
            "text": text,
            "author": {"name": who},
            "dateCreated": datetime.strptime(when, "%d-%m-%Y %H:%M").isoformat(),  # noqa: DTZ007
        }
        for who, when, text in answers
    ]
    return f'<script type="application/ld+json">{json.dumps({"@type": "Article", "comment": told})}</script>'


LAYOUTS: dict[str, Callable[[Answers], str]] = {
    "wordpress": each_answer(
        '<li class="comment depth-1" id="comment-{number}"><article class="comment-body"><b class="fn">{who}</b> '
        '<span class="says">يقول:</span><div class="comment-metadata"><a>{when}</a></div>'
        '<div class="comment-content"><p>{text}</p></div><div class="reply">رد</div></article></li>',
        '<ol class="comment-list">',
        "</ol>",
    ),
    "wordpress blocks": each_answer(
        '<li id="comment-{number}" class="comment even"><div class="wp-block-comment-author-name"><a>{who}</a></div>'
        '<div class="wp-block-comment-date"><time><a>{when}</a></time></div>'
        '<div class="wp-block-comment-content"><p>{text}</p></div></li>',
        '<ol class="wp-block-comment-template">',
        "</ol>",
    ),
    "microdata": each_answer(
        '<div itemprop="comment" itemscope><span itemprop="author">{who}</span>'
        '<span itemprop="dateCreated">{when}</span><p itemprop="text">{text}</p></div>'
    ),
    "paragraphs": each_answer(
        "<div><p>{number} - {who}</p><p>{when}</p><p>{text}</p></div>", "<p>تعليقات الزوار</p>"
    ),
    "tables": each_answer(
        "<table><tr><td>{who}</td><td>{when}</td></tr><tr><td colspan=2>{text}</td></tr></table>",
        "<h4>التعليقات</h4>",
    ),
    "line breaks": each_answer("{who}<br>{when}<br>{text}<br><hr>", "<div>تعليقات الزوار<br>", "</div>"),
    "JSON-LD": structured,
}


if __name__ == "__main__":
    main()
