"""Whole rows: the base that a record gives, and every group of columns that follows from it."""

from __future__ import annotations

from builder.columns.groups import PUBLIC, groups_of
from builder.columns.groups.batch import Batch
from builder.columns.record import comment_base, document_base, fill_word_counts
from builder.columns.settings import ColumnSettings
from builder.model import CaptureRef, Comment, Document, Signal
from builder.schema import Row, load_schema

FIRST_VERSION = 1
"""Version of the schema whose columns the functions here fill; `builder.columns.later` has those that came after."""


def document_row(
    document: Document, ref: CaptureRef, signals: tuple[Signal, ...], settings: ColumnSettings
) -> Row:
    """Return the row of one document. The near-duplicate columns stand for a cluster of one, to be overwritten.

    `signals` are the opt-outs found beside those of the capture and of the document itself.
    Raises UsageError when the recipe asks for a voter that is not installed.
    """
    return _whole("documents", document_base(document, ref, signals, settings), settings)


def comment_row(
    comment: Comment, ref: CaptureRef, settings: ColumnSettings, *, root_key: str | None = None
) -> Row:
    """Return the row of one comment; the name of who wrote it never stands in it.

    `root_key` is the key of the first comment of its branch, where known (`root_keys`).
    Raises UsageError when the recipe asks for a voter that is not installed.
    """
    return _whole("comments", comment_base(comment, ref, settings, root_key=root_key), settings)


def _whole(table: str, row: Row, settings: ColumnSettings) -> Row:
    """Return a row with all groups, in the order of the schema and without helpers."""
    fill_word_counts([row])
    for group in groups_of(table, PUBLIC):
        row |= group.fill(table, Batch([row]), settings)[0]
    return {name: row[name] for name in load_schema(table, FIRST_VERSION).names}
