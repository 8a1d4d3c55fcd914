"""Finds when a page was published and changed: structured data first, then what the page prints beside its title."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from lxml.html import HtmlElement

from builder.extract import jsonld
from builder.extract.dates.moments import fields_of, parse_moment, to_moment
from builder.extract.dates.names import fold
from builder.extract.dates.page import NEAR_LINES, Page, Spot
from builder.extract.dates.printed import find_printed
from builder.extract.dates.relative import find_relative
from builder.model import Evidence, Moment

META_PUBLISHED = (
    "article:published_time", "article:published", "og:article:published_time", "og:published_time",
    "datepublished", "dcterms.issued", "dc.date.issued", "dcterms.created", "dc.date.created", "pubdate",
    "publishdate", "publish-date", "publish_date", "published_time", "published-date", "published_date",
    "date_published", "article_date_original", "article.published", "originalpublicationdate", "bt:pubdate",
    "sailthru.date", "parsely-pub-date", "cxenseparse:recs:publishtime", "citation_publication_date",
    "citation_online_date", "vr:published_time", "rnews:datepublished", "datecreated", "article.created",
    "created", "creation_date", "createdate", "dc.date", "dcterms.date", "dc.date.x-metadatadate",
    "ptime", "pdate", "article:created", "release_date", "date",
)  # fmt: skip
"""Names of meta elements that give the day of publication, the surest first."""

META_MODIFIED = (
    "article:modified_time", "og:updated_time", "og:article:modified_time", "datemodified",
    "dcterms.modified", "dc.date.modified", "article:modified", "lastmod", "last-modified", "updated_time",
    "revised", "modified",
)  # fmt: skip
"""Names of meta elements that give the day of the last change."""

_ARTICLES = re.compile(r"Article|Posting|Report|Review|WebPage|VideoObject|CreativeWork|Book|Recipe|Event$")
_UPDATED = re.compile(r"(?:اخر\s*)?(?:تحديث|تعديل)|حدث(?:ت)?\s|updat|modif|edited|mise a jour")
_LABEL = re.compile(
    r"(?:تاريخ\s+(?:ال)?(?:نشر|اضافه|مقال|خبر|تحرير|كتابه|موضوع|ادراج|مشاركه)|(?:تم\s+)?(?:ال)?نشر(?:ت|ه|ها)?|نشر\s+في|بتاريخ|التاريخ|تاريخ"
    r"|اضيف(?:ت)?|كتب(?:ت|ها|ه)?|حرر(?:ت)?|ادرج(?:ت)?|ارسل(?:ت)?|posted|published|publie|date|added|on)"
    r"[\s:：\-|,،]*(?:في|يوم|بتاريخ|on|by|le)?[\s:\-|]*(?:ال)?\w{0,9}[\s,،]*$"
)
_AGO_LINE = re.compile(r"^\W*(?:(?:تم\s+)?(?:ال)?نشر\w*|اضيف\w*|كتب\w*)?\W*(?:في\s+)?(?:قبل|منذ)\s")

LONGEST_LINE_CHARS = 300
"""Longer lines are prose; a date there is told about, not the page's own."""

MOST_BESIDE_CHARS = 90
"""A line whose words outside the date are more than this is a sentence, unless a label stands before the date."""

LEAST_CONFIDENCE = 0.4
"""Weaker evidence than this gives no date: none is better than a guess."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One date that may be the page's own."""

    moment: Moment
    origin: str
    confidence: float


def find_published(
    tree: HtmlElement, captured_at: datetime, *, zone: str | None = None, url: str = ""
) -> tuple[Moment, Evidence] | None:
    """Return when a page says it was published, with the element or rule that said so; None when it does not.

    `captured_at` (aware) bounds it, `zone` is the site's IANA zone for times without one, `url` the page's
    address, whose /2024/03/15/ counts as weak evidence. The surest candidate wins, the first among equals.
    """
    page = Page.of(tree, captured_at, zone, url)
    best = _best(_published(page))
    return (best.moment, Evidence("published", best.origin, best.confidence)) if best else None


