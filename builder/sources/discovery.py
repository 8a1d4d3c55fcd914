"""Finds addresses in what a web site answers: links of pages, entries of feeds, lines of sitemaps. Pure."""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from html.entities import html5
from typing import Literal
from urllib.parse import urljoin, urlsplit

import lxml.etree
import lxml.html

from builder.archive.coding import decoded_body
from builder.model import PAGE
from builder.urls import fetchable_url, forward_slashes

MAX_HTML_BYTES = 2_000_000
"""Links are looked for in so much of a page; the longest development page has 1.4 MB."""
MAX_SITEMAP_BYTES = 52_428_800
"""sitemaps.org: 50 MB unpacked."""
MAX_SITEMAP_URLS = 50_000
"""sitemaps.org: 50,000 URLs a file."""
SNIFFED_BYTES = 135_168
"""So much of an answer is looked at for its kind: a zstd block has 128 KiB at most."""
_SNIFFED_TEXT_BYTES = 4096
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
_REFRESH = re.compile(r"\s*+[\d.]*+\s*+[;,]\s*+(?:url\s*+=\s*+)?[\"']?\s*+([^\"'\s]+)", re.IGNORECASE)
_AMPERSAND = re.compile(rb"<!\[CDATA\[(?:[^\]]|\](?!\]>))*+|&(?!#x?\w{1,8};)(?:(\w{1,31});)?")
_ENTRY = re.compile(rb"<(?:[\w.-]+:)?(?:url|sitemap)[\s/>]", re.IGNORECASE)
_SAYS_UTF16 = re.compile(rb"<\?xml[^>]{0,200}encoding\s*=\s*[\"']utf-?16", re.IGNORECASE)
_FEED_TYPE = re.compile(r"(?:rss|atom|rdf|feed)(?:\+(?:xml|json))?\b", re.IGNORECASE)
How = Literal["link", "pagination", "feed"]


@dataclass(frozen=True, slots=True)
class Link:
    """An address found in a page, absolute and fetchable, and what kind of pointer it was."""

    url: str
    how: How


def sniffed_role(headers: Iterable[tuple[str, str]], start: bytes) -> str:
    """Return "sitemap", "feed" or "page" for an answer by its first bytes as received, chunked and coded as they are.

    `start` should hold SNIFFED_BYTES: zstd gives nothing before the end of a block. gzip is also undone where it is
    the file itself that is packed, as in sitemap.xml.gz.
    """
    start = decoded_body(headers, start, max_bytes=_SNIFFED_TEXT_BYTES, cut=True)
    if start.startswith(b"\x1f\x8b"):
        start = decoded_body((("content-encoding", "gzip"),), start, max_bytes=_SNIFFED_TEXT_BYTES, cut=True)
    found = _SNIFFED.search(start[:_SNIFFED_TEXT_BYTES])
    name = found[1].lower() if found else b""
    if name in (b"urlset", b"sitemapindex"):
        return "sitemap"
    if name in (b"rss", b"feed", b"rdf"):
        return "feed"
    return PAGE


def charset_of(body: bytes, content_type: str | None) -> str:
    """Return the encoding a page declares: byte order mark, header, meta; UTF-8 if valid, else windows-1256."""
    if body.startswith(codecs.BOM_UTF8):
        return "utf-8"
    header = _CHARSET_HEADER.search(content_type or "")
    meta = _CHARSET_META.search(body[:4096])
    for name in (header[1] if header else None, meta[1].decode("ascii", "replace") if meta else None):
        if name:
            known = _known_charset(name)
            if known is not None:
                return known
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1256"
    return "utf-8"


@lru_cache(maxsize=256)
def _known_charset(label: str) -> str | None:
    """Return Python's name of an encoding that the parser knows too; "undefined" and "hex" are Python's alone."""
    try:
        name = codecs.lookup(label).name
        lxml.html.HTMLParser(encoding=name)
    except (LookupError, ValueError):
        return None
    return name


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
    base = next((web_address(url, href, charset) for href in tree.xpath("//base/@href")), None) or url
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
        found = _REFRESH.match(element.get("content") or "") if refresh else None
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
    from_root = href.startswith("/") and href[1:2] not in ("/", "\\")
    url = web_address(root if from_root else base, href, charset)
    return None if url is None or _SKIPPED.search(url) else Link(url, how)


@lru_cache(maxsize=16_384)
def web_address(base: str, href: str, charset: str = "utf-8") -> str | None:
    """Return `href` seen from `base` as it goes on the wire, None for what is no web address."""
    href = forward_slashes(href.strip())
    try:
        absolute = href if href.startswith(("http://", "https://")) else urljoin(base, href)
        url = fetchable_url(absolute, charset)
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # a port beyond 65535 raises here, and nowhere later
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
    body = _unpacked(body)
    if body.lstrip()[:1] == b"{":
        return _json_feed(body, url)
    entries: list[str] = []
    following: str | None = None
    for tag, element in _elements(body):
        if tag in ("item", "entry"):
            link = _entry_link(element)
            joined = web_address(url, link) if link else None
            if joined:
                entries.append(joined)
            element.clear()
        elif tag == "link" and element.get("rel") == "next":
            following = web_address(url, _based(element, element.get("href") or ""))
    return Feed(tuple(dict.fromkeys(entries)), following)


