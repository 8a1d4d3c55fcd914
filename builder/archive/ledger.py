"""The ledger of an archive folder: how many bytes of each file count.

A file counts up to its committed length. What lies behind it was written by a process that died before its
commit; `cut_back` takes it off. The ledger is the SQLite file `frontier.sqlite`, which builder.crawl shares, so
that a record's place and the state of its URL are committed in one transaction.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from builder.archive.write import ROTATE_BYTES, WarcWriter, file_name, file_number
from builder.errors import ArchiveError

DATABASE = "frontier.sqlite"

FORMAT = 1
"""Version of the database's tables, kept as SQLite's `user_version`. Whoever changes a table raises it and adds the
statements that bring a database of the version before up to it, in the transaction that sets the new number."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (name TEXT PRIMARY KEY, source TEXT NOT NULL, bytes INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS taken (
    source TEXT NOT NULL, url TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (source, url, digest)
) WITHOUT ROWID;
"""


def open_database(path: Path) -> sqlite3.Connection:
    """Open the ledger's database in WAL mode, made if it is missing.

    Raises ArchiveError when the file is no such database, or that of a newer Hiwar.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        # NORMAL survives kill -9. After a power cut the last commits may be gone; cut_back then treats their
        # records as never written, and a file that lost bytes itself gives its URLs back to the queue.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        (written,) = connection.execute("PRAGMA user_version").fetchone()
        if written <= FORMAT:
            connection.executescript(_SCHEMA)
            connection.execute(f"PRAGMA user_version = {FORMAT}")
    except sqlite3.DatabaseError as error:
        connection.close()
        raise ArchiveError(
            f"not a ledger that can be read: {error}",
            where=str(path),
            what_next="Move it away: the next run makes a new one and keeps every archive file.",
        ) from error
    if written > FORMAT:
        connection.close()
        raise ArchiveError(
            f"written by a newer Hiwar: format {written}, this one knows {FORMAT}",
            where=str(path),
            what_next="Update Hiwar (pip install -U hiwar); nothing in the folder was changed.",
        )
    connection.row_factory = sqlite3.Row
    return connection


class Ledger:
    """Knows the committed length of each file of a folder and hands out writers. Hold the folder's lock first."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self.db = connection
        self._writers: dict[str, WarcWriter] = {}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all changes inside together, or none of them.

        An error inside also cuts the open files back, so that they hold what is committed and no more; it is then
        raised again.
        """
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            self._drop_writers()
            raise
        self.db.execute("COMMIT")

    def recover_taken(self, source: str) -> None:
        """Cut the files back; where one of a source of local files lost bytes, let all be taken in anew."""
        with self.transaction():
            names = [
                row["name"] for row in self.db.execute("SELECT name FROM files WHERE source = ?", (source,))
            ]
            if any(name in names for name in self.cut_back()):
                for name in names:
                    self.accept_loss(name, 0)
                self.db.execute("DELETE FROM taken WHERE source = ?", (source,))

    def is_taken_in(self, name: str) -> bool:
        """Return whether a file belongs to a source of local files, which mends its files itself."""
        statement = "SELECT 1 FROM files JOIN taken USING (source) WHERE files.name = ? LIMIT 1"
        return self.db.execute(statement, (name,)).fetchone() is not None

    def has_taken(self, source: str, url: str, digest: str) -> bool:
        """Return whether a local record is in the archive."""
        statement = "SELECT 1 FROM taken WHERE source = ? AND url = ? AND digest = ?"
        return self.db.execute(statement, (source, url, digest)).fetchone() is not None

    def note_taken(self, source: str, url: str, digest: str) -> bool:
        """Take note that a local record is in the archive; False if it was already. Needs a transaction."""
        statement = "INSERT OR IGNORE INTO taken (source, url, digest) VALUES (?, ?, ?)"
        return self.db.execute(statement, (source, url, digest)).rowcount == 1

    def _drop_writers(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()
        self.cut_back()

    def cut_back(self) -> dict[str, int]:
        """Cut every known file to its committed length; return the files that hold less, with what they hold.

        Files the ledger does not know are never touched.
        """
        short: dict[str, int] = {}
        for row in self.db.execute("SELECT name, bytes FROM files ORDER BY name").fetchall():
            path = self.folder / row["name"]
            size = path.stat().st_size if path.exists() else 0
            if size > row["bytes"]:
                os.truncate(path, row["bytes"])
            elif size < row["bytes"]:
                short[row["name"]] = size
        return short

    def names(self) -> list[str]:
        """Return the names of the files it knows, sorted."""
        return [row["name"] for row in self.db.execute("SELECT name FROM files ORDER BY name")]

    def accept_loss(self, name: str, size_bytes: int) -> None:
        """Take note that a file was found shorter than committed, and cut it to what is whole of it."""
        path = self.folder / name
        if path.exists():
            os.truncate(path, size_bytes)
        self.db.execute("UPDATE files SET bytes = ? WHERE name = ?", (size_bytes, name))

    def writer(self, source: str, now: datetime, info: tuple[tuple[str, str], ...] = ()) -> WarcWriter:
        """Return the open writer of a source, a new file once the last one holds ROTATE_BYTES.

        Call it outside a transaction: a file must be known to the ledger whatever becomes of its records.
        """
        writer = self._writers.get(source)
        if writer is not None and writer.size_bytes < ROTATE_BYTES:
            return writer
        if writer is not None:
            writer.close()
        writer = self._next_writer(source, now, info)
        self._writers[source] = writer
        return writer

    def last_writer(self, source: str) -> WarcWriter:
        """Return the writer that `writer` gave last for a source, however full its file is by now."""
        return self._writers[source]

    def _next_writer(self, source: str, now: datetime, info: tuple[tuple[str, str], ...]) -> WarcWriter:
        known = self.db.execute(
            "SELECT name, bytes FROM files WHERE source = ? ORDER BY length(name) DESC, name DESC LIMIT 1",
            (source,),
        ).fetchone()
        if known is not None and known["bytes"] < ROTATE_BYTES and (self.folder / known["name"]).exists():
            name = known["name"]
        else:
            numbers = [file_number(source, path.name) for path in self.folder.iterdir()]
            name = file_name(source, max((n for n in numbers if n is not None), default=-1) + 1)
            # Known before it exists: a crash right after its creation leaves nothing the ledger cannot cut.
            self.db.execute(
                "INSERT OR IGNORE INTO files (name, source, bytes) VALUES (?, ?, 0)", (name, source)
            )
        writer = WarcWriter(self.folder / name)
        writer.begin(now, info)
        return writer

    def commit_length(self, writer: WarcWriter) -> None:
        """Let everything the writer wrote count. Call it inside the transaction that says what was written."""
        self.db.execute("UPDATE files SET bytes = ? WHERE name = ?", (writer.size_bytes, writer.name))

    def close(self) -> None:
        """Close the writers and the database."""
        for writer in self._writers.values():
            writer.close()
        self.db.close()
