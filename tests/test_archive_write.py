"""What goes into an archive comes out again, counts only once committed, and is checked clause by clause."""

from __future__ import annotations

import gzip
import io
import os
import random
import resource
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import brotli
import pytest
import zstandard
from crawling import FakeClock, recipe_for

from builder.archive import intake, ledger, write
from builder.archive.check import check_archive
from builder.archive.coding import BodyTooLarge, chunked_length, decoded_body
from builder.archive.fields import CaptureFields, format_fields, parse_fields
from builder.archive.intake import take_in
from builder.archive.ledger import Ledger, open_database
from builder.archive.read import load, scan
from builder.archive.write import Block, Place, Record, WarcWriter, new_record_id
from builder.crawl import crawl
from builder.errors import ArchiveError
from builder.model import CaptureRef, Rights, Signal
from builder.recipe import Recipe
from builder.sources.base import Block as SourceBlock
from builder.sources.base import Incoming, Source

NOW = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
TEXT = "مقال عن المنصات. " * 500


def test_fields_come_back() -> None:
    """What a metadata record says is read as it was meant, Arabic and separators included."""
    signals = (Signal("noai", "header", "noai"), Signal("content-usage", "robots", "a | b"))
    fields = CaptureFields(
        "page",
        "essays",
        "http://x.example/a",
        "link",
        3,
        "127.0.0.1",
        Rights("allowed", "Allow: /مقال", signals),
    )
    assert parse_fields(format_fields(fields)) == fields
    assert parse_fields(format_fields(CaptureFields())) == CaptureFields()


def test_a_hostile_value_adds_no_field() -> None:
    """Line ends in a value are folded; broken lines are passed over."""
    fields = CaptureFields(via="http://x.example/\r\nhiwar-role: robots")
    assert parse_fields(format_fields(fields)).role == "page"
    assert (
        parse_fields(b"no colon\r\nhopsFromSeed: many\r\nhiwar-robots: perhaps\r\n\xff: x") == CaptureFields()
    )


CODED = {
    "gzip": lambda data: gzip.compress(data),
    "x-gzip": lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:]),
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
}


@pytest.mark.parametrize("coding", sorted(CODED))
def test_codings_are_undone(coding: str) -> None:
    """Alone, in capitals, below another one, in chunks; a plain body that claims one stays what it is."""
    data = TEXT.encode()
    packed = CODED[coding](data)
    assert decoded_body([("Content-Encoding", coding.upper())], packed) == data
    assert decoded_body([("content-encoding", f"{coding}, gzip")], gzip.compress(packed)) == data
    chunks = b"%x;ext=1\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
    assert decoded_body([("Content-Encoding", coding), ("Transfer-Encoding", "chunked")], chunks) == data
    assert decoded_body([("Content-Encoding", coding)], b"<p>plain</p>") == b"<p>plain</p>"
    assert data.startswith(decoded_body([("Content-Encoding", coding)], packed[:-5]))


def test_bare_deflate_is_undone() -> None:
    """Some servers send "deflate" without its header."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(TEXT.encode()) + packer.flush()
    assert decoded_body([("Content-Encoding", "deflate")], packed) == TEXT.encode()


def test_caps_on_bytes_and_ratio() -> None:
    """Past a cap a body is refused, or cut if its first bytes are enough."""
    packed = gzip.compress(b" " * 10_000_000)
    with pytest.raises(BodyTooLarge, match="times"):
        decoded_body([("Content-Encoding", "gzip")], packed)
    with pytest.raises(BodyTooLarge, match="1000 bytes"):
        decoded_body([("Content-Encoding", "gzip")], packed, max_bytes=1000)
    with pytest.raises(BodyTooLarge):
        decoded_body([], b"x" * 2000, max_bytes=1000)
    assert decoded_body([("Content-Encoding", "gzip")], packed, max_bytes=1000, cut=True) == b" " * 1000


@pytest.mark.parametrize(
    ("raw", "length"),
    [
        (b"5\r\nhello\r\n0\r\n\r\nEXTRA", 15),
        (b"5\nhello\n0\n\nEXTRA", 11),
        (b"5;a=b\r\nhello\r\n0\r\nTrailer: 1\r\n\r\nEXTRA", 31),
        (b"0\r\n\r\n", 5),
        (b"5\r\nhel", None),
        (b"5\r\nhello\r\n", None),
        (b"5\r\nhello\r\n0\r\n", None),
        (b"not chunked", None),
    ],
)
def test_the_end_of_a_chunked_body(raw: bytes, length: int | None) -> None:
    """What a server sends behind the last chunk is not part of the answer."""
    assert chunked_length(raw) == length


def response(writer: WarcWriter, body: bytes, url: str = "http://x.example/", **fields: str) -> Place:
    """Write one response and return its place."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    file = io.BytesIO(b"..." + body)
    pairs = (("WARC-Target-URI", url), *((name.replace("_", "-"), value) for name, value in fields.items()))
    block = Block(head, file, 3, len(body))
    return writer.write(
        Record("response", new_record_id(), NOW, "application/http; msgtype=response", block, pairs)
    )


