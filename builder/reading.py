"""Who reads a capture: the rules of its site, then those of its source's kind, then the general reader."""

from __future__ import annotations

from dataclasses import replace

from builder.extract.reader import READER, read_page
from builder.model import Capture, Extraction, Tombstone
from builder.optout import HEAD_BYTES, header_signals, html_signals
from builder.sources import layout_at, site_for
from builder.sources.base import AnySource
from builder.urls import canonical_url, site_of

GONE = frozenset({404, 410})
"""Answers by which an address says that what stood there is gone."""

HTML = frozenset({"text/html", "application/xhtml+xml", ""})
"""Types that are read as pages; an answer without a type is tried."""

WORD = frozenset({"application/msword", "application/vnd.ms-word"})
"""Types by which sites send an article as HTML for Word; read where the site has rules of its own."""


def read_capture(capture: Capture, source: AnySource) -> Extraction:
    """Return all that one capture says. Bad pages come back as `skipped` or `failed`, never as an exception."""
    found = source.read(capture)
    if found is not None:
        return found
    ref = capture.ref
    if ref.role != "page":
        return Extraction(skipped="role")
    if ref.status in GONE:
        return Extraction(tombstones=(Tombstone(document_key(capture.url), f"status-{ref.status}"),))
    if not 200 <= ref.status < 300:
        return Extraction(skipped="status")
    known = document_key(capture.url) != canonical_url(capture.url)
    if ref.mime not in HTML and not (known and ref.mime in WORD):
        return Extraction(skipped="mime")
    return _read_html(capture, source)


def _read_html(capture: Capture, source: AnySource) -> Extraction:
    site = site_for(site_of(capture.url))
    if site is not None:
        found = site.read(capture, layout_at(site, capture.ref.fetched_at))
        if found is not None:
            return _with_optouts(found, capture)
    return _with_optouts(read_page(capture, zone=source.block.timezone), capture)


def _with_optouts(found: Extraction, capture: Capture) -> Extraction:
    """Add what the answer's headers and its page's head say of its use.

    Our crawler keeps the headers' signals beside its captures; archives of other makers have the headers alone. The
    general reader has looked at the head of each page in which it found a document.
    """
    said = {*found.signals, *header_signals(capture.headers)}
    known = any(signal.where == "meta" for signal in found.signals)
    if not known and not any(document.reader == READER for document in found.documents):
        said.update(html_signals(capture.body[:HEAD_BYTES].decode("latin-1")))
    return replace(found, signals=tuple(sorted(said)))


def document_key(url: str) -> str:
    """Return the identity of the document at a URL: its site's own, else the canonical URL."""
    site = site_for(site_of(url))
    native = site.key(url) if site is not None else None
    return native or canonical_url(url)
