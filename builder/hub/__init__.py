"""Puts a release on the Hugging Face Hub: one commit with a guard on its parent, then a tag, then a look back.

The order makes every cut harmless. Large files go first (nobody sees them), then ONE commit brings all files
and drops those that are gone, then the tag names it. Whatever was done is found again by content, not by
notes on this machine: a rerun goes on where the cut was, and one too many changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path

from builder.errors import UsageError, VerifyFailed
from builder.hub.local import LocalRelease
from builder.hub.plan import FileChange, compare, is_same, new_bytes
from builder.hub.remote import COMMIT_TRIES, MAIN, Busy, Committed, Moved, Remote, pause, without_token
from builder.hub.state import CARD, State, check_version, foreign_changes, look

__all__ = ["PublishResult", "publish"]

Progress = Callable[[str], None]

PULLS_SEEN = 20
"""Newest pull requests that are compared with a release before another is opened."""


@dataclass(frozen=True, slots=True)
class PublishResult:
    """What publishing did, or would do with `dry_run`.

    `changes` covers every file; `new_bytes` is the size of new and changed ones, `xet_bytes` what of it the Hub
    does not have yet by Xet's chunks (None where it was not estimated). `already` is True when the release was
    there before. `checked` counts the records that were loaded back by tag, by table; empty for a pull request.
    """

    repo_id: str
    url: str
    version: str
    tag: str
    changes: tuple[FileChange, ...]
    new_bytes: int
    card: str
    dry_run: bool = False
    xet_bytes: int | None = None
    created: bool = False
    already: bool = False
    commit: str | None = None
    pull_url: str | None = None
    checked: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the result as JSON-ready values."""
        return {**asdict(self), "checked": dict(self.checked)}


def publish(
    release: Path,
    repo_id: str,
    *,
    dry_run: bool = False,
    pr: bool = False,
    private: bool = True,
    endpoint: str | None = None,
    parent: str | None = None,
    load_back: bool = True,
    progress: Progress | None = None,
) -> PublishResult:
    """Publish a release folder as OWNER/NAME and tag it vX.Y.Z.

    `private` holds for a repository that is made now. `parent` is the commit id of a head that somebody else
    made and that you have looked at. With `load_back` the data is fetched by its tag and compared, record by
    record. Raises VerifyFailed when the folder is not what its manifest says or comes back different,
    UsageError for a name that is not OWNER/NAME or a version that cannot follow what is published, HubError when
    the Hub refuses, has moved on, or cannot be reached; a dry run raises what can be known before anything is sent.
    """
    say = progress or (lambda _: None)
    remote = Remote(repo_id, endpoint)
    local = LocalRelease.read(release)
    say("looking at the repository")
    state = look(remote)
    local = local.addressed_to(repo_id, state.card)
    plan = _planned(local, remote, state)
    done = _tagged_already(local, remote, state, plan)
    if done is None:
        check_version(local.version, state)
        if not pr and not is_same(plan.changes):
            _refuse_moved(remote, state, local, parent)
    if dry_run:
        from builder.hub.estimate import xet_bytes

        planned = done or plan
        sent = xet_bytes(local, planned.changes, state.last_version)
        return replace(planned, dry_run=True, xet_bytes=sent)
    if done is None:
        done = _commit(local, remote, state, plan, _Way(pr, private, say))
    if done.pull_url is None:
        say(f"tagging {done.tag}")
        remote.tag(done.tag, done.commit or "", f"Version {local.version}")
        done = replace(done, checked=_checked(local, remote, done, say) if load_back else ())
    return done


@dataclass(frozen=True, slots=True)
class _Way:
    """How to publish: the choices of the caller."""

    pull: bool
    private: bool
    say: Progress


def _planned(local: LocalRelease, remote: Remote, state: State) -> PublishResult:
    changes = compare(local.files, state.tree)
    return PublishResult(
        remote.repo_id,
        remote.url,
        local.version,
        f"v{local.version}",
        changes,
        new_bytes(changes),
        local.card,
        created=state.head is None,
        notes=local.notes,
    )


def _tagged_already(
    local: LocalRelease, remote: Remote, state: State, plan: PublishResult
) -> PublishResult | None:
    """Return the result for a release whose tag is there; None where it is not.

    Raises UsageError when the tag holds other content.
    """
    if plan.tag not in state.tags:
        return None
    last = local.version == state.last_version
    commit = state.last_commit if last else remote.commit_of(plan.tag)
    tree = state.tagged_tree if last else remote.tree(plan.tag)
    changes = compare(local.files, tree)
    other = [change.path for change in changes if change.change != "same" and change.path != CARD]
    if other:
        raise UsageError(
            f"{plan.tag} is published and holds other content: {', '.join(other[:3])}",
            where=plan.url,
            what_next="Versions are never changed. Build a new one; its number follows from what changed.",
        )
    same = tuple(
        replace(change, change="same") for change in changes
    )  # nothing is sent; main may be further on
    return replace(plan, changes=same, already=True, commit=commit, new_bytes=0)


