"""Building a release again from its archives: what is the same, what differs, and what was not compared."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest
from archivekit import add_archive, article, dataset
from releasekit import NOW, words
from warcmaker import write

from builder.pipeline import build
from builder.rebuild import other_code, rebuild_problems
from builder.recipe import load_recipe
from builder.release.manifest import FileEntry, Manifest, read_manifest
from builder.storage import write_json
from builder.verify import verify


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a release that was built from an archive."""
    folder = dataset(tmp_path_factory.mktemp("rebuild") / "ds", range(3))
    release = build(load_recipe(folder), now=NOW).release
    assert release is not None
    return release


def retold(manifest: Manifest, **other: object) -> Manifest:
    """Return a manifest that says of every part something else than is true, and nothing impossible."""
    (shard, *shards), (first, second, *files) = manifest.shards, manifest.files
    tally = manifest.tallies[0]
    told = {
        "captured_until": "2031-01-01",
        "tallies": (replace(tally, read=tally.read + 1, kept=tally.kept + 1), *manifest.tallies[1:]),
        "shards": (replace(shard, content="sha256:0"), *shards),
        "files": (replace(first, sha256="0" * 64), FileEntry("more.txt", 1, "0" * 64), *files),
        "inputs": (*manifest.inputs, FileEntry("lost.warc.gz", 9, "0" * 64)),
        "recipe": "sha256:0",
        **other,
    }
    assert second.name == "README.md"
    return replace(manifest, **told)  # type: ignore[arg-type]


RECORDS = [
    "the recipe means something else to this Hiwar",
    "archive lost.warc.gz: missing",
    "records of data/documents/train-2025-01.parquet: differ",
]
BYTES = [
    "bytes of CHANGELOG.md: differ",
    "bytes of README.md: new",
    "bytes of more.txt: missing",
    "captured_until in manifest.json: differ",
    "tallies in manifest.json: differ",
]


@pytest.mark.parametrize(
    ("other", "expected"), [({}, [*RECORDS, *BYTES]), ({"made_with": {"pyarrow": "1.0.0"}}, RECORDS)]
)
def test_every_difference_is_told(made: Path, other: dict[str, object], expected: list[str]) -> None:
    """Records always; bytes, and what the manifest alone says, where the same code wrote both."""
    manifest = read_manifest(made)
    assert list(rebuild_problems(made, retold(manifest, **other))) == expected


def test_a_yes_about_records_alone_says_so(made: Path) -> None:
    """Bytes that other versions of packages wrote are not compared, and nobody is left to think they were."""
    manifest = read_manifest(made)
    assert other_code(manifest) == ""
    older = replace(manifest, hiwar="0.0.9", made_with={**manifest.made_with, "gone-package": "2"})
    write_json(made / "manifest.json", older.as_dict())
    check = verify(made, rebuild=True).checks[-1]
    write_json(made / "manifest.json", manifest.as_dict())
    assert (check.name, check.ok) == ("rebuild", True)
    assert "bytes were not compared, for it was made with Hiwar 0.0.9, gone-package 2" in check.detail


def test_an_archive_that_is_gone_is_named(tmp_path: Path) -> None:
    """Without what the release was made from, the archives give the one before; where it is, nothing differs."""
    folder = dataset(tmp_path / "ds", range(2))
    build(load_recipe(folder), now=NOW)
    added = add_archive(folder, "b", range(2, 4))
    release = build(load_recipe(folder), now=NOW).release
    assert release is not None
    added.unlink()
    assert list(rebuild_problems(release, read_manifest(release))) == [
        "the archives give release 1.0.0 again, not this one",
        "archive b.warc.gz: missing",
    ]


def test_archives_of_one_name_are_told_apart_by_what_they_held(tmp_path: Path) -> None:
    """One grew to the size of the other, a third came later; one that was changed differs under the name of all."""
    folder = dataset(tmp_path / "ds", range(2))
    recipe = folder / "dataset.toml"
    recipe.write_text(recipe.read_text("utf-8").replace("pages/*.warc.gz", "pages/**/*.warc.gz"), "utf-8")
    for name, numbers in (("north", range(2, 4)), ("south", range(4, 9)), ("west", ())):
        (folder / "pages" / name).mkdir()
        if numbers:
            write(folder / "pages" / name / "a.warc.gz", [article(number) for number in numbers])
    release = build(load_recipe(folder), now=NOW).release
    assert release is not None

    north, south = (folder / "pages" / name / "a.warc.gz" for name in ("north", "south"))
    lacking = south.stat().st_size - north.stat().st_size
    with north.open("ab") as grown:
        grown.write(gzip.compress(article(20) + b"\0" * 4000, 0)[:lacking])
    assert north.stat().st_size == south.stat().st_size
    write(folder / "pages" / "west" / "a.warc.gz", [article(30)])
    assert list(rebuild_problems(release, read_manifest(release))) == []

    write(south, [article(number, title="عنوان آخر") for number in range(4, 9)])
    assert "archive a.warc.gz: differ" in list(rebuild_problems(release, read_manifest(release)))


@pytest.mark.parametrize("way", ["absolute", "up", "link"])
def test_archives_that_lie_elsewhere_are_cut_to_what_they_were(tmp_path: Path, way: str) -> None:
    """They have grown since, and one came later: the release still comes out of them."""
    folder = dataset(tmp_path / "ds", range(2))
    shared = tmp_path / "shared"
    shared.mkdir()
    write(shared / "a.warc.gz", [article(number) for number in range(2, 4)])
    (folder / "linked").symlink_to(shared)
    named = {"absolute": str(shared), "up": "../shared", "link": "linked"}[way]
    recipe = folder / "dataset.toml"
    more = f'"pages/*.warc.gz", "{named}/*.warc.gz"'
    recipe.write_text(recipe.read_text("utf-8").replace('"pages/*.warc.gz"', more), "utf-8")
    release = build(load_recipe(folder), now=NOW).release
    assert release is not None

    with (shared / "a.warc.gz").open("ab") as grown:
        grown.write(gzip.compress(article(20)))
    write(shared / "later.warc.gz", [article(30)])
    assert list(rebuild_problems(release, read_manifest(release))) == []
    assert not list(tmp_path.rglob(".tmp-*"))


def test_a_rebuild_writes_nothing_through_an_archive_that_is_a_link(tmp_path: Path) -> None:
    """A page saved since would be taken into the archive by any build: the one that only checks takes it elsewhere."""
    folder, archive = tmp_path / "ds", tmp_path / "large-disk"
    (folder / "saved").mkdir(parents=True)
    archive.mkdir()
    (folder / "archive").symlink_to(archive)
    (folder / "dataset.toml").write_text(
        '[dataset]\nname = "x"\n[[source]]\nkind = "html"\nname = "saved"\npaths = ["saved/*.html"]\n'
        '[select]\nrelevance_min = 0\n[rules]\nprofile = "none"\n'
    )

    def save(number: int) -> None:
        html = f"<html lang=ar><h1>{words(number, 5)}</h1><article><p>{words(number * 10, 160)}.</p></article></html>"
        (folder / "saved" / f"{number}.html").write_text(html, "utf-8")

    save(1)
    release = build(load_recipe(folder), now=NOW).release
    assert release is not None
    before = {path.name: path.read_bytes() for path in archive.glob("*.warc.gz")}
    assert before
    save(2)
    list(rebuild_problems(release, read_manifest(release)))
    assert {path.name: path.read_bytes() for path in archive.glob("*.warc.gz")} == before
