"""Which rows a capture gave, remembered: a capture without news is then looked up and not decoded.

The memory is keyed by all that decides the rows' names: the reading of the capture, its reference, which of its
records stand, the templates of its hosts, what the recipe says of its source. Its fingerprint covers code and
takedowns. A capture of which any row is no longer in the stores is worked on as if it were new.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from builder.duck import file_literal, right_sides_held, stream
from builder.stages.extraction import extraction_fingerprint
from builder.stages.fingerprints import code_fingerprint
from builder.stages.keys import TABLES, Standing
from builder.stages.store import KEY, Store

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb
    import pyarrow as pa

    from builder.extract.template import Template
    from builder.stages.rows import NamedRows
    from builder.takedown import Takedowns

CODE = ("builder.stages.keys", "builder.stages.states")
CAPTURES_PER_PART = 4096
READ_AT_ONCE = 128
"""Captures whose extractions are in memory at a time."""


def recall_store(cache: Path, takedowns: Takedowns) -> Store:
    """Return where the memory is kept."""
    digest = hashlib.blake2b(code_fingerprint(CODE).encode(), digest_size=16)
    digest.update(extraction_fingerprint().encode())
    digest.update(repr(takedowns.requests).encode("utf-8", "surrogatepass"))
    return Store(cache, "row-names", digest.hexdigest())


class Recall:
    """The rows of this build by their keys: the tables `wanted_rows` and `standing` of the work database."""

    def __init__(self, database: duckdb.DuckDBPyConnection, store: Store) -> None:
        self._database = database
        self._store = store
        self._fresh: list[NamedRows] = []
        self._waiting: list[NamedRows] = []

    def look_up(
        self, stores: Mapping[str, Store], templates: Mapping[str, Template], facts: Mapping[str, str]
    ) -> dict[str, int]:
        """Fill `wanted_rows` with the rows that are known and stored, `standing` with the captures that are left.

        Returns the number of rows found of each table.
        """
        digests = {site: _digest(template.to_json()) for site, template in templates.items()}
        _lookup_table(self._database, "template_digests", digests)
        _lookup_table(self._database, "source_facts", {name: _digest(text) for name, text in facts.items()})
        self._database.execute(_STANDING)
        parts = self._store.parts()
        self._database.execute(_remembered(parts))
        for table in TABLES:
            self._database.execute(_stored(table, stores[table].parts()))
        for statement in _WANTED:
            self._database.execute(statement)
        self._forget(parts)
        counts = self._database.execute('SELECT "table", count(*) FROM wanted_rows GROUP BY ALL').fetchall()
        self._database.execute("DELETE FROM standing WHERE names IN (SELECT names FROM remembered)")
        return dict.fromkeys(TABLES, 0) | dict(counts)

    def waiting(self) -> int:
        """Return how many captures are left to be worked on."""
        ((count,),) = self._database.execute("SELECT count(*) FROM standing").fetchall()
        return int(count)

    def _forget(self, parts: Sequence[Path]) -> None:
        """Delete parts of the memory that know nothing of what stands now."""
        rows = self._database.execute("SELECT DISTINCT part FROM remembered_parts").fetchall()
        used = {name for (name,) in rows}
        for part in parts:
            if str(part) not in used:
                part.unlink(missing_ok=True)

    def take(self, captures: Iterable[NamedRows]) -> None:
        """Count the rows of some captures among those of this build, and remember those that gave all they hold."""
        for capture in captures:
            self._waiting.append(capture)
            if capture.whole:
                self._fresh.append(capture)
        if len(self._waiting) >= CAPTURES_PER_PART:
            self.close()

    def close(self) -> None:
        """Write what was taken."""
        if self._waiting:
            self._database.register("taken_rows", _rows_table(self._waiting))
            self._database.execute('INSERT INTO wanted_rows SELECT "table", row_key::UUID FROM taken_rows')
            self._database.unregister("taken_rows")
        if self._fresh:
            self._store.add(_memory_table(self._fresh))
        self._waiting, self._fresh = [], []


def standing(database: duckdb.DuckDBPyConnection) -> Iterator[Standing]:
    """Yield what stands of the captures that are left. Their extractions pass by; what is held is the narrow table."""
    parts = database.execute("SELECT DISTINCT part FROM standing ORDER BY part").fetchall()
    if not parts:
        return
    names = ", ".join(file_literal(part) for (part,) in parts)
    query = f"""SELECT {KEY}, names, ref, extraction, standing.documents, standing.comments
        FROM read_parquet([{names}], filename = true) AS parts
        JOIN standing USING ({KEY}) WHERE parts.filename = standing.part"""
    with right_sides_held(database):
        reader = stream(database.cursor(), query, READ_AT_ONCE)
    for batch in reader:
        columns = [column.to_pylist() for column in batch.columns]
        yield from itertools.starmap(Standing, zip(*columns, strict=True))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _lookup_table(database: duckdb.DuckDBPyConnection, name: str, values: Mapping[str, str]) -> None:
    import pyarrow as pa

    columns = {"name": pa.array(list(values), pa.string()), "digest": pa.array(values.values(), pa.string())}
    database.register("given", pa.table(columns))
    database.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM given")
    database.unregister("given")


def _rows_table(captures: Sequence[NamedRows]) -> pa.Table:
    import pyarrow as pa

    rows = [(table, key) for capture in captures for table in TABLES for key in capture.keys(table)]
    tables, keys = [table for table, _ in rows], [key for _, key in rows]
    return pa.table({"table": pa.array(tables, pa.string()), "row_key": pa.array(keys, pa.string())})


def _memory_table(captures: Sequence[NamedRows]) -> pa.Table:
    import pyarrow as pa

    keys = pa.list_(pa.string())
    return pa.table(
        {
            KEY: pa.array([capture.names for capture in captures], pa.string()),
            "documents": pa.array([capture.documents for capture in captures], keys),
            "comments": pa.array([capture.comments for capture in captures], keys),
        }
    )


def _places(table: str) -> str:
    return f"SELECT {KEY}, list(place ORDER BY place) AS places FROM {table}_states WHERE reason IS NULL GROUP BY {KEY}"


_STANDING = f"""CREATE OR REPLACE TABLE standing AS
    WITH hosts AS (
        SELECT {KEY}, string_agg(digest, ' ' ORDER BY site) AS templates
        FROM (SELECT DISTINCT {KEY}, unnest(sites) AS site FROM found) JOIN template_digests ON name = site
        GROUP BY {KEY}),
    places AS (
        SELECT {KEY}, found.part AS part, ref, source, coalesce(d.places, []) AS documents,
            coalesce(c.places, []) AS comments
        FROM found LEFT JOIN ({_places("documents")}) d USING ({KEY})
        LEFT JOIN ({_places("comments")}) c USING ({KEY})
        WHERE d.places IS NOT NULL OR c.places IS NOT NULL)
    SELECT {KEY}, part, ref, documents, comments,
        md5(concat_ws('|', {KEY}, md5(ref), documents::VARCHAR, comments::VARCHAR,
                      coalesce(digest, ''), coalesce(templates, ''))) AS names
    FROM places LEFT JOIN hosts USING ({KEY}) LEFT JOIN source_facts ON name = source"""
"""What stands of each capture, and under `names` a digest of all that decides the keys of its rows."""


def _remembered(parts: Sequence[Path]) -> str:
    names = ", ".join(map(file_literal, parts))
    memory = (
        f"""SELECT {KEY} AS names, documents, comments, filename AS part
        FROM read_parquet([{names}], filename = true) WHERE {KEY} IN (SELECT names FROM standing)"""
        if parts
        else """SELECT '' AS names, []::VARCHAR[] AS documents, []::VARCHAR[] AS comments, '' AS part WHERE false"""
    )
    return f"CREATE OR REPLACE TABLE remembered_parts AS {memory}"


def _stored(table: str, parts: Sequence[Path]) -> str:
    names = ", ".join(map(file_literal, parts))
    keys = (
        f"SELECT {KEY} AS row_key FROM read_parquet([{names}])"
        if parts
        else "SELECT NULL::UUID AS row_key WHERE false"
    )
    return f"CREATE OR REPLACE TABLE stored_{table} AS {keys}"


_WANTED = (
    """CREATE OR REPLACE TABLE remembered AS SELECT names, any_value(documents) AS documents,
        any_value(comments) AS comments FROM remembered_parts GROUP BY names""",
    *(
        f"""DELETE FROM remembered WHERE names IN (
        SELECT names FROM (SELECT names, unnest({table})::UUID AS row_key FROM remembered) AS keys
        ANTI JOIN stored_{table} USING (row_key))"""
        for table in TABLES
    ),
    """CREATE OR REPLACE TABLE wanted_rows AS """
    + " UNION ALL ".join(
        f"""SELECT '{table}' AS "table", unnest({table})::UUID AS row_key FROM remembered"""
        for table in TABLES
    ),
    *(f"DROP TABLE stored_{table}" for table in TABLES),
)
