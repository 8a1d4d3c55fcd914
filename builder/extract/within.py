"""Which of many texts stand in one long text, at a cost that grows with their length and not with its square."""

from __future__ import annotations

from collections.abc import Collection, Iterator

MIN_CHARS = 12
"""Shortest text that is looked for, and length of the pieces by which texts are looked for."""

MOST_SEARCHES = 200
"""So many texts are searched for one by one, each through the whole long text: faster than its pieces, while few."""

MOST_PLACES = 40
"""A piece that stands at more places than this tells little: the text is searched for instead."""


def standing_within(whole: str, texts: Collection[str]) -> set[str]:
    """Return those of some texts, each of at least `MIN_CHARS` characters, that stand in `whole`."""
    if len(texts) <= MOST_SEARCHES:  # the search for a beginning is faster than that for all
        return {text for text in texts if text[:MIN_CHARS] in whole and text in whole}
    places = _places(whole, {piece for text in texts for _, piece in _pieces(text)})
    return {text for text in texts if _stands(text, whole, places)}


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Yield the pieces of a text with their places in it: one behind the other, and the one that ends it."""
    last = len(text) - MIN_CHARS
    for start in (*range(0, last, MIN_CHARS), last):
        yield start, text[start : start + MIN_CHARS]


def _places(whole: str, pieces: set[str]) -> dict[str, list[int]]:
    """Return where in `whole` each of some pieces begins, in one walk through it."""
    found: dict[str, list[int]] = {}
    for start in range(len(whole) - MIN_CHARS + 1):
        piece = whole[start : start + MIN_CHARS]
        if piece in pieces:
            found.setdefault(piece, []).append(start)
    return found


def _stands(text: str, whole: str, places: dict[str, list[int]]) -> bool:
    """Return whether a text stands in `whole`, by the piece of it that is the rarest there."""
    start, piece = min(_pieces(text), key=lambda part: len(places.get(part[1], ())))
    at = places.get(piece, ())
    if len(at) > MOST_PLACES:
        return text in whole
    return any(whole.startswith(text, place - start) for place in at if place >= start)
