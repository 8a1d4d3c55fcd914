"""What is inside a crawl: the identity of a URL, and what the guards hold back before it enters the frontier."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from builder.crawl.fetcher import Answer
from builder.crawl.frontier import Entry, Found
from builder.crawl.guard import AddressRefused, Guard
from builder.crawl.robots import MAX_REDIRECTS, Rules
from builder.crawl.traps import Shapes, trap_in
from builder.model import PAGE, Target
from builder.sources import site_for
from builder.sources.base import AnySource
from builder.sources.discovery import SNIFFED_BYTES, sniffed_role, web_address
from builder.sources.refused import refusal
from builder.sources.site import SiteSource
from builder.storage import canonical_json
from builder.urls import canonical_url, fetchable_url

FIRST, NORMAL = 0, 1
EXCLUDED = "excluded"
"""Reason for leaving out what an older recipe found and this one does not ask for; a later one may again."""
ShapesOf = Callable[[str], Shapes]


class Scope:
    """Decides for one recipe what may enter its frontier, and under which identity."""

    def __init__(self, guard: Guard, max_depth: int, year_now: int) -> None:
        self._guard = guard
        self._max_depth = max_depth
        self._year_now = year_now

    def admit(
        self, target: Target, shapes: ShapesOf | None = None, *, source: AnySource | None = None
    ) -> Found | str:
        """Return the target as the frontier takes it, or the name of what holds it back.

        `shapes` gives what is known of the addresses of a host, named as `host_of` does.
        """
        url = fetchable_url(target.url)
        try:
            self._guard.check_url(url)
        except AddressRefused:
            return "address"
        if refusal(url, source.block.permission if source is not None else None) is not None:
            return "refused platform"
        if target.depth > self._max_depth:
            return "too deep"
        if target.role == PAGE and target.how != "start":
            trap = trap_in(url, self._year_now)
            if trap is not None:
                return f"trap: {trap}"
            if shapes is not None and not shapes(host_of(url)).admits(url):
                return "trap: too many filters"
        clean = replace(target, url=url)
        priority = NORMAL if target.role == PAGE and target.depth else FIRST
        return Found(clean, identity(clean, source), host_of(url), priority=priority)

    def still_wanted(self, source: AnySource, target: Target) -> bool:
        """Return whether the recipe as it stands now still asks for a page that was found by an older one."""
        if not isinstance(source, SiteSource) or target.role != PAGE or target.how in ("start", "redirect"):
            return True
        return target.how == "pagination" or source.wants(target.url)

    def sitemaps(self, sources: Iterable[AnySource], origin: str, rules: Rules) -> list[Target]:
        """Return the sitemaps that an origin's robots.txt names, for each source that wants them."""
        return [
            Target(url, source.name, "sitemap", via=f"{origin}/robots.txt", how="sitemap")
            for source in sources
            if isinstance(source, SiteSource) and source.block.sitemaps and source.at_home(origin)
            for line in rules.sitemaps
            if line.startswith(("http://", "https://", "/")) and (url := web_address(origin, line))
        ]

    def with_role(self, target: Target, answer: Answer) -> Target:
        """Return the target with the role its answer shows: a page that turns out to be a feed or a sitemap."""
        if target.role != PAGE or answer.status != 200:
            return target
        role = sniffed_role(answer.headers, answer.body(SNIFFED_BYTES))
        return target if role == PAGE else replace(target, role=role)

    def redirect(self, source: AnySource, entry: Entry, location: str) -> Found | str:
        """Return where a redirect points to as the frontier takes it, or why it is not followed.

        At most five hops; pages below the start only to where the source's own links may lead.
        """
        if entry.hops >= MAX_REDIRECTS:
            return "redirects without end"
        target = replace(entry.target, url=location, via=entry.target.url, how="redirect")
        if isinstance(source, SiteSource) and entry.target.depth and not source.wants(location):
            return "redirect leads outside"
        found = self.admit(target, source=source)
        if isinstance(found, str):
            return f"redirect refused: {found}"
        return replace(found, hops=entry.hops + 1)


def mark_of(source: AnySource, max_depth: int) -> str:
    """Return a mark of what of an answer's links is asked for: it changes as the recipe's patterns and depth do."""
    said = canonical_json([source.scope, max_depth])
    return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()


def identity(target: Target, source: AnySource | None) -> str:
    """Return what makes two addresses one: a site's own rule, else the canonical URL. An API's address is its own.

    Headers that a source sends along, such as a Range, are part of it.
    """
    if target.role != PAGE:
        return "\n".join((target.url, *(f"{name}: {value}" for name, value in target.headers)))
    site = site_for(urlsplit(target.url).hostname or "")
    own = site.canonical_url(target.url) if site is not None else None
    if own is not None:
        return own
    keep = frozenset(source.block.keep_params) if isinstance(source, SiteSource) else frozenset[str]()
    return canonical_url(target.url, keep)


def host_of(url: str) -> str:
    """Return the host of a URL as politeness counts it: name and port, default ports and a last dot left out."""
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    name = (parts.hostname or "").lower().rstrip(".")
    name = f"[{name}]" if ":" in name else name
    return name if parts.port in (None, default) else f"{name}:{parts.port}"
