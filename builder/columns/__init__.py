"""The computed columns: one pure function each, and the functions that fill a whole row.

Order inside a row: storage form, privacy masks, mentions on the final text, relevance, quality, language. What
a row holds depends on the record, its capture and the settings only.
"""

from __future__ import annotations

from builder.columns.record import root_keys
from builder.columns.row import comment_row, document_row
from builder.columns.settings import ColumnSettings

__all__ = ["ColumnSettings", "comment_row", "document_row", "root_keys"]
