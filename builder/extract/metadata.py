"""Section, tags, hashtags and issue number of an article, each with the element or rule that gave it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lxml.html import HtmlElement

from builder.extract import jsonld
from builder.extract.naming import Said
from builder.extract.page import Page
from builder.extract.sites import is_site_name
from builder.extract.wording import folded
from builder.markup import squeeze
from builder.model import Evidence

MAX_TAGS = 30
"""Most tags of one article; longer lists are word clouds."""

MAX_TAG_CHARS = 60
"""Longest tag or section name."""

NEAR_LINES = 12
"""A label of section or issue stands at most this many lines above the text or two below its beginning."""

_GENERIC = frozenset(
    (
        "post",
        "posts",
        "page",
        "pages",
        "blog",
        "articles",
        "article",
        "home",
        "uncategorized",
        "غير مصنف",
        "الرييسيه",
    )
)
_SECTION_LABEL = re.compile(
    r"^\W*(?:المحور|القسم|التصنيف|المجموعة|الفئة|الباب|تصنيف|قسم|الزاوية|section|category)\s*[:/]\s*(?P<name>\S.{1,60})$",
    re.IGNORECASE,
)
_ISSUE = re.compile(
    r"(?:^|[\W_])(?:العدد|عدد رقم|issue|no\.)\s*(?:رقم)?\s*[:#(.\-]?\s*(?P<number>[0-9٠-٩۰-۹]{1,6})(?![\d/])",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"العدد\s+[0-9٠-٩]+\s+(?:من|قارئ|تعليق)")
_TAG_LABEL = re.compile(
    r"^\W*(?:الوسوم|وسوم|كلمات مفتاحية|الكلمات المفتاحية|كلمات دلالية|الكلمات الدلالية|تاغات|الدلالية"
    r"|tags?)\s*:\s*(?P<tags>.+)$",
    re.IGNORECASE,
)
_HASHTAG = re.compile(r"(?<![\w&/#])[#＃]([^\W\d_][\w\u0640\u064b-\u0652]{1,79}|\d+_\w{1,79})")
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


@dataclass(frozen=True, slots=True)
class Labels:
    """What an article is filed under."""

    section: str | None
    issue: str | None
    tags: tuple[str, ...]
    evidence: tuple[Evidence, ...]


def find_labels(page: Page, title: str | None, first: int) -> Labels:
    """Return section, issue and tags of the article whose text begins at line `first`."""
    section = _section(page, title, first)
    issue = _issue(page, first)
    tags = _tags(page)
    evidence = [
        Evidence(name, origin, confidence)
        for name, found in (("section", section), ("issue", issue), ("tags", tags))
        if found
        for _, origin, confidence in (found,)
    ]
    return Labels(
        section[0] if section else None, issue[0] if issue else None, tags[0] if tags else (), tuple(evidence)
    )


def hashtags(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the hashtags of a text without their sign, each once, in order of appearance."""
    return tuple(
        dict.fromkeys(
            match.group(1)
            for line in lines
            if "#" in line or "＃" in line
            for match in _HASHTAG.finditer(line)
        )
    )


def _usable(name: str | None, title: str | None, sites: frozenset[str]) -> str | None:
    if (
        not name
        or len(name) > MAX_TAG_CHARS
        or folded(name) in _GENERIC
        or folded(name) == folded(title or "")
    ):
        return None
    return None if is_site_name(name, sites) else squeeze(name)


def _section(page: Page, title: str | None, first: int) -> tuple[str, str, float] | None:
    for name, origin, confidence in _section_claims(page, first):
        usable = _usable(name, title, page.sites)
        if usable:
            return usable, origin, confidence
    return None


def _section_claims(page: Page, first: int) -> Iterable[tuple[str | None, str, float]]:
    """Yield what may be the section, the surest first."""
    for item in page.articles:
        yield jsonld.text_value(item.get("articleSection")), "jsonld:articleSection", 0.95
    for index in _near(page, first):
        match = _SECTION_LABEL.match(page.lines.lines[index].text)
        if match:
            yield match["name"], "line:label", 0.9
    for link, rel in page.rel_links:
        if "category" in rel:
            yield squeeze(link.text_content()), "rel:category", 0.85
    yield page.first_meta("article:section", "section", "articlesection"), "meta:article:section", 0.85
    for name in reversed(_crumbs(page)):
        yield name, "breadcrumb", 0.8


def _near(page: Page, first: int) -> range:
    return range(max(0, first - NEAR_LINES), min(len(page.lines.lines), first + 3))


def _crumbs(page: Page) -> list[str]:
    """Return the names of the page's breadcrumb, from JSON-LD or from the element named so."""
    for item in page.objects:
        if "BreadcrumbList" in jsonld.types(item):
            entries = item.get("itemListElement")
            return [
                name for entry in (entries if isinstance(entries, list) else []) if (name := _crumb(entry))
            ]
    for element, said in page.named_blocks:
        if said.crumbs:
            return [squeeze(link.text_content()) for link in element.iter("a")]
    return []


def _crumb(entry: object) -> str | None:
    if not isinstance(entry, dict):
        return None
    item = entry.get("item")
    return jsonld.text_value(entry.get("name")) or (
        jsonld.text_value(item.get("name")) if isinstance(item, dict) else None
    )


def _issue(page: Page, first: int) -> tuple[str, str, float] | None:
    for index in _near(page, first):
        text = page.lines.lines[index].text
        match = _ISSUE.search(text) if len(text) <= 120 and not _COUNTED.search(text) else None
        if match:
            return match["number"].translate(_DIGITS), "line:issue", 0.9
    return None


def _tags(page: Page) -> tuple[tuple[str, ...], str, float] | None:
    for names, origin, confidence in _tag_claims(page):
        tags = dict.fromkeys(
            squeeze(name).lstrip("#") for name in names if name.strip() and len(name) <= MAX_TAG_CHARS
        )
        if 0 < len(tags) <= MAX_TAGS:
            return tuple(tags), origin, confidence
    return None


def _tag_claims(page: Page) -> Iterable[tuple[list[str], str, float]]:
    yield page.meta.get("article:tag", []), "meta:article:tag", 0.95
    yield _split(page.first_meta("news_keywords")), "meta:news_keywords", 0.9
    for item in page.articles:
        words = jsonld.strings(item.get("keywords"))
        yield (words if len(words) > 1 else _split(next(iter(words), None))), "jsonld:keywords", 0.9
    yield (
        [
            squeeze(link.text_content())
            for link, rel in page.rel_links
            if "tag" in rel and "category" not in rel
        ],
        "rel:tag",
        0.9,
    )
    yield _boxed(page.named_blocks), "element:tags", 0.8
    for line in page.lines.lines:
        match = _TAG_LABEL.match(line.text) if ":" in line.text and len(line.text) < 400 else None
        if match:
            yield _split(match["tags"]), "line:label", 0.8


def _split(text: str | None) -> list[str]:
    return re.split(r"\s*[,،;؛|]\s*", text) if text else []


def _boxed(blocks: Iterable[tuple[HtmlElement, Said]]) -> list[str]:
    """Return the links of the first block named as a list of tags."""
    for element, said in blocks:
        if said.tags:
            return [squeeze(link.text_content()) for link in element.iter("a")]
    return []
