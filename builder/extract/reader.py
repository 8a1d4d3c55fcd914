"""Any page of HTML, read without rules for its site."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from builder.extract import article, byline, charset, comments, kinds, metadata, repair, title
from builder.extract.article import MainText
from builder.extract.byline import Signed
from builder.extract.dates.find import find_both
from builder.extract.heading import Heading, find_heading, is_date_line
from builder.extract.lead import with_lead
from builder.extract.page import Page
from builder.extract.region import key as key_of
from builder.extract.title import Title
from builder.markup import parse
from builder.model import Capture, Comment, Document, Evidence, Extraction, Moment
from builder.optout import html_signals
from builder.urls import canonical_url, site_of

READER = "page/1"
"""Name and version of this reader, as it stands in every row."""

MIN_ARABIC_LETTERS = 40
"""Fewest Arabic letters on a page, entities counted, for it to be read at all."""

MAX_LINES = 50_000
"""Most lines of a page that is read: a long novel has half as many, and trafilatura's cost grows with each."""

HEAD_CHARS = 300_000
"""Length of the beginning of a page in which opt-outs of its head are looked for."""

MAX_ABOVE_SHARE = 0.3
"""Largest share of a text's characters that may be left out for standing above its title."""

HEAD_LINES = 5
"""Lines at the beginning of a text that may be its title, byline or date once more."""

Dated = tuple[Moment, Evidence]
"""A time that a page names, and what says so."""

_ARABIC = re.compile(
    "[\u0620-\u064a\u066e-\u06d3\ufb50-\ufdff\ufe70-\ufefc]|&#(?:1[56]\\d\\d|x6[0-9a-fA-F]{2});"
)


def read_page(capture: Capture, *, zone: str | None = None) -> Extraction:
    """Return what a page says: one document with its comments, or why there is none.

    `zone` is the IANA zone of times that are printed without one, where it is known for the site.
    """
    decoded = charset.decode(capture.body, capture.header("Content-Type"))
    if decoded is None:
        return Extraction(failed="charset")
    mended = repair.repair(decoded.text)
    if not has_arabic(mended.text):
        return Extraction(skipped="not-arabic-bytes")
    tree = parse(mended.text)
    if tree is None:
        return Extraction(skipped="empty")
    page = Page(tree, capture.url)
    if len(page.lines.lines) > MAX_LINES:
        return Extraction(failed="too-many-lines")
    reading = _Reading(capture, page, zone, decoded.charset, mended.layers)
    return replace(reading.extraction(), signals=html_signals(mended.text[:HEAD_CHARS]))


def has_arabic(text: str) -> bool:
    """Return whether a page has enough Arabic letters to be worth parsing; entities count as letters."""
    found = _ARABIC.finditer(text)
    return all(next(found, None) is not None for _ in range(MIN_ARABIC_LETTERS))