def test_records_lie_where_the_writer_says(tmp_path: Path) -> None:
    """Each record is one gzip member at its offset; the reader finds the same bytes there."""
    writer = WarcWriter(tmp_path / "s-00000.warc.gz")
    writer.begin(NOW)
    places = [response(writer, (TEXT + str(n)).encode()) for n in range(3)]
    writer.close()
    refs = [ref for ref in scan(writer.path, source="s") if isinstance(ref, CaptureRef)]
    assert [(ref.warc_offset, ref.warc_length) for ref in refs] == [(p.offset, p.length) for p in places]
    assert [load(ref).body.decode() for ref in refs] == [TEXT + str(n) for n in range(3)]
    assert check_archive(writer.path, advice=True) == []


def test_each_record_names_the_warcinfo_it_was_written_under(tmp_path: Path) -> None:
    """Also behind a second one, which a later run wrote: its software and settings are those that hold."""
    ids: list[bytes] = []
    for hour in (12, 13):
        writer = WarcWriter(tmp_path / "s-00000.warc.gz")
        writer.begin(NOW.replace(hour=hour))
        place = response(writer, b"x")
        writer.close()
        record = gzip.decompress(writer.path.read_bytes()[place.offset :])
        assert writer.warcinfo_id is not None
        ids.append(writer.warcinfo_id.encode())
        assert b"WARC-Warcinfo-ID: " + ids[-1] + b"\r\n" in record
    assert ids[0] != ids[1]


def test_equal_records_give_equal_bytes(tmp_path: Path) -> None:
    """No clock and no name of the machine is in a file beyond what its records say."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        writer = WarcWriter(tmp_path / name / "s-00000.warc.gz")
        writer.begin(NOW)
        writer.close()
    assert (tmp_path / "a/s-00000.warc.gz").read_bytes() == (tmp_path / "b/s-00000.warc.gz").read_bytes()


def test_a_failed_write_leaves_no_trace(tmp_path: Path) -> None:
    """When the bytes to write are not there, the file is what it was."""
    writer = WarcWriter(tmp_path / "s-00000.warc.gz")
    writer.begin(NOW)
    size = writer.size_bytes
    block = Block(b"HTTP/1.1 200 OK\r\n\r\n", io.BytesIO(b"short"), 0, 500)
    with pytest.raises(ArchiveError, match="lost"):
        writer.write(Record("response", new_record_id(), NOW, "application/http", block))
    writer.close()
    assert writer.path.stat().st_size == size


@pytest.mark.parametrize("room_bytes", [0, 1, 50])
@pytest.mark.parametrize("body_bytes", [100, 60_000, 600_000])
def test_what_a_full_disk_refused_does_not_come_later(
    tmp_path: Path, room_bytes: int, body_bytes: int
) -> None:
    """The file is cut back to what it was, and stays so when it is closed; with room again the record is written."""
    writer = WarcWriter(tmp_path / "s-00000.warc.gz")
    writer.begin(NOW)
    before = writer.path.read_bytes()
    body = random.Random(7).randbytes(body_bytes)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + room_bytes, hard))
    try:
        with pytest.raises(ArchiveError, match="cannot write"):
            response(writer, body)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert writer.path.read_bytes() == before
    place = response(writer, body)
    assert place.offset == len(before)
    writer.close()
    assert writer.path.read_bytes()[: len(before)] == before
    (ref,) = scan(writer.path, source="s")
    assert isinstance(ref, CaptureRef)
    assert load(ref).body == body

    refused = WarcWriter(tmp_path / "t-00000.warc.gz")
    refused.begin(NOW)
    size = refused.size_bytes
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + room_bytes, hard))
    try:
        with pytest.raises(ArchiveError):
            response(refused, body)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    refused.close()
    assert refused.path.stat().st_size == size


def opened(folder: Path) -> Ledger:
    """Open a ledger in a folder."""
    return Ledger(folder, open_database(folder / "frontier.sqlite"))


def test_only_what_was_committed_counts(tmp_path: Path) -> None:
    """What lies behind the committed length is cut off at the end; unknown files are left alone."""
    stranger = tmp_path / "other-00000.warc.gz"
    stranger.write_bytes(b"not ours")
    books = opened(tmp_path)
    writer = books.writer("s", NOW)
    response(writer, b"counts")
    with books.transaction():
        books.commit_length(writer)
    counted = writer.size_bytes
    response(writer, b"does not")
    assert (tmp_path / "s-00000.warc.gz").stat().st_size > counted
    books.close()
    assert (tmp_path / "s-00000.warc.gz").stat().st_size == counted
    assert stranger.read_bytes() == b"not ours"


@pytest.mark.parametrize("left_bytes", [100, None])
def test_a_file_that_somebody_cut_is_not_made_longer(tmp_path: Path, left_bytes: int | None) -> None:
    """Closing fills no hole with zeros and makes no file anew: the next run sees what is lost."""
    books = opened(tmp_path)
    writer = books.writer("s", NOW)
    response(writer, b"counts")
    with books.transaction():
        books.commit_length(writer)
    path = tmp_path / "s-00000.warc.gz"
    if left_bytes is None:
        path.unlink()
    else:
        os.truncate(path, left_bytes)
    books.close()
    assert (path.stat().st_size if path.exists() else None) == left_bytes
    again = opened(tmp_path)
    assert [(found.name, found.size) for found in again.mismatches()] == [(path.name, left_bytes or 0)]
    again.close()


def test_an_error_inside_a_transaction_takes_the_bytes_back(tmp_path: Path) -> None:
    """Rows and records stand or fall together."""
    books = opened(tmp_path)
    writer = books.writer("s", NOW)

    def broken() -> None:
        with books.transaction():
            response(writer, b"x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    books.close()
    assert (tmp_path / "s-00000.warc.gz").stat().st_size == 0


def test_files_rotate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new file begins once the last one is full; its warcinfo has its own name."""
    monkeypatch.setattr(ledger, "ROTATE_BYTES", 1500)
    books = opened(tmp_path)
    for n in range(6):
        writer = books.writer("s", NOW)
        response(writer, (TEXT[:n] + str(n)).encode())
        with books.transaction():
            books.commit_length(writer)
    books.close()
    files = sorted(tmp_path.glob("*.warc.gz"))
    assert len(files) > 1
    assert [problem for path in files for problem in check_archive(path, advice=True)] == []


