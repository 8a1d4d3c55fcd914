"""Copies: which records hold the same text, and which of them stands for the others.

Exact copies have the same match form (builder.text). Near copies are found by MinHash of word 5-grams in that
form, cut into bands, and then verified by their true Jaccard similarity, so that nothing is dropped on an
estimate. The signature is computed here and not by a dependency, whose defaults change between versions.

A stated total order picks the survivor: earliest publication, then most complete, then longest, then id. Texts
are taken in that order; each joins the first survivor it truly resembles, or becomes one. A dropped record
therefore always resembles the very record that stands for it, also where copies drift from year to year.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from builder.buckets import ordered
from builder.duck import connection, hold_right_sides, part_files, quoted, scan
from builder.recipe import DedupBlock
from builder.schema import load_schema
from builder.storage import TEMPORARY, sync_file
from builder.text import fold_text, words
from builder.texts import word_hashes

if TYPE_CHECKING:
    import duckdb
    import numpy.typing as npt
    import pyarrow as pa

    U64 = npt.NDArray[np.uint64]
    U32 = npt.NDArray[np.uint32]

NGRAM_WORDS = 5
"""Words in a shingle, as in FineWeb-2's deduplication."""

SHORTEST_WORDS = 5
"""Texts with fewer words are never called copies: a greeting is no evidence."""

MEMORY_MB = 300
"""For SQL over keys; measured with a million texts, beside what Python itself holds of the candidates."""

BUCKET_BYTES = 32_000_000
"""Hashed 5-grams that are in memory at a time while candidates are put in order."""

_BLOCK = 4096
_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is compared of a text: hash of its match form, number of its words, band keys, hashed 5-grams.

    `shingles` are sorted distinct 32-bit little-endian numbers; from them the true similarity is computed.
    """

    exact: str
    words: int
    bands: tuple[int, ...]
    shingles: bytes

    def columns(self) -> dict[str, object]:
        """Return the helper columns of a document's row; `helper_fields` gives their Arrow types."""
        return {
            "_exact": self.exact,
            "_words": self.words,
            "_bands": list(self.bands),
            "_shingles": self.shingles,
        }


def helper_fields() -> list[pa.Field]:
    """Return the Arrow fields of the helper columns that a document's row file needs for `cluster`."""
    import pyarrow as pa

    return [
        pa.field("_exact", pa.string()),
        pa.field("_words", pa.int32()),
        pa.field("_bands", pa.list_(pa.int64())),
        pa.field("_shingles", pa.binary()),
    ]


def fingerprint(text: str, settings: DedupBlock | None = None) -> Fingerprint:
    """Return the fingerprint of a text; pure, and cheap beside extraction (docs/measurements/release.md)."""
    tokens = words(fold_text(text))
    return fingerprint_of(tokens, word_hashes(tokens), settings)


def fingerprint_of(tokens: Sequence[str], hashes: U64, settings: DedupBlock | None = None) -> Fingerprint:
    """Return the fingerprint of a text from the words of its match form, and the hash of each."""
    settings = settings or DedupBlock()
    form = " ".join(tokens).encode("utf-8", "surrogatepass")
    exact = hashlib.blake2b(form, digest_size=16).hexdigest()
    grams = _ngrams(hashes)
    bands = _bands(grams, settings.bands, settings.rows_per_band) if settings.near and len(grams) else ()
    shingles = _distinct((grams >> np.uint64(32)).astype("<u4"))
    return Fingerprint(exact, len(tokens), bands, shingles.tobytes())


def _distinct(values: U32) -> U32:
    """Return values sorted, each once; `np.unique` takes seven times as long for the few of one text."""
    ordered = np.sort(values)
    first = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


def jaccard(left: bytes, right: bytes) -> float:
    """Return the share (0-1) of distinct 5-grams two texts have in common, from their `shingles`."""
    return _similarity(np.frombuffer(left, "<u4"), np.frombuffer(right, "<u4"))


def _similarity(left: U32, right: U32) -> float:
    if not len(left) or not len(right):
        return 0.0
    common = len(np.intersect1d(left, right, assume_unique=True))
    return common / (len(left) + len(right) - common)


def _mixed(values: U64) -> U64:
    """Spread the bits of 64-bit numbers (the finaliser of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _ngrams(hashes: U64) -> U64:
    """Return a 64-bit hash of every run of five words; of the whole where there are fewer."""
    size = min(NGRAM_WORDS, len(hashes))
    if not size:
        return hashes
    count = len(hashes) - size + 1
    combined = np.zeros(count, dtype=np.uint64)
    for offset in range(size):
        combined = combined * np.uint64(_GOLDEN) + hashes[offset : offset + count]
    return _mixed(combined)


@lru_cache(maxsize=8)
def _permutations(count: int) -> tuple[U64, U64]:
    """Return odd factors and offsets of `count` hash functions: the sequence of SplitMix64 from seed 1."""
    steps = np.array([(1 + (index + 1) * _GOLDEN) & _MASK for index in range(2 * count)], dtype=np.uint64)
    numbers = _mixed(steps)
    return (numbers[:count] | np.uint64(1))[:, None], numbers[count:, None]


def _bands(grams: U64, bands: int, rows: int) -> tuple[int, ...]:
    """Return one signed 64-bit key for each band of the MinHash signature; the band's number is part of it."""
    factors, offsets = _permutations(bands * rows)
    smallest = np.full(bands * rows, np.iinfo(np.uint64).max, dtype=np.uint64)
    for start in range(0, len(grams), _BLOCK):
        values = grams[start : start + _BLOCK] * factors
        values += offsets
        smallest = np.minimum(smallest, values.min(axis=1))
    signature = (smallest >> np.uint64(32)).reshape(bands, rows)
    keys = np.arange(1, bands + 1, dtype=np.uint64)
    for row in range(rows):
        keys = _mixed(keys * np.uint64(_GOLDEN) + signature[:, row])
    return tuple(keys.view(np.int64).tolist())


