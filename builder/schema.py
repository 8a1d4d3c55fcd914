"""Reads schemas/*.json, the published description of each table, and turns it into Arrow and card forms.

A released schema file never changes; a new column means a new version (`documents.v2.json`), and the old
one still builds. Types are a closed set: string, bool, int32, int64, float32, timestamp (microseconds, UTC),
struct, list<string>, list<struct>.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.errors import SchemaError

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]
"""One record with exactly the names of its schema."""

TEXT_BYTES = "_text_bytes"
"""Column of stored rows beside those of their schema: the bytes of the text in UTF-8, so that none need read it."""

_SCALARS = {
    "string": "string",
    "bool": "bool",
    "int32": "int32",
    "int64": "int64",
    "float32": "float32",
    "timestamp": "timestamp[us, tz=UTC]",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One column: its name, type, whether it may be null, its unit, what it means, and parts of a struct."""

    name: str
    type: str
    nullable: bool
    doc: str
    unit: str = ""
    fields: tuple[Field, ...] = ()

    def arrow_type(self) -> pa.DataType:
        """Return the Arrow type of the column."""
        import pyarrow as pa

        if self.type == "timestamp":
            return pa.timestamp("us", tz="UTC")
        if self.type == "list<string>":
            return pa.list_(pa.string())
        if self.type in ("struct", "list<struct>"):
            struct = pa.struct([part.arrow() for part in self.fields])
            return struct if self.type == "struct" else pa.list_(struct)
        return pa.type_for_alias(_SCALARS[self.type])

    def arrow(self) -> pa.Field:
        """Return the Arrow field. Always nullable there: readers such as `datasets` know no other kind."""
        import pyarrow as pa

        return pa.field(self.name, self.arrow_type())

    def feature(self) -> dict[str, Any]:
        """Return the column as the `dataset_info.features` entry of a Hugging Face dataset card."""
        parts = [part.feature() for part in self.fields]
        kinds: dict[str, dict[str, Any]] = {
            "list<string>": {"list": "string"},
            "struct": {"struct": parts},
            "list<struct>": {"list": parts},
        }
        return {"name": self.name, **kinds.get(self.type, {"dtype": _SCALARS.get(self.type, "")})}


@dataclass(frozen=True, slots=True)
class Schema:
    """One table: its name, version, meaning and columns in order."""

    name: str
    version: int
    doc: str
    fields: tuple[Field, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(field.name for field in self.fields)

    def arrow(self) -> pa.Schema:
        """Return the Arrow schema, without metadata."""
        import pyarrow as pa

        return pa.schema([field.arrow() for field in self.fields])

    def features(self) -> list[dict[str, Any]]:
        """Return the columns in the form of a dataset card's `dataset_info.features`."""
        return [field.feature() for field in self.fields]

    def check_row(self, row: Mapping[str, Any]) -> None:
        """Compare a row's names and nulls with the schema.

        Raises SchemaError naming the columns that are missing, unknown, or null against the schema.
        """
        unfit = [f for f in self.fields if f.name not in row or (not f.nullable and row[f.name] is None)]
        if not unfit and len(row) == len(self.fields):
            return
        unknown = sorted(row.keys() - set(self.names))
        missing = [name for name in self.names if name not in row]
        null = [f.name for f in self.fields if not f.nullable and row.get(f.name, 0) is None]
        if unknown or missing or null:
            raise SchemaError(
                f"row does not fit: unknown {unknown}, missing {missing}, null {null}",
                where=f"schemas/{self.name}.v{self.version}.json",
                what_next="Add the column to a new schema version, or correct the function that makes it.",
            )

    def table(self, rows: Iterable[Row]) -> pa.Table:
        """Turn rows into an Arrow table of exactly this schema.

        Raises SchemaError when a row has other columns.
        """
        import pyarrow as pa

        checked = list(rows)
        for row in checked:
            self.check_row(row)
        return pa.Table.from_pylist(checked, schema=self.arrow())


def shipped(name: str) -> Path:
    """Return the path of a file or folder that ships beside the package: "schemas" or "dataset_card.md".

    In a wheel it lies inside the package; in a source tree or an editable install, beside it.
    """
    inside = Path(__file__).parent / name
    return inside if inside.exists() else inside.parent.parent / name


def versions(name: str) -> list[int]:
    """Return the schema versions of a table ("documents" or "comments") that ship, oldest first."""
    found = shipped("schemas").glob(f"{name}.v*.json")
    return sorted(int(path.suffixes[0].removeprefix(".v")) for path in found)


@lru_cache(maxsize=16)
def load_schema(name: str, version: int | None = None) -> Schema:
    """Read the schema of a table ("documents" or "comments"), the newest version unless one is named.

    Raises SchemaError when there is no such file or a type in it is not known.
    """
    known = versions(name)
    if not known or (version is not None and version not in known):
        raise SchemaError(
            f"no schema {name} version {version}; there are versions {known}",
            what_next="Run `hiwar schema` to see the tables and their versions.",
        )
    path = shipped("schemas") / f"{name}.v{version or known[-1]}.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    fields = tuple(_field(entry, path.name) for entry in data["fields"])
    return Schema(data["name"], data["version"], data["doc"], fields)


def schema_at(name: str, newest: int | None) -> Schema:
    """Return the newest schema of a table whose version is not above `newest`; the newest of all for None.

    Tables get new versions one at a time: documents may be at version 3 while comments stay at 1.
    Raises SchemaError when no version is that old.
    """
    fitting = [version for version in versions(name) if newest is None or version <= newest]
    return load_schema(name, fitting[-1] if fitting else newest)


def _field(entry: Mapping[str, Any], where: str) -> Field:
    kind = entry["type"]
    if kind not in {*_SCALARS, "struct", "list<string>", "list<struct>"}:
        raise SchemaError(f"column {entry['name']!r} has an unknown type {kind!r}", where=where)
    parts = tuple(_field(part, where) for part in entry.get("fields", ()))
    return Field(entry["name"], kind, entry["nullable"], entry["doc"], entry.get("unit", ""), parts)
