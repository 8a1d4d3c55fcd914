"""Every page of a site with rules of its own gives the document beside it. A new site or case is new files only.

tests/pages/SITE/CASE has page.html and document.json. The cases of the general reader (page, comments) have tests
of their own: test_extract_pages.py, test_comments.py.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from builder.model import Capture, CaptureRef, Document
from builder.reading import read_capture
from builder.sources import kinds

PAGES = Path(__file__).parent / "pages"
GENERAL = ("page", "comments")
CASES = sorted(case for case in PAGES.glob("*/*/document.json") if case.parts[-3] not in GENERAL)
CAPTURED = datetime(2025, 4, 15, 12, tzinfo=UTC)


def read(url: str, body: bytes) -> Document:
    """Return the one document of a page, read as a build reads it."""
    cls = kinds()["site"]
    source = cls(cls.block_type.model_validate({"kind": "site", "name": "s", "start": [url]}))
    ref = CaptureRef("s", "page", url, 200, "text/html", CAPTURED, "", "", "response", "", "", 0, len(body))
    (document,) = read_capture(Capture(ref, (("Content-Type", "text/html"),), body), source).documents
    return document


def fields(document: Document) -> dict[str, Any]:
    """Return what a document.json may name."""
    moment = document.published
    return {
        "url": document.url,
        "key": document.key,
        "record_type": document.record_type,
        "title": document.title,
        "author": document.author.name,
        "author_id": document.author.native_id,
        "bio": document.author.bio,
        "section": document.section,
        "issue": document.issue,
        "tags": list(document.tags),
        "hashtags": list(document.hashtags),
        "instant": moment.instant.isoformat() if moment else None,
        "published_day": moment.printed_day if moment else None,
        "precision": moment.precision if moment else None,
        "zone_source": moment.zone_source if moment else None,
        "text": document.text,
        "charset": document.charset,
        "flags": list(document.flags),
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: "/".join(case.parts[-3:-1]))
def test_a_page_gives_exactly_its_document(case: Path) -> None:
    """Each field that document.json names is as it says."""
    wanted = json.loads(case.read_text(encoding="utf-8"))
    got = fields(read(wanted["url"], (case.parent / "page.html").read_bytes()))
    assert {name: got[name] for name in wanted} == wanted
