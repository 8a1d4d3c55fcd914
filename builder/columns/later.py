"""Columns that came after schema version 1: one pure function each, of a row that has those of version 1.

A column is filled where the schema that is built has it, so that older versions still build. How to add one:
CONTRIBUTING.md, "A new column".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from builder.schema import Row, Schema

Column = Callable[[Row], object]

DOCUMENTS: Mapping[str, Column] = {}
COMMENTS: Mapping[str, Column] = {}
_TABLES = {"documents": DOCUMENTS, "comments": COMMENTS}


def with_later(row: Row, schema: Schema) -> Row:
    """Return the row with each later column that the schema has."""
    later = _TABLES[schema.name]
    return row | {name: later[name](row) for name in schema.names if name in later}
