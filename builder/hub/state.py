"""What stands on the Hub before publishing, and whether a release may follow it."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from builder.errors import CheckFailed, UsageError
from builder.hub.plan import Files, compare
from builder.hub.remote import Remote, RemoteFile
from builder.release.card import head_and_text, kept_text, with_kept, without_kept
from builder.release.manifest import MANIFEST, version_key

CARD = "README.md"


@dataclass(frozen=True, slots=True)
class State:
    """A repository as it stands. `head` is None where there is none; `card` is README.md of main.

    `last_version` is the highest version that is tagged; `tagged_tree` and `last_card` belong to its commit,
    `last_commit`. `last_name` is the dataset it is a release of by its manifest, None where it has none of ours.
    """

    head: str | None = None
    tree: dict[str, RemoteFile] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    card: str = ""
    last_version: str | None = None
    tagged_tree: dict[str, RemoteFile] = field(default_factory=dict)
    last_card: str = ""
    last_commit: str | None = None
    last_name: str | None = None


def look(remote: Remote) -> State:
    """Return the state of a repository. Raises HubError when the Hub refuses or cannot be reached."""
    head = remote.head()
    if head is None:
        return State()
    tree, tags = remote.tree(head), remote.tags()
    last = max(_versions(tags), key=version_key, default=None)
    card = _text(remote, CARD, head, tree)
    if last is None:
        return State(head, tree, tags, card)
    commit = remote.commit_of(f"v{last}")
    tagged = tree if commit == head else remote.tree(commit)
    return State(
        head,
        tree,
        tags,
        card,
        last,
        tagged,
        card if commit == head else _text(remote, CARD, commit, tagged),
        commit,
        _name(_text(remote, MANIFEST, commit, tagged)),
    )


def _versions(tags: tuple[str, ...]) -> list[str]:
    found = []
    for tag in tags:
        try:
            version_key(tag.removeprefix("v"))
        except ValueError:
            continue
        if tag.startswith("v"):
            found.append(tag.removeprefix("v"))
    return found


def _text(remote: Remote, path: str, revision: str, tree: dict[str, RemoteFile]) -> str:
    if path not in tree:
        return ""
    with tempfile.TemporaryDirectory(prefix="hiwar-") as folder:
        return remote.download(path, revision, Path(folder)).read_text(encoding="utf-8", errors="replace")


def _name(manifest: str) -> str | None:
    try:
        name = json.loads(manifest)["name"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return name if isinstance(name, str) else None


def check_version(version: str, state: State) -> None:
    """Raise UsageError when a higher version than this one is published."""
    if state.last_version and version_key(version) < version_key(state.last_version):
        raise UsageError(
            f"version {version} comes before v{state.last_version}, which is published",
            what_next="Publish the newest release; older ones keep their tags.",
        )


def foreign_changes(state: State, name: str, files: Files, card: str) -> list[str]:
    """Return the files of main that no release of the dataset `name` put there and that would be lost.

    `files` are to be published, `card` is their README.md. An edit between its markers is not lost: it was taken over.
    """
    if state.last_name != name:
        lost = [each.path for each in compare(files, state.tree) if each.change in ("changed", "removed")]
        return [path for path in lost if path != CARD or _says_more(state.card, card)]
    paths = sorted({*state.tree, *state.tagged_tree})
    changed = [path for path in paths if _id(state.tree, path) != _id(state.tagged_tree, path)]
    return [path for path in changed if path != CARD or not _only_kept_text(state, card)]


def _says_more(there: str, card: str) -> bool:
    """Return whether a README.md of somebody else says what `card` does not, in its head or below it."""
    try:
        said, text = head_and_text(there)
        ours, _ = head_and_text(card)
    except CheckFailed:
        return True
    more = any(key not in ours or ours[key] != value for key, value in said.items())
    return more or bool(text.strip()) or not _keeps(card, there)


def _keeps(card: str, there: str) -> bool:
    """Return whether what stands between the markers of the card `there` stands in `card`."""
    here = kept_text(card)
    return all(here.get(name) == text for name, text in kept_text(there).items())


def _id(tree: dict[str, RemoteFile], path: str) -> str | None:
    return tree[path].blob_id if path in tree else None


def _only_kept_text(state: State, card: str) -> bool:
    """Return whether main's card was edited between its markers only, and these edits stand in `card`."""
    same_rest = without_kept(state.card) == without_kept(state.last_card)
    return same_rest and _keeps(card, state.card)


def taken_over(card: str, there: str) -> str:
    """Return `card` with what people wrote between the markers of the card on the Hub."""
    return with_kept(card, kept_text(there))
