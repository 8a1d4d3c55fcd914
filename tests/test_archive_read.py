"""Archives of any maker are read back whole; broken stretches cost only themselves and are named."""

from __future__ import annotations

import base64
import bz2
import gzip
import hashlib
import io
import lzma
import random
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import brotli
import pytest
import zstandard
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from builder.archive.check import check_archive
from builder.archive.read import load, scan
from builder.errors import ArchiveError
from builder.model import CaptureRef, Damage
from tests.warcmaker import http, page, record, response, sha1, write


def split(path: Path) -> tuple[list[CaptureRef], list[Damage]]:
    """Return the captures and the damage of a file."""
    found = list(scan(path, source="saved"))
    captures = [item for item in found if isinstance(item, CaptureRef)]
    return captures, [item for item in found if isinstance(item, Damage)]


def numbers(captures: list[CaptureRef]) -> list[int]:
    """Return the page numbers of captures, after checking that each loads to that page's bytes."""
    found = [int(ref.url.rsplit("/", 1)[1]) for ref in captures]
    assert [load(ref).body for ref in captures] == [page(number) for number in found]
    return found


def test_every_fact_of_a_capture_is_in_its_reference(tmp_path: Path) -> None:
    """The reference of a plain response says all that can be known without its body."""
    info = record("warcinfo", b"software: x\r\n", WARC_Filename="crawl/first.warc.gz")
    path = write(tmp_path / "renamed.warc.gz", [info, response(1)])
    (ref,), damage = split(path)
    assert not damage
    assert (ref.source, ref.role, ref.status, ref.mime) == ("saved", "page", 200, "text/html")
    assert ref.fetched_at == datetime(2025, 3, 1, 8, tzinfo=UTC)
    assert ref.payload_digest == sha1(page(1))
    assert ref.warc_file == "first.warc.gz"
    assert (ref.warc_offset, ref.warc_length) == (
        len(gzip.compress(info, mtime=0)),
        len(gzip.compress(response(1), mtime=0)),
    )
    capture = load(ref)
    assert capture.body == page(1)
    assert capture.header("content-type") == "text/html; charset=utf-8"


@pytest.mark.parametrize("form", ["members", "plain", "one member", "zstd", "zstd with dictionary"])
def test_the_form_of_the_file_does_not_matter(tmp_path: Path, form: str) -> None:
    """The same records come out of a file packed by record, not at all, as a whole, or with zstd."""
    records = [response(number) for number in range(5)]
    path = tmp_path / "a.warc"
    if form == "members":
        write(path, records)
    elif form == "plain":
        write(path, records, packed=False)
    elif form == "one member":
        path.write_bytes(gzip.compress(b"".join(records)))
    elif form == "zstd":
        path.write_bytes(b"".join(zstandard.compress(one) for one in records))
    else:
        trained = zstandard.train_dictionary(512, [response(number) for number in range(200)])
        packer = zstandard.ZstdCompressor(dict_data=trained)
        head = b"\x5d\x2a\x4d\x18" + len(trained.as_bytes()).to_bytes(4, "little") + trained.as_bytes()
        path.write_bytes(head + b"".join(packer.compress(one) for one in records))
    captures, damage = split(path)
    assert numbers(captures) == [0, 1, 2, 3, 4]
    assert not damage


def test_a_large_file_in_one_member_goes_through_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A member beyond what is held in memory is read all the same, and its records are loaded by their places."""
    monkeypatch.setattr("builder.archive.members.MEMORY_BYTES", 2_000)
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress(b"".join(response(number) for number in range(40))))
    captures, damage = split(path)
    assert numbers(captures) == list(range(40))
    assert not damage


def test_a_member_that_swells_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb among the members is one damage, found before it fills memory or disk; its neighbours are read."""
    monkeypatch.setattr("builder.archive.members.MEMORY_BYTES", 200_000)
    bomb = gzip.compress(
        record("response", http(b"\0" * 30_000_000), WARC_Target_URI="https://example.org/9")
    )
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress(response(1)) + bomb + gzip.compress(response(2)))
    captures, damage = split(path)
    assert numbers(captures) == [1, 2]
    assert len(damage) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # warcio leaves a file open