# --- clusters, out of core -------------------------------------------------------------------------------

COMPLETENESS = " + ".join(
    f"({name} IS NOT NULL)::INTEGER" for name in ("title", "author", "section", "published_at", "modified_at")
)
NEWEST_STATE = """row_number() OVER (PARTITION BY id ORDER BY provenance.fetched_at DESC, provenance.warc_file,
    provenance.warc_offset, text_chars DESC, _row) = 1"""
"""Of several states of one record the one captured last counts."""


def cluster(row_files: Iterable[Path], settings: DedupBlock, work: Path) -> Path:
    """Find the copies among the documents of some row files and write `work`/clusters.parquet.

    The files hold the columns of the documents schema and those of `helper_fields`. The result has one row
    for each record that has a copy, sorted by cluster: id, cluster_id (id of the survivor), cluster_size,
    survivor, cluster_urls (addresses of the others; on the survivor's row only), how ("survivor", "exact",
    "near") and similarity (share 0-1 with the survivor). Memory stays under 1 GB for a million documents.
    """
    import pyarrow as pa

    files = part_files(row_files)
    scratch = work / f"{TEMPORARY}dedup"
    target = work / "clusters.parquet"
    with connection(scratch, MEMORY_MB) as database:
        empty = pa.schema([*load_schema("documents").arrow(), *helper_fields()])
        source = scan(files, empty, database)
        _rank(database, source)
        leaders = _near_leaders(database, source, settings, scratch) if settings.near else _no_leaders()
        database.register("leaders", leaders)
        partial = work / f"{TEMPORARY}clusters.parquet"
        database.execute(f"COPY ({_MEMBERS}) TO {quoted(str(partial))} (FORMAT parquet, COMPRESSION zstd)")
    shutil.rmtree(scratch)
    sync_file(partial)
    return partial.replace(target)


def _rank(database: duckdb.DuckDBPyConnection, source: str) -> None:
    """Number the records in the order that decides who survives, and keep one of each exact text."""
    database.execute(f"""
        CREATE TABLE ranked AS SELECT id, url, _exact, _words, _bands, _row, row_number() OVER
            (ORDER BY published_at NULLS LAST, complete DESC, text_chars DESC, id) AS rank
        FROM (SELECT id, url, _exact, _words, _bands, published_at, {COMPLETENESS} AS complete, text_chars,
                     _row FROM {source} QUALIFY {NEWEST_STATE})
        WHERE _words >= {SHORTEST_WORDS}""")
    database.execute("CREATE TABLE firsts AS SELECT _exact, min(rank) AS rank FROM ranked GROUP BY _exact")


_MEMBERS = """
    WITH placed AS (
        SELECT ranked.id, ranked.url, ranked.rank, coalesce(leaders.leader, firsts.rank) AS lead,
               CASE WHEN leaders.leader IS NULL THEN 1.0 ELSE leaders.similarity END AS similarity
        FROM ranked JOIN firsts USING (_exact) LEFT JOIN leaders ON leaders.rank = firsts.rank),
    groups AS (
        SELECT lead, count(*) AS size,
               list(DISTINCT url ORDER BY url) FILTER (WHERE rank <> lead) AS urls
        FROM placed GROUP BY lead HAVING count(*) > 1)
    SELECT placed.id, heads.id AS cluster_id, size::INTEGER AS cluster_size, placed.rank = lead AS survivor,
           CASE WHEN placed.rank = lead THEN list_filter(urls, lambda x: x <> placed.url) ELSE [] END AS cluster_urls,
           CASE WHEN placed.rank = lead THEN 'survivor' WHEN similarity = 1.0 THEN 'exact' ELSE 'near' END AS how,
           similarity::FLOAT AS similarity
    FROM placed JOIN groups USING (lead) JOIN ranked AS heads ON heads.rank = lead
    ORDER BY cluster_id, placed.rank"""


def _no_leaders() -> pa.Table:
    return _leader_table([], [], [])


def _leader_table(ranks: list[int], leaders: list[int], similarities: list[float]) -> pa.Table:
    import pyarrow as pa

    columns = {"rank": ranks, "leader": leaders, "similarity": similarities}
    schema = pa.schema([("rank", pa.int64()), ("leader", pa.int64()), ("similarity", pa.float64())])
    return pa.table(columns, schema=schema)


