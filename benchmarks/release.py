"""What writing, comparing and checking a release costs, in time and memory, each in a process of its own.

python benchmarks/release.py rows FOLDER [DOCUMENTS]     write made-up row files (default 200,000)
python benchmarks/release.py write FOLDER                write a release of them
python benchmarks/release.py append FOLDER               one percent more records, a second release
python benchmarks/release.py same FOLDER                 the same again: no new release
python benchmarks/release.py verify FOLDER               verify the newest release
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from builder.recipe import Recipe, load_recipe
from builder.release import ReleaseInput, write_release
from builder.release.manifest import releases_in
from builder.schema import Field, Row, load_schema
from builder.verify import verify

PART_ROWS = 10_000
WORDS = 500
START = datetime(2015, 1, 1, tzinfo=UTC)
LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"


def blank(field: Field) -> object:
    """Return a value of a column that does not matter here."""
    if field.nullable:
        return None
    if field.type == "struct":
        return {part.name: blank(part) for part in field.fields}
    empty: dict[str, object] = {"string": "", "bool": False, "timestamp": START, "float32": 0.0}
    return [] if field.type.startswith("list") else empty.get(field.type, 0)


def rows_of(first: int, count: int, words: list[str], random: np.random.Generator) -> list[Row]:
    """Return made-up documents of ten years."""
    base = {field.name: blank(field) for field in load_schema("documents").fields}
    found = []
    for number in range(first, first + count):
        text = " ".join(words[i] for i in random.integers(0, len(words), WORDS))
        url = f"https://site{number % 97}.example/a/{number}"
        row = {
            **base,
            "id": f"{number:032x}",
            "url": url,
            "canonical_url": url,
            "site": url[8:-9],
            "lang": "ar",
        }
        row |= {"source": "made-up", "record_type": "article", "parent_state": "none", "title": text[:40]}
        row |= {"text": text, "text_chars": len(text), "word_count": WORDS, "cluster_id": row["id"]}
        row |= {
            "cluster_size": 1,
            "published_at": START + timedelta(minutes=int(random.integers(0, 5_000_000))),
        }
        row["provenance"] = {**row["provenance"], "warc_file": "a.warc.gz", "warc_offset": number}
        found.append(row)
    return found


def write_rows(folder: Path, documents: int, first: int = 0) -> None:
    """Write row files of made-up documents."""
    random = np.random.default_rng(5 + first)
    words = [
        "".join(LETTERS[i] for i in random.integers(0, len(LETTERS), n))
        for n in random.integers(2, 9, 20_000)
    ]
    schema = load_schema("documents").arrow()
    folder.mkdir(parents=True, exist_ok=True)
    for start in range(first, first + documents, PART_ROWS):
        rows = rows_of(start, min(PART_ROWS, first + documents - start), words, random)
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / f"{start:08d}.parquet")


def recipe_of(folder: Path) -> Recipe:
    """Return a recipe in that folder."""
    text = '[dataset]\nname = "bench"\n[[source]]\nkind = "warc"\nname = "made-up"\npaths = ["*.warc.gz"]\n'
    (folder / "dataset.toml").write_text(text, encoding="utf-8")
    return load_recipe(folder)


def make(folder: Path) -> None:
    """Write a release of all row files."""
    release = write_release(ReleaseInput(recipe_of(folder), (folder / "rows",), (), now=START))
    size = sum(path.stat().st_size for path in release.path.rglob("*") if path.is_file())
    shards = len(list((release.path / "data/documents").iterdir()))
    print(f"{release.version}: {release.rows}, new: {release.fresh}, {shards} shards, {size / 1e6:.0f} MB")


def append(folder: Path) -> None:
    """Add one percent of records and write a release."""
    rows = sum(pq.read_metadata(path).num_rows for path in (folder / "rows").iterdir())
    write_rows(folder / "rows", max(1, rows // 100), first=rows)
    make(folder)


def check(folder: Path) -> None:
    """Verify the newest release."""
    for one in verify(releases_in(folder / "releases")[-1]).checks:
        print(f"{one.name}: {'ok' if one.ok else one.detail}")


STEPS: dict[str, Callable[[Path], None]] = {"write": make, "append": append, "same": make, "verify": check}

if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in (*STEPS, "rows"):
        sys.exit(__doc__)
    place = Path(sys.argv[2])
    begun, cpu = time.monotonic(), time.process_time()
    if sys.argv[1] == "rows":
        write_rows(place / "rows", int(sys.argv[3]) if len(sys.argv) > 3 else 200_000)
    else:
        STEPS[sys.argv[1]](place)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{sys.argv[1]}: {time.process_time() - cpu:.1f} CPU s, {time.monotonic() - begun:.1f} s on the clock, "
        f"peak memory {peak_mb:.0f} MB"
    )
