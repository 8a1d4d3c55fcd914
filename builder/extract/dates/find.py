"""Finds when a page was published and changed: structured data first, then what the page prints beside its title."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from lxml.html import HtmlElement

from builder.extract import jsonld
from builder.extract import page as pages
from builder.extract.dates.lines import CLOCK, UPDATED, line_candidates
from builder.extract.dates.moments import read_moment
from builder.extract.dates.names import fold
from builder.extract.dates.page import NEAR_LINES, Candidate, Page
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

_VAGUE_META = frozenset(
    ("date", "dc.date", "dcterms.date", "created", "dcterms.created", "creation_date", "pdate")
)
"""Names by which some systems give the day a page was sent, not written: the capture's day there tells nothing."""

_RDFA = {
    "datepublished": {
        "datepublished",
        "schema:datepublished",
        "dc:date",
        "dc:created",
        "dc:issued",
        "dcterms:created",
    },
    "datemodified": {"datemodified", "schema:datemodified", "dc:modified", "dcterms:modified"},
}
"""Properties of microdata and RDFa by what they say."""

_NOW = ("اليوم", "تاريخ اليوم", "today")
"""How the text of an element begins that shows a page's clock."""

_ARTICLES = re.compile(r"Article|Posting|Report|Review|WebPage|VideoObject|CreativeWork|Book|Recipe|Event$")
LEAST_CONFIDENCE = 0.4
"""Weaker evidence than this gives no date: none is better than a guess."""

OWN_DAY = 0.65
"""How sure the only element of a page is that is named as the day of its text, wherever it stands."""

LEAST_TO_LEND = 0.6
"""Evidence as sure as this may give the hour to a surer day that has none."""


def find_published(
    tree: HtmlElement, captured_at: datetime, *, zone: str | None = None, url: str = ""
) -> tuple[Moment, Evidence] | None:
    """Return when a page says it was published, with the element or rule that said so; None when it does not.

    `captured_at` (aware) bounds it, `zone` is the site's IANA zone for times without one, `url` the page's
    address, whose /2024/03/15/ counts as weak evidence. The surest candidate wins, the first among equals.
    """
    return find_both(tree, captured_at, zone=zone, url=url)[0]


def find_modified(
    tree: HtmlElement, captured_at: datetime, *, zone: str | None = None, url: str = ""
) -> tuple[Moment, Evidence] | None:
    """Return when a page says it was last changed, with its evidence; None when it does not. As `find_published`."""
    return find_both(tree, captured_at, zone=zone, url=url)[1]


def find_both(
    tree: HtmlElement,
    captured_at: datetime,
    *,
    zone: str | None = None,
    url: str = "",
    parsed: pages.Page | None = None,
) -> tuple[tuple[Moment, Evidence] | None, tuple[Moment, Evidence] | None]:
    """Return what `find_published` and `find_modified` return, off one look at the page.

    `parsed` is the tree with what is known of it. The last change stands for a day of publication that the page
    does not tell, with the least confidence.
    """
    page = Page(tree, captured_at, zone, url, pages.Page(tree, url) if parsed is None else parsed)
    printed, reprinted = line_candidates(page)
    changed = _best(_modified(page, reprinted))
    best = _best(_published(page, printed))
    if best is None and changed is not None:
        best = Candidate(changed.moment, f"{changed.origin}, last change", LEAST_CONFIDENCE)
    return _told(best, "published"), _told(changed, "modified")


def _told(best: Candidate | None, field: str) -> tuple[Moment, Evidence] | None:
    return (best.moment, Evidence(field, best.origin, best.confidence)) if best else None


def _best(candidates: Iterable[Candidate]) -> Candidate | None:
    """Return the surest candidate, the first among equals; one of the same day that knows the hour lends it."""
    known = list(candidates)
    chosen = max(known, key=lambda candidate: candidate.confidence, default=None)
    if chosen is None or chosen.confidence < LEAST_CONFIDENCE:
        return None
    finer = [each for each in known if _lends_hour(each, chosen)]
    lender = max(finer, key=lambda candidate: candidate.confidence, default=chosen)
    return replace(lender, confidence=chosen.confidence)


def _lends_hour(candidate: Candidate, chosen: Candidate) -> bool:
    same_day = candidate.moment.printed_day == chosen.moment.printed_day
    exact = candidate.moment.precision in ("minute", "second")
    return same_day and exact and chosen.moment.precision == "day" and candidate.confidence >= LEAST_TO_LEND


