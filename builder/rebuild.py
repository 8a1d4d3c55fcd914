"""Proves that the archives still give a release: builds it again elsewhere and compares.

The folder is mirrored with links, the archives cut to the length they had, and the releases before it put in
place, because a release also depends on the one before (its version, its changes).
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from builder.errors import UsageError, WorldError
from builder.objects import is_address
from builder.pipeline import build
from builder.recipe import load_recipe
from builder.release.manifest import FileEntry, Manifest, read_manifest
from builder.release.places import at_home, dataset_of, recipe_beside
from builder.sources.warc import matching
from builder.storage import LOCK_NAME, TEMPORARY
from builder.version import __version__

ARCHIVE = "archive"
_LEFT_OUT = ("releases", "cache")
_ARCHIVES = (".warc", ".warc.gz", ".warc.zst", ".wacz")
_CHUNK_BYTES = 1 << 20
_TOLD_ALONE = ("captured_until", "history", "name", "previous", "schemas", "tallies")
"""What a manifest says that stands in no other file with a hash."""


def rebuild_problems(release: Path, manifest: Manifest) -> Iterator[str]:
    """Build a release again from its archives and yield how the result differs; nothing when it is the same.

    Raises WorldError when the recipe it was made with is not beside it.
    """
    folder, recipe_file = dataset_of(release), recipe_beside(at_home(release))
    if folder is None or not recipe_file.is_file():
        raise WorldError(
            "the recipe of this release is not kept beside it",
            where=str(recipe_file),
            what_next="Verify the release where it was built, in its dataset's releases folder.",
        )
    there = _beside(folder, recipe_file)
    with (
        TemporaryDirectory(prefix=f"{TEMPORARY}rebuild-", dir=there) as scratch,
        TemporaryDirectory(prefix=f"{TEMPORARY}rebuild-archives-", dir=there) as aside,
    ):
        mirror = Path(scratch)
        instead = _mirror(folder, mirror, manifest, _Elsewhere(_named(folder, recipe_file), Path(aside)))
        shutil.copyfile(recipe_file, mirror / "dataset.toml")
        recipe = replace(load_recipe(mirror), instead=instead)
        built = build(recipe, workers=1, now=datetime.now(UTC))
        if built.release is None or not built.fresh:
            yield f"the archives give release {built.version} again, not this one"
            found = read_manifest(built.release).inputs if built.release else ()
            yield from _unequal("archive", _hashes(manifest.inputs), _hashes(found))
            return
        yield from _differences(manifest, read_manifest(built.release))


def _beside(folder: Path, recipe_file: Path) -> Path:
    """Return where the mirror is made: in the folder, or next to it if the recipe's paths lead out with ".."."""
    blocks = (source.block for source in load_recipe(recipe_file).sources)
    paths = [path for block in blocks for path in getattr(block, "paths", ())]
    return folder.parent if any(".." in Path(path).parts for path in paths) else folder


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """The archives that the recipe's paths lead to, and the folder for copies of those outside the dataset's."""

    named: tuple[Path, ...]
    aside: Path


def _named(folder: Path, recipe_file: Path) -> tuple[Path, ...]:
    """Return the archives that the recipe's paths lead to now, links followed: absolute ones lead out of a mirror."""
    found: set[Path] = set()
    for source in load_recipe(recipe_file).sources:
        patterns = getattr(source.block, "paths", ()) if source.reach == "archives" else ()
        for pattern in patterns:
            with suppress(UsageError):  # it matches nothing any more: the build tells so
                found.update(() if is_address(pattern) else matching([pattern], folder))
    return tuple(sorted(found))


def _mirror(folder: Path, mirror: Path, manifest: Manifest, elsewhere: _Elsewhere) -> dict[Path, Path | None]:
    """Link a dataset's folder file by file; archives as they were, earlier releases as they are.

    Returns what is to be read instead of the archives that the recipe's paths lead to.
    """
    archives: dict[str, list[Path]] = {entry.name: [] for entry in manifest.inputs}
    for place, folders, files in _walk(folder):
        here = Path(place)
        inside = here.relative_to(folder)
        skipped = _LEFT_OUT if here == folder else ()
        folders[:] = sorted(name for name in folders if name not in skipped and not name.startswith("."))
        (mirror / inside).mkdir(exist_ok=True)
        for name in folders:
            # The walk goes into no link but the archive's: what lies there is read where it lies.
            if (here / name).is_symlink() and here / name != folder / ARCHIVE:
                (mirror / inside / name).symlink_to((here / name).resolve())
        for name in sorted(files):
            if name in archives or name.endswith(_ARCHIVES):
                archives.setdefault(name, []).append(here / name)
            elif name != LOCK_NAME and (here != folder or not name.endswith(".toml")):
                (mirror / inside / name).symlink_to((here / name).resolve())
    instead = _cut(archives, folder, mirror, manifest, elsewhere)
    _link_earlier(folder / "releases", mirror / "releases", manifest)
    return instead


