"""The signals about a document as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from builder.columns.groups.batch import Batch
from builder.columns.groups.group import Group
from builder.columns.quality import Quality, qualities
from builder.columns.record import BIDI_CONTROLS
from builder.columns.rounding import f32
from builder.schema import Row

if TYPE_CHECKING:
    from builder.columns.settings import ColumnSettings


def _fill(_table: str, batch: Batch, _settings: ColumnSettings) -> list[Row]:
    measured = qualities(batch.texts, batch.folded, batch.folded_words, batch.word_hashes)
    return list(map(_row, batch.rows, measured))


def _row(row: Row, measured: Quality) -> Row:
    signals: dict[str, Any] = {name: getattr(measured, name) for name in Quality.__slots__ if name != "words"}
    rounded = {name: f32(value) if isinstance(value, float) else value for name, value in signals.items()}
    return {"quality": {**rounded, "bidi_controls": row[BIDI_CONTROLS]}}


QUALITY = Group("quality", __name__, {"documents": ("quality",)}, _fill, lambda _: "")
