"""What rows and verdicts of a build depend on beside the records, and where they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder.columns.groups import GROUPS
from builder.columns.pseudonyms import load_or_make_key
from builder.columns.settings import ColumnSettings
from builder.recipe import Recipe
from builder.release.dehydrate import ids_only_sources
from builder.stages.archives import archive_files
from builder.stages.fingerprints import RELEASE_PACKAGES, code_fingerprint
from builder.stages.keys import TABLES, Namer
from builder.stages.layout import Layout
from builder.stages.rows import RowMaker, source_facts
from builder.stages.store import Store
from builder.storage import canonical_json
from builder.takedown import Takedowns
from builder.takedown import load as load_takedowns

if TYPE_CHECKING:
    from builder.extract.template import Template

KNOWN = "known-rows.npy"

__all__ = ["KNOWN", "TABLES", "Plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """How the rows of a build are made, and the layout they are kept in."""

    recipe: Recipe
    settings: ColumnSettings
    takedowns: Takedowns
    layout: Layout

    @classmethod
    def of(cls, recipe: Recipe) -> Plan:
        """Read the key of the pseudonyms, or draw it from the archives, and take all fingerprints.

        Raises RecipeError when the key file cannot be read or written.
        """
        archives = [path for source in recipe.sources for path in archive_files(recipe, source)]
        settings = ColumnSettings.from_recipe(recipe, load_or_make_key(recipe, archives=archives))
        return cls(recipe, settings, load_takedowns(recipe.folder), Layout.of(recipe, settings))

    @property
    def stores(self) -> dict[str, Store]:
        """The stores of base parts, by table."""
        return {table: self.layout.store(table) for table in TABLES}

    @property
    def facts(self) -> Mapping[str, str]:
        """What the recipe says of each source."""
        return source_facts(self.settings)

    def maker(self, templates: Mapping[str, Template], known: Path) -> RowMaker:
        """Return the function that makes rows."""
        namer = Namer(self.takedowns, templates, self.facts)
        return RowMaker(self.settings, self.recipe.model, namer, str(known), self.layout)

    def made_of(self, table: str) -> str:
        """Return a digest of all that the rows of a table are made from beside that by which their key calls them."""
        code = code_fingerprint(
            ("builder.stages.gather", "builder.stages.partrows", "builder.release.assemble"), RELEASE_PACKAGES
        )
        return canonical_json([code, self.layout.made_of(table), ids_only_sources(self.recipe.model)])

    def folders(self) -> list[Path]:
        """Return the folders of the cache that hold what this build uses, each named by its fingerprint."""
        groups = [self.layout.group_now(group) for group in GROUPS]
        verdicts = [self.layout.verdicts(table) for table in TABLES]
        return [*(store.path for store in self.stores.values()), *groups, *verdicts]
