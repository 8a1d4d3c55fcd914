"""How far a change of a group's settings reaches: the rows whose text holds a word of what changed.

What a group was made with lies beside its parts, in pieces (`builder.columns.groups.group`). Two such files tell which
pieces came, went or changed, and one pass over the raw texts tells which rows they can concern.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder.columns.groups.group import ALL_ROWS, Pieces
from builder.storage import write_json
from builder.text import raw_patterns

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SETTINGS = "settings.json"
_TEXTS = ("title", "text")


@dataclass(frozen=True, slots=True)
class _Made:
    """What the parts below a folder were made with: a digest of what every row depends on, and the pieces."""

    context: str
    pieces: Pieces


def remember(folder: Path, context: str, pieces: Callable[[], Pieces]) -> None:
    """Write what the parts below `folder` are made with, unless it stands there already.

    `context` is a digest of what every row depends on. Raises WorldError when the disk refuses.
    """
    if _read(folder) is None:
        write_json(folder / SETTINGS, {"context": context, "pieces": pieces()})


def changed_words(before: Path, now: Path) -> frozenset[str] | None:
    """Return the words of the pieces that differ between two folders; None when every row may be another.

    A folder that nothing was remembered of, or whose file is damaged, says nothing of its rows.
    """
    old, new = _read(before), _read(now)
    if old is None or new is None or old.context != new.context:
        return None
    was, are = old.pieces, new.pieces
    changed = {name for name in (*was, *are) if was.get(name) != are.get(name)}
    if ALL_ROWS in changed:
        return None
    return frozenset(word for side in (was, are) for name in changed & side.keys() for word in side[name][1])


def _read(folder: Path) -> _Made | None:
    """Return what was remembered of a folder; None where there is nothing, or something that `remember` wrote not."""
    try:
        found = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        pieces = {name: (str(digest), tuple(words)) for name, (digest, words) in found["pieces"].items()}
        return _Made(str(found["context"]), pieces)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def rows_with(part: Path, words: Iterable[str]) -> npt.NDArray[np.bool_]:
    """Return which rows of a base part can hold one of some words, in match form, in their text or title."""
    import numpy as np
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(part, memory_map=True) as file:
        names = [name for name in _TEXTS if name in file.schema_arrow.names]
        texts = file.read(columns=names, use_threads=False)
    found = np.zeros(texts.num_rows, np.bool_)
    for pattern in raw_patterns(words):
        for column in texts.columns:
            hits = pc.match_substring_regex(column, pattern)
            found |= pc.fill_null(hits, fill_value=False).to_numpy()
    return found
