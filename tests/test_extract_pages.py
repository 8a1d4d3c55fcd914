"""Whole pages of our own wording, in the shapes that Arabic sites have: each read to exactly its document.

A case is a folder under tests/pages/page/ with page.html and document.json; a new one is found by being there.
`skipped` names why a page gives no document; fields that document.json leaves out are not compared.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from builder.extract.reader import read_page
from builder.model import Capture, CaptureRef, Document

PAGES = Path(__file__).parent / "pages" / "page"


def capture(url: str, body: bytes, captured_at: str = "2025-03-01T12:00:00+00:00") -> Capture:
    """Return a capture of a page served without a charset."""
    ref = CaptureRef(
        source="s",
        role="page",
        url=url,
        status=200,
        mime="text/html",
        fetched_at=datetime.fromisoformat(captured_at),
        payload_digest="sha1:A",
        record_id="<urn:uuid:1>",
        kind="response",
        path="p",
        warc_file="f",
        warc_offset=0,
        warc_length=1,
    )
    return Capture(ref, (("Content-Type", "text/html"),), body)


def fields(document: Document) -> dict[str, object]:
    """Return the fields of a document that a case may name."""
    return {
        "title": document.title,
        "author": document.author.name,
        "bio": document.author.bio,
        "section": document.section,
        "issue": document.issue,
        "tags": list(document.tags),
        "hashtags": list(document.hashtags),
        "day": document.published.printed_day if document.published else None,
        "charset": document.charset,
        "flags": list(document.flags),
        "text": document.text,
    }


@pytest.mark.parametrize("case", sorted(path.name for path in PAGES.iterdir()))
def test_page_gives_exactly_its_document(case: str) -> None:
    """Title, author, labels, day and every line of text; nothing of menus, tickers, bars and related lists."""
    want = json.loads((PAGES / case / "document.json").read_text(encoding="utf-8"))
    found = read_page(
        capture(want.pop("url"), (PAGES / case / "page.html").read_bytes(), want.pop("captured_at"))
    )
    assert len(found.comments) == want.pop("comments", 0)
    if "skipped" in want:
        assert (found.skipped, found.documents) == (want["skipped"], ())
        return
    assert found.skipped is None
    got = fields(found.documents[0])
    assert {name: got[name] for name in want} == want


@pytest.mark.parametrize("case", sorted(path.name for path in PAGES.iterdir()))
def test_every_field_has_its_evidence(case: str) -> None:
    """What a document says of itself is backed by an element or rule, with a confidence between 0 and 1."""
    want = json.loads((PAGES / case / "document.json").read_text(encoding="utf-8"))
    for document in read_page(capture(want["url"], (PAGES / case / "page.html").read_bytes())).documents:
        proved = {evidence.field for evidence in document.evidence}
        said = {"title": document.title, "author": document.author.name, "section": document.section}
        said |= {"issue": document.issue, "tags": document.tags, "published": document.published}
        assert {name for name, value in said.items() if value} <= proved
        assert all(0 < evidence.confidence <= 1 for evidence in document.evidence)
        assert len(document.line_places) == len(document.text.split("\n"))
