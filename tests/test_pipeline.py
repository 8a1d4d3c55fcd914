"""From archives to a release: what goes in comes out or is rejected with its reasons, whatever goes wrong."""

from __future__ import annotations

from pathlib import Path

import buildkit as kit
import pytest
import warcmaker

from builder.errors import GateFailed, LockedError, UsageError
from builder.events import StageProgress
from builder.pipeline import STAGES
from builder.storage import folder_lock


def test_a_release_holds_every_essay(tmp_path: Path) -> None:
    """Essays of two archives become rows with their text, in a release that counts them."""
    kit.archive(tmp_path, "a", kit.essays(range(5)))
    kit.archive(tmp_path, "b", kit.essays(range(5, 8)))
    built = kit.run(kit.recipe(tmp_path))
    assert (built.version, built.rows, built.fresh) == ("1.0.0", {"documents": 8, "comments": 0}, True)
    rows = {row["url"]: row for row in kit.documents(built)}
    assert set(rows) == {kit.address(number) for number in range(8)}
    assert kit.essay(3)[0] in rows[kit.address(3)]["text"]
    assert rows[kit.address(6)]["provenance"]["warc_file"].startswith("archive-")


def test_what_is_not_read_is_rejected_with_its_reason(tmp_path: Path) -> None:
    """Errors, redirects, images, robots and empty pages are told apart, and nothing vanishes."""
    records = [
        *kit.essays(range(3)),
        kit.capture("https://site0.example/old", b"", 2, "301 Moved Permanently"),
        kit.capture("https://site0.example/broken", kit.page(90), 2, "503 Service Unavailable"),
        kit.capture("https://site0.example/never", kit.page(91), 2, "404 Not Found"),
        kit.capture("https://site0.example/logo.png", b"\x89PNG", 2, Content_Type="image/png"),
        kit.capture("https://site0.example/empty", b"<html><body></body></html>", 2),
    ]
    kit.archive(tmp_path, "a", records)
    built = kit.run(kit.recipe(tmp_path))
    found = kit.rules(built)
    assert built.rows["documents"] == 3
    expected = {"inventory/redirect", "inventory/status", "inventory/gone", "inventory/mime"}
    assert expected <= set(found)
    assert sum(found.values()) == 5
    inventory = next(tally for tally in built.tallies if tally.stage == "inventory")
    assert (inventory.read, inventory.kept, inventory.dropped.total()) == (8, 4, 4)


def test_every_stage_accounts_for_what_it_read(tmp_path: Path) -> None:
    """kept + dropped + failed = read in every tally, and each stage reads what the one before kept."""
    kit.archive(tmp_path, "a", [*kit.essays(range(4)), *kit.essays(range(4), day=3)])
    built = kit.run(kit.recipe(tmp_path))
    by_stage = {tally.stage: tally.close() for tally in built.tallies}
    for before, after in [
        ("latest.documents", "columns.documents"),
        ("columns.documents", "rules.documents"),
    ]:
        assert by_stage[before].kept == by_stage[after].read
    assert by_stage["inventory"].dropped["seen-again"] == 4


def test_a_build_that_gives_no_new_release_accounts_for_what_it_read(tmp_path: Path) -> None:
    """Captures that came since and hold no record are counted, and rejected with their reasons, all the same."""
    kit.archive(tmp_path, "a", kit.essays(range(3)))
    given = kit.recipe(tmp_path)
    first = kit.run(given)
    missing = kit.capture(kit.address(98), "لا شيء هنا".encode(), 2, "404 Not Found")
    kit.archive(tmp_path, "b", [missing, kit.capture(kit.address(99), b"<p>nothing in Arabic</p>", 2)])
    for _ in range(2):
        again = kit.run(given)
        assert (again.fresh, again.version) == (False, first.version)
        assert kit.rules(again) == {"inventory/gone": 1, "extract/not-arabic-bytes": 1}
        tallies = {tally.stage: tally for tally in again.tallies}
        assert (tallies["inventory"].read, tallies["inventory"].kept) == (5, 4)
        assert dict(tallies["extract"].dropped) == {"not-arabic-bytes": 1}


