"""Columns that came after schema version 1: one pure function each, of a row that has those of version 1.

A column is filled where the schema that is built has it, so that older versions still build. How to add one:
CONTRIBUTING.md, "How to add a column".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from builder.schema import Row

Column = Callable[[Row], object]

DOCUMENTS: Mapping[str, Column] = {}
COMMENTS: Mapping[str, Column] = {}
