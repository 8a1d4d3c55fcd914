"""What finding copies costs, and how well it finds them.

    python benchmarks/dedup.py rate                       fingerprints a second, by length of the text
    python benchmarks/dedup.py quality                    recall and precision on altered copies
    python benchmarks/dedup.py scale FOLDER [DOCUMENTS]   time and peak memory of `cluster` (default a million)

`scale` writes row files of made-up fingerprints into FOLDER (about 2 GB for a million) unless they are there.
"""

from __future__ import annotations

import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from builder.dedup import cluster, fingerprint, helper_fields, jaccard
from builder.recipe import DedupBlock

WORDS = 400
PART_ROWS = 50_000
EXACT_SHARE, NEAR_SHARE = 0.10, 0.15
LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"


def vocabulary(size: int, seed: int = 1) -> list[str]:
    """Return made-up Arabic words of 2 to 8 letters, the same each time."""
    random = np.random.default_rng(seed)
    lengths = random.integers(2, 9, size)
    return ["".join(LETTERS[i] for i in random.integers(0, len(LETTERS), length)) for length in lengths]


def text_of(words: list[str], random: np.random.Generator, count: int) -> str:
    """Return a text of `count` words, frequent ones first as in real texts (Zipf-like)."""
    ranks = np.minimum(random.zipf(1.3, count), len(words)) - 1
    return " ".join(words[rank] for rank in ranks)


