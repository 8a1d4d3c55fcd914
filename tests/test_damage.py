"""Damage that hides behind right hashes: a manifest that contradicts itself, rows that contradict each other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from releasekit import NOW, comment, document, recipe_in, release_of

from builder.errors import CheckFailed, VerifyFailed
from builder.recipe import load_recipe
from builder.release.audit import card_problems, file_problems, record_problems, schema_problems
from builder.release.diff import diff
from builder.release.holdings import holdings, prepare, refuse_named
from builder.release.manifest import Manifest, read_manifest
from builder.release.shards import shard_schema, write_shard
from builder.schema import load_schema
from builder.takedown import add
from builder.tally import Tally
from builder.verify import verify


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a release with two tables, the account of a stage, and a version before it."""
    recipe = recipe_in(tmp_path_factory.mktemp("damage") / "ds")
    rules = Tally("rules")
    rules.keep(13)
    rules.drop(["short"])
    release_of(recipe, [document(1)])
    rows = [document(n) for n in range(12)]
    return release_of(recipe, rows, [comment(1, rows[0])], tallies=(rules,)).path


@pytest.fixture
def release(made: Path, tmp_path: Path) -> Path:
    """Return a copy of the release that a test may spoil."""
    return shutil.copytree(made, tmp_path / "1.1.0")


