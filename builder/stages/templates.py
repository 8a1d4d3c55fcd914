"""Stage 4: what each host repeats, learned over a bounded sample of its standing documents.

The sample of a host are the documents whose keys have the smallest digests, so it depends on the set of documents
alone. A template is kept under the digest of its sample: a host without news is not learned again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from builder.duck import quoted
from builder.engine import Budget, Engine, Failure
from builder.errors import HiwarError
from builder.extract.template import SAMPLE_PAGES, Template, learn
from builder.model import Extraction
from builder.stages.codec import decode
from builder.stages.fingerprints import code_fingerprint
from builder.stages.store import KEY, Store
from builder.storage import write_text

if TYPE_CHECKING:
    import duckdb

CODE = ("builder.extract.template", __name__)
LEARNING = Budget(cpu_s=120, memory_bytes=1024 << 20)
"""For one host: at most 400 pages, each about 1 ms."""


class Taught(NamedTuple):
    """One document that a template is learned from: its encoded extraction and its place there."""

    extraction: bytes
    place: int


@dataclass(frozen=True, slots=True)
class Lesson:
    """Learn the template of one host."""

    key: str
    host: str
    pages: tuple[Taught, ...]


def template_store(cache: Path) -> Store:
    """Return where templates are kept."""
    return Store(cache, "templates", code_fingerprint(CODE))


def learn_templates(database: duckdb.DuckDBPyConnection, store: Store, engine: Engine) -> dict[str, Template]:
    """Return the template of every host, sorted by host; learn those whose sample has changed.

    Raises HiwarError when a template cannot be learned: texts would else differ by luck.
    """
    import pyarrow as pa

    known = _known(store)
    database.execute(_SAMPLES)
    wanted = database.execute(_WANTED).fetchall()
    missing = pa.table({"site": pa.array([site for site, key in wanted if key not in known], pa.string())})
    database.register("missing_sites", missing)
    learned: list[dict[str, str]] = []
    for lesson, outcome in engine.run(teach, _lessons(database, dict(wanted)), LEARNING):
        if isinstance(outcome, Failure):
            raise HiwarError(
                f"what {lesson.host} repeats cannot be learned: {outcome.kind} {outcome.detail}",
                what_next="Please report this with the archive, if you may share it.",
            )
        learned.append({KEY: lesson.key, "template": outcome})
    database.unregister("missing_sites")
    if learned:
        store.add(pa.Table.from_pylist(sorted(learned, key=lambda row: row[KEY])))
    known |= {row[KEY]: row["template"] for row in learned}
    return {site: Template.from_json(known[key]) for site, key in sorted(wanted)}


def _known(store: Store) -> dict[str, str]:
    """Return every stored template as JSON, by the digest of its sample."""
    import pyarrow.parquet as pq

    known: dict[str, str] = {}
    for part in store.parts():
        columns = pq.ParquetFile(part).read().to_pydict()
        known.update(zip(columns[KEY], columns["template"], strict=True))
    return known


_SAMPLES = f"""CREATE OR REPLACE TABLE samples AS
    SELECT {KEY}, part, place, site, sample FROM documents_states JOIN (
        SELECT {KEY}, part, unnest(sites) AS site, unnest(samples) AS sample,
               generate_subscripts(sites, 1) - 1 AS place FROM found WHERE failed IS NULL) USING ({KEY}, place)
    WHERE reason IS NULL AND sample <> ''
    QUALIFY row_number() OVER (PARTITION BY site ORDER BY sample, {KEY}, place) <= {SAMPLE_PAGES}"""

_WANTED = f"""SELECT site, substr(sha256(site || string_agg(concat_ws('|', {KEY}, place::VARCHAR), ','
    ORDER BY sample, {KEY}, place)), 1, 32) FROM samples GROUP BY site ORDER BY site"""


def _lessons(database: duckdb.DuckDBPyConnection, keys: Mapping[str, str]) -> Iterator[Lesson]:
    database.execute(
        "CREATE OR REPLACE TABLE lessons AS SELECT * FROM samples WHERE site IN (SELECT site FROM missing_sites)"
    )
    parts = database.execute("SELECT DISTINCT part FROM lessons ORDER BY part").fetchall()
    if not parts:
        return
    names = ", ".join(quoted(str(part)) for (part,) in parts)
    rows = _rows(
        database.cursor(),
        f"""SELECT site, extraction, place FROM read_parquet([{names}], filename = true) AS parts
        JOIN lessons USING ({KEY}) WHERE parts.filename = lessons.part ORDER BY site, sample, {KEY}, place""",
    )
    for site, pages in groupby(rows, key=lambda row: row[0]):
        yield Lesson(keys[site], site, tuple(Taught(extraction, place) for _, extraction, place in pages))


def _rows(cursor: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[str, bytes, int]]:
    for batch in cursor.sql(query).to_arrow_reader(256):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def teach(lesson: Lesson) -> str:
    """Return the template of one host as JSON."""
    read = (decode(Extraction, page.extraction, without="comments") for page in lesson.pages)
    documents = (found.documents[page.place] for found, page in zip(read, lesson.pages, strict=True))
    return learn(lesson.host, documents).to_json()


def write_templates(path: Path, templates: Iterable[Template]) -> None:
    """Write templates to a file, one a line in their order, for `hiwar explain` and the release's account."""
    write_text(path, "".join(template.to_json() + "\n" for template in templates))


def read_templates(path: Path) -> dict[str, Template]:
    """Read what `write_templates` wrote; nothing where there is no such file."""
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return {json.loads(line)["host"]: Template.from_json(line) for line in lines}
