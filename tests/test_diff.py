"""Two releases compared record by record, column by column."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from releasekit import START, comment, document, recipe_in, release_of, words, write_rows

from builder import takedown
from builder.dedup import cluster
from builder.errors import VerifyFailed, WorldError
from builder.recipe import DedupBlock
from builder.release.diff import ReleaseDiff, Side, TableDiff, compare, diff
from builder.release.manifest import read_manifest
from builder.release.shards import write_shards
from builder.schema import load_schema

BASE = [document(n) for n in range(30)]


def test_added_changed_and_removed_are_counted(tmp_path: Path) -> None:
    """Counts, the columns that changed, and ids as examples."""
    recipe = recipe_in(tmp_path)
    one = release_of(recipe, BASE, [comment(1, BASE[4])])
    edited = {**BASE[4], "title": "عنوان جديد", "section": "رأي"}
    two = release_of(recipe, [*BASE[:4], edited, *BASE[6:], document(70)], [comment(1, BASE[4])])
    found = diff(one.path, two.path)
    documents, comments = found.tables
    assert (documents.added, documents.changed, documents.removed) == (1, 1, 1)
    assert documents.fields == {"section": 1, "title": 1}
    assert documents.examples == {
        "added": (document(70)["id"],),
        "changed": (BASE[4]["id"],),
        "removed": (BASE[5]["id"],),
    }
    assert (comments.added, comments.changed, comments.removed) == (0, 0, 0)
    assert (documents.rows_before, documents.rows_after) == (30, 30)
    assert (found.before, found.after, found.same_records) == ("1.0.0", "2.0.0", False)


def test_the_other_way_round(tmp_path: Path) -> None:
    """What was added one way was removed the other way."""
    recipe = recipe_in(tmp_path)
    one, two = release_of(recipe, BASE[:20]), release_of(recipe, BASE)
    there, back = diff(one.path, two.path), diff(two.path, one.path)
    assert there.total("added") == back.total("removed") == 10
    assert there.total("removed") == back.total("added") == 0


def test_a_release_compared_with_itself(tmp_path: Path) -> None:
    """Nothing differs, and it says so."""
    release = release_of(recipe_in(tmp_path), BASE)
    found = diff(release.path, release.path)
    assert found.same_records
    assert "the records are the same" in found.render()


def test_a_record_that_moves_to_another_month_is_changed(tmp_path: Path) -> None:
    """A corrected date moves a record between shards; it is one change, not one added and one removed."""
    recipe = recipe_in(tmp_path)
    release_of(recipe, BASE)
    moved = document(3, published_at=START + timedelta(days=300))
    found = release_of(recipe, [*BASE[:3], moved, *BASE[4:]]).diff
    assert found is not None
    assert [found.total(kind) for kind in ("added", "changed", "removed")] == [0, 1, 0]
    assert found.tables[0].fields == {"published_at": 1, "published_day": 1}


def test_a_record_that_moves_to_another_split_is_changed(tmp_path: Path) -> None:
    """Who trained on 1.x must not meet its records in the test split of a patch."""
    release_of(recipe_in(tmp_path), BASE, [comment(1, BASE[4])])
    halved = recipe_in(tmp_path, '[[release.split]]\nname = "test"\nhash_share = 0.5')
    release = release_of(halved, BASE, [comment(1, BASE[4])])
    moved = {
        row["id"]
        for shard in release.path.glob("data/documents/test-*")
        for row in pq.read_table(shard).to_pylist()
    }
    assert 0 < len(moved) < len(BASE)
    assert release.diff is not None
    documents, comments = release.diff.tables
    assert (documents.added, documents.changed, documents.removed) == (0, len(moved), 0)
    assert documents.fields == {"split": len(moved)}
    assert set(documents.examples["changed"]) <= moved
    assert comments.changed == (BASE[4]["id"] in moved)
    assert (release.path.name, release.diff.same_records) == ("2.0.0", False)
    assert f"changed in split: {len(moved)}" in release.diff.render()


def test_provenance_alone_is_no_change(tmp_path: Path) -> None:
    """A page captured again with the same text is the same record."""
    recipe = recipe_in(tmp_path)
    release_of(recipe, BASE)
    again = {**BASE[0], "provenance": {**BASE[0]["provenance"], "warc_offset": 77}}
    found = release_of(recipe, [again, *BASE[1:]]).diff
    assert found is not None
    assert found.same_records
    assert found.total("bookkept") == 1
    assert found.tables[0].examples == {}
    assert "only provenance or cluster bookkeeping differs: 1" in found.render()


def test_another_key_of_the_pseudonyms_is_no_change(tmp_path: Path) -> None:
    """Pseudonyms differ from recipe to recipe by design; a comment whose pseudonym alone differs is the same."""
    recipe = recipe_in(tmp_path)
    release_of(recipe, BASE[:2], [comment(1, BASE[0], author="user-" + "a" * 24)])
    release = release_of(recipe, BASE[:2], [comment(1, BASE[0], author="user-" + "b" * 24)])
    assert release.version == "1.0.1"
    assert release_of(recipe, BASE[:2], [comment(1, BASE[0], author=None)]).version == "2.0.0"


def test_columns_that_come_and_go_are_told_apart_from_records(tmp_path: Path) -> None:
    """Comparing two schema versions compares the columns both have."""
    schema = load_schema("documents", 1)
    sides = []
    for name, columns in (("a", schema.names), ("b", tuple(n for n in schema.names if n != "issue"))):
        folder = tmp_path / name
        release = release_of(recipe_in(folder), BASE[:3])
        sides.append(Side(release.path, read_manifest(release.path).shards, {"documents": columns}))
    found, _ = compare(*sides)
    assert found.tables[0].columns_removed == ("issue",)
    assert found.tables[0].changed == 0
    back, _ = compare(*reversed(sides))
    assert back.tables[0].columns_added == ("issue",)
    assert "new column: issue" in back.render()


def test_unchanged_shards_are_not_opened(tmp_path: Path) -> None:
    """The cost follows what changed: a shard with the same content hash may even be unreadable."""
    recipe = recipe_in(tmp_path)
    one, two = release_of(recipe, BASE), release_of(recipe, [*BASE, document(300)])
    for release in (one, two):
        (release.path / "data/documents/train-2025-01.parquet").write_bytes(b"not parquet")
    assert diff(one.path, two.path).total("added") == 1


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_damaged_shard_is_named(tmp_path: Path, damage: str) -> None:
    """A shard that differs and cannot be read ends the comparison with its name and with what to do."""
    recipe = recipe_in(tmp_path)
    one, two = release_of(recipe, BASE[:5]), release_of(recipe, BASE[:9])
    shard = two.path / "data/documents/train-2025-01.parquet"
    shard.write_bytes(b"not parquet" * 9) if damage == "cut" else shard.unlink()
    with pytest.raises(VerifyFailed) as failed:
        diff(one.path, two.path)
    assert shard.name in str(failed.value)
    assert "hiwar verify" in failed.value.what_next


def test_diff_json_and_removed_jsonl_hold_ids_and_no_content(tmp_path: Path) -> None:
    """What was removed is named by id and rule; no title, text, address or detail of it is published."""
    recipe = recipe_in(tmp_path)
    secret = document(3, title="عنوان سري", text=words(77, 60))
    release_of(recipe, [*BASE[:3], secret, *BASE[4:]])
    takedown.add(recipe.folder, str(secret["url"]), "asked by the author", now=START)
    rows = [*BASE[:3], secret, *BASE[4:25]]
    release = release_of(recipe, rows)
    data = json.loads((release.path / "diff.json").read_text(encoding="utf-8"))
    assert data["tables"]["documents"]["removed"] == 6
    assert (data["before"], data["after"]) == ("1.0.0", "2.0.0")
    lines = [json.loads(line) for line in (release.path / "removed.jsonl").read_text().splitlines()]
    reasons = {line["id"]: line["reasons"] for line in lines}
    assert reasons[secret["id"]] == [{"stage": "takedown", "rule": "url"}]
    assert reasons[BASE[29]["id"]] == [{"stage": "archive", "rule": "no_longer_read"}]
    assert len(lines) == 6
    for path in release.path.rglob("*"):
        if path.is_file() and path.suffix != ".parquet":
            content = path.read_text(encoding="utf-8")
            assert "عنوان سري" not in content
            assert str(secret["url"]) not in content


def test_a_copy_that_is_dropped_is_removed_for_that_reason(tmp_path: Path) -> None:
    """A record that a later build recognises as a copy is removed with the rule of dedup."""
    recipe = recipe_in(tmp_path)
    rows = [document(1, text=words(5, 60)), document(2, text=words(5, 60))]
    release_of(recipe, rows)
    part = write_rows(tmp_path / "part.parquet", "documents", rows)
    release = release_of(recipe, rows, clusters=cluster([part], DedupBlock(), tmp_path / "w"))
    assert json.loads((release.path / "removed.jsonl").read_text())["reasons"] == [
        {"rule": "exact", "stage": "dedup"}
    ]


def test_people_read_a_fact_a_line(tmp_path: Path) -> None:
    """The rendering names versions, counts, columns and examples."""
    recipe = recipe_in(tmp_path)
    one = release_of(recipe, BASE)
    two = release_of(
        recipe_in(tmp_path, dataset='description = "وصف"'), [{**BASE[0], "lang": "mixed"}, *BASE[1:]]
    )
    lines = diff(one.path, two.path).render().splitlines()
    assert lines[0] == "1.0.0 -> 2.0.0"
    assert "documents: 30 -> 30 records; 0 added, 1 changed, 0 removed" in lines
    assert "  changed in lang: 1" in lines
    assert "the recipe changed" in lines


def test_json_of_a_comparison(tmp_path: Path) -> None:
    """`as_dict` is JSON."""
    release = release_of(recipe_in(tmp_path), BASE[:2])
    data = json.loads(json.dumps(diff(release.path, release.path).as_dict()))
    assert data["tables"]["documents"]["rows_after"] == 2


def test_what_is_no_release_is_named(tmp_path: Path) -> None:
    """A folder without a manifest is an error that says which."""
    release = release_of(recipe_in(tmp_path), BASE[:1])
    with pytest.raises(WorldError, match="not a release"):
        diff(release.path, tmp_path)


def test_many_changes_name_twenty_examples(tmp_path: Path) -> None:
    """Examples are capped, counts are not."""
    schema = load_schema("documents", 1)
    table = schema.table([document(n) for n in range(200)])
    import pyarrow as pa

    table = table.append_column("_shard", pa.array(["train-x"] * 200))
    table = table.append_column("_cost", pa.array([1] * 200, pa.int64()))
    shards = write_shards("documents", schema, table.to_batches(), tmp_path)
    empty = Side(tmp_path, (), {"documents": schema.names})
    full = Side(tmp_path, tuple(shards), {"documents": schema.names})
    found, removed = compare(full, empty)
    assert found.total("removed") == 200
    assert len(found.tables[0].examples["removed"]) == 20
    assert removed["documents"] == sorted(pq.read_table(tmp_path / shards[0].path)["id"].to_pylist())


def test_a_table_that_comes_and_goes(tmp_path: Path) -> None:
    """All its records were added, or removed; its columns are no news of their own."""
    recipe = recipe_in(tmp_path)
    one = release_of(recipe, BASE[:2])
    two = release_of(recipe, BASE[:2], [comment(n, BASE[0]) for n in (1, 2)])
    there, back = diff(one.path, two.path), diff(two.path, one.path)
    assert [table.table for table in there.tables] == ["documents", "comments"]
    assert (there.tables[1].added, back.tables[1].removed) == (2, 2)
    assert {there.tables[1].columns_added, back.tables[1].columns_removed} == {()}
    assert (there.tables[1].rows_before, back.tables[1].rows_after) == (0, 0)


def test_every_fact_is_printed() -> None:
    """Columns by how often they changed, three examples of each kind, what else is new."""
    fields = {"author": 1, "lang": 1, "title": 3}
    examples = {"added": ("a", "b", "c", "d"), "removed": ("x",)}
    documents = TableDiff("documents", 30, 31, 4, 3, 3, 2, fields, ("mood",), ("issue",), examples)
    found = ReleaseDiff("", "", (documents,), recipe_changed=True)
    assert found.render().splitlines() == [
        "nothing -> draft",
        "documents: 30 -> 31 records; 4 added, 3 changed, 3 removed",
        "  changed in title: 3",
        "  changed in author: 1",
        "  changed in lang: 1",
        "  new column: mood",
        "  column gone: issue",
        "  only provenance or cluster bookkeeping differs: 2",
        "  added, e.g.: a, b, c",
        "  removed, e.g.: x",
        "the recipe changed",
    ]
    told = found.as_dict()
    assert (told["before"], told["after"], told["recipe_changed"]) == ("", "", True)
    assert ReleaseDiff("1.0.0", "1.0.1", ()).render() == "1.0.0 -> 1.0.1\nthe records are the same"


@pytest.mark.parametrize("change", ["added", "changed", "removed", "columns_added", "columns_removed"])
def test_one_change_is_enough(change: str) -> None:
    """The records are the same only where none of five things happened, in either table."""
    value = ("mood",) if change.startswith("columns") else 1
    changed = TableDiff("comments", 5, 5, **{change: value})  # type: ignore[arg-type]
    same = TableDiff("documents", 5, 5, bookkept=1)
    assert not ReleaseDiff("1.0.0", "", (same, changed)).same_records
    assert ReleaseDiff("1.0.0", "", (same,)).same_records
