"""Stage 2: reads each capture, one at a time under the eyes of the engine, and keeps what was read.

The cache is keyed by body, address, time, role and the source's way of reading; the fingerprint covers the code
that reads. A page that failed for good is kept as failed, so that a later build says the same whatever the load.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from builder.engine import PAGE_BUDGET, Engine, Failure
from builder.errors import ArchiveError
from builder.model import CaptureRef, Document, Extraction
from builder.sources.base import AnySource
from builder.stages.codec import decode, encode
from builder.stages.fingerprints import READING_PACKAGES, code_fingerprint
from builder.stages.store import KEY, Store

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

ROWS_PER_PART = 256
"""Pages in one part of the cache: what a kill of the driver loses at most is the reading of as many."""

CODE = ("builder.reading", "builder.archive.read", "builder.sources.*", "builder.stages.codec", __name__)


def extraction_fingerprint() -> str:
    """Return the fingerprint of the code that reads pages, and of the packages it reads them with."""
    return code_fingerprint(CODE, READING_PACKAGES)


@dataclass(frozen=True, slots=True)
class PageTask:
    """Read one capture. `ref` and `body` are encoded references; `body` lends its bytes to a revisit."""

    key: str
    source: str
    ref: str
    path: str
    body: str | None = None
    body_path: str | None = None


class Reading(NamedTuple):
    """What was read of one capture: the encoded extraction, and beside it what SQL needs to know of it."""

    extraction: bytes
    failed: str | None
    skipped: str | None
    documents: list[str]
    comments: list[str]
    tombstones: list[str]
    sites: list[str]
    samples: list[str]
    views: list[str]

    @classmethod
    def of(cls, found: Extraction) -> Reading:
        """Encode an extraction and list the keys it names."""
        return cls(
            encode(found),
            found.failed,
            found.skipped,
            [document.key for document in found.documents],
            [comment.key for comment in found.comments],
            [tombstone.key for tombstone in found.tombstones],
            [document.site for document in found.documents],
            [_sample(document) for document in found.documents],
            ["lesser" if document.lesser else "full" for document in found.documents],
        )


def _sample(document: Document) -> str:
    """Return the digest by which a document comes into its host's sample; empty if it teaches nothing."""
    from builder.extract.template import has_places

    key = document.key.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(key, digest_size=16).hexdigest() if has_places(document) else ""


@dataclass(frozen=True, slots=True)
class PageReader:
    """The function over page tasks: holds the sources, by name."""

    sources: Mapping[str, AnySource]
    warm: ClassVar[str] = f"{__name__}:warm_up"

    def __call__(self, task: PageTask) -> Reading:
        """Return what was read of one capture."""
        return Reading.of(self.read(task))

    def read(self, task: PageTask) -> Extraction:
        """Read one capture; what is wrong with its record is a failed extraction.

        Raises ArchiveError when the file cannot be read here: kept as a verdict on the page, it would last for good.
        """
        from builder.archive.read import load
        from builder.reading import read_capture

        ref = replace(decode(CaptureRef, task.ref.encode()), path=task.path)
        try:
            capture = load(ref)
            if task.body is not None and task.body_path is not None:
                lender = load(replace(decode(CaptureRef, task.body.encode()), path=task.body_path))
                as_seen = replace(ref, status=lender.ref.status, mime=lender.ref.mime)
                capture = replace(lender, ref=as_seen)
        except ArchiveError as error:
            if isinstance(error.__cause__, OSError):
                raise
            return Extraction(failed=f"archive: {error.what}")
        return read_capture(capture, self.sources[ref.source])


def warm_up() -> None:
    """Do once, before workers are forked, what every reader of pages would have to do: slow imports."""
    import builder.reading  # noqa: F401


def extract_missing(
    database: duckdb.DuckDBPyConnection,
    paths: Mapping[str, str],
    store: Store,
    sources: Mapping[str, AnySource],
    engine: Engine,
) -> Iterator[int]:
    """Read every capture of the table `missing`; yield how many were read each time some are kept.

    `paths` gives where each archive lies.
    """
    outcomes = engine.run(PageReader(sources), _tasks(_missing(database), paths), PAGE_BUDGET)
    rows: list[tuple[str, Reading]] = []
    for task, outcome in outcomes:
        if isinstance(outcome, Failure) and not outcome.lasting:
            continue  # it says nothing about the page: the next build tries it again
        found = Reading.of(Extraction(failed=_failed(outcome))) if isinstance(outcome, Failure) else outcome
        rows.append((task.key, found))
        if len(rows) >= ROWS_PER_PART:
            store.add(reading_table(rows))
            yield len(rows)
            rows = []
    if rows:
        store.add(reading_table(rows))
        yield len(rows)


def _failed(failure: Failure) -> str:
    return failure.kind if failure.kind in ("cpu", "memory") else f"{failure.kind}: {failure.detail}"


def find_missing(database: duckdb.DuckDBPyConnection, store: Store, share: tuple[int, int]) -> int:
    """Fill the table `missing` with the captures that the store does not hold; return their number.

    `share` (i, n) takes only those whose key falls to slice i of n.
    """
    import pyarrow as pa

    database.register("known", pa.table({KEY: store.keys()}))
    ((found,),) = database.execute(
        f"""CREATE OR REPLACE TABLE missing AS
        SELECT {KEY}, source, ref, archive, body, body_archive FROM captures
        WHERE {KEY} NOT IN (SELECT {KEY} FROM known)
        AND ('0x' || substr({KEY}, 1, 8))::UBIGINT % {share[1]} = {share[0]}
        ORDER BY archive, warc_offset"""
    ).fetchall()
    database.unregister("known")
    return int(found)


def _missing(database: duckdb.DuckDBPyConnection) -> Iterator[dict[str, object]]:
    for batch in database.cursor().sql("SELECT * FROM missing").to_arrow_reader(1000):
        yield from batch.to_pylist()


def _tasks(rows: Iterator[dict[str, object]], paths: Mapping[str, str]) -> Iterator[PageTask]:
    for row in rows:
        body_archive = row["body_archive"]
        yield PageTask(
            key=str(row[KEY]),
            source=str(row["source"]),
            ref=str(row["ref"]),
            path=paths[str(row["archive"])],
            body=None if row["body"] is None else str(row["body"]),
            body_path=None if body_archive is None else paths[str(body_archive)],
        )


def reading_table(rows: list[tuple[str, Reading]]) -> pa.Table:
    """Return a part of the store."""
    import pyarrow as pa

    texts = pa.list_(pa.string())
    kinds = (pa.binary(), pa.string(), pa.string(), *(6 * [texts]))
    columns = {KEY: pa.array([key for key, _ in rows], pa.string())}
    for place, (name, kind) in enumerate(zip(Reading._fields, kinds, strict=True)):
        columns[name] = pa.array([found[place] for _, found in rows], kind)
    return pa.table(columns)
