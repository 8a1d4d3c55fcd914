"""A source that may give ids only gives no text, and everything that was computed from it."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from builder.release.dehydrate import WRITTEN
from builder.schema import load_schema
from tests.releasekit import comment, document, recipe_in, release_of

TWO_SOURCES = '[[source]]\nkind = "warc"\nname = "posts"\npaths = ["x"]\nids_only = true\n'
MENTION = {"platform": "x", "start": 0, "end": 5, "surface": "تويتر", "form": "long", "cue": None}


def rows_of(release: Path, table: str) -> dict[str, dict[str, object]]:
    """Return the rows of a release's table by source."""
    found = pq.read_table(release / "data" / table).to_pylist()
    return {str(row["source"]): row for row in found}


def test_the_text_stays_behind_and_the_columns_go_out(tmp_path: Path) -> None:
    """Rows of a dehydrated source keep id, date, language and mentioned platforms; those of others keep all."""
    mention = {**MENTION, "zone": "body", "role": "topic"}
    given = {
        "mentions": [mention],
        "tags": ["رأي"],
        "hashtags": ["تويتر"],
        "author_bio": "كاتبة",
        "section": "آراء",
        "published_printed": "الأحد 5 يناير",
        "published_hijri": "5 رجب 1446",
        "engagement": {
            "likes": 1,
            "replies": None,
            "reposts": 0,
            "quotes": None,
            "views": None,
            "as_of": None,
        },
    }
    rows = [document(1, source="posts", **given), document(2, **given)]
    release = release_of(
        recipe_in(tmp_path, TWO_SOURCES),
        rows,
        [comment(number, on=row, title="عنوان") for number, row in enumerate(rows)],
    )
    documents = rows_of(release.path, "documents")
    hidden, whole = documents["posts"], documents["essays"]
    assert hidden["text"] == ""
    assert all(not hidden[name] for name in WRITTEN & hidden.keys())
    assert all(not hidden[name] and whole[name] for name in ("title", *given) if name != "mentions")
    assert hidden["mentions"] == [{**mention, "surface": ""}]
    kept = ("id", "url", "published_at", "lang", "word_count", "text_chars", "arabic_share")
    assert [hidden[name] for name in kept] == [rows[0][name] for name in kept]
    assert whole["text"] == rows[1]["text"]
    assert whole["mentions"] == [mention]
    comments = rows_of(release.path, "comments")
    assert (comments["posts"]["text"], comments["posts"]["title"]) == ("", None)
    assert comments["essays"]["text"]


STAYS = """
about_platforms arabic_share arabizi author canonical_url cluster_id cluster_size cluster_urls concepts depth
dialect_markers document_id edited evidence flags id instance issue lang lang_declared lang_votes mentions modified_at
parent_id parent_state pii position posted_on provenance published_at published_day published_precision published_zone
published_zone_source quality record_type relevance relevance_parts rights root_id site source text_chars thread_id url
word_count
"""
"""Columns that were computed, or that say where a record is; the wording of mentions goes, as a test above says."""


def test_every_column_is_written_by_people_or_not() -> None:
    """A new column has to be put on one side: none of free text is left out of the list."""
    names = {field.name for table in ("documents", "comments") for field in load_schema(table).fields}
    assert names == WRITTEN | set(STAYS.split())
    assert not WRITTEN & set(STAYS.split())
