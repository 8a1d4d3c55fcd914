"""Turns what was read into Comments with stable keys, places and parents."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

from lxml.html import HtmlElement

from builder.extract.comments.item import Item
from builder.extract.comments.structured import Structured
from builder.model import Author, Comment

_NAMELESS = re.compile(r"(?:غير معروف|مجهول|مجهولة|بدون اسم|بلا اسم|anonymous|unknown)$", re.IGNORECASE)


def from_items(items: list[Item], url: str, document_key: str) -> list[Comment]:
    """Return the comments of blocks in reading order; a block inside another answers it."""
    keys = _keys([(item.native_id, item.author, item.text) for item in items], document_key)
    at = {item.element: index for index, item in enumerate(items)}
    found: list[Comment] = []
    for index, item in enumerate(items):
        parent = _parent(item.element, at)
        found.append(
            Comment(
                key=keys[index], document_key=document_key, text=item.text, url=_address(url, item),
                author=Author(name=_named(item.author)), published=item.published, title=item.title, rating=item.rating,
                parent_key=None if parent is None else keys[parent],
                parent_state="none" if parent is None else "present",
                position=index, depth=0 if parent is None else (found[parent].depth or 0) + 1,
            )
        )  # fmt: skip
    return found


def from_structured(told: list[Structured], url: str, document_key: str) -> list[Comment]:
    """Return the comments of JSON-LD in reading order, with the parents it names."""
    keys = _keys([(each.native_id, each.author, each.text) for each in told], document_key)
    by_id = {each.native_id: index for index, each in enumerate(told) if each.native_id}
    found: list[Comment] = []
    for index, each in enumerate(told):
        parent = by_id.get(each.parent_id) if each.parent_id else None
        known = parent is not None and parent < index
        found.append(
            Comment(
                key=keys[index], document_key=document_key, text=each.text, url=url,
                author=Author(name=_named(each.author)),
                published=each.published, title=each.title, rating=each.rating,
                parent_key=keys[parent] if parent is not None else None,
                parent_state="present" if parent is not None else "missing" if each.parent_id else "none",
                position=index, depth=(found[parent].depth or 0) + 1 if known and parent is not None else 0,
            )
        )  # fmt: skip
    return found


def opening_and_answers(posts: list[Comment]) -> tuple[Comment, list[Comment]]:
    """Split the posts of a thread's first page: the first is the thread, the others count from 0."""
    return posts[0], [replace(post, position=index) for index, post in enumerate(posts[1:])]


def _named(name: str | None) -> str | None:
    """Return a printed name, None for words that say there is none: all the nameless are not one person."""
    return None if name is None or _NAMELESS.match(name) else name


def _keys(marks: list[tuple[str | None, str | None, str]], document_key: str) -> list[str]:
    """Return one key an answer: its native id, else a digest of who said what; repeats get a number."""
    seen: dict[str, int] = {}
    keys = []
    for native, author, text in marks:
        name = (
            native or hashlib.blake2b(f"{author}\n{text}".encode(errors="replace"), digest_size=8).hexdigest()
        )
        seen[name] = seen.get(name, 0) + 1
        keys.append(f"{document_key}#comment-{name}" + (f"-{seen[name]}" if seen[name] > 1 else ""))
    return keys


def _address(url: str, item: Item) -> str:
    anchor = item.element.get("id")
    return f"{url.split('#')[0]}#{anchor}" if anchor else url


def _parent(element: HtmlElement, at: dict[HtmlElement, int]) -> int | None:
    return next((at[ancestor] for ancestor in element.iterancestors() if ancestor in at), None)
