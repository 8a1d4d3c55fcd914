"""The word lists that ship in builder/data/words, each read once."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from builder.text import fold_text


@lru_cache(maxsize=16)
def word_list(name: str) -> frozenset[str]:
    """Return the words of builder/data/words/NAME.txt in the match form; lines that begin with # are notes.

    Raises FileNotFoundError when no list has that name.
    """
    text = (Path(str(files("builder"))) / "data" / "words" / f"{name}.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return frozenset(fold_text(word) for line in lines for word in line.split())
