"""Archives in S3-compatible storage: read where they lie, by range, and never taken for what they are not."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import buildkit
import pytest
import warcmaker
from s3kit import BUCKET, CUT, KEY_ID, SECRET, Asked, Storage, server_fixture, storage_fixture  # noqa: F401

from builder.archive.read import load, scan
from builder.errors import ArchiveError, StorageError, UsageError
from builder.model import CaptureRef, Damage
from builder.objects import StoredObject, object_at, objects_matching, place_of
from builder.pipeline import BuildResult
from builder.recipe import Recipe
from builder.sources import kinds

MORE = '[select]\nrelevance_min = 0\n[rules]\nprofile = "none"\n'
PAGES = 12
HALVES = {"one.warc.gz": range(PAGES // 2), "two.warc.gz": range(PAGES // 2, PAGES)}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """Build a release from files."""
    return from_files(tmp_path_factory.mktemp("local"), HALVES)


def from_files(folder: Path, archives: Mapping[str, range]) -> BuildResult:
    """Write archives of essays into a folder and build a release of them."""
    for name, numbers in archives.items():
        buildkit.archive(folder, name.removesuffix(".warc.gz"), buildkit.essays(numbers))
    return buildkit.run(buildkit.recipe(folder, MORE))


def remote(folder: Path, pattern: str = "2025/*.warc.gz") -> Recipe:
    """Write a recipe over objects."""
    paths = f'paths = ["s3://{BUCKET}/{pattern}"]'
    return buildkit.recipe(folder, MORE, sources=f'[[source]]\nkind = "warc"\nname = "saved"\n{paths}\n')


def fill(storage: Storage, local: BuildResult) -> None:
    """Put the archives of the local release there."""
    assert local.release is not None
    for path in (local.release.parent.parent / "warcs").iterdir():
        storage.put(f"2025/{path.name}", path.read_bytes())


def bytes_of(built: BuildResult) -> dict[str, bytes]:
    """Return the files of a release; the recipe's own digest, in which its paths stand, is left out."""
    assert built.release is not None
    digest = buildkit.load_recipe(built.release.parent.parent).digest().encode()
    files = {path.relative_to(built.release).as_posix(): path for path in built.release.rglob("*")}
    return {
        name: path.read_bytes().replace(digest, b"recipe")
        for name, path in files.items()
        if path.is_file() and name != "manifest.json"
    }