def _published(page: Page, printed: list[Candidate]) -> Iterator[Candidate]:
    yield from _from_jsonld(page, ("datePublished", "uploadDate"), 0.98)
    clocks = {found.moment.printed_day for found in printed if found.origin == CLOCK}
    yield from _from_meta(page, META_PUBLISHED, 0.95, clocks)
    yield from _from_itemprop(page, "datepublished", 0.96)
    yield from _from_times(page, updated=False)
    yield from printed
    yield from _from_jsonld(page, ("dateCreated",), 0.6)
    yield from _from_url(page)


def _modified(page: Page, printed: list[Candidate]) -> Iterator[Candidate]:
    yield from _from_jsonld(page, ("dateModified",), 0.98)
    yield from _from_meta(page, META_MODIFIED, 0.95)
    yield from _from_itemprop(page, "datemodified", 0.96)
    yield from _from_times(page, updated=True)
    yield from printed


def _candidate(page: Page, text: str, origin: str, confidence: float) -> Iterator[Candidate]:
    moment = read_moment(text, page.captured_at, lambda: page.day_first, page.zone)
    if moment is not None:
        yield Candidate(moment, origin, confidence)


def _from_jsonld(page: Page, names: tuple[str, ...], confidence: float) -> Iterator[Candidate]:
    items = [item for item in page.objects if any(_ARTICLES.search(name) for name in jsonld.types(item))]
    for item in sorted(items, key=page.strangeness):
        for name in names:
            text = jsonld.text_value(item.get(name))
            sure = confidence - 0.1 * page.strangeness(item)
            yield from _candidate(page, text or "", f"jsonld:{name}", sure)


def _from_meta(
    page: Page, names: tuple[str, ...], confidence: float, clocks: Collection[str | None] = ()
) -> Iterator[Candidate]:
    """Yield the days of meta elements; `clocks` are the days that the page calls today's."""
    for rank, name in enumerate(names):
        for content in page.meta.get(name, ()):
            for found in _candidate(page, content, f"meta:{name}", confidence - rank * 0.002):
                today = page.today(found.moment) or found.moment.printed_day in clocks
                vague = name in _VAGUE_META and today
                yield replace(found, confidence=0.2) if vague else found


def _from_itemprop(page: Page, name: str, confidence: float) -> Iterator[Candidate]:
    for element in page.with_properties:
        props = f"{element.get('itemprop') or ''} {element.get('property') or ''}".lower().split()
        if element.tag != "meta" and not _RDFA[name].isdisjoint(props) and not page.aside(element):
            yield from _candidate(page, _value(element), f"itemprop:{name}", confidence - page.far(element))


def _value(element: HtmlElement) -> str:
    """Return what a dated element says: its machine-readable attribute, else its text."""
    for name in ("datetime", "content", "data-datetime", "data-timestamp", "data-time", "data-utime"):
        value = element.get(name)
        if value and re.search(r"\d", value):
            return str(value)
    title = element.get("title") or ""
    return str(title) if re.match(r"\d{4}-\d", title) else str(element.text_content())[:400]


def _from_times(page: Page, *, updated: bool) -> Iterator[Candidate]:
    for element in page.dated:
        hints = fold(f"{element.get('class') or ''} {element.get('id') or ''}")
        changed = bool(UPDATED.search(hints)) and "publi" not in hints
        if (
            page.aside(element)
            or changed is not updated
            or (UPDATED.search(page.before(element)) and not updated)
        ):
            continue
        origin, sure = _time_trust(page, element)
        for text in (_value(element), element.get("title") or "", str(element.text_content())[:400]):
            found = next(_candidate(page, text, origin, sure), None)
            if found:
                now = page.today(found.moment) or fold(text).lstrip().startswith(_NOW)
                clock = now and (page.distance(element) or 0) < 0
                yield replace(found, confidence=0.2) if clock else found
                break


def _time_trust(page: Page, element: HtmlElement) -> tuple[str, float]:
    """A time element is made to hold a date; any other is only named so, and counts beside the title."""
    if element.tag == "time":
        return "time", 0.9 - page.far(element)
    if page.own_day is not None and element is page.own_day:
        return f"class:{element.tag}", OWN_DAY
    distance = page.distance(element)
    near = distance is not None and NEAR_LINES[0] <= distance <= NEAR_LINES[1]
    sure = 0.5 if distance is None or not near else 0.88 if distance >= 0 else 0.65
    return f"class:{element.tag}", sure - page.far(element)


def _from_url(page: Page) -> Iterator[Candidate]:
    match = re.search(
        r"(?<!\d)((?:19|20)\d\d)[/\-]?(0[1-9]|1[0-2])[/\-]?(0[1-9]|[12]\d|3[01])(?!\d)", page.url
    )
    if match:
        yield from _candidate(page, "-".join(match.groups()), "url", 0.5)
