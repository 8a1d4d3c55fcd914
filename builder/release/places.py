"""Where things lie beside a release that are not part of it and are never published."""

from __future__ import annotations

import glob
import os
from pathlib import Path

from builder.storage import canonical_json

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


def is_pattern(path: Path) -> bool:
    """Return whether `datasets`, DuckDB and polars take a path for a pattern: it holds [ * or ?."""
    return glob.escape(str(path)) != str(path)


def load_line(release: Path, table: str, split: str) -> str:
    """Return the line of Python that loads a split of a release from where it lies."""
    if not is_pattern(release):
        return f"load_dataset({canonical_json(str(release))}, {canonical_json(table)}, split={canonical_json(split)})"
    files = {split: f"{glob.escape(str(release))}/data/{table}/{split}-*.parquet"}
    return f'load_dataset("parquet", data_files={canonical_json(files)}, split={canonical_json(split)})'


def at_home(release: Path) -> Path:
    """Return the absolute path of a release in its dataset's releases folder, also where a link leads there.

    The path as given goes before the one behind its links: `releases` itself may be a link to another disk.
    One that lies in no such folder is returned as it was given.
    """
    given = Path(os.path.abspath(release))  # noqa: PTH100  # takes ".." out and leaves links as they are
    return next((path for path in (given, release.resolve()) if _dataset(path) is not None), given)


def dataset_of(release: Path) -> Path | None:
    """Return the dataset's folder that a release, or a prepared copy of one, lies in; None where it lies elsewhere."""
    return _dataset(at_home(release))


def _dataset(release: Path) -> Path | None:
    folder = release.parent
    releases = folder.parent if folder.name in (PREPARED, FAILED) else folder
    return releases.parent if releases.name == "releases" else None
