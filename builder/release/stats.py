"""The figures of a release, counted from its own Parquet shards in one streaming pass.

Nothing here is taken from what the build believes it wrote: the card, the report, the release gate and
`verify` all read these counts. Memory does not grow with the number of records, only with the number of
different values counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.tally import Tally

if TYPE_CHECKING:
    import pyarrow as pa

Counts = tuple[tuple[str, int], ...]
"""Values and how many records have them, the most frequent first, equal ones by name."""

Pairs = tuple[tuple[str, str, int], ...]
"""Pairs of values and how many records have both, sorted by the pair."""

NONE = ""
"""Stands for null in counts."""

BATCH_ROWS = 8192
"""Rows read at a time; bounds the memory of one pass."""

LENGTH_EDGES_WORDS = (0, 25, 50, 100, 200, 400, 800, 1600, 3200, 6400, 12800)
"""Lower edges of the length classes in words: doubling, because lengths of texts spread over decades."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """Lengths of the texts of a table, in words; `total_chars` in code points. Quantiles are values that occur."""

    total_words: int = 0
    total_chars: int = 0
    shortest: int = 0
    quarter: int = 0
    median: int = 0
    three_quarters: int = 0
    p95: int = 0
    longest: int = 0
    classes: tuple[tuple[int, int], ...] = ()
    """(lower edge in words, records) for each class of LENGTH_EDGES_WORDS."""


@dataclass(frozen=True, slots=True)
class TableStatistics:
    """The figures of one table (one config). Days read YYYY-MM-DD; None where no record has the value."""

    name: str
    rows: int
    size_bytes: int
    splits: tuple[tuple[str, int, int], ...]
    """(split, files, rows), sorted by name."""
    sources: Counts = ()
    sites: Counts = ()
    platforms: Counts = ()
    posted_on: Counts = ()
    years: Counts = ()
    languages: Counts = ()
    record_types: Counts = ()
    robots: Counts = ()
    signals: Counts = ()
    personal: Counts = ()
    """Placeholders put in place of personal data, by kind."""
    source_sites: Pairs = ()
    source_licences: Pairs = ()
    month_platforms: Pairs = ()
    lengths: Lengths = Lengths()
    undated: int = 0
    first_day: str | None = None
    last_day: str | None = None
    first_fetched: str | None = None
    last_fetched: str | None = None
    copies: int = 0
    """Near duplicates that the records of this table stand for beside themselves."""

    def share(self, counts: Counts, value: str) -> float:
        """Return the share (0-1) of the records that have `value`; 0 for a table without records."""
        return dict(counts).get(value, 0) / self.rows if self.rows else 0.0


@dataclass(frozen=True, slots=True)
class StageLine:
    """One line of the funnel: what a stage read, kept, dropped and failed, and every reason it gave."""

    stage: str
    read: int
    kept: int
    dropped: int
    failed: int
    reasons: Counts


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of a release: its tables, documents first, and the way from what was read to what was kept."""

    tables: tuple[TableStatistics, ...]
    funnel: tuple[StageLine, ...] = ()

    def table(self, name: str) -> TableStatistics:
        """Return the figures of a table; an empty account where the release has no such table."""
        found = (table for table in self.tables if table.name == name)
        return next(found, TableStatistics(name, 0, 0, ()))

    def figures(self) -> dict[str, float]:
        """Return the flat names that `[release] gate_min` and `gate_max` may ask for.

        rows.TABLE and undated.TABLE count records; lang.TABLE.LANG, platform.TABLE.PLATFORM and
        source.TABLE.NAME are shares (0-1) of the table; dropped.STAGE, failed.STAGE and
        rule.STAGE.REASON are shares of what the stage read; dropped.share is the share that the stages of
        pages and documents lost together, those of comments left out.
        """
        flat: dict[str, float] = {}
        for table in self.tables:
            flat.update(_table_figures(table))
        for line in self.funnel:
            whole = line.read or 1
            flat[f"dropped.{line.stage}"] = line.dropped / whole
            flat[f"failed.{line.stage}"] = line.failed / whole
            flat.update({f"rule.{line.stage}.{rule}": count / whole for rule, count in line.reasons})
        kept = 1.0
        for line in self.funnel:
            if not line.stage.endswith("comments"):
                kept *= line.kept / line.read if line.read else 1.0
        return {**flat, "dropped.share": 1.0 - kept}


