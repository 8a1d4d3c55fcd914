"""A folder of saved pages goes into the archive with the right addresses and times."""

from __future__ import annotations

import os
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest

from builder.errors import UsageError
from builder.sources.base import Incoming
from builder.sources.html import HtmlBlock, HtmlSource
from tests.warcmaker import page


def taken(folder: Path, **keys: object) -> list[Incoming]:
    """Return what a source over the folder's pages gives."""
    block = {"kind": "html", "name": "pages", "paths": ["pages/**/*.html"], **keys}
    return list(HtmlSource(HtmlBlock.model_validate(block)).incoming(folder))


def save(folder: Path, name: str, body: bytes) -> None:
    """Save a page under pages/ with a fixed time."""
    path = folder / "pages" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    os.utime(path, (1_700_000_000, 1_700_000_000))


def test_the_list_gives_address_and_time(tmp_path: Path) -> None:
    """A CSV list names the address, and the time of collection with any offset."""
    save(tmp_path, "a.html", page(1))
    save(tmp_path, "sub/مقال.html", page(2))
    (tmp_path / "pages" / "urls.csv").write_text(
        "file,url,collected_at\na.html,https://example.org/1,2025-01-02T03:04:05+03:00\n"
        "sub/مقال.html,https://example.org/مقال,\n",
        encoding="utf-8-sig",
    )
    first, second = taken(tmp_path, urls="pages/urls.csv")
    assert (first.url, first.collected_at) == (
        "https://example.org/1",
        datetime(2025, 1, 2, 0, 4, 5, tzinfo=UTC),
    )
    assert (second.url, second.collected_at) == (
        "https://example.org/مقال",
        datetime.fromtimestamp(1_700_000_000, UTC),
    )
    assert (first.body, first.mime, first.role) == (page(1), "text/html", "page")


def test_the_list_may_be_jsonl(tmp_path: Path) -> None:
    """A JSONL list serves as well."""
    save(tmp_path, "a.html", page(1))
    (tmp_path / "urls.jsonl").write_text('{"file": "pages/a.html", "url": "https://example.org/1"}\n')
    assert [item.url for item in taken(tmp_path, urls="urls.jsonl")] == ["https://example.org/1"]


def test_a_list_is_read_line_by_line_and_name_by_name(tmp_path: Path) -> None:
    """A line separator inside a title ends no line; a name in parts, as macOS unpacks it, is the name as a whole."""
    save(tmp_path, unicodedata.normalize("NFD", "رأي.html"), page(1))
    row = '{"file": "pages/رأي.html", "title": "أ\u2028ب\x85", "url": "https://example.org/1"}\n'
    (tmp_path / "urls.jsonl").write_text(row, encoding="utf-8")
    assert [item.url for item in taken(tmp_path, urls="urls.jsonl")] == ["https://example.org/1"]


def test_a_mirrored_folder_needs_only_its_base(tmp_path: Path) -> None:
    """With `base_url` the path below the pattern's fixed part is the path of the address."""
    save(tmp_path, "2024/رأي.html", page(1))
    (found,) = taken(tmp_path, base_url="https://example.org/")
    assert found.url == "https://example.org/2024/%D8%B1%D8%A3%D9%8A.html"


def test_files_beside_the_pattern_keep_their_whole_path(tmp_path: Path) -> None:
    """A page named by itself lies behind `base_url` as it lies in the recipe's folder."""
    save(tmp_path, "about.html", page(1))
    (tmp_path / "index.html").write_bytes(page(2))
    found = taken(tmp_path, paths=["pages/*.html", "index.html"], base_url="https://example.org/")
    assert [item.url for item in found] == [
        "https://example.org/index.html",
        "https://example.org/about.html",
    ]


def test_a_time_without_a_zone_is_utc_on_every_machine(tmp_path: Path, in_riyadh: None) -> None:
    """The zone of who runs the build moves no time of a list, and no page into another day."""
    save(tmp_path, "a.html", page(1))
    (tmp_path / "urls.csv").write_text(
        "file,url,collected_at\npages/a.html,https://example.org/1,2025-01-02T01:00:00\n"
    )
    (found,) = taken(tmp_path, urls="urls.csv")
    assert found.collected_at == datetime(2025, 1, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "mark",
    [
        "<!-- saved from url=(0023)https://example.org/a?b=1 -->",
        "<!--\n Page saved with SingleFile \n url: https://example.org/a?b=1 \n saved date: x -->",
        "<!--saved from url=(0023)https://example.org/a?b=1-->",
        '<link href="https://example.org/a?b=1" rel="canonical">',
        '<link rel=canonical href=" https://example.org/a?b=1 ">',
        '<link rel="canonical" href="https://example.org/a?b=1">',
        '<meta property="og:url" content="https://example.org/a?b=1">',
    ],
)
def test_a_page_may_say_itself_where_it_is_from(tmp_path: Path, mark: str) -> None:
    """Marks of browsers and archivers, then the page's own canonical address, are read."""
    save(tmp_path, "a.html", mark.encode() + page(1))
    assert [item.url for item in taken(tmp_path)] == ["https://example.org/a?b=1"]


def test_httrack_marks_lack_the_scheme(tmp_path: Path) -> None:
    """HTTrack writes the address without http://."""
    save(tmp_path, "a.html", b"<!-- Mirrored from example.org/x by HTTrack Website Copier -->" + page(1))
    assert [item.url for item in taken(tmp_path)] == ["http://example.org/x"]


def test_a_page_without_any_address_keeps_its_file_name(tmp_path: Path) -> None:
    """The name is relative to the recipe, so that no path of the machine gets out."""
    save(tmp_path, "a b.html", page(1))
    assert [item.url for item in taken(tmp_path)] == ["file:///pages/a%20b.html"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("file,url\na.html,\n", "line 2"),
        ("file,url,collected_at\na.html,http://x/,gestern\n", "line 2"),
        ("file,url\na.html,http://x/\n,http://y/\n", "line 3"),
        ("file,url\na.html,http://x/\n\na.html,http://y/\n", "line 4: a.html stands there before"),
    ],
)
def test_a_list_that_cannot_be_followed_is_an_error(tmp_path: Path, content: str, why: str) -> None:
    """The error names the list and the row."""
    save(tmp_path, "a.html", page(1))
    (tmp_path / "urls.csv").write_text(content)
    with pytest.raises(UsageError, match=why):
        taken(tmp_path, urls="urls.csv")


def test_a_broken_line_of_a_jsonl_list_is_named(tmp_path: Path) -> None:
    """Counted from one, as editors count."""
    save(tmp_path, "a.html", page(1))
    (tmp_path / "urls.jsonl").write_text('{"file": "pages/a.html", "url": "http://x/"}\n{"file": \n')
    with pytest.raises(UsageError, match=r"urls\.jsonl: line 2: "):
        taken(tmp_path, urls="urls.jsonl")


def test_blank_lines_of_a_list_count_where_a_broken_one_is_named(tmp_path: Path) -> None:
    """An editor shows lines, not rows."""
    (tmp_path / "urls.jsonl").write_text('\n{"file": "a.html", "url": "http://x/"}\n\n{"file": "b.html"}\n')
    with pytest.raises(UsageError, match=r"urls\.jsonl: line 4: needs `file` and `url`"):
        taken(tmp_path, urls="urls.jsonl")


def test_a_missing_list_is_an_error(tmp_path: Path) -> None:
    """A slip in `urls` does not give pages without addresses."""
    save(tmp_path, "a.html", page(1))
    with pytest.raises(UsageError, match=r"urls\.csv"):
        taken(tmp_path, urls="urls.csv")