def test_the_latest_state_of_a_page_stands(tmp_path: Path) -> None:
    """Of two captures of one address the later one is published, also when its archive is named first."""
    url = kit.address(1)
    kit.archive(tmp_path, "z-first", [kit.capture(url, kit.page(1, title="النسخة الأولى من المقال"), 1)])
    kit.archive(tmp_path, "a-later", [kit.capture(url, kit.page(1, title="النسخة الثانية من المقال"), 9)])
    (row,) = kit.documents(built := kit.run(kit.recipe(tmp_path)))
    assert row["title"] == "النسخة الثانية من المقال"
    assert kit.rules(built) == {"latest/older-state": 1}


def test_a_state_that_came_back_stands_again(tmp_path: Path) -> None:
    """A page that was changed and changed back is published as it was seen last."""
    url = kit.address(1)
    first, second = kit.page(1, title="قبل التعديل في النص"), kit.page(1, title="بعد التعديل في النص")
    kit.archive(tmp_path, "a", [kit.capture(url, first, 1), kit.capture(url, second, 5)])
    kit.archive(tmp_path, "b", [kit.capture(url, first, 9)])
    (row,) = kit.documents(kit.run(kit.recipe(tmp_path)))
    assert row["title"] == "قبل التعديل في النص"


def test_what_is_deleted_a_second_time_stays_away(tmp_path: Path) -> None:
    """Of gone, there again and gone again the last counts; what came back after it was gone is there."""
    cases = ("there gone there gone", "gone there gone", "gone there", "there", "gone gone there")
    records = [
        kit.capture(kit.address(number), kit.page(number) if answer == "there" else b"", day, status)
        for number, answers in enumerate(cases)
        for day, answer in enumerate(answers.split(), 1)
        for status in ["200 OK" if answer == "there" else "410 Gone"]
    ]
    kit.archive(tmp_path, "a", records)
    built = kit.run(kit.recipe(tmp_path))
    assert {row["url"] for row in kit.documents(built)} == {kit.address(number) for number in (2, 3, 4)}


def test_a_page_that_is_gone_leaves_with_the_next_release(tmp_path: Path) -> None:
    """410 after 200 takes the document out; a later 200 brings it back."""
    kit.archive(tmp_path, "a", kit.essays(range(3)))
    given = kit.recipe(tmp_path)
    assert kit.run(given).rows["documents"] == 3
    kit.archive(tmp_path, "b", [kit.capture(kit.address(1), b"", 5, "410 Gone")])
    gone = kit.run(given)
    assert {row["url"] for row in kit.documents(gone)} == {kit.address(0), kit.address(2)}
    assert "latest/gone" in kit.rules(gone)
    kit.archive(tmp_path, "c", kit.essays(range(1, 2), day=9))
    assert kit.run(given).rows["documents"] == 3


def test_a_revisit_borrows_the_body_of_its_digest(tmp_path: Path) -> None:
    """A revisit at another address is read with the body it names; one without a body anywhere is rejected."""
    other = "https://site7.example/copy"
    records = [
        kit.capture(kit.address(1), kit.page(1)),
        kit.revisit(kit.address(1), kit.page(1), 5),
        kit.revisit(other, kit.page(1), 6),
        kit.revisit("https://site8.example/lost", kit.page(99), 6),
    ]
    kit.archive(tmp_path, "a", records)
    built = kit.run(kit.recipe(tmp_path))
    (row,) = kit.documents(built)
    assert {row["url"], *row["cluster_urls"]} == {kit.address(1), other}
    assert kit.rules(built) == {
        "inventory/seen-again": 1,
        "inventory/revisit-without-body": 1,
        "dedup/exact": 1,
    }


