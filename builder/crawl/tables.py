"""The tables of the frontier, and how those of an older Hiwar are brought up to them."""

from __future__ import annotations

import json
import sqlite3

_SCHEMA = """
CREATE TABLE IF NOT EXISTS urls (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL, key TEXT NOT NULL, url TEXT NOT NULL, host TEXT NOT NULL, role TEXT NOT NULL,
    depth INTEGER NOT NULL, via TEXT, how TEXT NOT NULL, headers TEXT NOT NULL DEFAULT '[]',
    hops INTEGER NOT NULL DEFAULT 0,
    priority INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'due', due_s REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, outcome TEXT, reason TEXT, status INTEGER,
    etag TEXT, last_modified TEXT, digest TEXT, entity TEXT,
    record_id TEXT, record_url TEXT, warc_date TEXT, warc_file TEXT, warc_offset INTEGER, warc_length INTEGER,
    fetched_s REAL, changed_s REAL, interval_s REAL, visits INTEGER NOT NULL DEFAULT 0, followed TEXT,
    UNIQUE (source, key)
);
CREATE INDEX IF NOT EXISTS urls_due ON urls (host, priority, depth, id) WHERE state = 'due';
CREATE INDEX IF NOT EXISTS urls_retry ON urls (host, due_s) WHERE state = 'retry';
CREATE INDEX IF NOT EXISTS urls_digest ON urls (source, digest) WHERE digest IS NOT NULL;
CREATE TABLE IF NOT EXISTS hosts (
    host TEXT PRIMARY KEY, pages INTEGER NOT NULL DEFAULT 0, not_before_s REAL NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS shapes (
    host TEXT NOT NULL, path TEXT NOT NULL, names TEXT NOT NULL, PRIMARY KEY (host, path, names)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS origins (
    origin TEXT PRIMARY KEY, fetched_s REAL NOT NULL, verdict TEXT NOT NULL, detail TEXT NOT NULL,
    body BLOB NOT NULL, statements TEXT NOT NULL DEFAULT '{}'
);
"""


def prepare(db: sqlite3.Connection) -> None:
    """Make the tables that are missing, and bring those of format 1 (builder.archive.ledger) up to format 2."""
    db.executescript(_SCHEMA)
    if "followed" not in _columns(db, "urls"):
        db.execute("ALTER TABLE urls ADD COLUMN followed TEXT")
    if "shapes" in _columns(db, "hosts"):
        _spread_shapes(db)


def _columns(db: sqlite3.Connection, table: str) -> list[str]:
    return [row["name"] for row in db.execute(f"PRAGMA table_info({table})")]


def _spread_shapes(db: sqlite3.Connection) -> None:
    """Spread out the shapes that format 1 kept in one cell a host."""
    db.execute("BEGIN IMMEDIATE")
    for row in db.execute("SELECT host, shapes FROM hosts WHERE shapes != '{}'").fetchall():
        seen = json.loads(row["shapes"])
        rows = [(row["host"], path, names) for path in seen for names in seen[path]]
        db.executemany("INSERT OR IGNORE INTO shapes (host, path, names) VALUES (?, ?, ?)", rows)
    db.execute("UPDATE hosts SET shapes = '{}'")
    db.execute("COMMIT")
