"""One page, parsed once, as all readers of it see it: its lines, its head, its JSON-LD."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from lxml.html import HtmlElement

from builder.extract import jsonld, sites
from builder.extract.naming import NOTHING, Said, said
from builder.extract.wording import folded
from builder.markup import Lines, drop, read_lines, squeeze

MAX_META_CHARS = 2_000
"""Longest title or meta content that is looked at; descriptions of pages are shorter, attacks on patterns longer."""


class Named(NamedTuple):
    """An element that somebody asks for by what it is called, what its names say of it, and its schema.org type."""

    element: HtmlElement
    tag: str
    said: Said
    type: str


_TAGS = frozenset(("time", "article"))
_NAMES = frozenset(("class", "id"))
_TYPES = frozenset(("itemprop", "property", "itemtype", "data-comment-id", "data-commentid"))


def named_elements(tree: HtmlElement) -> list[Named]:
    """Return the elements of a tree whose tag, names or types tell any reader something, in reading order.

    An XPath expression for the same takes four times as long.
    """
    found: list[Named] = []
    for element in tree.iter("*"):
        tag, names = element.tag, element.keys()
        typed = tag in _TAGS or (names and not _TYPES.isdisjoint(names))
        if typed or (names and not _NAMES.isdisjoint(names)):
            prop = element.get("itemprop") if typed else None
            told = said(tag, element.get("class"), element.get("id"), prop)
            if typed or told is not NOTHING:
                found.append(Named(element, tag, told, element.get("itemtype", "") if typed else ""))
    return found


@dataclass
class Page:
    """A tree and where it came from; every view of it is made once, when first asked for."""

    tree: HtmlElement
    url: str

    @cached_property
    def lines(self) -> Lines:
        """The visible lines, with the span of every block."""
        return read_lines(self.tree)

    @cached_property
    def objects(self) -> list[jsonld.Json]:
        """All JSON-LD objects."""
        return jsonld.objects(self.tree)

    @cached_property
    def types(self) -> frozenset[str]:
        """The types of all JSON-LD objects."""
        return frozenset(name for item in self.objects for name in jsonld.types(item))

    @cached_property
    def articles(self) -> list[jsonld.Json]:
        """The JSON-LD objects that describe a text."""
        return [item for item in self.objects if any(map(jsonld.ARTICLE.search, jsonld.types(item)))]

    @cached_property
    def sites(self) -> frozenset[str]:
        """What the page calls its site, folded."""
        named = [item.get("name") for item in self.objects if not sites.TYPES.isdisjoint(jsonld.types(item))]
        parts = sites.SEPARATOR.split(self.head_title)
        found = [
            *(self.first_meta(name) for name in sites.META),
            *map(jsonld.text_value, named),
            *(part for part in parts if sites.is_site_name(part, frozenset())),
        ]
        return frozenset(filter(None, (folded(name) for name in found if name)))

    @cached_property
    def meta(self) -> dict[str, list[str]]:
        """Contents of meta elements by name, property or itemprop in lower case, in reading order."""
        found: dict[str, list[str]] = {}
        for element in self.tree.iter("meta"):
            content = squeeze((element.get("content") or "")[:MAX_META_CHARS])
            for attribute in ("property", "name", "itemprop"):
                name = (element.get(attribute) or "").strip().lower()
                if name and content:
                    found.setdefault(name, []).append(content)
        return found

    @cached_property
    def head_title(self) -> str:
        """The text of the first title element of the head; "" when there is none."""
        return next(
            (squeeze(element.text_content()[:MAX_META_CHARS]) for element in self.tree.iter("title")), ""
        )

    @cached_property
    def named(self) -> list[Named]:
        """Elements with names."""
        return named_elements(self.tree)

    @cached_property
    def named_blocks(self) -> list[tuple[HtmlElement, Said]]:
        """The blocks of the lines whose names say something, inner ones first; asked for when the tree is final."""
        known = {name.element: name.said for name in self.named}
        return [(element, known[element]) for element in self.lines.spans if element in known]

    @cached_property
    def rel_links(self) -> list[tuple[HtmlElement, list[str]]]:
        """The links that say how they stand to the page, with what they say; asked for when the tree is final."""
        return [(link, rel.split()) for link in self.tree.iter("a") if (rel := link.get("rel"))]

    def forget(self, elements: list[HtmlElement]) -> None:
        """Leave elements that were dropped, with all in them, out of what is known of the page."""
        gone = {part for element in elements for part in element.iter()}
        if any(part.tag == "script" and jsonld.is_block(part) for part in gone):
            self.__dict__.pop("objects", None)
        self.named = [name for name in self.named if name.element not in gone] if gone else self.named

    def drop(self, elements: list[HtmlElement]) -> None:
        """Take elements, none inside another, out of the tree and its lines."""
        lines = self.lines.without(elements)
        drop(elements)
        del self.lines
        if lines is not None:
            self.lines = lines
        self.forget(elements)

    def first_meta(self, *names: str) -> str | None:
        """Return the first content of the first of these meta names that has one."""
        return next((self.meta[name][0] for name in names if name in self.meta), None)
