"""What a text and its title name, and how much the text is about it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from builder.columns.candidates import sign_words
from builder.columns.groups.batch import Batch
from builder.columns.groups.group import ALL_ROWS, Group, Pieces
from builder.columns.platforms import Found, Matcher, Mention
from builder.columns.relevance import Relevance, score
from builder.columns.rounding import f32
from builder.schema import Row

if TYPE_CHECKING:
    from builder.columns.settings import ColumnSettings

_COMMENTS = ("about_platforms", "mentions")
_DOCUMENTS = (*_COMMENTS, "concepts", "relevance", "relevance_parts")


def _fill(table: str, batch: Batch, settings: ColumnSettings) -> list[Row]:
    matcher = settings.matcher()
    whole = table == "documents"
    pairs = zip(batch.rows, batch.folded, strict=True)
    return [_row(row, folded, matcher, whole=whole) for row, folded in pairs]


def _row(row: Row, folded: str, matcher: Matcher, *, whole: bool) -> Row:
    found = matcher.find(row["text"], folded, concepts=whole)
    in_title = matcher.find(row["title"], zone="title", concepts=whole) if row["title"] else Found()
    about = _about(found, in_title)
    if not whole:
        return about
    concepts = {hit.concept for hit in (*in_title.concepts, *found.concepts)}
    return {
        **about,
        "concepts": sorted(concepts),
        **_relevance(score(row["text"], found, in_title, row["title"] or "", row["word_count"])),
    }


def _about(found: Found, in_title: Found) -> Row:
    topics = [m.platform for m in (*in_title.mentions, *found.mentions) if m.role == "topic"]
    return {
        "about_platforms": list(dict.fromkeys(topics)),
        "mentions": [_mention(mention) for mention in (*in_title.mentions, *found.mentions)],
    }


def _mention(mention: Mention) -> Row:
    return {name: getattr(mention, name) for name in Mention.__slots__ if name != "stance"}


def _relevance(relevance: Relevance) -> Row:
    parts = {name: f32(getattr(relevance, name)) for name in Relevance.__slots__}
    return {"relevance": f32(relevance.total), "relevance_parts": parts}


def _asks(settings: ColumnSettings) -> str:
    return repr(settings.lexicon)


def _pieces(settings: ColumnSettings) -> Pieces:
    """Return the lexicon in pieces: each platform with the words of its names, and what they all share."""
    lexicon = settings.lexicon
    common = replace(lexicon, entities=(), name="", version=0)
    named = {entity.id: (_digest(entity), sign_words(entity)) for entity in lexicon.entities}
    return {ALL_ROWS: (_digest(common), ()), **named}


def _digest(value: object) -> str:
    return hashlib.blake2b(repr(value).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


PLATFORMS = Group(
    "platforms", __name__, {"documents": _DOCUMENTS, "comments": _COMMENTS}, _fill, _asks, _pieces
)
