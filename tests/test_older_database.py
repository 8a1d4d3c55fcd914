"""An older frontier.sqlite beside newer archive files, or older files beside a newer one, costs no capture."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from crawling import FakeClock, archive_files, assert_clean, captures, page_paths, recipe_for
from loopback import page, website

from builder.archive import intake
from builder.archive.check import check_archive
from builder.archive.fields import CONTENT_TYPE
from builder.archive.intake import take_in
from builder.archive.ledger import Ledger, open_database
from builder.archive.read import load, scan
from builder.archive.write import Block, Record, WarcWriter, new_record_id
from builder.console import Output
from builder.crawl import CrawlResult, CrawlStarted, Event, PageDone, crawl
from builder.crawl.frontier import Frontier
from builder.errors import ArchiveError
from builder.model import CaptureRef
from builder.recipe import Recipe
from builder.render.crawling import show_crawl
from builder.sources.base import Block as SourceBlock
from builder.sources.base import Incoming, Source

NOW = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
DAY_S = 86_400


def run(recipe: Recipe, clock: FakeClock, events: list[Event] | None = None) -> CrawlResult:
    """Crawl by a clock that moves by waiting alone."""
    return crawl(recipe, now=clock.now, wait=clock.wait, progress=None if events is None else events.append)


def ids(recipe: Recipe) -> list[str]:
    """Return the record ids of all captures, damage failing the test."""
    return [ref.record_id for ref in captures(recipe)]


def test_an_older_database_takes_no_capture_away(tmp_path: Path) -> None:
    """What the days after the backup brought stays, the next run says so, and goes on behind it."""
    clock, events = FakeClock(), list[Event]()
    with website({"/": page("/a"), "/a": page(text="أ")}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", recrawl_max_days=1)
        run(recipe, clock)
        shutil.copy(recipe.archive / "frontier.sqlite", tmp_path / "backup")
        site.routes |= {"/": page("/a", "/b"), "/a": page(text="أ الجديدة"), "/b": page(text="ب")}
        clock.pass_s(2 * DAY_S)
        run(recipe, clock)
        before, length = ids(recipe), archive_files(recipe)[0].stat().st_size
        site.routes |= {"/": page("/a"), "/a": page(text="أ الثالثة")}
        del site.routes["/b"]
        shutil.copy(tmp_path / "backup", recipe.archive / "frontier.sqlite")
        result = run(recipe, clock, events)
    assert ids(recipe)[: len(before)] == before
    assert archive_files(recipe)[0].stat().st_size > length
    assert "/b" in page_paths(captures(recipe))
    (started,) = (event for event in events if isinstance(event, CrawlStarted))
    assert started.kept == result.kept > 2
    assert_clean(recipe)


def test_a_single_capture_stays_too_where_the_run_before_had_ended_well(tmp_path: Path) -> None:
    """One answer behind the length of a file that was closed in good order is no leavings of a dead process."""
    clock = FakeClock()
    recipe = recipe_for(tmp_path, "http://127.0.0.1:9/")
    recipe.archive.mkdir()
    with closing(open_database(recipe.archive / "frontier.sqlite")) as db:
        books = Ledger(recipe.archive, db)
        answered(books, "old", commit=True)
        books.close()
    shutil.copy(recipe.archive / "frontier.sqlite", tmp_path / "backup")
    books = Ledger(recipe.archive, open_database(recipe.archive / "frontier.sqlite"))
    answered(books, "new", commit=True)
    books.close()
    shutil.copy(tmp_path / "backup", recipe.archive / "frontier.sqlite")
    assert run(recipe, clock).kept == 1
    assert [ref.url for ref in captures(recipe)] == ["http://x.example/old", "http://x.example/new"]


def test_a_database_copied_while_a_crawl_ran_takes_no_capture_away(tmp_path: Path) -> None:
    """One answer behind it was committed since: the crawl it was copied from ended well, for it left no log."""
    copy = tmp_path / "copy"

    def back_up(event: Event) -> None:
        if isinstance(event, PageDone) and not copy.exists():
            with closing(sqlite3.connect(recipe.archive / "frontier.sqlite")) as there:
                there.execute("VACUUM INTO ?", (str(copy),))

    with website({"/": page("/a"), "/a": page()}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        crawl(recipe, now=FakeClock().now, progress=back_up)
        before = ids(recipe)
        del site.routes["/a"]
        shutil.copy(copy, recipe.archive / "frontier.sqlite")
        assert run(recipe, FakeClock()).kept == 1
    assert ids(recipe)[: len(before)] == before
    assert_clean(recipe)


def answered(books: Ledger, name: str, *, commit: bool) -> WarcWriter:
    """Write one answer as the crawler does: response and metadata; `commit` lets it count."""
    writer, record_id = books.writer("site", NOW), new_record_id()
    target = ("WARC-Target-URI", f"http://x.example/{name}")
    block = Block(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + name.encode())
    writer.write(Record("response", record_id, NOW, "application/http", block, (target,)))
    beside = (target, ("WARC-Concurrent-To", record_id))
    writer.write(
        Record("metadata", new_record_id(), NOW, CONTENT_TYPE, Block(b"hiwar-role: page\r\n"), beside)
    )
    if commit:
        with books.transaction():
            books.commit_length(writer)
    return writer


def die(books: Ledger) -> None:
    """Let go of a database as a process does that is killed: its log stays."""
    files = [books.folder / "frontier.sqlite", books.folder / "frontier.sqlite-wal"]
    left = [path.read_bytes() for path in files]
    books.db.close()
    for path, data in zip(files, left, strict=True):
        path.write_bytes(data)


def abandoned(folder: Path, *, answers: int, torn: bytes = b"") -> Path:
    """Leave a file as a process that died leaves it: one answer that counts, others behind it, half a record."""
    folder.mkdir()
    books = Ledger(folder, open_database(folder / "frontier.sqlite"))
    answered(books, "counted", commit=True)
    for number in range(answers):
        writer = answered(books, str(number), commit=False)
    writer.close()
    die(books)
    with writer.path.open("ab") as file:
        file.write(torn)
    return writer.path


@pytest.mark.parametrize(("answers", "kept"), [(1, 0), (2, 2), (5, 5)])
@pytest.mark.parametrize("torn", [b"", b"\x1f\x8b\x08\x00half a record"], ids=("clean", "torn"))
def test_only_what_one_commit_can_leave_is_cut(tmp_path: Path, answers: int, kept: int, torn: bytes) -> None:
    """One answer is asked for again; of more, as after a power cut, all that are whole are kept."""
    path = abandoned(tmp_path / "archive", answers=answers, torn=torn)
    books = Ledger(path.parent, open_database(path.parent / "frontier.sqlite"))
    recovered = Frontier(books.db).recover(books)
    books.close()
    assert (recovered.kept, recovered.lost) == (kept, 0)
    refs = list(scan(path, source="site"))
    assert [ref.url.rpartition("/")[2] for ref in refs if isinstance(ref, CaptureRef)] == [
        "counted",
        *map(str, range(kept)),
    ]
    assert len(refs) == 1 + kept


@pytest.mark.parametrize("lacking_bytes", [1, 4, 12])
def test_an_answer_that_lacks_its_last_bytes_is_none(tmp_path: Path, lacking_bytes: int) -> None:
    """Also where the text is whole and only the sum at the end of its member is not: what is kept is clean."""
    path = abandoned(tmp_path / "archive", answers=4)
    os.truncate(path, path.stat().st_size - lacking_bytes)
    books = Ledger(path.parent, open_database(path.parent / "frontier.sqlite"))
    assert Frontier(books.db).recover(books).kept == 3
    books.close()
    assert check_archive(path) == []
    assert len(list(scan(path, source="site"))) == 1 + 3


@pytest.mark.parametrize("end", ["killed", "closed"])
def test_a_later_run_that_dies_leaves_one_answer_too(tmp_path: Path, end: str) -> None:
    """A file that a run before had closed in good order is being written again: its one answer is asked for again."""
    with closing(open_database(tmp_path / "frontier.sqlite")) as db:
        books = Ledger(tmp_path, db)
        answered(books, "counted", commit=True)
        books.close()
    books = Ledger(tmp_path, open_database(tmp_path / "frontier.sqlite"))
    writer = answered(books, "lost", commit=False)
    if end == "killed":
        writer.close()
        die(books)
    else:
        books.close()
    books = Ledger(tmp_path, open_database(tmp_path / "frontier.sqlite"))
    assert Frontier(books.db).recover(books).kept == 0
    books.close()
    (ref,) = scan(writer.path, source="site")
    assert isinstance(ref, CaptureRef)
    assert ref.url.endswith("/counted")


def test_a_database_of_the_format_before_is_brought_up(tmp_path: Path) -> None:
    """What it says of its files holds; no log lies beside it, so nobody died and the answer behind is newer."""
    path = abandoned(tmp_path / "archive", answers=1)
    with closing(sqlite3.connect(path.parent / "frontier.sqlite")) as db:
        db.execute("CREATE TABLE old AS SELECT name, source, bytes FROM files")
        db.execute("DROP TABLE files")
        db.execute("ALTER TABLE old RENAME TO files")
        db.execute("PRAGMA user_version = 1")
        db.commit()
    books = Ledger(path.parent, open_database(path.parent / "frontier.sqlite"))
    assert Frontier(books.db).recover(books).kept == 1
    books.close()


def test_the_summary_says_what_was_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A reader of the output learns that the database was older than the archive."""
    path = abandoned(tmp_path / "archive", answers=3)
    recipe = recipe_for(tmp_path, "http://127.0.0.1:9/")
    assert recipe.archive == path.parent
    show_crawl(run(recipe, FakeClock()), Output())
    assert "3 answers" in capsys.readouterr().out


