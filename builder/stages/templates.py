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

from builder.buckets import BUCKET_COLUMN, ordered
from builder.duck import file_literal, right_sides_held
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
LESSONS_AT_ONCE = 1000
"""Pages to learn from that are put in order at a time: an extraction of a page with many comments takes 20 kB."""
READ_AT_ONCE = 256
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


def learn_templates(
    database: duckdb.DuckDBPyConnection, store: Store, engine: Engine, work: Path
) -> dict[str, Template]:
    """Return the template of every host, sorted by host; learn those whose sample has changed. `work` is removed again.

    Raises HiwarError when a template cannot be learned: texts would else differ by luck.
    """
    import pyarrow as pa

    known = _known(store)
    database.execute(_SAMPLES)
    wanted = database.execute(_WANTED).fetchall()
    missing = pa.table({"site": pa.array([site for site, key in wanted if key not in known], pa.string())})
    database.register("missing_sites", missing)
    learned: list[dict[str, str]] = []
    for lesson, outcome in engine.run(teach, _lessons(database, dict(wanted), work), LEARNING):
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


_LESSONS = f"""CREATE OR REPLACE TABLE lessons AS SELECT {KEY}, part, place, site, sample,
    (row_number() OVER (ORDER BY site, sample, {KEY}, place) - 1) // {LESSONS_AT_ONCE} AS {BUCKET_COLUMN}
    FROM samples WHERE site IN (SELECT site FROM missing_sites)"""


def _lessons(database: duckdb.DuckDBPyConnection, keys: Mapping[str, str], work: Path) -> Iterator[Lesson]:
    """Yield the lessons of the hosts that are missing, by host. Pages go through `work`: SQL sorts names alone."""
    database.execute(_LESSONS)
    parts = database.execute("SELECT DISTINCT part FROM lessons ORDER BY part").fetchall()
    if not parts:
        return
    names = ", ".join(file_literal(part) for (part,) in parts)
    query = f"""SELECT site, sample, {KEY}, place, extraction, {BUCKET_COLUMN}
        FROM read_parquet([{names}], filename = true) AS parts
        JOIN lessons USING ({KEY}) WHERE parts.filename = lessons.part"""
    with right_sides_held(database):
        batches = ordered(database, query, ("site", "sample", KEY, "place"), work, batch_rows=READ_AT_ONCE)
        pages = (page for batch in batches for page in batch.to_pylist())
        for site, lesson in groupby(pages, key=lambda page: str(page["site"])):
            taught = tuple(Taught(page["extraction"], page["place"]) for page in lesson)
            yield Lesson(keys[site], site, taught)


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
