"""Damage texts by every pair of codecs, repair them, and count; and count the clean texts that are changed.

usage: python benchmarks/mojibake.py TEXTS.jsonl        (one object a line, with "lang" and "text")
Arabic texts ("lang": "ar") are damaged; all texts, whatever their language, must come back as they were when clean.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from builder.extract.repair import MEANT_AS, READ_AS, repair


def misread(text: str, meant: str, read: str) -> str | None:
    """Return `text` written by one codec and read by another, as browsers would; None if it cannot be written."""
    try:
        data = text.encode(meant)
    except UnicodeEncodeError:
        return None
    chars = (bytes([byte]).decode(read, "replace") for byte in data)
    return "".join(chr(byte) if char == "\ufffd" else char for byte, char in zip(data, chars, strict=True))


def main() -> None:
    """Print one line a pair of codecs, and one for the clean texts."""
    rows = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    start = time.process_time()
    changed = [row for row in rows if repair(row["text"]).layers]
    spent_ms = 1000 * (time.process_time() - start) / len(rows)
    print(f"clean texts changed: {len(changed)} of {len(rows)} ({spent_ms:.3f} ms CPU a text)")
    arabic = [row["text"] for row in rows if row["lang"] == "ar"]
    for meant in MEANT_AS:
        for read in READ_AS:
            pairs = [(text, misread(text, meant, read)) for text in arabic] if meant != read else []
            damaged = [(text, bad) for text, bad in pairs if bad is not None and bad != text]
            mended = sum(repair(bad).text == text for text, bad in damaged)
            if damaged:
                print(
                    f"{meant} read as {read}: {mended} of {len(damaged)} mended ({mended / len(damaged):.2%})"
                )


if __name__ == "__main__":
    main()
