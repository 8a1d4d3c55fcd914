"""Records as careless tools leave them: what can be proven whole is read, the rest is named, nothing is guessed."""

from __future__ import annotations

import gzip
import random
import zlib
from pathlib import Path

import pytest
from test_archive_read import numbers, split
from warcmaker import http, page, record, response, sha1, write

from builder.archive.payload import header_lines, parse_message
from builder.model import Signal

TEXT = "نص بلا رأس".encode()


def spoiled(raw: bytes) -> bytes:
    """Return a gzip member whose checksum is wrong and whose bytes are right."""
    packed = bytearray(gzip.compress(raw, mtime=0))
    packed[-8] ^= 0xFF
    return bytes(packed)


def test_places_in_a_plain_file_are_those_of_its_records(tmp_path: Path) -> None:
    """Whoever cuts a record out by offset and length has that record, to the byte."""
    records = [response(1), response(2), response(3)]
    path = write(tmp_path / "a.warc", records, packed=False)
    raw = path.read_bytes()
    captures, _ = split(path)
    cut = [raw[ref.warc_offset : ref.warc_offset + ref.warc_length] for ref in captures]
    assert [piece.rstrip(b"\r\n") for piece in cut] == [one.rstrip(b"\r\n") for one in records]


@pytest.mark.parametrize(
    ("order", "name"), [((0, 2, 1), "own.warc.gz"), ((0, 1, 2), "own.warc.gz"), ((2, 0, 1), None)]
)
def test_a_file_is_named_by_what_it_begins_with(
    tmp_path: Path, order: tuple[int, ...], name: str | None
) -> None:
    """Files that were joined keep the first one's name; a warcinfo in the middle names nothing."""
    info = [record("warcinfo", b"", WARC_Filename=given) for given in ("own.warc.gz", "other.warc.gz")]
    records = [*info, response(1)]
    captures, damage = split(
        write(tmp_path / "a.warc.gz", [*(records[place] for place in order), response(2)])
    )
    assert not damage
    (found,) = {ref.warc_file for ref in captures}
    assert found == name if name else found.startswith("archive-")


@pytest.mark.parametrize("proof", ["WARC_Payload_Digest", "WARC_Block_Digest", None])
def test_a_member_with_a_wrong_checksum_needs_a_digest(tmp_path: Path, proof: str | None) -> None:
    """Where gzip doubts its bytes, a record that a digest proves whole is read, and any other is damage."""
    left_out = {"WARC_Payload_Digest": "", "WARC_Block_Digest": ""}
    left_out.pop(proof, None)  # type: ignore[arg-type]
    filling = record("metadata", random.Random(1).randbytes(100_000))
    path = tmp_path / "a.warc.gz"
    path.write_bytes(spoiled(response(1, **left_out) + filling) + gzip.compress(response(2), mtime=0))
    captures, damage = split(path)
    assert [ref.url[-1] for ref in captures] == (["1", "2"] if proof else ["2"])
    assert any("no digest" in found.reason for found in damage) is (proof is None)


@pytest.mark.parametrize("field", ["WARC_Date", "WARC_Target_URI"])
def test_a_record_without_its_time_or_address_is_named(tmp_path: Path, field: str) -> None:
    """Neither is made up."""
    fields = {"WARC_Target_URI": "https://example.org/1", "WARC_Date": "2025-03-01T08:00:00Z", field: ""}
    captures, damage = split(
        write(tmp_path / "a.warc.gz", [record("response", http(page(1)), **fields), response(2)])
    )
    assert numbers(captures) == [2]
    assert [found.reason for found in damage] == [
        "WARC-Type, WARC-Date or WARC-Target-URI is missing or malformed"
    ]


