"""A stored row is taken again only while all it was made from is the same: each part of it is in its name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import buildkit as kit

from builder.model import Author, CaptureRef, Document, Evidence, Rights, Signal
from builder.stages.keys import row_key, shared_digest

LINE = "هذه الصفحات يكتبها أهل الحي القديم في مدينتنا البعيدة."


def channel(number: int) -> bytes:
    """Return the capture of an essay below whose text its host prints the line it prints everywhere."""
    body = kit.page(number).replace(b"</article>", f"<p>{LINE}</p></article>".encode())
    return kit.capture(f"https://channel.example/{number}", body)


def test_stored_rows_follow_what_their_host_turns_out_to_repeat(tmp_path: Path) -> None:
    """Of four pages nobody can tell; of sixteen the line is furniture, on the first four too, as in a cold build."""
    kit.archive(tmp_path / "warm", "a", [channel(number) for number in range(4)])
    recipe = kit.recipe(tmp_path / "warm")
    first = kit.documents(kit.run(recipe))
    assert [LINE in row["text"] for row in first] == [True] * 4
    kit.archive(tmp_path / "warm", "b", [channel(number) for number in range(4, 16)])
    warm = kit.run(recipe)
    assert [LINE in row["text"] for row in kit.documents(warm)] == [False] * 16
    licensed = kit.WARCS + 'licence = "cc-by-4.0"\n'
    again = kit.documents(kit.run(kit.recipe(tmp_path / "warm", sources=licensed)))
    assert {row["rights"]["licence"] for row in again} == {"cc-by-4.0"}
    for name, numbers in (("a", range(4)), ("b", range(4, 16))):
        kit.archive(tmp_path / "cold", name, [channel(number) for number in numbers])
    cold = kit.documents(kit.run(kit.recipe(tmp_path / "cold", sources=licensed)))
    assert again == cold


def test_each_part_of_a_row_is_in_its_name() -> None:
    """Another body, signal, fact of the source, record or root gives another row; the same give the same."""
    ref = CaptureRef(
        source="saved",
        role="page",
        url="https://site.example/1",
        status=200,
        mime="text/html",
        fetched_at=datetime(2025, 3, 1, tzinfo=UTC),
        payload_digest="sha1:A",
        record_id="<urn:uuid:1>",
        kind="response",
        path="",
        warc_file="a.warc.gz",
        warc_offset=0,
        warc_length=10,
    )
    record = Document(
        key="k",
        url=ref.url,
        canonical_url=ref.url,
        site="site.example",
        record_type="article",
        title="عنوان",
        author=Author("هدى"),
        text="نص",
        reader="test/1",
        evidence=(Evidence("text", "here"),),
    )
    noai, noml = Signal("noai", "meta", "noai"), Signal("noml", "meta", "noml")
    given = [
        (ref, (), "", record, None),
        (replace(ref, payload_digest="sha1:B"), (), "", record, None),
        (replace(ref, rights=Rights("forbidden", "Disallow: /")), (), "", record, None),
        (ref, (noai,), "", record, None),
        (ref, (noai, noml), "", record, None),
        (ref, (), "cc-by-4.0", record, None),
        (ref, (), "", replace(record, text="نص آخر"), None),
        (ref, (), "", replace(record, title="نص"), None),
        (ref, (), "", record, "root"),
    ]
    names = [
        row_key(record, root, shared_digest(ref, said, facts)) for ref, said, facts, record, root in given
    ]
    assert names == [
        row_key(record, root, shared_digest(ref, said, facts)) for ref, said, facts, record, root in given
    ]
    assert all(one != other for one, other in combinations(names, 2))
    assert {len(name) for name in names} == {32}
