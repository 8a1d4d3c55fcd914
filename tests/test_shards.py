"""Shards: months in order, never empty, the same bytes for the same rows, one schema in all places."""

from __future__ import annotations

import json
import os
import random
import struct
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from releasekit import START, comment, document, recipe_in, release_of, words, write_rows

from builder.dedup import cluster
from builder.errors import GateFailed
from builder.recipe import DedupBlock
from builder.release.content import ContentHash, content_of
from builder.release.manifest import read_manifest
from builder.release.shards import hub_features, shard_schema, write_shards
from builder.schema import Row, load_schema

SCHEMA = load_schema("documents", 1)


def files(release: Path, table: str = "documents") -> dict[str, bytes]:
    """Return the shards of a table: name -> bytes."""
    return {path.name: path.read_bytes() for path in sorted((release / "data" / table).iterdir())}


def rows_of(release: Path, table: str = "documents") -> list[Row]:
    """Return the rows of a table in the order of its files."""
    found: list[Row] = []
    for path in sorted((release / "data" / table).iterdir()):
        found += pq.read_table(path).to_pylist()
    return found


def test_a_month_is_a_shard_and_rows_are_in_order(tmp_path: Path) -> None:
    """Each shard holds one month by (published_at, id); records without a date have a shard of their own."""
    rows = [document(n) for n in range(25)] + [document(n, published_at=None) for n in (90, 91)]
    release = release_of(recipe_in(tmp_path), rows)
    names = sorted(files(release.path))
    assert names == [f"train-2025-0{month}.parquet" for month in (1, 2, 3)] + ["train-undated.parquet"]
    for name in names[:-1]:
        found = pq.read_table(release.path / "data/documents" / name).to_pylist()
        assert {f"train-{row['published_at']:%Y-%m}.parquet" for row in found} == {name}
        assert found == sorted(found, key=lambda row: (row["published_at"], row["id"]))
    undated = pq.read_table(release.path / "data/documents/train-undated.parquet")["id"].to_pylist()
    assert undated == sorted(row["id"] for row in rows[-2:])


def test_equal_times_are_ordered_by_id(tmp_path: Path) -> None:
    """Records of one second still have one order."""
    release = release_of(recipe_in(tmp_path), [document(n, published_at=START) for n in range(9)])
    ids = [row["id"] for row in rows_of(release.path)]
    assert ids == sorted(ids)


def test_the_same_rows_give_the_same_bytes_however_they_come(tmp_path: Path) -> None:
    """Row order, number of part files and their names reach no byte of a shard."""
    rows = [document(n) for n in range(30)]
    first = files(release_of(recipe_in(tmp_path / "a"), rows).path)
    shuffled = rows[:]
    random.Random(4).shuffle(shuffled)
    assert files(release_of(recipe_in(tmp_path / "b"), shuffled).path) == first
    recipe = recipe_in(tmp_path / "c")
    parts = recipe.folder / "parts"
    for number in range(4):
        write_rows(parts / f"{9 - number}.parquet", "documents", rows[number::4])
    from builder.release import ReleaseInput, write_release

    release = write_release(ReleaseInput(recipe, (parts,), (), now=START))
    assert files(release.path) == first


def test_clock_zone_locale_and_hash_seed_reach_no_byte(tmp_path: Path) -> None:
    """Another process with another zone, locale, hash seed and umask writes the same release, file for file."""
    rows = [document(n) for n in range(12)]
    here = release_of(recipe_in(tmp_path / "a"), rows)
    code = (
        "import os, sys\nos.umask(0o077)\nfrom pathlib import Path\n"
        "from releasekit import document, recipe_in, release_of\n"
        "release_of(recipe_in(Path(sys.argv[1])), [document(n) for n in range(12)])"
    )
    environment = {**os.environ, "TZ": "Asia/Riyadh", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    environment["PYTHONPATH"] = os.pathsep.join(
        [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "b")], check=True, env=environment)
    there = tmp_path / "b" / "releases" / "1.0.0"
    names = sorted(path.relative_to(there) for path in there.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(here.path) for path in here.path.rglob("*") if path.is_file())
    assert [name for name in names if (here.path / name).read_bytes() != (there / name).read_bytes()] == []