def rewrite(release: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what stands in a manifest."""
    path = release / "manifest.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda m: m["tables"]["documents"].update(rows=13), "tables"),
        (lambda m: m["tables"]["comments"].update(content="sha256:0"), "tables"),
        (lambda m: m.pop("tables"), "tables"),
        (lambda m: m["tallies"][0].update(read=15), "stage rules"),
        (lambda m: m["tallies"][0].update(kept=14), "stage rules"),
        (lambda m: m["tallies"][0].update(dropped=0), "tallies"),
        (lambda m: m["tallies"][0].update(dropped_for=None), "dropped_for is None"),
        (lambda m: m["shards"][0].update(rows="9"), "rows is '9'"),
        (lambda m: m["history"][0].update(added=None), "added is None"),
        (lambda m: m.update(made_with=None), "made_with is None"),
        (lambda m: m.update(captured_until=7), "captured_until is 7"),
        (lambda m: m["history"][0].update(version="1.2.0"), "history"),
        (lambda m: m["history"].clear(), "history"),
        (lambda m: m.update(previous="0.9.0"), "history"),
        (lambda m: m["files"].insert(0, {**m["files"][0], "sha256": "0" * 64}), "CHANGELOG.md"),
    ],
)
def test_a_manifest_that_contradicts_itself_is_not_believed(
    release: Path, change: Callable[[dict[str, Any]], object], told: str
) -> None:
    """Sums, the account of a stage, the history and the list of files are held against each other."""
    rewrite(release, change)
    with pytest.raises(VerifyFailed, match=f"not whole: .*{told}"):
        read_manifest(release)


def test_a_size_that_is_not_that_of_the_file_is_named(release: Path) -> None:
    """Who fetches by the manifest's sizes must be able to trust them."""
    rewrite(release, lambda m: m["files"][0].update(size_bytes=m["files"][0]["size_bytes"] + 1))
    found = list(file_problems(release, read_manifest(release)))
    assert found == ["CHANGELOG.md has another size than the manifest says"]


def redone(release: Path, number: int = 0, **other: object) -> Manifest:
    """Return a release's manifest with other values for one of its shards, and everything that follows from them."""
    manifest = read_manifest(release)
    shards = list(manifest.shards)
    shards[number] = replace(shards[number], **other)  # type: ignore[arg-type]
    return replace(manifest, shards=tuple(shards))


@pytest.mark.parametrize(
    ("check", "other", "told"),
    [
        (record_problems, {"rows": 99}, "has 9 rows, the manifest says 99"),
        (record_problems, {"content": "sha256:0"}, "has another content hash"),
        (record_problems, {"path": "data/documents/train-2025-03.parquet"}, "was published in 2025-01"),
        (file_problems, {"sha256": "0" * 64}, "the manifest contradicts itself"),
        (file_problems, {"size_bytes": 1}, "the manifest contradicts itself"),
        (file_problems, {"path": "data/documents/train-2030-01.parquet"}, "the manifest contradicts itself"),
    ],
)
def test_a_shard_that_is_not_what_the_manifest_says_is_named(
    release: Path, check: Callable[[Path, Manifest], Iterable[str]], other: dict[str, object], told: str
) -> None:
    """Rows, content, month, size and hash of each shard are held against its line."""
    ours, theirs = release / "data/documents/train-2025-01.parquet", release / str(other.get("path", "x"))
    if check is record_problems and theirs.parent == ours.parent:
        theirs.write_bytes(ours.read_bytes())
    assert told in "; ".join(check(release, redone(release, **other)))
    assert list(check(release, read_manifest(release))) == []


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"sha256": "0" * 64}, ["documents.v1.json is not the file the release was made with"]),
        ({"version": 99}, ["schema documents version 99 is not known to this Hiwar"]),
    ],
)
def test_a_schema_that_is_not_ours_is_named(release: Path, other: dict[str, object], told: list[str]) -> None:
    """Columns mean what the schema file of that day said, so it must be the same file."""
    manifest = read_manifest(release)
    first, *rest = manifest.schemas
    schemas = (replace(first, **other), *rest)  # type: ignore[arg-type]
    assert list(schema_problems(release, replace(manifest, schemas=schemas))) == told
    assert list(schema_problems(release, manifest)) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("## Uses", "[More Information Needed]\n## Uses", "[More Information Needed]"),
        ("dataset_info:", "dataset_inform:", "the card has configs"),
        ("configs:\n", "configs: none\nothers:\n", "the card has configs []"),
    ],
)
def test_a_card_with_a_gap_is_seen(release: Path, old: str, new: str, told: str) -> None:
    """A part of the head that is gone, or a place nobody filled."""
    card = release / "README.md"
    assert list(card_problems(release, read_manifest(release))) == []
    card.write_text(card.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    assert told in "; ".join(card_problems(release, read_manifest(release)))


@pytest.mark.parametrize("rot", [b"\t", b"`", b"\x08", b"\xff", b"[", b"- a\n"])
def test_a_rotten_head_of_a_card_is_an_answer(release: Path, rot: bytes) -> None:
    """One byte makes it no YAML, no text, or another kind of value; the report says so instead of a traceback."""
    card = release / "README.md"
    card.write_bytes(card.read_bytes().replace(b"---\n", b"---\n" + rot, 1))
    wrong = {check.name: check.detail for check in verify(release).checks if not check.ok}
    assert wrong["files"] == "README.md has another SHA-256 than the manifest says"
    assert wrong["card"].startswith("README.md cannot be read")


def test_a_card_that_is_not_there_is_an_answer(release: Path) -> None:
    """No traceback."""
    (release / "README.md").unlink()
    (problem,) = card_problems(release, read_manifest(release))
    assert problem.startswith("README.md cannot be read")


MENTION = {"platform": "x", "form": "long", "cue": None, "role": "topic", "start": 0, "end": 3}


@pytest.mark.parametrize(
    ("mention", "given", "fits"),
    [
        ({"zone": "title", "surface": "حوا"}, {"title": "حوار"}, True),
        ({"zone": "title", "surface": "حوا"}, {"title": "كلام"}, False),
        ({"zone": "title", "surface": "حوا"}, {"title": None}, False),
        ({"zone": "body", "surface": "كلا"}, {"title": "حوار", "text": "كلام"}, True),
        ({"zone": "body", "surface": "حوا"}, {"title": "حوار", "text": "كلام"}, False),
        ({"zone": "body", "surface": "كلا"}, {"title": None, "text": ""}, True),
    ],
)
def test_a_mention_is_sought_in_its_own_zone(
    tmp_path: Path, mention: dict[str, object], given: dict[str, object], fits: bool
) -> None:
    """Title or text, by the mention's zone; where the text stays behind there is nothing to look in."""
    row = document(1, mentions=[{**MENTION, **mention}], **given)
    path = release_of(recipe_in(tmp_path), [row]).path
    problems = list(record_problems(path, read_manifest(path)))
    told = f"data/documents/train-2025-01.parquet: {row['id']} has a mention that is not at its place"
    assert problems == ([] if fits else [told])


@pytest.mark.parametrize(
    ("given", "fits"),
    [
        ({"parent_id": document(1)["id"], "parent_state": "present"}, True),
        ({"parent_id": "0" * 32, "parent_state": "missing"}, True),
        ({"parent_id": "0" * 32, "parent_state": "present"}, False),
        ({"parent_id": document(1)["id"], "parent_state": "deleted"}, False),
    ],
)
@pytest.mark.parametrize("table", ["documents", "comments"])
def test_a_parent_is_where_its_child_says(
    made: Path, tmp_path: Path, table: str, given: dict[str, object], fits: bool
) -> None:
    """What is called present is in the release; what is called missing or deleted is not."""
    parent = document(1)
    rows = {"documents": [parent, document(2)], "comments": [comment(1, parent)]}
    rows[table][-1] |= given
    shards = []
    for name in rows:
        schema = load_schema(name)
        (tmp_path / "data" / name).mkdir(parents=True)
        held = schema.table(rows[name]).cast(shard_schema(schema))
        shards.append(write_shard(name, "train-2025-01", held, tmp_path / "data" / name))
    manifest = replace(read_manifest(made), shards=tuple(shards))
    key, state = rows[table][-1]["id"], given["parent_state"]
    told = [] if fits else [f"{table}: the parent of {key} is not {state}"]
    assert list(record_problems(tmp_path, manifest)) == told


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """Return a release that holds a record which was then asked to be removed."""
    row = document(1)
    path = release_of(recipe_in(tmp_path / "ds"), [row, document(2)]).path
    add(tmp_path / "ds", str(row["url"]), "asked", now=NOW)
    return path


def linked(release: Path) -> Path:
    """Return a link to a release, as people make one for the newest."""
    (release.parents[2] / "latest").symlink_to(release)
    return release.parents[2] / "latest"


def on_another_disk(release: Path) -> Path:
    """Move the releases of a dataset to another folder and leave a link in their place."""
    store = release.parent.rename(release.parents[2] / "store")
    release.parent.symlink_to(store)
    return release


def set_aside(release: Path) -> Path:
    """Put a release where one goes that does not verify."""
    (release.parent / "failed").mkdir()
    return release.rename(release.parent / "failed" / release.name)


@pytest.mark.parametrize("moved", [linked, on_another_disk, set_aside])
def test_requests_are_found_whichever_way_leads_to_a_release(
    asked: Path, moved: Callable[[Path], Path]
) -> None:
    """Neither publishing nor the check misses what was asked to go because of a link."""
    release = moved(asked)
    with pytest.raises(CheckFailed, match="1 records"):
        refuse_named(release)
    (wrong,) = (check for check in verify(release, takedowns=True).checks if not check.ok)
    assert (wrong.name, wrong.detail) == ("takedowns", f"documents {document(1)['id']} is named by a request")


def cut(shard: Path) -> None:
    """Leave the first half of a file."""
    shard.write_bytes(shard.read_bytes()[: shard.stat().st_size // 2])


@pytest.mark.parametrize("damage", [cut, Path.unlink])
def test_a_takedown_names_a_damaged_shard(asked: Path, damage: Callable[[Path], object]) -> None:
    """A release that cannot be read could hold what is asked to go: it is named, and no copy vouches for it."""
    (found,) = holdings(asked.parent.parent)
    (shard,) = asked.glob("data/documents/*")
    damage(shard)
    with pytest.raises(VerifyFailed, match="cannot be read") as caught:
        holdings(asked.parent.parent)
    assert caught.value.where == str(shard)
    with pytest.raises(VerifyFailed, match=shard.name):
        prepare(load_recipe(asked.parent.parent), [found])
    assert list((asked.parent / "without-takedowns").iterdir()) == []


def test_a_pseudonym_is_not_sought_in_half_a_release(asked: Path) -> None:
    """Records under it might be missed, so the request is refused before a line of it is written."""
    folder = asked.parent.parent
    before = (folder / "takedowns.jsonl").read_bytes()
    cut(next(asked.glob("data/documents/*")))
    with pytest.raises(VerifyFailed, match="cannot be read"):
        add(folder, "user-" + "a" * 24, "asked", now=NOW)
    assert (folder / "takedowns.jsonl").read_bytes() == before


def test_a_comparison_names_what_is_damaged_inside(made: Path, release: Path) -> None:
    """A shard whose two ends are whole can be damaged in its own table of contents."""
    shard = min(release.glob("data/documents/*"))
    whole = shard.read_bytes()
    contents = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    shard.write_bytes(whole[:contents] + b"\xff" * (len(whole) - 8 - contents) + whole[-8:])
    with pytest.raises(VerifyFailed):
        diff(made.parent / "1.0.0", release)


def thread(folder: Path) -> Path:
    """Return a release with an answer, in a later month, to a comment that was then asked to be removed."""
    row = document(1)
    first = comment(1, row)
    answer = comment(2, row, parent_id=first["id"], parent_state="present", published_at=NOW)
    path = release_of(recipe_in(folder), [row], [first, answer]).path
    add(folder, str(first["url"]), "asked", now=NOW)
    return path


def test_a_prepared_copy_says_that_the_parent_is_gone(tmp_path: Path) -> None:
    """What answers a comment that was taken out says of it what a new build would say."""
    release = thread(tmp_path)
    (copy,) = prepare(load_recipe(tmp_path), holdings(tmp_path))
    (row,) = pq.read_table(copy / "data/comments").to_pylist()
    assert (row["parent_id"], row["parent_state"]) == (comment(1, document(1))["id"], "missing")
    assert list(record_problems(copy, read_manifest(copy))) == []
    assert list(record_problems(release, read_manifest(release))) == []