def find_modified(
    tree: HtmlElement, captured_at: datetime, *, zone: str | None = None, url: str = ""
) -> tuple[Moment, Evidence] | None:
    """Return when a page says it was last changed, with its evidence; None when it does not. As `find_published`."""
    page = Page.of(tree, captured_at, zone, url)
    best = _best(_modified(page))
    return (best.moment, Evidence("modified", best.origin, best.confidence)) if best else None


def find_both(
    tree: HtmlElement,
    captured_at: datetime,
    *,
    zone: str | None = None,
    url: str = "",
    lines: list[tuple[HtmlElement, str]] | None = None,
) -> tuple[tuple[Moment, Evidence] | None, tuple[Moment, Evidence] | None]:
    """Return what `find_published` and `find_modified` return, off one look at the page.

    `lines` are those of `block_lines(tree)` if known.
    """
    page = Page.of(tree, captured_at, zone, url)
    if lines is not None:
        page.__dict__["lines"] = lines
    found = ((_best(_published(page)), "published"), (_best(_modified(page)), "modified"))
    published, modified = (
        (best.moment, Evidence(field, best.origin, best.confidence)) if best else None
        for best, field in found
    )
    return published, modified


def _best(candidates: Iterable[Candidate]) -> Candidate | None:
    chosen = max(candidates, key=lambda candidate: candidate.confidence, default=None)
    return chosen if chosen and chosen.confidence >= LEAST_CONFIDENCE else None


def _published(page: Page) -> Iterator[Candidate]:
    yield from _from_jsonld(page, ("datePublished", "uploadDate"), 0.98)
    yield from _from_meta(page, META_PUBLISHED, 0.95)
    yield from _from_itemprop(page, "datepublished", 0.96)
    yield from _from_times(page, updated=False)
    yield from _from_lines(page, updated=False)
    yield from _from_jsonld(page, ("dateCreated",), 0.6)
    yield from _from_url(page)


def _modified(page: Page) -> Iterator[Candidate]:
    yield from _from_jsonld(page, ("dateModified",), 0.98)
    yield from _from_meta(page, META_MODIFIED, 0.95)
    yield from _from_itemprop(page, "datemodified", 0.96)
    yield from _from_times(page, updated=True)
    yield from _from_lines(page, updated=True)


def _candidate(page: Page, text: str, origin: str, confidence: float) -> Iterator[Candidate]:
    moment = parse_moment(text, page.captured_at, day_first=page.day_first, zone=page.zone)
    if moment is not None:
        yield Candidate(moment, origin, confidence)


def _from_jsonld(page: Page, names: tuple[str, ...], confidence: float) -> Iterator[Candidate]:
    items = [item for item in page.objects if any(_ARTICLES.search(name) for name in jsonld.types(item))]
    for item in sorted(items, key=page.strangeness):
        for name in names:
            text = jsonld.text_value(item.get(name))
            sure = confidence - 0.1 * page.strangeness(item)
            yield from _candidate(page, text or "", f"jsonld:{name}", sure)


def _from_meta(page: Page, names: tuple[str, ...], confidence: float) -> Iterator[Candidate]:
    for rank, name in enumerate(names):
        for content in page.meta.get(name, ()):
            yield from _candidate(page, content, f"meta:{name}", confidence - rank * 0.002)


def _from_itemprop(page: Page, name: str, confidence: float) -> Iterator[Candidate]:
    for element in page.tree.iter():
        props = (element.get("itemprop") or "").lower().split()
        if name in props and not page.aside(element):
            yield from _candidate(page, _value(element), f"itemprop:{name}", confidence - page.far(element))


def _value(element: HtmlElement) -> str:
    """Return what a dated element says: its machine-readable attribute, else its text."""
    for name in ("datetime", "content", "data-datetime", "data-timestamp", "data-time", "data-utime"):
        value = element.get(name)
        if value and re.search(r"\d", value):
            return str(value)
    return str(element.text_content())[:400]


