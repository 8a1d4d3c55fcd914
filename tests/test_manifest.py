"""The manifest tells what went in and came out; a release is whole or not there; a failed build leaves an account."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from releasekit import NOW, START, comment, document, recipe_in, release_of, write_rows

from builder.errors import GateFailed, LockedError, RecipeError, VerifyFailed, WorldError
from builder.release import FileEntry, ReleaseInput, write_release
from builder.release.content import combined, content_of
from builder.release.manifest import Manifest, read_manifest, releases_in, version_key
from builder.storage import (
    canonical_json,
    folder_lock,
    read_json,
    remove_unfinished,
    sha256_of,
    write_bytes,
    write_json,
    write_jsonl,
)
from builder.tally import Tally


def test_every_file_is_named_with_its_hash(tmp_path: Path) -> None:
    """All files but the manifest itself are listed with size and SHA-256, and shards with rows and content."""
    release = release_of(recipe_in(tmp_path), [document(n) for n in range(15)], [comment(1, document(1))])
    manifest = read_manifest(release.path)
    there = {
        path.relative_to(release.path).as_posix(): path for path in release.path.rglob("*") if path.is_file()
    }
    assert {entry.name for entry in manifest.files} == there.keys() - {"manifest.json"}
    for entry in manifest.files:
        assert (entry.size_bytes, entry.sha256) == (
            there[entry.name].stat().st_size,
            sha256_of(there[entry.name]),
        )
    for shard in manifest.shards:
        assert shard.content == content_of(release.path / shard.path)
    assert manifest.rows("documents") == 15
    assert manifest.rows("comments") == 1
    lines = "".join(f"{shard.content}  {shard.path}\n" for shard in manifest.table_shards("documents"))
    table = read_json(release.path / "manifest.json")["tables"]["documents"]
    assert table["content"] == "sha256:" + hashlib.sha256(lines.encode()).hexdigest()
    names = {"README.md", "CHANGELOG.md", "manifest.json", "croissant.json", "report.html", "removed.jsonl"}
    assert names <= there.keys()


def test_inputs_tallies_and_versions_are_kept(tmp_path: Path) -> None:
    """What was read, what each stage did with it, and the code and schema that did it can be looked up."""
    tally = Tally("rules")
    tally.keep(2)
    tally.drop(["short", "list"])
    archive = FileEntry("essays-00000.warc.gz", 12, "ab" * 32)
    release = release_of(recipe_in(tmp_path), [document(1)], tallies=(tally,), inputs=(archive,))
    manifest = read_manifest(release.path)
    assert manifest.inputs == (archive,)
    assert manifest.tallies[0].as_dict() == tally.as_dict()
    assert manifest.recipe == recipe_in(tmp_path).digest()
    assert manifest.schema_version("documents") >= 1
    assert manifest.schema_version("posters") == 0
    assert {"pyarrow", "duckdb", "trafilatura"} == manifest.made_with.keys()
    assert manifest.captured_until == "2025-05-31"


def test_a_manifest_reads_back_as_it_was(tmp_path: Path) -> None:
    """Writing and reading give the same manifest."""
    release = release_of(recipe_in(tmp_path), [document(1)])
    manifest = read_manifest(release.path)
    again = Manifest.from_dict(json.loads(json.dumps(manifest.as_dict())), "here")
    assert again.as_dict() == manifest.as_dict()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.update(format=99),
        lambda data: data.pop("shards"),
        lambda data: data.update(shards="none"),
        lambda data: data["shards"][0].pop("rows"),
        lambda data: data.update(surprise=1),
        lambda data: data.update(version=5),
        lambda data: data.update(version="1.0"),
        lambda data: data["shards"][0].update(path="../../secret.parquet"),
        lambda data: data["shards"][0].update(table="comments"),
    ],
    ids=[
        *("newer", "no-shards", "not-a-list", "no-rows", "unknown"),
        *("number", "no-version", "elsewhere", "other-table"),
    ],
)
def test_a_damaged_manifest_is_refused(tmp_path: Path, damage) -> None:  # type: ignore[no-untyped-def]
    """A manifest of another form or with a part missing is named as such, with advice."""
    release = release_of(recipe_in(tmp_path), [document(1)])
    data = read_json(release.path / "manifest.json")
    damage(data)
    write_json(release.path / "manifest.json", data)
    with pytest.raises(VerifyFailed):
        read_manifest(release.path)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"\0\xff", b"[]", b"[" * 100_000], ids=["empty", "cut", "bytes", "list", "deep"]
)
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, text: bytes) -> None:
    """Whatever stands in its place, the file is named."""
    (tmp_path / "manifest.json").write_bytes(text)
    with pytest.raises(VerifyFailed) as caught:
        read_manifest(tmp_path)
    assert caught.value.where.endswith("manifest.json")


def test_a_folder_that_is_no_release_is_named(tmp_path: Path) -> None:
    """The message says what to name instead."""
    with pytest.raises(WorldError, match=r"not a release.*\n.*releases/1\.0\.0"):
        read_manifest(tmp_path)


def test_no_path_of_the_machine_reaches_a_release(tmp_path: Path) -> None:
    """No file of a release holds the folder it was built in, the user or the host."""
    release = release_of(recipe_in(tmp_path / "unusual-folder-name"), [document(1)])
    for path in release.path.rglob("*"):
        if path.is_file():
            assert b"unusual-folder-name" not in path.read_bytes(), path


def test_the_clock_reaches_no_release(tmp_path: Path) -> None:
    """`now` is for the account of failures only."""
    found = []
    for name, now in (("a", NOW), ("b", START)):
        recipe = recipe_in(tmp_path / name)
        part = write_rows(recipe.folder / "d.parquet", "documents", [document(1)])
        release = write_release(ReleaseInput(recipe, (part,), (), now=now))
        found.append((release.path / "manifest.json").read_bytes())
    assert found[0] == found[1]


def test_the_same_again_makes_no_new_release(tmp_path: Path) -> None:
    """The last release is returned, and nothing on disk is touched."""
    recipe = recipe_in(tmp_path)
    first = release_of(recipe, [document(1)])
    stamp = (first.path / "manifest.json").stat().st_mtime_ns
    again = release_of(recipe, [document(1)])
    assert (first.fresh, again.fresh, again.path) == (True, False, first.path)
    assert (first.path / "manifest.json").stat().st_mtime_ns == stamp
    assert again.rows == first.rows
    assert [path.name for path in releases_in(recipe.releases)] == ["1.0.0"]


def test_another_delay_or_gate_makes_no_new_release(tmp_path: Path) -> None:
    """What a recipe says about crawling and about the gate is not part of the dataset."""
    release_of(recipe_in(tmp_path), [document(1)])
    polite = recipe_in(tmp_path, "[crawl]\nmin_delay_s = 5\n[release]\ngate_min = { 'rows.documents' = 1 }\n")
    assert not release_of(polite, [document(1)]).fresh


def test_versions_are_ordered_as_numbers(tmp_path: Path) -> None:
    """1.10.0 comes after 1.9.0, and other folders are no releases."""
    for name in ("1.9.0", "1.10.0", "failed", "2.0", ".tmp-release"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").touch()
    (tmp_path / "3.0.0").mkdir()
    assert [path.name for path in releases_in(tmp_path)] == ["1.9.0", "1.10.0"]
    assert releases_in(tmp_path / "none") == []
    with pytest.raises(ValueError, match="no version"):
        version_key("1.0")


# --- the gate ---------------------------------------------------------------------------------------------


def gated(folder: Path, gate: str):  # type: ignore[no-untyped-def]
    """Return a recipe with a gate."""
    return recipe_in(folder, f"[release]\n{gate}\n")


def test_a_gate_stops_a_bad_release_and_leaves_an_account(tmp_path: Path) -> None:
    """Every assertion that fails is named with its value; no release appears, the account does."""
    recipe = gated(tmp_path, "gate_min = { 'rows.documents' = 5, 'lang.documents.ar' = 0.5 }")
    with pytest.raises(GateFailed, match=r"rows\.documents is 2, below 5"):
        release_of(recipe, [document(1), document(2)])
    assert releases_in(recipe.releases) == []
    account = read_json(recipe.releases / "failed" / "account.json")
    assert account["at"] == NOW.isoformat()
    assert account["figures"]["rows.documents"] == 2
    assert [tally["stage"] for tally in account["tallies"]] == ["dedup", "comments"]
    assert (recipe.releases / "failed" / "rejected.parquet").is_file()


def test_the_account_goes_when_a_build_succeeds(tmp_path: Path) -> None:
    """A later good build takes the old account away."""
    with pytest.raises(GateFailed):
        release_of(gated(tmp_path, "gate_min = { 'rows.documents' = 5 }"), [document(1)])
    recipe = gated(tmp_path, "gate_min = { 'rows.documents' = 1 }")
    assert release_of(recipe, [document(1)]).version == "1.0.0"
    assert not (recipe.releases / "failed").exists()


def test_a_gate_on_change_keeps_the_last_release(tmp_path: Path) -> None:
    """A build that would lose too many records is stopped, and the release before stays the newest."""
    recipe = gated(tmp_path, "gate_max = { 'change.removed.share' = 0.2 }")
    release_of(recipe, [document(n) for n in range(10)])
    with pytest.raises(GateFailed, match=r"change.removed.share is 0.5, above 0.2"):
        release_of(recipe, [document(n) for n in range(5)])
    assert [path.name for path in releases_in(recipe.releases)] == ["1.0.0"]
    assert release_of(recipe, [document(n) for n in range(9)]).version == "2.0.0"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("rows.document", "rows.documents"),
        ("change.remove", "change.removed"),
        ("lang.documents.ary", "lang.documents.ar"),
        ("rule.dedop.near", "failed.dedup"),
    ],
)
def test_a_misspelt_figure_is_refused(tmp_path: Path, name: str, nearest: str) -> None:
    """A gate on a figure that does not exist would never close; the nearest name is offered."""
    with pytest.raises(RecipeError, match=f"did you mean '{nearest}'"):
        release_of(gated(tmp_path, f"gate_max = {{ '{name}' = 1 }}"), [document(1)])


def test_a_figure_that_did_not_occur_is_zero(tmp_path: Path) -> None:
    """A rule that dropped nothing, or a language no record has, counts as 0."""
    recipe = gated(tmp_path, "gate_max = { 'lang.documents.kurdish' = 0.1, 'rule.dedup.near' = 0.1 }")
    assert release_of(recipe, [document(1)]).fresh


# --- whole or not at all ----------------------------------------------------------------------------------


def test_what_an_interrupted_run_left_is_cleared(tmp_path: Path) -> None:
    """Unfinished folders and files are deleted by the next build, and are never taken for releases."""
    recipe = recipe_in(tmp_path)
    (recipe.releases / ".tmp-release" / "data").mkdir(parents=True)
    (recipe.releases / ".tmp-rejected.parquet").write_bytes(b"half")
    release_of(recipe, [document(1)])
    names = {path.name for path in recipe.releases.iterdir()}
    assert names == {".hiwar.lock", "1.0.0", "1.0.0.rejected.parquet", "1.0.0.recipe.toml"}


KILLED = """
import os, signal, sys
from pathlib import Path
import builder.storage, builder.release.write as write
from releasekit import document, recipe_in, release_of
calls, limit = 0, int(sys.argv[2])
def counted(event, arguments):
    global calls
    if event in ("open", "os.rename", "os.remove", "os.mkdir", "os.truncate", "shutil.rmtree"):
        if isinstance(arguments[0], (str, bytes, os.PathLike)) and sys.argv[1] in os.fsdecode(arguments[0]):
            calls += 1
            if calls == limit:
                os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(counted)
