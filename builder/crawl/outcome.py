"""What an answer means for its URL: kept, unchanged, gone, to be tried again; and when to come back. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from builder.crawl.fetcher import Answer
from builder.crawl.frontier import Entry, Outcome
from builder.crawl.recorder import Written
from builder.recipe import CrawlBlock
from builder.sources.discovery import web_address

RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
GONE = frozenset({404, 410})
MAX_COPIES = 24
"""So many addresses of the same bytes are followed: frames and empty lists repeat, traps repeat for ever."""
REFUSED = frozenset({401, 402, 403, 451})
DAY_S = 86_400.0
PAGE_FACTOR = 7.0
"""First interval of a page in units of recrawl_min_days; pages that list others begin with one unit."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcome of a visit. `follow`: its links are wanted; `redirect`: the address it points to."""

    outcome: Outcome
    reason: str | None = None
    retry: bool = False
    follow: bool = False
    redirect: str | None = None


def judge_answer(
    entry: Entry, answer: Answer, written: Written, *, nofollow: bool, copies: int = 0, mark: str = ""
) -> Judgement:
    """Return what an answer that is in the archive means for its URL.

    `nofollow`: it asks to leave its links; `copies`: so many URLs were seen to give the same bytes; `mark`: of what
    is followed now, other links of a page that stayed the same than when it was followed last.
    """
    status = answer.status
    if status == 304 and entry.record_id is None:
        return Judgement("failed", "status 304 where nothing was known", retry=True)
    if status == 304:
        return Judgement("unchanged")
    if status in REDIRECTS:
        return _redirected(answer)
    if not 200 <= status < 300:
        return _without_page(entry, status)
    if answer.truncated in ("time", "disconnect"):
        return Judgement("failed", f"cut off: {answer.truncated}", retry=True)
    if answer.truncated == "unspecified":
        return Judgement("refused", f"type: {answer.mime}")
    same = written.digest == entry.digest or written.entity == entry.entity
    # The same bytes at another address are a copy or a trap: relative links may still lead elsewhere from there.
    is_news = written.kind == "response" or (not same and copies < MAX_COPIES) or is_outdated(entry, mark)
    return Judgement("unchanged" if same else "kept", follow=is_news and not nofollow)


def is_outdated(entry: Entry, mark: str) -> bool:
    """Return whether the links of a URL were followed, and others than a recipe of this mark asks for."""
    return entry.followed is not None and entry.followed != mark


def _without_page(entry: Entry, status: int) -> Judgement:
    if status in RETRIED:
        return Judgement("failed", f"status {status}", retry=True)
    if status in GONE:
        return Judgement("gone" if entry.digest else "missing", f"status {status}", follow=True)
    if status in REFUSED:
        # An interface that is shut may lead elsewhere: WordPress to its feed.
        return Judgement("refused", f"status {status}", follow=True)
    return Judgement("failed", f"status {status}", follow=True)


def _redirected(answer: Answer) -> Judgement:
    location = answer.header("location")
    if not location:
        return Judgement("failed", f"status {answer.status} without Location")
    onward = web_address(answer.url, location)
    if onward is None:
        return Judgement("failed", f"status {answer.status}: Location is no web address")
    return Judgement("redirect", redirect=onward)


def next_interval_s(entry: Entry, outcome: Outcome, settings: CrawlBlock) -> float:
    """Return the seconds until a URL's next visit: halved by a change, doubled by none, within the recipe's bounds."""
    shortest, longest = settings.recrawl_min_days * DAY_S, settings.recrawl_max_days * DAY_S
    if outcome == "failed":
        return shortest
    if outcome in ("gone", "missing", "refused"):
        return longest
    if entry.interval_s is None:
        lists_others = entry.target.role != "page" or entry.target.depth == 0
        wanted = shortest * (1.0 if lists_others else PAGE_FACTOR)
    else:
        wanted = entry.interval_s * (0.5 if outcome == "kept" else 2.0)
    return min(max(wanted, shortest), max(longest, shortest))
