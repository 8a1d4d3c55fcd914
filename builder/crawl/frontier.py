"""The frontier: every URL ever found, its state, and where its last record lies. One SQLite file in WAL mode.

A URL is `due`, waits for a `retry`, is `held` until the next run, `aside` while the recipe has no such source, or
`idle` until its next visit. Nothing marks a URL as being fetched: a
process that dies leaves it due, and what it had not committed is cut off at the next start (builder.archive.ledger).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from builder.archive.ledger import Ledger
from builder.archive.read import scan
from builder.crawl.tables import prepare
from builder.model import CaptureRef, Target

Outcome = Literal["kept", "unchanged", "gone", "refused", "failed", "redirect", "missing"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One URL of the frontier, with what its last visit left behind. Times in seconds since 1970."""

    id: int
    target: Target
    key: str
    host: str
    hops: int
    state: str
    attempts: int
    outcome: str | None
    etag: str | None
    last_modified: str | None
    digest: str | None
    entity: str | None
    record_id: str | None
    record_url: str | None
    warc_date: str | None
    interval_s: float | None
    visits: int
    followed: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """A URL to enter: its target, identity, host, redirect hops so far and priority (lower goes first)."""

    target: Target
    key: str
    host: str
    hops: int = 0
    priority: int = 1


@dataclass(frozen=True, slots=True)
class Visit:
    """What one visit changes in a URL's row. Fields that are None keep what stood there."""

    state: str
    due_s: float
    attempts: int = 0
    outcome: str | None = None
    reason: str | None = None
    status: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None
    entity: str | None = None
    record_id: str | None = None
    record_url: str | None = None
    warc_date: str | None = None
    warc_file: str | None = None
    warc_offset: int | None = None
    warc_length: int | None = None
    fetched_s: float | None = None
    changed_s: float | None = None
    interval_s: float | None = None
    followed: str | None = None


_KEPT_WHEN_NONE = (
    "status", "etag", "last_modified", "digest", "entity", "record_id", "record_url", "warc_date", "warc_file",
    "warc_offset", "warc_length", "fetched_s", "changed_s", "interval_s", "followed",
)  # fmt: skip
_ASK_AGAIN = (
    "UPDATE urls SET state = 'due', due_s = 0, etag = NULL, last_modified = NULL, digest = NULL, entity = NULL,"
    " record_id = NULL WHERE "
)
_VISIT_SQL = (
    "UPDATE urls SET state = :state, due_s = :due_s, attempts = :attempts, outcome = coalesce(:outcome, outcome),"  # noqa: S608
    " hops = CASE WHEN :outcome IN ('kept', 'unchanged') THEN 0 ELSE hops END,"
    " reason = :reason, visits = visits + (:outcome IS NOT NULL), "
    + ", ".join(f"{name} = coalesce(:{name}, {name})" for name in _KEPT_WHEN_NONE)
    + " WHERE id = :id"
)


@dataclass(frozen=True, slots=True)
class OriginState:
    """What is known of one origin's robots.txt: when it was asked, verdict, a word on it, its bytes, statements."""

    fetched_s: float
    verdict: Literal["rules", "allow", "forbid"]
    detail: str
    body: bytes
    statements: dict[str, str]


@dataclass(frozen=True, slots=True)
class Recovered:
    """What the start of a run mended: URLs whose records a file had lost, answers that only the archive knew of."""

    lost: int
    kept: int