release_of(recipe_in(Path(sys.argv[1])), [document(n) for n in range(6)])
print(calls)
"""


def run_code(code: str, folder: Path, number: int) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own with a folder and a number as arguments."""
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parent.parent)])
    return subprocess.run(
        [sys.executable, "-c", code, str(folder), str(number)],
        check=False,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )


def run_killed(folder: Path, limit: int) -> subprocess.CompletedProcess[str]:
    """Make a release in a process that is killed at its `limit`-th touch of a file below `folder`."""
    return run_code(KILLED, folder, limit)


def test_a_kill_at_any_touch_of_the_disk_leaves_no_half_release(tmp_path: Path) -> None:
    """Killed at many points, there is either no release or the whole one; the next run gives the same bytes."""
    whole = run_killed(tmp_path / "whole", 0)
    assert whole.returncode == 0, whole.stderr
    calls = int(whole.stdout)
    expected = (tmp_path / "whole" / "releases" / "1.0.0" / "manifest.json").read_bytes()
    for limit in sorted({*range(8, calls, max(1, calls // 3)), calls - 1, calls}):
        folder = tmp_path / str(limit)
        assert run_killed(folder, limit).returncode == -signal.SIGKILL
        for release in releases_in(folder / "releases"):
            assert (release / "manifest.json").read_bytes() == expected
    release = release_of(recipe_in(folder), [document(n) for n in range(6)])
    assert (release.path / "manifest.json").read_bytes() == expected


FULL = """
import resource, signal, sys
from pathlib import Path
from builder.errors import WorldError
from builder.release import ReleaseInput, write_release
from releasekit import NOW, document, recipe_in, release_of, write_rows
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
recipe, rows = recipe_in(Path(sys.argv[1])), [document(n) for n in range(6)]
release_of(recipe_in(Path(sys.argv[1]) / "warm-up"), rows)
part = write_rows(recipe.folder / "rows.parquet", "documents", rows)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    write_release(ReleaseInput(recipe, (part,), (), now=NOW))
except WorldError as error:
    print(error.where)
    sys.exit(error.exit_code)
"""


@pytest.mark.parametrize("limit_bytes", [10, 30_000])
def test_a_disk_that_takes_no_more_leaves_no_half_release(tmp_path: Path, limit_bytes: int) -> None:
    """Where a write is refused the path is named, nothing unfinished stays, and it works once there is room."""
    done = run_code(FULL, tmp_path / "ds", limit_bytes)
    assert done.returncode == 3, done.stderr
    assert str(tmp_path / "ds") in done.stdout
    assert releases_in(tmp_path / "ds" / "releases") == []
    left = [path.name for path in (tmp_path / "ds").rglob(".tmp-*")]
    assert left == []
    release = release_of(recipe_in(tmp_path / "ds"), [document(n) for n in range(6)])
    expected = tmp_path / "ds" / "warm-up" / "releases" / "1.0.0" / "manifest.json"
    assert (release.path / "manifest.json").read_bytes() == expected.read_bytes()


def _hold(folder: Path, ready, done) -> None:  # type: ignore[no-untyped-def]
    with folder_lock(folder, doing="building"):
        ready.set()
        done.wait(30)


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Path]:
    """A folder that another process holds."""
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(tmp_path / "held", ready, done))
    process.start()
    assert ready.wait(60)
    yield tmp_path / "held"
    done.set()
    process.join()
    process.close()


def test_a_locked_folder_names_who_holds_it(held: Path) -> None:
    """The message has process, machine and what it does; the exit code says that trying again may help."""
    with (
        pytest.raises(LockedError, match=r"process \d+ on .+ is building here") as caught,
        folder_lock(held, doing="x"),
    ):
        pass
    assert caught.value.exit_code == 3


def test_a_lock_that_was_left_behind_holds_nobody_up(tmp_path: Path) -> None:
    """A lock file of a process that died is taken over."""
    (tmp_path / ".hiwar.lock").write_text('{"pid": 1, "host": "elsewhere", "doing": "building"}')
    with folder_lock(tmp_path, doing="building"):
        assert json.loads((tmp_path / ".hiwar.lock").read_text())["pid"] == os.getpid()
    assert (tmp_path / ".hiwar.lock").read_text() == ""


# --- files ------------------------------------------------------------------------------------------------


def test_json_has_sorted_keys_and_plain_arabic(tmp_path: Path) -> None:
    """Equal values give equal bytes, and Arabic is not escaped."""
    write_json(tmp_path / "a.json", {"ب": 1, "a": [2]})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "a": [\n    2\n  ],\n  "ب": 1\n}\n'
    write_jsonl(tmp_path / "b.jsonl", [{"b": 1, "a": 2}, "ن"])
    assert (tmp_path / "b.jsonl").read_text(encoding="utf-8") == '{"a":2,"b":1}\n"ن"\n'
    assert canonical_json({"b": 1, "a": 2}) == '{"a":2,"b":1}'


def test_a_refused_write_keeps_the_old_file(tmp_path: Path) -> None:
    """Where the new content cannot be written, the old one stays, the path is named, and no temporary file is left."""
    target = tmp_path / "folder"
    target.mkdir()
    with pytest.raises(WorldError, match="folder"):
        write_bytes(target, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_file_that_is_not_json_is_named(tmp_path: Path) -> None:
    """Missing and malformed files are both errors that name the file."""
    (tmp_path / "x.json").write_text("{")
    for name in ("x.json", "y.json"):
        with pytest.raises(WorldError, match=name):
            read_json(tmp_path / name)


def test_unfinished_files_are_removed_and_links_not_followed(tmp_path: Path) -> None:
    """A planted link is deleted as a link; what it points to stays."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / ".tmp-link").symlink_to(outside)
    (inside / ".tmp-file").touch()
    assert [path.name for path in remove_unfinished(inside)] == [".tmp-file", ".tmp-link"]
    assert (outside / "kept").exists()


def test_the_content_hash_of_a_table_depends_on_paths_and_contents_only() -> None:
    """The order in which shards are named does not matter."""
    parts = [("a", "sha256:1"), ("b", "sha256:2")]
    assert combined(parts) == combined(reversed(parts))
    assert combined(parts) != combined([("a", "sha256:2"), ("b", "sha256:1")])