def _table_figures(table: TableStatistics) -> Iterator[tuple[str, float]]:
    yield f"rows.{table.name}", float(table.rows)
    yield f"undated.{table.name}", float(table.undated)
    groups = (("lang", table.languages), ("platform", table.platforms), ("source", table.sources))
    for label, counts in groups:
        for value, _ in counts:
            yield f"{label}.{table.name}.{value}", table.share(counts, value)


def measure(release: Path, tallies: Iterable[Tally] = ()) -> Statistics:
    """Count the shards `data/<table>/<split>-<part>.parquet` of a release folder.

    `tallies` are the accounts of the stages in their order; they become the funnel.
    """
    folders = sorted(path for path in (release / "data").glob("*") if path.is_dir())
    tables = [measure_table(folder.name, sorted(folder.glob("*.parquet"))) for folder in folders]
    tables.sort(key=lambda table: (table.name != "documents", table.name))
    return Statistics(tuple(tables), tuple(_stage_line(tally) for tally in tallies))


def _stage_line(tally: Tally) -> StageLine:
    return StageLine(
        tally.stage,
        tally.read,
        tally.kept,
        tally.dropped.total(),
        tally.failed.total(),
        _counts(tally.reasons.items()),
    )


def measure_table(name: str, shards: Sequence[Path]) -> TableStatistics:
    """Count the shards of one table. The split is the file's name up to its first hyphen."""
    import pyarrow.parquet as pq

    account = _Account()
    splits: dict[str, list[int]] = {}
    for path in shards:
        with pq.ParquetFile(path) as file:
            files_rows = splits.setdefault(path.stem.split("-", 1)[0], [0, 0])
            files_rows[0] += 1
            files_rows[1] += file.metadata.num_rows
            names = set(file.schema_arrow.names)
            present = [column for column in _COLUMNS if column.split(".")[0] in names]
            for batch in file.iter_batches(BATCH_ROWS, columns=present):
                account.add(batch)
    size = sum(path.stat().st_size for path in shards)
    parts = tuple((split, files, rows) for split, (files, rows) in sorted(splits.items()))
    return account.result(name, size, parts)


_COLUMNS = (
    "source",
    "site",
    "record_type",
    "posted_on",
    "about_platforms",
    "lang",
    "published_at",
    "published_day",
    "word_count",
    "text_chars",
    "cluster_size",
    "pii",
    "rights",
    "provenance.fetched_at",
)

_COUNTED = {
    "sources": "source",
    "sites": "site",
    "platforms": "about_platforms",
    "posted_on": "posted_on",
    "languages": "lang",
    "record_types": "record_type",
    "robots": "rights.robots",
    "signals": "rights.signals.name",
}
"""Figure of TableStatistics -> path of the column it counts."""


