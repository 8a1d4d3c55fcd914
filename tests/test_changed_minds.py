"""A page that says no later, or no longer, is heard also where its body stayed the same to the byte."""

from __future__ import annotations

from pathlib import Path

import buildkit as kit
import pytest
import warcmaker

NOAI = {"X_Robots_Tag": "noai"}


def revisit(day: int, **headers: str) -> bytes:
    """Return a record that says the first essay's page was served again on a day, with these headers."""
    return warcmaker.record(
        "revisit",
        warcmaker.http(b"", **headers),
        WARC_Target_URI=kit.address(1),
        WARC_Date=f"2025-03-{day:02d}T08:00:00Z",
        WARC_Payload_Digest=warcmaker.sha1(kit.page(1)),
        WARC_Profile="http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
    )


def captured(day: int, **headers: str) -> bytes:
    """Return a capture of the first essay's page on a day, with these headers."""
    return kit.capture(kit.address(1), kit.page(1), day, **headers)


@pytest.mark.parametrize(
    ("records", "kept"),
    [
        ([captured(1), captured(5, **NOAI)], False),
        ([captured(1), revisit(5, **NOAI)], False),
        ([captured(1, **NOAI), captured(5)], True),
        ([captured(1, **NOAI), revisit(5)], True),
        ([captured(1), captured(3, **NOAI), captured(5)], True),
        ([captured(5, **NOAI), captured(1)], False),
    ],
    ids=["no", "no by revisit", "yes", "yes by revisit", "no and yes", "order in the file"],
)
def test_the_newest_word_counts(tmp_path: Path, records: list[bytes], kept: bool) -> None:
    """The body is read once; what is said of its use is what was said when it was last seen."""
    kit.archive(tmp_path, "a", [*records, *kit.essays(range(2, 4))])
    built = kit.run(kit.recipe(tmp_path))
    assert (kit.address(1) in {row["url"] for row in kit.documents(built)}) is kept
    assert kit.rules(built).get("optout/noai", 0) == (0 if kept else 1)
    assert kit.rules(built)["inventory/seen-again"] == len(records) - 1
