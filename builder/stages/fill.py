"""The columns of one group for one part of rows: made, or taken over from what another fingerprint left.

A group that changed is made again from the few columns it reads. Where only its settings changed, a row that does not
depend on what changed keeps its values: another platform in the lexicon concerns the texts that can name it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from builder.columns.groups import GROUPS, Group
from builder.columns.groups.batch import Batch, batches
from builder.columns.settings import ColumnSettings
from builder.engine import Engine, Failure
from builder.schema import Row, Schema
from builder.stages import nearby
from builder.stages.layout import Layout, group_code
from builder.stages.nearby import run_nearby
from builder.stages.parts import StoredRows, of_columns, part_table
from builder.stages.reach import changed_words, remember, rows_with
from builder.stages.store import write_parquet

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Filling:
    """One group of columns of one table: what all rows have in common is settled once and not for each of them.

    `names` are the columns that are kept of what the group gives.
    """

    group: Group
    table: str
    settings: ColumnSettings
    schema: Schema
    names: frozenset[str]

    @classmethod
    def of(cls, layout: Layout, group: Group, table: str, settings: ColumnSettings) -> Filling:
        """Settle which columns of a group the schema that is built has."""
        schema = of_columns(layout.schema(table), layout.columns(group, table))
        names = frozenset((*schema.names, *(field.name for field in group.helpers())))
        return cls(group, table, settings, schema, names)

    def fill(self, batch: Batch) -> list[Row]:
        """Return the values of the group in each row."""
        rows = self.group.fill(self.table, batch, self.settings)
        if all(row.keys() <= self.names for row in rows[:1]):
            return rows
        return [{name: value for name, value in row.items() if name in self.names} for row in rows]

    def part(self, rows: Sequence[Row]) -> pa.Table:
        """Return the group's columns of some rows.

        Raises SchemaError when a row does not fit.
        """
        return part_table(self.schema, self.group.helpers(), rows)


@dataclass(frozen=True, slots=True)
class FillPart:
    """Make the groups of one part that are not there."""

    table: str
    part: str


@dataclass(frozen=True, slots=True)
class Filler:
    """The function over parts that lack a group."""

    layout: Layout
    settings: ColumnSettings
    warm: ClassVar[str] = f"{nearby.__name__}:warm_up"

    def __call__(self, task: FillPart) -> str:
        """Write every group of a part that is not there; return the part."""
        base = Path(task.part)
        files = [base]
        for group in self.layout.groups_of(task.table):
            path = self.layout.group_part(group, task.table, base.name)
            if not path.exists():
                filling = Filling.of(self.layout, group, task.table, self.settings)
                rows = StoredRows(files if group.reads_all else [base])
                write_parquet(path, self._again(filling, base, rows))
            files.append(path)
        return task.part

    def _again(self, filling: Filling, base: Path, rows: StoredRows) -> pa.Table:
        """Return the columns of a group for the rows of a part: those of old that still hold, and the rest anew."""
        import numpy as np
        import pyarrow as pa

        places = np.full(len(rows), _NOWHERE)
        tables: list[pa.Table] = []
        end = 0
        for old, reached in self._left(filling, base, len(rows)):
            held = ~reached & (places == _NOWHERE)
            places[held] = end + np.flatnonzero(held)
            tables.append(old)
            end += old.num_rows
        fresh = places == _NOWHERE
        again = (row for row, new in zip(rows, fresh, strict=True) if new)
        tables.append(filling.part([row for batch in batches(again) for row in filling.fill(batch)]))
        places[fresh] = end + np.arange(fresh.sum())
        return pa.concat_tables(tables).take(pa.array(places))

    def _left(
        self, filling: Filling, base: Path, rows: int
    ) -> Iterator[tuple[pa.Table, npt.NDArray[np.bool_]]]:
        """Yield what other fingerprints left of a part, and which of its rows the change reaches."""
        import pyarrow.parquet as pq

        now = self.layout.group_now(filling.group)
        expected = filling.part([]).schema
        for path in sorted(self.layout.group_folder(filling.group).glob(f"*/{filling.table}/{base.name}")):
            words = changed_words(path.parent.parent, now)
            if words is None:
                continue
            old = pq.ParquetFile(path).read()
            if old.schema.equals(expected) and len(old) == rows:
                yield old, rows_with(base, words)


def fill_missing(layout: Layout, settings: ColumnSettings, tables: Iterable[str], engine: Engine) -> None:
    """Make the groups that stored parts lack. A part of which one cannot be made is deleted: its rows are then new."""
    _remember(layout, settings)
    tasks = [FillPart(table, str(part)) for table in tables for part in _lacking(layout, table)]
    for task, outcome in run_nearby(Filler(layout, settings), tasks, engine, _bytes(tasks)):
        if isinstance(outcome, Failure):
            Path(task.part).unlink(missing_ok=True)


def _remember(layout: Layout, settings: ColumnSettings) -> None:
    """Write down what groups are made with, for those that take their settings apart."""
    for group in GROUPS:
        if group.pieces is not None:
            context = f"{layout.base} {group_code(group)}"
            remember(layout.group_now(group), context, partial(group.pieces, settings))


def _lacking(layout: Layout, table: str) -> Iterator[Path]:
    folders = [layout.group_part(group, table, "part").parent for group in layout.groups_of(table)]
    there = [{path.name for path in folder.glob("part-*.parquet")} for folder in folders]
    for part in layout.store(table).parts():
        if any(part.name not in names for names in there):
            yield part


def _bytes(tasks: Iterable[FillPart]) -> int:
    return sum(Path(task.part).stat().st_size for task in tasks)