@pytest.mark.parametrize(
    ("mime", "kind"),
    [("application/http; msgtype=response", None), ("", None), ("text/plain; charset=utf-8", "resource")],
)
def test_a_response_without_a_status_line(tmp_path: Path, mime: str, kind: str | None) -> None:
    """Said to be HTTP, it is broken; of another type, it is the thing itself."""
    made = record("response", TEXT, WARC_Target_URI="https://example.org/1", Content_Type=mime)
    captures, damage = split(write(tmp_path / "a.warc.gz", [made]))
    assert [ref.kind for ref in captures] == ([kind] if kind else [])
    assert [found.reason for found in damage] == ([] if kind else ["response without a status line"])


def test_a_cut_answer_is_known_by_what_is_there(tmp_path: Path) -> None:
    """The digest of a whole that was not kept proves nothing about the part; the part gets its own."""
    block = http(page(1)[:40])
    fields = {"WARC_Target_URI": "https://example.org/1", "WARC_Payload_Digest": sha1(page(1))}
    cut = record("response", block, WARC_Truncated="length", **fields)
    captures, damage = split(write(tmp_path / "a.warc.gz", [cut, record("response", block, **fields)]))
    assert [(ref.truncated, ref.payload_digest) for ref in captures] == [("length", sha1(page(1)[:40]))]
    assert [found.reason for found in damage] == ["payload differs from its WARC-Payload-Digest"]


@pytest.mark.parametrize(
    ("profile", "status"), [("server-not-modified", 304), ("identical-payload-digest", 200)]
)
def test_a_revisit_without_a_head_has_the_status_of_its_profile(
    tmp_path: Path, profile: str, status: int
) -> None:
    """Some tools keep no answer with a revisit; the profile says which it was."""
    made = record(
        "revisit",
        b"",
        WARC_Target_URI="https://example.org/1",
        WARC_Profile=f"http://netpreserve.org/warc/1.1/revisit/{profile}",
        WARC_Payload_Digest=sha1(page(1)),
    )
    (ref,), damage = split(write(tmp_path / "a.warc.gz", [made]))
    assert (ref.kind, ref.status, ref.payload_digest, damage) == ("revisit", status, sha1(page(1)), [])


@pytest.mark.parametrize("ours_first", [True, False])
def test_another_tools_metadata_takes_nothing_back(tmp_path: Path, ours_first: bool) -> None:
    """An opt-out and a role that stand beside a capture hold, whoever else writes a metadata record to it."""
    answer = response(1)
    target = answer.split(b"WARC-Record-ID: ", 1)[1].split(b"\r\n", 1)[0].decode()
    said = [
        b"hiwar-role: api\r\nvia: https://example.org/\r\nhiwar-robots: allowed\r\n"
        b"hiwar-signal: noai | header | noai\r\n",
        b"fetchTimeMs: 12\r\n",
    ]
    about = [record("metadata", body, WARC_Concurrent_To=target) for body in said]
    path = write(tmp_path / "a.warc.gz", [answer, *(about if ours_first else about[::-1])])
    (ref,), _ = split(path)
    assert (ref.role, ref.via) == ("api", "https://example.org/")
    assert (ref.rights.robots, ref.rights.signals) == ("allowed", (Signal("noai", "header", "noai"),))


def test_the_head_of_an_answer_as_old_servers_send_it() -> None:
    """Blanks before the colon, lines without one, folded lines, bare line feeds, letters of another charset."""
    message = parse_message(b"HTTP/1.0 200\nX-One : a\nno field\nX-Two: b\n c\nX-\xe9: d\n\nbody\n\nmore")
    assert message is not None
    assert message.headers == (("X-One", "a"), ("X-Two", "b c"), ("X-é", "d"))
    assert message.body == b"body\n\nmore"
    assert header_lines(["X: سلام".encode(), b"Y: \xe9"], utf8=True) == (("X", "سلام"), ("Y", "é"))


def test_a_checksum_is_what_was_spoiled() -> None:
    """The helper above breaks what gzip checks and nothing else."""
    with pytest.raises(zlib.error, match="incorrect data check"):
        zlib.decompress(spoiled(TEXT), 31)
