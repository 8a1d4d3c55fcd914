"""What readers of exports share: careful access to other people's JSON, times, and the making of records.

Rules that hold for all: ids are strings however long; a counter that is not there is None, never 0; a time
that lies before the platform or after the collection is not believed; text keeps its lines.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from builder.markup import squeeze
from builder.model import (
    Author,
    Comment,
    Document,
    Engagement,
    Evidence,
    Moment,
    RecordType,
    Tombstone,
)
from builder.urls import canonical_url, site_of

Json = Mapping[str, object]
Record = Document | Comment | Tombstone

CLOCK_SLACK = timedelta(hours=24)
"""How far a platform's clock may run ahead of the collector's before a time is not believed."""

_MILLISECONDS_FROM = 100_000_000_000
"""Numbers from here on (year 5138 in seconds) are milliseconds (1973 and later)."""

_LATEST_SECONDS = 7_258_118_399
_YEARS = (1900, 2199)
"""Times outside these years are mistakes, and near the ends of what a datetime holds sums overflow."""
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_HALVES = re.compile("[\ud800-\udfff]")
_ROUNDED = re.compile(r"-?\d+\.\d*([eE][+-]?\d+)?|-?\d+[eE][+-]?\d+")
_CTIME = re.compile(r"(\w{3}) (\w{3}) (\d\d) (\d\d:\d\d:\d\d) ([+-]\d{4}) (\d{4})$")


class Export:
    """One format of export. `terms` travel with every row unless the recipe gives others."""

    name: ClassVar[str]
    terms: ClassVar[str | None] = None

    def __init__(self, settings: Mapping[str, object] | None = None) -> None:
        self.settings = settings or {}

    def rows(self, parsed: object) -> Iterator[object]:
        """Yield the rows inside one parsed JSON value of a file; a value that is itself a row, unchanged."""
        if isinstance(parsed, list):
            yield from parsed
        else:
            yield parsed

    def read(self, row: Json, collected_at: datetime) -> Iterable[Record]:
        """Return the records of one row. `collected_at` is the time of collection where the row has none.

        Raises nothing on a row of any shape; only this class itself, which reads none, raises.
        """
        raise NotImplementedError


def at(row: object, *path: str | int) -> object:
    """Return what lies at a path of keys and positions, or None where the path breaks off."""
    for step in path:
        if isinstance(step, str) and isinstance(row, Mapping):
            row = row.get(step)
        elif isinstance(step, int) and isinstance(row, Sequence) and not isinstance(row, str | bytes):
            row = row[step] if -len(row) <= step < len(row) else None
        else:
            return None
    return row


def first(row: object, *paths: str) -> object:
    """Return the first value that is there of several dotted paths, e.g. "user.id"."""
    for path in paths:
        value = at(row, *(int(step) if step.isdigit() else step for step in path.split(".")))
        if value is not None and value != "":
            return value
    return None


def items(value: object) -> list[object]:
    """Return a list as it is, anything else as an empty one."""
    return list(value) if isinstance(value, list | tuple) else []


def text(value: object) -> str | None:
    """Return a string or number as text; None for nothing, "" and containers.

    Control characters go, half an emoji, as cut texts end with, becomes U+FFFD.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return without_halves(_CONTROLS.sub("", str(value))) or None


def without_halves(printed: str) -> str:
    """Return text with U+FFFD for each lone half of a surrogate pair, which no file could hold."""
    return _HALVES.sub("\N{REPLACEMENT CHARACTER}", printed)


def ident(value: object) -> str | None:
    """Return an id as a string; None for a float and its spellings, which have lost digits ("1.23E+18")."""
    printed = None if isinstance(value, float) else text(value)
    return None if printed is None or _ROUNDED.fullmatch(printed.strip()) else printed.strip() or None


