"""Figures counted from the shards of a release."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from card_samples import comment, document, release_folder, tallies

from builder.release.series import OTHERS, SHOWN_PLATFORMS, length_classes, month_series
from builder.release.stats import TableStatistics, measure, measure_table
from builder.tally import Tally


def test_counts_are_those_of_the_records(tmp_path: Path) -> None:
    """Rows, sources, platforms, years and languages are what a plain loop over the rows gives."""
    rows = [document(n, lang="ar" if n % 3 else "mixed", cluster_size=1 + n % 2) for n in range(40)]
    table = measure(release_folder(tmp_path, rows, [comment(0)])).table("documents")

    assert table.rows == 40
    assert table.splits == (("train", 2, 40),)
    assert dict(table.languages) == {"ar": 26, "mixed": 14}
    assert dict(table.platforms) == {"tiktok": 40, "x": 20}
    assert dict(table.years) == {"2025": 40}
    assert table.copies == 20
    assert (table.first_day, table.last_day) == ("2025-01-01", "2025-02-09")
    assert ("2025-02", "x", 4) in table.month_platforms


def test_how_the_rows_are_cut_does_not_matter(tmp_path: Path) -> None:
    """Row groups of three give the same figures as one of all."""
    release = release_folder(tmp_path, [document(n) for n in range(20)])
    (whole,) = measure(release).tables
    for shard in (release / "data/documents").glob("*.parquet"):
        pq.write_table(pq.read_table(shard), shard, row_group_size=3)

    (cut,) = measure(release).tables
    assert replace(cut, size_bytes=whole.size_bytes) == whole


def test_lengths_are_values_that_occur(tmp_path: Path) -> None:
    """Quantiles by nearest rank, sums exact, every record in one class."""
    rows = [
        document(n, word_count=words, text_chars=words * 5) for n, words in enumerate([10, 20, 30, 40, 1000])
    ]
    lengths = measure(release_folder(tmp_path, rows)).table("documents").lengths

    assert (lengths.shortest, lengths.median, lengths.longest) == (10, 30, 1000)
    assert (lengths.total_words, lengths.total_chars) == (1100, 5500)
    assert (lengths.quarter, lengths.three_quarters, lengths.p95) == (20, 40, 1000)
    assert sum(count for _, count in lengths.classes) == 5
    assert length_classes(lengths)[0] == ("0–24", 2)
    assert length_classes(lengths)[-1] == ("800–1599", 1)


def test_classes_of_lengths_double(tmp_path: Path) -> None:
    """A text of as many words as an edge says belongs above it; each class is told by its own bounds."""
    edges = [25, 50, 100, 200, 400, 800, 1600, 3200, 6400, 12800]
    rows = [document(n, word_count=words) for n, words in enumerate([*edges, *(edge - 1 for edge in edges)])]
    lengths = measure(release_folder(tmp_path, rows)).table("documents").lengths
    assert lengths.p95 == 12799
    assert length_classes(lengths) == [
        ("0–24", 1),
        *((f"{low}–{2 * low - 1}", 2) for low in edges[:-1]),
        ("12800+", 1),
    ]


def test_records_without_a_date_are_counted_apart(tmp_path: Path) -> None:
    """They have no year and no month, and no day."""
    rows = [document(0, published_at=None, published_day=None), document(1)]
    table = measure(release_folder(tmp_path, rows)).table("documents")

    assert table.undated == 1
    assert dict(table.years) == {"": 1, "2025": 1}
    assert month_series(table.month_platforms).months == ("2025-01",)


def test_opt_outs_and_replaced_data_are_summed(tmp_path: Path) -> None:
    """Signals inside a list of structs and counters inside a struct are reached; a record counts once for a signal."""
    rows = [document(0), document(1), document(2)]
    for row in rows[1:]:
        places = ("header", "meta")[: 1 + rows.index(row) % 2]
        row["rights"]["signals"] = [{"name": "noai", "where": place, "value": "noai"} for place in places]
    found = measure(release_folder(tmp_path, rows, [comment(0), comment(1)]))

    assert [table.name for table in found.tables] == ["documents", "comments"]
    assert found.table("documents").signals == (("noai", 2),)
    assert dict(found.table("comments").personal)["email"] == 2


def test_a_column_another_schema_lacks_is_no_error(tmp_path: Path) -> None:
    """Old and new schema versions are counted by the same code."""
    pq.write_table(
        pa.table({"source": ["a", "b", "a"], "word_count": [1, 2, 3]}), tmp_path / "train-x.parquet"
    )
    table = measure_table("documents", [tmp_path / "train-x.parquet"])

    assert table.sources == (("a", 2), ("b", 1))
    assert table.rows == 3
    assert table.platforms == ()


def test_an_absent_table_has_no_records(tmp_path: Path) -> None:
    """A release without comments answers with zero."""
    found = measure(release_folder(tmp_path, [document(0)]))

    assert found.table("comments") == TableStatistics("comments", 0, 0, ())
    assert found.table("comments").share((), "x") == 0.0
    assert all(field.name for field in fields(found))


def test_the_funnel_keeps_every_reason(tmp_path: Path) -> None:
    """Two records were dropped, one of them for two reasons."""
    found = measure(release_folder(tmp_path, [document(0)]), tallies())

    rules = found.funnel[1]
    assert (rules.read, rules.kept, rules.dropped, rules.failed) == (8, 6, 2, 0)
    assert rules.reasons == (("noai", 2), ("too_short", 1))


def test_the_gate_can_ask_for_every_figure(tmp_path: Path) -> None:
    """Counts and shares have flat names."""
    rows = [document(n) for n in range(2)]
    rows += [document(2, published_at=None, published_day=None), document(3, source="other")]
    figures = measure(release_folder(tmp_path, rows), tallies()).figures()

    assert figures["rows.documents"] == 4
    assert figures["undated.documents"] == 1
    assert figures["source.documents.essays"] == 0.75
    assert figures["platform.documents.x"] == 0.5
    assert figures["failed.extract"] == pytest.approx(1 / 9)
    assert figures["rule.rules.too_short"] == pytest.approx(1 / 8)
    assert figures["dropped.share"] == pytest.approx(1 - 8 / 9 * 6 / 8)


def test_a_recipe_without_comments_does_not_look_like_a_disaster(tmp_path: Path) -> None:
    """Dropping every comment leaves the share of lost documents as it is."""
    comments = Tally("rules.comments")
    comments.drop(["comments"])
    release = release_folder(tmp_path, [document(0)])

    idle = Tally("takedown").close()
    with_them = measure(release, [*tallies(), idle, comments.close()]).figures()
    assert with_them["dropped.share"] == measure(release, tallies()).figures()["dropped.share"]


def test_months_have_no_gaps_and_small_platforms_are_summed(tmp_path: Path) -> None:
    """A month without a record is there with zero; only the largest platforms have a colour."""
    rows = [
        document(n, about_platforms=[f"p{n}"], published_at=datetime(2024, 11, 1, tzinfo=UTC))
        for n in range(SHOWN_PLATFORMS + 2)
    ]
    rows.append(document(50, about_platforms=["p0"], published_at=datetime(2025, 2, 1, tzinfo=UTC)))
    series = month_series(measure(release_folder(tmp_path, rows)).table("documents").month_platforms)

    assert series.months == ("2024-11", "2024-12", "2025-01", "2025-02")
    assert series.counts["p0"] == (1, 0, 0, 1)
    assert series.counts[OTHERS] == (2, 0, 0, 0)
    few = measure(release_folder(tmp_path / "few", rows[:SHOWN_PLATFORMS])).table("documents")
    assert sorted(month_series(few.month_platforms).counts) == [f"p{n}" for n in range(SHOWN_PLATFORMS)]
