"""Stage 1, second half: of all captures, which are read. One SQL query over the scans, out of core."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from builder.duck import file_literal
from builder.model import CaptureRef, Rights, Signal
from builder.recipe import Recipe
from builder.sources.base import AnySource
from builder.stages.archives import Archive
from builder.stages.codec import decode, encode
from builder.stages.store import KEY

if TYPE_CHECKING:
    import duckdb

READ_BLIND = frozenset(
    {"name", "licence", "terms", "ids_only", "paths", "start", "include", "exclude", "sitemaps", "feeds"}
)
"""Keys of a source that say what to take or what to publish, not how to read: changing one reads nothing anew."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What one capture says of its use: the rights noted beside it, and its own headers."""

    rights: Rights
    said: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """Tables of the work database after the choice: `captures` to read, `dropped` with reasons, `gone` keys.

    `read` and `kept` count captures and damaged stretches.
    """

    read: int
    kept: int


def choose(database: duckdb.DuckDBPyConnection, scans: Mapping[Archive, Path], recipe: Recipe) -> Inventory:
    """Fill the tables `captures`, `dropped` and `gone` of the work database.

    Of captures with one source, role, URL and body, the earliest with a body is read, and the latest time counts
    as when that state was last seen; what was said of its use then, counts. A revisit without such a sibling borrows
    the body of its digest.
    """
    files = sorted({str(path) for path in scans.values()})
    names = ", ".join(map(file_literal, files))
    database.execute(f"CREATE TABLE refs AS SELECT * FROM read_parquet([{names}])" if files else _NO_REFS)
    database.execute("CREATE TABLE readers (source VARCHAR, reader VARCHAR)")
    for source in recipe.sources:
        database.execute("INSERT INTO readers VALUES (?, ?)", [source.name, reader_digest(source)])
    for statement in _CHOICE:
        database.execute(statement)
    _hear(database)
    ((read,),) = database.execute("SELECT count(*) FROM refs").fetchall()
    ((kept,),) = database.execute("SELECT count(*) FROM captures").fetchall()
    database.execute("DROP TABLE refs")
    return Inventory(int(read), int(kept))


def reader_digest(source: AnySource) -> str:
    """Return a digest of the source's keys that say how its answers are read."""
    block = source.block.model_dump(mode="json", exclude=set(READ_BLIND))
    return hashlib.blake2b(json.dumps(block, sort_keys=True).encode(), digest_size=16).hexdigest()


def _hear(database: duckdb.DuckDBPyConnection) -> None:
    """Put what was said of a body's use when it was last seen into the references of the captures that are read."""
    import pyarrow as pa

    changed = f"SELECT {KEY}, ref, whole_said, last_said FROM captures WHERE whole_said <> said OR last_said <> said"
    reading = database.cursor().execute(changed)
    database.execute(f"CREATE TABLE heard ({KEY} VARCHAR, ref VARCHAR)")
    while batch := reading.fetchmany(_BATCH):
        keys = [key for key, *_ in batch]
        refs = [_heard(ref, whole, last) for _, ref, whole, last in batch]
        database.register(
            "given", pa.table({"k": pa.array(keys, pa.string()), "r": pa.array(refs, pa.string())})
        )
        database.execute("INSERT INTO heard SELECT k, r FROM given")
        database.unregister("given")
    database.execute(f"UPDATE captures SET ref = heard.ref FROM heard WHERE captures.{KEY} = heard.{KEY}")
    for statement in ("DROP TABLE heard", *(f"ALTER TABLE captures DROP {name}" for name in _SAID)):
        database.execute(statement)


def _heard(encoded: str, whole: str, last: str) -> str:
    """Return a reference with what was said last.

    `whole` is what the last answer said that came with all its headers. "Not modified" after it repeats few of them
    (RFC 9110, 15.4.5): what it says comes on top, and takes nothing back.
    """
    ref = decode(CaptureRef, encoded.encode())
    base, later = (decode(_Said, text.encode()) for text in (whole, last))
    robots = base.rights if later.rights.robots == "unknown" else later.rights
    signals = tuple(sorted({*base.rights.signals, *later.rights.signals}))
    rights = Rights(robots.robots, robots.robots_rule, signals)
    said = tuple(sorted({*base.said, *later.said}))
    return encode(replace(ref, rights=rights, said=said)).decode("utf-8", "replace")


_BATCH = 2048
_SAID = ("said", "whole_said", "last_said")

_NO_REFS = """CREATE TABLE refs (source VARCHAR, role VARCHAR, url VARCHAR, payload_digest VARCHAR, kind VARCHAR,
record_id VARCHAR, warc_file VARCHAR, archive VARCHAR, reason VARCHAR, detail VARCHAR, gone VARCHAR, ref VARCHAR,
said VARCHAR, headers VARCHAR, fetched_at TIMESTAMPTZ, warc_offset BIGINT)"""

_ORDER = "fetched_at, record_id, warc_file, warc_offset, archive"
_NEWEST = ", ".join(f"{name} DESC" for name in _ORDER.split(", "))
_SAME = "PARTITION BY source, role, url, payload_digest"

_CHOICE = (
    # Every capture of one content at one address, ranked; the first is read.
    f"""CREATE TABLE ranked AS SELECT *,
        row_number() OVER ({_SAME} ORDER BY kind = 'revisit', {_ORDER}) AS place,
        max(fetched_at) OVER ({_SAME}) AS last_seen,
        first_value(said) OVER ({_SAME} ORDER BY headers = 'few', {_NEWEST}) AS whole_said,
        first_value(said) OVER ({_SAME} ORDER BY {_NEWEST}) AS last_said
        FROM refs WHERE reason IS NULL""",
    # A body for each digest, for revisits that have none at their own address.
    f"""CREATE TABLE bodies AS SELECT payload_digest, ref AS body, archive AS body_archive FROM (
        SELECT *, row_number() OVER (PARTITION BY payload_digest ORDER BY {_ORDER}) AS first
        FROM refs WHERE reason IS NULL AND kind <> 'revisit') WHERE first = 1""",
    f"""CREATE TABLE captures AS SELECT
        substr(sha256(concat_ws('|', payload_digest, role, readers.reader, epoch_us(fetched_at)::VARCHAR, url)),
               1, 32) AS {KEY},
        source, url, payload_digest, record_id, last_seen, ref, archive, warc_offset, {", ".join(_SAID)},
        CASE WHEN kind = 'revisit' THEN body END AS body,
        CASE WHEN kind = 'revisit' THEN body_archive END AS body_archive
        FROM ranked JOIN readers USING (source) LEFT JOIN bodies USING (payload_digest)
        WHERE place = 1 AND (kind <> 'revisit' OR body IS NOT NULL)""",
    """CREATE TABLE dropped AS
        SELECT source, kind, warc_file, warc_offset, reason, detail, ref FROM refs WHERE reason IS NOT NULL
        UNION ALL SELECT source, kind, warc_file, warc_offset, 'seen-again',
            'the same body was captured at this address before', ref FROM ranked WHERE place > 1
        UNION ALL SELECT source, kind, warc_file, warc_offset, 'revisit-without-body',
            'no archive holds the body it repeats', ref
            FROM ranked WHERE place = 1 AND kind = 'revisit'
            AND payload_digest NOT IN (SELECT payload_digest FROM bodies)""",
    """CREATE TABLE gone AS
        SELECT gone AS doc_key, max(fetched_at) AS gone_at FROM refs WHERE gone IS NOT NULL GROUP BY gone""",
    "DROP TABLE ranked",
    "DROP TABLE bodies",
)