def test_a_database_that_is_none_is_an_archive_error(tmp_path: Path) -> None:
    """The message says what to do."""
    (tmp_path / "frontier.sqlite").write_bytes(b"not a database, but long enough to be looked at" * 10)
    with pytest.raises(ArchiveError, match="Move it away"):
        opened(tmp_path)


def test_a_ledger_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    """An old program must not write into tables whose meaning it does not know."""
    opened(tmp_path).close()
    path = tmp_path / "frontier.sqlite"
    with closing(sqlite3.connect(path)) as newer:
        newer.execute(f"PRAGMA user_version = {ledger.FORMAT + 1}")
    before = path.read_bytes()
    with pytest.raises(ArchiveError, match="newer Hiwar"):
        opened(tmp_path)
    assert path.read_bytes() == before


def test_a_ledger_without_a_version_goes_on(tmp_path: Path) -> None:
    """Ledgers of the first releases bear no number; they hold what format 1 holds."""
    books = opened(tmp_path)
    writer = books.writer("s", NOW)
    response(writer, b"counts")
    with books.transaction():
        books.commit_length(writer)
    books.close()
    path = tmp_path / "frontier.sqlite"
    with closing(sqlite3.connect(path)) as old:
        old.execute("PRAGMA user_version = 0")
    books = opened(tmp_path)
    assert books.mismatches() == []
    assert books.db.execute("PRAGMA user_version").fetchone()[0] == ledger.FORMAT
    books.close()


class _Files(Source[SourceBlock]):
    """A source of local files for these tests."""

    reach = "files"
    count = 5
    fail_at: int | None = None

    def incoming(self, folder: Path) -> Iterator[Incoming]:
        """Yield some records."""
        for n in range(self.count):
            if n == self.fail_at:
                raise OSError("the disk went away")
            yield Incoming(f"http://x.example/{n}", NOW, "application/json", b'{"n": %d}' % n, "posts")


def files_source() -> _Files:
    """Return the source."""
    return _Files(SourceBlock(kind="files", name="files"))


def taken(recipe: Recipe) -> list[tuple[str, str, str, bytes]]:
    """Return role, kind, address and bytes of what was taken in."""
    refs = [ref for path in sorted(recipe.archive.glob("*.warc.gz")) for ref in scan(path, source="files")]
    return [(r.role, r.kind, r.url, load(r).body) for r in refs if isinstance(r, CaptureRef)]


