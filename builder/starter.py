"""Makes the folder of a new dataset: a commented recipe, ready for a real site."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from string import Template

from builder.errors import UsageError


def new_dataset(folder: Path) -> Path:
    """Write `dataset.toml` into `folder`, made if needed; return its path.

    The dataset is named after the folder. Raises UsageError when a recipe stands there already.
    """
    recipe = folder / "dataset.toml"
    if recipe.exists():
        raise UsageError(
            "there is a recipe already", where=str(recipe), what_next="Edit it, or name another folder."
        )
    folder.mkdir(parents=True, exist_ok=True)
    template = (files("builder.data") / "dataset.toml").read_text(encoding="utf-8")
    recipe.write_text(Template(template).substitute(name=dataset_name(folder)), encoding="utf-8")
    (folder / ".gitignore").write_text("cache/\nprivate/\n", encoding="utf-8")
    return recipe


def dataset_name(folder: Path) -> str:
    """Return a dataset name made from a folder's: lower case letters, digits, - and _."""
    name = re.sub(r"[^a-z0-9_-]+", "-", folder.resolve().name.lower()).strip("-_")
    return name[:63] or "my-dataset"
