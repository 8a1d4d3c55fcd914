"""Any page of HTML, read without rules for its site."""

from __future__ import annotations

from builder import urls
from builder.extract import article, charset, repair
from builder.markup import parse, squeeze
from builder.model import Capture, Document, Extraction

READER = "page/1"
"""Name and version of this reader, as it stands in every row."""


def read_page(capture: Capture, *, zone: str | None = None) -> Extraction:  # noqa: ARG001
    """Return what a page says. `zone` is the zone of times that are printed without one, where it is known."""
    decoded = charset.decode(capture.body, capture.header("Content-Type"))
    if decoded is None:
        return Extraction(failed="charset")
    mended = repair.repair(decoded.text)
    tree = parse(mended.text)
    if tree is None:
        return Extraction(skipped="empty")
    text = article.main_text(tree)
    if not text:
        return Extraction(skipped="no-text")
    title = next(
        (squeeze(h.text_content()) for h in tree.iter("h1", "title") if h.text_content().strip()), None
    )
    key = urls.canonical_url(capture.url)
    document = Document(
        key=key,
        url=capture.url,
        canonical_url=key,
        site=urls.site_of(capture.url),
        record_type="article",
        text=text,
        title=title,
        charset=decoded.charset,
        reader=READER,
        flags=("mojibake_repaired",) if mended.layers else (),
    )
    return Extraction(documents=(document,))
