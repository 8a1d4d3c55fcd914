"""What `hiwar schema` and `hiwar sources` print."""

from __future__ import annotations

import inspect
import json

from builder.console import Output
from builder.errors import UsageError
from builder.schema import Field, load_schema, shipped, versions
from builder.sources import kinds

TABLES = ("documents", "comments", "rejected")


def show_schema(name: str | None, out: Output) -> None:
    """Print the tables, or the columns of one; "recipe" gives the JSON Schema of a recipe."""
    if name == "recipe":
        text = (shipped("schemas") / "recipe.v1.json").read_text(encoding="utf-8")
        out.result(text)
        out.event("done", schema=json.loads(text))
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
        columns = [
            {"name": row[0], "type": row[1], "nullable": not row[2], "unit": row[3], "doc": row[4]}
            for row in rows
        ]
        out.event("table", name=table, versions=versions(table), columns=columns)
    out.event("done", tables=[name] if name else list(TABLES))


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
            keys = _keys(name)
            out.event("source", kind=name, reach=cls.reach, doc=doc, example=cls.example(), keys=keys)
            out.result(f"\n{name}: {doc}\n\n{_indent(cls.example())}")
            if kind is not None:
                rows = [
                    (key["name"], "yes" if key["required"] else "", str(key["default"]), key["doc"])
                    for key in keys
                ]
                out.table("Keys", ("key", "required", "default", "meaning"), rows)
    out.event("done", kinds=[kind] if kind else list(kinds()))


def _keys(kind: str) -> list[dict[str, object]]:
    """Return the keys of a source's block: name, whether it must be given, default, meaning."""
    schema = kinds()[kind].block_type.model_json_schema()
    required = set(schema.get("required", ()))
    return [
        {
            "name": key,
            "required": key in required,
            "default": value.get("default", ""),
            "doc": value.get("description", ""),
        }
        for key, value in schema["properties"].items()
    ]


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