def test_a_big_month_is_cut_where_the_rows_say(tmp_path: Path) -> None:
    """The cut of a month depends on its rows alone, not on the batches they come in."""
    table = SCHEMA.table([document(n, published_at=START + timedelta(hours=n)) for n in range(20)])
    table = table.append_column("_shard", pa.array(["train-2025-01"] * 20))
    table = table.append_column("_cost", pa.array([10] * 20, pa.int64()))
    found = []
    for size, name in ((20, "a"), (3, "b")):
        batches = table.to_batches(max_chunksize=size)
        shards = write_shards("documents", SCHEMA, batches, tmp_path / name, limit_bytes=75)
        found.append([(shard.path, shard.rows, shard.sha256) for shard in shards])
    assert found[0] == found[1]
    assert [rows for _, rows, _ in found[0]] == [7, 7, 6]
    assert [Path(path).stem for path, _, _ in found[0]] == [
        "train-2025-01",
        "train-2025-01x002",
        "train-2025-01x003",
    ]


def test_a_row_over_the_limit_has_a_shard_of_its_own(tmp_path: Path) -> None:
    """One record that costs more than a shard may does not stop the release."""
    table = SCHEMA.table([document(n) for n in range(3)])
    table = table.append_column("_shard", pa.array(["train-2025-01"] * 3))
    table = table.append_column("_cost", pa.array([5, 500, 5], pa.int64()))
    shards = write_shards("documents", SCHEMA, table.to_batches(), tmp_path, limit_bytes=75)
    assert [shard.rows for shard in shards] == [1, 1, 1]


def test_helper_columns_stay_behind(tmp_path: Path) -> None:
    """Columns of the row files that are not in the schema reach no shard."""
    release = release_of(recipe_in(tmp_path), [document(1)])
    schema = pq.read_schema(next((release.path / "data/documents").iterdir()))
    assert tuple(schema.names) == SCHEMA.names


def test_one_schema_in_arrow_in_the_file_and_in_the_card(tmp_path: Path) -> None:
    """Arrow types, the `huggingface` metadata and what `datasets` makes of the card are the same columns."""
    release = release_of(recipe_in(tmp_path), [document(1)], [comment(1, document(1))])
    for table in ("documents", "comments"):
        expected = load_schema(table)
        schema = pq.read_schema(next((release.path / "data" / table).iterdir()))
        assert schema.equals(expected.arrow())
        stored = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
        assert datasets.Features.from_dict(stored).arrow_schema.remove_metadata() == expected.arrow()
        loaded = datasets.load_dataset(str(release.path), table, cache_dir=str(tmp_path / "cache"))
        assert loaded["train"].features == datasets.Features.from_dict(stored)


def test_hub_features_cover_every_kind_of_column() -> None:
    """Scalars, lists of text, structs and lists of structs are written as `datasets` itself writes them."""
    for table in ("documents", "comments", "rejected"):
        schema = load_schema(table)
        ours = datasets.Features.from_dict(hub_features(schema))
        assert ours.to_dict() == hub_features(schema)
        assert ours.arrow_schema.remove_metadata() == schema.arrow()


def test_shards_carry_page_index_and_zstd(tmp_path: Path) -> None:
    """Each column chunk has a page index, which the Hub's viewer wants, and zstd compression."""
    release = release_of(recipe_in(tmp_path), [document(n) for n in range(5)])
    with pq.ParquetFile(next((release.path / "data/documents").iterdir())) as file:
        for index in range(file.metadata.num_columns):
            column = file.metadata.row_group(0).column(index)
            assert column.compression == "ZSTD"
            assert column.has_column_index
            assert column.has_offset_index


def test_no_empty_table_or_split(tmp_path: Path) -> None:
    """A table without rows has no folder, no config and no line in the manifest; `load_dataset` still works."""
    rules = '[[release.split]]\nname = "late"\nsince = "2030-01-01"\n'
    release = release_of(recipe_in(tmp_path, rules), [document(1)])
    assert [path.name for path in (release.path / "data").iterdir()] == ["documents"]
    manifest = read_manifest(release.path)
    assert manifest.splits("documents") == {"train": 1}
    assert [entry.table for entry in manifest.schemas] == ["documents"]
    assert datasets.get_dataset_config_names(str(release.path)) == ["documents"]


