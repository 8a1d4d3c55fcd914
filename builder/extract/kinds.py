"""Pages that hold no article: errors that answer 200, and indexes of other pages."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from builder.extract.article import MainText, place
from builder.extract.heading import is_date_line
from builder.extract.links import leads_home, plain_path, split, within
from builder.extract.listings import has_cards, is_form, is_front_page, is_list_address, is_titled_as_list
from builder.extract.page import Page
from builder.extract.region import LINKED
from builder.extract.sites import SEPARATOR
from builder.extract.title import Title
from builder.extract.wording import ERROR, LISTING, MORE, REFUSAL, SERVICE, folded
from builder.markup import Line, squeeze

MAX_ERROR_CHARS = 600
"""Longest main text of a page that says there is no page."""

PARAGRAPH_CHARS = 160
"""A line of this length, not a link, is a paragraph; teasers and captions are shorter."""

MIN_ARTICLE_CHARS = 500
"""Text that long without a paragraph may be a poem or a list, if nothing else speaks for an index."""

HEADLINE_WORDS = 5
"""Fewest words of a title that is a headline rather than the name of a section."""

SCRAP_CHARS = 120
"""Shorter text is not a document of its own unless something says that its page is an article."""

LEAST_CHARS = 25
"""Shorter text is a word that was left over, whatever its page calls itself."""

MAX_SERVICE_CHARS = 600
"""Longest main text of a page of service: a form to write to the site, a basket, a price list."""

MIN_LISTED = 5
"""Fewest lines that begin with a link elsewhere in a directory."""

ALL_LINKED = 0.8
"""Link share from which on a text is a list of links, whatever its page calls itself."""

MIN_LISTED_SHARE = 0.3
"""Least share of such lines: each has a line or two about it."""

MIN_FED = 10
"""Fewest items of a feed that is printed on a page."""

MIN_FED_SHARE = 0.9
"""Least share of a text's lines that are such items."""

MIN_DATED_SHARE = 0.4
"""Least share of days among the lines of a list of dated headlines."""

MAX_LIST_HEADING_CHARS = 60
"""Most characters that stand above such a list; what is told first is a text with a list below it."""

OPENING_CHARS = 120
"""Shortest opening of an article in a feed; headlines are shorter."""

MAX_BETWEEN = 4
"""Most lines between two of them: further apart they are lists inside a text, or behind it."""

MAX_TOLD_SHARE = 0.1
"""Largest share of paragraphs of a directory's own; an essay with links has more."""

MAX_REFUSAL_CHARS = 1_200
"""Longest main text of a page that only tells its reader to log in or to prove that they are a person."""

MAX_LISTING_WORDS = 6
"""Most words of a title that names a list, with the site's name behind it; an essay on archives has more."""

CARDS = 3
"""How much it speaks for a list that a page is made of cards; asked only where it settles the matter."""

MIN_ENTRIES = 3
"""So many headings of one make on a page, each a link, are entries of an index."""