def test_another_writer_is_read_alike(tmp_path: Path) -> None:
    """What warcio writes, with request and chunked answer, comes back."""
    path = tmp_path / "w.warc.gz"
    chunked = b"5\r\nabcde\r\n3;x=y\r\nfgh\r\n0\r\n\r\n"
    with path.open("wb") as out:
        writer = WARCWriter(out, gzip=True, warc_version="1.1")
        writer.write_record(writer.create_warcinfo_record("w.warc.gz", {"software": "warcio"}))
        headers = [("Content-Type", "text/plain"), ("Transfer-Encoding", "chunked")]
        answer = writer.create_warc_record(
            "http://example.org/c",
            "response",
            payload=io.BytesIO(chunked),
            http_headers=StatusAndHeaders("203 Fine", headers, protocol="HTTP/1.1"),
        )
        request = writer.create_warc_record(
            "http://example.org/c",
            "request",
            http_headers=StatusAndHeaders("GET /c HTTP/1.1", [("Host", "example.org")]),
        )
        writer.write_request_response_pair(request, answer)
    (ref,), damage = split(path)
    assert (ref.status, ref.mime, load(ref).body) == (203, "text/plain", b"abcdefgh")
    assert not damage


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("zstd", zstandard.compress),
        ("gzip", bytes),
    ],
)
def test_content_coding_is_undone(tmp_path: Path, coding: str, pack: object) -> None:
    """Each coding of the web is undone; a body only announced as coded is left alone."""
    assert callable(pack)
    body = http(pack(page(7)), Content_Encoding=coding)
    path = write(tmp_path / "a.warc.gz", [record("response", body, WARC_Target_URI="https://example.org/7")])
    captures, _ = split(path)
    assert numbers(captures) == [7]


def test_a_bomb_ends_at_the_cap(tmp_path: Path) -> None:
    """A small coded body that decodes to very much is refused as an error of that one capture."""
    bomb = zlib.compress(zlib.compress(b"\0" * 300_000_000, 9), 9)
    block = http(bomb, Content_Encoding="deflate, deflate")
    path = write(tmp_path / "a.warc.gz", [record("response", block, WARC_Target_URI="https://example.org/b")])
    (ref,), _ = split(path)
    with pytest.raises(ArchiveError):
        load(ref)


def test_headers_that_are_not_utf8_are_kept(tmp_path: Path) -> None:
    """A header in a legacy charset does not lose the page."""
    block = http(page(1)).replace(b"text/html", b"text/html; x=\xe3\xe4")
    path = write(tmp_path / "a.warc.gz", [record("response", block, WARC_Target_URI="https://example.org/1")])
    captures, _ = split(path)
    assert numbers(captures) == [1]


def test_an_address_in_raw_letters_is_read_as_utf8(tmp_path: Path) -> None:
    """Some writers put addresses into record heads as people type them."""
    typed = "https://example.org/مقال/für"
    path = write(tmp_path / "a.warc.gz", [record("response", http(page(1)), WARC_Target_URI=typed)])
    captures, _ = split(path)
    assert [ref.url for ref in captures] == [typed]


def test_a_digest_is_made_where_none_is_given(tmp_path: Path) -> None:
    """Without a digest in the header the payload's sha1 is computed; hexadecimal is turned into base32."""
    hexadecimal = hashlib.sha256(page(2)).hexdigest()
    path = write(
        tmp_path / "a.warc.gz",
        [
            response(1, WARC_Payload_Digest="", WARC_Block_Digest=""),
            response(2, WARC_Payload_Digest=f"SHA-256:{hexadecimal}"),
        ],
    )
    captures, damage = split(path)
    base32 = base64.b32encode(hashlib.sha256(page(2)).digest()).decode().rstrip("=")
    assert [ref.payload_digest for ref in captures] == [sha1(page(1)), f"sha256:{base32}"]
    assert not damage


def test_digests_over_the_decoded_body_are_accepted(tmp_path: Path) -> None:
    """Some makers digest the payload after undoing chunks and coding."""
    block = http(gzip.compress(page(3)), Content_Encoding="gzip")
    fields = {"WARC_Target_URI": "https://example.org/3", "WARC_Payload_Digest": sha1(page(3))}
    captures, damage = split(write(tmp_path / "a.warc.gz", [record("response", block, **fields)]))
    assert numbers(captures) == [3]
    assert not damage


