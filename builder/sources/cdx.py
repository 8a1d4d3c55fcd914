"""What Common Crawl's and the Wayback Machine's indexes have in common: patterns, rows, the choice of captures.

Both answer the CDX question "which captures do you have of these addresses?". The field names and the framing
differ; a row here is the same for both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote_to_bytes, urlsplit

from pydantic import Field, field_validator

from builder.model import PAGE, Capture, Extraction
from builder.sources.base import Block
from builder.urls import ascii_host

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
REVISIT = "warc/revisit"
_NAMES = {"original": "url", "mimetype": "mime", "statuscode": "status"}


class CdxBlock(Block):
    """Keys that blocks of both kinds have."""

    urls: tuple[str, ...] = Field(
        min_length=1,
        description='Addresses: "example.org/*" (all below), "*.example.org" (all hosts), or one page.',
    )
    since: str | None = Field(
        None, pattern=r"^\d{4,14}$", description="First capture time, e.g. 2024 or 20240131."
    )
    until: str | None = Field(None, pattern=r"^\d{4,14}$", description="Last capture time.")
    captures: Literal["newest", "all"] = Field(
        "newest", description="Per address the newest capture, or every one with a content of its own."
    )

    @field_validator("urls")
    @classmethod
    def _bounded(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if not Pattern.of(pattern).host.strip("*."):
                message = f"{pattern!r} asks for the whole index; name a host"
                raise ValueError(message)
        return patterns


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern of addresses: a host, whether its subdomains count, and a path that may be a prefix."""

    host: str
    subdomains: bool
    path: str
    prefix: bool

    @classmethod
    def of(cls, printed: str) -> Pattern:
        """Read a pattern as CDX servers do: without scheme, "*." before a host, "*" behind a path."""
        bare = printed.split("://", 1)[-1].lower()
        host, slash, path = bare.partition("/")
        subdomains = host.startswith("*.")
        prefix = path.endswith("*") or (subdomains and not path)
        return cls(_bare_host(host.removeprefix("*.")), subdomains, (slash + path).rstrip("*") or "/", prefix)

    def matches(self, url: str) -> bool:
        """Return whether an address fits, compared as the indexes do: without "www.", case and escapes."""
        parts = urlsplit(url.lower())
        host = _bare_host(parts.netloc)
        if host != self.host and not (self.subdomains and host.endswith("." + self.host)):
            return False
        path = unquote_to_bytes((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        own = unquote_to_bytes(self.path)
        return path.startswith(own) if self.prefix else path.rstrip(b"/") == own.rstrip(b"/")


def _bare_host(netloc: str) -> str:
    host = netloc.rpartition("@")[2].removesuffix(":80").removesuffix(":443")
    return ascii_host(host.removeprefix("www."))


@dataclass(frozen=True, slots=True)
class Row:
    """One capture of an index. `place` is file name, offset and length where the index gives them."""

    urlkey: str
    timestamp: str
    url: str
    mime: str
    status: str
    digest: str
    place: tuple[str, int, int] | None = None


def read_rows(body: bytes) -> tuple[list[Row], str | None]:
    """Read an index's answer, JSON lines or the Wayback Machine's array of arrays; also the key to go on with.

    Lines that are no rows are passed over.
    """
    if body.lstrip().startswith(b"[["):
        return _read_table(body)
    found = (_parsed(line) for line in body.splitlines())
    return [row for item in found if isinstance(item, Mapping) and (row := _row(item)) is not None], None


def _read_table(body: bytes) -> tuple[list[Row], str | None]:
    table = _parsed(body)
    lines = [line for line in table if isinstance(line, list)] if isinstance(table, list) else []
    if not lines:
        return [], None
    resume = str(lines[-1][0]) if len(lines) > 2 and not lines[-2] and len(lines[-1]) == 1 else None
    names = [str(name) for name in lines[0]]
    rows = (_row(dict(zip(names, line, strict=False))) for line in lines[1:] if len(line) == len(names) > 1)
    return [row for row in rows if row is not None], resume


def _parsed(text: bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _row(item: Mapping[object, object]) -> Row | None:
    fields = {_NAMES.get(str(name), str(name)): str(value) for name, value in item.items()}
    if not (
        fields.get("urlkey") and fields.get("url") and re.fullmatch(r"\d{14}", fields.get("timestamp", ""))
    ):
        return None
    place = None
    numbers = (fields.get("offset", ""), fields.get("length", ""))
    if fields.get("filename") and all(re.fullmatch("[0-9]{1,18}", number) for number in numbers):
        place = (fields["filename"], int(numbers[0]), int(numbers[1]))
    return Row(
        urlkey=fields["urlkey"],
        timestamp=fields["timestamp"],
        url=fields["url"],
        mime=fields.get("mime", ""),
        status=fields.get("status", ""),
        digest=fields.get("digest", ""),
        place=place,
    )


def chosen(
    rows: Iterable[Row], captures: Literal["newest", "all"], *, replayed: bool = False
) -> Iterator[Row]:
    """Yield the captures worth fetching: HTML answered with 200, per address the newest or each content once.

    A revisit stands for the capture with the same digest; it is left out, that one is taken. Where there is none
    among the rows, a service that replays captures (`replayed`) can still find its body.
    """
    by_key: dict[str, list[Row]] = {}
    for row in rows:
        by_key.setdefault(row.urlkey, []).append(row)
    for same in by_key.values():
        newest_first = sorted(same, key=lambda row: row.timestamp, reverse=True)
        yield from _of_one_address(newest_first, captures, replayed=replayed)


def _of_one_address(rows: list[Row], captures: Literal["newest", "all"], *, replayed: bool) -> Iterator[Row]:
    wanted: list[str] = []
    for row in rows:
        if row.mime == REVISIT or (row.mime in HTML_TYPES and row.status in ("200", "-", "")):
            wanted += [row.digest] if row.digest not in wanted else []
    full = {row.digest: row for row in reversed(rows) if row.mime in HTML_TYPES and row.status == "200"}
    if replayed:
        full = {row.digest: row for row in reversed(rows) if row.mime == REVISIT} | full
    found = [full[digest] for digest in wanted if digest in full]
    yield from found if captures == "all" else found[:1]


def read_only_asked(block: CdxBlock, capture: Capture) -> Extraction | None:
    """Skip a capture of an address nobody asked for, as a wrong offset in an index gives; else None."""
    if capture.ref.role != PAGE or any(Pattern.of(pattern).matches(capture.url) for pattern in block.urls):
        return None
    return Extraction(skipped="not-asked-for")
