"""Files on disk: written whole or not at all, and one writer at a time.

The order is the one found safe by ALICE (OSDI '14): temporary file, fsync of the file, rename, fsync of the
folder. A reader sees the old file or the new one, also after a cut of power.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from builder.errors import LockedError, VerifyFailed, WorldError

TEMPORARY = ".tmp-"
"""Every file or folder that is not finished has a name that begins so; it may be deleted at any time."""

LOCK_NAME = ".hiwar.lock"

FETCH_AGAIN = "Run `hiwar verify` on that release, and take it again from where it was published."

_CHUNK_BYTES = 1 << 20


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical_json(value: object) -> str:
    """Return JSON on one line with sorted keys: equal values give equal text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def sync_file(path: Path) -> None:
    """Force a file to the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Force the names in a folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Force every file below a folder, and every folder, to the disk."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            sync_file(path)
        else:
            sync_folder(path)
    sync_folder(folder)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole: readers see the old content or the new, never a part.

    Raises WorldError when the disk refuses; the old file is then still there.
    """
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise disk_refused(path, error) from error


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 file whole. Raises WorldError as `write_bytes` does."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: object) -> None:
    """Write a JSON file whole, keys sorted, two spaces a level. Raises WorldError as `write_bytes` does."""
    write_text(path, json.dumps(value, sort_keys=True, ensure_ascii=False, indent=2) + "\n")


def write_jsonl(path: Path, values: Iterable[object]) -> None:
    """Write one JSON value a line, whole. Raises WorldError as `write_bytes` does."""
    write_text(path, "".join(canonical_json(value) + "\n" for value in values))


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises WorldError when it is missing or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise disk_refused(path, error) from error
    except ValueError as error:
        raise WorldError(
            f"not JSON: {error}", where=str(path), what_next="The file was changed or cut; make it again."
        ) from error


@contextmanager
def damage_told(shard: Path) -> Iterator[None]:
    """Raise VerifyFailed, naming the file, for what Arrow says of a shard that is not whole or not there."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        what = str(error).splitlines()[0]
        raise VerifyFailed(f"cannot be read: {what}", where=str(shard), what_next=FETCH_AGAIN) from error


def disk_refused(path: Path, error: OSError) -> WorldError:
    """Return the error that says which path the disk refused, and why."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    advice = (
        "Free space on that disk and run the command again." if full else "Check the path and its rights."
    )
    return WorldError(error.strerror or str(error), where=str(path), what_next=advice)


def remove_unfinished(folder: Path) -> list[Path]:
    """Delete what an interrupted run left in a folder, and return the paths. Call it under the folder's lock."""
    left = sorted(folder.glob(f"{TEMPORARY}*"))
    for path in left:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    return left


@contextmanager
def folder_lock(folder: Path, *, doing: str) -> Iterator[None]:
    """Hold a folder for one process; `doing` tells others what keeps it ("building", ...).

    The system gives the lock back when its holder dies, so a lock file that was left behind holds nobody up.
    Raises LockedError naming the process and the machine that hold the folder, WorldError when it cannot be made.
    """
    path = folder / LOCK_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        opened = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise disk_refused(folder, error) from error
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise _locked(path) from error
        _write_holder(file.fileno(), doing)
        try:
            yield
        finally:
            os.ftruncate(file.fileno(), 0)
            fcntl.flock(file, fcntl.LOCK_UN)


def _write_holder(handle: int, doing: str) -> None:
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "doing": doing}
    os.ftruncate(handle, 0)
    os.write(handle, canonical_json(holder).encode())


def _locked(path: Path) -> LockedError:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        who = f"process {holder['pid']} on {holder['host']} is {holder['doing']} here"
    except (OSError, ValueError, KeyError, TypeError):
        who = "another process works here"
    return LockedError(
        who, where=str(path.parent), what_next="Wait until it has finished, or stop that process."
    )
