"""Every clause that a WARC file can break is named; what the public validators pass is not passed."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.archive.check import Problem, check_archive
from builder.archive.write import NOT_MODIFIED, digest_of
from builder.errors import ArchiveError

HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>x</p>"
INFO_ID = "<urn:uuid:00000000-0000-4000-8000-000000000000>"
ID = "<urn:uuid:00000000-0000-4000-8000-000000000001>"
NAME = "s-00000.warc.gz"


def record(block: bytes, *fields: tuple[str, str], version: str = "1.1", tail: bytes = b"\r\n\r\n") -> bytes:
    """Return one record; Content-Length is added unless it is among the fields."""
    pairs = list(fields)
    if not any(name == "Content-Length" for name, _ in pairs):
        pairs.append(("Content-Length", str(len(block))))
    head = "".join(f"{name}: {value}\r\n" for name, value in pairs)
    return f"WARC/{version}\r\n{head}\r\n".encode() + block + tail


INFO = record(
    b"software: test\r\n",
    ("WARC-Type", "warcinfo"),
    ("WARC-Record-ID", INFO_ID),
    ("WARC-Date", "2025-03-01T12:00:00Z"),
    ("WARC-Filename", NAME),
    ("Content-Type", "application/warc-fields"),
)
GOOD = {
    "WARC-Type": "response",
    "WARC-Record-ID": ID,
    "WARC-Date": "2025-03-01T12:00:00Z",
    "WARC-Target-URI": "http://x.example/",
    "WARC-Block-Digest": digest_of([HTTP]),
    "WARC-Payload-Digest": digest_of([b"<p>x</p>"]),
    "Content-Type": "application/http; msgtype=response",
}
REVISIT = GOOD | {
    "WARC-Type": "revisit",
    "WARC-Profile": "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
    "WARC-Refers-To-Target-URI": "http://x.example/",
    "WARC-Refers-To-Date": "2025-03-01T12:00:00Z",
}


def checked(folder: Path, *members: bytes, name: str = NAME, advice: bool = False) -> list[Problem]:
    """Write each member as a gzip member of one file, or plainly if the name is plain, and check it."""
    path = folder / name
    path.write_bytes(
        b"".join(gzip.compress(member) if name.endswith(".gz") else member for member in members)
    )
    return check_archive(path, advice=advice)


def clauses(problems: list[Problem]) -> set[str]:
    """Return the sections that were broken."""
    return {problem.clause for problem in problems}


def response(block: bytes = HTTP, base: dict[str, str] | None = None, **changes: str | None) -> bytes:
    """Return a good response with some fields changed or, with None, left out."""
    fields = dict(base or GOOD)
    for name, value in changes.items():
        key = "-".join(part if part.isupper() else part.capitalize() for part in name.split("_"))
        key = key.replace("Warc", "WARC").replace("-Id", "-ID").replace("-Uri", "-URI")
        if value is None:
            del fields[key]
        else:
            fields[key] = value
    return record(block, *fields.items())


@pytest.mark.parametrize("name", [NAME, "s-00000.warc"])
def test_a_good_file_is_clean(tmp_path: Path, name: str) -> None:
    """Packed or plain, without a word of advice; a revisit and its original too."""
    info = INFO.replace(f"{NAME}\r\n".encode(), f"{name}\r\n".encode())
    again = response(
        HTTP[: HTTP.index(b"<p>")], REVISIT, warc_record_id=ID.replace("1>", "2>"), warc_block_digest=None
    )
    assert checked(tmp_path, info, response(), again, name=name, advice=True) == []


BROKEN: list[tuple[str, Callable[[], bytes], str]] = [
    ("no date", lambda: response(warc_date=None), "5.4"),
    ("no id", lambda: response(warc_record_id=None), "5.2"),
    ("no type", lambda: response(warc_type=None), "5.5"),
    ("no target", lambda: response(warc_target_uri=None), "5.14"),
    ("no content type", lambda: response(content_type=None), "5.6"),
    ("bad date", lambda: response(warc_date="01/03/2025"), "5.4"),
    ("local date", lambda: response(warc_date="2025-03-01T12:00:00+03:00"), "5.4"),
    ("month 13", lambda: response(warc_date="2025-13-01T12:00:00Z"), "5.4"),
    ("bare id", lambda: response(warc_record_id="urn:uuid:1"), "5.2"),
    ("target in brackets", lambda: response(warc_target_uri="<http://x.example/>"), "5.14"),
    ("target with a space", lambda: response(warc_target_uri="http://x.example/a b"), "5.14"),
    ("truncated for fun", lambda: response(warc_truncated="fun"), "5.15"),
    ("wrong block digest", lambda: response(warc_block_digest="sha1:" + "A" * 32), "5.8"),
    ("wrong payload digest", lambda: response(warc_payload_digest="sha1:" + "A" * 32), "5.9"),
    ("digest without a label", lambda: response(warc_payload_digest="ABC"), "5.9"),
    ("unknown digest", lambda: response(warc_payload_digest="crc9:ABC"), "5.9"),
    ("content type", lambda: response(content_type="text/html"), "6"),
    ("no HTTP inside", lambda: record(b"<p>", *{**GOOD, "WARC-Block-Digest": digest_of([b"<p>"])}.items()), "6.3, 6.5"),
    ("length missing", lambda: response().replace(b"Content-Length: ", b"X-Length: "), "5.3"),
    ("length negative", lambda: response(content_length="-5"), "5.3"),
    ("length too big", lambda: response(content_length="999"), "5.3"),
    ("length too small", lambda: response(content_length="10"), "4"),
    ("no line ends", lambda: record(HTTP, *GOOD.items(), tail=b""), "4"),
    ("field twice", lambda: record(HTTP, *GOOD.items(), ("WARC-Date", "2025-03-01T12:00:00Z")), "4"),
    ("line without a colon", lambda: response().replace(b"WARC-Date:", b"WARC-Date"), "4"),
    ("filename in a response", lambda: response(warc_filename="x"), "5.17"),
    ("not WARC", lambda: b"HTTP/1.1 200 OK\r\n\r\n", "4"),
    ("version", lambda: response().replace(b"WARC/1.1", b"WARC/7.0"), "4"),
    ("two in a member", lambda: response() + response(warc_record_id=ID.replace("1>", "2>")), "annex D"),
    ("revisit without profile", lambda: response(base=REVISIT, warc_profile=None), "6.7"),
    ("revisit without digest", lambda: response(base=REVISIT, warc_payload_digest=None), "6.7.2"),
    ("revisit of half a reference", lambda: response(base=REVISIT, WARC_Refers_To_Date=None), "6.7"),
    ("304 that is none", lambda: response(base=REVISIT, warc_profile=NOT_MODIFIED), "6.7.3"),
    ("concurrent id", lambda: response(WARC_Concurrent_To="urn:x"), "5.2"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "clause"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_each_fault_is_named_with_its_clause(tmp_path: Path, make: Callable[[], bytes], clause: str) -> None:
    """One fault, the section it breaks, and the offset of its member."""
    problems = checked(tmp_path, INFO, make())
    assert clause in clauses(problems)
    assert all(problem.offset == len(gzip.compress(INFO)) for problem in problems if problem.clause == clause)
    assert all("WARC 1.1" in str(problem) for problem in problems)


def test_an_id_used_twice_is_named(tmp_path: Path) -> None:
    """Ids are unique in a file."""
    assert clauses(checked(tmp_path, INFO, response(), response())) == {"5.2"}


def test_cut_and_damaged_members_are_named(tmp_path: Path) -> None:
    """What comes before the damage is still checked."""
    whole = gzip.compress(INFO) + gzip.compress(response())
    path = tmp_path / NAME
    path.write_bytes(whole[:-30])
    assert "annex D" in clauses(check_archive(path))
    flipped = bytearray(whole)
    flipped[len(gzip.compress(INFO)) + 40] ^= 0xFF
    path.write_bytes(bytes(flipped))
    assert check_archive(path) != []


@pytest.mark.parametrize(
    ("members", "clause"),
    [
        ([response()], "6.2"),
        ([INFO.replace(NAME.encode(), b"other.warc.gz"), response()], "5.17"),
        ([INFO, response(WARC_Concurrent_To="<urn:uuid:elsewhere>")], "5.7, 5.16"),
        ([INFO, response(warc_type="dream")], "5.5"),
        ([INFO, response(base=REVISIT, warc_profile="http://x.example/own-profile")], "6.7"),
    ],
)
def test_advice_is_given_when_asked_for(tmp_path: Path, members: list[bytes], clause: str) -> None:
    """What the standard only recommends does not fail a file."""
    assert checked(tmp_path, *members) == []
    given = checked(tmp_path, *members, advice=True)
    assert clause in clauses(given)
    assert all(str(problem).startswith("advice") for problem in given)


def test_digests_in_other_spellings_pass(tmp_path: Path) -> None:
    """Hexadecimal, SHA-256 and capitals are as good."""
    import hashlib

    payload = hashlib.sha256(b"<p>x</p>").hexdigest()
    assert checked(tmp_path, INFO, response(warc_payload_digest=f"SHA-256:{payload.upper()}")) == []


def test_a_missing_file_is_an_archive_error(tmp_path: Path) -> None:
    """The message names it."""
    with pytest.raises(ArchiveError, match="absent"):
        check_archive(tmp_path / "absent.warc.gz")
