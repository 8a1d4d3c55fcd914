"""The ledger of an archive folder: how many bytes of each file count.

A file counts up to its committed length. What lies behind it was written by a process that died before its commit,
or is newer than the ledger: commits that a power cut took, a backup put back. Half a record is cut off. Whole
answers are too where a dead process can have left them, one answer in all, asked for again; else they are kept
and count. A process that dies leaves SQLite's log beside the ledger, one that ends does not: without a log nobody
died, and what lies behind is newer. The ledger is the SQLite file `frontier.sqlite`, which builder.crawl shares, so
that a record's place and the state of its URL are committed in one transaction.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from builder.archive.tails import end_of_answers, whole_answers
from builder.archive.write import ROTATE_BYTES, WarcWriter, file_name, file_number
from builder.errors import ArchiveError

DATABASE = "frontier.sqlite"

FORMAT = 2
"""Version of the database's tables, kept as SQLite's `user_version`. Whoever changes a table raises it and adds the
statements that bring a database of the version before up to it, in the transaction that sets the new number."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    name TEXT PRIMARY KEY, source TEXT NOT NULL, bytes INTEGER NOT NULL, open INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE IF NOT EXISTS taken (
    source TEXT NOT NULL, url TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (source, url, digest)
) WITHOUT ROWID;
"""


_WRITING = 1
"""`files.open` of a file that a process writes to."""
_DIED = 2
"""`files.open` of a file that a process was writing to when it died; 0 is that of all others."""

MOST_LEFT = 1
"""Whole answers that a process can leave uncommitted, over all files: the crawler commits after each one."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A file whose size on disk is not the one that was committed, both in bytes.

    `open`: a process was writing to it when it died.
    """

    name: str
    committed: int
    size: int
    open: bool


def open_database(path: Path) -> sqlite3.Connection:
    """Open the ledger's database in WAL mode, made if it is missing.

    Raises ArchiveError when the file is no such database, that of a newer Hiwar, or not the one its `-wal` belongs to.
    """
    with ledger_errors(path):
        died = _check_log(path)
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        # NORMAL survives kill -9. After a power cut the last commits may be gone; their answers are then kept and
        # their URLs asked for again, as are those of a file that lost bytes itself.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        (written,) = connection.execute("PRAGMA user_version").fetchone()
        if written <= FORMAT:
            connection.executescript(_SCHEMA)
            _bring_up(connection)
            statement = "UPDATE files SET open = ? WHERE open = ?"
            connection.execute(statement, (_DIED if died else 0, _WRITING))
    except sqlite3.Error as error:
        connection.close()
        raise _refused(path, error) from error
    if written > FORMAT:
        connection.close()
        raise ArchiveError(
            f"written by a newer Hiwar: format {written}, this one knows {FORMAT}",
            where=str(path),
            what_next="Update Hiwar (pip install -U hiwar); nothing in the folder was changed.",
        )
    connection.row_factory = sqlite3.Row
    return connection


def _check_log(path: Path) -> bool:
    """Return whether a process that died left its log beside the database.

    Raises ArchiveError when it is the log of another, newer database.

    SQLite would write its pages over those of an older database that was put back. What comes of it is mended where
    all pages fit together; where they do not, rows are not where their index says. Asked before anything is
    written, and only after an accident: 0.4 s for 300,000 URLs.
    """
    log = path.with_name(f"{path.name}-wal")
    if not log.exists() or not log.stat().st_size:
        return False
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as reader:
        try:
            problems = [row[0] for row in reader.execute("PRAGMA integrity_check(1)") if row[0] != "ok"]
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise
            problems = [str(error)]
    if problems:
        raise ArchiveError(
            f"it and {log.name} beside it do not belong together: {problems[0].splitlines()[-1]}",
            where=str(path),
            what_next=f"Was an older database put back? Move {log.name} and {path.name}-shm away and run again: what "
            "the archive holds more than the database knows is kept. Nothing was changed.",
        )
    return True


@contextmanager
def ledger_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite says of the database at `path` into an error with what to do next. Raises ArchiveError."""
    try:
        yield
    except sqlite3.Error as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: sqlite3.Error) -> ArchiveError:
    said = str(error)
    if "locked" in said or "busy" in said:
        advice = "Another program has it open: close that one and run again."
    elif "full" in said or "I/O" in said or "readonly" in said or "unable to open" in said:
        advice = "Free space on that disk, or mend its rights, and run again."
    else:
        advice = (
            "Move it away, with its -wal and -shm: the next run makes a new one and keeps every archive file."
        )
    return ArchiveError(f"not a ledger that can be read: {said}", where=str(path), what_next=advice)


