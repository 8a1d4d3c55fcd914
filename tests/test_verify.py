"""A release is proved by opening it; whatever is wrong with it is named."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import buildkit as kit
import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from archivekit import add_archive, article, dataset
from releasekit import NOW, comment, document, recipe_in, release_of
from warcmaker import write

from builder.errors import VerifyFailed, WorldError
from builder.pipeline import build
from builder.rebuild import rebuild_problems
from builder.recipe import load_recipe
from builder.release.audit import card_problems, file_problems
from builder.release.manifest import read_manifest
from builder.release.seal import seal
from builder.release.shards import shard_schema, write_shard
from builder.schema import load_schema
from builder.takedown import add
from builder.verify import Check, VerifyReport, takedown_problems, verify

READERS = {"load_dataset", "streaming", "columns and filters", "duckdb"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset's folder with one release: two splits, mentions, comments, an undated document."""
    folder = tmp_path_factory.mktemp("verify") / "ds"
    mention = {
        "platform": "facebook",
        "start": 0,
        "end": 4,
        "surface": "منصة",
        "form": "long",
        "cue": None,
        "zone": "body",
        "role": "topic",
    }
    rows = [document(n) for n in range(14)] + [document(90, published_at=None)]
    rows.append(document(91, text="منصة " + str(document(91)["text"]), mentions=[mention]))
    recipe = recipe_in(folder, '[[release.split]]\nname = "test"\nhash_share = 0.3\n')
    release_of(recipe, rows, [comment(n, row) for n, row in enumerate(rows)])
    return folder


@pytest.fixture
def release(made: Path, tmp_path: Path) -> Path:
    """A copy of the release that a test may spoil."""
    shutil.copytree(made, tmp_path / "ds")
    return tmp_path / "ds" / "releases" / "1.0.0"


def failed(report: VerifyReport) -> dict[str, str]:
    """Return the checks that failed, with what they saw."""
    return {check.name: check.detail for check in report.checks if not check.ok}


