"""Small releases on disk for the tests of the card and its companions: our own Arabic texts, real Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from builder.recipe import Recipe, load_recipe
from builder.release.cardinput import CardInput
from builder.release.stats import measure
from builder.schema import Row, Schema, load_schema
from builder.tally import Tally
from builder.urls import stable_id

RECIPE = """
[dataset]
name = "discourse"
pretty_name = "خطاب المنصات"
licence = "odc-by"
maintainer = "Layla Haddad"
contact = "mailto:removal@example.org"

[[source]]
kind = "warc"
name = "essays"
paths = ["pages/*.warc.gz"]
licence = "CC-BY-4.0"
terms = "Keep the byline."
"""

TEXT = "كتبت ليلى عن تيك توك وكيف غيّر عادات القراءة عند الشباب، ثم سألت: من يقرأ اليوم مقالًا طويلًا؟"

_EMPTY: dict[str, Any] = {
    "string": "",
    "bool": False,
    "int32": 0,
    "int64": 0,
    "float32": 0.0,
    "timestamp": datetime(2025, 1, 1, tzinfo=UTC),
    "list<string>": [],
    "list<struct>": [],
}


def _blank(fields: Sequence[Any]) -> Row:
    return {
        field.name: _blank(field.fields)
        if field.type == "struct" and not field.nullable
        else (None if field.nullable else _EMPTY[field.type])
        for field in fields
    }


def document(number: int, **changes: object) -> Row:
    """Return a document row: number 0 is of 2025-01-01, each next one a day later."""
    day = datetime(2025, 1, 1, 12, tzinfo=UTC) + timedelta(days=number)
    row = _blank(load_schema("documents", 1).fields)
    row |= {
        "id": stable_id(f"example.org/{number}"),
        "record_type": "article",
        "url": f"https://example.org/{number}",
        "canonical_url": f"https://example.org/{number}",
        "site": "example.org",
        "source": "essays",
        "about_platforms": ["tiktok"] if number % 2 else ["x", "tiktok"],
        "title": f"مقال {number}",
        "author": "ليلى حداد",
        "published_at": day,
        "published_day": day.strftime("%Y-%m-%d"),
        "text": f"{TEXT} {number}",
        "text_chars": len(TEXT),
        "word_count": 15 + number,
        "lang": "ar",
        "arabic_share": 1.0,
        "parent_state": "none",
        "cluster_size": 1,
        "mentions": [
            {"platform": "tiktok", "start": 13, "end": 20, "surface": "تيك توك", "form": "long", "cue": None,
             "zone": "lead", "role": "topic"},
        ],
    }  # fmt: skip
    row["cluster_id"] = row["id"]
    row["rights"] = {
        "robots": "allowed",
        "robots_rule": None,
        "signals": [],
        "licence": "CC-BY-4.0",
        "terms": None,
    }
    row["provenance"] |= {
        "warc_file": "a.warc.gz",
        "fetched_at": datetime(2026, 1, 2, tzinfo=UTC),
        "reader": "x",
    }
    return row | changes


def comment(number: int, under: int = 0, **changes: object) -> Row:
    """Return a comment row under document `under`."""
    row = _blank(load_schema("comments", 1).fields)
    row |= {
        "id": stable_id(f"example.org/c{number}"),
        "document_id": stable_id(f"example.org/{under}"),
        "parent_state": "none",
        "url": f"https://example.org/{under}#c{number}",
        "site": "example.org",
        "source": "essays",
        "author": "user:0123456789abcdef",
        "published_at": datetime(2025, 2, 1, tzinfo=UTC),
        "published_day": "2025-02-01",
        "text": "أحسنت، مقال جميل.",
        "text_chars": 17,
        "word_count": 3,
        "lang": "ar",
        "arabic_share": 1.0,
    }
    row["pii"]["email"] = 1
    row["rights"] = {"robots": "allowed", "robots_rule": None, "signals": [], "licence": None, "terms": None}
    row["provenance"] |= {
        "warc_file": "a.warc.gz",
        "fetched_at": datetime(2026, 1, 2, tzinfo=UTC),
        "reader": "x",
    }
    return row | changes


def write_shards(folder: Path, schema: Schema, rows: Sequence[Row]) -> None:
    """Write rows as monthly shards of `data/<schema name>/` the way a release has them."""
    target = folder / "data" / schema.name
    target.mkdir(parents=True, exist_ok=True)
    months: dict[str, list[Row]] = {}
    for row in rows:
        months.setdefault(
            row["published_at"].strftime("%Y-%m") if row["published_at"] else "undated", []
        ).append(row)
    for month, part in months.items():
        pq.write_table(schema.table(part), target / f"train-{month}.parquet", compression="zstd")


def release_folder(folder: Path, documents: Sequence[Row], comments: Sequence[Row] = ()) -> Path:
    """Write a release's shards and return its folder."""
    write_shards(folder, load_schema("documents", 1), documents)
    if comments:
        write_shards(folder, load_schema("comments", 1), comments)
    return folder


def recipe(folder: Path, text: str = RECIPE) -> Recipe:
    """Write a recipe into a folder and load it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "dataset.toml"
    path.write_text(text, encoding="utf-8")
    return load_recipe(path)


def tallies() -> list[Tally]:
    """Return the accounts of two stages."""
    extract = Tally("extract")
    extract.keep(8)
    extract.fail(["charset"])
    rules = Tally("rules")
    rules.keep(6)
    rules.drop(["too_short", "noai"])
    rules.drop(["noai"])
    return [extract.close(), rules.close()]


def card_input(folder: Path, text: str = RECIPE, **changes: Any) -> CardInput:
    """Return what the card of a small release of ten documents and two comments is made from."""
    release = folder / "release"
    if not release.exists():
        release_folder(release, [document(n) for n in range(10)], [comment(0), comment(1, 3)])
    given: dict[str, Any] = {
        "recipe": recipe(folder, text),
        "version": "1.0.0",
        "schemas": (load_schema("documents", 1), load_schema("comments", 1)),
        "statistics": measure(release, tallies()),
    }
    return CardInput(**(given | changes))
