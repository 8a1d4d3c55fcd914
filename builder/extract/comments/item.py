"""Reads one block of a page as one reader's answer: who, when, what, how it was rated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import chain, islice

from lxml.html import HtmlElement

from builder.extract.comments.heads import (
    Head,
    clean_name,
    is_control,
    is_email,
    is_quote_label,
    read_head,
    split_subject,
    tells_joining,
)
from builder.extract.comments.marks import NOTHING, Marks, marks
from builder.extract.comments.quotes import quotes_in
from builder.extract.dates.moments import read_moment
from builder.extract.dates.order import told_order
from builder.extract.dates.printed import find_printed
from builder.markup import Line, Lines, block_lines, squeeze
from builder.model import Moment

LONGEST_NAME_CHARS = 80
"""A longer line is no name."""

LONGEST_TIME_CHARS = 120
"""A longer line that holds a date is text."""

MOST_FURNITURE_CHARS = 160
"""A part named like a toolbar that holds more text than this is no toolbar."""

LONGEST_TOLD_CHARS = 140
"""Longest line that tells a page's order of day and month."""

MOST_LINES_FOR_ORDER = 400
"""So many lines with digits are enough to see whether a page prints the day or the month first."""

_DIGIT = re.compile(r"\d")
_AUTHOR_PROPS = ("author", "creator")
_TEXT_PROPS = ("text", "commenttext", "articlebody", "description")
_TIME_PROPS = ("datepublished", "datecreated", "commenttime", "dateposted")

