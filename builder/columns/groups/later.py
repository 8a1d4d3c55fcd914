"""The columns of `builder.columns.later`: each may read all others, so they are filled last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.columns.groups.batch import Batch
from builder.columns.groups.group import Group
from builder.columns.later import COMMENTS, DOCUMENTS
from builder.schema import Row

if TYPE_CHECKING:
    from builder.columns.settings import ColumnSettings

_TABLES = {"documents": DOCUMENTS, "comments": COMMENTS}


def _fill(table: str, batch: Batch, _settings: ColumnSettings) -> list[Row]:
    return [{name: column(row) for name, column in _TABLES[table].items()} for row in batch.rows]


LATER = Group(
    "later",
    __name__,
    {table: tuple(columns) for table, columns in _TABLES.items() if columns},
    _fill,
    lambda _: "",
    reads_all=True,
)