def test_a_revisit_whose_headers_were_not_kept_borrows_the_body_too(tmp_path: Path) -> None:
    """The standard lets a revisit have no block at all; what it repeats says of what type it was."""
    bare = warcmaker.record(
        "revisit",
        b"",
        WARC_Target_URI="https://site7.example/copy",
        WARC_Date="2025-03-06T08:00:00Z",
        WARC_Payload_Digest=warcmaker.sha1(kit.page(1)),
        WARC_Profile="http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
    )
    kit.archive(tmp_path, "a", [kit.capture(kit.address(1), kit.page(1)), bare])
    (row,) = kit.documents(kit.run(kit.recipe(tmp_path)))
    assert {row["url"], *row["cluster_urls"]} == {kit.address(1), "https://site7.example/copy"}


def test_damage_costs_its_record_and_is_reported(tmp_path: Path) -> None:
    """A broken stretch of an archive is counted as failed; the records around it are published."""
    path = kit.archive(tmp_path, "a", kit.essays(range(4)))
    data = bytearray(path.read_bytes())
    places = [place for place in range(len(data)) if data[place : place + 3] == b"\x1f\x8b\x08"]
    data[places[1] + 60] ^= 0xFF
    path.write_bytes(bytes(data))
    built = kit.run(kit.recipe(tmp_path))
    assert built.rows["documents"] == 3
    inventory = next(tally for tally in built.tallies if tally.stage == "inventory")
    assert inventory.failed.total() == 1
    (damage,) = [row for row in kit.rejected(built) if row["url"] is None]
    assert (damage["warc_file"], damage["warc_offset"]) == ("a.warc.gz", places[1])


def test_a_build_without_records_is_stopped_by_its_gate(tmp_path: Path) -> None:
    """Nothing to publish is said clearly with what took the records away, and makes no release."""
    kit.archive(tmp_path, "a", [kit.capture(kit.address(1), b"", 2, "410 Gone")])
    given = kit.recipe(tmp_path)
    with pytest.raises(GateFailed, match=r"no document is left.*\(inventory: gone 1\)"):
        kit.run(given)
    assert not list(given.releases.glob("[0-9]*"))


def test_comments_stand_under_their_document(tmp_path: Path) -> None:
    """Readers' comments become rows of their own that name the document; the union of all states counts."""
    url = kit.address(1)
    said = (
        "قرأت المقال مرتين وأظن أن الكاتب بالغ في وصف المنصة",
        "شكرا لك على هذا النص الجميل الذي يلامس الواقع",
    )
    kit.archive(tmp_path, "a", [kit.capture(url, kit.page(1, comments=said[:1]), 1)])
    kit.archive(tmp_path, "b", [kit.capture(url, kit.page(1, comments=said), 5)])
    built = kit.run(kit.recipe(tmp_path))
    (document,) = kit.documents(built)
    assert built.rows["comments"] == 2
    import pyarrow.parquet as pq

    rows = pq.read_table(built.release / "data" / "comments").to_pylist()  # type: ignore[operator]
    assert {row["document_id"] for row in rows} == {document["id"]}
    assert {row["text"] for row in rows} == set(said)
    assert not any("قارئ" in (row["author"] or "") for row in rows)


def test_a_takedown_reaches_the_names_behind_pseudonyms(tmp_path: Path) -> None:
    """A person named in a takedown is left out of the next release although rows show no names."""
    from builder.takedown import add

    said = ("هذا تعليق طويل من قارئ أول عن الموضوع كله", "هذا تعليق آخر من شخص مختلف تماما عن الأول")
    kit.archive(tmp_path, "a", [kit.capture(kit.address(1), kit.page(1, comments=said))])
    given = kit.recipe(tmp_path)
    assert kit.run(given).rows["comments"] == 2
    add(tmp_path, "قارئ 0", "asked by mail", now=kit.NOW)
    built = kit.run(given)
    assert built.rows == {"documents": 1, "comments": 1}
    assert kit.rules(built) == {"takedown/author": 1}