def test_a_release_without_documents_is_refused(tmp_path: Path) -> None:
    """Nothing to publish is an error with an account, not an empty release."""
    recipe = recipe_in(tmp_path)
    with pytest.raises(GateFailed, match="no document is left"):
        release_of(recipe, [])
    assert sorted(path.name for path in recipe.releases.iterdir() if path.is_dir()) == ["failed"]


SPLITS = """
[[release.split]]
name = "test"
hash_share = 0.2
[[release.split]]
name = "validation"
hash_share = 0.2
[[release.split]]
name = "old"
until = "2025-02-28"
"""


def test_splits_by_hash_and_time(tmp_path: Path) -> None:
    """Rules are asked in order; comments follow their document; every split has its files."""
    rows = [document(n) for n in range(60)]
    comments = [comment(n, row) for n, row in enumerate(rows)]
    release = release_of(recipe_in(tmp_path, SPLITS), rows, comments)
    manifest = read_manifest(release.path)
    counts = manifest.splits("documents")
    assert sum(counts.values()) == 60
    assert {"test", "validation", "old", "train"} == set(counts)
    assert 4 <= counts["test"] <= 20
    split_of: dict[str, str] = {}
    for shard in manifest.table_shards("documents"):
        for row in pq.read_table(release.path / shard.path).to_pylist():
            split_of[row["id"]] = shard.split
            if shard.split in ("old", "train"):
                assert (row["published_at"] < datetime(2025, 3, 1, tzinfo=UTC)) == (shard.split == "old")
    for shard in manifest.table_shards("comments"):
        for row in pq.read_table(release.path / shard.path).to_pylist():
            assert split_of[row["document_id"]] == shard.split


def test_a_record_keeps_its_split_when_others_come(tmp_path: Path) -> None:
    """The share is taken from the id, so a test record never moves into training."""
    recipe = recipe_in(tmp_path, SPLITS)
    rows = [document(n) for n in range(40)]

    def test_ids(release: Path) -> set[str]:
        shards = [s for s in read_manifest(release).table_shards("documents") if s.split == "test"]
        return {key for s in shards for key in pq.read_table(release / s.path)["id"].to_pylist()}

    before = test_ids(release_of(recipe, rows).path)
    after = test_ids(release_of(recipe, [*rows, *(document(n) for n in range(100, 120))]).path)
    assert before
    assert before == after & {row["id"] for row in rows}


def test_only_survivors_go_in_and_copies_are_accounted_for(tmp_path: Path) -> None:
    """Copies become rejected rows and a count; the survivor carries the cluster; comments follow the survivor."""
    rows = [document(n, text=words(1, 90)) for n in (1, 2)] + [document(3)]
    comments = [comment(1, rows[1]), comment(2, rows[2])]
    part = write_rows(tmp_path / "rows.parquet", "documents", rows)
    clusters = cluster([part], DedupBlock(), tmp_path / "work")
    release = release_of(recipe_in(tmp_path / "ds"), rows, comments, clusters=clusters)
    kept = {row["id"]: row for row in rows_of(release.path)}
    assert set(kept) == {rows[0]["id"], rows[2]["id"]}
    assert kept[rows[0]["id"]]["cluster_size"] == 2
    assert kept[rows[0]["id"]]["cluster_urls"] == [rows[1]["url"]]
    assert kept[rows[2]["id"]]["cluster_size"] == 1
    assert [row["document_id"] for row in rows_of(release.path, "comments")] == [rows[0]["id"], rows[2]["id"]]
    rejected = pq.read_table(release.rejected).to_pylist()
    assert [(row["id"], row["stage"], row["reasons"][0]["rule"]) for row in rejected] == [
        (rows[1]["id"], "dedup", "exact")
    ]
    tally = next(tally for tally in release.tallies if tally.stage == "dedup")
    assert (tally.read, tally.kept, dict(tally.dropped)) == (3, 2, {"exact": 1})


def test_of_two_states_the_newest_goes_in(tmp_path: Path) -> None:
    """A record that stands twice in the row files is published once, as it was captured last."""
    old, new = document(1, title="قديم"), document(1, title="جديد")
    new["provenance"] = {
        **new["provenance"],
        "fetched_at": new["provenance"]["fetched_at"] + timedelta(days=1),
    }
    release = release_of(recipe_in(tmp_path), [new, old])
    assert [row["title"] for row in rows_of(release.path)] == ["جديد"]
    assert [row["stage"] for row in pq.read_table(release.rejected).to_pylist()] == ["states"]


