"""Small datasets of our own writing for the tests of releases: rows, row files, recipes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from builder.dedup import fingerprint, helper_fields
from builder.recipe import Recipe, load_recipe
from builder.release import Release, ReleaseInput, write_release
from builder.schema import Field, Row, load_schema
from builder.urls import canonical_url, stable_id

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
START = datetime(2025, 1, 5, 8, tzinfo=UTC)

VOCABULARY = """
منصة حوار نقاش خوارزمية متابع مقال رأي جمهور محتوى نشر تعليق صورة خبر شاشة وقت طفل مدرسة سوق صديق كتاب سؤال
جواب مدينة شارع بيت عمل حلم لغة حرف قصة نص قارئ كاتب ناشر رقابة حرية خصوصية إعلان ثقة بحر جبل نهر سفر طريق
"""
WORDS = VOCABULARY.split()


def words(seed: int, count: int) -> str:
    """Return `count` Arabic words that depend on `seed` alone."""
    state, chosen = seed * 2654435761 % 2**32 or 1, []
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        chosen.append(WORDS[(state >> 16) % len(WORDS)])
    return " ".join(chosen)


def _plain(field: Field) -> object:
    """Return a value for a column that a test does not care about."""
    if field.nullable:
        return None
    if field.type == "struct":
        return {part.name: _plain(part) for part in field.fields}
    empty: dict[str, object] = {"string": "", "bool": False, "timestamp": NOW, "float32": 0.0}
    return [] if field.type.startswith("list") else empty.get(field.type, 0)


def document(number: int, **given: object) -> Row:
    """Return a row of the documents table; ten of them lie in one month."""
    url = f"https://site.example/show?n={number}"
    text = words(number, 60)
    row: Row = {field.name: _plain(field) for field in load_schema("documents", 1).fields}
    row |= {
        "id": stable_id(url),
        "record_type": "article",
        "url": url,
        "canonical_url": canonical_url(url),
        "site": "site.example",
        "source": "essays",
        "title": words(number + 1000, 5),
        "author": "كاتبة المقال",
        "published_at": START + timedelta(days=3 * number),
        "text": text,
        "lang": "ar",
        "arabic_share": 1.0,
        "about_platforms": ["facebook"] if number % 2 else [],
        "parent_state": "none",
        **given,
    }
    row["text_chars"], row["word_count"] = len(str(row["text"])), len(str(row["text"]).split())
    row["cluster_id"], row["cluster_size"] = row["id"], 1
    if row["published_at"]:
        row["published_day"] = row["published_at"].date().isoformat()
    row["provenance"] = {
        "warc_file": "essays-00000.warc.gz",
        "warc_record_id": f"<urn:uuid:{number}>",
        "warc_offset": number * 1000,
        "payload_digest": f"sha1:{number:032d}",
        "fetched_at": NOW - timedelta(days=1),
        "reader": "test 1",
        "charset": "utf-8",
    }
    row["rights"] = {"robots": "allowed", "robots_rule": None, "signals": [], "licence": None, "terms": None}
    return row


def comment(number: int, on: Row, **given: object) -> Row:
    """Return a row of the comments table under a document."""
    url = f"{on['url']}#comment-{number}"
    row: Row = {field.name: _plain(field) for field in load_schema("comments", 1).fields}
    row |= {
        "id": stable_id(url),
        "document_id": on["id"],
        "url": url,
        "site": on["site"],
        "source": on["source"],
        "author": "person-" + stable_id(str(number % 3))[:8],
        "published_at": on["published_at"],
        "text": words(number + 5000, 12),
        "lang": "ar",
        "arabic_share": 1.0,
        "parent_state": "none",
        "position": number,
        "provenance": on["provenance"],
        "rights": on["rights"],
        **given,
    }
    row["text_chars"], row["word_count"] = len(str(row["text"])), len(str(row["text"]).split())
    return row


def write_rows(path: Path, table: str, rows: Iterable[Row], version: int = 1) -> Path:
    """Write a row file as the pipeline does: the schema's columns, and the helper columns of dedup."""
    schema = load_schema(table, version).arrow()
    rows = [dict(row) for row in rows]
    if table == "documents":
        schema = pa.schema([*schema, *helper_fields()])
        rows = [{**row, **fingerprint(str(row["text"])).columns()} for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    return path


def recipe_in(folder: Path, extra: str = "", dataset: str = "") -> Recipe:
    """Write a small recipe into a folder and read it."""
    folder.mkdir(parents=True, exist_ok=True)
    text = (
        '[dataset]\nname = "platform-discourse"\nlicence = "cc-by-4.0"\n'
        f'contact = "mailto:team@example.org"\n{dataset}\n'
        f'[[source]]\nkind = "warc"\nname = "essays"\npaths = ["*.warc.gz"]\n{extra}\n'
    )
    (folder / "dataset.toml").write_text(text, encoding="utf-8")
    return load_recipe(folder)


def release_of(
    recipe: Recipe,
    documents: Iterable[Row],
    comments: Iterable[Row] = (),
    **given: object,
) -> Release:
    """Write rows as one part each and make a release of them."""
    parts = recipe.folder / "cache"
    options: Mapping[str, object] = given
    comments = list(comments)
    return write_release(
        ReleaseInput(
            recipe=recipe,
            documents=(write_rows(parts / "documents.parquet", "documents", documents),),
            comments=(write_rows(parts / "comments.parquet", "comments", comments),) if comments else (),
            now=NOW,
            **options,  # type: ignore[arg-type]
        )
    )
