"""Stage 5: documents and comments become rows, rows are judged; both are kept by what they depend on.

A batch holds what stands of some captures. Its worker applies the host's templates, names each row by a digest of
all it is made from, makes the rows that are not in the store, and judges them on the spot. A changed rule judges
the stored rows again and makes none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from builder.engine import Budget, Engine, Failure
from builder.errors import HiwarError
from builder.model import CaptureRef, Comment, Decision, Document, Extraction, Reason, Signal
from builder.recipe import RecipeModel
from builder.schema import Row, Schema, schema_at
from builder.stages.codec import decode, encode
from builder.stages.rejects import rejected_record
from builder.stages.store import KEY, Store, write_parquet
from builder.urls import stable_id

if TYPE_CHECKING:
    import pyarrow as pa

    from builder.columns import ColumnSettings
    from builder.extract.template import Template
    from builder.takedown import Takedowns

CAPTURES_PER_BATCH = 128
BATCH = Budget(cpu_s=60, memory_bytes=1024 << 20)
"""For one batch: columns take about 3 ms a document, so this is a hundred times what a batch needs."""

REASONS = "_reasons"


class Standing(NamedTuple):
    """What stands of one capture: key, encoded reference and extraction, places of documents and of comments."""

    key: str
    ref: str
    extraction: bytes
    documents: list[int]
    comments: list[int]


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Some captures whose records are to become rows."""

    captures: tuple[Standing, ...]

    def split(self) -> list[RowBatch]:
        """Return a batch for each capture."""
        return [RowBatch((capture,)) for capture in self.captures]


class Made(NamedTuple):
    """What a batch gave: keys of the rows of each table, and rejected rows of records that have none."""

    documents: list[str]
    comments: list[str]
    rejected: list[Row]

    def keys(self, table: str) -> list[str]:
        """Return the keys of one table."""
        return self.documents if table == "documents" else self.comments


@dataclass(frozen=True, slots=True)
class RowMaker:
    """The function over batches. `known` is a file of the sorted keys of all rows in the stores."""

    settings: ColumnSettings
    model: RecipeModel
    takedowns: Takedowns
    templates: Mapping[str, Template]
    known: str
    stores: Mapping[str, Store]
    verdicts: Mapping[str, str]
    warm: ClassVar[str] = f"{__name__}:warm_up"

    def __call__(self, batch: RowBatch) -> Made:
        """Make and judge the rows of a batch that are not known, write them to the stores, return the keys of all."""
        from builder.columns import root_keys

        made = Made([], [], [])
        rows: dict[str, list[tuple[str, Row]]] = {"documents": [], "comments": []}
        known = _Known(self.known)
        for capture in batch.captures:
            ref = decode(CaptureRef, capture.ref.encode())
            found = decode(Extraction, capture.extraction)
            roots = root_keys(found.comments)
            for record in _records(capture, found):
                root = roots.get(record.key)
                self._take(self._templated(record), ref, found.signals, root, known, made, rows)
        for table, fresh in rows.items():
            self._write(table, fresh)
        return made

    def _templated(self, record: Document | Comment) -> Document | Comment:
        if isinstance(record, Comment) or record.site not in self.templates:
            return record
        from builder.extract.template import apply

        return apply(record, self.templates[record.site])

    def _take(
        self,
        record: Document | Comment,
        ref: CaptureRef,
        signals: tuple[Signal, ...],
        root: str | None,
        known: _Known,
        made: Made,
        rows: dict[str, list[tuple[str, Row]]],
    ) -> None:
        """Account for one record: taken down, known, or made."""
        reason = self._taken_down(record)
        if reason is not None:
            made.rejected.append(rejected(record, ref, reason))
            return
        table = _table_of(record)
        key = row_key(record, ref, signals)
        if key not in known:
            rows[table].append((key, self._row(record, ref, signals, root)))
        made.keys(table).append(key)

    def _taken_down(self, record: Document | Comment) -> Reason | None:
        """Return the takedown that names a record; asked here because rows no longer show private names."""
        if not self.takedowns:
            return None
        view = {"id": stable_id(record.key), "url": record.url, "title": record.title, "text": record.text}
        if isinstance(record, Document):
            view |= {"canonical_url": record.canonical_url, "author_bio": record.author.bio}
        author = record.author
        return self.takedowns.reason(view, (author.name, author.handle, author.native_id))

    def _row(
        self, record: Document | Comment, ref: CaptureRef, signals: tuple[Signal, ...], root: str | None
    ) -> Row:
        from builder.columns import comment_row, document_row
        from builder.dedup import fingerprint

        if isinstance(record, Comment):
            return comment_row(record, ref, self.settings, root_key=root)
        row = document_row(record, ref, signals, self.settings)
        return row | fingerprint(row["text"], self.model.dedup).columns()

    def _write(self, table: str, rows: Sequence[tuple[str, Row]]) -> None:
        if rows:
            from builder.columns.later import with_later

            schema = table_schema(table, self.model)
            whole = [(key, with_later(row, schema)) for key, row in rows]
            part = self.stores[table].add(row_table(table, self.model, whole))
            reasons = [judge(table, row, self.model) for _, row in whole]
            write_verdicts(Path(self.verdicts[table]) / part.name, reasons)


def warm_up() -> None:
    """Do once, before workers are forked, what every maker of rows would have to do: slow imports."""
    import builder.columns.row
    import builder.dedup  # noqa: F401

    warm_up_judges()


def warm_up_judges() -> None:
    """Do once, before workers are forked, what every judge of stored rows would have to do."""
    import pyarrow.parquet  # noqa: F401

    from builder.arrow import leave_pandas_out

    leave_pandas_out()


