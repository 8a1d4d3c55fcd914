"""Releases in S3-compatible storage: whole or not there, never overwritten, opened where they lie."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import buildkit
import pytest
from s3kit import BUCKET, KEY_ID, SECRET, Asked, Storage, server_fixture, storage_fixture  # noqa: F401

from builder.errors import CheckFailed, StorageError, UsageError, VerifyFailed, WorldError
from builder.release.copied import copy_release
from builder.takedown import add
from builder.verify import verify

TO = f"s3://{BUCKET}/sets/essays"
TARGET = f"{TO}/1.0.0"


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a small release."""
    folder = tmp_path_factory.mktemp("local")
    buildkit.archive(folder, "one", buildkit.essays(range(8)))
    built = buildkit.run(buildkit.recipe(folder, '[select]\nrelevance_min = 0\n[rules]\nprofile = "none"\n'))
    assert built.release is not None
    return built.release


def copied(storage: Storage) -> dict[str, bytes]:
    """Return what lies below the target."""
    start = "sets/essays/1.0.0/"
    return {key.removeprefix(start): storage.get(key) for key in storage.listed() if key.startswith(start)}


def files(release: Path) -> dict[str, bytes]:
    """Return the files of a release."""
    found = {path.relative_to(release).as_posix(): path for path in release.rglob("*")}
    return {name: path.read_bytes() for name, path in found.items() if path.is_file()}


def sent(storage: Storage) -> list[str]:
    """Return the paths that were written, in order."""
    return [asked.path.partition("?")[0].rpartition("1.0.0/")[2] for asked in storage.asked("PUT")]


def hiwar(*arguments: object) -> list[str]:
    """Return the command that runs the command line in a process of its own."""
    return [sys.executable, "-m", "builder", *map(str, arguments)]


def test_a_release_is_copied_with_its_manifest_last_and_once(storage: Storage, release: Path) -> None:
    """Every byte is there; a second copying sends nothing; `hiwar verify` reads it where it lies."""
    done = subprocess.run(
        hiwar("copy", release, TO + "/", "--json"), capture_output=True, text=True, check=True
    )
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["event"], result["target"], result["left"]) == ("done", TARGET, 0)
    assert copied(storage) == files(release)
    assert sent(storage)[-1] == "manifest.json"
    storage.log.clear()
    again = copy_release(release, TO)
    assert (again.sent, again.left, sent(storage)) == (0, len(files(release)), [])
    told = subprocess.run(hiwar("verify", TARGET), capture_output=True, text=True, check=True)
    assert "is what its manifest says" in told.stdout
    for text in (done.stdout, done.stderr, told.stdout, told.stderr):
        assert SECRET not in text
        assert KEY_ID not in text


def test_a_copying_that_was_killed_is_no_release_and_goes_on(storage: Storage, release: Path) -> None:
    """What was sent before the kill is not sent again."""
    reached, ended = threading.Event(), threading.Event()

    def hold(asked: Asked) -> int:
        if asked.method in ("PUT", "POST") and len(copied(storage)) == 4:
            reached.set()
            ended.wait(60)
            return 503
        return 0

    storage.fault = hold
    with subprocess.Popen(hiwar("copy", release, TO), stdout=subprocess.DEVNULL) as process:
        assert reached.wait(60)
        process.kill()
    ended.set()
    storage.fault = lambda asked: 0
    assert len(copied(storage)) == 4
    with pytest.raises(WorldError, match="not a release"):
        verify(TARGET)
    before = set(copied(storage))
    storage.log.clear()
    result = copy_release(release, TO)
    assert (result.left, before & set(sent(storage))) == (4, set())
    assert copied(storage) == files(release)
    assert verify(TARGET).ok


def test_another_release_of_the_same_version_is_refused(
    storage: Storage, release: Path, tmp_path: Path
) -> None:
    """Nothing is written over it, and nothing among objects that belong to nobody's release."""
    copy_release(release, TO)
    other = shutil.copytree(release, tmp_path / "1.0.0")
    manifest = json.loads((other / "manifest.json").read_bytes())
    (other / "manifest.json").write_text(json.dumps({**manifest, "recipe": "sha256:0"}), encoding="utf-8")
    before = copied(storage)
    with pytest.raises(UsageError, match="holds other content"):
        copy_release(other, TO)
    assert copied(storage) == before
    storage.put("sets/essays/1.0.0/manifest.json", b"")  # stopped as it was about to be sent
    assert copy_release(release, TO).sent == 1
    storage.put("elsewhere/1.0.0/data/notes.txt", b"mine")
    with pytest.raises(UsageError, match=r"not of this release: data/notes\.txt"):
        copy_release(release, f"s3://{BUCKET}/elsewhere")


