"""Rules: what each one drops, and how much of good text passes.

    python benchmarks/rules.py PAGES.jsonl [--profile default] [--show 10]

Each line has "text" (the main text of a page) and may have "title" and "url"; lines without text are passed
over. Prints every rule with what it drops, and drops to read.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

from builder.columns import ColumnSettings, document_row
from builder.columns.lexicon import load_lexicon
from builder.model import CaptureRef, Document
from builder.recipe import RecipeModel
from builder.rules import PROFILES, RULES, judge_document
from builder.schema import Row


def row_of(page: dict[str, str], settings: ColumnSettings) -> Row:
    """Return the row of one page's text."""
    url = page.get("url") or "https://example.org/"
    ref = CaptureRef(
        "bench",
        "page",
        url,
        200,
        "text/html",
        datetime(2026, 1, 1, tzinfo=UTC),
        "sha1:-",
        "-",
        "response",
        "",
        "",
        0,
        0,
    )
    document = Document(url, url, url, "example.org", "article", page["text"], title=page.get("title"))
    return document_row(document, ref, (), settings)


def main() -> None:
    """Judge every page and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", type=Path)
    parser.add_argument("--profile", choices=sorted(PROFILES), default="default")
    parser.add_argument("--show", type=int, default=10)
    options = parser.parse_args()
    model = RecipeModel.model_validate(
        {
            "dataset": {"name": "bench"},
            "source": [{}],
            "select": {"relevance_min": 0},
            "rules": {"profile": options.profile},
        }
    )
    settings = ColumnSettings(key=b"bench", lexicon=load_lexicon())
    pages = [json.loads(line) for line in options.pages.open(encoding="utf-8")]
    pages = [page for page in pages if page.get("text")]
    dropped: dict[str, list[str]] = defaultdict(list)
    passed = 0
    for page in pages:
        decision = judge_document(row_of(page, settings), model)
        passed += decision.kept
        for reason in decision.reasons:
            start = " ".join(page["text"].split())[:90]
            dropped[f"{reason.stage}.{reason.rule}"].append(
                f"{reason.detail} | {page.get('title')} | {start}"
            )
    print(f"profile {options.profile}: {passed}/{len(pages)} pass ({passed / len(pages):.4f})")
    for name in ["select.language", *(f"defects.{rule.name}" for rule in RULES)]:
        print(f"{name:26} {len(dropped[name])}")
        for line in dropped[name][: options.show]:
            print("    ", line)


if __name__ == "__main__":
    main()