def _records(capture: Standing, found: Extraction) -> Iterator[Document | Comment]:
    yield from (found.documents[place] for place in capture.documents)
    yield from (found.comments[place] for place in capture.comments)


def _table_of(record: Document | Comment) -> str:
    return "documents" if isinstance(record, Document) else "comments"


class _Known:
    """The keys of all stored rows: a sorted file that every worker maps and none copies."""

    def __init__(self, path: str) -> None:
        import numpy as np

        self._keys = np.load(path, mmap_mode="r")

    def __contains__(self, key: str) -> bool:
        import numpy as np

        wanted = np.bytes_(key)
        place = int(np.searchsorted(self._keys, wanted))
        return place < len(self._keys) and bool(self._keys[place] == wanted)


def write_known(path: Path, stores: Iterable[Store]) -> None:
    """Write the sorted keys of the stores as the file that `RowMaker` reads."""
    import numpy as np

    keys = np.concatenate([np.asarray(store.keys().to_pylist(), dtype="S32") for store in stores])
    np.save(path, np.sort(keys))


def row_key(record: Document | Comment, ref: CaptureRef, signals: tuple[Signal, ...] = ()) -> str:
    """Return the digest of all that a row is made from beside code and settings, as 32 hexadecimal digits."""
    digest = hashlib.blake2b(encode(record), digest_size=16)
    digest.update(encode(ref))
    for signal in signals:
        digest.update(encode(signal))
    return digest.hexdigest()


def row_table(table: str, model: RecipeModel, rows: Sequence[tuple[str, Row]]) -> pa.Table:
    """Return rows as an Arrow table: the schema's columns, the helpers of deduplication, the key.

    Raises SchemaError when a row does not fit its schema.
    """
    import pyarrow as pa

    from builder.dedup import helper_fields

    schema = table_schema(table, model)
    helpers = helper_fields() if table == "documents" else []
    names = set(schema.names)
    for _, row in rows:
        schema.check_row({name: value for name, value in row.items() if name in names or name[0] != "_"})
    arrow = pa.schema([*schema.arrow(), *helpers])
    made = pa.Table.from_pylist([row for _, row in rows], schema=arrow)
    return made.append_column(KEY, pa.array([key for key, _ in rows], pa.string()))


def table_schema(table: str, model: RecipeModel) -> Schema:
    """Return the schema a recipe asks for; the newest unless it names one."""
    return schema_at(table, model.dataset.schema_version)


def rejected(record: Document | Comment, ref: CaptureRef, reason: Reason) -> Row:
    """Return the rejected row of a record that has no row of its own."""
    identity = stable_id(record.key)
    return rejected_record(_table_of(record), identity, record.url, record.title, ref, [reason])


def judge(table: str, row: Row, model: RecipeModel) -> list[dict[str, str]]:
    """Return the reasons against a row, as the rejected table holds them; none if it is kept."""
    from builder.rules import judge_comment, judge_document

    decision: Decision = judge_document(row, model) if table == "documents" else judge_comment(row, model)
    return [{"stage": r.stage, "rule": r.rule, "detail": r.detail} for r in decision.reasons]


def write_verdicts(path: Path, reasons: Sequence[list[dict[str, str]]]) -> None:
    """Write the reasons against the rows of one part, in the part's order."""
    import pyarrow as pa

    texts = [pa.field(name, pa.string()) for name in ("stage", "rule", "detail")]
    write_parquet(path, pa.table({REASONS: pa.array(reasons, pa.list_(pa.struct(texts)))}))


@dataclass(frozen=True, slots=True)
class JudgePart:
    """Judge the rows of one part again, under changed rules."""

    table: str
    part: str
    out: str


@dataclass(frozen=True, slots=True)
class Judge:
    """The function over parts whose verdicts are missing."""

    model: RecipeModel
    warm: ClassVar[str] = f"{__name__}:warm_up_judges"

    def __call__(self, task: JudgePart) -> str:
        """Write the verdicts of one part; return their path."""
        import pyarrow.parquet as pq

        rows = pq.read_table(task.part).to_pylist()
        write_verdicts(Path(task.out), [judge(task.table, row, self.model) for row in rows])
        return task.out


def make_rows(
    maker: Callable[[RowBatch], Made],
    batches: Iterable[Sequence[tuple[str, str, bytes, list[int], list[int]]]],
    engine: Engine,
) -> Iterator[Made]:
    """Run the maker over all batches. A batch that fails as a whole is run again capture by capture."""
    tasks = (RowBatch(tuple(Standing(*capture) for capture in batch)) for batch in batches)
    broken: list[RowBatch] = []
    for task, outcome in engine.run(maker, tasks, BATCH):
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
    return Made([], [], [rejected(record, ref, reason) for record in _records(capture, found)])


def judge_missing(table: str, store: Store, verdicts: Path, model: RecipeModel, engine: Engine) -> None:
    """Judge every part of a store that has no verdicts under the present rules.

    Raises HiwarError when a part cannot be judged: its rows must neither pass nor vanish.
    """
    tasks = [
        JudgePart(table, str(part), str(verdicts / part.name))
        for part in store.parts()
        if not (verdicts / part.name).exists()
    ]
    for task, outcome in engine.run(Judge(model), tasks, BATCH):
        if isinstance(outcome, Failure):
            raise HiwarError(
                f"the rules failed on stored rows: {outcome.kind} {outcome.detail}",
                where=task.part,
                what_next="This is a defect of a rule: please report it. Deleting the cache changes nothing.",
            )
