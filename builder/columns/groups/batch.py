"""Some rows whose groups of columns are filled together, and what several groups ask of their texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from builder.schema import Row
from builder.texts import fold_texts, word_hashes, words_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    U64 = npt.NDArray[np.uint64]

CHARS_MAX = 1 << 19
"""Code points of text in one batch, unless one row has more: arrays over them take a few MB."""


class Batch:
    """Rows that have their base. What is asked of their texts is made for all at once, when it is first asked for."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows

    @cached_property
    def texts(self) -> list[str]:
        """The text of each row."""
        return [row["text"] for row in self.rows]

    @cached_property
    def folded(self) -> list[str]:
        """The match form of each text."""
        return fold_texts(self.texts)

    @cached_property
    def folded_words(self) -> list[list[str]]:
        """The words of the match form of each text."""
        return words_of(self.folded)

    @cached_property
    def word_hashes(self) -> list[U64]:
        """A hash of each of these words."""
        return list(map(word_hashes, self.folded_words))


def batches(rows: Iterable[Row]) -> Iterator[Batch]:
    """Yield rows in batches, in order."""
    held: list[Row] = []
    chars = 0
    for row in rows:
        chars += len(row["text"])
        if held and chars > CHARS_MAX:
            yield Batch(held)
            held, chars = [], len(row["text"])
        held.append(row)
    if held:
        yield Batch(held)