def _json_feed(body: bytes, url: str) -> Feed:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return Feed(())
    items = data.get("items") if isinstance(data, dict) else None
    links = [item.get("url") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    joined = [web_address(url, link) for link in links if isinstance(link, str)]
    after = data.get("next_url") if isinstance(data, dict) else None
    following = web_address(url, after) if isinstance(after, str) else None
    return Feed(tuple(dict.fromkeys(link for link in joined if link)), following)


def _entry_link(element: lxml.etree._Element) -> str | None:
    """Return the address of a feed's entry; where HTML that was not escaped swallowed its link, from inside that."""
    return _link_among(element) or _link_among(element.iterdescendants())


def _link_among(elements: Iterable[lxml.etree._Element]) -> str | None:
    """Return an entry's link, of several the alternate one, else a guid that is one."""
    guid: str | None = None
    for child in elements:
        tag = _local_name(child)
        text = (child.text or "").strip()
        if tag == "link" and child.get("rel", "alternate") == "alternate" and (child.get("href") or text):
            return _based(child, child.get("href") or text)
        permanent = child.get("isPermaLink", "true").lower() != "false"
        if tag in ("guid", "id") and permanent and text.startswith(("http://", "https://")):
            guid = guid or text
    return guid


def _based(element: lxml.etree._Element, address: str) -> str:
    """Return an address seen from the xml:base of its element, where it has one (RFC 4287, 2)."""
    return urljoin(element.base or "", address)


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What a sitemap holds: addresses of pages, and of further sitemaps if it is an index.

    `left` entries stand behind the 50,000 that the protocol allows, and are not read.
    """

    pages: tuple[str, ...]
    sitemaps: tuple[str, ...] = ()
    left: int = 0


def read_sitemap(body: bytes, url: str) -> Sitemap:
    """Read a sitemap: XML or its index, plain text, gzip inside; a broken one as far as it goes."""
    body = _unpacked(body)
    if b"<" not in body[:1024]:
        lines = body.decode("utf-8-sig", "replace").split()
        left = max(len(lines) - MAX_SITEMAP_URLS, 0)
        return Sitemap(_web_addresses(lines[:MAX_SITEMAP_URLS], url), left=left)
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
    full = len(pages) + len(maps) >= MAX_SITEMAP_URLS
    left = max(_entries_in(body) - MAX_SITEMAP_URLS, 0) if full else 0
    return Sitemap(_web_addresses(pages, url), _web_addresses(maps, url), left)


def _entries_in(body: bytes) -> int:
    """Return how many entries a sitemap has, counted by their tags: a tree of all would fill the memory."""
    wide = body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return sum(1 for _ in _ENTRY.finditer(body.replace(b"\0", b"") if wide else body))


def _web_addresses(lines: Iterable[str], url: str) -> tuple[str, ...]:
    joined = (web_address(url, line) for line in lines if line)
    return tuple(dict.fromkeys(link for link in joined if link))


def _unpacked(body: bytes) -> bytes:
    """Return a packed file's content as far as it can be had, at most 50 MB."""
    if body[:2] != b"\x1f\x8b":
        return body
    return decoded_body((("content-encoding", "gzip"),), body, max_bytes=MAX_SITEMAP_BYTES, cut=True)


def _elements(body: bytes) -> Iterator[tuple[str, lxml.etree._Element]]:
    """Yield the elements of an XML text as they end, with their local names; stops where nothing can be mended.

    After its first error the parser drops every "&amp;" without a word, and with it a part of each address: entities
    are written as numbers, which it keeps, a bare "&" too.
    """
    if not body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        body = _AMPERSAND.sub(_numbered, body[max(body.find(b"<"), 0) :])
    events = lxml.etree.iterparse(
        io.BytesIO(body),
        events=("end",),
        # What can be read up to here is no UTF-16, whatever it says: .NET writes so into UTF-8.
        encoding="utf-8" if _SAYS_UTF16.match(body) else None,
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


def _numbered(match: re.Match[bytes]) -> bytes:
    """Return "&amp;" and what HTML has like it as numbers, and a bare "&" too; CDATA and other names as they are."""
    if not match[0].startswith(b"&"):
        return match[0]
    letters = "&" if match[1] is None else html5.get(match[1].decode("ascii") + ";")
    return match[0] if letters is None else "".join(f"&#{ord(letter)};" for letter in letters).encode()


def _local_name(element: lxml.etree._Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""
