"""Who reads a capture: the rules of its site, then those of its source's kind, then the general reader."""

from __future__ import annotations

from builder import urls
from builder.extract.reader import read_page
from builder.model import Capture, Extraction, Tombstone
from builder.sources import layout_at, site_for
from builder.sources.base import AnySource

GONE = frozenset({404, 410})
"""Answers by which an address says that what stood there is gone."""

HTML = frozenset({"text/html", "application/xhtml+xml", ""})
"""Types that are read as pages; an answer without a type is tried."""


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
    if ref.mime not in HTML:
        return Extraction(skipped="mime")
    return _read_html(capture, source)


def _read_html(capture: Capture, source: AnySource) -> Extraction:
    site = site_for(urls.site_of(capture.url))
    if site is not None:
        found = site.read(capture, layout_at(site, capture.ref.fetched_at))
        if found is not None:
            return found
    return read_page(capture, zone=source.block.timezone)


def document_key(url: str) -> str:
    """Return the identity of the document at a URL: its site's own, else the canonical URL."""
    site = site_for(urls.site_of(url))
    native = site.key(url) if site is not None else None
    return native or urls.canonical_url(url)
