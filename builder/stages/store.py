"""The cache: immutable Parquet parts whose rows are found by a key that names all their value depends on.

A part appears whole or not at all, is never changed, and may be deleted at any time: what is missing is made
again. Two processes may add parts at once; a row that stands in two parts is the same row.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from builder.storage import TEMPORARY, disk_refused, sync_folder

if TYPE_CHECKING:
    import pyarrow as pa

KEY = "_key"
"""Name of the column that every part has: 32 hexadecimal digits."""

KEEP_GENERATIONS = 3
"""Fingerprints whose parts stay on disk, so that going back to the code of yesterday costs nothing."""


class Store:
    """The parts of one kind of result under one fingerprint, in `folder`/`kind`/`fingerprint`."""

    def __init__(self, folder: Path, kind: str, fingerprint: str) -> None:
        self.path = folder / kind / fingerprint

    def parts(self) -> list[Path]:
        """Return the parts there are now, sorted by name."""
        return sorted(self.path.glob("part-*.parquet"))

    def keys(self) -> pa.ChunkedArray:
        """Return the keys of all parts."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        chunks = [pq.ParquetFile(part).read(columns=[KEY]).column(KEY) for part in self.parts()]
        return pa.chunked_array([c for chunk in chunks for c in chunk.chunks], type=pa.string())

    def add(self, table: pa.Table) -> Path:
        """Write a part and return its path.

        Raises WorldError when the disk refuses; nothing is then left under a final name.
        """
        path = self.path / part_name(table)
        write_parquet(path, table)
        return path


def part_name(table: pa.Table) -> str:
    """Return the name of the part that a table is: it comes from the keys it holds, in their order."""
    keys = "".join(table.column(KEY).to_pylist())
    return f"part-{hashlib.blake2b(keys.encode(), digest_size=16).hexdigest()}.parquet"


def forget_older(current: Path) -> None:
    """Delete all but the last few fingerprints beside `current`, a folder named by its fingerprint, which stays."""
    if not current.is_dir():
        return
    os.utime(current)
    by_age = sorted(current.parent.iterdir(), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in by_age[KEEP_GENERATIONS:]:
        shutil.rmtree(path, ignore_errors=True)


def write_parquet(path: Path, table: pa.Table) -> None:
    """Write a table whole: temporary file, fsync, rename.

    Raises WorldError when the disk refuses; nothing is then left under the final name.
    """
    import pyarrow.parquet as pq

    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            pq.write_table(table, file, compression="zstd", use_dictionary=False, write_statistics=False)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise disk_refused(path, error) from error
