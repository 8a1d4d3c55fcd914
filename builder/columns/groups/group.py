"""What a group of columns is: a function of other columns of its row, kept and made again by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.columns.groups.batch import Batch
from builder.schema import Row

if TYPE_CHECKING:
    import pyarrow as pa

    from builder.columns.settings import ColumnSettings


Pieces = Mapping[str, tuple[str, tuple[str, ...]]]
"""Parts of the settings by name: the digest of each, and words in match form (`builder.text`). A row can depend on a
piece only where its text or title holds one of them; on the piece named ALL_ROWS every row depends."""

ALL_ROWS = ""


def _no_helpers() -> list[pa.Field]:
    return []


@dataclass(frozen=True, slots=True)
class Group:
    """Columns that are made together. The values of a row follow from its base and the settings alone.

    `columns` names them for each table. `fill` takes the table and rows that have the base, and returns them for each.
    `asks` returns the part of the settings that counts, as text: the columns are made again when it changes, or when
    the code of `module` does. `pieces`, where a group has it, returns the same in pieces: a row that no changed piece
    concerns keeps its values. `helpers` are Arrow fields of "_" columns. With `reads_all` the columns of the groups
    before it are read as well as the base.
    """

    name: str
    module: str
    columns: Mapping[str, tuple[str, ...]]
    fill: Callable[[str, Batch, ColumnSettings], list[Row]]
    asks: Callable[[ColumnSettings], str]
    pieces: Callable[[ColumnSettings], Pieces] | None = None
    helpers: Callable[[], list[pa.Field]] = _no_helpers
    reads_all: bool = False
