"""Publishes a history of releases to a Hub on loopback and counts the bytes each one sends, in two layouts.

    PYTHONPATH=.:tests python benchmarks/hub.py [--documents 6000] [--months 60] [--seed 1]

The releases: first, 1 % appended to the newest month, 1 % edited anywhere, 0.1 % taken down anywhere, a column
added (schema version 2), and the same again. "Months" is the layout of a release, "hash" the same rows in eight
equal shards in the order of their ids, written with the same Parquet options. "Files" counts shards whose
SHA-256 the Hub does not know, "Xet" the new chunks the genuine Xet client finds in a local store. Every version
is published by `builder.hub.publish` through that client and loaded back by its tag. Texts are random words of
a random vocabulary with Zipf's frequencies: ratios mean something, sizes do not. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub_server import HubServer
from releasekit import NOW, document, recipe_in

from builder import schema, takedown
from builder.hub import publish
from builder.hub.estimate import upload
from builder.recipe import Recipe
from builder.release import Release, ReleaseInput, write_release
from builder.release.shards import CHUNKING, COMPRESSION_LEVEL, ROWS_PER_GROUP
from builder.schema import Row, load_schema
from builder.storage import sha256_of

REPO = "bench/history"
HASH_SHARDS = 8
WORDS = 30_000
START = datetime(2020, 1, 1, tzinfo=UTC)
LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"


def texts(count: int, chance: random.Random) -> list[str]:
    """Return `count` texts of 150 to 600 words."""
    vocabulary = ["".join(chance.choices(LETTERS, k=chance.randint(2, 8))) for _ in range(WORDS)]
    weights = list(itertools.accumulate(1 / (rank + 1) for rank in range(WORDS)))
    return [
        " ".join(chance.choices(vocabulary, cum_weights=weights, k=chance.randint(150, 600)))
        for _ in range(count)
    ]


def all_rows(count: int, months: int, chance: random.Random) -> list[Row]:
    """Return rows spread evenly over the months, in the order of time."""
    step = timedelta(days=30.4 * months) / count
    return [
        document(number, text=text, published_at=START + number * step)
        for number, text in enumerate(texts(count, chance))
    ]


def build(recipe: Recipe, rows: Sequence[Row], version: int) -> Release:
    """Make a release of rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    part = recipe.folder / "cache" / "documents.parquet"
    part.parent.mkdir(exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), schema=load_schema("documents", version).arrow()), part)
    return write_release(ReleaseInput(recipe, (part,), (), NOW))


def hash_layout(release: Path, folder: Path) -> list[Path]:
    """Write the documents of a release as equal shards in the order of their ids; return the files."""
    import pyarrow.parquet as pq

    table = pq.read_table(release / "data" / "documents").sort_by("id")
    size, paths = -(-table.num_rows // HASH_SHARDS), []
    folder.mkdir(parents=True)
    for number in range(HASH_SHARDS):
        path = folder / f"train-{number:05d}.parquet"
        pq.write_table(
            table.slice(number * size, size),
            path,
            row_group_size=ROWS_PER_GROUP,
            compression="zstd",
            compression_level=COMPRESSION_LEVEL,
            use_content_defined_chunking=CHUNKING,
            write_page_index=True,
        )
        paths.append(path)
    return paths


class Layout:
    """What the Hub knows of one layout: SHA-256 of files, and chunks in a store of its own."""

    def __init__(self, store: Path) -> None:
        self.known: set[str] = set()
        self.store = f"local://{store}"

    def send(self, files: Sequence[Path]) -> tuple[int, int, int]:
        """Return (bytes of all files, of files the Hub does not know, of chunks it does not know)."""
        new = [path for path in files if sha256_of(path) not in self.known]
        self.known |= {sha256_of(path) for path in files}
        chunks = upload(self.store, new)
        return sum(p.stat().st_size for p in files), sum(p.stat().st_size for p in new), chunks


def ship_second_schema(folder: Path) -> None:
    """Let documents.v2.json, with one column more, lie among the shipped schemas of this process."""
    real = schema.shipped("schemas")
    folder.mkdir()
    for path in real.glob("*.json"):
        (folder / path.name).write_bytes(path.read_bytes())
    data = json.loads((real / "documents.v1.json").read_text(encoding="utf-8"))
    column = {
        "name": "reading_minutes",
        "type": "int32",
        "nullable": True,
        "unit": "minutes",
        "doc": "Time to read.",
    }
    data |= {"version": 2, "fields": [*data["fields"], column]}
    (folder / "documents.v2.json").write_text(json.dumps(data), encoding="utf-8")
    for module in [module for name, module in sys.modules.items() if name.startswith("builder.")]:
        if hasattr(module, "shipped"):
            module.shipped = lambda name: folder if name == "schemas" else real.parent / name
    schema.load_schema.cache_clear()


def history(work: Path, documents: int, months: int, seed: int) -> list[tuple[str, Release, bool]]:
    """Make the releases; return (what happened, release, whether it is a new version) of each."""
    chance = random.Random(seed)
    rows = all_rows(documents, months, chance)
    recipe = recipe_in(work / "dataset")
    cut = documents - documents // 100
    steps = [("first", build(recipe, rows[:cut], 1)), ("1 % appended", build(recipe, rows, 1))]
    for number in chance.sample(range(documents), documents // 100):
        rows[number] = document(
            number, text=f"{rows[number]['text']} تصحيح", published_at=rows[number]["published_at"]
        )
    steps.append(("1 % edited", build(recipe, rows, 1)))
    for number in chance.sample(range(documents), max(documents // 1000, 1)):
        takedown.add(recipe.folder, str(rows[number]["id"]), "asked", now=NOW, kind="id")
    steps.append(("0.1 % taken down", build(recipe, rows, 1)))
    ship_second_schema(work / "schemas")
    rows = [{**row, "reading_minutes": int(row["word_count"]) // 150} for row in rows]
    steps.append(("a column added", build(recipe, rows, 2)))
    steps.append(("nothing changed", build(recipe, rows, 2)))
    seen: set[Path] = set()
    return [(what, release, not (release.path in seen or seen.add(release.path))) for what, release in steps]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=6000)
    parser.add_argument("--months", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    os.environ.setdefault("HF_TOKEN", "hf_bench")
    with (
        tempfile.TemporaryDirectory(prefix="hiwar-bench-") as folder,
        HubServer(xet=Path(folder) / "hub") as hub,
    ):
        work = Path(folder)
        months, hashed = Layout(work / "months"), Layout(work / "hash")
        print(
            "| release | version | months: files | months: Xet | hash: files | hash: Xet | published and back |"
        )
        print("|---|---|---:|---:|---:|---:|---:|")
        for number, (what, release, new) in enumerate(
            history(work, given.documents, given.months, given.seed)
        ):
            shards = sorted((release.path / "data").rglob("*.parquet"))
            whole, files, chunks = months.send(shards)
            h_whole, h_files, h_chunks = hashed.send(hash_layout(release.path, work / "h" / str(number)))
            begin = time.monotonic()
            result = publish(release.path, REPO, endpoint=hub.url)
            told = f"{time.monotonic() - begin:.1f} s, {dict(result.checked)['documents']:,} records"
            shares = [
                f"{100 * a / b:.1f} %" for a, b in ((files, whole), (chunks, whole), (h_files, h_whole))
            ]
            shares.append(f"{100 * h_chunks / h_whole:.1f} %")
            label = f"{release.version} ({whole / 1e6:.1f} MB, {len(shards)} shards)" if new else "none"
            print(f"| {what} | {label} | {' | '.join(shares)} | {told} |", flush=True)


if __name__ == "__main__":
    main()
