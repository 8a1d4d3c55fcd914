"""What the crawl says of an address that no archive file holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing

from builder.archive.ledger import DATABASE
from builder.recipe import Recipe

_ASKED = "SELECT state, outcome, reason, warc_file FROM urls WHERE url IN ({0}) OR key IN ({0}) ORDER BY source, key"


def why_not_here(recipe: Recipe, addresses: Iterable[str]) -> str | None:
    """Return why a known address has no capture, as in "was not fetched: robots: Disallow: /private/".

    None for an address the crawl does not know. The crawl's database is read only; one that is
    no database (or of another layout) knows no address.
    """
    path = recipe.archive / DATABASE
    if not path.is_file():
        return None
    wanted = sorted(set(addresses))
    query = _ASKED.format(", ".join("?" for _ in wanted))
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            row = database.execute(query, [*wanted, *wanted]).fetchone()
    except sqlite3.DatabaseError:
        return None
    if row is None:
        return None
    state, outcome, reason, file = row
    if file is not None:
        return f"was fetched ({outcome}) into {file}, which is not among the archive files of this recipe"
    return (
        f"was not fetched: {reason or (f'it waits in the queue ({state})' if outcome is None else outcome)}"
    )
