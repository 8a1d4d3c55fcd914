"""What the last release already holds: whole shards that stand for the same rows again, and single rows.

The bytes of a shard follow from its rows, its schema, and the code and packages that write it. Its content digest
names the rows, the manifest the schema. What wrote the last release, and what each of its rows was made from, is
remembered in the cache, which may be deleted: then every shard is written out of the stores. What is taken over must
still have the SHA-256 that the manifest gives it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from builder.release.manifest import MANIFEST, SchemaEntry, Shard, read_manifest
from builder.storage import sha256_of, write_json

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

NAME_COLUMN = "_name"
"""Column with a digest of all that a row is made from; see builder.release.reuse."""


@dataclass(frozen=True, slots=True)
class Writer:
    """What writes the shards now: a digest of code and packages, and the file that remembers the last one's.

    `made` holds a digest for each table: what its rows are made from beside that by which their `_key` calls them.
    """

    state: str
    memory: Path
    made: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> Path:
        """The file that remembers the names of the last release's rows."""
        return self.memory.with_suffix(".parquet")

    def remember(self, release: Path, names: Path | None = None) -> None:
        """Remember that this writer wrote a release, and take the file of its rows' names.

        Raises WorldError when the disk refuses.
        """
        self.names.unlink(missing_ok=True)
        if names is not None and names.is_file():
            shutil.move(names, self.names)
        write_json(self.memory, self._of(release))

    def wrote(self, release: Path) -> bool:
        """Return whether this writer wrote a release, its manifest is still the same, and so are the names."""
        try:
            known = json.loads(self.memory.read_text(encoding="utf-8"))
            return bool(known == self._of(release))
        except (OSError, ValueError):
            return False

    def _of(self, release: Path) -> dict[str, str | None]:
        manifest = sha256_of(release / MANIFEST)
        names = sha256_of(self.names) if self.names.is_file() else None
        return {"release": release.name, "manifest": manifest, "writer": self.state, "names": names}


@dataclass(frozen=True, slots=True)
class HeldShards:
    """The shards of a release by path and content digest, and the file with its rows' names; none that may not be used.

    The file has the name of each row, the path of its shard and its place there.
    """

    release: Path
    shards: dict[tuple[str, str], Shard] = field(default_factory=dict)
    names: Path | None = None

    @classmethod
    def of(cls, release: Path, writer: Writer, schemas: Iterable[SchemaEntry]) -> HeldShards:
        """Return what of a release may be taken by a writer for tables of these schemas."""
        if not writer.wrote(release):
            return cls(release)
        manifest = read_manifest(release)
        same = {entry.table for entry in set(schemas) & set(manifest.schemas)}
        shards = {(s.path, s.content): s for s in manifest.shards if s.table in same}
        return cls(release, shards, writer.names if writer.names.is_file() else None)

    def take(self, path: str, content: str, target: Path) -> Shard | None:
        """Copy the shard of that path and content to `target`; None when there is none or it was damaged."""
        shard = self.shards.get((path, content))
        return shard if shard is not None and self.copy(shard, target) else None

    def copy(self, shard: Shard, target: Path) -> bool:
        """Copy a shard to `target`; return whether it is there and whole."""
        source = self.release / shard.path
        if not source.is_file():
            return False
        shutil.copyfile(source, target)
        return sha256_of(target) == shard.sha256

    def whole(self, table: str) -> list[Shard]:
        """Return the shards of a table by whose rows' names something may be taken, by path.

        Where one shard of a month is damaged, none of that month is among them.
        """
        if self.names is None:
            return []
        mine = sorted((s for s in self.shards.values() if s.table == table), key=lambda shard: shard.path)
        damaged = {label_of(shard) for shard in mine if not self._is_whole(shard)}
        return [shard for shard in mine if label_of(shard) not in damaged]

    def _is_whole(self, shard: Shard) -> bool:
        path = self.release / shard.path
        return path.is_file() and sha256_of(path) == shard.sha256


def label_of(shard: Shard) -> str:
    """Return split and month of a shard, as in "train-2025-01" for that of train-2025-01x002.parquet."""
    return place_of(shard)[0]


def place_of(shard: Shard) -> tuple[str, int]:
    """Return split and month of a shard, and which of that month's it is: the order of a table's shards."""
    stem = Path(shard.path).stem
    label, _, number = stem.rpartition("x")
    return (label, int(number)) if label and number.isdecimal() else (stem, 1)


class Names:
    """Writes the file of a release's row names, shard by shard. Use it as a context manager."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._shape = pa.schema([("path", pa.string()), ("row", pa.int64()), ("name", pa.binary())])
        self._writer: pq.ParquetWriter = pq.ParquetWriter(path, self._shape, compression="lz4")

    def add(self, path: str, names: pa.ChunkedArray) -> None:
        """Take the names of the rows of one shard, in their order."""
        import pyarrow as pa

        rows = len(names)
        columns = [pa.array([path] * rows, pa.string()), pa.array(range(rows), pa.int64()), names]
        self._writer.write_table(pa.table(columns, schema=self._shape))

    def __enter__(self) -> Names:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()
