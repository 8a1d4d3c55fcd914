"""Stage 5: documents and comments become rows, rows are judged; both are kept by what they depend on.

A batch holds what stands of some captures. Its worker applies the host's templates, names each row by a digest of
all it is made from, makes the rows that are not in the store, and judges them on the spot. A changed group of columns
is filled again in the stored rows, a changed rule judges them again: neither makes a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import ClassVar, NamedTuple

from builder.columns.groups.batch import Batch, batches
from builder.columns.record import base_row, fill_word_counts
from builder.columns.settings import ColumnSettings
from builder.engine import Engine, Failure
from builder.model import CaptureRef, Comment, Document, Extraction, Reason
from builder.recipe import RecipeModel
from builder.schema import Row
from builder.stages import nearby
from builder.stages.codec import decode
from builder.stages.fill import Filling
from builder.stages.judging import judge, write_verdicts
from builder.stages.keys import TABLES, Named, Namer, Standing, standing_records, table_of
from builder.stages.layout import Layout, base_helpers
from builder.stages.nearby import BATCH
from builder.stages.parts import part_table, with_text_bytes
from builder.stages.rejects import rejected_record
from builder.stages.store import KEY, Store, write_parquet
from builder.urls import stable_id

CAPTURES_MAX, CAPTURES_MIN = 128, 32
"""Captures of the first batches and of the last: to write the parts of a batch costs as much as eight captures. With
256 a build of two workers took 60 MB more."""
LAST_SHARE = 4
"""A batch holds no more than this part of the captures that are left, so that no worker ends long after another."""


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Some captures whose records are to become rows."""

    captures: tuple[Standing, ...]

    def split(self) -> list[RowBatch]:
        """Return a batch for each capture."""
        return [RowBatch((capture,)) for capture in self.captures]


class NamedRows(NamedTuple):
    """The keys of the rows that one capture gave; `whole` is False where a record of it has none."""

    names: str
    documents: list[str]
    comments: list[str]
    whole: bool

    def keys(self, table: str) -> list[str]:
        """Return the keys of one table."""
        return self.documents if table == "documents" else self.comments


class Made(NamedTuple):
    """What a batch gave: the rows of each capture by their keys, and rejected rows of records that have none."""

    captures: list[NamedRows]
    rejected: list[Row]


@dataclass(frozen=True, slots=True)
class RowMaker:
    """The function over batches. `known` is a file of the sorted keys of all rows in the stores."""

    settings: ColumnSettings
    model: RecipeModel
    namer: Namer
    known: str
    layout: Layout
    warm: ClassVar[str] = f"{nearby.__name__}:warm_up"

    def __call__(self, batch: RowBatch) -> Made:
        """Make and judge the rows of a batch that are not known, write them to the stores, return the keys of all."""
        made = Made([], [])
        known = _Known(self.known)
        named: dict[str, list[Named]] = {table: [] for table in TABLES}
        for capture in batch.captures:
            given = NamedRows(capture.names, [], [], whole=True)
            for record in self.namer.records(capture):
                if record.refused is not None:
                    made.rejected.append(rejected(record.record, record.ref, record.refused))
                    given = given._replace(whole=False)
                    continue
                given.keys(record.table).append(record.key)
                named[record.table].append(record)
            made.captures.append(given)
        for table, records in named.items():
            if fresh := known.without(records):
                self._make(table, fresh)
        return made

    def _make(self, table: str, records: Sequence[Named]) -> None:
        """Make rows, and write their base, their groups and their verdicts: in this order, all after the base."""
        judged = self.layout.judged_groups(table)
        fillings = [
            Filling.of(self.layout, group, table, self.settings) for group in self.layout.groups_of(table)
        ]
        bases = [
            base_row(record.record, record.ref, record.signals, self.settings, record.root)
            | {KEY: record.key}
            for record in records
        ]
        filled: list[list[Row]] = [[] for _ in fillings]
        reasons = []
        for batch in batches(bases):
            fill_word_counts(batch.rows)
            made: list[list[Row]] = []
            for filling in fillings:
                given = Batch(_merged(batch, made)) if filling.group.reads_all else batch
                made.append(filling.fill(given))
            for rows, more in zip(filled, made, strict=True):
                rows += more
            seen = [rows for filling, rows in zip(fillings, made, strict=True) if filling.group in judged]
            reasons += [judge(table, row, self.model) for row in _merged(batch, seen)]
        base = part_table(self.layout.base_columns(table), base_helpers(table), bases)
        part = self.layout.store(table).add(with_text_bytes(base))
        for filling, rows in zip(fillings, filled, strict=True):
            path = self.layout.group_part(filling.group, table, part.name)
            write_parquet(path, filling.part(rows))
        write_verdicts(self.layout.verdicts(table) / part.name, reasons)