def hiwar(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    command = [sys.executable, "-m", "builder", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("workers", [1, 2])
def test_objects_give_the_release_that_files_give(
    workers: int,
    storage: Storage,
    local: BuildResult,
    tmp_path: Path,
) -> None:
    """Byte for byte; a page costs one request at most, and a build without news reads nothing again."""
    fill(storage, local)
    recipe = remote(tmp_path)
    done = hiwar("build", "--workers", workers, "--json", "-v", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(storage.asked("GET", ".warc.gz")) - 2 * len(HALVES) <= PAGES
    storage.log.clear()
    built = buildkit.run(recipe)
    assert (built.fresh, bytes_of(built)) == (False, bytes_of(local))
    assert storage.asked("GET", ".warc.gz") == []
    assert all(f"/{BUCKET}" in asked.path for asked in storage.log)
    assert_no_key(tmp_path, done.stdout)


def assert_no_key(folder: Path, *texts: str) -> None:
    """Neither the files of a folder, the cache among them, nor what was printed hold a key."""
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    for data in (*files, *map(str.encode, texts)):
        assert SECRET.encode() not in data
        assert KEY_ID.encode() not in data


def test_a_server_that_fails_now_and_then_changes_nothing(
    storage: Storage,
    local: BuildResult,
    tmp_path: Path,
) -> None:
    """Each fourth request is answered 503 or broken off in its middle; the release is the same."""
    fill(storage, local)
    storage.fault = lambda asked: (0, 0, 0, CUT if len(storage.log) % 8 else 503)[len(storage.log) % 4]
    built = buildkit.run(remote(tmp_path), workers=2)
    assert bytes_of(built) == bytes_of(local)
    assert buildkit.rejected(built) == buildkit.rejected(local)


def test_a_server_that_is_gone_is_no_fault_of_a_page(
    storage: Storage,
    local: BuildResult,
    tmp_path: Path,
) -> None:
    """The build ends with what to do; nothing is held against a page, and the next build is whole."""
    fill(storage, local)
    recipe = remote(tmp_path)
    storage.fault = lambda asked: CUT if pages_are_read(storage, asked) else 0
    with pytest.raises(StorageError, match="broke off 4 times") as caught:
        buildkit.run(recipe)
    assert caught.value.exit_code == 3
    assert not list(recipe.releases.glob("[0-9]*"))
    storage.fault = lambda asked: 0
    built = buildkit.run(recipe)
    assert (bytes_of(built), buildkit.rejected(built)) == (bytes_of(local), buildkit.rejected(local))


def pages_are_read(storage: Storage, asked: Asked) -> bool:
    """Return whether both archives were read for their digests and their scans already, and a page is read now."""
    return asked.method == "GET" and len(storage.asked("GET", ".warc.gz")) > 2 * len(HALVES)


def test_an_object_changed_after_its_scan_ends_the_build(
    storage: Storage,
    local: BuildResult,
    tmp_path: Path,
) -> None:
    """What was read by then is not mixed with what lies there now; the next build reads it anew."""
    fill(storage, local)
    recipe = remote(tmp_path)
    other = warcmaker.write(tmp_path / "other.warc.gz", buildkit.essays(range(100, 103)))

    def change(asked: Asked) -> int:
        if pages_are_read(storage, asked):
            storage.put("2025/one.warc.gz", other.read_bytes())
        return 0

    storage.fault = change
    with pytest.raises(StorageError, match="changed since it was listed"):
        buildkit.run(recipe)
    storage.fault = lambda asked: 0
    built = buildkit.run(recipe)
    assert built.rows["documents"] == PAGES // 2 + 3
    assert buildkit.rules(built) == {}


@pytest.mark.parametrize(
    ("pattern", "fault", "code", "said"),
    [
        ("none/*.warc.gz", 0, 2, "no object matches"),
        ("2025/none.warc.gz", 0, 3, "no such object"),
        ("2025/one.warc.gz", 403, 3, "access is denied"),
    ],
)
def test_what_cannot_be_had_is_said(
    pattern: str,
    fault: int,
    code: int,
    said: str,
    storage: Storage,
    local: BuildResult,
    tmp_path: Path,
) -> None:
    """A wrong pattern is wrong use, as with files; what the storage refuses is the world's failure."""
    fill(storage, local)
    remote(tmp_path, pattern)
    storage.fault = lambda asked: fault
    done = hiwar("build", tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert f"s3://{BUCKET}/{pattern}" in done.stderr.replace("\n", "")
    assert said in done.stderr
    assert_no_key(tmp_path, done.stderr, done.stdout)


def test_a_storage_that_cannot_be_reached_is_named(
    storage: Storage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody listens at the endpoint."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(StorageError, match=r"127\.0\.0\.1 cannot be reached"):
        object_at(f"s3://{BUCKET}/a")


@pytest.mark.parametrize("said", ["s3://", f"s3://{BUCKET}", f"s3://{KEY_ID}:{SECRET}@{BUCKET}/*.warc.gz"])
def test_an_address_of_another_form_is_refused(said: str, tmp_path: Path) -> None:
    """Keys have no place in it; the message does not repeat them."""
    with pytest.raises(UsageError, match="no address of object storage") as caught:
        objects_matching(said)
    assert_no_key(tmp_path, str(caught.value))


def both(storage: Storage, tmp_path: Path, name: str, data: bytes) -> tuple[StoredObject, Path]:
    """Put the same bytes into the storage and on the disk."""
    path = tmp_path / name
    path.write_bytes(data)
    return object_at(storage.put(name, data)), path


def found_in(place: StoredObject | Path) -> list[object]:
    """Return what a scan finds, with the bodies, and without where it lies."""
    found: list[object] = []
    for one in scan(place, source="x"):
        assert place_of(one.path) == place
        if isinstance(one, CaptureRef):
            found.append((one.url, one.warc_offset, load(one).body))
        else:
            found.append((one.offset, one.length_bytes, one.reason))
    return found


@pytest.mark.parametrize("form", ["gzip", "damaged", "plain", "zstd"])
def test_an_object_is_read_as_a_file_is(form: str, storage: Storage, tmp_path: Path) -> None:
    """Whatever an archive's outer form, and also behind damage."""
    import zstandard

    records = buildkit.essays(range(6))
    data = b"".join(map(gzip.compress, records))
    if form == "damaged":
        data = data[:700] + bytes(300) + data[1000:]
    elif form == "plain":
        data = b"".join(records)
    elif form == "zstd":
        data = b"".join(map(zstandard.ZstdCompressor().compress, records))
    stored, path = both(storage, tmp_path, f"{form}.warc.gz", data)
    assert found_in(stored) == found_in(path)
    assert len(found_in(stored)) >= 4


def test_an_object_in_a_packing_that_is_not_read_is_named(storage: Storage, tmp_path: Path) -> None:
    """By its address, not by the copy that was made of it."""
    stored, _ = both(storage, tmp_path, "a.warc.xz", lzma.compress(b"".join(buildkit.essays(range(2)))))
    with pytest.raises(ArchiveError, match="packed with xz") as caught:
        found_in(stored)
    assert caught.value.where == stored.address


def test_a_package_is_read_as_a_file_is(storage: Storage, tmp_path: Path) -> None:
    """A WACZ in the storage gives the captures it gives on disk, stored and packed ones, and its list of pages."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as package:
        package.writestr("archive/a.warc.gz", b"".join(map(gzip.compress, buildkit.essays(range(3)))))
        package.writestr("archive/b.warc", b"".join(buildkit.essays(range(3, 5))), zipfile.ZIP_DEFLATED)
        package.writestr("pages/pages.jsonl", json.dumps({"url": buildkit.address(1)}))
    stored, path = both(storage, tmp_path, "a.wacz", raw.getvalue())
    found = []
    for said in (stored.address, str(path)):
        kind = kinds()["wacz"]
        source = kind(kind.block_type.model_validate({"kind": "wacz", "name": "x", "paths": [said]}))
        captures = [
            load(ref)
            for place in source.archives(tmp_path)
            for ref in scan(place, source="x")
            if not isinstance(ref, Damage)
        ]
        found.append(sorted((one.url, one.body, str(source.read(one))) for one in captures))
    assert found[0] == found[1]
    assert [read for _, _, read in found[0]].count("None") == 1
    assert len(found[0]) == 5


def test_patterns_mean_what_they_mean_for_files(storage: Storage, tmp_path: Path) -> None:
    """A star stays between two slashes, two stars go over them, odd names are names."""
    for name in ("a.gz", "b/a.gz", "b/c/a.gz", "b/c/d.txt", "b/مقال #1.gz", "b+/a.gz", "c/a1.gz"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
        storage.put(name, b"x")
    for pattern in ("*.gz", "b/*", "*/*.gz", "**/*.gz", "b/**/*.gz", "b*/a.gz", "?/a[0-9].gz", "b/[!a]*.gz"):
        wanted = sorted(
            path.relative_to(tmp_path).as_posix() for path in tmp_path.glob(pattern) if path.is_file()
        )
        found = objects_matching(f"s3://{BUCKET}/{pattern}")
        assert [one.key for one in found] == wanted, pattern
        assert [place_of(str(one)) for one in found] == found


def test_reads_that_follow_one_another_share_a_request(storage: Storage) -> None:
    """Neighbours come in one request; a read far away brings what it asks for and no more."""
    data = bytes(range(256)) * 20_000
    stored = object_at(storage.put("a.bin", data))
    storage.log.clear()
    with stored.open() as file:
        for start in (*range(0, 900_000, 30_000), 4_000_000, 2_000_000):
            file.seek(start)
            assert file.read(10_000) == data[start : start + 10_000]
    spans = [(asked.first, asked.last) for asked in storage.asked("GET")]
    closely = [(0, 39_999), (60_000, 219_999), (240_000, 879_999)]
    assert spans == [*closely, (4_000_000, 4_009_999), (2_000_000, 2_009_999)]