@pytest.mark.parametrize("which", ["WARC_Payload_Digest", "WARC_Block_Digest"])
def test_a_digest_that_lies_puts_the_record_aside(tmp_path: Path, which: str) -> None:
    """A record whose bytes are not what its header promises is damage; its neighbours stay."""
    bad = response(2, **{which: sha1(b"something else")})
    path = write(tmp_path / "a.warc.gz", [response(1), bad, response(3)])
    captures, damage = split(path)
    assert numbers(captures) == [1, 3]
    assert [hurt.offset for hurt in damage] == [len(gzip.compress(response(1), mtime=0))]
    assert "Digest" in damage[0].reason


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("length", ["-5", "999999", "17", "abc", "9" * 4000, "9" * 5000])
def test_a_length_that_lies_costs_one_record(tmp_path: Path, length: str, *, packed: bool) -> None:
    """Whatever a record says of its length, only that record is lost."""
    records = [response(1), response(2, Content_Length=length), response(3), response(4)]
    captures, damage = split(write(tmp_path / "a.warc", records, packed=packed))
    assert numbers(captures) == [1, 3, 4]
    assert len(damage) == 1


@pytest.mark.parametrize("packed", [True, False])
def test_a_cut_file_keeps_its_whole_records(tmp_path: Path, *, packed: bool) -> None:
    """Cut anywhere, a file gives exactly the records that lie whole before the cut."""
    records = [response(number) for number in range(4)]
    path = write(tmp_path / "a.warc", records, packed=packed)
    whole = path.read_bytes()
    ends = [0]
    for one in records:
        ends.append(ends[-1] + len(gzip.compress(one, mtime=0) if packed else one))
    for cut in random.Random(5).sample(range(1, len(whole)), 40):
        path.write_bytes(whole[:cut])
        captures, damage = split(path)
        full = sum(end <= cut for end in ends[1:])
        assert numbers(captures)[:full] == list(range(full))
        assert full <= len(captures) <= full + 1
        assert len(captures) + len(damage) >= full + (cut not in ends)


def test_a_flipped_byte_anywhere_costs_at_most_its_record(tmp_path: Path) -> None:
    """After damage reading goes on at the next record, and no wrong byte comes out."""
    records = [response(number) for number in range(6)]
    path = write(tmp_path / "a.warc.gz", records)
    whole = path.read_bytes()
    for place in random.Random(6).sample(range(len(whole)), 150):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        captures, damage = split(path)
        assert len(numbers(captures)) >= 5
        assert len(captures) + len(damage) >= 6


def test_a_flipped_byte_in_a_plain_file_is_found(tmp_path: Path) -> None:
    """Without compression the digests are what finds a changed byte."""
    path = write(tmp_path / "a.warc", [response(number) for number in range(4)], packed=False)
    whole = path.read_bytes()
    place = whole.index(page(2)) + 80
    path.write_bytes(whole[:place] + b"?" + whole[place + 1 :])
    captures, damage = split(path)
    assert numbers(captures) == [0, 1, 3]
    assert len(damage) == 1


def test_garbage_between_members_is_named_and_stepped_over(tmp_path: Path) -> None:
    """Bytes that belong to nothing are one damage; what stands behind them is read."""
    path = tmp_path / "a.warc.gz"
    parts = [gzip.compress(response(1)), b"\x1f\x8b\x08 not gzip " * 9, gzip.compress(response(2))]
    path.write_bytes(b"".join(parts))
    captures, damage = split(path)
    assert numbers(captures) == [1, 2]
    assert [(hurt.offset, hurt.length_bytes) for hurt in damage] == [(len(parts[0]), len(parts[1]))]


