"""What can be checked of a release with nothing but its files: hashes, schema, rows, references, card.

Every function takes the release's folder and its manifest and returns the problems found; none is good.
`builder.verify` runs them, and after them the checks that need other readers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from builder.duck import connection, file_literal
from builder.errors import HiwarError
from builder.release.card import read_head, without_kept
from builder.release.content import ContentHash, slices
from builder.release.manifest import MANIFEST, TABLES, FileEntry, Manifest, Shard
from builder.release.shards import shard_schema
from builder.schema import Row, Schema, load_schema, shipped
from builder.storage import sha256_of

if TYPE_CHECKING:
    import pyarrow as pa

README = "README.md"


def file_problems(release: Path, manifest: Manifest) -> Iterator[str]:
    """Compare every file with its size and SHA-256 in the manifest, and look for files it does not name.

    Hidden ones are nobody's: desktops, git and the Hub's downloads leave them, no reader opens them, none is sent.
    """
    named = {entry.name: entry for entry in manifest.files}
    paths = (path.relative_to(release) for path in release.rglob("*") if path.is_file())
    there = {path.as_posix() for path in paths if not any(part.startswith(".") for part in path.parts)}
    yield from (f"{name} is missing" for name in sorted(named.keys() - there))
    yield from (f"{name} is not in the manifest" for name in sorted(there - named.keys() - {MANIFEST}))
    for name in sorted(named.keys() & there):
        other = _other(release / name, named[name])
        if other and not _only_kept_text(release, name, manifest):
            yield f"{name} has another {other} than the manifest says"
    for shard in manifest.shards:
        entry = named.get(shard.path)
        if entry is None or (entry.sha256, entry.size_bytes) != (shard.sha256, shard.size_bytes):
            yield f"{shard.path}: the manifest contradicts itself"


def _other(path: Path, entry: FileEntry) -> str | None:
    """Return what of a file is not as its entry says; None when all is."""
    if sha256_of(path) != entry.sha256:
        return "SHA-256"
    return "size" if path.stat().st_size != entry.size_bytes else None


def _only_kept_text(release: Path, name: str, manifest: Manifest) -> bool:
    """Return whether a card differs only where people may write into it."""
    if name != README:
        return False
    text = without_kept((release / name).read_bytes().decode("utf-8", "replace"))
    return hashlib.sha256(text.encode()).hexdigest() == manifest.readme


def schema_problems(release: Path, manifest: Manifest) -> Iterator[str]:
    """Compare the columns of every shard, in Arrow and in its `huggingface` metadata, with the schema file."""
    import pyarrow.parquet as pq

    for entry in manifest.schemas:
        path = shipped("schemas") / f"{entry.table}.v{entry.version}.json"
        if not path.is_file():
            yield f"schema {entry.table} version {entry.version} is not known to this Hiwar"
            continue
        if sha256_of(path) != entry.sha256:
            yield f"{path.name} is not the file the release was made with"
        expected = shard_schema(load_schema(entry.table, entry.version))
        for shard in manifest.table_shards(entry.table):
            found = pq.read_schema(release / shard.path)
            same = found.equals(expected) and _hub_part(found) == _hub_part(expected)
            if not same:
                yield f"{shard.path} has other columns than {path.name}"


def _hub_part(schema: pa.Schema) -> bytes | None:
    """Return what `datasets` reads from the file's own metadata."""
    return (schema.metadata or {}).get(b"huggingface")


def record_problems(release: Path, manifest: Manifest) -> Iterator[str]:
    """Read every row: counts, content hashes, order, place in the right month, null rules, mention offsets."""
    for shard in manifest.shards:
        schema = load_schema(shard.table, manifest.schema_version(shard.table))
        yield from _shard_problems(release / shard.path, shard, schema)
    yield from _identity_problems(release, manifest)


def _shard_problems(path: Path, shard: Shard, schema: Schema) -> Iterator[str]:
    content, rows, last = ContentHash(), 0, ("", "")
    month = Path(shard.path).stem.split("-", 1)[1].split("x")[0]
    for table in slices(path):
        content.add(table)
        rows += table.num_rows
        yield from _null_problems(table, shard, schema)
        for key, row_month in _keys(table):
            if key < last:
                yield f"{shard.path}: {key[1]} is out of order"
            if row_month != month:
                yield f"{shard.path}: {key[1]} was published in {row_month}"
            last = key
        if "mentions" in schema.names:
            yield from _mention_problems(table, shard)
    if rows != shard.rows or rows == 0:
        yield f"{shard.path} has {rows} rows, the manifest says {shard.rows}"
    if content.value() != shard.content:
        yield f"{shard.path} has another content hash than the manifest says"