def test_local_files_are_taken_in_once(tmp_path: Path) -> None:
    """A second call writes nothing; new files are added; roles come back."""
    recipe, source = recipe_for(tmp_path, "http://x.example/"), files_source()
    assert take_in(source, recipe).kept == 5
    before = {path: path.read_bytes() for path in recipe.archive.glob("*.warc.gz")}
    again = take_in(source, recipe)
    assert (again.kept, again.dropped) == (0, {"known": 5})
    assert {path: path.read_bytes() for path in recipe.archive.glob("*.warc.gz")} == before
    source.count = 7
    assert take_in(source, recipe).kept == 2
    assert taken(recipe)[6] == ("posts", "resource", "http://x.example/6", b'{"n": 6}')
    assert all(check_archive(path, advice=True) == [] for path in before)


def test_an_address_from_a_list_breaks_no_record(tmp_path: Path) -> None:
    """Blanks, letters and line ends in an address are escaped: they can add no field, and every tool reads it."""

    class Listed(_Files):
        def incoming(self, folder: Path) -> Iterator[Incoming]:
            url = "http://x.example/مقال أول\r\nContent-Length: 0\r\n\r\n"
            yield Incoming(url, NOW, "text/html", b"<p>", "page")

    recipe = recipe_for(tmp_path, "http://x.example/")
    for _ in range(2):
        take_in(Listed(SourceBlock(kind="files", name="files")), recipe)
    ((_, _, url, body),) = taken(recipe)
    assert (unquote(url), body) == ("http://x.example/مقال أول\r\nContent-Length: 0", b"<p>")
    assert check_archive(recipe.archive / "files-00000.warc.gz", advice=True) == []


def test_a_record_that_two_files_hold_is_taken_in_once(tmp_path: Path) -> None:
    """Exports overlap: the same address and bytes in one batch are one record, and the account says so."""

    class Overlapping(_Files):
        def incoming(self, folder: Path) -> Iterator[Incoming]:
            yield from super().incoming(folder)
            yield from super().incoming(folder)

    recipe = recipe_for(tmp_path, "http://x.example/")
    tally = take_in(Overlapping(SourceBlock(kind="files", name="files")), recipe)
    assert (tally.read, tally.kept, tally.dropped) == (10, 5, {"known": 5})
    assert [url for _, _, url, _ in taken(recipe)] == [f"http://x.example/{n}" for n in range(5)]


def test_taking_in_gives_the_same_bytes_anywhere(tmp_path: Path) -> None:
    """Two machines that take in the same files have the same archive."""
    recipes = [recipe_for(tmp_path / name, "http://x.example/") for name in ("a", "b")]
    for recipe in recipes:
        take_in(files_source(), recipe)
    one, two = ((recipe.archive / "files-00000.warc.gz").read_bytes() for recipe in recipes)
    assert one == two


def test_taking_in_goes_on_after_a_break(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A break in the middle of a batch leaves whole batches; the next call adds the rest."""
    monkeypatch.setattr(intake, "BATCH", 2)
    recipe, source = recipe_for(tmp_path, "http://x.example/"), files_source()
    source.fail_at = 3
    with pytest.raises(OSError, match="went away"):
        take_in(source, recipe)
    source.fail_at = None
    take_in(source, recipe)
    assert [url for _, _, url, _ in taken(recipe)] == [f"http://x.example/{n}" for n in range(5)]


def test_what_a_cut_took_is_taken_anew(tmp_path: Path) -> None:
    """What an archive file lost is taken from the local files again, and nothing else."""
    recipe, source = recipe_for(tmp_path, "http://x.example/"), files_source()
    take_in(source, recipe)
    before = taken(recipe)
    path = recipe.archive / "files-00000.warc.gz"
    path.write_bytes(path.read_bytes()[:-40])
    assert take_in(source, recipe).kept == 1
    assert taken(recipe) == before


def test_a_crawl_leaves_files_that_were_taken_in_to_their_source(tmp_path: Path) -> None:
    """An import whose file was cut is not emptied by a crawl of other sources."""
    recipe = recipe_for(tmp_path, "http://127.0.0.1:9/")
    take_in(files_source(), recipe)
    path = recipe.archive / "files-00000.warc.gz"
    path.write_bytes(path.read_bytes()[:-40])
    before = path.read_bytes()
    clock = FakeClock()
    crawl(recipe, now=clock.now, wait=clock.wait)
    assert path.read_bytes() == before


def test_file_names_and_numbers() -> None:
    """A source whose name begins like another's has files of its own."""
    assert write.file_number("blog", write.file_name("blog", 7)) == 7
    assert write.file_number("blog", write.file_name("blog-2", 7)) is None
    assert write.file_number("blog", "blog-x.warc.gz") is None
