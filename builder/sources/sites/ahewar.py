"""الحوار المتمدن (ahewar.org): full page, mobile page, Word twin and comment page, read by their printed lines.

One article has at least six addresses (with and without www, ahewar.net, ssrcaw.org, mobile, Word twin); its
number `aid` is its identity. Charset and elements of the site are not known for sure, so no rule names any.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

from lxml.html import HtmlElement

from builder.extract import charset, repair
from builder.extract.comments import find_comments
from builder.extract.dates import parse_moment
from builder.extract.links import split
from builder.markup import block_lines, parse, squeeze
from builder.model import Author, Capture, Comment, Document, Evidence, Extraction, Moment
from builder.sources.base import Layout, Site
from builder.sources.sites.ahewar_lines import Header, comment_crumb, find_header, hashtags, issue_fits
from builder.sources.sites.ahewar_mends import Mender, quoted_phrases

READER = "ahewar/1"
"""Name and version of this reader, as it stands in every row."""

_ARTICLE_PAGES = re.compile(r"(?:^|/)(?:(?:show|word|print)\.art|s)\.asp$", re.IGNORECASE)
_COMMENT_PAGES = re.compile(r"(?:^|/)show\.com\.asp$", re.IGNORECASE)


class Ahewar(Site):
    """Reads the site's four kinds of page into one document an article, whatever its address."""

    hosts: ClassVar[tuple[str, ...]] = ("ahewar.net", "ahewar.org", "m.ahewar.org", "ssrcaw.org")
    layouts: ClassVar[tuple[Layout, ...]] = (Layout("printed-lines"),)

    def key(self, url: str) -> str | None:
        """Return "ahewar.org/aid/N" for every address of an article, "ahewar.org/coid/N" for a comment's."""
        aid, coid = _number(url, _ARTICLE_PAGES, "aid"), _number(url, _COMMENT_PAGES, "coid")
        if aid is not None:
            return f"ahewar.org/aid/{aid}"
        return None if coid is None else f"ahewar.org/coid/{coid}"

    def canonical_url(self, url: str) -> str | None:
        """Return the full page's address on www.ahewar.org for an article or comment, None for other pages."""
        aid, coid = _number(url, _ARTICLE_PAGES, "aid"), _number(url, _COMMENT_PAGES, "coid")
        if aid is not None:
            return f"https://www.ahewar.org/debat/show.art.asp?aid={aid}"
        return None if coid is None else f"https://www.ahewar.org/debat/show.com.asp?coid={coid}"

    def read(self, capture: Capture, layout: Layout) -> Extraction | None:  # noqa: ARG002
        """Return the article or comment on a page; None for addresses that hold neither.

        A page of the right address without the printed lines holds no article: "no-header-line".
        """
        key = self.key(capture.url)
        if key is None:
            return None
        decoded = charset.decode(capture.body, capture.header("Content-Type"))
        if decoded is None:
            return Extraction(failed="charset")
        mended = repair.repair(decoded.text)
        tree = parse(mended.text)
        if tree is None:
            return Extraction(skipped="empty")
        flags = ("mojibake_repaired",) if mended.layers else ()
        page = _Page(self, capture, key, tree, decoded.charset, flags)
        return page.comment() if "/coid/" in key else page.article()


def _number(url: str, pages: re.Pattern[str], name: str) -> int | None:
    parts = urlsplit(url)
    if not pages.search(parts.path):
        return None
    values = [value for key, value in parse_qsl(parts.query) if key.lower() == name]
    return (
        int(values[0]) if values and values[0].isascii() and values[0].isdigit() and int(values[0]) else None
    )


