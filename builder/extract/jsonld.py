"""JSON-LD of a page: every object in it, also out of blocks that are not quite JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from lxml.html import HtmlElement

Json = Mapping[str, object]
"""One JSON object as it stood on the page."""

ARTICLE = re.compile(r"(?:Article|Posting|Report|Review|CreativeWork|Blog(?:Post)?)$")
"""schema.org types whose headline is that of a text."""

MAX_BLOCK_CHARS = 2_000_000
"""Longer blocks are data dumps, not descriptions of a page."""

MAX_OBJECTS = 5_000
"""More objects than this are not read: no page describes itself with so many."""

_WRAPPING = re.compile(r"^\s*(?://)?\s*(?:<!--|<!\[CDATA\[)?\s*|\s*(?://)?\s*(?:-->|\]\]>)?\s*;?\s*$")
MAX_SALVAGE_CHARS = 100_000
"""So much of a broken block is searched for dates; the page's own stand at its beginning."""

_DATES = re.compile(r'"(date(?:Published|Modified|Created))"\s*:\s*"([^"]{4,40})"')
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")


def objects(tree: HtmlElement) -> list[Json]:
    """Return all JSON-LD objects of a page in reading order, nested ones behind those that hold them."""
    found: list[Json] = []
    for script in tree.iter("script"):
        if is_block(script):
            for item in _walk(_load(script.text or "")):
                if len(found) >= MAX_OBJECTS:
                    return found
                found.append(item)
    return found


def is_block(script: HtmlElement) -> bool:
    """Return whether a script is a block of JSON-LD."""
    return "ld+json" in (script.get("type") or "").lower()


def types(item: Json) -> tuple[str, ...]:
    """Return the schema.org types of an object without their prefix: "https://schema.org/Article" -> "Article"."""
    return tuple(re.split(r"[/#:]", name)[-1] for name in strings(item.get("@type")))


def strings(value: object) -> list[str]:
    """Return the strings in a value that may be one string or a list of them."""
    values = value if isinstance(value, list) else [value]
    return [part for part in values if isinstance(part, str)]


def text_value(value: object) -> str | None:
    """Return a value as text: a string, the `@value` of an object, the first of a list; None when there is none."""
    if isinstance(value, list):
        return next((text for text in map(text_value, value[:8]) if text), None)
    if isinstance(value, dict):
        return text_value(value.get("@value"))
    if isinstance(value, str):
        return value.strip() or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _load(text: str) -> object:
    if len(text) > MAX_BLOCK_CHARS:
        return None
    plain = text.strip()
    if not (plain.startswith(("{", "[")) and plain.endswith(("}", "]"))):
        plain = _WRAPPING.sub("", text)
    for candidate in (plain, _TRAILING_COMMA.sub("", plain)):
        try:
            return json.loads(candidate, strict=False)
        except (ValueError, RecursionError):
            continue
    return _salvaged(plain)


def _salvaged(text: str) -> object:
    """Return the dates of a block that is no JSON (a stray quote is enough), as an object of no known headline."""
    found = dict(_DATES.findall(text[:MAX_SALVAGE_CHARS])[::-1])
    return {"@type": "Article", **found} if found else None


def _walk(value: object) -> Iterator[Json]:
    stack = [value]
    while stack:
        current = stack.pop()
        if isinstance(current, dict):
            yield current
            stack.extend(reversed(list(current.values())))
        elif isinstance(current, list):
            stack.extend(reversed(current))