def test_arc_files_are_read(tmp_path: Path) -> None:
    """ARC, with an address that has spaces and a dns record, gives its captures the same ids each time."""
    blocks = [http(page(1)), http(page(2))]
    about = b"1 0 Example\nURL IP-address Archive-date Content-type Archive-length\n"
    text = b"filedesc://x.arc 0.0.0.0 20140102030405 text/plain %d\n" % len(about) + about + b"\n"
    text += b"dns:example.org 0.0.0.0 20140102030405 text/dns 3\nabc\n"
    for block, name in zip(blocks, (b"1", b"a b/2"), strict=True):
        head = b"http://example.org/%s 192.0.2.1 20140102030405 text/html %d\n" % (name, len(block))
        text += head + block + b"\n"
    path = tmp_path / "x.arc"
    path.write_bytes(text)
    captures, damage = split(path)
    assert numbers(captures) == [1, 2]
    assert not damage
    assert captures[1].url == "http://example.org/a b/2"
    assert captures[0].fetched_at == datetime(2014, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert split(path)[0] == captures


def test_a_revisit_points_at_what_it_repeats(tmp_path: Path) -> None:
    """A revisit has the digest of its original and no body."""
    again = record(
        "revisit",
        http(b""),
        WARC_Target_URI="https://example.org/1",
        WARC_Payload_Digest=sha1(page(1)),
        WARC_Profile="http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
    )
    captures, _ = split(write(tmp_path / "a.warc.gz", [response(1), again]))
    assert [ref.kind for ref in captures] == ["response", "revisit"]
    assert captures[0].payload_digest == captures[1].payload_digest
    assert load(captures[1]).body == b""


def test_a_resource_is_an_answer_without_http(tmp_path: Path) -> None:
    """A resource record has the type and the bytes of its block."""
    saved = record("resource", page(4), Content_Type="text/html", WARC_Target_URI="file:///saved/4")
    captures, _ = split(write(tmp_path / "a.warc.gz", [saved]))
    assert (captures[0].kind, captures[0].status, captures[0].mime) == ("resource", 200, "text/html")
    assert numbers(captures) == [4]


def test_records_that_are_no_captures_give_nothing(tmp_path: Path) -> None:
    """Requests, conversions and records of unknown type are read over in silence."""
    others = [record(kind, b"x", WARC_Target_URI="https://example.org/") for kind in ("request", "oddity")]
    captures, damage = split(write(tmp_path / "a.warc.gz", [*others, response(1)]))
    assert numbers(captures) == [1]
    assert not damage


@pytest.mark.parametrize("before", [True, False])
def test_a_metadata_record_of_ours_is_joined(tmp_path: Path, *, before: bool) -> None:
    """Role, path and rights stand in the reference, wherever the metadata record stands."""
    answer = response(1, WARC_Record_ID="<urn:uuid:1>")
    fields = "hiwar-role: feed\r\nvia: https://example.org/\r\nhiwar-how: link\r\nhiwar-robots: allowed\r\n"
    fields += "hiwar-signal: noai | header | noai, noimageai\r\n"
    meta = record(
        "metadata", fields.encode(), Content_Type="application/warc-fields", WARC_Concurrent_To="<urn:uuid:1>"
    )
    records = [meta, answer] if before else [answer, response(2), meta]
    captures, _ = split(write(tmp_path / "a.warc.gz", records))
    ref = captures[0]
    assert (ref.role, ref.via, ref.how) == ("feed", "https://example.org/", "link")
    assert ref.rights.robots == "allowed"
    assert [signal.name for signal in ref.rights.signals] == ["noai"]


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    """A capture is not loaded from a file that holds something else at that place."""
    path = write(tmp_path / "a.warc.gz", [response(1)])
    (ref,), _ = split(path)
    write(path, [response(2)])
    with pytest.raises(ArchiveError, match="another record"):
        load(ref)
    with pytest.raises(ArchiveError, match="cannot be read"):
        load(replace(ref, path=str(tmp_path / "gone.warc.gz")))


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\0" * 50])
def test_an_empty_file_holds_nothing(tmp_path: Path, content: bytes) -> None:
    """An empty file is no error and no damage."""
    path = tmp_path / "a.warc.gz"
    path.write_bytes(content)
    assert split(path) == ([], [])


def test_a_file_of_something_else_is_damage(tmp_path: Path) -> None:
    """A file that is no archive is named as such, not passed over."""
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress(b"<html>not an archive</html>" * 50))
    captures, damage = split(path)
    assert not captures
    assert [hurt.reason for hurt in damage] == ["bytes that belong to no record"]