def _bring_up(connection: sqlite3.Connection) -> None:
    """Bring the tables of an older format up to this one. Format 1 did not note which files were being written."""
    connection.execute("BEGIN IMMEDIATE")
    if "open" not in [row[1] for row in connection.execute("PRAGMA table_info(files)")]:
        connection.execute("ALTER TABLE files ADD COLUMN open INTEGER NOT NULL DEFAULT 1")
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.execute("COMMIT")


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
        """Make the files of a source of local files and what is noted as taken in agree, after whatever accident.

        The local files may be gone by now: every whole record that the archive holds is kept and noted.
        """
        with self.transaction():
            mine = self._names_of(source)
            changed = [item for item in self.mismatches() if item.name in mine]
            for item in changed:
                known_bytes = item.committed if item.size > item.committed else 0
                self.settle(item.name, self._note_file(source, item.name, known_bytes))
            if any(item.size < item.committed for item in changed):
                self.db.execute("DELETE FROM taken WHERE source = ?", (source,))
                for name in mine:
                    self._note_file(source, name, 0)
            for name in sorted(self._numbered(source) - mine):
                self._adopt(source, name)

    def _adopt(self, source: str, name: str) -> None:
        """Note the records of a file that the ledger does not know: it is newer than the ledger, or the ledger lost.

        It counts as the source's own if it ends as ours do; a stranger is not touched.
        """
        size = (self.folder / name).stat().st_size
        if self._note_file(source, name, 0) == size:
            self.db.execute(
                "INSERT INTO files (name, source, bytes, open) VALUES (?, ?, ?, 0)", (name, source, size)
            )

    def _note_file(self, source: str, name: str, start: int) -> int:
        """Note what a file holds behind the byte `start` as taken in; return where its last whole answer ends."""
        path, ends = self.folder / name, start
        for end, record in whole_answers(path, start) if path.exists() else ():
            if record is not None:
                fields = record.fields
                self.note_taken(
                    source, fields.get("warc-target-uri", ""), fields.get("warc-payload-digest", "")
                )
            ends = end
        return ends

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
            self._cut(writer)
        self._writers.clear()

    def _cut(self, writer: WarcWriter) -> None:
        """Close a file and cut it back to what is committed; one that somebody cut or took away is not made longer."""
        writer.close()
        committed = self._committed(writer.name)
        if writer.path.exists() and writer.path.stat().st_size > committed:
            os.truncate(writer.path, committed)

    def _committed(self, name: str) -> int:
        (size,) = self.db.execute("SELECT bytes FROM files WHERE name = ?", (name,)).fetchone()
        return int(size)

    def mismatches(self) -> list[Mismatch]:
        """Return the known files that are not as long as committed, by name. A file that is missing has 0 bytes."""
        found: list[Mismatch] = []
        for row in self.db.execute("SELECT name, bytes, open FROM files ORDER BY name").fetchall():
            path = self.folder / row["name"]
            size = path.stat().st_size if path.exists() else 0
            if size != row["bytes"]:
                found.append(Mismatch(row["name"], row["bytes"], size, bool(row["open"])))
        return found

    def settle_longer(self, longer: Iterable[Mismatch]) -> int:
        """Cut off or keep what lies behind the committed lengths; return how many answers are kept.

        Needs a transaction. Raises ArchiveError when a file cannot be read.
        """
        found = [
            (item, [end for end, _ in whole_answers(self.folder / item.name, item.committed)])
            for item in longer
        ]
        total = sum(len(ends) for _, ends in found)
        leavings = total <= MOST_LEFT and all(item.open for item, ends in found if ends)
        for item, ends in found:
            self.settle(item.name, item.committed if leavings or not ends else ends[-1])
        self.db.execute("UPDATE files SET open = 0")
        return 0 if leavings else total

    def names(self) -> list[str]:
        """Return the names of the files it knows, sorted."""
        return [row["name"] for row in self.db.execute("SELECT name FROM files ORDER BY name")]

    def _names_of(self, source: str) -> set[str]:
        return {row["name"] for row in self.db.execute("SELECT name FROM files WHERE source = ?", (source,))}

    def _numbered(self, source: str) -> set[str]:
        return {path.name for path in self.folder.iterdir() if file_number(source, path.name) is not None}

    def settle(self, name: str, size_bytes: int) -> None:
        """Let a file count up to `size_bytes`, which it has, and cut off what lies behind."""
        path = self.folder / name
        if path.exists():
            os.truncate(path, size_bytes)
        self.db.execute("UPDATE files SET bytes = ? WHERE name = ?", (size_bytes, name))

    def keep_whole(self, name: str) -> int:
        """Let a file that was found shorter than committed count up to the end of its last whole answer; return it."""
        size_bytes = end_of_answers(self.folder / name)
        self.settle(name, size_bytes)
        return size_bytes

    def writer(self, source: str, now: datetime, info: tuple[tuple[str, str], ...] = ()) -> WarcWriter:
        """Return the open writer of a source, a new file once the last one holds ROTATE_BYTES.

        Call it outside a transaction: a file must be known to the ledger whatever becomes of its records.
        """
        writer = self._writers.get(source)
        if writer is not None and writer.size_bytes < ROTATE_BYTES:
            return writer
        if writer is not None:
            self._close_writer(writer)
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
            numbers = [file_number(source, name) for name in self._numbered(source)]
            name = file_name(source, max((n for n in numbers if n is not None), default=-1) + 1)
            # Known before it exists: a crash right after its creation leaves nothing the ledger cannot cut.
            self.db.execute(
                "INSERT OR IGNORE INTO files (name, source, bytes) VALUES (?, ?, 0)", (name, source)
            )
        self.db.execute("UPDATE files SET open = ? WHERE name = ?", (_WRITING, name))
        writer = WarcWriter(self.folder / name)
        writer.begin(now, info)
        return writer

    def commit_length(self, writer: WarcWriter) -> None:
        """Let everything the writer wrote count. Call it inside the transaction that says what was written."""
        self.db.execute("UPDATE files SET bytes = ? WHERE name = ?", (writer.size_bytes, writer.name))

    def close(self) -> None:
        """Close the writers and the database."""
        for writer in self._writers.values():
            # Whoever cannot say that all went well leaves the file marked as being written.
            with suppress(sqlite3.Error):
                self._close_writer(writer)
            writer.close()
        self.db.close()

    def _close_writer(self, writer: WarcWriter) -> None:
        """Close a file, cut back to what is committed; it is no longer being written."""
        self._cut(writer)
        self.db.execute("UPDATE files SET open = 0 WHERE name = ?", (writer.name,))
