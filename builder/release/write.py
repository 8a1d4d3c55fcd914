"""One release, from row files to a finished folder: all of it or nothing.

Everything is written below releases/.tmp-*, forced to the disk and renamed at the end. Whoever looks sees the
releases that are finished and no other; what an interrupted run left is deleted by the next one.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import asdict, replace
from importlib.metadata import version as package_version
from pathlib import Path

from builder.errors import GateFailed, HiwarError, UsageError
from builder.recipe import Recipe
from builder.release.companions import HAND_WRITTEN, write_companions
from builder.release.diff import ReleaseDiff, Side, compare
from builder.release.draft import Draft, write_draft
from builder.release.gate import check, figures
from builder.release.manifest import (
    FileEntry,
    Manifest,
    read_manifest,
    releases_in,
    version_key,
)
from builder.release.places import FAILED, recipe_beside, rejected_beside
from builder.release.seal import card_input, seal
from builder.release.topic import PLATFORMS, topic_of
from builder.release.types import Release, ReleaseInput
from builder.release.version import changelog, next_version, version_line
from builder.schema import shipped
from builder.storage import (
    canonical_json,
    disk_refused,
    folder_lock,
    remove_unfinished,
    sha256_of,
    sync_file,
    sync_folder,
    sync_tree,
    write_bytes,
    write_json,
    write_jsonl,
    write_text,
)
from builder.takedown import FILE as TAKEDOWNS_FILE
from builder.tally import Tally
from builder.version import __version__

_NAMED = 3
_CARD_PARTS = ("dataset", "source", "select", "optout", "rules", "privacy", "dedup", "lexicon", "platform")


def write(given: ReleaseInput) -> Release:
    """Write a release; takes, returns and raises what builder.release.write_release says (GateFailed and others)."""
    releases = given.recipe.releases
    with folder_lock(releases, doing="writing a release"):
        remove_unfinished(releases)
        try:
            draft = write_draft(given, releases)
            release = _settle(given, draft)
            writer = given.writer
            if writer is not None and (release.fresh or writer.wrote(release.path)):
                writer.remember(release.path, draft.names)
        except OSError as error:
            raise disk_refused(Path(error.filename or releases), error) from error
        finally:
            remove_unfinished(releases)
    shutil.rmtree(releases / FAILED, ignore_errors=True)
    return release


def _settle(given: ReleaseInput, draft: Draft) -> Release:
    """Give the draft its version and companions and put it in place, or return the release that is the same."""
    recipe = given.recipe
    finished = releases_in(recipe.releases)
    before = finished[-1] if finished else None
    old = read_manifest(before) if before else None
    if before and old and _same(old, draft, recipe):
        # The records are the same. What was left out, and why, may be more.
        _keep_rejected(draft, before)
        return replace(_release(before, old, fresh=False, change=None), tallies=draft.tallies)
    change: ReleaseDiff | None = None
    removed: dict[str, list[str]] = {}
    if before and old:
        change, removed = compare(Side.of_release(before, old), draft.side(recipe.digest()), draft.same)
    _pass_gate(given, draft, change)
    version, why = next_version(old.version if old else None, change)
    version, why = _pinned(recipe, version, why, finished)
    manifest = _manifest(given, draft, version, old, why, change)
    _write_companions(recipe, draft, manifest, before, change, removed)
    manifest = seal(draft.folder, manifest)
    return _put_in_place(recipe, draft, manifest, change)


def _same(old: Manifest, draft: Draft, recipe: Recipe) -> bool:
    """Return whether a draft says what the last release says, record for record, in the same places.

    Parquet bytes are not compared: a new version of pyarrow alone is no reason for a new release.
    """
    mine = [(shard.path, shard.content) for shard in draft.shards]
    theirs = [(shard.path, shard.content) for shard in old.shards]
    return (mine, draft.schema_entries(), card_digest(recipe)) == (theirs, old.schemas, old.card)


def card_digest(recipe: Recipe) -> str:
    """Return the digest of what reaches a release beside its records: recipe, topic, card template, hand-written card.

    The crawl block and the gates are left out: other delays or assertions make no other dataset.
    """
    parts = recipe.model.model_dump(mode="json", include=set(_CARD_PARTS))
    parts["source"] = [source.block.model_dump(mode="json") for source in recipe.sources]
    kept = {"split", "gated", "extra_tags", "plots"}
    parts["release"] = recipe.model.release.model_dump(mode="json", include=kept)
    parts["template"] = sha256_of(shipped("dataset_card.md"))
    topic = topic_of(recipe)
    if topic != PLATFORMS:
        parts["topic"] = asdict(topic)
    by_hand = recipe.folder / HAND_WRITTEN
    parts["by_hand"] = sha256_of(by_hand) if by_hand.is_file() else None
    return "sha256:" + hashlib.sha256(canonical_json(parts).encode()).hexdigest()


def _pass_gate(given: ReleaseInput, draft: Draft, change: ReleaseDiff | None) -> None:
    """Raise GateFailed, after leaving an account, when the draft is empty or an assertion does not hold."""
    known = figures(draft.statistics, change)
    try:
        if not any(shard.table == "documents" for shard in draft.shards):
            raise GateFailed(
                f"no document is left, and a release without records cannot be opened{_why(draft.tallies)}",
                where=str(given.recipe.path),
                what_next="Look at releases/failed/rejected.parquet for the reasons of each.",
            )
        check(given.recipe.model.release, known)
    except HiwarError as error:
        leave_account(given, error, draft.tallies, known, change, draft.rejected)
        raise


def _why(tallies: Iterable[Tally]) -> str:
    """Return what was left out at each stage, as in " (extract: index 2; rules.documents: language 9)"."""
    said = [
        f"{tally.stage}: " + ", ".join(f"{name} {count}" for name, count in tally.reasons.most_common(_NAMED))
        for tally in tallies
        if tally.reasons and "comments" not in tally.stage
    ]
    return f" ({'; '.join(said)})" if said else ""


def leave_account(
    given: ReleaseInput,
    error: HiwarError,
    tallies: Iterable[Tally],
    known: dict[str, float],
    change: ReleaseDiff | None,
    rejected: Path,
) -> None:
    """Write releases/failed: what stopped the build, its figures and its rejected rows."""
    folder = given.recipe.releases / FAILED
    folder.mkdir(exist_ok=True)
    rejected.replace(folder / "rejected.parquet")
    account = {
        "at": given.now.isoformat(),
        "error": type(error).__name__,
        "what": error.what,
        "what_next": error.what_next,
        "figures": known,
        "tallies": [tally.as_dict() for tally in tallies],
        "change": change.as_dict() if change else None,
    }
    write_json(folder / "account.json", account)


def _pinned(recipe: Recipe, version: str, why: str, finished: list[Path]) -> tuple[str, str]:
    pin = recipe.model.release.version
    if pin is None:
        return version, why
    newest = finished[-1].name if finished else None
    if newest and version_key(pin) <= version_key(newest):
        raise UsageError(
            f"version {pin} is pinned, but there is a release {newest} with other records",
            where=str(recipe.path),
            what_next="Raise release.version in the recipe, or take it out to have the version follow by rule.",
        )
    return pin, f"{why} The number is set by the recipe."


def _manifest(
    given: ReleaseInput,
    draft: Draft,
    version: str,
    old: Manifest | None,
    why: str,
    change: ReleaseDiff | None,
) -> Manifest:
    days = [table.last_fetched for table in draft.statistics.tables if table.last_fetched]
    rows = sum(shard.rows for shard in draft.shards)
    line = version_line(version, why, change, rows, max(days, default=None))
    return Manifest(
        name=given.recipe.model.dataset.name,
        version=version,
        previous=old.version if old else None,
        hiwar=__version__,
        recipe=given.recipe.digest(),
        made_with={name: package_version(name) for name in ("duckdb", "pyarrow", "trafilatura")},
        schemas=draft.schema_entries(),
        shards=draft.shards,
        tallies=draft.tallies,
        inputs=tuple(sorted(given.inputs)),
        captured_until=max(days, default=None),
        card=card_digest(given.recipe),
        history=(line, *(old.history if old else ())),
        companions=_companions(given),
    )


def _companions(given: ReleaseInput) -> tuple[FileEntry, ...]:
    requests = given.recipe.folder / TAKEDOWNS_FILE
    own = (FileEntry.of(requests),) if requests.is_file() else ()
    return tuple(sorted((*given.companions, *own)))


def _write_companions(
    recipe: Recipe,
    draft: Draft,
    manifest: Manifest,
    before: Path | None,
    change: ReleaseDiff | None,
    removed: dict[str, list[str]],
) -> None:
    """Write everything of a release that is neither a shard nor the manifest."""
    write_companions(draft.folder, card_input(recipe, manifest, draft.statistics, before))
    write_text(draft.folder / "CHANGELOG.md", changelog(manifest.name, manifest.history))
    if change:
        write_json(draft.folder / "diff.json", {**change.as_dict(), "after": manifest.version})
    write_jsonl(draft.folder / "removed.jsonl", _removed_lines(removed, draft.rejected))


def _removed_lines(removed: dict[str, list[str]], rejected: Path) -> list[dict[str, object]]:
    """Return (table, id, reasons) of removed records: stages and rules only, never a detail or content."""
    import pyarrow.parquet as pq

    wanted = {(table, key) for table, ids in removed.items() for key in ids}
    reasons: dict[tuple[str, str], list[dict[str, str]]] = {}
    if wanted:
        with pq.ParquetFile(rejected) as file:
            for batch in file.iter_batches(columns=["table", "id", "reasons"]):
                for row in batch.to_pylist():
                    if (row["table"], row["id"]) in wanted:
                        found = [{"stage": each["stage"], "rule": each["rule"]} for each in row["reasons"]]
                        reasons.setdefault((row["table"], row["id"]), []).extend(found)
    gone = [{"stage": "archive", "rule": "no_longer_read"}]
    return [
        {"table": table, "id": key, "reasons": reasons.get((table, key), gone)}
        for table, key in sorted(wanted)
    ]


def _put_in_place(recipe: Recipe, draft: Draft, manifest: Manifest, change: ReleaseDiff | None) -> Release:
    """Force everything to the disk, then rename: the rejected rows and recipe first, the release last."""
    target = recipe.releases / manifest.version
    sync_tree(draft.folder)
    _keep_rejected(draft, target)
    write_bytes(recipe_beside(target), recipe.path.read_bytes())
    draft.folder.rename(target)
    sync_folder(recipe.releases)
    return _release(target, manifest, fresh=True, change=change)


def _keep_rejected(draft: Draft, release: Path) -> None:
    """Put the draft's rejected rows beside a release, whole."""
    sync_file(draft.rejected)
    draft.rejected.replace(rejected_beside(release))
    sync_folder(release.parent)


def _release(path: Path, manifest: Manifest, *, fresh: bool, change: ReleaseDiff | None) -> Release:
    rows = {entry.table: manifest.rows(entry.table) for entry in manifest.schemas}
    return Release(path, manifest.version, fresh, rows, manifest.tallies, rejected_beside(path), change)
