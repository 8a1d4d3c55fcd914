"""What a release is made from and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from builder.recipe import Recipe
from builder.release.held import Writer
from builder.release.manifest import FileEntry
from builder.release.rowsource import RowSource
from builder.tally import Tally

if TYPE_CHECKING:
    from builder.release.diff import ReleaseDiff


@dataclass(frozen=True, slots=True)
class ReleaseInput:
    """What a release is made from.

    `documents`, `comments` and `rejected` are Parquet part files, or folders of them, whose order has no
    meaning. Rows hold the columns of their schema (schemas/*.json) and may hold more whose names begin with
    "_", which are dropped. With `source`, which gives whole rows by their `_place`, those of documents and
    comments hold narrow columns only: those that decide, `_place` and `_text_bytes`. `clusters` is what
    `builder.dedup.cluster` wrote: only survivors go in, the rest becomes rejected rows. `tallies` are the
    accounts of the stages before; the release adds its own ("states", "dedup", "comments", "takedown").
    `inputs` are the archive files by name, size and SHA-256; `companions` other inputs such as the learned
    templates. With `writer` shards of the last release that it wrote are taken over where nothing in them
    has changed. `now` (UTC) reaches no release, only the account
    of a failed build.
    """

    recipe: Recipe
    documents: tuple[Path, ...]
    comments: tuple[Path, ...]
    now: datetime
    source: RowSource | None = None
    clusters: Path | None = None
    rejected: tuple[Path, ...] = ()
    tallies: tuple[Tally, ...] = ()
    inputs: tuple[FileEntry, ...] = ()
    companions: tuple[FileEntry, ...] = ()
    writer: Writer | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """A finished release on disk. `fresh` is False when nothing had changed and the last one was returned.

    `rows` counts records per table; `rejected` is the file beside the folder that is never published.
    `diff` compares it with the release before; None for the first one and where nothing changed.
    """

    path: Path
    version: str
    fresh: bool
    rows: dict[str, int]
    tallies: tuple[Tally, ...]
    rejected: Path
    diff: ReleaseDiff | None = None
