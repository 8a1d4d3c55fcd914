"""WACZ packages are read in place, packed ones are taken out, hostile ones are refused."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import pytest

from builder.archive.read import load, name_of, scan
from builder.errors import ArchiveError, UsageError
from builder.model import CaptureRef
from builder.sources.wacz import WaczBlock, WaczSource
from builder.sources.warc import WarcBlock, WarcSource
from tests.warcmaker import page, response

PAGES = '{"format": "json-pages-1.0"}\n{"url": "https://example.org/1"}\n{"url": "https://example.org/3"}\n'


def package(path: Path, entries: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    """Write a package of files, all packed by one method; return its path."""
    with zipfile.ZipFile(path, "w", method) as out:
        for name, content in entries.items():
            out.writestr(name, content)
    return path


def archive(*numbers: int) -> bytes:
    """Return a WARC file of those pages."""
    return b"".join(gzip.compress(response(number), mtime=0) for number in numbers)


def source(**keys: object) -> WaczSource:
    """Return a source over the packages of the folder."""
    return WaczSource(
        WaczBlock.model_validate({"kind": "wacz", "name": "recorded", "paths": ["*.wacz"], **keys})
    )


def captures(folder: Path) -> list[CaptureRef]:
    """Return all captures of a folder's packages; fails on damage."""
    found = [item for path in source().archives(folder) for item in scan(path, source="recorded")]
    assert all(isinstance(item, CaptureRef) for item in found)
    return [item for item in found if isinstance(item, CaptureRef)]


def test_stored_archives_are_read_in_place(tmp_path: Path) -> None:
    """Captures of all WARC files of a package are found at offsets of the package itself."""
    wacz = package(
        tmp_path / "a.wacz",
        {
            "archive/a.warc.gz": archive(1, 2),
            "indexes/index.cdx": b"x",
            "archive/b.warc.gz": archive(3),
            "pages/pages.jsonl": PAGES.encode(),
        },
    )
    found = captures(tmp_path)
    assert [load(ref).body for ref in found] == [page(1), page(2), page(3)]
    for ref in found:
        assert ref.warc_file == name_of(Path(ref.path))
        assert wacz.read_bytes()[ref.warc_offset :].startswith(b"\x1f\x8b\x08")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("name", ["archive/a.warc.gz", "archive/a.warc"])
def test_packed_archives_are_taken_out(tmp_path: Path, name: str) -> None:
    """WARC files that zip packed, or that are not packed themselves, are read from the cache."""
    content = archive(1, 2) if name.endswith(".gz") else response(1) + response(2)
    package(tmp_path / "a.wacz", {name: content, "pages/pages.jsonl": PAGES.encode()}, zipfile.ZIP_DEFLATED)
    found = captures(tmp_path)
    assert [load(ref).body for ref in found] == [page(1), page(2)]
    assert source().read(load(found[0])) is None
    skipped = source().read(load(found[1]))
    assert skipped is not None
    assert skipped.skipped == "not-in-page-list"


def test_only_listed_pages_are_read(tmp_path: Path) -> None:
    """What the page list does not name is skipped with a reason, unless the recipe wants all."""
    package(tmp_path / "a.wacz", {"archive/a.warc.gz": archive(1, 2), "pages/pages.jsonl": PAGES.encode()})
    first, second = (load(ref) for ref in captures(tmp_path))
    assert source().read(first) is None
    skipped = source().read(second)
    assert skipped is not None
    assert skipped.skipped == "not-in-page-list"
    assert source(pages_only=False).read(second) is None


@pytest.mark.parametrize("listed", ["http://example.org/1", "https://www.example.org/1/#top"])
def test_a_page_that_was_redirected_is_still_a_page(tmp_path: Path, listed: str) -> None:
    """The list may name a page by another scheme, host spelling or fragment than its capture."""
    pages = json.dumps({"url": listed}).encode()
    package(tmp_path / "a.wacz", {"archive/a.warc.gz": archive(1), "pages/pages.jsonl": pages})
    assert source().read(load(captures(tmp_path)[0])) is None


def test_without_a_page_list_all_is_read(tmp_path: Path) -> None:
    """A package without pages.jsonl leaves every capture to the readers."""
    package(tmp_path / "a.wacz", {"archive/a.warc.gz": archive(1)})
    assert source().read(load(captures(tmp_path)[0])) is None


@pytest.mark.parametrize(
    "name", ["../../escaped.warc.gz", "/tmp/escaped.warc.gz", "archive/..\\..\\escaped.warc.gz"]
)
def test_names_inside_a_package_are_no_paths(tmp_path: Path, name: str) -> None:
    """An entry whose name climbs out of the folder is taken out inside it."""
    folder = tmp_path / "deep" / "recipe"
    folder.mkdir(parents=True)
    package(folder / "a.wacz", {name: archive(1)}, zipfile.ZIP_DEFLATED)
    assert [load(ref).body for ref in captures(folder)] == [page(1)]
    written = list(tmp_path.rglob("*escaped*"))
    assert written
    assert all(path.is_relative_to(folder / "cache") for path in written)


