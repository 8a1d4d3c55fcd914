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


PREPARED = "without-takedowns"
"""Folder below `releases` with copies that are ready to be published in place of older releases."""


def dataset_of(release: Path) -> Path | None:
    """Return the dataset's folder that a release, or a prepared copy of one, lies in; None where it lies elsewhere."""
    folder = release.absolute().parent
    releases = folder.parent if folder.name == PREPARED else folder
    return releases.parent if releases.name == "releases" else None