def own_id(row: Json, *paths: str) -> str:
    """Return the id of a row, or, where it has none that can be trusted, a digest of the row."""
    found = ident(first(row, *paths))
    if found is not None:
        return found
    whole = json.dumps(row, sort_keys=True, ensure_ascii=False, default=str)
    return f"row-{hashlib.sha256(whole.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"


def number(value: object) -> int | None:
    """Return a counter; None when it is absent, hidden (negative) or not a whole number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and re.fullmatch(r"\d{1,18}", value.strip()):
        return int(value)
    if isinstance(value, float):
        value = int(value) if value.is_integer() else None
    return value if isinstance(value, int) and 0 <= value < 2**63 else None


def lines(value: object) -> str:
    """Return text with one paragraph a line, lines squeezed and empty ones left out."""
    return "\n".join(line for line in map(squeeze, (text(value) or "").splitlines()) if line)


def words(values: Iterable[object]) -> tuple[str, ...]:
    """Return names such as hashtags without "#", empty and repeated ones left out, in order."""
    found = (squeeze(text(value) or "").lstrip("#") for value in values)
    return tuple(dict.fromkeys(word for word in found if word))


def instant_of(value: object, zone: str | None = None) -> tuple[datetime, str | None] | None:
    """Read a time in any form exports have, and the zone or offset it was given with, None where it has none.

    Seconds or milliseconds since 1970 as number or text, ISO 8601, and "Wed Oct 10 20:19:24 +0000 2018". A time
    without a zone is taken to be of `zone`, else UTC.
    """
    printed = (text(value) or "").strip()
    if re.fullmatch(r"\d{9,17}(\.\d+)?", printed):
        seconds = float(printed)
        seconds = seconds / 1000 if seconds >= _MILLISECONDS_FROM else seconds
        return (datetime.fromtimestamp(int(seconds), UTC), "UTC") if seconds <= _LATEST_SECONDS else None
    try:
        local = _parsed_time(printed)
        given = None if local.tzinfo is None else local.strftime("%z")
        if given is None:
            local = local.replace(tzinfo=ZoneInfo(zone) if zone else UTC)
        instant = local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return (instant, given) if _YEARS[0] <= instant.year <= _YEARS[1] else None


def _parsed_time(printed: str) -> datetime:
    ctime = _CTIME.match(printed)
    if ctime is None:
        return datetime.fromisoformat(re.sub(r" UTC$", "+00:00", printed))
    return parsedate_to_datetime(f"{ctime[1]}, {ctime[3]} {ctime[2]} {ctime[6]} {ctime[4]} {ctime[5]}")


@dataclass(frozen=True, slots=True)
class Platform:
    """Where records were posted: id of the platform, its host, and the first day anything was posted there."""

    id: str
    host: str
    since: datetime

    def key(self, native_id: str) -> str:
        """Return the identity of a record: platform, instance and native id."""
        return f"{self.id}/{self.host}/{native_id}"

    def moment(self, value: object, collected_at: datetime, zone: str | None = None) -> Moment | None:
        """Return a time of posting; None when unreadable, before the platform or after the collection.

        `zone` is the zone of times that are given without one, where it is known.
        """
        found = instant_of(value, zone)
        if found is None or not self.since <= found[0] <= collected_at + CLOCK_SLACK:
            return None
        instant, given = found
        printed = (text(value) or "").strip()
        dated = re.match(r"\d{4}-\d\d-\d\d", printed)
        return Moment(
            instant=instant,
            precision="day" if dated and dated.end() == len(printed) else "second",
            printed=printed,
            printed_day=dated[0] if dated else instant.date().isoformat(),
            zone=given or zone,
            zone_source="given" if given else "site" if zone else "none",
        )


NOBODY = Author()
NOTHING_COUNTED = Engagement()


@dataclass(frozen=True, slots=True)
class Post:
    """What a reader found of one post, before it becomes a Document or a Comment. Ids are native ones."""

    platform: Platform
    id: str
    text: str
    url: str | None = None
    type: RecordType = "post"
    title: str | None = None
    author: Author = NOBODY
    posted: object = None
    changed: object = None
    thread: str | None = None
    parent: str | None = None
    root: str | None = None
    hashtags: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    section: str | None = None
    engagement: Engagement = NOTHING_COUNTED
    lang: str | None = None
    edited: bool = False
    zone: str | None = None
    flags: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)

    def _key(self, native_id: str | None) -> str | None:
        return None if native_id is None else self.platform.key(native_id)

    def document(self, reader: str, collected_at: datetime) -> Document:
        """Return it as a document."""
        url = self.url or f"https://{self.platform.host}/{self.id}"
        published = self.platform.moment(self.posted, collected_at, self.zone)
        flags = self.flags
        if published is None and self.posted is not None:
            flags = (*flags, "date_not_believed")
        return Document(
            key=self.platform.key(self.id),
            url=url,
            canonical_url=canonical_url(url),
            site=site_of(url),
            record_type=self.type,
            text=self.text,
            title=self.title,
            author=self.author,
            section=self.section,
            tags=self.tags,
            hashtags=self.hashtags,
            published=published,
            modified=self.platform.moment(self.changed, collected_at, self.zone),
            lang_declared=self.lang,
            posted_on=self.platform.id,
            thread_key=self._key(self.thread),
            parent_key=self._key(self.parent),
            root_key=self._key(self.root),
            parent_state="present" if self.parent else "none",
            engagement=as_of(self.engagement, collected_at),
            edited=self.edited,
            charset="utf-8",
            reader=reader,
            evidence=tuple(Evidence(name, origin) for name, origin in sorted(self.origins.items())),
            flags=flags,
        )

    def comment(self, document_id: str, collected_at: datetime) -> Comment:
        """Return it as a comment under the document of that native id."""
        return Comment(
            key=self.platform.key(self.id),
            document_key=self.platform.key(document_id),
            text=self.text,
            url=self.url or f"https://{self.platform.host}/{document_id}",
            author=self.author,
            published=self.platform.moment(self.posted, collected_at, self.zone),
            parent_key=self._key(self.parent),
            parent_state="present" if self.parent else "none",
            engagement=as_of(self.engagement, collected_at),
            posted_on=self.platform.id,
            lang_declared=self.lang,
            edited=self.edited,
        )


def as_of(engagement: Engagement, collected_at: datetime) -> Engagement:
    """Return counters with the time they were read, unless there is none of them."""
    counts = (
        engagement.likes,
        engagement.replies,
        engagement.reposts,
        engagement.quotes,
        engagement.views,
    )
    if all(count is None for count in counts):
        return Engagement()
    return Engagement(*counts, as_of=engagement.as_of or collected_at)


def day(year: int, month: int, of_month: int = 1) -> datetime:
    """Return a day as a moment in UTC."""
    return datetime(year, month, of_month, tzinfo=UTC)


X = Platform("x", "x.com", day(2006, 3, 21))
TIKTOK = Platform("tiktok", "www.tiktok.com", day(2014, 8))
INSTAGRAM = Platform("instagram", "www.instagram.com", day(2010, 7))
THREADS = Platform("threads", "www.threads.com", day(2023, 7))
YOUTUBE = Platform("youtube", "www.youtube.com", day(2005, 4, 23))
REDDIT = Platform("reddit", "www.reddit.com", day(2005, 6))
FACEBOOK = Platform("facebook", "www.facebook.com", day(2004, 2))
TELEGRAM = Platform("telegram", "t.me", day(2013, 8))
"""Platforms and the month of their first public posts (TikTok: that of musical.ly, whose posts it kept)."""

PLATFORMS = {
    platform.id: platform for platform in (X, TIKTOK, INSTAGRAM, THREADS, YOUTUBE, REDDIT, FACEBOOK, TELEGRAM)
}
"""Platforms by their id in the lexicon."""