class _Files(Source[SourceBlock]):
    """A source of local files, whose number may change."""

    reach = "files"
    count = 5

    def incoming(self, folder: Path) -> Iterator[Incoming]:
        """Yield some records, of addresses with letters that a record must escape."""
        for n in range(self.count):
            yield Incoming(f"http://x.example/مقال {n}", NOW, "application/json", b'{"n": %d}' % n, "posts")


def local(count: int) -> _Files:
    """Return the source."""
    source = _Files(SourceBlock(kind="files", name="files"))
    source.count = count
    return source


def bodies(recipe: Recipe) -> list[bytes]:
    """Return what was taken in, in file order."""
    refs = [ref for path in archive_files(recipe) for ref in scan(path, source="files")]
    return [load(ref).body for ref in refs if isinstance(ref, CaptureRef)]


def numbers(count: int) -> list[bytes]:
    """Return the bodies of the first records."""
    return [b'{"n": %d}' % n for n in range(count)]


@pytest.mark.parametrize("still_there", [0, 7, 9])
def test_an_older_database_takes_nothing_that_was_taken_in(tmp_path: Path, still_there: int) -> None:
    """Records of local files stay though the files are gone, and are not doubled where they are not."""
    recipe = recipe_for(tmp_path, "http://x.example/")
    take_in(local(5), recipe)
    shutil.copy(recipe.archive / "frontier.sqlite", tmp_path / "backup")
    take_in(local(7), recipe)
    shutil.copy(tmp_path / "backup", recipe.archive / "frontier.sqlite")
    for _ in range(2):
        take_in(local(still_there), recipe)
    assert bodies(recipe) == numbers(max(7, still_there))


