"""Where rows are kept: a base part, a part beside it for each group of columns, and its verdicts.

Parts of one batch of rows have one name and one order of rows. Each kind lies under the fingerprint of what it is
made from, so that a change makes that kind again, from the columns it reads, and leaves the others as they are.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from builder.columns.groups import GROUPS, Group
from builder.columns.record import BIDI_CONTROLS
from builder.recipe import Recipe
from builder.schema import Field, Schema, schema_at
from builder.stages.fingerprints import ROW_PACKAGES, code_fingerprint
from builder.stages.keys import TABLES
from builder.stages.store import KEY, Store
from builder.storage import canonical_json

if TYPE_CHECKING:
    import pyarrow as pa

    from builder.columns import ColumnSettings

BASE_CODE = ("builder.columns.record", "builder.stages.codec", "builder.stages.parts")
RULE_CODE = ("builder.rules",)
RULE_BLOCKS = {"documents": ("select", "optout", "rules"), "comments": ("select", "optout")}
"""Parts of the recipe that the rules of a table ask."""
RULE_GROUPS = {"documents": ("platforms", "quality", "language", "later"), "comments": ("language",)}
"""Groups whose columns the rules of a table see beside the base; their verdicts are kept by the same."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Fingerprints of the base, of each group and of the rules of each table; `version` is that of the schema."""

    cache: Path
    version: int | None
    base: str
    groups: tuple[tuple[str, str], ...]
    rules: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, recipe: Recipe, settings: ColumnSettings) -> Layout:
        """Take the fingerprints of a recipe."""
        version = recipe.model.dataset.schema_version
        base = _base_fingerprint(settings, version)
        groups: list[tuple[str, str]] = []
        for group in GROUPS:
            read = [fingerprint for _, fingerprint in groups] if group.reads_all else []
            groups.append((group.name, _group_fingerprint(group, [base, *read], settings, version)))
        rules = []
        for table in TABLES:
            judged = [base, *(fingerprint for name, fingerprint in groups if name in RULE_GROUPS[table])]
            rules.append((table, _rule_fingerprint(recipe, table, judged)))
        return cls(recipe.cache, version, base, tuple(groups), tuple(rules))

    def store(self, table: str) -> Store:
        """Return where the base parts of a table are."""
        return Store(self.cache, table, self.base)

    def schema(self, table: str) -> Schema:
        """Return the schema of a table that is built."""
        return schema_at(table, self.version)

    def groups_of(self, table: str) -> list[Group]:
        """Return the groups that fill columns of a table, in order."""
        return [
            group
            for group in GROUPS
            if table in group.columns and (self.columns(group, table) or group.helpers())
        ]

    def columns(self, group: Group, table: str) -> list[Field]:
        """Return the columns of the schema that a group fills."""
        return [field for field in self.schema(table).fields if field.name in group.columns.get(table, ())]

    def base_columns(self, table: str) -> Schema:
        """Return the schema of a table without the columns that groups fill."""
        schema = self.schema(table)
        filled = {name for group in GROUPS for name in group.columns.get(table, ())}
        return replace(schema, fields=tuple(field for field in schema.fields if field.name not in filled))

    def fingerprint(self, group: Group) -> str:
        """Return the fingerprint of a group."""
        return dict(self.groups)[group.name]

    def group_folder(self, group: Group) -> Path:
        """Return the folder of a group, with a folder for each fingerprint."""
        return self.cache / "columns" / group.name

    def group_now(self, group: Group) -> Path:
        """Return the folder of a group under its present fingerprint."""
        return self.group_folder(group) / self.fingerprint(group)

    def group_part(self, group: Group, table: str, part: str) -> Path:
        """Return where the columns of a group lie for the base part of that name."""
        return self.group_now(group) / table / part

    def judged_groups(self, table: str) -> list[Group]:
        """Return the groups that the rules of a table see."""
        return [group for group in self.groups_of(table) if group.name in RULE_GROUPS[table]]

    def judged_files(self, table: str, part: str) -> list[Path]:
        """Return the files of one part that the rules of its table read."""
        base = self.store(table).path / part
        return [base, *(self.group_part(group, table, part) for group in self.judged_groups(table))]

    def made_of(self, table: str) -> list[str]:
        """Return the fingerprints of all that the columns of a table follow from, and its schema's version."""
        groups = [self.fingerprint(group) for group in self.groups_of(table)]
        return [self.base, *groups, str(self.schema(table).version)]

    def verdicts(self, table: str) -> Path:
        """Return the folder of a table's verdicts, named by the fingerprint of its rules."""
        return self.cache / "verdicts" / table / dict(self.rules)[table]

    def beside(self, table: str) -> list[Path]:
        """Return the folders with a part for each base part of a table."""
        groups = [self.group_part(group, table, "part").parent for group in self.groups_of(table)]
        return [*groups, self.verdicts(table)]

    def ever_beside(self, table: str) -> list[Path]:
        """Return the folders that `beside` named or would name under this and every other fingerprint, sorted."""
        groups = (folder for group in GROUPS for folder in self.group_folder(group).glob(f"*/{table}"))
        return sorted([*groups, *self.verdicts(table).parent.glob("*")])


