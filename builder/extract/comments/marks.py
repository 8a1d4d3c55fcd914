"""What the class names and the id of an element say of its part in an answer, asked once for each spelling."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from lxml.html import HtmlElement

_AUTHOR_NAMES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"^(?:fn|p-name|bigusername|normalname|username|user-?name|nick(?:name)?|commenter(?:-?name)?|comment(?:er)?[-_]?name)$",
        r"^comment[-_]?(?:item[-_]+)?(?:author|user|by|writer|owner|poster)(?:[-_]?(?:name|link))?$",
        r"^(?:author(?:[-_]?name)?|user|poster(?:[-_]?name)?|writer|creator|p-author|h-card|by|byline|post-?author|postprofile)$",
        r"(?:^|[-_])(?:author|username|user|nick|poster|writer|name)(?:$|[-_]name$)",
    )
)
_TEXT_NAMES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"^(?:comment|reply|post|cmt|message(?!-?content))[-_]*(?:item[-_]+)?(?:content|text|message|txt|para|msg|desc(?:ription)?)$",
        r"^(?:bbwrapper|postcolor|postcontent|post_?body|postbody|post-?entry|messagetext|message-?(?:body|content)|inner|cooked|post_content)$",
        r"^(?:comment|reply)[-_]*body$|^e-content$|^entry-content$|^commenttext$",
        r"^(?:text|content|body|message|msg|txt|desc|description)$",
        r"(?:^|[-_])(?:text|content|body|message)$",
    )
)
_TIME_NAME = re.compile(
    r"(?:^|[-_])(?:date|datetime|time|when|posted|timestamp|ago|published|metadata|permalink|postdate|created)(?:$|[-_])|(?:date|time)$"
    r"|^(?:comment|cmt|reply)[-_]?meta$",
    re.IGNORECASE,
)
_RATING_NAME = re.compile(
    r"rating[-_]?(?:value|count)?$|score|karma|votes?[-_]?(?:count|total)?$|likes?[-_]?count", re.IGNORECASE
)
_TITLE_NAME = re.compile(r"(?:comment|post|cmt)[-_]?(?:title|subject)$|^subject$|^title$", re.IGNORECASE)
_FURNITURE = re.compile(
    r"(?:^|[-_])(?:repl(?:y|ies)|toolbar|rating|vote|votes|likes?|share|report|actions?|avatar|controls?|buttons?|btn|flag|tools"
    r"|signature|postfoot|reactions?|edit-link|quote-?link|awaiting-moderation|num|number|rank|postcount|links)(?:$|[-_])",
    re.IGNORECASE,
)
_QUOTE_NAME = re.compile(
    r"^(?:bb[-_]?code[-_]?(?:container|block--quote)|bbCodeBlock|quote(?:_?(?:container|header|box|content|body|title|author))?"
    r"|top_?quote(?:header|footer)|blockquote-quote|ipsquote|mycode_quote|bbc_(?:standard_|alternate_)?quote)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Marks:
    """What names say. `author` and `text` are ranks, 0 for the surest name, None for no such name."""

    author: int | None
    text: int | None
    time: bool
    rating: bool
    title: bool
    furniture: bool
    quote: bool


NOTHING = Marks(None, None, time=False, rating=False, title=False, furniture=False, quote=False)
"""What most names say; there is one object of it, so that it is known without a look inside."""


def tokens(element: HtmlElement) -> list[str]:
    """Return the class names of an element and its id."""
    return _tokens(element.get("class"), element.get("id"))


def marks(element: HtmlElement) -> Marks:
    """Return what the class names and the id of an element say of it."""
    return _marks(element.get("class"), element.get("id"))


def is_quote(element: HtmlElement) -> bool:
    """Return whether an element repeats another's words: by its name, or as a quotation that says whose they are."""
    return marks(element).quote or (element.tag == "blockquote" and element.find(".//cite") is not None)


def _tokens(names: str | None, own_id: str | None) -> list[str]:
    found = (names or "").split()
    return [*found, own_id] if own_id else found


_DIGITS = str.maketrans("123456789", "0" * 9)
"""No pattern asks which digit stands in a name."""


@lru_cache(maxsize=8192)  # the answers of a page, and the pages of a site, bear the same few names
def _marks(names: str | None, own_id: str | None) -> Marks:
    if not names and not own_id:
        return NOTHING
    return _spelled((names or "").translate(_DIGITS), (own_id or "").translate(_DIGITS))


@lru_cache(maxsize=8192)
def _spelled(names: str, own_id: str) -> Marks:
    found = _tokens(names, own_id)
    told = Marks(
        author=_rank(_AUTHOR_NAMES, found),
        text=_rank(_TEXT_NAMES, found),
        time=any(map(_TIME_NAME.search, found)),
        rating=any(map(_RATING_NAME.search, found)),
        title=any(map(_TITLE_NAME.search, found)),
        furniture=any(map(_FURNITURE.search, found)),
        quote=any(map(_QUOTE_NAME.search, found)),
    )
    return NOTHING if told == NOTHING else told


def _rank(patterns: Sequence[re.Pattern[str]], names: list[str]) -> int | None:
    return next((rank for rank, pattern in enumerate(patterns) if any(map(pattern.search, names))), None)
