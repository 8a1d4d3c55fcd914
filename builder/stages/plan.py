"""What rows and verdicts depend on beside the records: code, data files, and the parts of the recipe that count."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder.columns.pseudonyms import load_or_make_key
from builder.recipe import Recipe
from builder.schema import shipped
from builder.stages.archives import archive_files
from builder.stages.fingerprints import code_fingerprint
from builder.stages.rows import RowMaker
from builder.stages.store import Store
from builder.storage import canonical_json
from builder.takedown import load as load_takedowns

if TYPE_CHECKING:
    from builder.extract.template import Template

KNOWN = "known-rows.npy"
TABLES = ("documents", "comments")

ROW_CODE = ("builder.columns.*", "builder.dedup", "builder.stages.codec", "builder.stages.rows")
ROW_PACKAGES = ("langdetect", "pycld2", "phonenumbers", "numpy", "pyarrow", "hijridate")
RULE_CODE = ("builder.rules",)

ROW_BLOCKS = ("privacy", "lexicon", "platform", "dedup")
RULE_BLOCKS = ("select", "optout", "rules")
SOURCE_KEYS = ("kind", "name", "licence", "terms", "timezone", "ids_only")
"""Keys of a source that a row can show."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the rows and verdicts of a build are kept, by the fingerprints of what makes them."""

    recipe: Recipe
    stores: Mapping[str, Store]
    verdicts: Mapping[str, Path]
    key: bytes

    @classmethod
    def of(cls, recipe: Recipe) -> Plan:
        """Read the key of the pseudonyms, or draw it from the archives, and take all fingerprints.

        Raises RecipeError when the key file cannot be read or written.
        """
        archives = [path for source in recipe.sources for path in archive_files(recipe, source)]
        key = load_or_make_key(recipe, archives=archives)
        rows = row_fingerprint(recipe, key)
        rules = rule_fingerprint(recipe, rows)
        stores = {table: Store(recipe.cache, table, rows) for table in TABLES}
        verdicts = {table: recipe.cache / "verdicts" / rules / table for table in TABLES}
        return cls(recipe, stores, verdicts, key)

    def maker(self, templates: Mapping[str, Template], known: Path) -> RowMaker:
        """Return the function that makes rows."""
        from builder.columns import ColumnSettings

        return RowMaker(
            settings=ColumnSettings.from_recipe(self.recipe, self.key),
            model=self.recipe.model,
            takedowns=load_takedowns(self.recipe.folder),
            templates=templates,
            known=str(known),
            stores=self.stores,
            verdicts={table: str(path) for table, path in self.verdicts.items()},
        )


def row_fingerprint(recipe: Recipe, key: bytes) -> str:
    """Return what all rows depend on beside their records, as 32 hexadecimal digits."""
    data = [*shipped("schemas").glob("*.v*.json"), *_data_files()]
    if recipe.model.lexicon.file is not None:
        data.append(recipe.folder / recipe.model.lexicon.file)
    digest = hashlib.blake2b(key, digest_size=16)
    digest.update(code_fingerprint(ROW_CODE, ROW_PACKAGES, data).encode())
    blocks = recipe.model.model_dump(mode="json", include=set(ROW_BLOCKS))
    blocks["schema"] = recipe.model.dataset.schema_version
    blocks["sources"] = [
        source.block.model_dump(mode="json", include=set(SOURCE_KEYS)) for source in recipe.sources
    ]
    digest.update(canonical_json(blocks).encode())
    return digest.hexdigest()


def _data_files() -> list[Path]:
    """Return the data files of the package: lexicons and word lists."""
    folder = Path(__file__).parent.parent / "data"
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]


def rule_fingerprint(recipe: Recipe, rows: str) -> str:
    """Return what all verdicts depend on beside their rows, as 32 hexadecimal digits."""
    digest = hashlib.blake2b(rows.encode(), digest_size=16)
    digest.update(code_fingerprint(RULE_CODE).encode())
    digest.update(canonical_json(recipe.model.model_dump(mode="json", include=set(RULE_BLOCKS))).encode())
    return digest.hexdigest()
