"""Takes local files into the archive: one `resource` record each, written once, whatever happens in between."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote

from builder.archive.fields import CONTENT_TYPE, CaptureFields, format_fields
from builder.archive.ledger import DATABASE, Ledger, ledger_errors, open_database
from builder.archive.write import Block, Record, WarcWriter, digest_of, named_record_id, warc_date
from builder.storage import folder_lock
from builder.tally import Tally

if TYPE_CHECKING:
    from builder.recipe import Recipe
    from builder.sources.base import AnySource, Incoming

_NOT_IN_URI = re.compile(r"[^\x21-\x7e]+")
BATCH = 200
"""Records committed together."""


def take_in(source: AnySource, recipe: Recipe) -> Tally:
    """Write what a source of local files holds to the recipe's archive; return the account of this call.

    A record whose address and bytes are in the archive already is dropped as "known", so that a second call
    writes nothing. The records' ids and dates come from the files, not from the clock.

    Raises LockedError while another process writes to the archive, ArchiveError when the disk or the ledger fails.
    """
    tally = Tally("take in")
    place = recipe.archive / DATABASE
    with folder_lock(recipe.archive, doing="taking files in"), ledger_errors(place):
        db = open_database(place)
        ledger = Ledger(recipe.archive, db)
        try:
            ledger.recover_taken(source.name)
            incoming = iter(source.incoming(recipe.folder))
            while batch := list(islice(incoming, BATCH)):
                _write_batch(ledger, source.name, batch, tally)
        finally:
            ledger.close()
    return tally.close()


def _write_batch(ledger: Ledger, source: str, batch: Iterable[Incoming], tally: Tally) -> None:
    digests = [(item, digest_of([item.body])) for item in batch]
    fresh = [pair for pair in digests if not _is_known(ledger, source, *pair)]
    for _ in range(len(digests) - len(fresh)):
        tally.drop(["known"])
    if not fresh:
        return
    writer = ledger.writer(source, fresh[0][0].collected_at)
    with ledger.transaction():
        for item, digest in fresh:
            if not ledger.note_taken(source, item.url, digest):
                tally.drop(["known"])
                continue
            _write_one(writer, source, item, digest)
            tally.keep()
        ledger.commit_length(writer)


def _is_known(ledger: Ledger, source: str, item: Incoming, digest: str) -> bool:
    """Return whether a record is in the archive: noted when it was written, or found there after an accident."""
    return any(ledger.has_taken(source, url, digest) for url in {item.url, _uri(item.url)})


def _write_one(writer: WarcWriter, source: str, item: Incoming, digest: str) -> None:
    date = item.collected_at.astimezone(UTC)
    name = (source, item.url, warc_date(date), digest)
    record_id = named_record_id(*name)
    target = ("WARC-Target-URI", _uri(item.url))
    fields = (target, ("WARC-Payload-Digest", digest))
    writer.write(Record("resource", record_id, date, item.mime, Block(item.body), fields))
    about = Block(format_fields(CaptureFields(role=item.role, source=source, how="file")))
    beside = (target, ("WARC-Concurrent-To", record_id))
    writer.write(Record("metadata", named_record_id("metadata", *name), date, CONTENT_TYPE, about, beside))


def _uri(url: str) -> str:
    """Return an address as a record may name it (WARC 1.1, 4): blanks, line ends and letters beyond ASCII escaped."""
    return _NOT_IN_URI.sub(lambda match: quote(match[0], safe=""), url.strip())