def test_progress_names_every_stage_in_order(tmp_path: Path) -> None:
    """Whoever watches sees the stages begin in the order of the tuple."""
    kit.archive(tmp_path, "a", kit.essays(range(2)))
    seen: list[StageProgress] = []
    kit.run(kit.recipe(tmp_path), progress=seen.append)
    assert list(dict.fromkeys(event.stage for event in seen)) == [stage.name for stage in STAGES]
    reading = [event for event in seen if event.stage == "extract"]
    assert (reading[-1].done, reading[-1].total) == (2, 2)


def test_a_profile_tells_what_each_stage_cost(tmp_path: Path) -> None:
    """With `profile` the result holds CPU and clock seconds of every stage; the release's bytes do not change."""
    kit.archive(tmp_path, "a", kit.essays(range(2)))
    given = kit.recipe(tmp_path)
    plain = kit.run(given)
    profiled = kit.run(given, profile=True)
    assert set(profiled.profile) == {stage.name for stage in STAGES}
    assert all(times["wall_s"] >= 0 for times in profiled.profile.values())
    assert (plain.profile, profiled.version, profiled.fresh) == ({}, "1.0.0", False)


def test_two_builds_do_not_work_in_one_folder(tmp_path: Path) -> None:
    """The second build is told who holds the folder."""
    kit.archive(tmp_path, "a", kit.essays(range(2)))
    given = kit.recipe(tmp_path)
    with folder_lock(given.cache, doing="building"), pytest.raises(LockedError, match="building here"):
        kit.run(given)


@pytest.mark.parametrize("task", ["3/3", "1", "a/b", "-1/2"])
def test_a_slice_that_is_none_is_refused(tmp_path: Path, task: str) -> None:
    """A wrong --task is a wrong use, said before any work is done."""
    kit.archive(tmp_path, "a", kit.essays(range(2)))
    with pytest.raises(UsageError, match="names no slice"):
        kit.run(kit.recipe(tmp_path), task=task)


def test_slices_together_read_everything_once(tmp_path: Path) -> None:
    """After all slices the build reads no page anew and gives what one build gives."""
    whole, sliced = tmp_path / "whole", tmp_path / "sliced"
    for folder in (whole, sliced):
        kit.archive(folder, "a", kit.essays(range(9)))
    given = kit.recipe(sliced)
    for number in range(3):
        part = kit.run(given, task=f"{number}/3")
        assert (part.release, part.version) == (None, None)
    parts = {path: path.stat().st_mtime_ns for path in (given.cache / "extractions").rglob("part-*")}
    built = kit.run(given)
    after = {path: path.stat().st_mtime_ns for path in (given.cache / "extractions").rglob("part-*")}
    assert after == parts
    assert len(parts) == 3
    assert built.release is not None
    expected = kit.run(kit.recipe(whole)).release
    assert expected is not None
    assert kit.fingerprint(built.release) == kit.fingerprint(expected)


def test_a_source_does_not_take_anothers_archives(tmp_path: Path) -> None:
    """The archive of "essays-2" is not read as one of "essays" too."""
    folder = tmp_path / "archive"
    folder.mkdir()
    warcmaker.write(folder / "essays-00000.warc.gz", kit.essays(range(2)))
    warcmaker.write(folder / "essays-2-00000.warc.gz", kit.essays(range(2, 5)))
    source = '[[source]]\nkind = "site"\nname = "{}"\nstart = ["https://site0.example/"]\n'
    sources = source.format("essays") + source.format("essays-2")
    rows = kit.documents(kit.run(kit.recipe(tmp_path, sources=sources)))
    assert sorted(row["source"] for row in rows) == ["essays", "essays", *["essays-2"] * 3]