def test_comments_need_their_document(tmp_path: Path) -> None:
    """A comment whose document is not in the release is left out with its reason."""
    release = release_of(
        recipe_in(tmp_path), [document(1)], [comment(1, document(1)), comment(2, document(2))]
    )
    assert release.rows == {"documents": 1, "comments": 1}
    (row,) = pq.read_table(release.rejected).to_pylist()
    assert row["reasons"] == [
        {"stage": "comments", "rule": "document_left_out", "detail": f"document {document(2)['id']}"}
    ]


def test_a_parent_that_was_left_out_is_missing(tmp_path: Path) -> None:
    """Whoever reads the release finds every parent that is said to be present."""
    rows = [document(1), document(2, parent_id=document(1)["id"], parent_state="present")]
    rows.append(document(3, parent_id=document(9)["id"], parent_state="present"))
    comments = [comment(1, rows[0]), comment(2, rows[0])]
    comments[1] |= {"parent_id": comments[0]["id"], "parent_state": "present"}
    gone = comment(3, rows[0], parent_id="f" * 32, parent_state="deleted")
    release = release_of(recipe_in(tmp_path), rows, [*comments, gone])
    states = {row["id"]: row["parent_state"] for row in rows_of(release.path)}
    assert [states[row["id"]] for row in rows] == ["none", "present", "missing"]
    states = {row["id"]: row["parent_state"] for row in rows_of(release.path, "comments")}
    assert [states[row["id"]] for row in (*comments, gone)] == ["none", "present", "deleted"]


def test_rejected_rows_of_all_stages_lie_beside_the_release(tmp_path: Path) -> None:
    """Rows that earlier stages rejected are kept with all reasons, outside the folder that is published."""
    schema = load_schema("rejected")
    given = {
        "id": None,
        "table": "captures",
        "url": "https://site.example/x",
        "title": None,
        "source": "essays",
        "stage": "extract",
        "reasons": [
            {"stage": "extract", "rule": "charset", "detail": "cp720"},
            {"stage": "rules", "rule": "short", "detail": "3 < 50"},
        ],
        "warc_file": "essays-00000.warc.gz",
        "warc_offset": 4,
        "payload_digest": "sha1:X",
        "fetched_at": START,
    }
    pq.write_table(schema.table([given]), tmp_path / "r.parquet")
    release = release_of(recipe_in(tmp_path / "ds"), [document(1)], rejected=(tmp_path / "r.parquet",))
    assert pq.read_table(release.rejected).to_pylist() == [given]
    assert release.rejected.parent == release.path.parent


def test_content_hash_ignores_how_parquet_is_written(tmp_path: Path) -> None:
    """The same rows in another compression, encoding and row-group size have the same content hash."""
    rows = SCHEMA.table([document(n) for n in range(50)])
    a, b = tmp_path / "a.parquet", tmp_path / "b.parquet"
    pq.write_table(rows, a, compression="zstd")
    pq.write_table(rows, b, compression="snappy", row_group_size=7, use_dictionary=False)
    assert a.read_bytes() != b.read_bytes()
    assert content_of(a) == content_of(b)


def test_content_hash_sees_every_cell(tmp_path: Path) -> None:
    """A changed cell, a null for an empty text, a swapped pair of rows: each gives another content hash."""
    base = [document(n) for n in range(3)]
    variants = [
        base,
        [{**base[0], "lang": "other"}, *base[1:]],
        [{**base[0], "section": ""}, *base[1:]],
        [{**base[0], "arabic_share": 0.5}, *base[1:]],
        [base[1], base[0], base[2]],
        base[:2],
    ]
    found = set()
    for number, rows in enumerate(variants):
        pq.write_table(SCHEMA.table(rows), tmp_path / f"{number}.parquet")
        found.add(content_of(tmp_path / f"{number}.parquet"))
    assert len(found) == len(variants)


def test_a_column_of_nulls_changes_no_content_hash(tmp_path: Path) -> None:
    """A later schema may add a column without touching the hashes of records that do not have it."""
    table = SCHEMA.table([document(1)])
    pq.write_table(table, tmp_path / "a.parquet")
    pq.write_table(table.append_column("later", pa.nulls(1, pa.string())), tmp_path / "b.parquet")
    assert content_of(tmp_path / "a.parquet") == content_of(tmp_path / "b.parquet")