def _walk(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """Walk through a dataset's folder, and through its archive where that is a link: a build may write there."""
    yield from os.walk(folder)
    if (folder / ARCHIVE).is_symlink():
        yield from os.walk(folder / ARCHIVE)


def _cut(
    archives: dict[str, list[Path]], folder: Path, mirror: Path, manifest: Manifest, elsewhere: _Elsewhere
) -> dict[Path, Path | None]:
    """Copy archives as they were; return the copy of each that the recipe names, None where it is newer."""
    walked = {path.resolve(): path for paths in archives.values() for path in paths}
    for path in elsewhere.named:
        if path not in walked:
            archives.setdefault(path.name, []).append(path)
    copies: dict[Path, Path] = {}
    for name, paths in archives.items():
        entries = [entry for entry in manifest.inputs if entry.name == name]
        for path, size_bytes in _sizes_then(sorted(paths), entries):
            real = path.resolve()
            if real in walked:
                copies[real] = mirror / path.relative_to(folder)
            elif path.stat().st_size > size_bytes:
                copies[real] = Path(mkdtemp(dir=elsewhere.aside)) / name
            else:
                copies[real] = real  # as long as it was: read where it lies
                continue
            _copy_start(path, copies[real], size_bytes)
    return {path: copies.get(path) for path in elsewhere.named}


def _link_earlier(releases: Path, there: Path, manifest: Manifest) -> None:
    there.mkdir()
    for line in manifest.history[1:]:
        if (releases / line.version).is_dir():
            (there / line.version).symlink_to((releases / line.version).resolve())


def _sizes_then(paths: list[Path], entries: list[FileEntry]) -> Iterator[tuple[Path, int]]:
    """Yield the archives of one name that the release read, each with the size it had then, in bytes.

    Of several each is known by how it begins. One that was changed since takes what is left over, to be named later;
    one that is newer than the release is left out.
    """
    if len(paths) > 1 or len(entries) > 1:
        longest_first = sorted(entries, key=lambda entry: -entry.size_bytes)
        known = {path: next((e for e in longest_first if _begins(path, e)), None) for path in paths}
        yield from ((path, entry.size_bytes) for path, entry in known.items() if entry)
        paths = [path for path, entry in known.items() if not entry]
        entries = [entry for entry in entries if entry not in known.values()]
    yield from ((path, entry.size_bytes) for path, entry in zip(paths, entries, strict=False))


def _begins(path: Path, entry: FileEntry) -> bool:
    """Return whether a file begins with what an archive held."""
    digest = hashlib.sha256()
    for chunk in _start(path, entry.size_bytes):
        digest.update(chunk)
    return digest.hexdigest() == entry.sha256


def _copy_start(archive: Path, target: Path, size_bytes: int) -> None:
    """Copy an archive up to the size it had; not linked, so that nothing the build may take in reaches the real one."""
    with target.open("wb") as copy:
        copy.writelines(_start(archive, size_bytes))


def _start(path: Path, size_bytes: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        while size_bytes and (chunk := file.read(min(size_bytes, _CHUNK_BYTES))):
            yield chunk
            size_bytes -= len(chunk)


def _differences(made: Manifest, again: Manifest) -> Iterator[str]:
    """Compare two manifests. Bytes are held against each other only where the same code wrote both."""
    if again.version != made.version:
        yield f"the version comes out as {again.version}"
    if again.recipe != made.recipe:
        yield "the recipe means something else to this Hiwar"
    yield from _unequal("archive", _hashes(made.inputs), _hashes(again.inputs))
    yield from _unequal("records of", _contents(made), _contents(again))
    if not other_code(made):
        yield from _unequal("bytes of", _hashes(made.files), _hashes(again.files))
        told, found = made.as_dict(), again.as_dict()
        yield from (f"{key} in manifest.json: differ" for key in _TOLD_ALONE if told[key] != found[key])


def other_code(made: Manifest) -> str:
    """Return what wrote a release and is not what is installed here, as in "pyarrow 25.0.0"; "" when all of it is."""
    here = {name: _installed(name) for name in made.made_with}
    others = [f"{name} {version}" for name, version in made.made_with.items() if here[name] != version]
    return ", ".join([*([] if made.hiwar == __version__ else [f"Hiwar {made.hiwar}"]), *others])


def _installed(name: str) -> str | None:
    try:
        return package_version(name)
    except PackageNotFoundError:
        return None


def _contents(manifest: Manifest) -> dict[str, str]:
    return {shard.path: shard.content for shard in manifest.shards}


def _hashes(entries: tuple[FileEntry, ...]) -> dict[str, list[str]]:
    """Return name -> hashes, sorted: archives in different folders may have one name."""
    found: dict[str, list[str]] = {}
    for entry in sorted(entries):
        found.setdefault(entry.name, []).append(entry.sha256)
    return found


def _unequal(what: str, made: Mapping[str, object], again: Mapping[str, object]) -> Iterator[str]:
    for name in sorted(made.keys() | again.keys()):
        if made.get(name) != again.get(name):
            state = "differ" if name in made and name in again else "missing" if name in made else "new"
            yield f"{what} {name}: {state}"
