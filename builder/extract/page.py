"""One page, parsed once, as all readers of it see it: its lines, its head, its JSON-LD."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from lxml.html import HtmlElement

from builder.extract import jsonld
from builder.markup import Lines, read_lines, squeeze

MAX_META_CHARS = 2_000
"""Longest title or meta content that is looked at; descriptions of pages are shorter, attacks on patterns longer."""


@dataclass
class Page:
    """A tree and where it came from; every view of it is made once, when first asked for.

    `alive` holds all elements of the tree: lxml makes an object for an element anew each time it is met, unless
    somebody still has the last one.
    """

    tree: HtmlElement
    url: str
    alive: tuple[HtmlElement, ...] = ()

    @cached_property
    def lines(self) -> Lines:
        """The visible lines, with the span of every block."""
        return read_lines(self.tree)

    @cached_property
    def objects(self) -> list[jsonld.Json]:
        """All JSON-LD objects."""
        return jsonld.objects(self.tree)

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

    def first_meta(self, *names: str) -> str | None:
        """Return the first content of the first of these meta names that has one."""
        return next((self.meta[name][0] for name in names if name in self.meta), None)


def names_of(element: HtmlElement) -> str:
    """Return the class, id and itemprop of an element as one string, "" when it has none."""
    return " ".join(filter(None, (element.get("class"), element.get("id"), element.get("itemprop"))))
