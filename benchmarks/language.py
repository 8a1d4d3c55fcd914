"""Language: recall on Arabic, false accepts on its neighbours, cost.

    python benchmarks/language.py TEXTS.jsonl [--cld2]

Each line has "lang", "source", "n" (characters) and "text". Prints one line a length and one a source.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path

from builder.columns.language import Language, detect_language

NEIGHBOURS = frozenset(("bal", "ckb", "fa", "glk", "hac", "ks", "pnb", "ps", "sd", "skr", "ug", "ur"))


def main() -> None:
    """Read the texts, ask, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--cld2", action="store_true")
    parser.add_argument("--misses", action="store_true", help="print the texts that were judged wrong")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.texts.open(encoding="utf-8")]
    detect_language("نص للتمهيد قبل القياس")
    start_s = time.process_time()
    answers = [detect_language(row["text"], cld2=options.cld2) for row in rows]
    cost_s = time.process_time() - start_s
    report(rows, answers, misses=options.misses)
    print(f"cost {cost_s / len(rows) * 1e6:.0f} us a text, {len(rows)} texts")


def report(rows: list[dict[str, str]], answers: list[Language], *, misses: bool) -> None:
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
    for title, table in (("natural", natural), ("called Arabic", groups), ("called Arabizi", arabizi)):
        print(f"--- {title}, %")
        for (name, length), hits in sorted(table.items()):
            if title != "called Arabizi" or any(hits):
                print(f"{name:28} {length:>5} {100 * sum(hits) / len(hits):7.2f}  ({sum(hits)}/{len(hits)})")


if __name__ == "__main__":
    main()
