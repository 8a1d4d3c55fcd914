"""Finds addresses in what a web site answers: links of pages, entries of feeds, lines of sitemaps. Pure."""

from __future__ import annotations

import codecs
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import urljoin, urlsplit

import lxml.etree
import lxml.html

from builder.model import PAGE
from builder.urls import fetchable_url

MAX_HTML_BYTES = 2_000_000
"""Links are looked for in so much of a page; the longest development page has 1.4 MB."""
MAX_SITEMAP_BYTES = 52_428_800
"""sitemaps.org: 50 MB unpacked."""
MAX_SITEMAP_URLS = 50_000
"""sitemaps.org: 50,000 URLs a file."""
_SNIFFED = re.compile(rb"<\s*(?:[\w.-]+:)?(urlset|sitemapindex|rss|feed|rdf|html|!doctype)\b", re.IGNORECASE)
_CHARSET_META = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_CHARSET_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_SKIPPED = re.compile(
    r"\.(?:avif|bmp|css|docx?|eot|epub|exe|gif|gz|ico|jpe?g|js|m4a|mkv|mov|mp[34]|mpe?g|ogg|otf|pdf|png|pptx?|rar|svg"
    r"|tiff?|ttf|wav|webm|webp|wmv|woff2?|xlsx?|zip|7z|apk|dmg|iso)(?:$|[?#])",
    re.IGNORECASE,
)
_LONG_TAG = re.compile(rb"<[^<>]{16384,}")
"""Tags longer than this hold no link worth its price: libxml2 needs n² time for n attributes of one element."""
_REFRESH = re.compile(r"^\s*[\d.]*\s*[;,]\s*(?:url\s*=\s*)?[\"']?\s*([^\"'\s]+)", re.IGNORECASE)
_FEED_TYPE = re.compile(r"(?:rss|atom|rdf|feed)(?:\+(?:xml|json))?\b", re.IGNORECASE)
How = Literal["link", "pagination", "feed"]


@dataclass(frozen=True, slots=True)
class Link:
    """An address found in a page, absolute and fetchable, and what kind of pointer it was."""

    url: str
    how: How


def sniffed_role(headers: Iterable[tuple[str, str]], start: bytes) -> str:
    """Return "sitemap", "feed" or "page" for an answer by its first bytes as received; coded ones count as page."""
    if any(name.lower() == "content-encoding" and value for name, value in headers):
        start = _inflated(start)
    found = _SNIFFED.search(start)
    name = found[1].lower() if found else b""
    if name in (b"urlset", b"sitemapindex"):
        return "sitemap"
    if name in (b"rss", b"feed", b"rdf"):
        return "feed"
    return PAGE


def _inflated(start: bytes) -> bytes:
    if start[:2] != b"\x1f\x8b":
        return start
    try:
        return zlib.decompressobj(31).decompress(start, 4096)
    except zlib.error:
        return b""


def charset_of(body: bytes, content_type: str | None) -> str:
    """Return the encoding a page declares: byte order mark, header, meta; UTF-8 if valid, else windows-1256."""
    if body.startswith(codecs.BOM_UTF8):
        return "utf-8"
    header = _CHARSET_HEADER.search(content_type or "")
    meta = _CHARSET_META.search(body[:4096])
    for name in (header[1] if header else None, meta[1].decode("ascii", "replace") if meta else None):
        if name:
            try:
                return codecs.lookup(name).name
            except LookupError:
                continue
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1256"
    return "utf-8"


def page_links(body: bytes, url: str, content_type: str | None = None) -> Iterator[Link]:
    """Yield the links of an HTML page in order, each address once; none if it says nofollow.

    Links of media and of scripts are left out, as are those marked nofollow. Letters outside ASCII are escaped
    in the page's own encoding where browsers do so.
    """
    body = _LONG_TAG.sub(b"", body[:MAX_HTML_BYTES])
    charset = charset_of(body, content_type)
    tree = _tree(body, charset)
    if tree is None or _says_nofollow(tree):
        return
    base = next((_joined(url, href, charset) for href in tree.xpath("//base/@href")), None) or url
    root = urljoin(base, "/")
    seen: set[str] = set()
    for element in tree.iter("a", "area", "link", "frame", "iframe", "meta"):
        link = _link(element, base, root, charset)
        if link is not None and link.url not in seen:
            seen.add(link.url)
            yield link


def _tree(body: bytes, charset: str) -> lxml.html.HtmlElement | None:
    parser = lxml.html.HTMLParser(encoding=charset, recover=True, huge_tree=False, remove_comments=True)
    try:
        return lxml.html.document_fromstring(body, parser=parser)
    except (lxml.etree.LxmlError, ValueError):
        return None


def _says_nofollow(tree: lxml.html.HtmlElement) -> bool:
    contents = tree.xpath("//meta[translate(@name,'ROBTS','robts')='robots']/@content")
    return any(re.search(r"\b(nofollow|none)\b", content.lower()) for content in contents)


def _address(element: lxml.html.HtmlElement) -> str | None:
    """Return where an element points to: also frames, and pages that send the reader on by themselves."""
    if element.tag == "meta":
        refresh = (element.get("http-equiv") or "").strip().lower() == "refresh"
        found = _REFRESH.search(element.get("content") or "") if refresh else None
        return found[1] if found else None
    address: str | None = element.get("src" if element.tag in ("frame", "iframe") else "href")
    return address


