"""Dates as Arabic pages print them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from builder.extract.dates import find_published, parse_moment
from builder.markup import parse

CAPTURED = datetime(2025, 4, 15, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("٣ مارس/ آذار ٢٠٢٤", "2024-03-03T00:00:00+00:00"),
        ("12 دجنبر 2018 | 14:05", "2018-12-12T14:05:00+00:00"),
        ("09:15 صباحاً 2012/03/29", "2012-03-29T09:15:00+00:00"),
    ],
)
def test_printed_date_is_read(text: str, instant: str) -> None:
    """A date in words or digits, with its hour, becomes that instant."""
    moment = parse_moment(text, CAPTURED)
    assert moment is not None
    assert moment.instant.isoformat() == instant


def test_json_ld_gives_the_day_of_publication() -> None:
    """Structured data is the surest evidence."""
    tree = parse(
        '<html><head><script type="application/ld+json">'
        '{"@type": "NewsArticle", "datePublished": "2024-05-06T07:08:09+03:00"}</script></head>'
        "<body><p>نص</p></body></html>"
    )
    assert tree is not None
    found = find_published(tree, CAPTURED)
    assert found is not None
    assert found[0].instant.isoformat() == "2024-05-06T04:08:09+00:00"
    assert found[1].origin == "jsonld:datePublished"