class _Page:
    """One captured page, taken apart once."""

    def __init__(
        self,
        site: Ahewar,
        capture: Capture,
        key: str,
        tree: HtmlElement,
        encoding: str,
        flags: tuple[str, ...],
    ) -> None:
        self.site, self.capture, self.key, self.tree = site, capture, key, tree
        self.encoding, self.flags = encoding, flags
        blocks = block_lines(tree)
        self.lines = [line for _, line in blocks]
        self.page_title = next((squeeze(str(each.text_content())) for each in tree.iter("title")), "")
        meta = [each.get("content") or "" for each in tree.iter("meta")]
        self.mender = Mender(quoted_phrases([self.page_title, *meta]))
        self.header = find_header(blocks, self.page_title)

    def article(self) -> Extraction:
        """Return the article of a full page, mobile page or Word twin."""
        header = self.header
        if header is None:
            return Extraction(skipped="no-header-line")
        text = self.mender.mend("\n".join(header.body))
        title = self.mender.mend(header.title) if header.title else None
        moment = self.moment(header)
        if not text.strip():
            return Extraction(skipped="no-text")
        document = Document(
            key=self.key, url=self.capture.url,
            canonical_url=self.site.canonical_url(self.capture.url) or self.capture.url,
            site="ahewar.org", record_type="article", text=text, title=title,
            author=Author(name=header.author, native_id=self.author_id(header.author), bio=header.bio),
            section=header.axis, issue=header.issue, hashtags=hashtags(list(header.after)), published=moment,
            charset=self.encoding, reader=READER, lesser=header.variant != "full", evidence=_evidence(header, moment),
            flags=(*self.flags, *_issue_flags(header, moment), *self.mender.flags()),
            lines_removed=tuple(line for line in self.lines if line not in set(header.body)),
        )  # fmt: skip
        return Extraction(documents=(document,), comments=self.comments(header))

    def moment(self, header: Header) -> Moment | None:
        """Return the time of the issue or date line; the site names no zone."""
        return parse_moment(header.day, self.capture.ref.fetched_at)

    def author_id(self, author: str | None) -> str | None:
        """Return the site's number of an author, from the link round the name."""
        for link in self.tree.iter("a"):
            if author and squeeze(str(link.text_content())) == author:
                values = [v for k, v in parse_qsl(split(link.get("href") or "").query) if k.lower() == "i"]
                if values and values[0].isdigit():
                    return f"ahewar.org/i/{values[0]}"
        return None

    def comments(self, header: Header) -> tuple[Comment, ...]:
        """Return the answers printed behind the text."""
        found = find_comments(self.tree, self.capture.url, self.key, self.capture.ref.fetched_at).comments
        behind = "\n".join(header.after)
        return tuple(comment for comment in found if comment.text.split("\n")[0] in behind)

    def comment(self) -> Extraction:
        """Return the one comment of a comment page."""
        header = self.header
        if header is None:
            return Extraction(skipped="no-header-line")
        text = self.mender.mend("\n".join(header.body))
        crumb = comment_crumb(self.lines)
        article = self.article_key(crumb[0] if crumb else "")
        comment = Comment(
            key=self.key, document_key=article or self.key, text=text, url=self.capture.url,
            author=Author(name=header.author), published=self.moment(header),
            parent_state="none" if article else "missing", title=header.title or (crumb[1] if crumb else None), depth=0,
        )  # fmt: skip
        return Extraction(comments=(comment,)) if text.strip() else Extraction(skipped="no-text")

    def article_key(self, name: str) -> str | None:
        """Return the key of the article a comment page links to: the link with its title, else the commonest."""
        counts: Counter[str] = Counter()
        for link in self.tree.iter("a"):
            key = self.site.key(link.get("href") or "")
            if key is None or "/aid/" not in key:
                continue
            text = squeeze(str(link.text_content()))
            counts[key] += 1000 if len(text) > 3 and text in name else 1
        best = max(counts.values(), default=0)
        return next((key for key, count in counts.items() if count == best), None)


def _issue_flags(header: Header, moment: Moment | None) -> tuple[str, ...]:
    if header.issue is None or moment is None:
        return ()
    fits = issue_fits(int(header.issue), moment.instant.date())
    return () if fits else ("issue_date_conflict",)


def _evidence(header: Header, moment: Moment | None) -> tuple[Evidence, ...]:
    where = {
        "full": "issue line",
        "mobile": "date line of the mobile page",
        "word": "date line of the Word twin",
    }
    line = where[header.variant]
    found = [Evidence("text", f"between {line} and the site's closing lines")]
    if header.title:
        found.append(Evidence("title", f"above the {line}"))
    if header.author:
        latin = f", Latin name ({header.latin})" if header.latin else ""
        found.append(Evidence("author", f"above the {line}{latin}"))
    if moment is not None:
        found.append(Evidence("published", line))
    if header.axis:
        found.append(Evidence("section", "axis line"))
    if header.issue:
        fits = moment is not None and issue_fits(int(header.issue), moment.instant.date())
        found.append(
            Evidence(
                "issue", "issue line, agrees with the date" if fits else "issue line", 1.0 if fits else 0.5
            )
        )
    return tuple(found)
