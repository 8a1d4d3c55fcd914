"""The manifest: what went in, what came out, and the hashes that prove it.

It depends on nothing but archives, recipe, code and the release before: no clock, no path of a machine.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from builder.errors import VerifyFailed, WorldError
from builder.release.cardinput import VersionLine
from builder.release.content import combined
from builder.storage import sha256_of
from builder.tally import Tally

MANIFEST = "manifest.json"
FORMAT = 1
"""Version of the manifest's own form; one that is newer than ours is refused."""

TABLES = ("documents", "comments")
"""The tables of a release in the order they are shown; the first is the default config."""


@dataclass(frozen=True, slots=True, order=True)
class FileEntry:
    """A file by its name, its size and its SHA-256 (hexadecimal)."""

    name: str
    size_bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path, name: str | None = None) -> FileEntry:
        """Measure a file on disk; `name` replaces its own."""
        return cls(name or path.name, path.stat().st_size, sha256_of(path))


@dataclass(frozen=True, slots=True)
class Shard:
    """One Parquet file of a table: its path in the release and what it holds.

    `content` is the logical content hash ("sha256:HEX") that stays the same when pyarrow changes.
    """

    path: str
    table: str
    split: str
    rows: int
    size_bytes: int
    sha256: str
    content: str


@dataclass(frozen=True, slots=True)
class SchemaEntry:
    """The schema of a table: version and SHA-256 of its published file."""

    table: str
    version: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything a reader needs to check a release.

    `recipe` is the digest of the whole recipe, `card` that of the parts which reach a release. `captured_until`
    is the day (YYYY-MM-DD) of the latest capture, `history` the versions so far, newest first. `readme` is
    the SHA-256 of the card without the parts that people may write into it.
    """

    name: str
    version: str
    previous: str | None
    hiwar: str
    recipe: str
    made_with: Mapping[str, str]
    schemas: tuple[SchemaEntry, ...]
    shards: tuple[Shard, ...]
    tallies: tuple[Tally, ...] = ()
    inputs: tuple[FileEntry, ...] = ()
    files: tuple[FileEntry, ...] = ()
    captured_until: str | None = None
    card: str = ""
    readme: str = ""
    history: tuple[VersionLine, ...] = ()
    companions: tuple[FileEntry, ...] = field(default=())
    """Inputs beside the archives that the records depend on, such as the templates learned per host."""

    def rows(self, table: str) -> int:
        """Return the number of records of a table."""
        return sum(shard.rows for shard in self.shards if shard.table == table)

    def table_shards(self, table: str) -> tuple[Shard, ...]:
        """Return the shards of a table in order of path."""
        return tuple(shard for shard in self.shards if shard.table == table)

    def splits(self, table: str) -> dict[str, int]:
        """Return split -> records of a table, sorted by name."""
        names = sorted({shard.split for shard in self.table_shards(table)})
        return {
            name: sum(shard.rows for shard in self.table_shards(table) if shard.split == name)
            for name in names
        }

    def content(self, table: str) -> str:
        """Return the content hash of a table, "sha256:HEX", from those of its shards."""
        return combined((shard.path, shard.content) for shard in self.table_shards(table))

    def schema_version(self, table: str) -> int:
        """Return the schema version of a table; 0 where the release has no such table."""
        return next((entry.version for entry in self.schemas if entry.table == table), 0)

    def as_dict(self) -> dict[str, object]:
        """Return the manifest as it is written to manifest.json."""
        data = asdict(self)
        data["tallies"] = [tally.as_dict() for tally in self.tallies]
        tables = {
            table: {"rows": self.rows(table), "splits": self.splits(table), "content": self.content(table)}
            for table in TABLES
            if self.table_shards(table)
        }
        return {"format": FORMAT, **data, "tables": tables}

    @classmethod
    def from_dict(cls, data: Mapping[str, object], where: str) -> Manifest:
        """Read back what `as_dict` wrote.

        Raises VerifyFailed when it is of a newer form, a part is missing, or one part denies another.
        """
        if data.get("format") != FORMAT:
            raise VerifyFailed(
                f"manifest of form {data.get('format')!r}; this Hiwar reads form {FORMAT}",
                where=where,
                what_next="Use the version of Hiwar that wrote it, or a newer one.",
            )
        parts = {key: value for key, value in data.items() if key not in ("format", "tables")}
        try:
            for key, kind in _PARTS.items():
                parts[key] = tuple(kind(**entry) for entry in _mappings(parts[key]))
            parts["tallies"] = tuple(Tally.from_dict(entry) for entry in _mappings(parts["tallies"]))
            made = cls(**parts)  # type: ignore[arg-type]  # unknown and missing keys raise TypeError below
            _check_kinds(made, *made.schemas, *made.shards, *made.inputs, *made.files, *made.history)
            _check_names(made)
            _check_sums(made, data)
        except (KeyError, TypeError, ValueError) as error:
            raise VerifyFailed(
                f"the manifest is not whole: {error}", where=where, what_next="Build the release again."
            ) from error
        return made


_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "str": str,
    "int": int,
    "str | None": (str, type(None)),
    "Mapping[str, str]": dict,
}


def _check_kinds(*parts: Manifest | SchemaEntry | Shard | FileEntry | VersionLine) -> None:
    """Raise TypeError where a field holds another kind of value than it is declared to."""
    for part in parts:
        for each in fields(part):
            value, kind = getattr(part, each.name), _KINDS.get(str(each.type))
            if kind is not None and not isinstance(value, kind):
                raise TypeError(f"{each.name} is {value!r}")


_PARTS: Mapping[str, Callable[..., object]] = {
    "schemas": SchemaEntry,
    "shards": Shard,
    "inputs": FileEntry,
    "files": FileEntry,
    "companions": FileEntry,
    "history": VersionLine,
}


def _check_names(manifest: Manifest) -> None:
    """Raise ValueError or TypeError for a version that is none, or a shard that does not lie in its table's folder."""
    version_key(manifest.version)
    for shard in manifest.shards:
        if not re.fullmatch(rf"data/{re.escape(shard.table)}/[a-z0-9_]+-[a-z0-9-]+\.parquet", shard.path):
            raise ValueError(f"{shard.path!r} is no place of a shard of {shard.table!r}")