def _merged(batch: Batch, groups: Iterable[list[Row]]) -> list[Row]:
    """Return the rows of a batch with the columns of some groups."""
    rows: list[Row] = list(map(dict, batch.rows))
    for group in groups:
        for row, values in zip(rows, group, strict=True):
            row.update(values)
    return rows


class _Known:
    """The keys of all stored rows: a sorted file that every worker maps and none copies."""

    def __init__(self, path: str) -> None:
        import numpy as np

        self._keys = np.load(path, mmap_mode="r")

    def without(self, records: Sequence[Named]) -> list[Named]:
        """Return the records whose rows are not stored."""
        import numpy as np

        wanted = np.array([record.key for record in records], self._keys.dtype)
        ends = (np.searchsorted(self._keys, wanted, side) for side in ("left", "right"))
        return [record for record, low, high in zip(records, *ends, strict=True) if low == high]


def write_known(path: Path, stores: Iterable[Store]) -> None:
    """Write the sorted keys of the stores as the file that `RowMaker` reads."""
    import numpy as np

    keys = np.concatenate([np.asarray(store.keys().to_pylist(), dtype="S32") for store in stores])
    np.save(path, np.sort(keys))


def rejected(record: Document | Comment, ref: CaptureRef, reason: Reason) -> Row:
    """Return the rejected row of a record that has no row of its own."""
    identity = stable_id(record.key)
    return rejected_record(table_of(record), identity, record.url, record.title, ref, [reason])


def batched(captures: Iterable[Standing], count: int) -> Iterator[RowBatch]:
    """Yield `count` captures in batches that become smaller towards the end, whatever the number of workers."""
    every = iter(captures)
    left = count
    while batch := tuple(islice(every, max(CAPTURES_MIN, min(CAPTURES_MAX, left // LAST_SHARE)))):
        left -= len(batch)
        yield RowBatch(batch)


def make_rows(
    maker: Callable[[RowBatch], Made], batches: Iterable[RowBatch], engine: Engine
) -> Iterator[Made]:
    """Run the maker over all batches. A batch that fails as a whole is run again capture by capture."""
    broken: list[RowBatch] = []
    for task, outcome in engine.run(maker, batches, BATCH):
        if isinstance(outcome, Failure):
            broken.append(task)
        else:
            yield outcome
    singles = [single for batch in broken for single in batch.split()]
    for task, outcome in engine.run(maker, singles, BATCH):
        yield _lost(task, outcome) if isinstance(outcome, Failure) else outcome


def _lost(task: RowBatch, failure: Failure) -> Made:
    """Return what is left of a capture whose rows cannot be made: rejected rows."""
    capture = task.captures[0]
    ref, found = decode(CaptureRef, capture.ref.encode()), decode(Extraction, capture.extraction)
    reason = Reason("columns", failure.kind, failure.detail)
    return Made([], [rejected(record, ref, reason) for record in standing_records(capture, found)])


def source_facts(settings: ColumnSettings) -> Mapping[str, str]:
    """Return what the recipe says of each source, as text that its rows' keys depend on."""
    return {name: repr(facts) for name, facts in settings.sources}