@dataclass
class _Reading:
    """One page on its way from tree to extraction."""

    capture: Capture
    page: Page
    zone: str | None
    charset: str
    layers: tuple[str, ...]

    def extraction(self) -> Extraction:
        """Read comments, cut them out, then read text, title, author, date and labels off the same tree."""
        page, at = self.page, self.capture.ref.fetched_at
        key = canonical_url(self.capture.url)
        answers = comments.find_comments(page.tree, self.capture.url, key, at, zone=self.zone, page=page)
        if answers.elements:
            page.drop(answers.elements)
        if answers.is_thread and answers.opening is None:
            return Extraction(comments=answers.comments)
        if answers.opening is not None and answers.block is not None:
            main = article.text_in_block(page, answers.block, answers.opening.text)
        elif (found := article.main_text(page)) is not None:
            main = found
        else:
            return Extraction(skipped="no-text")
        heading = title.find_title(page, main.first, main.last)
        main = _below_title(main, heading)
        kind = None if answers.is_thread else kinds.page_kind(page, heading, main)
        if kind is not None:
            return Extraction(skipped=kind)
        document = self._document(key, main, heading)
        if answers.opening is not None:
            document = _as_thread(document, answers.opening)
        return Extraction(documents=(document,), comments=answers.comments)

    def _document(self, key: str, main: MainText, heading: Title | None) -> Document:
        page = self.page
        printed = find_heading(page.lines, heading.line if heading else None)
        first = max(main.first, printed.end) if printed else main.first
        signed = byline.find_author(page, heading.line if heading else None, main.first, main.last, printed)
        labels = metadata.find_labels(page, heading.text if heading else None, first)
        published, modified = self._dates()
        main = main.without(_head_lines(page, main, heading, signed, printed))
        taken = signed.lines | (printed.lines if printed else frozenset())
        main = with_lead(page, main, heading.line if heading else None, taken)
        html = page.tree.find(".") if page.tree.tag != "html" else page.tree
        evidence = [
            *((heading.evidence,) if heading else ()),
            *signed.evidence,
            *labels.evidence,
            *(found[1] for found in (published, modified) if found),
        ]
        return Document(
            key=key,
            url=self.capture.url,
            canonical_url=key,
            site=site_of(self.capture.url),
            record_type="article",
            text="\n".join(main.lines),
            title=heading.text if heading else None,
            author=signed.author,
            section=labels.section,
            issue=labels.issue,
            tags=labels.tags,
            hashtags=metadata.hashtags(main.lines),
            published=published[0] if published else None,
            modified=modified[0] if modified else None,
            lang_declared=(html.get("lang") or html.get("xml:lang")) if html is not None else None,
            charset=self.charset,
            reader=READER,
            evidence=tuple(evidence),
            flags=tuple(f"mojibake_repaired:{layer}" for layer in self.layers),
            lines_removed=main.cut,
            line_places=main.places,
        )

    def _dates(self) -> tuple[Dated | None, Dated | None]:
        """Return when the page says it was published and last changed."""
        page, capture = self.page, self.capture
        return find_both(page.tree, capture.ref.fetched_at, zone=self.zone, url=capture.url, parsed=page)


def _below_title(main: MainText, heading: Title | None) -> MainText:
    """Leave out what stands above the title, where it is little: the head of a page whose blocks have no names."""
    if heading is None or heading.line is None or main.declared or not main.kept:
        return main
    above = frozenset(index for index in main.kept if index < heading.line)
    chars = sum(len(line) for index, line in zip(main.kept, main.lines, strict=True) if index in above)
    return main.without(above) if chars <= MAX_ABOVE_SHARE * sum(map(len, main.lines)) else main


def _as_thread(document: Document, opening: Comment) -> Document:
    """Return the document of a forum thread: its text, author and time are those of the first post."""
    evidence = [
        found for found in document.evidence if found.field not in ("author", "author_bio", "published")
    ]
    return replace(
        document,
        record_type="thread",
        text=opening.text,
        author=opening.author,
        published=opening.published or document.published,
        hashtags=metadata.hashtags(opening.text.splitlines()),
        evidence=(*evidence, Evidence("author", "thread:opening"), Evidence("published", "thread:opening")),
        flags=(*document.flags, "thread"),
        line_places=(),
    )


def _head_lines(
    page: Page, main: MainText, heading: Title | None, signed: Signed, printed: Heading | None
) -> frozenset[int]:
    """Return the first lines of a text that are its title, its byline or its date once more."""
    wanted = key_of(heading.text) if heading else None
    whole = page.lines.lines[heading.line].element if heading and heading.line is not None else None
    found = set()
    repeated = signed.lines | (printed.lines if printed else frozenset())
    for index in main.kept[: max(HEAD_LINES, len(repeated))]:
        line = page.lines.lines[index]
        text = line.text
        of_title = wanted is not None and line.element is whole and key_of(text) in wanted
        if index in repeated or of_title or key_of(text) == wanted or is_date_line(text):
            found.add(index)
    return frozenset(found) if len(found) < len(main.kept) else frozenset()
