"""croissant.json: valid for mlcroissant, loadable by it, and true to the shards. Nothing here may go out."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mlcroissant
import pytest
from card_samples import RECIPE, card_input, document, recipe, release_folder

from builder.errors import CheckFailed
from builder.release.cardinput import CardInput, ShardFile
from builder.release.croissant import REQUIRED, describe, render_croissant
from builder.release.stats import Statistics
from builder.storage import sha256_of

# What mlcroissant and rdflib themselves still call is deprecated in the packages below them.
pytestmark = [
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword"),
]


def with_shards(folder: Path, given: CardInput) -> CardInput:
    """Return the input with the shards of `folder`/release named."""
    release = folder / "release"
    paths = sorted((release / "data").rglob("*.parquet"))
    files = [ShardFile(p.relative_to(release).as_posix(), p.stat().st_size, sha256_of(p)) for p in paths]
    return replace(given, shards=tuple(files))


def written(folder: Path, text: str = RECIPE) -> mlcroissant.Dataset:
    """Write croissant.json into a release and open it with mlcroissant."""
    given = with_shards(folder, card_input(folder, text))
    (folder / "release" / "croissant.json").write_text(render_croissant(given), encoding="utf-8")
    return mlcroissant.Dataset(jsonld=folder / "release" / "croissant.json")


def test_mlcroissant_finds_nothing_to_say(tmp_path: Path) -> None:
    """No error and no warning, as version 1.1."""
    dataset = written(tmp_path)

    assert dataset.metadata.ctx.issues.errors == set()
    assert dataset.metadata.ctx.issues.warnings == set()
    assert dataset.metadata.ctx.is_v1_1()


def test_every_record_comes_out_as_it_went_in(tmp_path: Path) -> None:
    """Text, lists, structs, lists of structs, a list inside a struct, and times with their zone."""
    row = document(0, tags=["وسم"])
    row["rights"]["signals"] = [{"name": "noai", "where": "meta", "value": "noai"}]
    release_folder(tmp_path / "release", [row, *(document(n) for n in range(1, 45))])

    records = list(written(tmp_path).records("documents"))

    assert len(records) == 45
    (first,) = [record for record in records if record["documents/id"].decode() == row["id"]]
    assert first["documents/text"].decode() == row["text"]
    assert first["documents/about_platforms"] == [b"x", b"tiktok"]
    assert first["documents/tags"] == ["وسم".encode()]
    assert first["documents/published_at"].isoformat() == "2025-01-01T12:00:00+00:00"
    assert first["documents/mentions"][0]["documents/mentions/start"] == 13
    assert first["documents/rights"]["documents/rights/licence"] == b"CC-BY-4.0"
    assert first["documents/rights/signals"][0]["documents/rights/signals/name"] == b"noai"
    assert first["documents/title"].decode() == row["title"]


def test_each_table_has_a_record_set(tmp_path: Path) -> None:
    """Documents and comments, each from its own files."""
    dataset = written(tmp_path)

    assert [len(list(dataset.records(name))) for name in ("documents", "comments")] == [10, 2]


def test_each_split_has_a_record_set_of_its_own(tmp_path: Path) -> None:
    """Under its own name and from its own files, with what they hold; a table without records has none."""
    release = release_folder(tmp_path / "release", [document(n) for n in range(40)])
    (test,) = (release / "data" / "documents").glob("train-2025-02.parquet")
    test.rename(test.with_name("test-2025-02.parquet"))
    dataset = written(tmp_path)
    assert [str(each.uuid) for each in dataset.metadata.record_sets] == ["documents-test", "documents"]
    assert [len(list(dataset.records(name))) for name in ("documents", "documents-test")] == [31, 9]
    told = json.loads((release / "croissant.json").read_text(encoding="utf-8"))
    sets = {each["@id"]: each for each in told["distribution"] if each["@type"] == "cr:FileSet"}
    assert {name: (each["name"], each["includes"]) for name, each in sets.items()} == {
        "documents-test-files": ("documents-test-files", "data/documents/test-*.parquet"),
        "documents-train-files": ("documents-train-files", "data/documents/train-*.parquet"),
    }
    assert sets["documents-test-files"]["description"].endswith("split test of documents, 9 records.")


def test_fields_say_what_they_are(tmp_path: Path) -> None:
    """A list is an array, a unit is named where there is one, a part of a struct stands in its struct."""
    described: Any = describe(card_input(tmp_path))
    fields = {field["@id"]: field for field in described["recordSet"][0]["field"]}
    assert fields["documents/tags"]["isArray"] is True
    assert "isArray" not in fields["documents/title"]
    assert fields["documents/text_chars"]["description"] == "Length of the text. Unit: code points."
    assert fields["documents/title"]["description"] == "Title without the site's name."
    assert "documents/pii/email" in [part["name"] for part in fields["documents/pii"]["subField"]]
    assert (described["name"], described["inLanguage"], described["isLiveDataset"]) == (
        "خطاب المنصات",
        "ar",
        False,
    )


def test_a_shard_that_was_changed_is_found_out(tmp_path: Path) -> None:
    """The listed SHA-256 are those of the files."""
    data = describe(with_shards(tmp_path, card_input(tmp_path)))
    listed: Any = data["distribution"]
    shards = [entry for entry in listed if entry["@type"] == "cr:FileObject"]

    assert {entry["contentUrl"] for entry in shards} == {
        "data/documents/train-2025-01.parquet",
        "data/comments/train-2025-02.parquet",
    }
    for entry in shards:
        assert entry["sha256"] == sha256_of(tmp_path / "release" / entry["contentUrl"])


def test_the_responsible_ai_fields_are_filled(tmp_path: Path) -> None:
    """All twenty of the vocabulary, each with a sentence."""
    data = describe(card_input(tmp_path))
    rai = {key: value for key, value in data.items() if key.startswith("rai:")}

    assert len(rai) == 20
    assert all(rai.values())
    assert rai["rai:dataCollectionTimeframe"] == ["2026-01-02"]
    assert "`" not in json.dumps(rai["rai:dataLimitations"])
    assert "Identifying, profiling" in json.dumps(rai["rai:dataLimitations"])
    assert "Settings of" not in str(rai["rai:dataCollection"])
    later = {"fetched_at": datetime(2026, 3, 4, tzinfo=UTC)}
    rows = [document(0), document(1)]
    rows[0]["provenance"] |= later
    release_folder(tmp_path / "two" / "release", rows)
    two = describe(card_input(tmp_path / "two"))
    assert (two["rai:dataCollectionTimeframe"], two["datePublished"]) == (
        ["2026-01-02", "2026-03-04"],
        "2026-03-04",
    )


def test_copies_are_told_as_they_were_treated(tmp_path: Path) -> None:
    """A recipe that keeps near duplicates does not say that they were replaced."""
    key = "rai:dataManipulationProtocol"
    assert "Near duplicates are replaced" in str(describe(card_input(tmp_path))[key])
    kept = card_input(tmp_path / "near", RECIPE + "\n[dedup]\nnear = false\n")
    assert "near duplicates are kept" in str(describe(kept)[key])


def test_what_croissant_requires_is_there_or_refused(tmp_path: Path) -> None:
    """mlcroissant says nothing about a missing creator or date, so we look ourselves."""
    given = card_input(tmp_path)
    assert set(REQUIRED) <= describe(given).keys()

    with pytest.raises(CheckFailed, match="datePublished"):
        render_croissant(replace(given, statistics=Statistics(())))


def test_addresses_and_licences_are_named_as_well_as_they_are_known(tmp_path: Path) -> None:
    """The Hub's page, a homepage, or the card; a licence's own page where it has one."""
    given = card_input(tmp_path)
    assert describe(given)["url"] == "README.md"
    assert describe(given)["license"] == "https://opendatacommons.org/licenses/by/1-0/"

    home = recipe(
        tmp_path / "a", RECIPE.replace("[dataset]", '[dataset]\nhomepage = "https://example.org/x y"')
    )
    assert describe(replace(given, recipe=home))["url"] == "https://example.org/x%20y"
    hub = recipe(tmp_path / "b", RECIPE.replace("[dataset]", '[dataset]\nrepo_id = "me/d"'))
    assert describe(replace(given, recipe=hub))["url"] == "https://huggingface.co/datasets/me/d"
    other = recipe(tmp_path / "c", RECIPE.replace('"odc-by"', '"other"\nlicence_name = "our-terms"'))
    assert describe(replace(given, recipe=other))["license"] == "our-terms"
    link = recipe(tmp_path / "d", RECIPE.replace('"odc-by"', '"other"\nlicence_link = "https://a.example/l"'))
    assert describe(replace(given, recipe=link))["license"] == "https://a.example/l"
    own = recipe(
        tmp_path / "e", RECIPE.replace("[dataset]", '[dataset]\ndescription = "ما كتب\\nعن المنصات"')
    )
    assert describe(replace(given, recipe=own))["description"] == "ما كتب عن المنصات"


def test_sources_are_named_with_the_mark_that_publishing_reads(tmp_path: Path) -> None:
    """A source that may give ids only says so."""
    marked = RECIPE.replace('paths = ["pages/*.warc.gz"]', 'paths = ["a.warc.gz"]\nids_only = true')
    sources: Any = describe(card_input(tmp_path, marked))["prov:wasDerivedFrom"]

    assert [(entry["@id"], entry["usageInfo"]) for entry in sources] == [
        ("source/essays", "ids and computed columns only")
    ]


def test_the_text_is_the_same_every_time(tmp_path: Path) -> None:
    """Nothing of it comes from a clock."""
    given = card_input(tmp_path)

    assert render_croissant(given) == render_croissant(given)