def test_an_entry_that_swells_is_refused(tmp_path: Path) -> None:
    """A zip bomb stops at the cap and leaves nothing behind."""
    package(tmp_path / "a.wacz", {"archive/a.warc": b"\0" * 40_000_000}, zipfile.ZIP_DEFLATED)
    with pytest.raises(ArchiveError, match="unpacks to more"):
        source().archives(tmp_path)
    assert not list((tmp_path / "cache").rglob("*.warc*"))
    assert not list((tmp_path / "cache").rglob("tmp*"))


def test_entries_that_overlap_are_refused(tmp_path: Path) -> None:
    """Two directory entries over the same bytes are a bomb or a defect, not two archives."""
    path = package(tmp_path / "a.wacz", {"archive/a.warc.gz": archive(1), "archive/b.warc.gz": archive(2)})
    raw = path.read_bytes()
    second = raw.rindex(b"PK\x01\x02")
    path.write_bytes(raw[: second + 42] + b"\0\0\0\0" + raw[second + 46 :])
    with pytest.raises(ArchiveError, match="overlaps"):
        source().archives(tmp_path)


@pytest.mark.parametrize("content", [b"PK\x03\x04 broken", b"no zip at all"])
def test_a_broken_package_is_an_error_that_says_what(tmp_path: Path, content: bytes) -> None:
    """A file that is no package names itself in the error."""
    (tmp_path / "a.wacz").write_bytes(content)
    with pytest.raises(ArchiveError, match=r"a\.wacz"):
        source().archives(tmp_path)


def test_a_pattern_without_files_is_an_error(tmp_path: Path) -> None:
    """A slip in `paths` does not give an empty dataset."""
    with pytest.raises(UsageError, match="no file matches"):
        source().archives(tmp_path)


def test_lines_of_the_page_list_that_are_broken_are_passed_over(tmp_path: Path) -> None:
    """A damaged list still names the pages it can."""
    pages = b'{"url": "https://example.org/1"}\n{"url": \nnull\n' + json.dumps(["x"]).encode()
    package(tmp_path / "a.wacz", {"archive/a.warc.gz": archive(1, 2), "pages/pages.jsonl": pages})
    readings = [source().read(load(ref)) for ref in captures(tmp_path)]
    assert readings[0] is None
    assert readings[1] is not None


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"archive/a.warc.gz": b"", "archive/b.warc.lz4": b"x"}, r"'archive/b\.warc\.lz4'"),
        ({"pages/pages.jsonl": b"", "indexes/a.warc.cdx": b""}, "holds no WARC file"),
    ],
)
def test_a_package_whose_files_are_not_read_is_named(
    tmp_path: Path, files: dict[str, bytes], said: str
) -> None:
    """Nothing in it is passed over in silence."""
    package(tmp_path / "a.wacz", files)
    with pytest.raises(ArchiveError, match=said) as caught:
        source().archives(tmp_path)
    assert "paths" in caught.value.what_next


def test_a_package_is_read_whole_or_sent_to_its_own_kind(tmp_path: Path) -> None:
    """As a WARC source, one whose files lie packed in it would give nothing."""
    block = WarcBlock.model_validate({"kind": "warc", "name": "saved", "paths": ["*.wacz"]})
    package(tmp_path / "a.wacz", {"archive/a.warc.gz": archive(1)})
    assert len(WarcSource(block).archives(tmp_path)) == 1
    package(tmp_path / "b.wacz", {"archive/a.warc.gz": archive(1)}, zipfile.ZIP_DEFLATED)
    with pytest.raises(ArchiveError, match=r"b\.wacz") as caught:
        WarcSource(block).archives(tmp_path)
    assert '"wacz"' in caught.value.what_next


def test_a_package_that_was_replaced_is_taken_out_anew(tmp_path: Path) -> None:
    """Also where the new file is as long as the old one."""
    name = "archive/a.warc"
    for number in (1, 2):
        package(tmp_path / "a.wacz", {name: response(number)}, zipfile.ZIP_DEFLATED)
        (ref,) = captures(tmp_path)
        assert ref.url == f"https://example.org/{number}"
    assert len(response(1)) == len(response(2))


@pytest.mark.parametrize("fault", ["name", "place"])
def test_a_directory_of_nonsense_is_a_broken_package(tmp_path: Path, fault: str) -> None:
    """Names that are no UTF-8, and places before the beginning of the file, end in no traceback."""
    path = package(tmp_path / "a.wacz", {"archive/عربي.warc.gz": archive(1)})
    content = path.read_bytes()
    if fault == "name":
        content = content.replace("عربي".encode(), b"\xff" * 8)
    else:
        at = content.rindex(b"PK\x05\x06") + 16
        content = content[:at] + (2**31).to_bytes(4, "little") + content[at + 4 :]
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match="package cannot be read"):
        source().archives(tmp_path)