def test_only_a_whole_release_is_copied(storage: Storage, release: Path, tmp_path: Path) -> None:
    """A changed folder stays where it is."""
    other = shutil.copytree(release, tmp_path / "1.0.0")
    (other / "CHANGELOG.md").write_text("other", encoding="utf-8")
    with pytest.raises(VerifyFailed, match=r"CHANGELOG\.md"):
        copy_release(other, TO)
    assert storage.listed() == []


def test_what_was_asked_to_be_removed_is_not_copied(
    storage: Storage, release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request made after the build stops a copying before its first byte, also from inside the folder."""
    folder = tmp_path / "dataset"
    mine = shutil.copytree(release, folder / "releases" / release.name)
    buildkit.recipe(folder)
    add(folder, buildkit.address(3), "asked", now=buildkit.NOW)
    with pytest.raises(CheckFailed, match="1 records"):
        copy_release(mine, TO)
    monkeypatch.chdir(mine.parent)
    with pytest.raises(CheckFailed, match="1 records"):
        copy_release(Path(mine.name), TO)
    assert copied(storage) == {}


@pytest.mark.parametrize("harm", ["changed", "missing", "more", "manifest"])
def test_a_damaged_copy_is_told(harm: str, storage: Storage, release: Path) -> None:
    """`verify` names the file; where it can be mended, copying again mends it."""
    copy_release(release, TO)
    name = next(name for name in files(release) if name.endswith(".parquet"))
    size = len(files(release)[name])
    key = "sets/essays/1.0.0/" + {"more": "data/more.parquet", "manifest": "manifest.json"}.get(harm, name)
    if harm == "missing":
        storage.send("DELETE", key)
    else:
        storage.put(key, bytes(size))
    report = verify(TARGET)
    assert not report.ok
    said = report.checks[0].detail
    assert (key.rpartition("1.0.0/")[2] in said) or (harm == "manifest" and "not JSON" in said)
    if harm in ("changed", "missing"):
        assert copy_release(release, TO).sent == 1
        assert verify(TARGET).ok


def test_text_between_the_markers_of_a_copied_card_is_no_damage(storage: Storage, release: Path) -> None:
    """As in a folder: people may write there, and nowhere else; a manifest of another shape is told."""
    copy_release(release, TO)
    card = (release / "README.md").read_text(encoding="utf-8")
    mark = "<!-- hiwar:begin uses -->\n"
    storage.put("sets/essays/1.0.0/README.md", card.replace(mark, mark + "مقرر البلاغة\n").encode())
    assert verify(TARGET).ok
    storage.put("sets/essays/1.0.0/README.md", card.replace(mark, "مقرر البلاغة\n" + mark).encode())
    (check,) = verify(TARGET).checks
    assert "README.md has another SHA-256" in check.detail
    storage.put("sets/essays/1.0.0/manifest.json", b"[]")
    assert not verify(TARGET).ok


def test_what_only_a_folder_can_answer_is_refused(storage: Storage) -> None:
    """A copy has no archives and no requests beside it."""
    with pytest.raises(UsageError, match="need the dataset's folder"):
        verify(TARGET, rebuild=True)


def test_a_copying_that_fails_leaves_no_release(storage: Storage, release: Path) -> None:
    """The storage stops taking things; the copy ends with what to do, and no manifest is there."""
    storage.fault = lambda asked: 503 if asked.method == "PUT" and len(sent(storage)) > 3 else 0
    with pytest.raises(StorageError, match="cannot serve now"):
        copy_release(release, TO)
    assert "manifest.json" not in copied(storage)


LOAD = """
import sys
import datasets
files = {"train": sys.argv[1] + "/data/documents/train-*.parquet"}
options = {"endpoint_url": sys.argv[2]}
found = datasets.load_dataset("parquet", data_files=files, storage_options=options, split="train")
print(sorted(found["id"]))
"""


def test_a_copy_opens_with_load_dataset(storage: Storage, release: Path, tmp_path: Path) -> None:
    """As docs/scaling.md says it, by datasets and s3fs."""
    copy_release(release, TO)
    done = subprocess.run(
        [sys.executable, "-c", LOAD, TARGET, storage.url],
        env={**os.environ, "HF_HOME": str(tmp_path), "HF_ENDPOINT": "http://127.0.0.1:1"},
        capture_output=True,
        text=True,
        check=True,
    )
    wanted = sorted(row["id"] for row in buildkit.pq.read_table(release / "data" / "documents").to_pylist())
    assert done.stdout.strip() == str(wanted)