@dataclass(slots=True)
class _Account:
    """Running counts of one table."""

    rows: int = 0
    counted: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in _COUNTED})
    pairs: dict[str, Counter[tuple[str, str]]] = field(default_factory=dict)
    years: Counter[str] = field(default_factory=Counter)
    personal: Counter[str] = field(default_factory=Counter)
    words: Counter[int] = field(default_factory=Counter)
    chars: int = 0
    copies: int = 0
    days: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)

    def add(self, batch: pa.RecordBatch) -> None:
        """Count one batch."""
        import pyarrow.compute as pc

        self.rows += batch.num_rows
        for name, path in _COUNTED.items():
            self.counted[name].update(_values(_reach(batch, path)))
        days = _reach(batch, "published_day") or []
        self._add_times(batch, [day for day in days if day])
        self._add_pairs(batch)
        self.words.update(_reach(batch, "word_count") or [])
        self.chars += sum(_reach(batch, "text_chars") or [])
        self.copies += sum(size - 1 for size in _reach(batch, "cluster_size") or [])
        if "pii" in batch.schema.names:
            pii = batch.column("pii")
            for kind in pii.type:
                self.personal[kind.name] += pc.sum(pc.struct_field(pii, kind.name)).as_py() or 0

    def _add_times(self, batch: pa.RecordBatch, days: list[str]) -> None:
        months = [value or NONE for value in _months(batch)]
        self.years.update(month[:4] for month in months)
        self.days = _ends([*self.days, *days])
        fetched = [value.strftime("%Y-%m-%d") for value in _reach(batch, "provenance.fetched_at") or []]
        self.fetched = _ends([*self.fetched, *fetched])
        platforms = _reach_lists(batch, "about_platforms")
        pairs = ((month, platform) for month, row in zip(months, platforms, strict=True) for platform in row)
        self.pairs.setdefault("month_platforms", Counter()).update(pairs)

    def _add_pairs(self, batch: pa.RecordBatch) -> None:
        sources = [value or NONE for value in _reach(batch, "source") or []]
        for name, path in (("source_sites", "site"), ("source_licences", "rights.licence")):
            values = (value or NONE for value in _reach(batch, path) or [])
            self.pairs.setdefault(name, Counter()).update(zip(sources, values, strict=False))

    def result(self, name: str, size_bytes: int, splits: tuple[tuple[str, int, int], ...]) -> TableStatistics:
        """Return the frozen figures."""
        pairs = {
            key: tuple((a, b, count) for (a, b), count in sorted(counter.items()))
            for key, counter in self.pairs.items()
        }
        counted = {key: _counts(counter.items()) for key, counter in self.counted.items()}
        return TableStatistics(
            name,
            self.rows,
            size_bytes,
            splits,
            years=tuple(sorted(self.years.items())),
            personal=_counts(self.personal.items()),
            lengths=_lengths(self.words, self.chars),
            undated=self.years[NONE],
            first_day=min(self.days, default=None),
            last_day=max(self.days, default=None),
            first_fetched=min(self.fetched, default=None),
            last_fetched=max(self.fetched, default=None),
            copies=self.copies,
            **counted,  # type: ignore[arg-type]  # the keys of _COUNTED are fields of Counts
            **pairs,  # type: ignore[arg-type]  # the keys are fields of Pairs
        )


def _ends(values: list[str]) -> list[str]:
    """Return the smallest and the largest of some days."""
    return [min(values), max(values)] if values else []


def _values(values: Sequence[object] | None) -> Iterator[str]:
    return (NONE if value is None else str(value) for value in values or ())


def _reach(batch: pa.RecordBatch, path: str) -> list[Any] | None:
    """Return the values at a dotted path, lists laid flat; None where the batch has no such column."""
    import pyarrow as pa
    import pyarrow.compute as pc

    first, *rest = path.split(".")
    if first not in batch.schema.names:
        return None
    array = batch.column(first)
    for name in rest:
        array = pc.list_flatten(array) if pa.types.is_list(array.type) else array
        array = pc.struct_field(array, name)
    return list((pc.list_flatten(array) if pa.types.is_list(array.type) else array).to_pylist())


def _reach_lists(batch: pa.RecordBatch, name: str) -> list[list[str]]:
    if name not in batch.schema.names:
        return [[] for _ in range(batch.num_rows)]
    return [row or [] for row in batch.column(name).to_pylist()]


def _months(batch: pa.RecordBatch) -> list[str | None]:
    """Return "YYYY-MM" of published_at (UTC) for each row, None where there is none."""
    if "published_at" not in batch.schema.names:
        return [None] * batch.num_rows
    return [value and value.strftime("%Y-%m") for value in batch.column("published_at").to_pylist()]


def count_of(counts: Counts, value: str) -> int:
    """Return how many records have a value."""
    return dict(counts).get(value, 0)


def _counts(items: Iterable[tuple[str, int]]) -> Counts:
    return tuple(sorted(((str(key), count) for key, count in items), key=lambda item: (-item[1], item[0])))


def _lengths(words: Counter[int], chars: int) -> Lengths:
    """Return the lengths from a count of each length; quantiles by the nearest rank."""
    total = words.total()
    if not total:
        return Lengths()
    ordered = sorted(words.items())

    def rank(share: float) -> int:
        wanted, seen = max(1, ceil(share * total)), 0
        for length, count in ordered:
            seen += count
            if seen >= wanted:
                return length
        return ordered[-1][0]

    classes = Counter(
        max(edge for edge in LENGTH_EDGES_WORDS if edge <= length) for length in words.elements()
    )
    return Lengths(
        sum(length * count for length, count in ordered),
        chars,
        ordered[0][0],
        rank(0.25),
        rank(0.5),
        rank(0.75),
        rank(0.95),
        ordered[-1][0],
        tuple((edge, classes[edge]) for edge in LENGTH_EDGES_WORDS),
    )