def rate() -> None:
    """Print fingerprints a second of CPU time."""
    words, random = vocabulary(20_000), np.random.default_rng(2)
    for count in (30, 150, 700, 3000):
        texts = [text_of(words, random, count) for _ in range(max(50, 60_000 // count))]
        start = time.process_time()
        for text in texts:
            fingerprint(text)
        spent = time.process_time() - start
        print(
            f"{count} words: {len(texts) / spent:,.0f} texts a CPU second, {1000 * spent / len(texts):.2f} ms each"
        )


ALTERATIONS = {
    "one word in 100 replaced": lambda tokens, r, words: replaced(tokens, r, words, 0.01),
    "one word in 50 replaced": lambda tokens, r, words: replaced(tokens, r, words, 0.02),
    "one word in 25 replaced": lambda tokens, r, words: replaced(tokens, r, words, 0.04),
    "last tenth cut off": lambda tokens, _, __: tokens[: len(tokens) * 9 // 10],
    "last third cut off": lambda tokens, _, __: tokens[: len(tokens) * 2 // 3],
    "footer of 20 words added": lambda tokens, _, words: tokens + words[:20],
    "header and footer of 40 words": lambda tokens, _, words: words[50:90] + tokens + words[:40],
    "punctuation and tatweel everywhere": lambda tokens, _, __: [f"{t[0]}ـ{t[1:]}،" for t in tokens],
    "half of another text": lambda tokens, r, words: (
        tokens[: len(tokens) // 2] + text_of(words, r, len(tokens) // 2).split()
    ),
    "quoted in a text three times as long": lambda tokens, r, words: (
        tokens + text_of(words, r, 2 * len(tokens)).split()
    ),
    "another text": lambda tokens, r, words: text_of(words, r, len(tokens)).split(),
}


def replaced(tokens: list[str], random: np.random.Generator, words: list[str], share: float) -> list[str]:
    """Return the tokens with a share of them replaced."""
    return [words[-1 - i % 500] if random.random() < share else token for i, token in enumerate(tokens)]


def quality(pairs: int = 300, count: int = 300) -> None:
    """Print for each alteration how many pairs are over the cut, and how many of those share a band."""
    words, random = vocabulary(20_000), np.random.default_rng(3)
    settings = DedupBlock()
    print(f"{'alteration':40} {'mean J':>7} {'J >= cut':>9} {'found':>6} {'recall':>7} {'wrong':>6}")
    for name, alter in ALTERATIONS.items():
        over = found = wrong = 0
        similarities = []
        for _ in range(pairs):
            tokens = text_of(words, random, count).split()
            left = fingerprint(" ".join(tokens), settings)
            right = fingerprint(" ".join(alter(tokens, random, words)), settings)
            similarity = jaccard(left.shingles, right.shingles)
            candidate = left.exact == right.exact or bool(set(left.bands) & set(right.bands))
            together = candidate and similarity >= settings.jaccard_min
            similarities.append(similarity)
            over += similarity >= settings.jaccard_min
            found += together
            wrong += together and similarity < settings.jaccard_min
        recall = f"{found / over:.3f}" if over else "-"
        print(f"{name:40} {np.mean(similarities):7.2f} {over:9} {found:6} {recall:>7} {wrong:6}")


def write_part(path: Path, first: int, rows: int, random: np.random.Generator) -> None:
    """Write a row file with only the columns that `cluster` reads: a quarter are copies of texts in this part."""
    shingles = [np.unique(random.integers(0, 2**32, WORDS, dtype=np.uint32)) for _ in range(rows)]
    bands = random.integers(-(2**63), 2**63 - 1, (rows, 14), dtype=np.int64)
    exact = [f"{first + row:032x}" for row in range(rows)]
    originals = int(rows * (1 - EXACT_SHARE - NEAR_SHARE))
    for row in range(originals, rows):
        source = int(random.integers(0, originals))
        shingles[row] = shingles[source]
        bands[row] = bands[source]
        if row < originals + rows * EXACT_SHARE:
            exact[row] = exact[source]
        else:
            kept = random.random(len(shingles[source])) > 0.03
            shingles[row] = shingles[source][kept]
            bands[row, random.random(14) > 0.7] = random.integers(-(2**63), 2**63 - 1)
    start = datetime(2020, 1, 1, tzinfo=UTC)
    numbers = range(first, first + rows)
    order = random.permutation(rows)
    columns = {
        "id": [f"{number:032x}" for number in numbers],
        "url": [f"https://site{number % 977}.example/a/{number}" for number in numbers],
        "title": ["عنوان"] * rows,
        "author": [None] * rows,
        "section": [None] * rows,
        "published_at": [
            start + timedelta(minutes=int(minute)) for minute in random.integers(0, 2_600_000, rows)
        ],
        "modified_at": pa.nulls(rows, pa.timestamp("us", "UTC")),
        "text_chars": [WORDS * 6] * rows,
        "provenance": [{"fetched_at": start, "warc_file": "a.warc.gz", "warc_offset": n} for n in numbers],
        "_exact": exact,
        "_words": [WORDS] * rows,
        "_bands": list(bands),
        "_shingles": [one.tobytes() for one in shingles],
    }
    types = {field.name: field.type for field in helper_fields()}
    arrays = {name: pa.array(values, types.get(name)) for name, values in columns.items()}
    pq.write_table(pa.table(arrays).take(order), path)


def scale(folder: Path, documents: int) -> None:
    """Cluster made-up documents and print time and peak memory of this process."""
    rows = folder / f"rows-{documents}"
    if not rows.is_dir():
        rows.mkdir(parents=True)
        random = np.random.default_rng(4)
        for first in range(0, documents, PART_ROWS):
            write_part(rows / f"{first:08d}.parquet", first, min(PART_ROWS, documents - first), random)
        print(f"wrote {documents} rows; run the same command again to measure")
        return
    begun, cpu = time.monotonic(), time.process_time()
    found = cluster([rows], DedupBlock(), folder / "work")
    table = pq.read_table(found, columns=["survivor", "how"])
    copies = table.num_rows - sum(table["survivor"].to_pylist())
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{documents} documents, {copies} copies: {time.process_time() - cpu:.0f} CPU s, "
        f"{time.monotonic() - begun:.0f} s on the clock, peak memory {peak_mb:.0f} MB"
    )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["rate"]:
            rate()
        case ["quality"]:
            quality()
        case ["scale", folder, *rest]:
            scale(Path(folder), int(rest[0]) if rest else 1_000_000)
        case _:
            sys.exit(__doc__)
