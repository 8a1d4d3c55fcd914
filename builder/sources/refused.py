"""Places that are not collected from, and why: a login is needed, or the terms forbid it.

A recipe that starts at one of them is refused with the reason and the way there is instead, and the crawler does
not follow links to them. Where only the terms stand against it, a recipe may state the permission it has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a place is left alone and what to do instead; `by_permission` if a stated permission lifts it."""

    name: str
    hosts: tuple[str, ...]
    why: str
    instead: str
    paths: str = ""
    by_permission: bool = False

    def covers(self, host: str, path: str) -> bool:
        """Return whether an address lies there; `host` in lower case."""
        return any(host == name or host.endswith("." + name) for name in self.hosts) and bool(
            re.match(self.paths, path)
        )


_EXPORT = 'Import what you collected by other means (kind = "import", format = "{}").'

REFUSALS = (
    Refusal(
        "X",
        ("x.com", "twitter.com", "t.co", "nitter.net"),
        "posts are shown to people who are logged in, and the terms forbid collection without permission",
        _EXPORT.format("x") + " The API gives such exports to those who have access.",
    ),
    Refusal(
        "Facebook",
        ("facebook.com", "fb.com", "fb.watch", "messenger.com"),
        "pages need a login, and the terms forbid automated collection",
        _EXPORT.format("table") + " The Meta Content Library is open to researchers.",
    ),
    Refusal(
        "Instagram",
        ("instagram.com", "threads.net", "threads.com"),
        "pages need a login, and the terms forbid automated collection",
        _EXPORT.format("zeeschuimer"),
    ),
    Refusal(
        "TikTok",
        ("tiktok.com",),
        "the terms forbid automated collection from its pages",
        _EXPORT.format("zeeschuimer") + ' The Research API gives exports of format "tiktok-research".',
    ),
    Refusal(
        "Reddit",
        ("reddit.com", "redd.it"),
        "anonymous access to .json and feeds was shut in 2026, and the terms forbid collection without agreement",
        _EXPORT.format("reddit"),
    ),
    Refusal(
        "YouTube",
        ("youtube.com", "youtu.be"),
        "the terms forbid automated collection from its pages",
        _EXPORT.format("youtube") + " The Data API gives such exports to everybody with a key of their own.",
        paths=r"/(?!feeds/)",
    ),
    Refusal(
        "Telegram",
        ("t.me", "telegram.me"),
        "its terms forbid scraping and the making of data sets from previews",
        'Ask the channel, then state it in the block: permission = "by the channel\'s owner, 2026-01-02".',
        by_permission=True,
    ),
    Refusal(
        "mastodon.social",
        ("mastodon.social", "mastodon.online"),
        "its terms forbid automated extraction, archives and training since July 2025",
        'Choose another server, or state the permission you have: permission = "...".',
        by_permission=True,
    ),
    Refusal(
        "Disqus",
        ("disqus.com",),
        "its interface asks for a key of your own, and keys taken from embedded pages are not yours",
        _EXPORT.format("table"),
    ),
)


def refusal(url: str, permission: str | None = None) -> Refusal | None:
    """Return why an address is not collected from, or None. `permission` is what the recipe's block states."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    for place in REFUSALS:
        if place.covers(host, parts.path or "/"):
            return None if place.by_permission and permission else place
    return None
