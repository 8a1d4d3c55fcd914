"""Archives that are broken, through the whole build: every whole record is published, each damage is one failure."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import buildkit as kit
import pytest
import warcmaker

from builder.errors import ArchiveError
from builder.events import StageProgress

PAGES = 6
HURT = 3
"""The page of a file whose record is damaged."""

Parts = list[bytes]


def members(first: int, **fields: str) -> Parts:
    """Return the packed records of six essays; `fields` overwrite what the WARC header of the hurt one says."""
    records = []
    for number in range(first, first + PAGES):
        said = {
            "WARC_Target_URI": kit.address(number),
            "WARC_Payload_Digest": warcmaker.sha1(kit.page(number)),
            **(fields if number == first + HURT else {}),
        }
        records.append(warcmaker.record("response", warcmaker.http(kit.page(number)), **said))
    return [gzip.compress(record, mtime=0) for record in records]


def truncated(first: int) -> Parts:
    """Break off in the midst of a record."""
    parts = members(first)[: HURT + 1]
    return [*parts[:HURT], parts[HURT][: len(parts[HURT]) // 2]]


def flipped(first: int) -> Parts:
    """Turn one bit in the midst of a packed record."""
    parts = members(first)
    hurt = bytearray(parts[HURT])
    hurt[len(hurt) // 2] ^= 0x10
    return [*parts[:HURT], bytes(hurt), *parts[HURT + 1 :]]


def garbage(first: int) -> Parts:
    """Put bytes that belong to nothing between two records."""
    parts = members(first)
    return [*parts[:HURT], b"\x1f\x8b\x08 not gzip at all " * 20, *parts[HURT:]]


def two_damages(first: int) -> Parts:
    """Let one record lie about its length and cut off the last."""
    parts = members(first, Content_Length="999999")
    return [*parts[:-1], parts[-1][:-40]]


OTHERS = set(range(PAGES)) - {HURT}
SHAPES: dict[str, tuple[Callable[[int], Parts], set[int], int]] = {
    "truncated": (truncated, set(range(HURT)), 1),
    "flipped": (flipped, OTHERS, 1),
    "garbage": (garbage, set(range(PAGES)), 1),
    "too-big": (lambda first: members(first, Content_Length="999999"), OTHERS, 1),
    "too-small": (lambda first: members(first, Content_Length="17"), OTHERS, 1),
    "negative": (lambda first: members(first, Content_Length="-5"), OTHERS, 1),
    "two": (two_damages, OTHERS - {PAGES - 1}, 2),
}
"""What makes a file, which of its pages are whole, and the number of its damages."""


def test_each_damage_costs_its_record_and_is_one_failure(tmp_path: Path) -> None:
    """Whole records around damages are published, each damage is one row that says where and why, all adds up."""
    given, whole, damages = kit.recipe(tmp_path), set(), Counter[str]()
    (tmp_path / "warcs").mkdir()
    for place, (shape, (make, kept, count)) in enumerate(SHAPES.items()):
        first = 100 * place
        (tmp_path / "warcs" / f"{shape}.warc.gz").write_bytes(b"".join(make(first)))
        whole |= {kit.address(first + number) for number in kept}
        damages[f"{shape}.warc.gz"] = count
    built = kit.run(given, workers=2)
    assert {row["url"] for row in kit.documents(built)} == whole
    assert built.rows["documents"] == len(whole)
    assert Counter(row["warc_file"] for row in kit.rejected(built)) == damages
    assert kit.rules(built) == {"inventory/damaged": damages.total()}
    assert all(row["warc_offset"] > 0 and row["reasons"][0]["detail"] for row in kit.rejected(built))
    accounts = [tally.as_dict() for tally in built.tallies]
    assert [(found["read"], found["failed"]) for found in accounts if found["stage"] == "inventory"] == [
        (len(whole) + damages.total(), damages.total())
    ]
    assert all(found["read"] == found["kept"] + found["dropped"] + found["failed"] for found in accounts)


def test_a_length_in_http_does_not_count(tmp_path: Path) -> None:
    """What a server said of its length decides nothing once the record is proven whole: archives leave it stale."""
    lengths = ("1", "999999", "-5", "many")
    lies = [
        kit.capture(kit.address(number), kit.page(number), Content_Length=length)
        for number, length in enumerate(lengths)
    ]
    texts = []
    for name, captures in (("lying", lies), ("honest", kit.essays(range(len(lengths))))):
        kit.archive(tmp_path / name, "a", captures)
        built = kit.run(kit.recipe(tmp_path / name))
        assert kit.rules(built) == {}
        texts.append({row["url"]: row["text"] for row in kit.documents(built)})
    assert texts[0] == texts[1]
    assert len(texts[0]) == len(lengths)


def test_an_archive_that_goes_away_is_no_verdict_on_its_pages(tmp_path: Path) -> None:
    """A file that was scanned and is gone when its pages are read ends the build; put back, all of it is there."""
    given, path = kit.recipe(tmp_path), kit.archive(tmp_path, "a", kit.essays(range(4)))

    def take_away(told: StageProgress) -> None:
        if told.stage == "extract" and path.exists():
            path.rename(tmp_path / "away")

    with pytest.raises(ArchiveError, match="Put the archive file back"):
        kit.run(given, progress=take_away)
    (tmp_path / "away").rename(path)
    built = kit.run(given)
    assert built.rows["documents"] == 4
    assert kit.rules(built) == {}