def _from_times(page: Page, *, updated: bool) -> Iterator[Candidate]:
    for element in page.dated:
        hints = fold(f"{element.get('class') or ''} {element.get('id') or ''}")
        changed = bool(_UPDATED.search(hints)) and "publi" not in hints
        if (
            page.aside(element)
            or changed is not updated
            or (_UPDATED.search(page.before(element)) and not updated)
        ):
            continue
        origin, sure = _time_trust(page, element)
        for text in (_value(element), element.get("title") or "", str(element.text_content())[:400]):
            found = list(_candidate(page, text, origin, sure))
            if found:
                yield found[0]
                break


def _time_trust(page: Page, element: HtmlElement) -> tuple[str, float]:
    """A time element is made to hold a date; any other is only named so, and counts beside the title."""
    if element.tag == "time":
        return "time", 0.9 - page.far(element)
    distance = page.distance(element)
    near = distance is not None and NEAR_LINES[0] <= distance <= NEAR_LINES[1]
    sure = 0.5 if distance is None or not near else 0.88 if distance >= 0 else 0.65
    return f"class:{element.tag}", sure - page.far(element)


def _from_lines(page: Page, *, updated: bool) -> Iterator[Candidate]:
    for spot in page.spots:
        if page.aside(spot.element) or len(spot.line) > LONGEST_LINE_CHARS:
            continue
        yield from _line_dates(page, spot, updated=updated)
        counts_back = spot.near and len(spot.line) <= 60 and _AGO_LINE.search(fold(spot.line))
        if counts_back and not updated and find_relative(spot.line, page.captured_at):
            yield from _candidate(page, spot.line, "printed:relative", 0.6)


def _line_dates(page: Page, spot: Spot, *, updated: bool) -> Iterator[Candidate]:
    found = find_printed(spot.line)
    hijri = [date for date in found if date.hijri]
    plain = [date for date in found if not date.hijri] or hijri
    for index, date in enumerate(plain):
        before = fold(spot.line[(plain[index - 1].end if index else 0) : date.start])
        changed = bool(_UPDATED.search(before[-40:] or fold(spot.previous)[-30:]))
        if changed is not updated:
            continue
        labelled = bool(_LABEL.search(before)) or (
            not before.strip() and bool(_LABEL.search(fold(spot.previous)))
        )
        beside = len(spot.line) - sum(each.end - each.start for each in found)
        if beside > MOST_BESIDE_CHARS and not (labelled and spot.near):
            continue
        for fields in fields_of(
            [date, *hijri] if date not in hijri else [date], page.captured_at, day_first=page.day_first
        )[:1]:
            moment = to_moment(fields, page.captured_at, page.zone)
            if moment is not None:
                yield Candidate(
                    moment,
                    _printed_origin(spot, labelled=labelled),
                    _trust(page, spot, moment, labelled=labelled),
                )


def _printed_origin(spot: Spot, *, labelled: bool) -> str:
    where = "title" if spot.near else "head" if spot.distance < 0 else "page"
    return f"printed:{'label' if labelled else where}"


def _trust(page: Page, spot: Spot, moment: Moment, *, labelled: bool) -> float:
    """How sure a printed date is: by its label, its distance from the title, and whether it is just today's."""
    today = abs((page.captured_at - moment.instant).total_seconds()) < 36 * 3600
    if spot.near:
        beside = 0.75 if spot.distance >= 0 else 0.6
        return (0.92 if labelled else beside) - 0.01 * abs(spot.distance)
    if labelled:
        return 0.7 if spot.distance >= 0 else 0.55
    if today:
        return 0.1
    return 0.45 if spot.distance < 0 else 0.2


def _from_url(page: Page) -> Iterator[Candidate]:
    match = re.search(
        r"(?<!\d)((?:19|20)\d\d)[/\-]?(0[1-9]|1[0-2])[/\-]?(0[1-9]|[12]\d|3[01])(?!\d)", page.url
    )
    if match:
        yield from _candidate(page, "-".join(match.groups()), "url", 0.5)
