"""A folder of saved HTML pages, with a list that says where each came from."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import ClassVar
from unicodedata import normalize
from urllib.parse import quote, urljoin

from pydantic import Field

from builder.errors import UsageError
from builder.model import PAGE
from builder.sources.base import Block, Incoming, Source
from builder.sources.warc import matching

MAX_PAGE_BYTES = 20_000_000
"""Larger files are no pages; the crawler's cap on an answer is the same."""

_HEAD_BYTES = 16_384
_OWN_ADDRESS = (
    re.compile(rb"<!--\s*saved from url=\(\d+\)(\S+)\s*-->", re.IGNORECASE),
    re.compile(rb"Page saved with SingleFile\s+url:\s*(\S+)"),
    re.compile(rb"<!-- Mirrored from (\S+) by HTTrack", re.IGNORECASE),
    re.compile(rb"<link\b[^>]*\brel=[\"']?canonical\b[^>]*\bhref=[\"']([^\"']+)", re.IGNORECASE),
    re.compile(rb"<link\b[^>]*\bhref=[\"']([^\"']+)[\"'][^>]*\brel=[\"']?canonical\b", re.IGNORECASE),
    re.compile(rb"<meta\b[^>]*\bproperty=[\"']og:url[\"'][^>]*\bcontent=[\"']([^\"']+)", re.IGNORECASE),
)
"""Where browsers, SingleFile and HTTrack write the address of a saved page, then what pages say themselves."""


class HtmlBlock(Block):
    """`[[source]] kind = "html"`."""

    paths: tuple[str, ...] = Field(min_length=1, description="Files or patterns, relative to the recipe.")
    urls: str | None = Field(
        None,
        description="CSV or JSONL list with `file` (relative to the list), `url` and, if known, `collected_at`.",
    )
    base_url: str | None = Field(
        None, pattern=r"^https?://", description="Address the folder was saved from; file paths go behind it."
    )


@dataclass(frozen=True, slots=True)
class _Listed:
    url: str
    collected_at: datetime | None


class HtmlSource(Source[HtmlBlock]):
    """Saved HTML files. Their addresses come from a list, from `base_url`, or from the page itself."""

    kind = "html"
    block_type = HtmlBlock
    reach: ClassVar = "files"

    @classmethod
    def example(cls) -> str:
        """Return a recipe block to paste."""
        return (
            '[[source]]\nkind = "html"\nname = "pages"\npaths = ["pages/**/*.html"]\n'
            'urls = "pages/urls.csv"          # columns: file,url,collected_at\n'
        )

    def incoming(self, folder: Path) -> Iterator[Incoming]:
        """Yield each file as a page, sorted by path.

        Raises UsageError when a pattern matches nothing, or the list is missing or malformed.
        """
        listed = self._listed(folder)
        for path in matching(self.block.paths, folder):
            if path.stat().st_size > MAX_PAGE_BYTES:
                raise UsageError(
                    f"file has more than {MAX_PAGE_BYTES} bytes, which no page has",
                    where=str(path),
                    what_next="Leave it out of `paths`.",
                )
            body = path.read_bytes()
            entry = listed.get(_spelled(path)) or _Listed(self._address(path, folder, body), None)
            saved_at = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
            yield Incoming(entry.url, entry.collected_at or saved_at, "text/html", body, PAGE)

    def _address(self, path: Path, folder: Path, body: bytes) -> str:
        """Return the address of a file that is not in the list; without any, a file: URL inside the folder."""
        folder = folder.resolve()
        relative = path.relative_to(folder) if path.is_relative_to(folder) else Path(path.name)
        if self.block.base_url is not None:
            return urljoin(self.block.base_url, quote(self._below_pattern(relative)))
        head = body[:_HEAD_BYTES]
        for pattern in _OWN_ADDRESS:
            match = pattern.search(head)
            if match is not None:
                url = unescape(match[1].decode("utf-8", "replace")).strip()
                url = url if "://" in url else f"http://{url}"
                if url.startswith(("http://", "https://")):
                    return url
        return f"file:///{quote(relative.as_posix())}"

    def _below_pattern(self, relative: Path) -> str:
        """Return a path without the part that all patterns have in common before their first wildcard."""
        for pattern in self.block.paths:
            fixed = re.split(r"[*?\[]", pattern, maxsplit=1)[0].rpartition("/")[0]
            if fixed and relative.as_posix().startswith(fixed + "/"):
                return relative.as_posix()[len(fixed) + 1 :]
        return relative.as_posix()

    def _listed(self, folder: Path) -> dict[str, _Listed]:
        if self.block.urls is None:
            return {}
        path = folder / self.block.urls
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"the list of addresses cannot be read: {error}",
                where=str(path),
                what_next="Correct `urls` in the recipe; the list is UTF-8 CSV or JSONL.",
            ) from error
        listed: dict[str, _Listed] = {}
        for number, row in _rows(text, path):
            file, entry = _entry(row, path, number)
            if listed.setdefault(file, entry) != entry:
                raise _bad_row(
                    path, number, f"{row['file']} stands there before with another address or time"
                )
        return listed


def _rows(text: str, path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Yield the number of the line where each row ends, from 1, and the row."""
    if path.suffix not in (".jsonl", ".ndjson"):
        table = csv.DictReader(io.StringIO(text), delimiter="\t" if path.suffix == ".tsv" else ",")
        yield from ((table.line_num, row) for row in table)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise _bad_row(path, number, str(error)) from error
            yield number, row if isinstance(row, dict) else {}


def _spelled(path: Path) -> str:
    """Return a path as the list is searched for it: macOS writes names in parts (NFD) that lists write whole."""
    return normalize("NFC", str(path))


def _entry(row: Mapping[str, object], path: Path, number: int) -> tuple[str, _Listed]:
    """Return one line of the list as file and address.

    Raises UsageError when it lacks one of them or its time cannot be read.
    """
    file, url, printed = (str(row.get(key) or "").strip() for key in ("file", "url", "collected_at"))
    if not (file and url):
        raise _bad_row(path, number, "needs `file` and `url`")
    try:
        moment = datetime.fromisoformat(printed) if printed else None
    except ValueError as error:
        raise _bad_row(path, number, str(error)) from error
    if moment is not None:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return _spelled((path.parent / file).resolve()), _Listed(url, moment)


def _bad_row(path: Path, number: int, why: str) -> UsageError:
    return UsageError(f"line {number}: {why}", where=str(path), what_next="Correct that line of the list.")