def _how(element: lxml.html.HtmlElement, rels: list[str]) -> How | None:
    """Return what kind of pointer an element is, None for <link> elements that name no page and no feed."""
    if "next" in rels:
        return "pagination"
    if element.tag != "link":
        return "link"
    names_feed = "alternate" in rels and _FEED_TYPE.search(element.get("type") or "")
    return "feed" if names_feed else None


def _link(element: lxml.html.HtmlElement, base: str, root: str, charset: str) -> Link | None:
    href = _address(element)
    rels = (element.get("rel") or "").lower().split()
    if not href or "nofollow" in rels:
        return None
    how = _how(element, rels)
    if how is None:
        return None
    # Menus point to the same places from every page: seen from the root they are worked out once.
    from_root = href.startswith("/") and not href.startswith("//")
    url = _joined(root if from_root else base, href, charset)
    return None if url is None or _SKIPPED.search(url) else Link(url, how)


@lru_cache(maxsize=16_384)
def _joined(base: str, href: str, charset: str) -> str | None:
    """Return `href` seen from `base` as it goes on the wire, None for what is no web address."""
    href = href.strip()
    try:
        absolute = href if href.startswith(("http://", "https://")) else urljoin(base, href)
        url = fetchable_url(absolute, charset)
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return url if host and url.startswith(("http://", "https://")) else None


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed holds: its entries' addresses, and the address of its next page if it names one."""

    entries: tuple[str, ...]
    next_page: str | None = None


def read_feed(body: bytes, url: str) -> Feed:
    """Read RSS, RSS 1.0, Atom or JSON Feed, broken XML as far as it goes."""
    if body.lstrip()[:1] == b"{":
        return _json_feed(body, url)
    entries: list[str] = []
    following: str | None = None
    for tag, element in _elements(body):
        if tag in ("item", "entry"):
            link = _entry_link(element)
            joined = _joined(url, link, "utf-8") if link else None
            if joined:
                entries.append(joined)
            element.clear()
        elif tag == "link" and element.get("rel") == "next":
            following = _joined(url, element.get("href") or "", "utf-8")
    return Feed(tuple(dict.fromkeys(entries)), following)


def _json_feed(body: bytes, url: str) -> Feed:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return Feed(())
    items = data.get("items") if isinstance(data, dict) else None
    links = [item.get("url") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    joined = [_joined(url, link, "utf-8") for link in links if isinstance(link, str)]
    after = data.get("next_url") if isinstance(data, dict) else None
    following = _joined(url, after, "utf-8") if isinstance(after, str) else None
    return Feed(tuple(dict.fromkeys(link for link in joined if link)), following)


def _entry_link(element: lxml.etree._Element) -> str | None:
    """Return the address of a feed's entry: its link, of several the alternate one, else a guid that is one."""
    guid: str | None = None
    for child in element:
        tag = _local_name(child)
        text = (child.text or "").strip()
        if tag == "link" and child.get("rel", "alternate") == "alternate" and (child.get("href") or text):
            return child.get("href") or text
        permanent = child.get("isPermaLink", "true").lower() != "false"
        if tag in ("guid", "id") and permanent and text.startswith(("http://", "https://")):
            guid = guid or text
    return guid


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What a sitemap holds: addresses of pages, and of further sitemaps if it is an index."""

    pages: tuple[str, ...]
    sitemaps: tuple[str, ...] = ()


def read_sitemap(body: bytes, url: str) -> Sitemap:
    """Read a sitemap: XML or its index, plain text, gzip inside; a broken one as far as it goes."""
    body = _unpacked(body)
    if b"<" not in body[:1024]:
        lines = body.decode("utf-8-sig", "replace").split()
        return Sitemap(_web_addresses(lines, url))
    pages: list[str] = []
    maps: list[str] = []
    for tag, element in _elements(body):
        if tag not in ("url", "sitemap"):
            continue
        # Some leave <loc> out and write the address into the entry itself.
        place = next(
            ((c.text or "").strip() for c in element if _local_name(c) == "loc"), element.text or ""
        ).strip()
        (pages if tag == "url" else maps).append(place)
        element.clear()
        if len(pages) + len(maps) >= MAX_SITEMAP_URLS:
            break
    return Sitemap(_web_addresses(pages, url), _web_addresses(maps, url))


def _web_addresses(lines: Iterable[str], url: str) -> tuple[str, ...]:
    joined = (_joined(url, line, "utf-8") for line in lines if line)
    return tuple(dict.fromkeys(link for link in joined if link))[:MAX_SITEMAP_URLS]


def _unpacked(body: bytes) -> bytes:
    if body[:2] != b"\x1f\x8b":
        return body
    try:
        with gzip.open(io.BytesIO(body)) as file:
            return file.read(MAX_SITEMAP_BYTES)
    except (OSError, EOFError, zlib.error):
        return b""


def _elements(body: bytes) -> Iterator[tuple[str, lxml.etree._Element]]:
    """Yield the elements of an XML text as they end, with their local names; stops where nothing can be mended."""
    start = body.find(b"<")
    events = lxml.etree.iterparse(
        io.BytesIO(body[max(start, 0) :]),
        events=("end",),
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    try:
        for _, element in events:
            yield _local_name(element), element
    except lxml.etree.LxmlError:
        return


def _local_name(element: lxml.etree._Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""
