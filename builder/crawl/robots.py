"""What robots.txt allows: RFC 9309, decided by protego, with the rule behind each verdict.

How an answer becomes a verdict stands in `verdict_of`: 2xx rules, 4xx and too many redirects allow, 5xx and no
answer forbid. The bytes are kept in the frontier for 24 hours, longer only while a host cannot be reached.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from protego import Protego

from builder.model import Rights
from builder.optout import group_lines, longest_rule

MAX_ROBOTS_BYTES = 524_288
"""RFC 9309 section 2.5: at least 500 kibibytes are read."""
MAX_REDIRECTS = 5
"""RFC 9309 section 2.3.1.2: at least five hops are followed."""
REFRESH_S = 86_400
"""RFC 9309 section 2.4: not used for more than 24 hours."""
MAX_CRAWL_DELAY_S = 300.0
"""A longer Crawl-delay is kept to as well, up to here; hosts that ask for more are asked this seldom."""

Verdict = Literal["rules", "allow", "forbid"]

_BEHIND_PRODUCT = re.compile(r"(?im)^([ \t]*+user-agent[ \t]*+:[ \t]*+[\w-]++)[^\w\s*#-].*$")
"""What stands behind a product token is no part of the name (RFC 9309, 2.2.1); protego would compare it too."""


def verdict_of(status: int | None) -> tuple[Verdict, str]:
    """Return the verdict of a robots.txt answer by its status, and a word on why; None means no answer came.

    A 3xx stands for a redirect that was not followed to an end (RFC 9309, 2.3.1.2-4).
    """
    if status is None:
        return "forbid", "robots.txt unreachable"
    if 200 <= status < 300:
        return "rules", f"robots.txt {status}"
    if status >= 500:
        return "forbid", f"robots.txt {status}"
    return "allow", f"robots.txt {status}"


def is_passing(status: int | None) -> bool:
    """Return whether a robots.txt may be there at another moment: no answer, 5xx, or 429, which says "not now"."""
    return status is None or status == 429 or status >= 500


def decoded_robots(body: bytes) -> str:
    """Return the text of a robots.txt: first 512 KiB, byte order mark dropped, UTF-8 and, if it is not, as it may be.

    Comments in another encoding do no harm; NULs are dropped.
    """
    cut = body[:MAX_ROBOTS_BYTES]
    if len(body) > MAX_ROBOTS_BYTES:
        # A line cut in two could turn "Disallow: /private" into "Disallow: /".
        cut = cut[: max(cut.rfind(b"\n"), cut.rfind(b"\r")) + 1]
    return cut.decode("utf-8-sig", "replace").replace("\0", "")


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict for one URL and the line behind it."""

    allowed: bool
    rule: str

    @property
    def rights(self) -> Rights:
        """The verdict as a capture carries it."""
        return Rights("allowed" if self.allowed else "forbidden", self.rule)


class Rules:
    """The rules of one origin for one agent."""

    def __init__(self, verdict: Verdict, detail: str, body: bytes, agent: str) -> None:
        self.verdict = verdict
        self.detail = detail
        self.agent = agent
        self.text = decoded_robots(body) if verdict == "rules" else ""
        self._parsed = Protego.parse(_BEHIND_PRODUCT.sub(r"\1", self.text))
        self._lines = group_lines(self.text, agent)

    def ruling(self, url: str) -> Ruling:
        """Return whether a URL may be asked for, and why."""
        if self.verdict != "rules":
            return Ruling(self.verdict == "allow", self.detail)
        allowed = bool(self._parsed.can_fetch(url, self.agent))
        rule = longest_rule(self._lines, _path(url))
        if rule is None or (rule[0] == "allow") != allowed:
            return Ruling(allowed, "no rule matches" if allowed else "Disallow")
        return Ruling(allowed, f"{rule[0].capitalize()}: {rule[1]}")

    @property
    def delay_s(self) -> float:
        """Seconds between requests that Crawl-delay or Request-rate ask for; 0 if neither does."""
        delay = self._parsed.crawl_delay(self.agent) or 0.0
        rate = self._parsed.request_rate(self.agent)
        if rate is not None and rate.requests:
            # Whole numbers of any length: the bound comes before the division, which floats may not hold.
            delay = max(delay, min(rate.seconds, int(MAX_CRAWL_DELAY_S) * rate.requests) / rate.requests)
        return min(max(delay, 0.0), MAX_CRAWL_DELAY_S)

    @property
    def sitemaps(self) -> list[str]:
        """The sitemaps it names, as they stand there."""
        return list(self._parsed.sitemaps)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL: the reach of one robots.txt (RFC 9309, 2.3)."""
    parts = urlsplit(url)
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}"