_LISTING = re.compile(
    r"(?:^|/)(?:categor(?:y|ies)|tags?|archives?|search|authors?|labels?|topics?|sections?|series|page|(?:ال)?(?:وسم|وسوم|تصنيف|تصنيفات|أرشيف|ارشيف))(?:/[^/]+){0,3}/?$"
    r"|(?:^|/)page/\d+/?$|^/?(?:[a-z]{2}/)?(?:posts?|blog|news|articles?|index)?(?:\.\w{2,5})?/?$"
    r"|^/?(?:posts?|blog|news|articles?)/[a-z]{2}/?$",
    re.IGNORECASE,
)
_SURELY_LISTING = re.compile(
    r"(?:^|/)page/\d+/?$|(?:^|/)(?:posts?|blog|news|articles?|مدونة|المدونة|مقالات|المقالات|أخبار)/page[-_]\d+(?:\.\w+)?/?$|(?:^|/)(?:tags?|categor(?:y|ies)|(?:ال)?(?:وسم|وسوم|تصنيف|تصنيفات))/[^/.]+/?$",
    re.IGNORECASE,
)
_FORUM_LIST = re.compile(
    r"/(?:forumdisplay|viewforum|memberlist|search|misc|calendar)\.php$|/(?:forums|c|kuttab|writers|columnists|members)/[^/]+/?(?:\d+/?)?$",
    re.IGNORECASE,
)
_SERVICE_PATH = re.compile(
    r"/(?:contact(?:[-_]?us)?|cart|basket|checkout|subscri(?:be|ptions?)|sign[-_]?(?:in|up)|log[-_]?in|register|my-account|pricing"
    r"|orders?[-_](?:history|details)|my-orders|wishlist|open[-_]?account|create[-_]?account|booking|book[-_]now|appointments?|reservations?"
    r"|اتصل[-_]بنا|تواصل[-_]معنا)(?:-\d)?(?:\.\w+|/(?:ar|en|index(?:\.\w+)?))?/?$",
    re.IGNORECASE,
)
_INDEX_BODY = re.compile(
    r"(?:^|\s)(?:home|blog|archive|category|tag|search|search-results|paged|home-page|homepage|front-page|list)(?:\s|$)"
)
_SINGLE_BODY = re.compile(
    r"(?:^|\s)(?:single|single-post|article|postid-\d+|post-template\S*|item-page|item)(?:\s|$)"
)
_PRODUCT_BODY = re.compile(
    r"(?:^|\s)(?:single-product|template-product|product-page|catalog-product-view|woocommerce-(?:checkout|cart|account))(?:\s|$)"
)
_PRODUCT_TYPES = frozenset(("product", "og:product", "product.item"))
_INDEX_TYPES = frozenset(("CollectionPage", "ItemList", "SearchResultsPage", "ProfilePage"))
_HEADINGS = ("h1", "h2", "h3", "h4")


def page_kind(page: Page, heading: Title | None, main: MainText) -> str | None:
    """Return "error-page", "index" or "no-text" when a page holds no article, else None."""
    chars = sum(len(line) for line in main.lines)
    said = (heading.text if heading else None, page.head_title)
    if chars <= MAX_ERROR_CHARS and any(ERROR.search(folded(text)) for text in said if text):
        return "error-page"
    if chars <= MAX_REFUSAL_CHARS and _refuses(main, said):
        return "error-page"
    article = _article_evidence(page, main, chars) + 2 * _is_headline(heading)
    index = _index_evidence(page, heading, main)
    if index > article or (index + CARDS > article and has_cards(page, main)):
        return "index"
    if chars < SCRAP_CHARS and (_is_site_head(main, heading) or (article < 2 and not main.declared)):
        return "no-text"
    served = chars <= MAX_SERVICE_CHARS and _serves(said)
    served = served or (chars <= MAX_REFUSAL_CHARS and (_is_service_address(page.url) or is_form(page, main)))
    return "no-text" if chars < LEAST_CHARS or served or _sells(page) else None


def _sells(page: Page) -> bool:
    """Return whether a page offers one product for sale, or what was bought, and calls itself no article."""
    kind = page.first_meta("og:type") or ""
    body = page.tree.find("body")
    if _PRODUCT_BODY.search(body.get("class") or "" if body is not None else ""):
        return True
    offered = kind in _PRODUCT_TYPES or "Product" in page.types
    return offered and kind != "article" and not page.articles


def _is_site_head(main: MainText, heading: Title | None) -> bool:
    """Return whether a text begins above its title and says nothing new below it: the name and motto of a site."""
    if heading is None or heading.line is None or not main.kept or main.first > heading.line:
        return False
    placed = list(zip(main.kept, main.lines, strict=True))
    above = {line for index, line in placed if index < heading.line}
    below = {line for index, line in placed if index > heading.line and not is_date_line(line)}
    return bool(below) and below <= above


def _serves(said: tuple[str | None, ...]) -> bool:
    """Return whether a title, but for the site's name, is that of a page that serves visitors."""
    titles = [text for text in said if text]
    parts = [part for text in titles for part in SEPARATOR.split(text) if " " in part.strip()]
    return any(SERVICE.fullmatch(folded(text)) for text in (*titles, *parts))


def _is_service_address(url: str) -> bool:
    return bool(_SERVICE_PATH.search(plain_path(url)))


