"""Names of sites: what stands in a page's title beside the article's own, and is never a title or an author."""

from __future__ import annotations

import re

from builder.extract.wording import folded

META = ("og:site_name", "application-name", "apple-mobile-web-app-title", "dc.publisher", "copyright")
"""Names of meta elements that give the name of a site."""

TYPES = frozenset(("WebSite", "Organization", "NewsMediaOrganization"))
"""schema.org types whose name is that of a site."""

MAX_SITE_WORDS = 4
"""Most words of a part of a title that begins like the name of a paper and is taken for one."""

SEPARATOR = re.compile(r"\s+[|\-–—:»«/·•~]+\s+|\s*[|»«]\s*|\s+::\s+|(?<=\w)\s+-(?=\w)|\s*[:\-–—]\s+(?=\S)")
"""Signs between the name of an article and the name of its site."""

_PAPER = re.compile(
    r"(?:جريده|صحيفه|موقع|شبكه|وكاله|مجله|منتديات|منتدي|مدونه|بوابه|راديو|اذاعه|تلفزيون|الصفحه الرييسيه"
    r"|home)(?:\s|$)"
)


def is_site_name(text: str, sites: frozenset[str]) -> bool:
    """Return whether a text is the site's name, or begins like the name of a newspaper, a forum, a blog."""
    words = folded(text)
    return words in sites or bool(_PAPER.match(words) and len(words.split()) <= MAX_SITE_WORDS)


def strip_site(title: str, sites: frozenset[str]) -> str:
    """Return a title without the parts at its ends that name the site."""
    parts = SEPARATOR.split(title)
    marks = [match.group() for match in SEPARATOR.finditer(title)]
    while len(parts) > 1 and is_site_name(parts[-1], sites):
        parts.pop()
        marks.pop()
    while len(parts) > 1 and is_site_name(parts[0], sites):
        parts.pop(0)
        marks.pop(0)
    joined = parts[0] + "".join(mark + part for mark, part in zip(marks, parts[1:], strict=True))
    return joined.strip() or title
