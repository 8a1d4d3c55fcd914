"""Mentions: precision, recall and exactness on labelled sentences, and that every offset is right.

    python benchmarks/platforms.py SENTENCES.jsonl [--misses]

Each line has "text" and "platforms" (ids). A text counts once for each id.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from builder.columns.lexicon import load_lexicon
from builder.columns.platforms import Matcher
from builder.text import storage_form


def main() -> None:
    """Read the sentences, look for platforms, print the scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sentences", type=Path)
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    matcher = Matcher(load_lexicon())
    right = wrong = missed = exact = concepts = concepts_found = 0
    rows = [json.loads(line) for line in options.sentences.open(encoding="utf-8")]
    for row in rows:
        text = storage_form(row["text"]).text
        found = matcher.find(text)
        assert all(text[m.start : m.end] == m.surface for m in found.mentions)
        got, want = {m.platform for m in found.mentions}, set(row["platforms"])
        right, wrong, missed = right + len(got & want), wrong + len(got - want), missed + len(want - got)
        exact += got == want
        named = {hit.concept for hit in found.concepts}
        concepts += len(row.get("concepts", ()))
        concepts_found += len(named & set(row.get("concepts", ())))
        if options.misses and (got != want or set(row.get("concepts", ())) - named):
            print("MISS", sorted(want), "got", sorted(got), sorted(named), text)
    print(f"precision {right / (right + wrong):.4f}  recall {right / (right + missed):.4f}")
    print(f"exact {exact}/{len(rows)}  concepts found {concepts_found}/{concepts}")


if __name__ == "__main__":
    main()