class Frontier:
    """Reads and changes the frontier. One transaction an answer: `with frontier.transaction(): …`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        prepare(db)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all changes inside together, or none of them where an error inside is raised."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Undo all changes inside at the end."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            self.db.execute("ROLLBACK")

    def recover(self, ledger: Ledger) -> Recovered:
        """Make the archive and what was committed agree again; return what an accident had changed."""
        with self.transaction():
            found = [item for item in ledger.mismatches() if not ledger.is_taken_in(item.name)]
            kept = ledger.settle_longer(item for item in found if item.size > item.committed)
            short = [item.name for item in found if item.size < item.committed]
            lost = sum(self._give_back(ledger, name) for name in short)
            if short:
                lost += self._give_back_revisits(ledger)
        return Recovered(lost, kept)

    def _give_back(self, ledger: Ledger, name: str) -> int:
        """Keep a short file up to the end of its last whole answer; what came behind it is due again."""
        whole_bytes = ledger.keep_whole(name)
        return self.db.execute(
            _ASK_AGAIN + "warc_file = ? AND warc_offset >= ?", (name, whole_bytes)
        ).rowcount

    def _give_back_revisits(self, ledger: Ledger) -> int:
        """Make due what was unchanged since, or the same as another: its body lies nowhere any more."""
        there = {ref.record_id for name in ledger.names() for ref in _answers(ledger, name)}
        rows = self.db.execute("SELECT DISTINCT record_id FROM urls WHERE record_id IS NOT NULL").fetchall()
        gone = [row["record_id"] for row in rows if row["record_id"] not in there]
        return sum(self.db.execute(_ASK_AGAIN + "record_id = ?", (record_id,)).rowcount for record_id in gone)

    def begin_run(self, now_s: float, sources: Mapping[str, str], bounds_s: tuple[float, float]) -> None:
        """Make due what is to be visited again by now, and give failed URLs a new set of attempts.

        `sources` maps the recipe's sources to the marks of what they follow: start pages, lists, feeds and sitemaps
        whose links were followed under another mark are due too. URLs of sources that the recipe no longer has are
        set aside, not forgotten. `bounds_s` are the shortest and longest time between two visits as they are now:
        the visits that were planned under others keep them too. Needs a transaction.
        """
        names = json.dumps(sorted(sources))
        shortest_s, longest_s = bounds_s
        self.db.execute(
            "UPDATE urls SET state = 'aside' WHERE state IN ('due', 'retry')"
            " AND source NOT IN (SELECT value FROM json_each(?))",
            (names,),
        )
        self.db.execute(
            "UPDATE urls SET state = 'due' WHERE state = 'aside'"
            " AND source IN (SELECT value FROM json_each(?))",
            (names,),
        )
        self.db.execute(
            "UPDATE urls SET due_s = fetched_s + max(min(interval_s, :longest_s), :shortest_s)"
            " WHERE state = 'idle' AND outcome != 'refused' AND fetched_s IS NOT NULL AND interval_s IS NOT NULL"
            " AND due_s != fetched_s + max(min(interval_s, :longest_s), :shortest_s)",  # no row is written in vain
            {"longest_s": longest_s, "shortest_s": shortest_s},
        )
        self.db.execute(
            "UPDATE urls SET state = 'due', attempts = 0,"
            " priority = CASE WHEN visits > 0 AND priority = 1 THEN 2 ELSE priority END"
            " WHERE (state IN ('retry', 'held') OR (state = 'idle' AND due_s <= ?))"
            " AND source IN (SELECT value FROM json_each(?))",
            (now_s, names),
        )
        self.db.executemany(
            "UPDATE urls SET state = 'due', attempts = 0 WHERE source = ? AND state = 'idle' AND followed != ?"
            " AND (role != 'page' OR depth = 0 OR how = 'pagination')",
            sources.items(),
        )

    def next_due_s(self, sources: Iterable[str]) -> float | None:
        """Return when the first of some sources' URLs is due that waits for its next visit, in s since 1970."""
        row = self.db.execute(
            "SELECT min(due_s) AS due_s FROM urls WHERE state = 'idle'"
            " AND source IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(sources)),),
        ).fetchone()
        return None if row["due_s"] is None else float(row["due_s"])

    def add(self, found: Iterable[Found], now_s: float) -> int:
        """Enter URLs that are not known yet as due; return how many were new. Needs a transaction."""
        rows = [
            (
                *(t.source, f.key, t.url, f.host, t.role, t.depth, t.via, t.how),
                *(json.dumps(t.headers), f.hops, f.priority, now_s),
            )
            for f in found
            for t in (f.target,)
        ]
        before = self.db.total_changes
        self.db.executemany(
            "INSERT OR IGNORE INTO urls (source, key, url, host, role, depth, via, how, headers, hops, priority,"
            " due_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        return self.db.total_changes - before

    def due_hosts(self) -> list[str]:
        """Return the hosts that have something due or to retry, sorted."""
        rows = self.db.execute("SELECT DISTINCT host FROM urls WHERE state IN ('due', 'retry') ORDER BY host")
        return [row["host"] for row in rows]

    def next_entry(self, host: str, now_s: float) -> Entry | None:
        """Return the URL of a host to visit next: a retry whose time has come, else the first that is due."""
        row = self.db.execute(
            "SELECT * FROM urls WHERE host = ? AND state = 'retry' AND due_s <= ? ORDER BY due_s, id LIMIT 1",
            (host, now_s),
        ).fetchone()
        if row is None:
            row = self.db.execute(
                "SELECT * FROM urls WHERE host = ? AND state = 'due' ORDER BY priority, depth, id LIMIT 1",
                (host,),
            ).fetchone()
        return None if row is None else _entry(row)

    def due_entries(self, limit: int) -> list[Entry]:
        """Return up to `limit` due URLs in the order in which they will be visited."""
        rows = self.db.execute(
            "SELECT * FROM urls WHERE state IN ('due', 'retry') ORDER BY priority, depth, id LIMIT ?",
            (limit,),
        )
        return [_entry(row) for row in rows]

    def next_retry_s(self, host: str) -> float | None:
        """Return when the first retry of a host may be made, None if it has none."""
        row = self.db.execute(
            "SELECT min(due_s) AS due_s FROM urls WHERE host = ? AND state = 'retry'", (host,)
        ).fetchone()
        return None if row["due_s"] is None else float(row["due_s"])

    def queue_length(self, host: str | None = None) -> int:
        """Return how many URLs are due, to retry or held, of one host or of all."""
        where = "state IN ('due', 'retry', 'held')" + ("" if host is None else " AND host = ?")
        row = self.db.execute(
            f"SELECT count(*) AS n FROM urls WHERE {where}",  # noqa: S608 (no value in the text)
            () if host is None else (host,),
        ).fetchone()
        return int(row["n"])

    def hold(self, host: str, origin: str) -> int:
        """Leave the URLs of one origin for the next run; return how many."""
        return self.db.execute(
            "UPDATE urls SET state = 'held' WHERE host = ? AND state IN ('due', 'retry') AND instr(lower(url), ?) = 1",
            (host, f"{origin}/"),
        ).rowcount

    def hold_new(self, host: str) -> None:
        """Leave the URLs of a host that were never asked for to the next run."""
        self.db.execute(
            "UPDATE urls SET state = 'held' WHERE host = ? AND state = 'due' AND visits = 0", (host,)
        )

    def visited(self, entry_id: int, visit: Visit) -> None:
        """Write down what a visit gave. Needs a transaction."""
        names = (*_KEPT_WHEN_NONE, "state", "due_s", "attempts", "outcome", "reason")
        self.db.execute(_VISIT_SQL, {"id": entry_id, **{name: getattr(visit, name) for name in names}})

    def redirect(self, entry: Entry, to: Found, now_s: float) -> None:
        """Enter where a URL points to; one of the same identity takes its place. Needs a transaction."""
        if to.key != entry.key:
            self.add([to], now_s)
            return
        self.db.execute(
            "UPDATE urls SET url = ?, host = ?, hops = ?, how = ?, state = 'due' WHERE id = ?",
            (to.target.url, to.host, to.hops, to.target.how, entry.id),
        )

    def same_digest(self, source: str, digest: str) -> Entry | None:
        """Return the first URL of a source whose stored answer has this payload digest."""
        row = self.db.execute(
            "SELECT * FROM urls WHERE source = ? AND digest = ? AND record_id IS NOT NULL ORDER BY id LIMIT 1",
            (source, digest),
        ).fetchone()
        return None if row is None else _entry(row)

    def copies(self, source: str, digest: str) -> int:
        """Return how many URLs of a source have an answer with this payload digest."""
        row = self.db.execute(
            "SELECT count(*) AS n FROM urls WHERE source = ? AND digest = ?", (source, digest)
        ).fetchone()
        return int(row["n"])

    def left_out(self, reason: str) -> Iterator[Entry]:
        """Yield the URLs that were left unasked for a reason; change none before the last was taken."""
        yield from map(_entry, self.db.execute("SELECT * FROM urls WHERE reason = ? ORDER BY id", (reason,)))

    def make_due(self, ids: Iterable[int]) -> None:
        """Let URLs be asked for in this run. Needs a transaction."""
        self.db.executemany("UPDATE urls SET state = 'due' WHERE id = ?", ((number,) for number in ids))

    def host_row(self, host: str) -> sqlite3.Row:
        """Return pages and not_before_s of a host, entered if it is new."""
        self.db.execute("INSERT OR IGNORE INTO hosts (host) VALUES (?)", (host,))
        row: sqlite3.Row = self.db.execute("SELECT * FROM hosts WHERE host = ?", (host,)).fetchone()
        return row

    def save_host(self, host: str, *, pages: int, not_before_s: float) -> None:
        """Write down the counters of a host. Needs a transaction to stand with its visit."""
        self.db.execute(
            "UPDATE hosts SET pages = ?, not_before_s = ? WHERE host = ?", (pages, not_before_s, host)
        )

    def shapes(self, host: str) -> list[tuple[str, str]]:
        """Return the pairs of path and parameter names that a host was seen with."""
        rows = self.db.execute("SELECT path, names FROM shapes WHERE host = ?", (host,))
        return [(row["path"], row["names"]) for row in rows]

    def add_shapes(self, host: str, shapes: Iterable[tuple[str, str]]) -> None:
        """Write down pairs of path and parameter names of a host. Needs a transaction to stand with its URLs."""
        rows = ((host, path, names) for path, names in shapes)
        self.db.executemany("INSERT OR IGNORE INTO shapes (host, path, names) VALUES (?, ?, ?)", rows)

    def origin(self, origin: str) -> OriginState | None:
        """Return what is known of an origin's robots.txt, None if it was never asked."""
        row = self.db.execute("SELECT * FROM origins WHERE origin = ?", (origin,)).fetchone()
        if row is None:
            return None
        return OriginState(
            row["fetched_s"], row["verdict"], row["detail"], row["body"], json.loads(row["statements"])
        )

    def save_origin(self, origin: str, state: OriginState) -> None:
        """Write down what an origin's robots.txt and well-known files said."""
        self.db.execute(
            "INSERT OR REPLACE INTO origins VALUES (?, ?, ?, ?, ?, ?)",
            (origin, state.fetched_s, state.verdict, state.detail, state.body, json.dumps(state.statements)),
        )


def _answers(ledger: Ledger, name: str) -> Iterator[CaptureRef]:
    """Yield the captures of an archive file, none if it is not there."""
    path = ledger.folder / name
    found = scan(path, source="") if path.exists() else iter(())
    return (item for item in found if isinstance(item, CaptureRef))


def _entry(row: sqlite3.Row) -> Entry:
    headers = tuple((name, value) for name, value in json.loads(row["headers"]))
    target = Target(row["url"], row["source"], row["role"], row["depth"], row["via"], row["how"], headers)
    names = (
        "id", "key", "host", "hops", "state", "attempts", "outcome", "etag", "last_modified", "digest", "entity",
        "record_id", "record_url", "warc_date", "interval_s", "visits", "followed",
    )  # fmt: skip
    return Entry(target=target, **{name: row[name] for name in names})