def tarred(content: bytes) -> bytes:
    """Return a tar file with one WARC file in it."""
    raw, info = io.BytesIO(), tarfile.TarInfo("a.warc.gz")
    info.size = len(content)
    with tarfile.open(fileobj=raw, mode="w") as tar:
        tar.addfile(info, io.BytesIO(content))
    return raw.getvalue()


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("xz", lzma.compress),
        ("bzip2", bz2.compress),
        ("lz4", lambda raw: b"\x04\x22\x4d\x18\x60\x40\x82" + len(raw).to_bytes(3, "little") + b"\x80" + raw),
        ("tar", tarred),
        ("tar", lambda raw: gzip.compress(tarred(raw))),
    ],
)
def test_a_packing_that_is_not_read_is_named(
    tmp_path: Path, name: str, pack: Callable[[bytes], bytes]
) -> None:
    """It is no damage of one record: the whole file would be missing, and lz4 lets some records through."""
    path = tmp_path / "a.warc"
    path.write_bytes(pack(b"".join(response(number) for number in range(3))))
    with pytest.raises(ArchiveError, match=f"packed with {name};") as caught:
        list(scan(path, source="s"))
    assert "Unpack it" in caught.value.what_next
    (problem,) = check_archive(path)
    assert name in problem.what or "no WARC version line" in problem.what


def test_the_check_says_what_it_does_not_unpack(tmp_path: Path) -> None:
    """A build reads zstd, the standard's gzip alone is checked."""
    path = tmp_path / "a.warc.zst"
    path.write_bytes(zstandard.compress(response(1)))
    assert len(list(scan(path, source="s"))) == 1
    (problem,) = check_archive(path)
    assert "packed with zstd" in problem.what


def test_numbers_that_nobody_reads_cost_their_record(tmp_path: Path) -> None:
    """Python refuses to read 5,000 digits: of an ARC record's size, and of a depth in a metadata record."""
    arc = tmp_path / "a.arc"
    head = b"http://e.example/ 192.0.2.1 20250101000000 text/html "
    arc.write_bytes(head + b"9" * 5000 + b"\nbody\n" + head + b"19\nHTTP/1.1 200 OK\r\n\r\n\n")
    captures, damage = split(arc)
    assert (len(captures), len(damage)) == (1, 1)
    about = record(
        "metadata",
        b"hopsFromSeed: " + b"9" * 5000,
        Content_Type="application/warc-fields",
        WARC_Refers_To="<x:y>",
    )
    captures, damage = split(
        write(tmp_path / "b.warc.gz", [response(1, WARC_Record_ID="<x:y>"), about, response(2)])
    )
    assert (numbers(captures), damage) == ([1, 2], [])


@pytest.mark.parametrize("words", ["1 20050101000000 a; ", "1 20050101000000 a ", "http: "])
def test_a_line_that_looks_like_many_arc_records_is_read_once(tmp_path: Path, words: str) -> None:
    """Behind damage every line may begin a record; one of 9 kB kept a pattern busy for hours."""
    line = f"\nhttp://e.example/ {words * 2000}x\n".encode()
    bad = record("response", http(line), WARC_Target_URI="https://e.example/", Content_Length="9999999")
    captures, damage = split(write(tmp_path / "a.warc", [response(1), bad, response(2)], packed=False))
    assert (numbers(captures), len(damage)) == ([1, 2], 1)


def test_records_of_one_id_are_all_read(tmp_path: Path) -> None:
    """Some makers give the same to many; each is a capture, and a metadata record speaks of the one before it."""
    records = [response(number, WARC_Record_ID="<urn:x:0>") for number in range(4)]
    about = record(
        "metadata",
        b"hiwar-role: feed\r\n",
        Content_Type="application/warc-fields",
        WARC_Concurrent_To="<urn:x:0>",
    )
    captures, damage = split(write(tmp_path / "a.warc.gz", [*records[:2], about, *records[2:]]))
    assert (numbers(captures), damage) == ([0, 1, 2, 3], [])
    assert [ref.role for ref in captures] == ["page", "feed", "page", "page"]


def test_a_further_segment_is_named(tmp_path: Path) -> None:
    """A page that its maker cut into several records is not whole, and somebody is told."""
    first = record(
        "response", http(page(1)), WARC_Target_URI="https://example.org/1", WARC_Segment_Number="1"
    )
    further = record(
        "continuation", b"more", WARC_Target_URI="https://example.org/1", WARC_Segment_Number="2"
    )
    captures, damage = split(write(tmp_path / "a.warc.gz", [first, further, response(2)]))
    assert numbers(captures) == [1, 2]
    assert [hurt.reason for hurt in damage] == ["continues another record; segments are not joined"]