def _keys(table: pa.Table) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield ((time, id), month) of each row; undated rows have the empty time."""
    columns = table["published_at"].to_pylist(), table["id"].to_pylist()
    for moment, key in zip(*columns, strict=True):
        yield (moment.isoformat() if moment else "", key), moment.strftime("%Y-%m") if moment else "undated"


def _null_problems(table: pa.Table, shard: Shard, schema: Schema) -> Iterator[str]:
    for field in schema.fields:
        if not field.nullable and table[field.name].null_count:
            yield f"{shard.path}: {field.name} is null in {table[field.name].null_count} rows"


def _mention_problems(table: pa.Table, shard: Shard) -> Iterator[str]:
    names = ("id", "title", "text", "mentions")
    for key, title, text, mentions in zip(*(table[name].to_pylist() for name in names), strict=True):
        for mention in mentions or ():
            place = (title or "") if mention["zone"] == "title" else text
            if text and place[mention["start"] : mention["end"]] != mention["surface"]:
                yield f"{shard.path}: {key} has a mention that is not at its place"


def _identity_problems(release: Path, manifest: Manifest) -> Iterator[str]:
    """Look for ids that stand twice, comments without document or in another split, and parents that are not there."""
    with TemporaryDirectory(prefix="hiwar-audit-") as scratch, connection(Path(scratch)) as database:
        for table in TABLES:
            database.execute(f"CREATE VIEW {table} AS {_identity_sql(release, manifest, table)}")
            twice = f"SELECT id FROM {table} GROUP BY id HAVING count(*) > 1 ORDER BY id LIMIT 10"
            yield from (f"{table}: {key} stands twice" for (key,) in database.execute(twice).fetchall())
        query = """SELECT comments.id, documents.id IS NULL FROM comments
                   LEFT JOIN documents USING (document_id)
                   WHERE documents.split IS DISTINCT FROM comments.split ORDER BY 1 LIMIT 10"""
        for key, alone in database.execute(query).fetchall():
            yield f"comment {key} " + (
                "has no document" if alone else "is in another split than its document"
            )
        for table in TABLES:
            query = f"""SELECT id, parent_state FROM {table}
                WHERE parent_id IS NOT NULL AND (parent_state = 'present') <> (parent_id IN
                    (SELECT id FROM documents UNION ALL SELECT id FROM comments)) ORDER BY 1 LIMIT 10"""
            for key, state in database.execute(query).fetchall():
                yield f"{table}: the parent of {key} is not {state}"


def _identity_sql(release: Path, manifest: Manifest, table: str) -> str:
    """Return the query of id, document_id, split and parent of all rows of a table."""
    files = ", ".join(file_literal(release / shard.path) for shard in manifest.table_shards(table))
    if not files:
        return (
            "SELECT '' AS id, '' AS document_id, '' AS split, '' AS parent_id, '' AS parent_state WHERE false"
        )
    column = "id AS document_id" if table == "documents" else "document_id"
    split = "regexp_extract(filename, '([a-z0-9_]+)-[^/]*$', 1) AS split"
    return (
        f"SELECT id, {column}, {split}, parent_id, parent_state FROM read_parquet([{files}], filename = true)"
    )


def card_problems(release: Path, manifest: Manifest) -> Iterator[str]:
    """Compare the card's head with the data: configs, splits, features, version; and look for gaps in its text."""
    try:
        text = (release / README).read_text(encoding="utf-8")
        head = read_head(text)
    except (OSError, UnicodeDecodeError, HiwarError) as error:
        yield f"README.md cannot be read: {error}"
        return
    configs = {entry["config_name"]: entry for entry in _entries(head, "configs")}
    infos = {entry["config_name"]: entry for entry in _entries(head, "dataset_info")}
    tables = [entry.table for entry in manifest.schemas]
    if sorted(configs) != sorted(tables) or sorted(infos) != sorted(tables):
        yield f"the card has configs {sorted(configs)}, the release tables {sorted(tables)}"
        return
    for table in tables:
        expected = load_schema(table, manifest.schema_version(table)).features()
        if infos[table].get("features") != expected:
            yield f"the card's features of {table} are not those of the schema"
        splits = [entry["split"] for entry in configs[table]["data_files"]]
        if sorted(splits) != sorted(manifest.splits(table)):
            yield f"the card's splits of {table} are {splits}, the data has {sorted(manifest.splits(table))}"
        if configs[table].get("version") != manifest.version:
            yield f"the card says version {configs[table].get('version')}, the manifest {manifest.version}"
    if "[More Information Needed]" in text:
        yield "the card has a gap: [More Information Needed]"


def _entries(head: Mapping[str, object], key: str) -> list[Row]:
    found = head.get(key)
    return found if isinstance(found, list) else []
