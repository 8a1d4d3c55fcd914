"""Publishing, with the real huggingface_hub and datasets clients against a Hub on loopback."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hub_server import HubServer, Repo
from huggingface_hub import constants
from releasekit import NOW, comment, document, recipe_in, release_of

from builder.cli import main
from builder.errors import CheckFailed, HiwarError, HubError, UsageError, VerifyFailed
from builder.hub import PublishResult, estimate, publish
from builder.hub import remote as remote_module
from builder.hub.remote import Moved, Remote
from builder.hub.state import look
from builder.recipe import load_recipe
from builder.release.audit import file_problems
from builder.release.croissant import IDS_ONLY
from builder.release.holdings import holdings, prepare
from builder.release.manifest import read_manifest
from builder.storage import sha256_of
from builder.takedown import add

# The client itself sends large files in a way its HTTP library no longer likes.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

TOKEN = "hf_canaryCANARYcanary"
REPO = "me/discourse"


@dataclass(frozen=True)
class Releases:
    """Two versions of one dataset: `second` has two records more."""

    first: Path
    second: Path


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    """Return the releases every test publishes; none changes them."""
    recipe = recipe_in(tmp_path_factory.mktemp("dataset"))
    documents = [document(number) for number in range(25)]
    first = release_of(recipe, documents, [comment(0, documents[0])])
    documents += [document(25), document(26)]
    second = release_of(recipe, documents, [comment(0, documents[0])])
    return Releases(first.path, second.path)


@pytest.fixture(autouse=True)
def client(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give the client our token and no wait between tries; large files go by LFS unless a test wants Xet."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf-home"))
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(remote_module, "COMMIT_WAIT_S", 0.0)
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)


@pytest.fixture
def hub() -> Iterator[HubServer]:
    """Run a Hub that knows our token."""
    with HubServer(token=TOKEN) as server:
        yield server


def send(hub: HubServer, release: Path, **how: bool | str) -> PublishResult:
    """Publish without loading back, which has tests of its own."""
    return publish(release, REPO, endpoint=hub.url, **{"load_back": False, **how})  # type: ignore[arg-type]


def titles(hub: HubServer) -> list[str]:
    """Return the titles of the commits on main, newest first."""
    return [commit.title for commit in hub.repos[REPO].history("main")]


def content(hub: HubServer, path: str, revision: str = "main") -> bytes:
    """Return a file as it stands on the Hub."""
    commit = hub.repos[REPO].resolve(revision)
    assert commit is not None
    return hub.bytes_of(commit.files[path])


def test_a_release_becomes_one_commit_and_a_tag_and_comes_back_the_same(
    hub: HubServer, releases: Releases
) -> None:
    """The whole way: a private repository, one commit, a tag, every record loaded by the tag with `datasets`."""
    result = publish(releases.first, REPO, endpoint=hub.url)

    repo = hub.repos[REPO]
    assert repo.private
    assert titles(hub) == ["Version 1.0.0", "initial commit"]
    assert repo.tags == {"v1.0.0": repo.branches["main"]}
    assert result.commit == repo.branches["main"]
    assert dict(result.checked) == {"documents": 25, "comments": 1}
    local = {
        path.relative_to(releases.first).as_posix() for path in releases.first.rglob("*") if path.is_file()
    }
    assert set(repo.commits[repo.branches["main"]].files) == local | {".gitattributes"}


def test_records_that_come_back_different_are_told(
    hub: HubServer, releases: Releases, tmp_path: Path
) -> None:
    """A Hub that gives other records of the same length under the tag is found out."""
    send(hub, releases.first)
    repo = hub.repos[REPO]
    files = repo.commits[repo.tags["v1.0.0"]].files
    shard = next(path for path in files if path.startswith("data/documents"))
    pq.write_table(pq.read_table(releases.first / shard).slice(0, 1), tmp_path / "other", compression="zstd")
    other = (tmp_path / "other").read_bytes()
    footer = len(other) - 8 - int.from_bytes(other[-8:-4], "little")
    padding = bytes(files[shard].size - len(other))
    hub.store[files[shard].sha256 or ""] = other[:footer] + padding + other[footer:]

    with pytest.raises(VerifyFailed, match=r"came back different.*documents: loaded \{'train': "):
        publish(releases.first, REPO, endpoint=hub.url)


def test_a_release_that_cannot_be_loaded_back_is_no_other_release(hub: HubServer, releases: Releases) -> None:
    """A line that dies after the tag says nothing of the data: the command is run again and finds it whole."""
    for method in ("HEAD", "GET"):
        hub.fail(method, r"/resolve/[^/]+/data/", status=403, times=99)
    with pytest.raises(VerifyFailed, match="not loaded") as caught:
        publish(releases.first, REPO, endpoint=hub.url)
    assert "Run the command again" in caught.value.what_next
    hub.faults.clear()
    again = publish(releases.first, REPO, endpoint=hub.url)
    assert (again.already, dict(again.checked)) == (True, {"documents": 25, "comments": 1})


def test_publishing_again_changes_nothing(hub: HubServer, releases: Releases) -> None:
    """The second run finds everything there: no upload, no commit."""
    send(hub, releases.first)
    start = len(hub.seen)

    again = send(hub, releases.first)

    assert again.already
    assert titles(hub) == ["Version 1.0.0", "initial commit"]
    assert hub.uploaded(start) == 0
    assert not any("/commit/" in seen.path for seen in hub.seen[start:] if seen.method == "POST")


def test_the_next_version_sends_only_the_shards_that_changed(hub: HubServer, releases: Releases) -> None:
    """Appending records to the newest month leaves the other months where they are."""
    send(hub, releases.first)
    start = len(hub.seen)

    result = send(hub, releases.second)

    changed = [
        change for change in result.changes if change.path.endswith(".parquet") and change.change != "same"
    ]
    assert [change.path for change in changed] == ["data/documents/train-2025-03.parquet"]
    assert hub.uploaded(start) == changed[0].size_bytes
    assert set(hub.repos[REPO].tags) == {"v1.0.0", "v1.1.0"}


def test_the_card_on_the_hub_says_how_to_load_this_very_version(hub: HubServer, releases: Releases) -> None:
    """Loading examples name the repository and the tag."""
    send(hub, releases.first)

    card = content(hub, "README.md").decode()
    assert f'load_dataset("{REPO}", "documents", revision="v1.0.0", split="train")' in card
    assert "releases/1.0.0" not in card


def test_a_card_made_for_another_repository_is_noted(hub: HubServer, tmp_path: Path) -> None:
    """The recipe may name the repository; publishing elsewhere says so."""
    recipe = recipe_in(tmp_path, dataset='repo_id = "others/data"')
    release = release_of(recipe, [document(1)]).path
    assert 'load_dataset("others/data", "documents", revision="v1.0.0"' in (release / "README.md").read_text(
        "utf-8"
    )

    assert "names another repository" in send(hub, release).notes[0]
    hub.repos.clear()
    assert publish(release, "others/data", endpoint=hub.url, load_back=False).notes == ()


def test_a_dry_run_shows_all_and_touches_nothing(hub: HubServer, releases: Releases) -> None:
    """Files, bytes and card are there to look at; the Hub sees questions only."""
    plan = send(hub, releases.first, dry_run=True)

    assert hub.repos == {}
    assert {seen.method for seen in hub.seen} == {"GET"}
    assert plan.created
    assert plan.commit is None
    assert plan.new_bytes == sum(change.size_bytes for change in plan.changes)
    assert plan.card.startswith("---\n")
    assert json.loads(json.dumps(plan.as_dict()))["dry_run"] is True


@pytest.mark.parametrize(
    "name", ["discourse", "a/b/c", "a b/c", "https://huggingface.co/datasets/me/discourse", "me/--x", ""]
)
def test_a_name_that_is_no_repository_is_wrong_use(hub: HubServer, releases: Releases, name: str) -> None:
    """It is told before anything is asked, and not as something that the Hub refused."""
    with pytest.raises(UsageError, match="is no name of a repository") as caught:
        publish(releases.first, name, endpoint=hub.url)
    assert "OWNER/NAME" in str(caught.value.what_next)
    assert hub.seen == []


def test_a_dry_run_of_what_is_published_would_send_nothing(hub: HubServer, releases: Releases) -> None:
    """It says that the release is there, as the real run would."""
    send(hub, releases.first)
    plan = send(hub, releases.first, dry_run=True)
    assert (plan.already, plan.new_bytes) == (True, 0)


def test_the_options_of_the_command_reach_the_hub(
    hub: HubServer, releases: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--dry-run sends nothing, --public and --pr make what they say, --parent lets a head pass that was looked at."""
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)

    def ask(*options: str) -> tuple[int, dict[str, object]]:
        words = ["publish", str(releases.first), REPO, "--json", *options]
        done = CliRunner().invoke(main, words)
        return done.exit_code, json.loads(done.stdout.splitlines()[-1])

    code, said = ask("--dry-run")
    assert (code, said["event"], said["dry_run"], hub.repos) == (0, "done", True, {})
    code, said = ask("--pr", "--public")
    repo = hub.repos[REPO]
    assert (code, said["pull_url"], said["created"]) == (0, f"{hub.url}/datasets/{REPO}/discussions/1", True)
    assert (repo.private, list(repo.pulls), repo.tags) == (False, ["refs/pr/1"], {})
    hub.commit(REPO, "Add mine", {"data/documents/mine.parquet": b"PAR1"})
    code, said = ask("--dry-run")
    assert (code, said["event"], said["kind"]) == (3, "error", "Moved")
    code, said = ask("--dry-run", "--parent", repo.branches["main"])
    assert (code, said["event"]) == (0, "done")