def _check_sums(manifest: Manifest, data: Mapping[str, object]) -> None:
    """Raise ValueError where one part of a manifest denies another."""
    follows = manifest.as_dict()
    wrong = [key for key in ("tables", "tallies") if data.get(key) != follows[key]]
    if wrong:
        raise ValueError(f"{' and '.join(wrong)}: other figures than follow from the rest")
    for tally in manifest.tallies:
        if tally.read != tally.kept + tally.dropped.total() + tally.failed.total():
            raise ValueError(f"stage {tally.stage} read {tally.read} items and does not account for them")
    known = [line.version for line in manifest.history[:2]]
    if known != [version for version in (manifest.version, manifest.previous) if version]:
        raise ValueError(f"the history does not begin with {manifest.version} and {manifest.previous}")
    doubled = [name for name, count in Counter(entry.name for entry in manifest.files).items() if count > 1]
    if doubled:
        raise ValueError(f"{', '.join(doubled)} stands twice among the files")


def _mappings(value: object) -> Iterable[Mapping[str, object]]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, found {type(value).__name__}")
    return value


def read_manifest(release: Path) -> Manifest:
    """Read the manifest of a release folder.

    Raises WorldError when the folder is no release, VerifyFailed when the manifest is not whole.
    """
    path = release / MANIFEST
    if not path.is_file():
        raise WorldError(
            "not a release: it holds no manifest.json",
            where=str(release),
            what_next="Name a folder such as releases/1.0.0, which `hiwar build` prints at its end.",
        )
    try:
        data = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise VerifyFailed(
            f"not JSON: {error}", where=str(path), what_next="Build the release again."
        ) from error
    return Manifest.from_dict(data if isinstance(data, dict) else {}, str(path))


_VERSION = re.compile(r"^(\d+)\.(\d+)\.(\d+)$")


def version_key(version: str) -> tuple[int, ...]:
    """Return a version as numbers, so that 1.10.0 comes after 1.9.0. Raises ValueError when it is none."""
    match = _VERSION.match(version)
    if match is None:
        raise ValueError(f"{version!r} is no version of the form 1.2.3")
    return tuple(int(part) for part in match.groups())


def releases_in(folder: Path) -> list[Path]:
    """Return the finished releases below a folder, lowest version first."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if _VERSION.match(path.name) and (path / MANIFEST).is_file()]
    return sorted(found, key=lambda path: version_key(path.name))
