"""Where things lie beside a release that are not part of it and are never published."""

from __future__ import annotations

from pathlib import Path

FAILED = "failed"
"""Folder below `releases` with the account of the last build that made no release."""


def rejected_beside(release: Path) -> Path:
    """Return where the rejected rows of a release lie: beside its folder, because they are never published."""
    return release.with_name(f"{release.name}.rejected.parquet")


def recipe_beside(release: Path) -> Path:
    """Return where a copy of the recipe a release was made with lies, for `hiwar verify --rebuild`."""
    return release.with_name(f"{release.name}.recipe.toml")
