"""The rows that go on within one build: few large files, however many parts they come from.

Queries hold the footer of every file they read: at 200,000 pages, with a file for each part, that was more than all
else and more than they may have.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from builder.storage import TEMPORARY, disk_refused

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

FILE_ROWS = 100_000
"""Rows of one file at least, but for the last."""

GROUP_BYTES = 8_000_000
"""Rows are held until they take so much, then written as one row group."""


class RowFiles:
    """Takes tables of one schema, one after the other, and writes them below a folder. Use it as a context manager.

    A file appears under its name when it is whole. Raises WorldError when the disk refuses.
    """

    def __init__(self, folder: Path, stem: str) -> None:
        self._folder, self._stem = folder, stem
        self._held: list[pa.Table] = []
        self._held_bytes = self._rows = self._files = 0
        self._writer: pq.ParquetWriter | None = None

    def add(self, table: pa.Table) -> None:
        """Take the rows of a table; one without rows leaves no trace."""
        if not table.num_rows:
            return
        self._held.append(table)
        self._held_bytes += table.nbytes
        if self._held_bytes >= GROUP_BYTES:
            self._write()
        if self._rows >= FILE_ROWS:
            self.close()

    def _write(self) -> None:
        """Write what is held as one row group. It is read once or twice, so it is written quickly."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not self._held:
            return
        table = pa.concat_tables(self._held)
        try:
            if self._writer is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._writer = pq.ParquetWriter(
                    self._temporary,
                    table.schema,
                    compression="lz4",
                    use_dictionary=False,
                    write_statistics=False,
                )
            self._writer.write_table(table, row_group_size=table.num_rows)
        except OSError as error:
            raise disk_refused(self._temporary, error) from error
        self._rows += table.num_rows
        self._held, self._held_bytes = [], 0

    def close(self) -> None:
        """End the file that is open; what is added later goes into the next one.

        Raises WorldError when the disk refuses.
        """
        self._write()
        if self._writer is None:
            return
        path = self._folder / f"{self._stem}-{self._files:05d}.parquet"
        try:
            self._writer.close()
            self._temporary.replace(path)
        except OSError as error:
            raise disk_refused(path, error) from error
        self._writer = None
        self._rows = 0
        self._files += 1

    @property
    def _temporary(self) -> Path:
        return self._folder / f"{TEMPORARY}{os.getpid()}-{self._stem}.parquet"

    def __enter__(self) -> RowFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the last file; after an error what is open stays under its temporary name."""
        if error is None:
            self.close()
        elif self._writer is not None:
            with contextlib.suppress(OSError):  # the error that is on its way says more
                self._writer.close()
