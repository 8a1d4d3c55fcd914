"""Rows of sources that may give ids only: what their authors wrote stays behind, what was computed goes out.

X, TikTok and others let researchers pass on ids and nothing more; whoever has access asks for the posts again
("hydrates" them). All stages before work on the whole text; it is taken out on the way into the release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.duck import quoted
from builder.recipe import RecipeModel
from builder.schema import Field, Schema

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

WRITTEN = frozenset(
    {
        "text",
        "title",
        "author_bio",
        "section",
        "tags",
        "hashtags",
        "engagement",
        "rating",
        "published_printed",
        "published_hijri",
    }
)
"""Columns whose values were written by people or counted by the platform."""


def ids_only_sources(model: RecipeModel) -> tuple[str, ...]:
    """Return the names of the sources that publish ids only, sorted."""
    return tuple(sorted(str(block["name"]) for block in model.source if block.get("ids_only") is True))


def dehydrated(
    database: duckdb.DuckDBPyConnection, schema: Schema, rows: pa.Table, sources: tuple[str, ...]
) -> pa.Table:
    """Return rows of a table without what people wrote, where they are of `sources`."""
    if not sources:
        return rows
    columns = ", ".join(_column_sql(schema, name, sources) for name in schema.names)
    with database.cursor() as reading:
        reading.execute("SET TimeZone = 'UTC'")
        reading.register("given", rows)
        return reading.sql(f"SELECT {columns} FROM given").to_arrow_table()


def _column_sql(schema: Schema, name: str, sources: tuple[str, ...]) -> str:
    """Return the SQL of a column of the rows called `given`, empty for rows of `sources` where people wrote it.

    A mention keeps its platform and place and loses its wording.
    """
    column = f'given."{name}"'
    field = next(field for field in schema.fields if field.name == name)
    if name != "mentions" and name not in WRITTEN:
        return column
    plain = "NULL" if field.nullable else _EMPTY.get(field.type, "NULL")
    empty = _without_surface(field) if name == "mentions" else plain
    names = ", ".join(quoted(source) for source in sources)
    return f'CASE WHEN given.source IN ({names}) THEN {empty} ELSE {column} END AS "{name}"'


_EMPTY = {"list<string>": "[]", "string": "''"}


def _without_surface(field: Field) -> str:
    values = ((part.name, "''" if part.name == "surface" else f'm."{part.name}"') for part in field.fields)
    packed = ", ".join(f'"{name}" := {value}' for name, value in values)
    return f'[struct_pack({packed}) FOR m IN given."{field.name}"]'
