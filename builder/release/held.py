"""Shards of the last release that stand for the same rows again: they are copied and not written anew.

The bytes of a shard follow from its rows, its schema, and the code and packages that write it. Its content digest
names the rows, the manifest the schema. What wrote the last release is remembered in the cache, which may be deleted:
then every shard is written. What is copied must still have the SHA-256 that the manifest gives it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from builder.release.manifest import MANIFEST, SchemaEntry, Shard, read_manifest
from builder.storage import sha256_of, write_json


@dataclass(frozen=True, slots=True)
class Writer:
    """What writes the shards now: a digest of code and packages, and the file that remembers the last one's."""

    state: str
    memory: Path

    def remember(self, release: Path) -> None:
        """Remember that this writer wrote a release. Raises WorldError when the disk refuses."""
        write_json(self.memory, self._of(release))

    def wrote(self, release: Path) -> bool:
        """Return whether this writer wrote a release, and its manifest is still the same."""
        try:
            known = json.loads(self.memory.read_text(encoding="utf-8"))
            return bool(known == self._of(release))
        except (OSError, ValueError):
            return False

    def _of(self, release: Path) -> dict[str, str]:
        manifest = sha256_of(release / MANIFEST)
        return {"release": release.name, "manifest": manifest, "writer": self.state}


@dataclass(frozen=True, slots=True)
class HeldShards:
    """The shards of a release by path and content digest; none where they may not be taken."""

    release: Path
    shards: dict[tuple[str, str], Shard] = field(default_factory=dict)

    @classmethod
    def of(cls, release: Path, writer: Writer, schemas: Iterable[SchemaEntry]) -> HeldShards:
        """Return what of a release may be taken by a writer for tables of these schemas."""
        if not writer.wrote(release):
            return cls(release)
        manifest = read_manifest(release)
        same = {entry.table for entry in set(schemas) & set(manifest.schemas)}
        return cls(release, {(s.path, s.content): s for s in manifest.shards if s.table in same})

    def take(self, path: str, content: str, target: Path) -> Shard | None:
        """Copy the shard of that path and content to `target`; None when there is none or it was damaged."""
        shard = self.shards.get((path, content))
        source = self.release / path
        if shard is None or not source.is_file():
            return None
        shutil.copyfile(source, target)
        return shard if sha256_of(target) == shard.sha256 else None
