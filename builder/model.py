"""What flows through Hiwar: one frozen type a stage, from a Target to a Release.

    Target -> Capture -> Extraction (Documents, Comments, Tombstones) -> row -> Decision -> Release

Times are aware datetimes in UTC. Digests read "sha1:BASE32" as in WARC files. Shares lie between 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

RecordType = Literal["article", "post", "thread", "video"]
ParentState = Literal["none", "present", "missing", "deleted"]
Precision = Literal["second", "minute", "day", "month", "year"]
RobotsVerdict = Literal["allowed", "forbidden", "unknown"]

PAGE = "page"
"""Role of an HTML page that may hold a document."""


@dataclass(frozen=True, slots=True)
class Target:
    """One address to ask for.

    `role` says how the answer is to be read: "page", "feed", "sitemap", "robots", "optout", or a name of the
    source's own such as "wordpress.posts". `via` is the URL that led here and `how` the way it did
    ("start", "link", "feed", "sitemap", "pagination", "api"). `headers` are sent beside the crawler's own,
    e.g. a Range; two targets that differ in them alone are two requests.
    """

    url: str
    source: str
    role: str = PAGE
    depth: int = 0
    via: str | None = None
    how: str = "start"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOver:
    """So many addresses that an answer names and that are not asked for, and why: they stand in the crawl's report."""

    why: str
    count: int


@dataclass(frozen=True, slots=True, order=True)
class Signal:
    """One thing a publisher said about the use of a page.

    `name` is "noai", "noindex", "tdm-reservation", ...; `where` is "header", "meta", "well-known", "ai.txt",
    "robots" or "profile"; `value` is the text as it stood.
    """

    name: str
    where: str
    value: str


@dataclass(frozen=True, slots=True)
class Rights:
    """What is known of permission for one capture: robots.txt verdict, the rule behind it, opt-out signals."""

    robots: RobotsVerdict = "unknown"
    robots_rule: str | None = None
    signals: tuple[Signal, ...] = ()


@dataclass(frozen=True, slots=True)
class CaptureRef:
    """Where one captured answer lies, and what can be known without opening it.

    `warc_file` is the file's own name (WARC-Filename of its warcinfo record, else a digest of how it begins);
    `path` is where it lies now and never reaches a release. `mime` is lower case without parameters.
    `kind` is the WARC record type. A revisit has the digest of the capture it repeats and no body of its own.
    `inner_offset` counts decoded bytes inside a gzip member that holds several records; 0 in a well-made file.
    `rights` are those noted beside the capture, `said` the opt-outs of its own headers; in a build both are what was
    said when its body was last seen (builder.stages.choose).
    """

    source: str
    role: str
    url: str
    status: int
    mime: str
    fetched_at: datetime
    payload_digest: str
    record_id: str
    kind: Literal["response", "revisit", "resource"]
    path: str
    warc_file: str
    warc_offset: int
    warc_length: int
    truncated: str | None = None
    via: str | None = None
    how: str | None = None
    rights: Rights = Rights()
    inner_offset: int = 0
    said: tuple[Signal, ...] = ()


@dataclass(frozen=True, slots=True)
class Capture:
    """One captured answer: its place, its headers as received, its body with transfer and content coding undone."""

    ref: CaptureRef
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def url(self) -> str:
        """The address that was asked for."""
        return self.ref.url

    def header(self, name: str) -> str | None:
        """Return the first header of that name, compared without case, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch of an archive that holds no whole record: where, how long, and why."""

    path: str
    offset: int
    length_bytes: int
    reason: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or time as a page gives it.

    `instant` is UTC; where the page names no zone and none is known for its site, the printed digits are
    taken as UTC and `zone_source` says "none". `printed_day` is the calendar day as printed (YYYY-MM-DD).
    `zone_source`: "given" (an offset stands beside it), "site" (known for the site), "none".
    """

    instant: datetime
    precision: Precision
    printed: str
    printed_day: str
    zone: str | None = None
    zone_source: Literal["given", "site", "none"] = "none"
    hijri: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """Why a field has its value: the element or rule that gave it, and how sure that rule is (share 0-1)."""

    field: str
    origin: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Engagement:
    """Counters as the platform gave them; None means not given, which is not 0."""

    likes: int | None = None
    replies: int | None = None
    reposts: int | None = None
    quotes: int | None = None
    views: int | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote something: the printed name, the account it was posted from, and the platform's own id."""

    name: str | None = None
    handle: str | None = None
    native_id: str | None = None
    bio: str | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """One reader's answer, still with the name as printed; `key` is its identity like a document's.

    `document_key` is the key of the document it stands under, `parent_key` the comment it answers.
    """

    key: str
    document_key: str
    text: str
    url: str
    author: Author = Author()
    published: Moment | None = None
    parent_key: str | None = None
    parent_state: ParentState = "none"
    position: int | None = None
    depth: int | None = None
    rating: int | None = None
    engagement: Engagement = Engagement()
    posted_on: str | None = None
    instance: str | None = None
    lang_declared: str | None = None
    edited: bool = False
    title: str | None = None
    signals: tuple[Signal, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """What one page or post says.

    `key` is its identity: a native id under its site ("ahewar.org/aid/857246") where there is one, else the
    canonical URL. Two captures with one key are two states of one document. `text` has one paragraph a line.
    `lines_removed` are the lines that were cut as the page's furniture, kept for `hiwar explain`; `line_places`
    names where each line of `text` stands on its page, () when that is unknown: templates are learned from it.
    `flags` are facts about the reading, e.g. "mojibake_repaired", "template_not_learned", "thread".
    `signals` are opt-outs of this one record's author (a profile that says no), beside those of its capture.
    `lesser` marks a view that shows less than the record's own page (a mobile page, an export): it stands only
    where no full view was captured, whichever was captured last.
    """

    key: str
    url: str
    canonical_url: str
    site: str
    record_type: RecordType
    text: str
    title: str | None = None
    author: Author = Author()
    section: str | None = None
    issue: str | None = None
    tags: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    published: Moment | None = None
    modified: Moment | None = None
    lang_declared: str | None = None
    posted_on: str | None = None
    instance: str | None = None
    thread_key: str | None = None
    parent_key: str | None = None
    root_key: str | None = None
    parent_state: ParentState = "none"
    engagement: Engagement = Engagement()
    licence: str | None = None
    terms: str | None = None
    edited: bool = False
    charset: str | None = None
    reader: str = ""
    evidence: tuple[Evidence, ...] = ()
    flags: tuple[str, ...] = ()
    lines_removed: tuple[str, ...] = ()
    signals: tuple[Signal, ...] = ()
    line_places: tuple[str, ...] = ()
    lesser: bool = False


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A record that its place of origin says is gone (404, 410, a delete event): leave it out of later releases."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Extraction:
    """All that was read out of one capture.

    `skipped` gives the reason when a whole capture holds nothing to keep ("index", "not-arabic-bytes", ...);
    `failed` when it could not be read ("charset", "cpu", "memory", ...). Both are None when it was read.
    `signals` are opt-outs that stand in the body itself (meta robots and kin).
    """

    documents: tuple[Document, ...] = ()
    comments: tuple[Comment, ...] = ()
    tombstones: tuple[Tombstone, ...] = ()
    signals: tuple[Signal, ...] = ()
    skipped: str | None = None
    failed: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """Why a record is left out: the stage, the rule, and what was measured against what."""

    stage: str
    rule: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a record goes on, with every reason against it, not just the first."""

    reasons: tuple[Reason, ...] = field(default=())

    @property
    def kept(self) -> bool:
        """True when nothing speaks against the record."""
        return not self.reasons
