"""Relevance: precision and recall of "about" on labelled articles, and whether a footer moves the score.

    python benchmarks/relevance.py ARTICLES.jsonl

Each line has "title", "text" and "about": 2 on platforms, 1 partly, 0 incidental.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from builder.columns.lexicon import load_lexicon
from builder.columns.platforms import Matcher
from builder.columns.relevance import ABOUT_MIN, PARTIAL_MIN, Relevance, score
from builder.text import storage_form

FOOTER = (
    "\nتجدوننا على: فيسبوك - تويتر - يوتيوب - انستغرام - لينكدإن - تليغرام - بنترست - تمبلر"
    "\nاشترك في قناتنا على اليوتيوب\nشارك المقال: فيسبوك | تويتر | واتساب | تلغرام\nللتواصل واتساب"
)


def measure(matcher: Matcher, title: str, text: str) -> Relevance:
    """Return the relevance of a raw title and text."""
    body, head = storage_form(text).text, storage_form(title).text
    return score(body, matcher.find(body), matcher.find(head, zone="title"), head)


def interval(hits: int, of: int) -> str:
    """Return a share with its 95 % interval (Wilson) and its counts."""
    if not of:
        return "-"
    share, z = hits / of, 1.96
    middle = (share + z * z / 2 / of) / (1 + z * z / of)
    half = z * (share * (1 - share) / of + z * z / 4 / of**2) ** 0.5 / (1 + z * z / of)
    return f"{share:.3f} [{middle - half:.2f}-{middle + half:.2f}] {hits}/{of}"


def main() -> None:
    """Score every article with and without a footer and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", type=Path)
    options = parser.parse_args()
    matcher = Matcher(load_lexicon())
    rows = [json.loads(line) for line in options.articles.open(encoding="utf-8")]
    scored = sorted(
        ((measure(matcher, row["title"], row["text"]), row) for row in rows), key=lambda p: -p[0].total
    )
    moved = 0.0
    for relevance, row in scored:
        with_footer = measure(matcher, row["title"], row["text"] + FOOTER)
        moved = max(moved, abs(with_footer.total - relevance.total))
        parts = " ".join(f"{getattr(relevance, part):.2f}" for part in Relevance.__slots__)
        print(
            f"{row['about']}  {relevance.total:5.2f}  {parts}  {len(row['text'].split()):5} {row['title'][:70]}"
        )
    about = sum(row["about"] == 2 for row in rows)
    for cut in (PARTIAL_MIN, 3.0, 3.5, 4.0, 4.5, ABOUT_MIN, 5.5):
        hits = [row["about"] for relevance, row in scored if relevance.total >= cut]
        right = sum(label == 2 for label in hits)
        print(f"cut {cut}: precision {interval(right, len(hits))}  recall {interval(right, about)}")
    print(f"largest move by a footer: {moved:.4f}")


if __name__ == "__main__":
    main()
