"""What an answer says of its use while it is crawled: to all, or to the product name of the recipe."""

from __future__ import annotations

from collections.abc import Iterable

from builder.archive.coding import decoded_body
from builder.crawl.fetcher import Answer
from builder.model import Signal
from builder.optout import DIRECTIVES, HEAD_BYTES, header_signals, html_signals

_HTML = frozenset({"text/html", "application/xhtml+xml", ""})


def signals_of(answer: Answer, agent: str) -> set[Signal]:
    """Return the signals of an answer's headers, and the directives in the head of an HTML page.

    A build knows our common name alone; what a page says to the recipe's own `agent` is heard here.
    """
    said = set(header_signals(answer.headers, agent))
    if answer.mime in _HTML:
        head = decoded_body(answer.headers, answer.body(HEAD_BYTES), max_bytes=HEAD_BYTES, cut=True)
        found = html_signals(head.decode("latin-1"), agent)
        said |= {signal for signal in found if signal.name in DIRECTIVES}
    return said


def forbids_links(answer: Answer, signals: Iterable[Signal], agent: str) -> bool:
    """Return whether an answer asks to leave its links: "nofollow" or "none", for answers of interfaces too."""
    tags = [pair for pair in answer.headers if pair[0].lower() == "x-robots-tag"]
    return any(signal.name == "nofollow" for signal in (*signals, *header_signals(tags, agent)))