def test_the_content_hash_is_written_down() -> None:
    """The hash of fixed rows never changes, so releases of other years can be compared."""
    table = pa.table({"a": ["نص"], "b": [1.5], "c": [datetime(2025, 1, 1, tzinfo=UTC)], "d": pa.nulls(1)})
    content = ContentHash()
    content.add(table)
    assert content.value() == WRITTEN_DOWN


WRITTEN_DOWN = "sha256:b4b65e8e7d72c1d834d8449cfb6f03eb0edf8b0186e1899366d3ac1379b4e5d8"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def written(value: object) -> tuple[int, bytes]:
    """The size of a value and its bytes, as docs/releases.md has them."""
    if value is None:
        return -1, b""
    if isinstance(value, str):
        return len(value.encode()), value.encode()
    if isinstance(value, list):
        return len(value), b""
    if isinstance(value, datetime):
        return 1, struct.pack("<q", (value - EPOCH) // timedelta(microseconds=1))
    if isinstance(value, float):
        return 1, struct.pack("<d", value)
    return 1, struct.pack("<q", value) if isinstance(value, int) else b""


def streams(name: str, value: object, kind: pa.DataType) -> Iterator[tuple[str, tuple[int, bytes]]]:
    """What one value adds to the streams of its column and of the parts of it."""
    yield name, written(value)
    if pa.types.is_struct(kind):
        for part in kind:
            inner = value[part.name] if isinstance(value, dict) else None
            yield from streams(f"{name}.{part.name}", inner, part.type)
    elif pa.types.is_list(kind):
        for item in value if isinstance(value, list) else ():
            yield from streams(f"{name}[]", item, kind.value_type)


def by_hand(rows: list[Row]) -> str:
    """The content hash as docs/releases.md describes it, one value after the other."""
    found: dict[str, list[tuple[int, bytes]]] = {}
    for row in rows:
        for field in SCHEMA.arrow():
            for name, value in streams(field.name, row[field.name], field.type):
                found.setdefault(name, []).append(value)
    lines = ""
    for name, values in sorted(found.items()):
        if any(size >= 0 for size, _ in values):
            sizes = b"".join(struct.pack("<q", size) for size, _ in values)
            joined = b"".join(data for _, data in values)
            lines += f"{sha256(sizes).hexdigest()} {sha256(joined).hexdigest()}  {name}\n"
    return "sha256:" + sha256(lines.encode()).hexdigest()


def test_the_content_hash_can_be_computed_by_others(tmp_path: Path) -> None:
    """A plain loop over the records, as the documentation has it, comes to the same hash, nulls and lists included."""
    rows = SCHEMA.table([document(n, author=None if n % 2 else "كاتب") for n in range(5)]).to_pylist()
    rows[1]["rights"] = None
    rows[2]["mentions"] = None
    rows[3]["mentions"] = []
    pq.write_table(
        pa.Table.from_pylist(rows, schema=SCHEMA.arrow()), tmp_path / "a.parquet", row_group_size=2
    )
    assert content_of(tmp_path / "a.parquet") == by_hand(rows)


def test_the_schema_of_a_shard_is_stable() -> None:
    """What stands in the Parquet metadata is JSON with the columns in order."""
    info = json.loads(shard_schema(SCHEMA).metadata[b"huggingface"])
    assert list(info["info"]["features"]) == list(SCHEMA.names)


@pytest.mark.parametrize("cut", [1, 7, 50])
def test_content_hash_ignores_how_rows_come(cut: int) -> None:
    """Rows in many small tables, and as parts of larger ones, have the hash of one table."""
    table = SCHEMA.table([document(n, section=None if n % 3 else f"باب {n}") for n in range(50)])
    whole, pieces = ContentHash(), ContentHash()
    whole.add(table)
    for start in range(0, 50, cut):
        pieces.add(table.slice(start, cut))
    assert pieces.value() == whole.value()


def test_a_type_of_no_schema_is_refused() -> None:
    """What has no canonical form is not hashed as something else."""
    with pytest.raises(TypeError, match="decimal"):
        ContentHash().add(pa.table({"a": pa.array([1], pa.decimal128(5))}))
