"""The columns of one group for one part of rows: made, or taken over from what another fingerprint left.

A group that changed is made again from the few columns it reads. Where only its settings changed, a row that does not
depend on what changed keeps its values: another platform in the lexicon concerns the texts that can name it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from builder.columns.groups import Group
from builder.columns.settings import ColumnSettings
from builder.engine import Engine, Failure
from builder.schema import Row, Schema
from builder.stages import nearby
from builder.stages.layout import NEEDS, Layout, group_code
from builder.stages.nearby import run_nearby
from builder.stages.parts import StoredRows, of_columns, part_table
from builder.stages.store import write_parquet

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Filling:
    """One group of columns of one table: what all rows have in common is settled once and not for each of them.

    `names` are the columns that are kept of what the group gives, `context` what its values depend on in every row.
    """

    group: Group
    table: str
    settings: ColumnSettings
    schema: Schema
    names: frozenset[str]
    context: bytes

    @classmethod
    def of(cls, layout: Layout, group: Group, table: str, settings: ColumnSettings) -> Filling:
        """Settle which columns of a group the schema that is built has."""
        schema = of_columns(layout.schema(table), layout.columns(group, table))
        names = frozenset((*schema.names, *(field.name for field in group.helpers())))
        context = f"{layout.base} {group_code(group)}".encode() if group.needs else b""
        return cls(group, table, settings, schema, names, context)

    def fill(self, row: Row) -> Row:
        """Return the values of the group in a row, and what they depend on."""
        values = self.group.fill(self.table, row, self.settings)
        found = {name: value for name, value in values.items() if name in self.names}
        return found | {NEEDS: self.needs(row)} if self.group.needs else found

    def needs(self, row: Row) -> bytes:
        """Return a digest of all that the values of the group in a row depend on, beside the row's own name."""
        assert self.group.needs is not None
        digest = hashlib.blake2b(self.context, digest_size=12)
        digest.update(self.group.needs(row, self.settings))
        return digest.digest()

    def part(self, rows: Sequence[Row]) -> pa.Table:
        """Return the group's columns of some rows.

        Raises SchemaError when a row does not fit.
        """
        import pyarrow as pa

        needs = [pa.field(NEEDS, pa.binary())] if self.group.needs else []
        return part_table(self.schema, [*self.group.helpers(), *needs], rows)


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
                write_parquet(path, self._again(filling, base.name, rows))
            files.append(path)
        return task.part

    def _again(self, filling: Filling, part: str, rows: StoredRows) -> pa.Table:
        """Return the columns of a group for the rows of a part: those of old that still hold, and the rest anew."""
        import pyarrow as pa

        if filling.group.needs is None:
            return filling.part([filling.fill(row) for row in rows])
        asked = [filling.needs(row) for row in rows]
        places: list[int | None] = [None] * len(asked)
        tables: list[pa.Table] = []
        end = 0
        for old in self._left(filling, part, len(asked)):
            for place, theirs in enumerate(old.column(NEEDS).to_pylist()):
                if places[place] is None and asked[place] == theirs:
                    places[place] = end + place
            tables.append(old)
            end += old.num_rows
        fresh = [place for place, taken in enumerate(places) if taken is None]
        every = list(rows)
        tables.append(filling.part([filling.fill(every[place]) for place in fresh]))
        for number, place in enumerate(fresh):
            places[place] = end + number
        return pa.concat_tables(tables).take(pa.array(places, pa.int64()))

    def _left(self, filling: Filling, part: str, rows: int) -> Iterator[pa.Table]:
        """Yield what other fingerprints left of a part."""
        import pyarrow.parquet as pq

        expected = filling.part([]).schema
        for path in sorted(self.layout.group_folder(filling.group).glob(f"*/{filling.table}/{part}")):
            old = pq.ParquetFile(path).read()
            if old.schema.equals(expected) and old.num_rows == rows:
                yield old


def fill_missing(layout: Layout, settings: ColumnSettings, tables: Iterable[str], engine: Engine) -> None:
    """Make the groups that stored parts lack. A part of which one cannot be made is deleted: its rows are then new."""
    tasks = [FillPart(table, str(part)) for table in tables for part in _lacking(layout, table)]
    for task, outcome in run_nearby(Filler(layout, settings), tasks, engine, _bytes(tasks)):
        if isinstance(outcome, Failure):
            Path(task.part).unlink(missing_ok=True)


def _lacking(layout: Layout, table: str) -> Iterator[Path]:
    folders = [layout.group_part(group, table, "part").parent for group in layout.groups_of(table)]
    there = [{path.name for path in folder.glob("part-*.parquet")} for folder in folders]
    for part in layout.store(table).parts():
        if any(part.name not in names for names in there):
            yield part


def _bytes(tasks: Iterable[FillPart]) -> int:
    return sum(Path(task.part).stat().st_size for task in tasks)