def _refuses(main: MainText, said: tuple[str | None, ...]) -> bool:
    """Return whether title or first line tell the reader to log in, to wait or to prove that they are a person."""
    return any(REFUSAL.search(folded(text)) for text in (*said, *main.lines[:1]) if text)


def _is_headline(heading: Title | None) -> bool:
    """Return whether head and page agree on a title as long as a headline; indexes are called by a word or two."""
    return (
        heading is not None and "+" in heading.evidence.origin and len(heading.text.split()) >= HEADLINE_WORDS
    )


def _index_evidence(page: Page, heading: Title | None, main: MainText) -> int:
    """Count what speaks for a list of other pages."""
    address = urlsplit(page.url)
    path = plain_path(page.url)
    body = page.tree.find("body")
    classes = body.get("class") or "" if body is not None else ""
    return sum(
        (
            2 * bool(_LISTING.search(path) and not address.query),
            2 * bool(_FORUM_LIST.search(path)),
            2 * bool(_SURELY_LISTING.search(path)),
            2 * bool(_INDEX_BODY.search(classes) and not _SINGLE_BODY.search(classes)),
            bool(page.types & _INDEX_TYPES),
            page.first_meta("og:type") in ("website", "blog", "object"),
            2 * (main.link_share > LINKED),
            4 * _is_all_links(page, main),
            main.teasers >= MIN_ENTRIES,
            4 * _is_entry(page, heading),
            4 * _is_directory(page, main),
            5 * _is_printed_feed(page, heading, main),
            4 * _is_dated_list(main),
            2 * (_entries(page) >= 2),
            3 * _has_teasers(page, main),
            2 * any(_names_list(text) for text in (heading.text if heading else "", page.head_title)),
            3 * bool(heading is not None and is_titled_as_list(heading.text)),
            3 * is_list_address(page.url),
            2 * is_front_page(page.url),
        )
    )


def _is_entry(page: Page, heading: Title | None) -> bool:
    """Return whether the title is one of several headings of one make that lead elsewhere."""
    if heading is None or heading.line is None:
        return False
    line = page.lines.lines[heading.line]
    if line.link_share < LINKED:
        return False
    own = place(line.element)
    return (
        sum(other.link_share >= LINKED and place(other.element) == own for other in page.lines.lines)
        >= MIN_ENTRIES
    )


def _is_all_links(page: Page, main: MainText) -> bool:
    """Return whether a text is nothing but links to several pages of its site; a list of others may be an article.

    One link round a whole text is a slip of its maker.
    """
    if main.link_share < ALL_LINKED:
        return False
    elements = dict.fromkeys(page.lines.lines[index].element for index in main.kept)
    links = (link for element in elements for link in within(element))
    leads = {link.get("href"): leads_home(link, page.url) for link in links}
    return sum(leads.values()) >= max(MIN_LISTED, len(leads) / 2)


def _is_directory(page: Page, main: MainText) -> bool:
    """Return whether the text is a list of links with a word on each: a directory of sites, teasers without names.

    The links may have been left out of the text: each stands right above the line about it.
    """
    shown = {*main.kept, *(index - 1 for index in main.kept if index)}
    lines = [page.lines.lines[index] for index in sorted(shown)]
    linked = [line for line in lines if line.link_chars]
    if len(linked) < MIN_LISTED or len(linked) < MIN_LISTED_SHARE * len(lines):
        return False
    known: dict[HtmlElement, tuple[bool, frozenset[str], frozenset[int]]] = {}
    listed = [index for index, line in enumerate(lines) if line.link_chars and _opens_with_link(line, known)]
    links = set(listed)
    told = sum(len(line.text) >= PARAGRAPH_CHARS for index, line in enumerate(lines) if index not in links)
    if told > 1 + MAX_TOLD_SHARE * len(lines) or len(listed) < max(MIN_LISTED, MIN_LISTED_SHARE * len(lines)):
        return False
    return all(after - before <= 1 + MAX_BETWEEN for before, after in pairwise([-1, *listed, len(lines)]))


