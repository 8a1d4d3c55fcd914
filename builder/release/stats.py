"""The figures of a release, counted from its own Parquet shards in one pass.

Nothing here is taken from what the build believes it wrote: the card, the report, the release gate and
`verify` all read these counts. The counting is SQL over a table of the columns that are counted, which spills to the
disk: memory does not grow with the number of records.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from builder.duck import connection, file_literal
from builder.takedown import STAGE, Kind
from builder.tally import Tally

if TYPE_CHECKING:
    import duckdb

Counts = tuple[tuple[str, int], ...]
"""Values and how many records have them, the most frequent first, equal ones by name."""

Pairs = tuple[tuple[str, str, int], ...]
"""Pairs of values and how many records have both, sorted by the pair."""

ROWS = "columns."
"""How the stages are called that make rows; the only records they drop are those that somebody asked to be removed."""

NONE = ""
"""Stands for null in counts."""

MEMORY_MB = 200
"""What the counted columns may take; those of a million records spill."""

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

    def asked(self) -> int:
        """Return how many records were left out because somebody asked for it.

        Those of stored pages go as their rows are made, where nothing else drops one, the rest at a stage of theirs.
        """
        return sum(line.dropped for line in self.funnel if line.stage == STAGE or line.stage.startswith(ROWS))

    def figures(self) -> dict[str, float]:
        """Return the flat names that `[release] gate_min` and `gate_max` may ask for.

        rows.TABLE and undated.TABLE count records; lang.TABLE.LANG, platform.TABLE.PLATFORM and
        source.TABLE.NAME are shares (0-1) of the table; dropped.STAGE, failed.STAGE and
        rule.STAGE.REASON are shares of what the stage read; dropped.share is the share that the stages of
        pages and documents lost together, those of comments left out. The stage "takedown" has all documents that
        somebody asked to be removed.
        """
        flat: dict[str, float] = {}
        for table in self.tables:
            flat.update(_table_figures(table))
        for line in self.funnel:
            whole = line.read or 1
            flat[f"dropped.{line.stage}"] = line.dropped / whole
            flat[f"failed.{line.stage}"] = line.failed / whole
            flat.update({f"rule.{line.stage}.{rule}": count / whole for rule, count in line.reasons})
        flat.update(_asked_figures(self.funnel))
        kept = 1.0
        for line in self.funnel:
            if not line.stage.endswith("comments"):
                kept *= line.kept / line.read if line.read else 1.0
        return {**flat, "dropped.share": 1.0 - kept}


def _asked_figures(funnel: Sequence[StageLine]) -> Iterator[tuple[str, float]]:
    """Yield the shares of documents that somebody asked to be removed, of those that were read."""
    made = next((line for line in funnel if line.stage == f"{ROWS}documents"), None)
    if made is None:
        return
    lines = [made, *(line for line in funnel if line.stage == STAGE)]
    yield f"dropped.{STAGE}", sum(line.dropped for line in lines) / (made.read or 1)
    for kind in get_args(Kind):
        if count := sum(count_of(line.reasons, kind) for line in lines):
            yield f"rule.{STAGE}.{kind}", count / (made.read or 1)


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

    if not shards:
        return TableStatistics(name, 0, 0, ())
    schema = pq.read_schema(shards[0])
    kinds = [part.name for part in schema.field("pii").type] if "pii" in schema.names else []
    known = {column: (source, how) for column, (source, how) in _COLUMNS.items() if source in schema.names}
    taken = ", ".join(f"{how} AS {column}" for column, (_, how) in known.items())
    files = ", ".join(map(file_literal, shards))
    with (
        tempfile.TemporaryDirectory(prefix="hiwar-count-") as work,
        connection(Path(work), MEMORY_MB) as database,
    ):
        database.execute(
            f"CREATE TABLE records AS SELECT {taken} FROM read_parquet([{files}], filename = true)"
        )
        return _Records(database, frozenset(known)).figures(name, shards, kinds)


_COLUMNS = {
    "file": ("id", "filename"),
    "source": ("source", "source"),
    "site": ("site", "site"),
    "platforms": ("about_platforms", "about_platforms"),
    "posted_on": ("posted_on", "posted_on"),
    "language": ("lang", "lang"),
    "record_type": ("record_type", "record_type"),
    "robots": ("rights", "rights.robots"),
    "licence": ("rights", "rights.licence"),
    "signals": ("rights", "list_distinct(list_transform(rights.signals, lambda signal: signal.name))"),
    "month": ("published_at", "strftime(make_timestamp(epoch_us(published_at)), '%Y-%m')"),
    "day": ("published_day", "nullif(published_day, '')"),
    "fetched": ("provenance", "strftime(make_timestamp(epoch_us(provenance.fetched_at)), '%Y-%m-%d')"),
    "words": ("word_count", "word_count"),
    "chars": ("text_chars", "text_chars"),
    "copies": ("cluster_size", "cluster_size - 1"),
    "pii": ("pii", "pii"),
}
"""What is counted -> the column of the shards it is taken from, and how."""

_LISTS = frozenset({"platforms", "signals"})


@dataclass(frozen=True, slots=True)
class _Records:
    """The narrow columns of a table's records in a database; `names` are those of _COLUMNS that it has."""

    database: duckdb.DuckDBPyConnection
    names: frozenset[str]

    def figures(self, name: str, shards: Sequence[Path], kinds: Sequence[str]) -> TableStatistics:
        """Return the figures of the table. `kinds` are those of replaced personal data."""
        months = self.counts("month")
        years = Counter[str]()
        for month, count in months:
            years[month[:4]] += count
        sums = {column: self.one(f"sum({column})", column) or 0 for column in ("chars", "copies")}
        personal = ((kind, self.one(f"sum(pii.{kind})", "pii") or 0) for kind in kinds)
        return TableStatistics(
            name,
            self.one("count(*)"),
            sum(path.stat().st_size for path in shards),
            self._splits(shards),
            sources=_counts(self.counts("source")),
            sites=_counts(self.counts("site")),
            platforms=_counts(self.counts("platforms")),
            posted_on=_counts(self.counts("posted_on")),
            years=tuple(sorted(years.items())),
            languages=_counts(self.counts("language")),
            record_types=_counts(self.counts("record_type")),
            robots=_counts(self.counts("robots")),
            signals=_counts(self.counts("signals")),
            personal=_counts(personal),
            source_sites=tuple(self.counts("source", "site")),
            source_licences=tuple(self.counts("source", "licence")),
            month_platforms=tuple(self.counts("month", "platforms")),
            lengths=_lengths(Counter({int(words): n for words, n in self.counts("words")}), sums["chars"]),
            undated=years[NONE],
            first_day=self.one("min(day)", "day"),
            last_day=self.one("max(day)", "day"),
            first_fetched=self.one("min(fetched)", "fetched"),
            last_fetched=self.one("max(fetched)", "fetched"),
            copies=sums["copies"],
        )

    def counts(self, *names: str) -> list[tuple[Any, ...]]:
        """Return the values of some columns that stand together and their number of records, sorted.

        Lists count for each of their values, null as NONE. Empty when the table lacks one of the columns.
        """
        if not self.names.issuperset(names):
            return []
        values = ", ".join(f"unnest({name}) AS {name}" if name in _LISTS else name for name in names)
        shown = ", ".join(f"coalesce({name}::VARCHAR, '{NONE}')" for name in names)
        query = f"SELECT {shown}, count(*) FROM (SELECT {values} FROM records) GROUP BY ALL"
        return sorted(self.database.execute(query).fetchall())

    def one(self, what: str, name: str | None = None) -> Any:
        """Return a figure over all records; None when the table lacks the column `name`."""
        if name is not None and name not in self.names:
            return None
        ((value,),) = self.database.execute(f"SELECT {what} FROM records").fetchall()
        return value

    def _splits(self, shards: Sequence[Path]) -> tuple[tuple[str, int, int], ...]:
        rows = dict(self.counts("file"))
        splits: dict[str, list[int]] = {}
        for path in shards:
            files_rows = splits.setdefault(path.stem.split("-", 1)[0], [0, 0])
            files_rows[0] += 1
            files_rows[1] += rows.get(str(path), 0)
        return tuple((split, files, count) for split, (files, count) in sorted(splits.items()))


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

    classes = Counter[int]()
    for length, count in ordered:
        classes[max(edge for edge in LENGTH_EDGES_WORDS if edge <= length)] += count
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
