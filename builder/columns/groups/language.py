"""The language of a text with every vote, and the words of it that belong to one region's speech."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.columns.dialect import dialect_markers
from builder.columns.groups.batch import Batch
from builder.columns.groups.group import Group
from builder.columns.language import Language, detect_languages
from builder.columns.rounding import f32
from builder.schema import Row

if TYPE_CHECKING:
    from builder.columns.settings import ColumnSettings

_COLUMNS = ("lang", "lang_votes", "arabic_share", "arabizi", "dialect_markers")


def _fill(_table: str, batch: Batch, settings: ColumnSettings) -> list[Row]:
    return list(map(_row, batch.folded_words, detect_languages(batch.texts, cld2=settings.cld2)))


def _row(folded_words: list[str], language: Language) -> Row:
    share = language.langdetect_share
    return {
        "lang": language.lang,
        "lang_votes": {
            "letters": language.letters,
            "langdetect": language.langdetect,
            "langdetect_share": None if share is None else f32(share),
            "cld2": language.cld2,
        },
        "arabic_share": f32(language.arabic_share),
        "arabizi": language.arabizi,
        "dialect_markers": dialect_markers(folded_words) if language.lang == "ar" else [],
    }


LANGUAGE = Group(
    "language",
    __name__,
    {"documents": _COLUMNS, "comments": _COLUMNS},
    _fill,
    lambda settings: f"cld2 {settings.cld2}",
)