_BODY_SPAN = "postbody"  # phpBB 2: the one span that is the text of a post
_NUMBER = re.compile(r"^[#\s]*([+\-−]?\d{1,7})\s*$")
_ID = re.compile(
    r"(?:^|[-_#/=])?(?:comment|cmt|c|reply|post|msg|p|pid|message|div-comment|li-comment)?[-_]*(\d{1,20})$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Item:
    """One answer as a block of a page gives it."""

    element: HtmlElement
    text: str
    author: str | None = None
    published: Moment | None = None
    title: str | None = None
    rating: int | None = None
    native_id: str | None = None

    @property
    def whole(self) -> bool:
        """True when author and time were found."""
        return self.author is not None and self.published is not None


@dataclass(frozen=True)
class Context:
    """What all answers of a page share: when it was captured, its lines, its zone.

    `known` keeps what was read: one block is marked in several ways and is asked for once for each.
    """

    captured_at: datetime
    page: Lines
    zone: str | None = None
    known: dict[tuple[HtmlElement, frozenset[HtmlElement]], Item | None] = field(
        default_factory=dict, compare=False
    )

    @cached_property
    def day_first(self) -> bool | None:
        """The page's order of day and month, as its short lines tell it (see `told_order`)."""
        lines = (line.text for line in self.page.lines if len(line.text) <= LONGEST_TOLD_CHARS)
        return told_order(islice(filter(_DIGIT.search, lines), MOST_LINES_FOR_ORDER))

    def moment(self, text: str) -> Moment | None:
        """Return the moment a short text names on this page, or None."""
        return read_moment(text, self.captured_at, lambda: self.day_first, self.zone)

    def lines(self, element: HtmlElement, skip: frozenset[HtmlElement] = frozenset()) -> list[str]:
        """Return the lines of an element without what stands in `skip`."""
        spans = self.page.spans
        span = spans.get(element)
        if span is None or not spans.keys() >= skip:
            return [line for _, line in block_lines(element, skip)]
        start, end = span
        kept: list[Line] = []
        for first, last in sorted(spans[part] for part in skip):  # no line inside them is even looked at
            kept += self.page.lines[start : min(first, end)]
            start = max(start, last)
        kept += self.page.lines[start:end]
        return [line.text for line in kept]


class Parts:
    """The elements of a block in reading order, and by what their tags and names say of them."""

    __slots__ = ("all", "cites", "dated", "named", "props", "texts")

    def __init__(self, parts: list[HtmlElement]) -> None:
        self.all = parts
        self.named: list[tuple[HtmlElement, Marks]] = []
        self.props: list[tuple[HtmlElement, str]] = []
        self.dated: list[HtmlElement] = []
        self.cites: list[HtmlElement] = []
        self.texts: list[HtmlElement] = []
        for part in parts:
            told, prop, tag = marks(part), part.get("itemprop"), part.tag
            if told is not NOTHING:
                self.named.append((part, told))
            if prop:
                self.props.append((part, prop.lower()))
            if told.time or tag in ("time", "abbr") or (prop and prop.lower() in _TIME_PROPS):
                self.dated.append(part)
            if tag == "cite":
                self.cites.append(part)
            told_text = (prop and prop.lower() in _TEXT_PROPS) or part.get("data-role") == "commentContent"
            if told_text or (part.get("id") or "").startswith("post_message_"):
                self.texts.append(part)

    def titled(self, besides: HtmlElement | None) -> HtmlElement | None:
        """Return the first element that is named as a title."""
        return next((part for part, told in self.named if told.title and part is not besides), None)


def own(element: HtmlElement, nested: frozenset[HtmlElement]) -> list[HtmlElement]:
    """Return the elements of a block in reading order, without those inside its nested answers."""
    if not nested:
        return list(element.iter("*"))
    found = []
    stack = [element]
    while stack:
        current = stack.pop()
        if current in nested or not isinstance(current.tag, str):
            continue
        found.append(current)
        stack.extend(reversed(current))
    return found


def read_item(element: HtmlElement, nested: frozenset[HtmlElement], context: Context) -> Item | None:
    """Return the answer that a block holds, or None when it holds no text.

    `nested` are the blocks of answers inside it, which are not its own.
    """
    block = (element, nested)
    if block not in context.known:
        context.known[block] = _read(element, nested, context)
    return context.known[block]


def _read(element: HtmlElement, nested: frozenset[HtmlElement], context: Context) -> Item | None:
    parts = Parts(own(element, nested))
    when, moment = _find_time(parts, nested, context)
    who, name = _find_author(parts, nested, when, context)
    title_element = parts.titled(who)
    body = _find_text(parts, nested, who, when, context)
    head = Head()
    if body is not None:
        lines = context.lines(body, nested | _quotes(body, context))
        lines = [line for line in lines if not is_quote_label(line)]
        moment = moment or _stamp_beside(element, nested | {body}, context)
    else:
        known = (who, when, title_element) if name is not None else (title_element,)
        skip = nested | {part for part in known if part is not None and part is not element}
        lines = _free_lines(parts, element, skip, context)
        clock = None if name is not None and moment is not None else context.moment
        head = read_head(lines, clock, named=name is not None)
        lines = [line for line in head.rest if not is_control(line)]
    text = "\n".join(lines)
    if not text.strip():
        return None
    subject, name = split_subject(name)
    title = (
        subject or _short("\n".join(context.lines(title_element, nested)))
        if title_element is not None and title_element is not body
        else subject
    )
    return Item(
        element, text, name or head.author, moment or head.published, title or head.title,
        _find_rating(parts), native_id(element),
    )  # fmt: skip


def _quotes(body: HtmlElement, context: Context) -> frozenset[HtmlElement]:
    """Return what an answer repeats of another, where markup says so and something of its own is left."""
    found = quotes_in(body, context.page)
    return found if found and context.lines(body, found) else frozenset()


def _stamp_beside(element: HtmlElement, skip: frozenset[HtmlElement], context: Context) -> Moment | None:
    """Return the time that stands on an unmarked line of a block, outside its text.

    A day on which its writer joined stands there too, beside the word for it or below: one that knows the hour
    is rather that of the answer.
    """
    first: Moment | None = None
    headed = False
    for line in context.lines(element, skip):
        tells = tells_joining(line)
        joined, headed = tells or headed, tells and not find_printed(line)
        if len(line) > LONGEST_TIME_CHARS or joined or not find_printed(line):
            continue
        moment = context.moment(line)
        if moment is not None and moment.precision in ("minute", "second"):
            return moment
        first = first or moment
    return first


def _free_lines(
    parts: Parts, element: HtmlElement, skip: frozenset[HtmlElement], context: Context
) -> list[str]:
    furniture = {
        part
        for part, told in parts.named
        if told.furniture and part is not element and _is_furniture(part, context)
    }
    return context.lines(element, skip | furniture)


def _is_furniture(part: HtmlElement, context: Context) -> bool:
    """True for buttons, counters, pictures of authors, named so: small things round an answer's text."""
    if part.tag not in ("button", "form", "a", "div", "span", "p", "ul", "footer"):
        return False
    return len("\n".join(context.lines(part))) < MOST_FURNITURE_CHARS


def _short(text: str) -> str | None:
    line = squeeze(text)
    return line if line and len(line) <= 200 else None


def _find_time(
    parts: Parts, nested: frozenset[HtmlElement], context: Context
) -> tuple[HtmlElement | None, Moment | None]:
    """Return the element that holds the time and the time; what is made for machines goes before print."""
    for texts in (_machine_texts, _printed_texts):
        for part in parts.dated:
            for text in texts(part, nested, context):
                moment = context.moment(text)
                if moment is not None:
                    return part, moment
    return None, None


def _machine_texts(part: HtmlElement, _nested: frozenset[HtmlElement], _context: Context) -> Iterator[str]:
    for name in ("datetime", "content", "data-time", "data-timestamp", "data-utime", "data-date", "title"):
        if part.get(name):
            yield str(part.get(name))


def _printed_texts(part: HtmlElement, nested: frozenset[HtmlElement], context: Context) -> Iterator[str]:
    text = squeeze("\n".join(context.lines(part, nested)))
    if text and len(text) <= LONGEST_TIME_CHARS:
        yield text


def _find_author(
    parts: Parts, nested: frozenset[HtmlElement], when: HtmlElement | None, context: Context
) -> tuple[HtmlElement | None, str | None]:
    for element in _author_elements(parts):
        if element is when:
            continue
        outside = when is None or not _is_inside(when, element, parts.all[0])
        name = _name_in(element, nested if outside or when is None else nested | {when}, context)
        if name is not None:
            return element, name
    data = next((data for part in parts.all if (data := part.get("data-author"))), None)
    return None, clean_name(data) if data else None


def _author_elements(parts: Parts) -> Iterator[HtmlElement]:
    for part, prop in parts.props:
        if prop in _AUTHOR_PROPS:
            yield from (inner for inner in part.iter() if (inner.get("itemprop") or "").lower() == "name")
            yield part
    block = parts.all[0] if parts.all else None
    named = [
        (told.author, part) for part, told in parts.named if told.author is not None and part is not block
    ]
    yield from (part for _, part in sorted(named, key=lambda pair: pair[0]))
    yield from parts.cites


def _name_in(element: HtmlElement, skip: frozenset[HtmlElement], context: Context) -> str | None:
    content = element.get("content")
    if content and element.tag in ("meta", "link"):
        return clean_name(content)
    for line in context.lines(element, skip):
        name = clean_name(line)
        if name and len(name) <= LONGEST_NAME_CHARS and not is_email(name) and not find_printed(name):
            return name
    return None


def _find_text(
    parts: Parts,
    nested: frozenset[HtmlElement],
    who: HtmlElement | None,
    when: HtmlElement | None,
    context: Context,
) -> HtmlElement | None:
    for part in _text_elements(parts):
        around = any(each is not None and _is_inside(each, part, parts.all[0]) for each in (who, when))
        if around or not context.lines(part, nested):
            continue
        return _inmost(part, nested, context)
    return None


def _is_inside(element: HtmlElement, part: HtmlElement, block: HtmlElement) -> bool:
    """Return whether an element is a part of the block it stands in, or stands in that part."""
    current: HtmlElement | None = element
    while current is not None and current is not part and current is not block:
        current = current.getparent()
    return current is part


def _inmost(body: HtmlElement, nested: frozenset[HtmlElement], context: Context) -> HtmlElement:
    """Return the part that is named as text inside a body with a heading or a byline of its own, else the body."""
    if next(body.iter("h1", "h2", "h3", "h4", "h5"), None) is None:
        return body
    around = nested | _quotes(body, context)
    for part in _text_elements(Parts(own(body, around))):
        if next(part.iter("h1", "h2", "h3", "h4", "h5"), None) is None and context.lines(part, around):
            return part
    return body


def _text_elements(parts: Parts) -> Iterator[HtmlElement]:
    block = parts.all[0] if parts.all else None
    yield from (part for part in parts.texts if part is not block)
    named = [(told.text, part) for part, told in parts.named if told.text is not None and part is not block]
    for _, part in sorted(named, key=lambda pair: pair[0]):
        if part.tag not in ("a", "span", "input", "textarea") or part.get("class") == _BODY_SPAN:
            yield part


def _find_rating(parts: Parts) -> int | None:
    voted = {part for part, prop in parts.props if prop == "upvotecount"}
    rated = {part for part, told in parts.named if told.rating} | voted
    for part in (part for part in parts.all if part in rated) if rated else ():
        match = _NUMBER.match(squeeze(part.text or part.get("content") or ""))
        if match:
            return int(match[1].replace("−", "-"))
    return None


def native_id(element: HtmlElement) -> str | None:
    """Return the platform's own id of an answer, read from ids and data attributes in and around its block."""
    for name in ("data-comment-id", "data-commentid", "data-id", "data-cid", "data-post-id", "data-pid"):
        if (element.get(name) or "").strip():
            return str(element.get(name)).strip()
    around = islice((parent for parent in element.iterancestors() if len(parent) == 1), 3)
    inside = islice((part for part in element.iter() if part.get("id") or part.get("name")), 6)
    for part in chain([element], around, inside):
        for value in (part.get("id"), part.get("name") if part.tag == "a" else None):
            match = _ID.search(value or "")
            if match:
                return match[1]
    return None