def _near_leaders(
    database: duckdb.DuckDBPyConnection, source: str, settings: DedupBlock, work: Path
) -> pa.Table:
    """Return (rank, leader, similarity) of every distinct text that joins an earlier one."""
    database.execute("""
        CREATE TABLE entries AS SELECT unnest(_bands) AS band, rank
        FROM ranked SEMI JOIN firsts ON firsts.rank = ranked.rank""")
    shared = database.execute("""
        SELECT band, rank FROM entries WHERE band IN
            (SELECT band FROM entries GROUP BY band HAVING count(*) > 1) ORDER BY band, rank""").fetchnumpy()
    database.execute("DROP TABLE entries")
    candidates = _Candidates.of(shared["band"], shared["rank"])
    database.register("candidates", candidates.table())
    database.execute(f"""
        CREATE TABLE places AS SELECT _row, component, rank, (sum(4 * _words) OVER
            (ORDER BY component, rank ROWS UNBOUNDED PRECEDING) // {BUCKET_BYTES})::BIGINT AS _bucket
        FROM ranked JOIN candidates USING (rank)""")
    hold_right_sides(database)
    query = f"""
        SELECT _bucket, component, rank, _shingles
        FROM (SELECT _row, _shingles FROM {source}) AS parts JOIN places USING (_row)"""
    rows = ordered(database, query, ("component", "rank"), work / "buckets")
    found = list(_joined(_flat(rows), candidates, settings.jaccard_min))
    return _leader_table(
        [rank for rank, _, _ in found],
        [leader for _, leader, _ in found],
        [similarity for _, _, similarity in found],
    )


def _flat(reader: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, int, bytes]]:
    for batch in reader:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Texts that share a bucket with another: their ranks, sorted, and the buckets of each, as a ragged array."""

    ranks: npt.NDArray[np.int64]
    components: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    buckets: npt.NDArray[np.int64]

    @classmethod
    def of(cls, bands: npt.NDArray[np.int64], ranks: npt.NDArray[np.int64]) -> _Candidates:
        """Gather entries that are sorted by band key."""
        _, buckets = np.unique(bands, return_inverse=True)
        distinct, places = np.unique(ranks, return_inverse=True)
        components = _components(buckets, places, len(distinct))
        order = np.argsort(places, kind="stable")
        starts = np.searchsorted(places[order], np.arange(len(distinct) + 1))
        return cls(distinct, components, starts, buckets[order])

    def table(self) -> pa.Table:
        """Return rank and component of each candidate."""
        import pyarrow as pa

        return pa.table({"rank": pa.array(self.ranks, pa.int64()), "component": self.components})

    def of_rank(self, rank: int) -> list[int]:
        """Return the buckets of one candidate."""
        place = int(np.searchsorted(self.ranks, rank))
        return [int(bucket) for bucket in self.buckets[self.starts[place] : self.starts[place + 1]]]


def _components(
    buckets: npt.NDArray[np.int64], places: npt.NDArray[np.int64], count: int
) -> npt.NDArray[np.int64]:
    """Return for each of `count` texts the smallest text it is linked to by shared buckets."""
    parents = list(range(count))

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    heads = np.flatnonzero(np.diff(buckets, prepend=-1))
    firsts = np.repeat(places[heads], np.diff(heads, append=len(buckets))) if len(heads) else places
    for first, place in zip(firsts.tolist(), places.tolist(), strict=True):
        left, right = root(first), root(place)
        if left != right:
            parents[max(left, right)] = min(left, right)
    return np.array([root(place) for place in range(count)], dtype=np.int64)


def _joined(
    rows: Iterable[tuple[int, int, bytes]], candidates: _Candidates, jaccard_min: float
) -> Iterator[tuple[int, int, float]]:
    """Yield (rank, leader, similarity); rows come by component and rank, so one component is held at a time."""
    for _, group in groupby(rows, key=lambda row: row[0]):
        leaders: dict[int, U32] = {}
        in_bucket: dict[int, list[int]] = {}
        for _, rank, shingles in group:
            mine = np.frombuffer(shingles, "<u4")
            buckets = candidates.of_rank(rank)
            near = sorted({leader for bucket in buckets for leader in in_bucket.get(bucket, ())})
            match = _first_match(mine, near, leaders, jaccard_min)
            if match:
                yield rank, *match
                continue
            leaders[rank] = mine
            for bucket in buckets:
                in_bucket.setdefault(bucket, []).append(rank)


def _first_match(
    mine: U32, near: Sequence[int], leaders: dict[int, U32], jaccard_min: float
) -> tuple[int, float] | None:
    """Return the first leader that is similar enough, and how similar it is."""
    for leader in near:
        other = leaders[leader]
        bound = min(len(mine), len(other)) / max(len(mine), len(other))
        if bound < jaccard_min:
            continue
        similarity = _similarity(mine, other)
        if similarity >= jaccard_min:
            return leader, similarity
    return None
