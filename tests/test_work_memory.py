"""What the SQL of a build holds must not grow with what was read of its pages."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from builder.duck import connection
from builder.stages.extraction import Reading, reading_table
from builder.stages.recall import standing
from builder.stages.store import KEY, Store

PAGES = 160
PAGE_BYTES = 200_000
MEMORY_MB = 20
"""Extractions of 32 MB went into memory when they stood on the side of a join that is held."""


@pytest.mark.parametrize("others", [0, 5_000])
def test_extractions_pass_by_and_are_not_held(tmp_path: Path, others: int) -> None:
    """Whatever SQL guesses of which side is small, it holds the one without extractions."""
    noise = random.Random(7)
    empty: list[str] = []
    rows = [
        (f"{n:032x}", Reading(noise.randbytes(PAGE_BYTES), None, None, *(6 * [empty]))) for n in range(PAGES)
    ]
    store = Store(tmp_path, "extractions", "now")
    parts = {key: str(store.add(reading_table([(key, found)]))) for key, found in rows}
    with connection(tmp_path / "spill", MEMORY_MB) as database:
        database.execute(
            f"CREATE TABLE standing ({KEY} VARCHAR, names VARCHAR, part VARCHAR, ref VARCHAR, "
            "documents INTEGER[], comments INTEGER[])"
        )
        known = [(key, key, part, "{}", [0], []) for key, part in parts.items()]
        elsewhere = [(f"other {n}", "", known[0][2], "{}", [0], []) for n in range(others)]
        database.executemany("INSERT INTO standing VALUES (?, ?, ?, ?, ?, ?)", [*known, *elsewhere])
        found = {each[0]: len(each.extraction) for each in standing(database)}
    assert found == dict.fromkeys(parts, PAGE_BYTES)
