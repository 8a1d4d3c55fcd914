"""Takes local files into the archive: one `resource` record each, written once, whatever happens in between."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from itertools import islice
from typing import TYPE_CHECKING

from builder.archive.fields import CONTENT_TYPE, CaptureFields, format_fields
from builder.archive.ledger import DATABASE, Ledger, open_database
from builder.archive.write import Block, Record, WarcWriter, digest_of, named_record_id, warc_date
from builder.storage import folder_lock
from builder.tally import Tally

if TYPE_CHECKING:
    from builder.recipe import Recipe
    from builder.sources.base import AnySource, Incoming

BATCH = 200
"""Records committed together."""


def take_in(source: AnySource, recipe: Recipe) -> Tally:
    """Write what a source of local files holds to the recipe's archive; return the account of this call.

    A record whose address and bytes are in the archive already is dropped as "known", so that a second call
    writes nothing. The records' ids and dates come from the files, not from the clock.

    Raises LockedError while another process writes to the archive, ArchiveError when the disk refuses.
    """
    tally = Tally("take in")
    with folder_lock(recipe.archive, doing="taking files in"):
        db = open_database(recipe.archive / DATABASE)
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
    writer: WarcWriter | None = None
    with ledger.transaction():
        for item in batch:
            digest = digest_of([item.body])
            if not ledger.note_taken(source, item.url, digest):
                tally.drop(["known"])
                continue
            writer = ledger.writer(source, item.collected_at)
            _write_one(writer, source, item, digest)
            tally.keep()
        if writer is not None:
            ledger.commit_length(writer)


def _write_one(writer: WarcWriter, source: str, item: Incoming, digest: str) -> None:
    date = item.collected_at.astimezone(UTC)
    name = (source, item.url, warc_date(date), digest)
    record_id = named_record_id(*name)
    target = ("WARC-Target-URI", item.url)
    fields = (target, ("WARC-Payload-Digest", digest))
    writer.write(Record("resource", record_id, date, item.mime, Block(item.body), fields))
    about = Block(format_fields(CaptureFields(role=item.role, source=source, how="file")))
    beside = (target, ("WARC-Concurrent-To", record_id))
    writer.write(Record("metadata", named_record_id("metadata", *name), date, CONTENT_TYPE, about, beside))
