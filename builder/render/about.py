"""What `hiwar schema` and `hiwar sources` print."""

from __future__ import annotations

import inspect

from builder.console import Output
from builder.errors import UsageError
from builder.schema import Field, load_schema, shipped, versions
from builder.sources import kinds

TABLES = ("documents", "comments", "rejected")


def show_schema(name: str | None, out: Output) -> None:
    """Print the tables, or the columns of one; "recipe" gives the JSON Schema of a recipe."""
    if name == "recipe":
        out.result((shipped("schemas") / "recipe.v1.json").read_text(encoding="utf-8"))
        return
    for table in (name,) if name else TABLES:
        schema = load_schema(table)
        rows = [
            (column, field.type, "" if field.nullable else "never", field.unit, field.doc)
            for column, field in _walk(schema.fields)
        ]
        out.table(
            f"{table} (version {schema.version}): {schema.doc}",
            ("column", "type", "null", "unit", "meaning"),
            rows,
        )
        columns = [{"name": row[0], "type": row[1], "unit": row[3], "doc": row[4]} for row in rows]
        out.event("table", name=table, versions=versions(table), columns=columns)


def _walk(fields: tuple[Field, ...], prefix: str = "") -> list[tuple[str, Field]]:
    found = []
    for field in fields:
        found.append((prefix + field.name, field))
        found.extend(_walk(field.fields, f"{prefix}{field.name}."))
    return found


def show_sources(kind: str | None, out: Output) -> None:
    """Print every kind of source, or one, with a recipe block to paste.

    Raises UsageError when there is no such kind.
    """
    if kind is not None and kind not in kinds():
        raise UsageError(f"{kind!r} is no kind of source", what_next=f"Kinds: {', '.join(kinds())}.")
    for name, cls in kinds().items():
        if kind in (None, name):
            doc = inspect.getdoc(cls) or ""
            out.event("source", kind=name, reach=cls.reach, doc=doc, example=cls.example())
            out.result(f"\n{name}: {doc}\n\n{_indent(cls.example())}")
            if kind is not None:
                _show_keys(name, out)


def _show_keys(kind: str, out: Output) -> None:
    schema = kinds()[kind].block_type.model_json_schema()
    required = set(schema.get("required", ()))
    rows = [
        (key, "yes" if key in required else "", str(value.get("default", "")), value.get("description", ""))
        for key, value in schema["properties"].items()
    ]
    out.table("Keys", ("key", "required", "default", "meaning"), rows)


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
