"""What the card, the report and Croissant are made from."""

from __future__ import annotations

from dataclasses import dataclass

from builder.recipe import Recipe
from builder.release.stats import Statistics
from builder.schema import Schema


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One line of the version history: how many records a version added, changed and removed.

    `day` (YYYY-MM-DD) is the day of its latest capture, `why` one sentence on the rule that gave the number.
    """

    version: str
    added: int
    changed: int
    removed: int
    day: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class ShardFile:
    """A Parquet file of the release: its path in the folder with /, its size and "HEX" of its SHA-256."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class CardInput:
    """All that the companions of a release are made from; nothing else, so they are the same every time.

    `schemas` are the tables in their order, documents first. `history` is newest first. `handwritten` is the
    text of an earlier card (or of card.md beside the recipe), from which the text between markers is kept.
    `plots` are the names of PNG files in the release's folder, with / between parts.
    """

    recipe: Recipe
    version: str
    schemas: tuple[Schema, ...]
    statistics: Statistics
    history: tuple[VersionLine, ...] = ()
    handwritten: str | None = None
    plots: tuple[str, ...] = ()
    shards: tuple[ShardFile, ...] = ()
