"""Which captures are worth reading is decided by what their references say, and every other one has a reason."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from builder.model import CaptureRef
from builder.stages.inventory import reason_against


def ref(**given: object) -> CaptureRef:
    """Return the reference of a page that is worth reading, but for what is `given`."""
    fields: dict[str, object] = {
        "source": "saved",
        "role": "page",
        "url": "https://site.example/1",
        "status": 200,
        "mime": "text/html",
        "fetched_at": datetime(2025, 3, 1, tzinfo=UTC),
        "payload_digest": "sha1:A",
        "record_id": "<urn:uuid:1>",
        "kind": "response",
        "path": "",
        "warc_file": "a.warc.gz",
        "warc_offset": 0,
        "warc_length": 10,
        **given,
    }
    return CaptureRef(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, (None, "")),
        ({"status": 203}, (None, "")),
        ({"status": 299}, (None, "")),
        ({"mime": "application/xhtml+xml"}, (None, "")),
        ({"mime": ""}, (None, "")),
        ({"mime": "image/png"}, ("mime", "image/png")),
        ({"status": 300}, ("redirect", "300")),
        ({"status": 399}, ("redirect", "399")),
        ({"status": 304}, ("redirect", "304")),
        ({"status": 404}, ("gone", "404")),
        ({"status": 410}, ("gone", "410")),
        ({"status": 403}, ("status", "403")),
        ({"status": 500}, ("status", "500")),
        ({"status": 199}, ("status", "199")),
        ({"status": 304, "kind": "revisit", "mime": ""}, (None, "")),
        ({"status": 304, "kind": "revisit", "mime": "image/png"}, (None, "")),
        ({"status": 200, "kind": "revisit"}, (None, "")),
        ({"status": 404, "kind": "revisit"}, ("gone", "404")),
        ({"status": 301, "kind": "revisit"}, ("redirect", "301")),
        ({"truncated": "length"}, ("truncated", "length")),
        ({"truncated": "disconnect", "status": 404}, ("truncated", "disconnect")),
        ({"role": "robots"}, ("role", "robots")),
        ({"role": "feed", "truncated": "length"}, ("role", "feed")),
        ({"role": "posts", "status": 404, "mime": "application/json"}, (None, "")),
        ({"role": "posts", "truncated": "time"}, ("truncated", "time")),
    ],
)
def test_what_a_reference_says_against_reading(
    given: dict[str, object], reason: tuple[str | None, str]
) -> None:
    """Cut answers, errors, redirects and other types of pages; what an interface answers its source judges."""
    assert reason_against(ref(**given)) == reason