def _is_printed_feed(page: Page, heading: Title | None, main: MainText) -> bool:
    """Return whether a text under no title is one list of headlines and openings: feeds that a portal prints."""
    if len(main.kept) < MIN_FED or (heading is not None and heading.line is not None):
        return False
    items = [line for line in map(page.lines.lines.__getitem__, main.kept) if line.element.tag == "li"]
    openings = sum(len(line.text) >= OPENING_CHARS for line in items)
    return len(items) >= MIN_FED_SHARE * len(main.kept) and 0 < openings < len(items)


def _is_dated_list(main: MainText) -> bool:
    """Return whether a text is days and headlines by turns: news or events, listed without a link."""
    days = [place for place, line in enumerate(main.lines) if is_date_line(line)]
    if len(days) < max(MIN_LISTED, MIN_DATED_SHARE * len(main.lines)):
        return False
    between = [
        sum(map(len, main.lines[one + 1 : other])) for one, other in pairwise([*days, len(main.lines)])
    ]
    above = sum(map(len, main.lines[: days[0]]))
    return above <= MAX_LIST_HEADING_CHARS and max(between) < PARAGRAPH_CHARS


def _opens_with_link(
    line: Line, known: dict[HtmlElement, tuple[bool, frozenset[str], frozenset[int]]]
) -> bool:
    """Return whether a line begins with a link to another page, or stands in one: a card of several lines.

    `known` keeps what was seen of elements: whether each stands in a link, and the texts of those in it, which are
    found by their lengths: thousands of lines may stand in one element, parted by `br`.
    """
    element = line.element
    if element not in known:
        inside = any(map(_leads_away, element.iterancestors("a")))
        links = filter(_leads_away, element.iter("a")) if not inside else ()
        texts = frozenset(filter(None, (squeeze(link.text_content()) for link in links)))
        known[element] = inside, texts, frozenset(map(len, texts))
    inside, texts, sizes = known[element]
    return inside or any(line.text[:size] in texts for size in sizes if size <= len(line.text))


def _leads_away(link: HtmlElement) -> bool:
    return not (link.get("href") or "#").startswith("#")


def _names_list(title: str) -> bool:
    words = folded(title)
    return bool(LISTING.match(words)) and len(words.split()) <= MAX_LISTING_WORDS


def _has_teasers(page: Page, main: MainText) -> bool:
    """Return whether the text is cut by "read more" links, or by headings of one make that lead elsewhere."""
    within = page.lines.lines[max(0, main.first - 2) : main.last + 1] if main.kept else []
    linked = [line for line in within if line.link_share >= LINKED]
    if sum(MORE.match(folded(line.text)) is not None for line in linked) >= MIN_ENTRIES:
        return True
    own = urlsplit(page.url).hostname
    headed = Counter(
        place(line.element)
        for line in linked
        if line.element.tag in _HEADINGS and _leads_on(line.element, own)
    )
    return max(headed.values(), default=0) >= MIN_ENTRIES


def _leads_on(element: HtmlElement, own: str | None) -> bool:
    """Return whether a heading links to another page of its host."""
    hrefs = [link.get("href") or "" for link in within(element)]
    return any(not href.startswith("#") and split(href).hostname in (None, own) for href in hrefs)


def _entries(page: Page) -> int:
    """Return how many `article` elements of one parent have a heading that leads elsewhere."""
    parents: Counter[object] = Counter()
    for element in page.tree.iter("article"):
        headings = (heading for tag in _HEADINGS for heading in element.iter(tag))
        if any(heading.find(".//a[@href]") is not None or _in_link(heading) for heading in headings):
            parents[element.getparent()] += 1
    return max(parents.values(), default=0)


def _in_link(heading: HtmlElement) -> bool:
    parent = heading.getparent()
    return parent is not None and parent.tag == "a"


def _article_evidence(page: Page, main: MainText, chars: int) -> int:
    """Count what speaks for one text."""
    paragraphs = sum(len(line) >= PARAGRAPH_CHARS for line in main.lines)
    return sum(
        (
            2 * (page.first_meta("og:type") == "article"),
            2 * bool(page.articles),
            any(name.startswith("article:published") for name in page.meta),
            bool(main.declared),
            paragraphs >= 1,
            paragraphs >= 3,
            paragraphs >= 8,
            chars >= MIN_ARTICLE_CHARS and main.link_share < 0.2,
        )
    )
