"""The computed columns: one pure function each, and the functions that fill a whole row.

Order inside a row: storage form, privacy masks, mentions on the final text, relevance, quality, language. What
a row holds depends on the record, its capture and the settings only.

Names are loaded when they are first used (PEP 562): a build without news asks for a pseudonym's key and no column.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from builder.columns.record import root_keys
    from builder.columns.row import comment_row, document_row
    from builder.columns.settings import ColumnSettings

__all__ = ["ColumnSettings", "comment_row", "document_row", "root_keys"]


_HOMES = {"ColumnSettings": "settings", "comment_row": "row", "document_row": "row", "root_keys": "record"}


def __getattr__(name: str) -> object:
    """Load a public name from its module. Raises AttributeError when there is no such name."""
    if name not in _HOMES:
        raise AttributeError(f"module 'builder.columns' has no attribute {name!r}")
    return getattr(importlib.import_module(f"builder.columns.{_HOMES[name]}"), name)