def base_helpers(table: str) -> list[pa.Field]:
    """Return the Arrow fields of the helpers in a base part, the key among them."""
    import pyarrow as pa

    key = pa.field(KEY, pa.string())
    return [pa.field(BIDI_CONTROLS, pa.int32()), key] if table == "documents" else [key]


def _base_fingerprint(settings: ColumnSettings, version: int | None) -> str:
    """Return what the base of every row depends on beside its record and what the recipe says of its source."""
    digest = hashlib.blake2b(settings.key, digest_size=16)
    digest.update(code_fingerprint(BASE_CODE, ROW_PACKAGES, _data_files()).encode())
    digest.update(canonical_json(sorted(settings.dropped_bylines)).encode())
    filled = {(table, name) for group in GROUPS for table in TABLES for name in group.columns.get(table, ())}
    for table in TABLES:
        fields = schema_at(table, version).fields
        digest.update(_shape([field for field in fields if (table, field.name) not in filled]))
    return digest.hexdigest()


def _group_fingerprint(group: Group, read: list[str], settings: ColumnSettings, version: int | None) -> str:
    digest = hashlib.blake2b("".join(read).encode(), digest_size=16)
    digest.update(group_code(group).encode())
    digest.update(group.asks(settings).encode("utf-8", "surrogatepass"))
    for table, names in sorted(group.columns.items()):
        digest.update(_shape([field for field in schema_at(table, version).fields if field.name in names]))
    return digest.hexdigest()


def group_code(group: Group) -> str:
    """Return the fingerprint of the code and the data of a group."""
    return code_fingerprint((group.module, "builder.stages.parts"), ROW_PACKAGES, _data_files())


def _shape(fields: list[Field]) -> bytes:
    """Return names and types of columns as bytes; what is written about them changes no row."""
    return repr([(field.name, str(field.arrow_type()), field.nullable) for field in fields]).encode()


def _data_files() -> list[Path]:
    """Return the word lists of the package; the lexicon counts by what is read of it."""
    folder = Path(__file__).parent.parent / "data" / "words"
    return [path for path in folder.rglob("*") if path.is_file()]


def _rule_fingerprint(recipe: Recipe, table: str, read: list[str]) -> str:
    """Return what the verdicts of a table depend on beside its rows, as 32 hexadecimal digits."""
    digest = hashlib.blake2b("".join(read).encode(), digest_size=16)
    digest.update(code_fingerprint(RULE_CODE).encode())
    asked = recipe.model.model_dump(mode="json", include=set(RULE_BLOCKS[table]))
    digest.update(canonical_json(asked).encode())
    return digest.hexdigest()