def _commit(
    local: LocalRelease, remote: Remote, state: State, plan: PublishResult, way: _Way
) -> PublishResult:
    """Bring the files into the repository, unless they are there untagged after a cut."""
    if state.head is not None and is_same(plan.changes):
        _close_gate(local, remote, state, way)
        return replace(plan, commit=state.head, already=not way.pull)
    if way.pull and (found := _open_pull(local, remote, state)):
        return replace(plan, already=True, commit=found[1], pull_url=f"{plan.url}/discussions/{found[0]}")
    if state.head is None:
        way.say(f"creating {remote.repo_id}")
        remote.create(private=way.private)
    _close_gate(local, remote, state, way)  # not only when it was made now: a run may have died in between
    head = state.head or remote.head() or ""
    wanted = {change.path for change in plan.changes if change.change in ("new", "changed")}
    way.say(f"uploading {len(wanted)} files, {plan.new_bytes / 1e6:,.1f} MB at most")
    removed = [change.path for change in plan.changes if change.change == "removed"]
    made = _committed(local, remote, sorted(wanted), removed, head, way)
    return replace(plan, commit=made.oid, pull_url=made.pull_url)


def _close_gate(local: LocalRelease, remote: Remote, state: State, way: _Way) -> None:
    """Have access asked for where the recipe wants that and the repository stands open, before any data arrives.

    A pull request on a published dataset leaves it: its commit does that, when it was merged and is tagged.
    """
    if local.gated and not (way.pull and state.last_version) and not remote.is_gated():
        remote.gate(local.gated)


def _committed(
    local: LocalRelease, remote: Remote, paths: list[str], removed: list[str], head: str, way: _Way
) -> Committed:
    """Make the commit; where its answer is lost, look whether it was made before trying again."""
    for attempt in range(COMMIT_TRIES):
        additions = remote.prepare({path: local.files[path].source for path in paths})
        way.say("committing")
        try:
            return remote.commit(
                additions,
                removed,
                parent=head,
                title=f"Version {local.version}",
                text=local.summary,
                pull=way.pull,
            )
        except (Busy, Moved) as error:
            found = _made_after_all(local, remote, way)
            if found is not None:
                return found
            if isinstance(error, Moved) or attempt + 1 == COMMIT_TRIES:
                raise
            pause(attempt)
    raise AssertionError  # the last try returned or raised


def _made_after_all(local: LocalRelease, remote: Remote, way: _Way) -> Committed | None:
    """Return the commit of a try whose answer was lost, found by its content; None where there is none."""
    if way.pull:
        found = _open_pull(local, remote, None)
        return Committed(found[1], f"{remote.url}/discussions/{found[0]}") if found else None
    head = remote.head()
    return Committed(head) if head and is_same(compare(local.files, remote.tree(MAIN))) else None


def _open_pull(local: LocalRelease, remote: Remote, state: State | None) -> tuple[str, str] | None:
    """Return (number, commit id) of an open pull request that holds this release already."""
    if state is not None and state.head is None:
        return None
    for name, commit in islice(remote.pulls().items(), PULLS_SEEN):
        if is_same(compare(local.files, remote.tree(name))) and remote.is_open(name):
            return name.rsplit("/", 1)[-1], commit
    return None


def _refuse_moved(remote: Remote, state: State, local: LocalRelease, parent: str | None) -> None:
    """Raise HubError when main holds work that no version of ours made and nobody has looked at."""
    if state.head is None or parent == state.head:
        return
    name = local.manifest.name
    foreign = foreign_changes(state, name, local.files, local.card)
    if not foreign:
        return
    onward = f"Then publish with --pr, or with --parent {state.head} to put this release on top of them."
    if state.last_name != name:
        theirs = "files of somebody else"
        if state.last_name:
            theirs = f"v{state.last_version} of {state.last_name}"
        raise Moved(
            f"main holds {theirs}, which this release of {name} would replace: {', '.join(foreign[:5])}",
            where=remote.url,
            what_next="Is it the right repository? Then look at these files. What is to stay of README.md goes "
            f"between the markers of card.md beside the recipe (docs/publishing.md); build again. {onward}",
        )
    titles = remote.titles_since(state.last_commit) if state.last_commit else []
    told = f" ({'; '.join(titles[:3])})" if titles else ""
    raise Moved(
        f"main has moved since v{state.last_version}{told}: {', '.join(foreign[:5])}",
        where=remote.url,
        what_next="Look at these commits. Text for the card goes between the markers or into card.md beside the "
        f"recipe. {onward}",
    )


def _checked(
    local: LocalRelease, remote: Remote, done: PublishResult, say: Progress
) -> tuple[tuple[str, int], ...]:
    """Compare the files at the tag with ours, then load every record by the tag and compare its content.

    Raises VerifyFailed naming what came back different, or why nothing did.
    """
    from builder.verify import NOT_LOADED, verify_published

    say(f"loading back {done.tag}")
    tree = remote.tree(done.tag)
    ours = {path: file for path, file in local.files.items() if not (done.already and path == CARD)}
    wrong = sorted(path for path, file in ours.items() if path not in tree or not file.equals(tree[path]))
    check = verify_published(local.path, remote.repo_id, done.tag, endpoint=remote.endpoint)
    where = f"{remote.url} at {done.tag}"
    if not wrong and check.detail.startswith(NOT_LOADED):
        raise VerifyFailed(
            without_token(check.detail),
            where=where,
            what_next="It is published and tagged. Run the command again: it does nothing but load it back. If that "
            "fails too, do not announce it: the Hub may hold something else.",
        )
    if wrong or not check.ok:
        raise VerifyFailed(
            f"came back different from the Hub: {', '.join([*wrong[:5], check.detail]).strip(', ')}",
            where=where,
            what_next="Do not announce this version. Compare the files by hand and report what you find.",
        )
    tables = dict.fromkeys(shard.table for shard in local.manifest.shards)
    return tuple((table, local.manifest.rows(table)) for table in tables)