@pytest.mark.parametrize("still_there", [0, 5])
def test_a_lost_database_doubles_nothing_that_was_taken_in(tmp_path: Path, still_there: int) -> None:
    """The records are known again from the archive itself."""
    recipe = recipe_for(tmp_path, "http://x.example/")
    take_in(local(5), recipe)
    (recipe.archive / "frontier.sqlite").unlink()
    for _ in range(2):
        take_in(local(still_there), recipe)
    assert bodies(recipe) == numbers(5)


def test_a_cut_file_of_a_source_costs_no_record_before_the_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The export may be gone: what is whole in any of the source's files stays."""
    recipe = recipe_for(tmp_path, "http://x.example/")
    monkeypatch.setattr("builder.archive.ledger.ROTATE_BYTES", 1)
    monkeypatch.setattr(intake, "BATCH", 3)
    take_in(local(6), recipe)
    first = archive_files(recipe)[0]
    os.truncate(first, first.stat().st_size - 40)
    take_in(local(0), recipe)
    assert bodies(recipe) == [*numbers(2), *numbers(6)[3:]]
    take_in(local(6), recipe)
    assert sorted(bodies(recipe)) == numbers(6)


def test_an_older_database_beside_the_log_of_a_newer_one_is_refused(tmp_path: Path) -> None:
    """SQLite would mix the two. Nothing is changed, and without the log the crawl goes on and keeps everything."""
    clock = FakeClock()
    routes = {f"/{number}": page(text=f"مقال {number}") for number in range(60)}
    with website({"/": page(*routes), **routes}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", recrawl_max_days=1)
        place = recipe.archive / "frontier.sqlite"
        log = place.with_name("frontier.sqlite-wal")
        run(recipe, clock)
        shutil.copy(place, tmp_path / "backup")
        site.routes |= {f"/new/{number}": page(text=f"خبر {number}") for number in range(60)}
        site.routes["/"] = page(*site.routes)
        clock.pass_s(2 * DAY_S)
        run(recipe, clock)
        clock.pass_s(2 * DAY_S)
        kill_a_crawl(tmp_path, clock.now())
        held = ids(recipe)
        assert log.stat().st_size
        shutil.copy(tmp_path / "backup", place)

        with pytest.raises(ArchiveError, match="do not belong together") as caught:
            run(recipe, clock)
        assert "frontier.sqlite-wal" in caught.value.what_next
        assert place.read_bytes() == (tmp_path / "backup").read_bytes()
        assert log.exists()

        log.rename(tmp_path / "log")
        place.with_name("frontier.sqlite-shm").unlink()
        assert run(recipe, clock).kept > 60
    assert ids(recipe)[: len(held)] == held
    assert_clean(recipe)


def test_the_log_of_a_crawl_that_was_killed_is_taken_over(tmp_path: Path) -> None:
    """It belongs to its database: the run after goes on where that one was."""
    with website({"/": page("/a"), "/a": page()}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        kill_a_crawl(tmp_path, NOW)
        assert (recipe.archive / "frontier.sqlite-wal").stat().st_size
        run(recipe, FakeClock(NOW))
    assert page_paths(captures(recipe)) == ["/", "/a"]


def kill_a_crawl(folder: Path, now: datetime) -> None:
    """Crawl in a process of its own that dies right after its first page."""
    code = (
        "import os, sys\nfrom datetime import datetime\nfrom pathlib import Path\n"
        "from builder.crawl import PageDone, crawl\nfrom builder.recipe import load_recipe\n"
        "def die(event):\n    if isinstance(event, PageDone):\n        os._exit(9)\n"
        "moment = datetime.fromisoformat(sys.argv[2])\n"
        "crawl(load_recipe(Path(sys.argv[1])), now=lambda: moment, progress=die)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder), now.isoformat()], check=False)
    assert done.returncode == 9
