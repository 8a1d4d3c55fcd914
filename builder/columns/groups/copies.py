"""What the search for copies compares of a document: helper columns that reach no release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.columns.groups.batch import Batch
from builder.columns.groups.group import Group
from builder.dedup import fingerprint_of, helper_fields
from builder.schema import Row

if TYPE_CHECKING:
    from builder.columns.settings import ColumnSettings


def _fill(table: str, batch: Batch, settings: ColumnSettings) -> list[Row]:
    assert table == "documents"
    return [
        fingerprint_of(found, hashes, settings.copies).columns()
        for found, hashes in zip(batch.folded_words, batch.word_hashes, strict=True)
    ]


def _asks(settings: ColumnSettings) -> str:
    """Return the size of the signature; how alike two texts must be is asked of the clusters alone."""
    block = settings.copies
    return "default" if block is None else f"{block.near} {block.bands} {block.rows_per_band}"


COPIES = Group("copies", __name__, {"documents": ()}, _fill, _asks, helpers=helper_fields)
