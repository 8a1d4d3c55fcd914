"""A release folder, read and checked before anything is sent."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from builder.errors import CheckFailed, VerifyFailed
from builder.hub.plan import LocalFile, files_of
from builder.hub.state import CARD, taken_over
from builder.release.audit import file_problems
from builder.release.card import addressed, read_head
from builder.release.cardrights import GATE
from builder.release.content import slices
from builder.release.croissant import IDS_ONLY
from builder.release.dehydrate import WRITTEN
from builder.release.holdings import refuse_named
from builder.release.hublists import problems
from builder.release.manifest import Manifest, read_manifest
from builder.release.places import dataset_of


@dataclass(frozen=True, slots=True)
class LocalRelease:
    """A release whose files are what its manifest says. `card` is the README.md to publish."""

    path: Path
    manifest: Manifest
    files: dict[str, LocalFile]
    card: str
    gated: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """The version of the release."""
        return self.manifest.version

    @property
    def summary(self) -> str:
        """The text of the commit."""
        tables = dict.fromkeys(shard.table for shard in self.manifest.shards)
        rows = ", ".join(f"{self.manifest.rows(table)} {table}" for table in tables)
        return f"{rows}. Made by Hiwar {self.manifest.hiwar} from recipe {self.manifest.recipe}."

    @classmethod
    def read(cls, release: Path) -> LocalRelease:
        """Read a release folder and check it.

        Raises WorldError when it is no release, VerifyFailed when a file is not what the manifest says,
        CheckFailed when the card would be refused, a source that may give ids only comes with text, or a record was
        asked to be removed.
        """
        manifest = read_manifest(release)
        files = files_of(release)
        _check_files(manifest, release)
        card = (release / CARD).read_text(encoding="utf-8")
        if wrong := problems(read_head(card)):
            raise CheckFailed(
                "; ".join(wrong), where=str(release / CARD), what_next="Correct the recipe and build."
            )
        _check_ids_only(release, manifest)
        refuse_named(release)
        notes = () if dataset_of(release) else (_ALONE,)
        gated = next((mode for mode in ("auto", "manual") if GATE.format(mode) in card), None)
        return cls(release, manifest, files, card, gated, notes)

    def addressed_to(self, repo_id: str, there: str) -> LocalRelease:
        """Return the release with the card as it will stand in a repository.

        Loading examples name the repository and the tag; what people wrote between the markers of the card
        that is there (`there`) is kept.
        """
        card = taken_over(addressed(self.card, self.version, repo_id), there)
        files = {**self.files, CARD: LocalFile(card.encode("utf-8"))}
        named = f'load_dataset("{repo_id}", ' in card
        notes = () if named else ("The card names another repository: see dataset.repo_id in the recipe.",)
        return replace(self, card=card, files=files, notes=(*self.notes, *notes))


_ALONE = (
    "It lies in no dataset's releases folder: nobody looked whether it holds what was asked to be removed."
)


def _check_files(manifest: Manifest, release: Path) -> None:
    """Raise VerifyFailed when the folder is not what its manifest says; the card may be edited between markers."""
    problems_found = list(file_problems(release, manifest))
    if problems_found:
        raise VerifyFailed(
            "; ".join(problems_found[:5]),
            where=str(release),
            what_next="Never edit a release. Build it again; `hiwar verify` shows all differences.",
        )


def _check_ids_only(release: Path, manifest: Manifest) -> None:
    """Raise CheckFailed when a record of a source that may give ids only holds what people wrote."""
    marked = ids_only_sources(release)
    if not marked:
        return
    for shard in manifest.shards:
        for table in slices(release / shard.path):
            written = [name for name in table.column_names if name in WRITTEN]
            for row in table.select(["source", "mentions", *written]).to_pylist():
                surfaces = [mention["surface"] for mention in row.pop("mentions")]
                if row.pop("source") in marked and any([*row.values(), *surfaces]):
                    raise CheckFailed(
                        f"source {', '.join(sorted(marked))} is marked ids_only, but records hold text",
                        where=str(release / shard.path),
                        what_next="Never publish this release. Build it again with this version of Hiwar.",
                    )


def ids_only_sources(release: Path) -> frozenset[str]:
    """Return the sources that a release's croissant.json marks as ids only."""
    path = release / "croissant.json"
    if not path.is_file():
        return frozenset()
    sources = json.loads(path.read_text(encoding="utf-8")).get("prov:wasDerivedFrom", [])
    return frozenset(
        entry["@id"].removeprefix("source/") for entry in sources if entry.get("usageInfo") == IDS_ONLY
    )