def test_a_good_release_passes_every_check(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files, schema, records, card, each reader that is installed here, takedowns; named from anywhere."""
    monkeypatch.chdir(made)
    report = verify(Path("releases/1.0.0"), takedowns=True)
    assert failed(report) == {}
    assert report.ok
    report.raise_if_failed()
    names = {check.name for check in report.checks}
    assert {"files", "schema", "records", "card", "takedowns", *READERS} <= names
    assert json.loads(json.dumps(report.as_dict()))["ok"] is True
    assert report.version == "1.0.0"


def flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "croissant.json", "removed.jsonl", "shard"])
def test_one_flipped_bit_is_named(release: Path, name: str) -> None:
    """Bit rot in any file is seen, and the file is named; the readers are not bothered with it."""
    path = next((release / "data/documents").iterdir()) if name == "shard" else release / name
    if not path.read_bytes():
        path.write_bytes(b" ")
    flip(path)
    report = verify(release)
    assert path.name in failed(report)["files"]
    assert not READERS & {check.name for check in report.checks}
    with pytest.raises(VerifyFailed, match="another SHA-256"):
        report.raise_if_failed()


def test_files_that_are_missing_or_do_not_belong_are_named(release: Path) -> None:
    """A shard that went, a file that came."""
    gone = min((release / "data/comments").iterdir())
    gone.unlink()
    (release / "data/documents/notes.txt").write_text("x")
    detail = failed(verify(release))["files"]
    assert f"data/comments/{gone.name} is missing" in detail
    assert "data/documents/notes.txt is not in the manifest" in detail


def test_people_may_write_between_the_markers_of_the_card(release: Path) -> None:
    """Text by hand is not damage; text outside its place is."""
    card = release / "README.md"
    text = card.read_text(encoding="utf-8")
    start = text.index("<!-- hiwar:begin ")
    end = text.index("-->\n", start) + 4
    card.write_text(text[:end] + "كتبنا هذا بأيدينا.\n" + text[end:], encoding="utf-8")
    manifest = read_manifest(release)
    assert list(file_problems(release, manifest)) == []
    card.write_text(text.replace("##", "## !", 1), encoding="utf-8")
    assert "README.md" in "; ".join(file_problems(release, manifest))


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 99}', '{"format": 1}'])
def test_a_damaged_manifest_is_an_answer(release: Path, content: str) -> None:
    """No traceback: the report has one failed check."""
    (release / "manifest.json").write_text(content)
    report = verify(release)
    assert [check.name for check in report.checks] == ["manifest"]
    assert not report.ok


def test_a_folder_without_manifest_is_no_release(tmp_path: Path) -> None:
    """The message says what to name."""
    with pytest.raises(WorldError, match="not a release"):
        verify(tmp_path)


def respoil(release: Path, table: str, change: Callable[[pa.Table], pa.Table], *, only: str = "") -> None:
    """Change the rows of the first shard of a table and make hashes and manifest fit: a wrong but signed release."""
    manifest = read_manifest(release)
    index = next(i for i, s in enumerate(manifest.shards) if s.table == table and only in s.path)
    shard = manifest.shards[index]
    path = release / shard.path
    rows = change(pq.read_table(path))
    made = write_shard(table, path.stem, rows, path.parent)
    shards = (*manifest.shards[:index], made, *manifest.shards[index + 1 :])
    seal(release, replace(manifest, shards=shards))


def with_column(table: pa.Table, name: str, value: object) -> pa.Table:
    """Return the table with one value in the first row of a column."""
    index = table.schema.get_field_index(name)
    values = table[name].to_pylist()
    values[0] = value
    return table.set_column(
        index, table.schema.field(index), pa.array(values, table.schema.field(index).type)
    )


SPOILT: dict[str, tuple[str, str, Callable[[pa.Table], pa.Table], str, str]] = {
    "order": (
        "documents",
        "train-",
        lambda t: t.take(list(range(t.num_rows))[::-1]),
        "records",
        "out of order",
    ),
    "month": (
        "documents",
        "train-",
        lambda t: with_column(t, "published_at", NOW),
        "records",
        "was published in",
    ),
    "twice": (
        "documents",
        "train-",
        lambda t: pa.concat_tables([t, t.slice(t.num_rows - 1)]),
        "records",
        "twice",
    ),
    "orphan": (
        "comments",
        "train-",
        lambda t: with_column(t, "document_id", "0" * 32),
        "records",
        "no document",
    ),
    "null": ("documents", "train-", lambda t: with_column(t, "lang", None), "records", "lang is null"),
    "column": ("documents", "train-", lambda t: t.append_column("x", t["id"]), "schema", "other columns"),
    "type": (
        "documents",
        "train-",
        lambda t: t.set_column(
            t.schema.get_field_index("word_count"), "word_count", t["word_count"].cast("int64")
        ),
        "schema",
        "other columns",
    ),
    "metadata": ("documents", "train-", lambda t: t.replace_schema_metadata({}), "schema", "other columns"),
}


@pytest.mark.parametrize("name", sorted(SPOILT))
def test_wrong_rows_are_seen_behind_right_hashes(release: Path, name: str) -> None:
    """A release whose hashes fit can still be wrong in itself."""
    table, only, change, check, saying = SPOILT[name]
    respoil(release, table, change, only=only)
    assert saying in failed(verify(release))[check]


def test_a_mention_that_is_not_at_its_place_is_seen(release: Path) -> None:
    """text[start:end] == surface, for every mention."""

    def shift(table: pa.Table) -> pa.Table:
        mentions = [[{**m, "start": 1, "end": 5} for m in row] for row in table["mentions"].to_pylist()]
        field = table.schema.field("mentions")
        column = pa.array(mentions, field.type)
        return table.set_column(table.schema.get_field_index("mentions"), field, column)

    manifest = read_manifest(release)
    holder = next(
        shard.path
        for shard in manifest.table_shards("documents")
        if any(pq.read_table(release / shard.path)["mentions"].to_pylist())
    )
    respoil(release, "documents", shift, only=holder)
    assert "a mention that is not at its place" in failed(verify(release))["records"]


def test_a_comment_in_another_split_is_seen(release: Path) -> None:
    """A comment on a test document must not be in the training split."""
    path = min((release / "data/comments").glob("test-*"))
    manifest = read_manifest(release)
    rows = pq.read_table(path).cast(
        shard_schema(load_schema("comments", manifest.schema_version("comments")))
    )
    path.unlink()
    month = path.stem.split("-", 1)[1]
    clash = path.with_name(f"train-{month}x009.parquet")
    made = write_shard("comments", clash.stem, rows, path.parent)
    shards = [s for s in manifest.shards if not s.path.endswith(f"comments/{path.name}")]
    seal(release, replace(manifest, shards=(*shards, made)))
    assert "another split" in failed(verify(release))["records"]


@pytest.mark.parametrize(
    ("old", "new", "saying"),
    [
        ("version: 1.0.0", "version: 1.0.9", "the card says version 1.0.9"),
        ("- name: title\n    dtype: string", "- name: title\n    dtype: int32", "features of documents"),
        ("config_name: comments", "config_name: remarks", "the card has configs"),
        ("split: test", "split: dev", "the card's splits"),
        ("---\n", "", "cannot be read"),
    ],
)
def test_a_card_that_contradicts_the_data_is_seen(release: Path, old: str, new: str, saying: str) -> None:
    """Version, features, configs and splits of the card are held against the data."""
    card = release / "README.md"
    text = card.read_text(encoding="utf-8")
    assert old in text
    card.write_text(text.replace(old, new), encoding="utf-8")
    seal(release, read_manifest(release))
    assert saying in "; ".join(card_problems(release, read_manifest(release)))


def test_a_card_that_cannot_be_loaded_is_seen_by_load_dataset(release: Path) -> None:
    """A pattern that matches nothing stops `load_dataset`, and the report says so instead of a traceback."""
    card = release / "README.md"
    card.write_text(card.read_text(encoding="utf-8").replace("path: data/", "path: dota/"), encoding="utf-8")
    seal(release, read_manifest(release))
    assert "load_dataset" in failed(verify(release))


def test_a_missing_croissant_is_seen(release: Path) -> None:
    """Where mlcroissant is installed, croissant.json is asked for and read."""
    pytest.importorskip("mlcroissant")
    (release / "croissant.json").unlink()
    seal(release, read_manifest(release))
    assert failed(verify(release)) == {"mlcroissant": "croissant.json is missing"}


def test_what_was_asked_to_go_is_found(release: Path) -> None:
    """Documents, their comments: ids are named."""
    row = document(3)
    add(release.parent.parent, str(row["url"]), "asked", now=NOW)
    detail = "; ".join(takedown_problems(release, read_manifest(release)))
    assert f"documents {row['id']} is named by a request" in detail
    assert f"comments {comment(3, row)['id']}" in detail


def test_many_problems_are_counted_and_some_shown(tmp_path: Path) -> None:
    """A report stays readable."""
    release = release_of(recipe_in(tmp_path), [document(1)]).path
    for number in range(12):
        (release / f"{number:02d}.txt").touch()
    detail = failed(verify(release))["files"]
    assert detail.endswith("(and 7 more)")


def test_a_report_names_what_failed() -> None:
    """`raise_if_failed` carries the exit code of a failed check."""
    report = VerifyReport(Path("r"), "1.0.0", (Check("a", ok=True), Check("b", ok=False, detail="why")))
    with pytest.raises(VerifyFailed, match="b: why") as caught:
        report.raise_if_failed()
    assert caught.value.exit_code == 1


# --- rebuilding -------------------------------------------------------------------------------------------


def rebuilt(release: Path) -> str:
    """Return what a rebuild says about a release; "" when it gives the same."""
    return "; ".join(rebuild_problems(release, read_manifest(release)))


@pytest.mark.parametrize("linked", [False, True])
def test_archives_outside_the_folder_are_found_by_a_rebuild(tmp_path: Path, linked: bool) -> None:
    """The recipe's paths lead out by "..", or through a folder that is a link."""
    kit.archive(tmp_path / "elsewhere", "a", kit.essays(range(4)))
    folder = tmp_path / "mine"
    folder.mkdir()
    if linked:
        (folder / "pages").symlink_to(tmp_path / "elsewhere" / "warcs")
    pattern = "pages/*.warc.gz" if linked else "../elsewhere/warcs/*.warc.gz"
    sources = f'[[source]]\nkind = "warc"\nname = "saved"\npaths = ["{pattern}"]\n'
    release = kit.run(kit.recipe(folder, sources=sources)).release
    assert release is not None
    assert rebuilt(release) == ""


def test_the_archives_give_the_release_again_also_years_later(tmp_path: Path) -> None:
    """New and grown archives, later releases, a changed recipe do not matter; a changed capture does."""
    folder = dataset(tmp_path / "ds", range(6))
    first = build(load_recipe(folder), now=NOW).release
    add_archive(folder, "b", range(6, 9))
    second = build(load_recipe(folder), now=NOW).release
    assert first is not None
    assert second is not None
    assert (first.name, second.name) == ("1.0.0", "1.1.0")
    dataset(folder, range(6), extra="[dedup]\njaccard_min = 0.9\n")
    add_archive(folder, "c", range(20, 22))
    with (folder / "pages" / "a.warc.gz").open("ab") as archive:
        archive.write(gzip.compress(article(9)))
    assert rebuilt(first) == ""
    assert verify(second, rebuild=True).checks[-1] == Check("rebuild", ok=True)
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".tmp-")]
    write(folder / "pages" / "b.warc.gz", [article(n, title="عنوان آخر") for n in range(6, 9)])
    assert "archive b.warc.gz: differ" in rebuilt(second)


def test_a_release_away_from_home_cannot_be_rebuilt(release: Path) -> None:
    """Without the recipe beside it the answer is no, with the reason."""
    (release.parent / "1.0.0.recipe.toml").unlink()
    with pytest.raises(WorldError, match="recipe of this release is not kept"):
        rebuilt(release)


def test_a_folder_whose_name_is_a_pattern_is_read_and_the_way_to_load_it_told(tmp_path: Path) -> None:
    """Readers would find nothing there, or the files of another folder; the line that is shown finds its own."""
    (tmp_path / "set[1]").mkdir()
    release = build(load_recipe(dataset(tmp_path / "set[1]", range(3))), now=NOW).release
    (tmp_path / "set1").mkdir()
    build(load_recipe(dataset(tmp_path / "set1", range(3, 5))), now=NOW)
    assert release is not None
    report = verify(release)
    assert report.ok, report
    (told,) = (check.detail for check in report.checks if check.name == "load_dataset")
    line = told[told.index("load_dataset(") :]
    load = partial(datasets.load_dataset, cache_dir=str(tmp_path / "hf"))
    documents = eval(line, {"load_dataset": load})
    assert [len(document["id"]) for document in documents] == [32, 32, 32]