def test_a_dry_run_estimates_the_bytes_that_xet_would_send(hub: HubServer, releases: Releases) -> None:
    """The estimate covers the changed shard and is not larger than it."""
    send(hub, releases.first)

    plan = send(hub, releases.second, dry_run=True)

    assert plan.xet_bytes is not None
    assert 0 < plan.xet_bytes <= plan.new_bytes
    assert plan.new_bytes == sum(each.size_bytes for each in plan.changes if each.change != "same")
    assert any(each.change == "same" for each in plan.changes)
    assert set(hub.repos[REPO].tags) == {"v1.0.0"}


def test_no_estimate_is_made_against_a_release_that_was_never_published(
    hub: HubServer, releases: Releases
) -> None:
    """The Hub has nothing of the version before; what was sent of the one published is known to the byte."""
    assert send(hub, releases.second, dry_run=True).xet_bytes is None

    send(hub, releases.second)
    assert send(hub, releases.second, dry_run=True).xet_bytes == 0


def test_what_is_published_is_not_counted_and_what_is_large_not_read(
    hub: HubServer, releases: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The estimate holds the new shards against those of the last version; beyond its limit there is none."""
    shards = sorted(releases.second.rglob("*.parquet"))
    assert estimate.added_bytes(shards, shards) == 0
    assert estimate.added_bytes(shards[1:], shards) > shards[0].stat().st_size // 2
    send(hub, releases.first)
    monkeypatch.setattr(estimate, "LIMIT_BYTES", 100)
    assert send(hub, releases.second, dry_run=True).xet_bytes is None


def test_a_busy_hub_is_asked_again(hub: HubServer, releases: Releases) -> None:
    """503 on an upload and on the commit only costs time."""
    hub.fail("PUT", r"^/lfs/", status=503, times=1)
    hub.fail("POST", r"/commit/main", status=503, times=2)

    send(hub, releases.first)

    assert titles(hub) == ["Version 1.0.0", "initial commit"]


@pytest.mark.parametrize("cut", [False, True])
def test_a_commit_whose_answer_is_lost_is_not_made_twice(
    hub: HubServer, releases: Releases, cut: bool
) -> None:
    """The commit is found by its content, whether the answer was an error or a dead line."""
    hub.fail("POST", r"/commit/main", status=504, after=True, cut=cut)

    result = send(hub, releases.first)

    assert titles(hub) == ["Version 1.0.0", "initial commit"]
    assert result.commit == hub.repos[REPO].branches["main"]


def test_a_hub_that_stays_away_is_given_up_and_taken_up_again(hub: HubServer, releases: Releases) -> None:
    """After too many tries there is an error with advice; the rerun sends no large file a second time."""
    hub.fail("POST", r"/commit/main", status=503, times=99)
    with pytest.raises(HubError, match=r"committing failed.*503") as caught:
        send(hub, releases.first)
    assert "again" in caught.value.what_next
    hub.faults.clear()
    start = len(hub.seen)

    send(hub, releases.first)

    assert hub.uploaded(start) == 0
    assert titles(hub) == ["Version 1.0.0", "initial commit"]


def test_uploads_that_are_cut_go_on_where_they_were(hub: HubServer, releases: Releases) -> None:
    """A line that dies in the middle of the uploads leaves no commit; the rerun sends the rest only."""
    hub.fail("PUT", r"^/lfs/[0-7]", status=400, times=99)
    with pytest.raises(HubError, match="uploading failed"):
        send(hub, releases.first)
    assert titles(hub) == ["initial commit"]
    there = set(hub.store)
    hub.faults.clear()
    start = len(hub.seen)

    send(hub, releases.first)

    sent = {seen.path.rsplit("/", 1)[-1] for seen in hub.seen[start:] if seen.method == "PUT"}
    assert there
    assert sent
    assert there.isdisjoint(sent)


@pytest.mark.parametrize("there", [False, True])
def test_a_cut_at_any_request_is_healed_by_running_again(releases: Releases, there: bool) -> None:
    """Whichever answer is the last to be lost, the rerun ends with one commit a version and the tag on it."""
    cut, finished = 0, False
    release, expected = (releases.second, "Version 1.1.0") if there else (releases.first, "Version 1.0.0")
    while not finished:
        with HubServer(token=TOKEN) as hub:
            if there:
                send(hub, releases.first)
            before = titles(hub) if there else ["initial commit"]
            hub.dies_at = len(hub.seen) + cut
            try:
                send(hub, release)
                finished = True
            except HubError:
                hub.dies_at = None
                send(hub, release)
            repo = hub.repos[REPO]
            assert repo.private
            assert titles(hub) == [expected, *before], cut
            assert repo.tags[f"v{release.name}"] == repo.branches["main"], cut
        cut += 1
    assert cut > 10


def test_a_gate_that_a_cut_left_open_is_closed_before_any_data(hub: HubServer, tmp_path: Path) -> None:
    """A repository that was made by a run that died is gated by the next one."""
    release = release_of(recipe_in(tmp_path, '[release]\ngated = "auto"'), [document(1)]).path
    hub.dies_at = 1
    with pytest.raises(HubError):
        send(hub, release)
    assert REPO in hub.repos
    assert "gated" not in hub.repos[REPO].settings
    hub.dies_at = None

    send(hub, release)
    assert hub.repos[REPO].settings["gated"] == "auto"


def test_a_gate_that_the_recipe_asks_for_later_is_closed(hub: HubServer, tmp_path: Path) -> None:
    """The card says that access has to be asked for; what the maintainers set on the Hub themselves stays."""
    rows = [document(number) for number in range(3)]
    send(hub, release_of(recipe_in(tmp_path), rows[:1]).path)
    repo = hub.repos[REPO]
    gated = recipe_in(tmp_path, '[release]\ngated = "auto"')
    second = release_of(gated, rows[:2]).path
    send(hub, second, pr=True)
    assert "gated" not in repo.settings, "a proposal changes nothing"
    send(hub, second)
    assert repo.settings["gated"] == "auto"

    repo.settings["gated"] = "manual"
    send(hub, release_of(gated, rows).path)
    assert repo.settings["gated"] == "manual"


def test_a_cut_between_commit_and_tag_is_healed(hub: HubServer, releases: Releases) -> None:
    """The rerun finds the commit by its content and only tags it."""
    hub.fail("POST", r"/tag/", status=500)
    with pytest.raises(HubError, match="tagging"):
        send(hub, releases.first)
    assert hub.repos[REPO].tags == {}

    result = send(hub, releases.first)

    assert titles(hub) == ["Version 1.0.0", "initial commit"]
    assert hub.repos[REPO].tags == {"v1.0.0": result.commit}


def test_a_tag_that_points_elsewhere_is_an_error(hub: HubServer, releases: Releases) -> None:
    """The client would take 409 for success; we look where the tag points."""
    send(hub, releases.first)
    repo = hub.repos[REPO]

    def race(repo: Repo) -> None:
        repo.tags["v1.1.0"] = repo.tags["v1.0.0"]

    hub.before_commit = race
    with pytest.raises(HubError, match=r"tag v1\.1\.0 points to"):
        send(hub, releases.second)
    assert repo.tags["v1.1.0"] == repo.tags["v1.0.0"]


def test_somebody_elses_commit_in_between_stops_ours(hub: HubServer, releases: Releases) -> None:
    """The parent guard answers 412, and nothing of theirs is lost."""
    send(hub, releases.first)
    hub.before_commit = lambda _: hub.commit(
        REPO, "A fix by hand", {"README.md": b"---\nlicense: mit\n---\n"}
    )

    with pytest.raises(Moved, match="committing failed") as caught:
        send(hub, releases.second)

    assert "again" in caught.value.what_next
    assert titles(hub)[0] == "A fix by hand"
    assert content(hub, "README.md") == b"---\nlicense: mit\n---\n"


def test_a_moved_head_is_refused_with_advice(hub: HubServer, releases: Releases) -> None:
    """Work of others is named; it goes on only on top of a head the caller names."""
    send(hub, releases.first)
    head = hub.commit(REPO, "Rename a shard", {"data/documents/mine.parquet": b"PAR1"})

    with pytest.raises(Moved, match=r"moved since v1\.0\.0 \(Rename a shard\).*mine\.parquet") as caught:
        send(hub, releases.second)
    assert head in caught.value.what_next

    send(hub, releases.second, parent=head)
    assert titles(hub)[:2] == ["Version 1.1.0", "Rename a shard"]


def test_a_shard_that_somebody_deleted_on_main_is_told(hub: HubServer, releases: Releases) -> None:
    """It would come back with the next version, and somebody wanted it gone."""
    send(hub, releases.first)
    hub.commit(REPO, "Drop January", {"data/documents/train-2025-01.parquet": None})
    with pytest.raises(Moved, match=r"Drop January\): data/documents/train-2025-01\.parquet") as caught:
        send(hub, releases.second)
    assert "--parent" in caught.value.what_next


def test_the_highest_version_is_the_last_one(hub: HubServer, releases: Releases) -> None:
    """Tags come in any order, and 1.10.0 is higher than 1.9.0."""
    result = send(hub, releases.first)
    head = hub.commit(REPO, "Later", {"LICENSE": b"CC BY 4.0"})
    hub.repos[REPO].tags |= {"v1.10.0": head, "v1.9.0": result.commit or "", "v2": head, "v3.0.0-beta": head}
    state = look(Remote(REPO, hub.url))
    assert (state.last_version, state.last_commit, state.head) == ("1.10.0", head, head)
    assert "LICENSE" in state.tagged_tree
    with pytest.raises(UsageError, match=r"1\.1\.0 comes before v1\.10\.0"):
        send(hub, releases.second)


def test_a_repository_full_of_other_data_is_not_taken_over(hub: HubServer, releases: Releases) -> None:
    """Publishing under a name that holds another dataset needs a word from the caller."""
    hub.repos[REPO] = Repo(REPO, private=False)
    hub.repos[REPO].branches["main"] = hub.repos[REPO].add(None, "theirs", {})
    hub.commit(REPO, "Their data", {"data/train.csv": b"a,b\n"})

    with pytest.raises(Moved, match=r"data/train\.csv"):
        send(hub, releases.first)


def theirs(hub: HubServer, files: dict[str, bytes | None]) -> str:
    """Make a repository that somebody filled by hand; return its head."""
    hub.repos[REPO] = Repo(REPO, private=False)
    hub.repos[REPO].branches["main"] = hub.repos[REPO].add(None, "initial commit", {})
    return hub.commit(REPO, "By hand", files)


BY_HAND = "---\nlicense: cc-by-4.0\n---\n# بيانات المختبر\nWritten by hand.\n".encode()


def test_a_card_that_somebody_wrote_by_hand_is_not_taken_the_place_of(
    hub: HubServer, releases: Releases
) -> None:
    """The first release stops before it, dry or not, and says how to keep its text or to go on."""
    head = theirs(hub, {"README.md": BY_HAND})
    for dry in (True, False):
        with pytest.raises(Moved, match=r"would replace: README\.md") as caught:
            send(hub, releases.first, dry_run=dry)
        assert "card.md" in caught.value.what_next
        assert head in caught.value.what_next
    assert content(hub, "README.md") == BY_HAND
    assert hub.store == {}

    assert send(hub, releases.first, pr=True).pull_url
    assert content(hub, "README.md") == BY_HAND
    send(hub, releases.first, parent=head)
    assert content(hub, "README.md").startswith(b"---\npretty_name: platform-discourse\n")


@pytest.mark.parametrize(
    ("card", "kept"),
    [
        (b"---\r\nlicense: cc-by-4.0\r\n---\r\n", b""),
        (b"<!-- hiwar:begin uses -->\nIn our course.\n<!-- hiwar:end uses -->\n", b"In our course."),
    ],
)
def test_a_card_that_says_no_more_than_ours_is_replaced(
    hub: HubServer, releases: Releases, card: bytes, kept: bytes
) -> None:
    """The Hub writes the licence that was chosen in its form; text between our markers is taken over."""
    theirs(hub, {"README.md": card})
    send(hub, releases.first)
    assert kept in content(hub, "README.md")


def test_a_card_with_another_licence_than_ours_is_told(hub: HubServer, releases: Releases) -> None:
    """Somebody chose it in the Hub's form, and the recipe says otherwise."""
    theirs(hub, {"README.md": b"---\nlicense: mit\n---\n"})
    with pytest.raises(Moved, match=r"README\.md"):
        send(hub, releases.first)


def test_versions_of_others_are_not_taken_for_ours(
    hub: HubServer, releases: Releases, tmp_path: Path
) -> None:
    """Tags like ours stand in other repositories too, also in those of other datasets made by Hiwar."""
    hub_head = theirs(hub, {"README.md": BY_HAND, "data/theirs.csv": b"a,b\n"})
    hub.repos[REPO].tags["v1.0.0"] = hub_head
    with pytest.raises(Moved, match=r"files of somebody else.*README\.md, data/theirs\.csv"):
        send(hub, releases.second)

    hub.repos.clear()
    head = send(hub, releases.first).commit
    documents = [document(number) for number in range(3)]
    path = recipe_in(tmp_path).path
    path.write_text(path.read_text("utf-8").replace("platform-discourse", "forum-posts"), "utf-8")
    forum = load_recipe(tmp_path)
    release_of(forum, documents)
    other = release_of(forum, [*documents, document(4)]).path
    with pytest.raises(Moved, match=r"v1\.0\.0 of platform-discourse.* release of forum-posts.*README\.md"):
        send(hub, other)
    assert send(hub, other, parent=head or "").commit != head


def test_files_that_a_release_no_longer_has_go_and_others_stay(hub: HubServer, tmp_path: Path) -> None:
    """A month that was taken down disappears from main; a LICENSE put there by hand does not."""
    recipe = recipe_in(tmp_path)
    first = release_of(recipe, [document(number) for number in range(20)])
    send(hub, first.path)
    hub.commit(REPO, "Add the licence", {"LICENSE": b"CC BY 4.0", "plots/years.png": b"PNG"})
    second = release_of(recipe, [document(number) for number in range(8)])

    head = hub.repos[REPO].branches["main"]
    assert (send(hub, second.path, parent=head, dry_run=True).xet_bytes or 0) > 0, (
        "what goes is not estimated"
    )
    send(hub, second.path, parent=head)

    repo = hub.repos[REPO]
    shards = [path for path in repo.commits[repo.branches["main"]].files if path.startswith("data/")]
    assert shards == ["data/documents/train-2025-01.parquet"]
    assert content(hub, "LICENSE") == b"CC BY 4.0"
    assert "plots/years.png" not in repo.commits[repo.branches["main"]].files
    assert len([path for path in repo.commits[repo.tags["v1.0.0"]].files if path.startswith("data/")]) > 1


def test_text_written_on_the_hub_between_the_markers_is_kept(hub: HubServer, releases: Releases) -> None:
    """Editing the card in the browser is no conflict as long as it stays between the markers."""
    send(hub, releases.first)
    begin = b"<!-- hiwar:begin uses -->\n"
    card = content(hub, "README.md").replace(
        begin, begin + "Used in a course on rhetoric. مقرر البلاغة\n".encode()
    )
    hub.commit(REPO, "Say who uses it", {"README.md": card})

    send(hub, releases.second)

    assert titles(hub)[:2] == ["Version 1.1.0", "Say who uses it"]
    assert "مقرر البلاغة" in content(hub, "README.md").decode()
    assert send(hub, releases.second).already


def test_other_text_written_on_the_hub_is_a_conflict(hub: HubServer, releases: Releases) -> None:
    """An edit of generated text would be lost, so it is refused and the markers are pointed out."""
    send(hub, releases.first)
    card = content(hub, "README.md").replace(b"## Uses", b"## How we use it")
    hub.commit(REPO, "Reword", {"README.md": card})

    with pytest.raises(Moved, match=r"README\.md") as caught:
        send(hub, releases.second)
    assert "between the markers" in caught.value.what_next


def test_a_pull_request_is_opened_once_and_tagged_when_merged(hub: HubServer, releases: Releases) -> None:
    """--pr leaves main alone; after the merge the same command only tags."""
    send(hub, releases.first)
    opened = send(hub, releases.second, pr=True)
    again = send(hub, releases.second, pr=True)

    repo = hub.repos[REPO]
    assert opened.pull_url == again.pull_url == f"{hub.url}/datasets/{REPO}/discussions/1"
    assert list(repo.pulls) == ["refs/pr/1"]
    assert titles(hub)[0] == "Version 1.0.0"
    assert "v1.1.0" not in repo.tags

    repo.branches["main"] = repo.pulls["refs/pr/1"]
    merged = send(hub, releases.second)
    assert repo.tags["v1.1.0"] == merged.commit == repo.pulls["refs/pr/1"]


def test_a_closed_pull_request_is_followed_by_another(hub: HubServer, releases: Releases) -> None:
    """Its ref stays on the Hub with all its files: nobody will merge it."""
    send(hub, releases.first)
    send(hub, releases.second, pr=True)
    hub.repos[REPO].closed.add("refs/pr/1")
    again = send(hub, releases.second, pr=True)
    assert again.pull_url == f"{hub.url}/datasets/{REPO}/discussions/2"


def test_a_pull_request_that_waits_holds_up_no_commit(hub: HubServer, releases: Releases) -> None:
    """Who publishes without --pr means main, also where somebody opened a pull request with the same content."""
    send(hub, releases.first)
    send(hub, releases.second, pr=True)
    result = send(hub, releases.second)
    assert (result.already, result.pull_url) == (False, None)
    assert titles(hub)[0] == "Version 1.1.0"
    assert hub.repos[REPO].tags["v1.1.0"] == hub.repos[REPO].branches["main"]


def test_a_pull_request_can_be_the_first_of_a_repository(hub: HubServer, releases: Releases) -> None:
    """The repository is made; its main holds nothing of ours until somebody merges."""
    result = send(hub, releases.first, pr=True)
    assert result.pull_url == f"{hub.url}/datasets/{REPO}/discussions/1"
    assert titles(hub) == ["initial commit"]
    assert hub.repos[REPO].tags == {}


def test_a_pull_request_whose_answer_is_lost_is_not_opened_twice(hub: HubServer, releases: Releases) -> None:
    """It is found by its content, like a commit."""
    send(hub, releases.first)
    hub.fail("POST", r"create_pr=1", status=504, after=True)

    result = send(hub, releases.second, pr=True)

    assert result.pull_url == f"{hub.url}/datasets/{REPO}/discussions/1"
    assert list(hub.repos[REPO].pulls) == ["refs/pr/1"]


def test_versions_only_go_forward(hub: HubServer, releases: Releases) -> None:
    """An older version that was never published cannot be put on top of a newer one."""
    send(hub, releases.second)

    with pytest.raises(UsageError, match=r"1\.0\.0 comes before v1\.1\.0"):
        send(hub, releases.first)


def test_tags_that_are_no_versions_do_not_matter(hub: HubServer, releases: Releases) -> None:
    """Others may name commits as they like."""
    send(hub, releases.first)
    repo = hub.repos[REPO]
    repo.tags |= {
        "latest": repo.branches["main"],
        "v-next": repo.branches["main"],
        "9.0.0": repo.branches["main"],
    }

    send(hub, releases.second)
    assert repo.tags["v1.1.0"] == repo.branches["main"]


def test_an_older_version_can_be_asked_for_again(hub: HubServer, releases: Releases) -> None:
    """Publishing what its own tag holds already is no error, also when there is a newer one."""
    send(hub, releases.first)
    send(hub, releases.second)

    for dry_run in (True, False):
        again = send(hub, releases.first, dry_run=dry_run)
        assert again.already
        assert {change.change for change in again.changes} == {"same"}, "nothing is sent, nothing removed"
    assert titles(hub)[0] == "Version 1.1.0"


def test_a_published_version_is_never_changed(hub: HubServer, releases: Releases, tmp_path: Path) -> None:
    """Another release of the same number is refused, and told why."""
    send(hub, releases.first)
    other = release_of(recipe_in(tmp_path), [document(number) for number in range(5)])

    with pytest.raises(UsageError, match=r"v1\.0\.0 is published and holds other content"):
        send(hub, other.path)


@pytest.mark.parametrize("what", ["tag", "older", "moved"])
def test_a_dry_run_refuses_what_the_real_run_would(
    hub: HubServer, releases: Releases, tmp_path: Path, what: str
) -> None:
    """Nobody plans on a version that is taken, that comes too late, or on a head that somebody else made."""
    send(hub, releases.second if what == "older" else releases.first)
    release = releases.first if what == "older" else releases.second
    if what == "tag":
        release = release_of(recipe_in(tmp_path), [document(1)]).path
    elif what == "moved":
        hub.commit(REPO, "Rename a shard", {"data/documents/mine.parquet": b"PAR1"})
    start = len(hub.seen)
    with pytest.raises(HiwarError) as dry:
        send(hub, release, dry_run=True)
    assert {seen.method for seen in hub.seen[start:]} <= {"GET", "HEAD"}
    with pytest.raises(type(dry.value)) as real:
        send(hub, release)
    assert str(real.value) == str(dry.value)


@pytest.mark.parametrize("what", ["changed", "missing", "added", "card"])
def test_a_release_that_was_edited_is_not_sent(
    hub: HubServer, releases: Releases, tmp_path: Path, what: str
) -> None:
    """The folder is compared with its manifest before the first request."""
    release = shutil.copytree(releases.first, tmp_path / "1.0.0")
    shard = next((release / "data" / "documents").glob("*.parquet"))
    if what == "changed":
        shard.write_bytes(shard.read_bytes() + b"x")
    elif what == "missing":
        shard.unlink()
    elif what == "card":
        (release / "README.md").write_bytes(b"\xff\xfe")
    else:
        (release / "data" / "documents" / "train-2030-01.parquet").write_bytes(b"PAR1")

    with pytest.raises(VerifyFailed, match=r"README\.md" if what == "card" else r"\.parquet"):
        send(hub, release)
    assert hub.seen == []


def marked(release: Path) -> Path:
    """Return a release whose croissant.json says "ids only" of its source, with a manifest to match."""
    croissant, manifest = release / "croissant.json", release / "manifest.json"
    data = json.loads(croissant.read_text(encoding="utf-8"))
    data["prov:wasDerivedFrom"][0]["usageInfo"] = IDS_ONLY
    croissant.write_text(json.dumps(data), encoding="utf-8")
    entry = {"name": croissant.name, "size_bytes": croissant.stat().st_size, "sha256": sha256_of(croissant)}
    told = json.loads(manifest.read_text(encoding="utf-8"))
    told["files"] = [entry if each["name"] == croissant.name else each for each in told["files"]]
    manifest.write_text(json.dumps(told), encoding="utf-8")
    return release


def test_text_of_a_source_that_may_give_ids_only_is_never_sent(hub: HubServer, tmp_path: Path) -> None:
    """The mark travels in croissant.json; a release that breaks it is refused before the first request."""
    wrong = marked(release_of(recipe_in(tmp_path / "a"), [document(1)]).path)
    with pytest.raises(CheckFailed, match="essays is marked ids_only"):
        send(hub, wrong)
    mention = {"platform": "x", "start": 0, "end": 5, "surface": "تويتر", "form": "long", "cue": None}
    mention |= {"zone": "body", "role": "topic"}
    row = document(1, text="", title=None, mentions=[mention])
    with pytest.raises(CheckFailed, match="essays is marked ids_only"):
        send(hub, marked(release_of(recipe_in(tmp_path / "c"), [row]).path))
    assert hub.seen == []

    right = release_of(recipe_in(tmp_path / "b", "ids_only = true"), [document(1)])
    send(hub, right.path)
    assert titles(hub)[0] == "Version 1.0.0"


def test_what_was_asked_to_be_removed_is_never_sent(hub: HubServer, tmp_path: Path) -> None:
    """A release that was built before a request holds the record still: it is not published, a later one is."""
    recipe, documents = recipe_in(tmp_path), [document(number) for number in range(3)]
    first = release_of(recipe, documents)
    add(tmp_path, str(documents[1]["url"]), "asked", now=NOW)
    for how in ({}, {"dry_run": True}, {"pr": True}):
        with pytest.raises(CheckFailed, match=r"1 records .* asked to be removed") as caught:
            send(hub, first.path, **how)
        assert "hiwar build" in caught.value.what_next
    assert REPO not in hub.repos
    second = release_of(recipe, documents)
    assert send(hub, second.path).tag == "v2.0.0"
    (cleaned,) = prepare(recipe, holdings(tmp_path))
    with pytest.raises(UsageError, match=r"2\.0\.0"):
        send(hub, cleaned)


def test_a_gated_dataset_is_gated_from_its_first_commit(hub: HubServer, tmp_path: Path) -> None:
    """The gate is set before any data is there."""
    recipe = recipe_in(tmp_path, '[release]\ngated = "manual"')
    send(hub, release_of(recipe, [document(1)]).path)

    paths = [seen.path for seen in hub.seen if seen.method in ("PUT", "POST")]
    gate, commit = (
        next(i for i, path in enumerate(paths) if part in path) for part in ("/settings", "/commit/")
    )
    assert gate < commit
    assert hub.repos[REPO].settings["gated"] == "manual"


def test_a_release_away_from_its_dataset_says_what_was_not_looked_at(
    hub: HubServer, releases: Releases, tmp_path: Path
) -> None:
    """The requests to remove records lie beside the recipe."""
    alone = shutil.copytree(releases.first, tmp_path / "1.0.0")
    assert "asked to be removed" in send(hub, alone, dry_run=True).notes[0]
    assert send(hub, releases.first, dry_run=True).notes == ()


def test_hidden_files_are_in_nobodys_way_and_are_not_sent(
    hub: HubServer, releases: Releases, tmp_path: Path
) -> None:
    """A desktop leaves them where somebody looked into the folder, the Hub's client where it was downloaded."""
    shown = shutil.copytree(releases.first, tmp_path / "1.0.0")
    for name in (".DS_Store", ".gitattributes", ".cache/huggingface/a.lock", "data/documents/.DS_Store"):
        (shown / name).parent.mkdir(parents=True, exist_ok=True)
        (shown / name).write_bytes(b"nobody's")
    assert list(file_problems(shown, read_manifest(shown))) == []
    send(hub, shown)
    assert send(hub, releases.first).already


def everything(error: BaseException | None) -> str:
    """Return all that an error and its causes would print."""
    told = ""
    while error is not None:
        told += f"{error!r} {error} {vars(error)}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return told


def test_the_token_is_in_no_error_and_no_file(
    releases: Releases, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Not even when the Hub itself quotes it in its answer."""
    monkeypatch.setenv("HF_TOKEN", TOKEN + "X")
    with HubServer(token=TOKEN) as hub, pytest.raises(HiwarError) as caught:
        publish(releases.first, REPO, endpoint=hub.url)

    assert "[token]" in str(caught.value) or "Log in" in caught.value.what_next
    assert TOKEN not in everything(caught.value)
    assert TOKEN not in "".join(capfd.readouterr())
    left = [path for path in tmp_path.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert left == []


def test_the_token_is_in_no_result(
    hub: HubServer, releases: Releases, capfd: pytest.CaptureFixture[str]
) -> None:
    """A run that went well prints and returns nothing of it, and commits nothing of it."""
    result = send(hub, releases.first)

    assert TOKEN not in json.dumps(result.as_dict())
    assert TOKEN not in "".join(capfd.readouterr())
    repo = hub.repos[REPO]
    assert not any(TOKEN.encode() in hub.bytes_of(b) for c in repo.commits.values() for b in c.files.values())


def test_a_card_the_hub_refuses_is_not_tried_again(hub: HubServer, releases: Releases) -> None:
    """Its word is passed on with what to correct; waiting would not help."""
    hub.fail("POST", "/api/validate-yaml", status=400, times=9)

    with pytest.raises(HubError, match="Invalid metadata in README") as caught:
        send(hub, releases.first)
    assert "[dataset] in the recipe" in caught.value.what_next
    assert sum("validate-yaml" in seen.path for seen in hub.seen) == 1


def test_a_token_that_may_not_write_is_told(hub: HubServer, releases: Releases) -> None:
    """403 has advice of its own, and is not tried again."""
    hub.fail("POST", "/commit/", status=403, times=9)

    with pytest.raises(HubError, match="403") as caught:
        send(hub, releases.first)
    assert "may not write" in caught.value.what_next
    assert sum("/commit/" in seen.path for seen in hub.seen) == 1


def test_without_a_token_the_way_to_log_in_is_told(
    hub: HubServer, releases: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """401 is no missing repository."""
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", os.devnull)

    with pytest.raises(HubError) as caught:
        send(hub, releases.first)
    assert "hf auth login" in caught.value.what_next


def test_a_hub_that_cannot_be_reached_is_told(releases: Releases) -> None:
    """A dead endpoint is a failure of the world, with its address."""
    with HubServer() as hub:
        url = hub.url
    with pytest.raises(HubError, match="reading the repository failed") as caught:
        publish(releases.first, REPO, endpoint=url)
    assert caught.value.exit_code == 3
    assert url in caught.value.where


def test_the_genuine_xet_client_sends_and_fetches(
    releases: Releases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large files go through hf-xet into a local store and come back from it by tag; no byte goes by LFS."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    monkeypatch.delenv("HF_HUB_DISABLE_XET")
    store = tmp_path / "cas"
    with HubServer(xet=store, token=TOKEN) as hub:
        result = publish(releases.first, REPO, endpoint=hub.url)

        assert dict(result.checked) == {"documents": 25, "comments": 1}
        assert any("xet-read-token" in seen.path for seen in hub.seen)
        assert hub.store == {}
    assert sum(path.stat().st_size for path in store.rglob("*") if path.is_file()) > 0
