"""A finished release in object storage: copied so that nobody sees half of one, and checked where it lies.

The manifest goes last: a prefix without one is no release yet. What lies there is never deleted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from builder.errors import UsageError, VerifyFailed, WorldError
from builder.objects import digest_of, object_at, parted, put, sizes_below
from builder.release.audit import README, file_problems
from builder.release.card import without_kept
from builder.release.holdings import refuse_named
from builder.release.manifest import MANIFEST, FileEntry, Manifest, read_manifest


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copying did: where the release lies, files and bytes sent, files that were there already."""

    target: str
    version: str
    sent: int
    sent_bytes: int
    left: int

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON-ready values."""
        return asdict(self)


def copy_release(release: Path, to: str, *, progress: Callable[[str], None] | None = None) -> Copied:
    """Copy a release folder to a prefix such as s3://bucket/my-dataset; it will lie below its version there.

    Files that are there with the same SHA-256 are left, so a copying that was stopped goes on where it was.
    Raises VerifyFailed when the folder is not what its manifest says, CheckFailed when it holds what was asked to be
    removed, UsageError when something else lies there,
    StorageError when the storage refuses or cannot be reached.
    """
    bucket, prefix = parted(to)
    manifest = read_manifest(release)
    problems = list(file_problems(release, manifest))
    if problems:
        raise VerifyFailed("; ".join(problems[:3]), where=str(release), what_next="Build the release again.")
    refuse_named(release)
    target = "/".join(filter(None, [f"s3://{bucket}", prefix, manifest.version]))
    there = sizes_below(target)
    names = [entry.name for entry in manifest.files]
    _refuse_others(release, target, there.keys() - {*names, MANIFEST}, there=MANIFEST in there)
    sent: list[int] = []
    for name in (*names, MANIFEST):
        entry, address = FileEntry.of(release / name, name), f"{target}/{name}"
        if there.get(name) == entry.size_bytes and digest_of(object_at(address)) == entry.sha256:
            continue
        put(release / name, address)
        sent.append(entry.size_bytes)
        if progress is not None:
            progress(f"{address}: {entry.size_bytes:,} bytes")
    return Copied(target, manifest.version, len(sent), sum(sent), len(names) + 1 - len(sent))


def _refuse_others(release: Path, target: str, foreign: set[str], *, there: bool) -> None:
    """Raise UsageError when another release, or anything that is not of this one, lies at the target."""
    mine = (release / MANIFEST).read_bytes()
    if there and _read(f"{target}/{MANIFEST}") not in (
        mine,
        b"",
    ):  # empty: stopped as it was about to be sent
        raise UsageError(
            "a release of this version is there and holds other content",
            where=target,
            what_next="Versions are never changed. Build a new one, or copy to another prefix.",
        )
    if foreign:
        raise UsageError(
            f"{len(foreign)} objects there are not of this release: {', '.join(sorted(foreign)[:3])}",
            where=target,
            what_next="Copy to another prefix, or delete them if nobody needs them.",
        )


def manifest_at(address: str) -> Manifest:
    """Return the manifest of a release that was copied.

    Raises WorldError when there is none, VerifyFailed when it is not whole, StorageError when it cannot be read.
    """
    where = f"{address}/{MANIFEST}"
    if MANIFEST not in sizes_below(address, deep=False):
        raise WorldError(
            "not a release: it holds no manifest.json",
            where=address,
            what_next="Name what `hiwar copy` printed at its end; if it was stopped, run it again.",
        )
    try:
        data = json.loads(_read(where))
    except ValueError as error:
        raise VerifyFailed(f"not JSON: {error}", where=where, what_next="Copy the release again.") from error
    return Manifest.from_dict(data if isinstance(data, dict) else {}, where)


def copied_problems(address: str, manifest: Manifest) -> Iterator[str]:
    """Read every object of a copied release and compare it with the manifest; look for others."""
    named = {entry.name: entry for entry in manifest.files}
    there = sizes_below(address)
    yield from (f"{name} is missing" for name in sorted(named.keys() - there))
    yield from (f"{name} is not in the manifest" for name in sorted(there.keys() - named - {MANIFEST}))
    for name in sorted(named.keys() & there):
        entry = named[name]
        if digest_of(object_at(f"{address}/{name}")) != entry.sha256 and not (
            name == README and _card_digest(f"{address}/{name}") == manifest.readme
        ):
            yield f"{name} has another SHA-256 than the manifest says"


def _card_digest(address: str) -> str:
    """Return the digest of a card without the parts that people may write into."""
    return hashlib.sha256(without_kept(_read(address).decode("utf-8", "replace")).encode()).hexdigest()


def _read(address: str) -> bytes:
    with object_at(address).open() as file:
        return file.read()
