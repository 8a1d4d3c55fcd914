"""Paragraphs of a page told apart by their stop words, as justext does it for trafilatura, at a tenth of its cost.

The result is that of `justext.core` with trafilatura's settings. What it costs there is reading each paragraph's
text eight times, naming each place on the page, and folding the list of all stop words anew for every page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from justext.core import PARAGRAPH_TAGS
from justext.utils import get_stoplist, get_stoplists
from lxml.html import HtmlElement

MIN_CHARS = 50
"""Shorter paragraphs are judged by their neighbours (trafilatura's choice, as all figures here)."""

LONG_CHARS = 150
"""Longer paragraphs with many stop words are good without asking their neighbours."""

FEW, MANY = 0.1, 0.2
"""Shares of stop words from which on a paragraph is nearly good, or good."""

MAX_LINKED = 0.25
"""Largest share of a paragraph's characters that may be links."""

_GAP = re.compile(r"\s+")


@dataclass(slots=True)
class _Paragraph:
    text: str
    linked: int
    selecting: bool


def good_paragraphs(root: HtmlElement) -> list[str]:
    """Return the paragraphs of a tree that are neither furniture nor lists of links, in reading order."""
    paragraphs = _Maker().read(root)
    return [
        paragraph.text
        for paragraph, kind in zip(paragraphs, _revised([_kind(each) for each in paragraphs]), strict=True)
        if kind == "good"
    ]


@cache
def _stop_words() -> frozenset[str]:
    """Return the stop words of all languages that justext knows."""
    return frozenset(word.lower() for name in get_stoplists() for word in get_stoplist(name))


class _Maker:
    """Cuts a tree into paragraphs: at block elements, and where two line breaks follow each other."""

    __slots__ = ("broken", "found", "linked", "links", "parts", "selecting", "within")

    def __init__(self) -> None:
        self.found: list[_Paragraph] = []
        self.parts: list[str] = []
        self.linked = self.within = 0
        self.links = self.broken = self.selecting = False

    def read(self, root: HtmlElement) -> list[_Paragraph]:
        """Visit every element on the way in and on the way out."""
        stack: list[tuple[HtmlElement, str | None]] = [(root, None)]
        while stack:
            element, tag = stack.pop()
            if tag is None:
                tag = element.tag
                self._enter(tag)
                if text := element.text:
                    self._text(text)
                if len(element):
                    stack.append((element, tag))
                    stack.extend([(child, None) for child in reversed(element)])
                    continue
            self._leave(tag)
            if text := element.tail:
                self._text(text)
        self._cut()
        return self.found

    def _enter(self, tag: str) -> None:
        if "select" in tag:
            self.within += 1
        if tag in PARAGRAPH_TAGS or (tag == "br" and self.broken):
            self._cut()
            return
        self.broken = tag == "br"
        if self.broken:
            self.parts.append(" ")
        elif tag == "a":
            self.links = True

    def _leave(self, tag: str) -> None:
        if "select" in tag:
            self.within -= 1
        if tag in PARAGRAPH_TAGS:
            self._cut()
        elif tag == "a":
            self.links = False

    def _text(self, text: str) -> None:
        if text.isspace():
            return
        text = _one_space(text)
        self.parts.append(text)
        if self.links:
            self.linked += len(text)
        self.broken = False

    def _cut(self) -> None:
        """End a paragraph; where it stands decides whether the next one is part of a choice to be made."""
        if self.parts:
            text = _one_space("".join(self.parts).strip())
            if text:
                self.found.append(_Paragraph(text, self.linked, self.selecting))
            self.parts.clear()
        self.linked = 0
        self.selecting = self.within > 0


def _one_space(text: str) -> str:
    """Return text with one space, or one line end where it has one, for each run of white space."""
    plain = " ".join(text.split())
    if plain == text:
        return text
    if "\n" in text or "\r" in text:
        return _GAP.sub(lambda gap: "\n" if "\n" in gap[0] or "\r" in gap[0] else " ", text)
    return f"{' ' * text[0].isspace()}{plain}{' ' * text[-1].isspace()}"


def _kind(paragraph: _Paragraph) -> str:
    """Return what a paragraph is by itself: good, neargood, short or bad."""
    text, chars = paragraph.text, len(paragraph.text)
    if paragraph.linked / chars > MAX_LINKED or "\xa9" in text or "&copy" in text or paragraph.selecting:
        return "bad"
    if chars < MIN_CHARS:
        return "bad" if paragraph.linked else "short"
    words = text.lower().split()
    share = sum(map(_stop_words().__contains__, words)) / len(words)
    if share >= MANY:
        return "good" if chars > LONG_CHARS else "neargood"
    return "neargood" if share >= FEW else "bad"


def _revised(kinds: list[str]) -> list[str]:
    """Return the kinds, good or bad, of paragraphs that were short or nearly good, from those round them."""
    short = [kind == "short" for kind in kinds]
    if any(short):
        before = list(_nearest(kinds))
        after = list(_nearest(kinds[::-1]))[::-1]
        kinds = [_of_short(*before[at], *after[at]) if short[at] else kind for at, kind in enumerate(kinds)]
    after = list(_nearest(kinds[::-1]))[::-1]
    revised: list[str] = []
    last = "bad"
    for at, kind in enumerate(kinds):
        if kind == "neargood":
            kind = "bad" if last == "bad" == after[at][0] else "good"
        last = kind
        revised.append(kind)
    return revised


def _nearest(kinds: list[str]) -> Iterator[tuple[str, str]]:
    """Yield for each place the last kind before it that is good or bad, and the last that is not short."""
    sure = near = "bad"
    for kind in kinds:
        yield sure, near
        if kind != "short":
            near = kind
            if kind != "neargood":
                sure = kind


def _of_short(before: str, near_before: str, after: str, near_after: str) -> str:
    if before == after:
        return before
    helped = (before == "bad" and near_before == "neargood") or (after == "bad" and near_after == "neargood")
    return "good" if helped else "bad"
