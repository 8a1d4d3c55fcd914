"""Language: recall on Arabic, false accepts on its neighbours, cost.

    python benchmarks/language.py TEXTS.jsonl [--cld2] [--misses] [--slide]

Each line has "lang", "source", "n" (characters) and "text". Prints one line a length and one a source. With --slide
the texts of 1,500 characters are cut into windows at four offsets, words, addresses and all, and those are judged.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from builder.columns.language import Language, detect_languages

WINDOWS = {60: (240, (0, 17, 31, 47)), 300: (300, (0, 75, 150, 225))}
"""By characters of a window: the step, and the offsets to start from."""
LONG_CHARS = 1_500
NEIGHBOURS = frozenset(("bal", "ckb", "fa", "glk", "hac", "ks", "pnb", "ps", "sd", "skr", "ug", "ur"))


def main() -> None:
    """Read the texts, ask, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--cld2", action="store_true")
    parser.add_argument("--misses", action="store_true", help="print the texts that were judged wrong")
    parser.add_argument("--slide", action="store_true", help="judge windows of the long texts")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.texts.open(encoding="utf-8")]
    if options.slide:
        rows = [window for row in rows if row["n"] == LONG_CHARS for window in windows(row)]
    detect_languages(["نص للتمهيد قبل القياس"])
    start_s = time.process_time()
    answers = detect_languages([row["text"] for row in rows], cld2=options.cld2)
    cost_s = time.process_time() - start_s
    report(rows, answers, misses=options.misses)
    print(f"cost {cost_s / len(rows) * 1e6:.0f} us a text, {len(rows)} texts")


def windows(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield windows of one text; those with more than a few blanks at the edges are left out."""
    for chars, (step, offsets) in WINDOWS.items():
        for offset in offsets:
            for start in range(offset, len(row["text"]) - chars + 1, step):
                text = row["text"][start : start + chars]
                if len(text.strip()) >= chars - 5:
                    yield {**row, "n": chars, "text": text}


def report(rows: list[dict[str, Any]], answers: list[Language], *, misses: bool) -> None:
    """Print recall and false accepts for natural text by length, then all groups."""
    natural: dict[tuple[str, str], list[bool]] = defaultdict(list)
    groups: dict[tuple[str, str], list[bool]] = defaultdict(list)
    arabizi: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for row, answer in zip(rows, answers, strict=True):
        arabic, length = answer.lang == "ar", str(row["n"])
        groups[f"{row['lang']} {row['source']}", length].append(arabic)
        arabizi[f"{row['lang']} {row['source']}", length].append(answer.arabizi)
        kind = "recall" if row["lang"] == "ar" else "false accepts" if row["lang"] in NEIGHBOURS else ""
        if kind and "keys" not in row["source"]:
            natural[kind, length].append(arabic)
            if misses and arabic != (kind == "recall"):
                print(
                    "MISS", row["lang"], row["source"], length, answer, row["text"][:140].replace("\n", " ")
                )
    labels = Counter((row["lang"], row["n"], answer.lang) for row, answer in zip(rows, answers, strict=True))
    print("--- labels")
    for (lang, length, label), count in sorted(labels.items(), key=str):
        print(f"{lang:28} {length:>5} {label:6} {count}")
    for title, table in (("natural", natural), ("called Arabic", groups), ("called Arabizi", arabizi)):
        print(f"--- {title}, %")
        for (name, length), hits in sorted(table.items()):
            if title != "called Arabizi" or any(hits):
                print(f"{name:28} {length:>5} {100 * sum(hits) / len(hits):7.2f}  ({sum(hits)}/{len(hits)})")


if __name__ == "__main__":
    main()
