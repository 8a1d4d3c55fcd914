"""The columns of one group for one part of rows: made, or taken over from what another fingerprint left.

A group that changed is made again from the few columns it reads. Where only its settings changed, a row that does not
depend on what changed keeps its values: another platform in the lexicon concerns the texts that can name it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from builder.columns.groups import GROUPS, Group
from builder.columns.settings import ColumnSettings
from builder.engine import Engine, Failure
from builder.schema import Row
from builder.stages import nearby
from builder.stages.layout import NEEDS, Layout, group_code
from builder.stages.nearby import run_nearby
from builder.stages.parts import StoredRows, of_columns, part_table
from builder.stages.store import write_parquet

if TYPE_CHECKING:
    import pyarrow as pa


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
                rows = StoredRows(files if group.reads_all else [base])
                write_parquet(path, self._again(group, task.table, base.name, rows))
            files.append(path)
        return task.part

    def _again(self, group: Group, table: str, part: str, rows: StoredRows) -> pa.Table:
        """Return the columns of a group for the rows of a part: those of old that still hold, and the rest anew."""
        import pyarrow as pa

        if group.needs is None:
            return self.table(group, table, [self.fill(group, table, row) for row in rows])
        asked = [self.needs(group, row) for row in rows]
        places: list[int | None] = [None] * len(asked)
        tables: list[pa.Table] = []
        end = 0
        for old in self._left(group, table, part, len(asked)):
            for place, theirs in enumerate(old.column(NEEDS).to_pylist()):
                if places[place] is None and asked[place] == theirs:
                    places[place] = end + place
            tables.append(old)
            end += old.num_rows
        fresh = [place for place, taken in enumerate(places) if taken is None]
        every = list(rows)
        tables.append(self.table(group, table, [self.fill(group, table, every[place]) for place in fresh]))
        for number, place in enumerate(fresh):
            places[place] = end + number
        return pa.concat_tables(tables).take(pa.array(places, pa.int64()))

    def _left(self, group: Group, table: str, part: str, rows: int) -> Iterator[pa.Table]:
        """Yield what other fingerprints left of a part."""
        import pyarrow.parquet as pq

        expected = self.table(group, table, []).schema
        for path in sorted(self.layout.group_folder(group).glob(f"*/{table}/{part}")):
            old = pq.ParquetFile(path).read()
            if old.schema.equals(expected) and old.num_rows == rows:
                yield old

    def fill(self, group: Group, table: str, row: Row) -> Row:
        """Return the values of a group in a row, and what they depend on."""
        values = group.fill(table, row, self.settings)
        wanted = {field.name for field in self.layout.columns(group, table)}
        found = {name: value for name, value in values.items() if name in wanted or name[0] == "_"}
        return found | {NEEDS: self.needs(group, row)} if group.needs else found

    def needs(self, group: Group, row: Row) -> bytes:
        """Return a digest of all that the values of a group in a row depend on, beside the row's own name."""
        assert group.needs is not None
        digest = hashlib.blake2b(_context(self.layout.base, group.name), digest_size=12)
        digest.update(group.needs(row, self.settings))
        return digest.digest()

    def table(self, group: Group, table: str, rows: Sequence[Row]) -> pa.Table:
        """Return the part of a group.

        Raises SchemaError when a row does not fit.
        """
        import pyarrow as pa

        helpers = [*group.helpers(), *([pa.field(NEEDS, pa.binary())] if group.needs else [])]
        schema = of_columns(self.layout.schema(table), self.layout.columns(group, table))
        return part_table(schema, helpers, rows)


@lru_cache(maxsize=16)
def _context(base: str, name: str) -> bytes:
    """Return what the values of a group depend on in every row."""
    (group,) = (group for group in GROUPS if group.name == name)
    return f"{base} {group_code(group)}".encode()


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
