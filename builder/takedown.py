"""Takedowns: what someone asked to have removed, honoured by every later build.

Requests stand in takedowns.jsonl beside the recipe, one a line. A request that names a person is kept as a
salted hash: the file then proves that a request was made and is honoured without repeating the name.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urldefrag, urlsplit

from builder.errors import UsageError
from builder.model import Reason
from builder.storage import damage_told, folder_lock, write_jsonl
from builder.text import fold_text
from builder.urls import canonical_url

FILE = "takedowns.jsonl"
STAGE = "takedown"

Kind = Literal["url", "id", "author", "pattern"]

_ID = re.compile(r"(?i)^[0-9a-f]{32}$")
_SALT = re.compile(r"^(?:[0-9a-f]{2}){1,64}$")
_HOST = r"(?:[\w-]+\.)+[a-z]{2,}"
_ADDRESS = re.compile(rf"(?i)https?://|www\.|{_HOST}(?::\d+)?/")
"""What begins an address, as typed or as a browser shows it."""
_HOST_ALONE = re.compile(rf"(?i){_HOST}")
"""A site's name, or a handle with a point in it."""
_PSEUDONYM = re.compile(r"^user-[0-9a-f]{24}$")
_HONORIFIC = re.compile(
    r"^(?:(?:ا\s?[./]\s?د|[ادم])\s?[./]\s?|(?:ال)?(?:دكتوره?|استاذه?|مهندسه?|شيخه?|سيده?|بروفيسور)\s|(?:dr|prof|mr|mrs)\b\.?\s)+"
)
_AND = re.compile(r"\s*[،,&]\s*|\sو\s?(?=\S)")


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `value` is the normalised address, id or regular expression, or its hash when `salt` is set.

    `asked_on` is the day it was entered (YYYY-MM-DD). An address that ends in "*" stands for all below it.
    """

    kind: Kind
    value: str
    reason: str
    asked_on: str
    salt: str = ""

    def matches(self, value: str) -> bool:
        """Return whether a normalised value is the one named."""
        if self.salt:
            return _hashed(value, self.salt) == self.value
        if self.kind == "url" and self.value.endswith("*"):
            return _below(value, self.value[:-1])
        return value == self.value


def _below(value: str, start: str) -> bool:
    """Return whether an address begins so; a folder's own page is below it, though its key has no closing slash."""
    folder = start.removesuffix("/")
    return (
        value.startswith((start, f"{folder}?", f"{folder}#") if folder != start else start) or value == folder
    )


@dataclass(frozen=True)
class Takedowns:
    """All requests of a folder, ready to be asked about rows."""

    requests: tuple[Request, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.requests)

    @cached_property
    def _plain(self) -> dict[tuple[str, str], int]:
        """Requests that a lookup can answer: (kind, value) -> number from 1."""
        numbered = reversed(list(enumerate(self.requests, start=1)))
        exact = ((n, r) for n, r in numbered if not r.salt and r.kind != "pattern" and r.value[-1:] != "*")
        return {(request.kind, request.value): number for number, request in exact}

    @cached_property
    def _others(self) -> tuple[tuple[int, Request], ...]:
        """Requests that have to be compared one by one: hashed ones and whole sites."""
        found = [(n, r) for n, r in enumerate(self.requests, start=1) if r.kind != "pattern"]
        return tuple((n, r) for n, r in found if r.salt or r.value.endswith("*"))

    @cached_property
    def _patterns(self) -> tuple[tuple[int, re.Pattern[str]], ...]:
        found = [(n, r) for n, r in enumerate(self.requests, start=1) if r.kind == "pattern"]
        return tuple((number, re.compile(request.value)) for number, request in found)

    def reason(self, row: Mapping[str, object], names: Sequence[str | None] = ()) -> Reason | None:
        """Return why a row may not be published, or None.

        `row` is a row of any table; the columns it does not have are passed over. `names` are further names
        of its author that the row no longer shows: the printed name, handle or id behind a pseudonym.
        """
        if not self.requests:
            return None
        for kind, value in _values(row, names):
            number = self._plain.get((kind, value)) or self._compared(kind, value)
            if number:
                return Reason(STAGE, kind, f"request {number}")
        number = self._in_text(row, names) if self._patterns else None
        return Reason(STAGE, "pattern", f"request {number}") if number else None

    def _compared(self, kind: str, value: str) -> int | None:
        return next(
            (n for n, request in self._others if request.kind == kind and request.matches(value)), None
        )

    def _in_text(self, row: Mapping[str, object], names: Sequence[str | None]) -> int | None:
        """Return the number of the first pattern found in the row, or a name, as written or in its match form."""
        shown = (row.get(name) for name in ("title", "author", "author_bio", "url", "text"))
        written = [str(value) for value in (*shown, *names) if value]
        forms = [*written, *map(fold_text, written)]
        return next((n for n, pattern in self._patterns if any(map(pattern.search, forms))), None)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a row that the requests need to see; the text only where there are patterns."""
        shown = ("id", "document_id", "url", "canonical_url", "author")
        return (*shown, "author_bio", "title", "text") if self._patterns else shown

    def names_url(self, url: str) -> bool:
        """Return whether an address is named by a request; for lists of addresses such as cluster_urls."""
        return self.reason({"url": url}) is not None


def _values(row: Mapping[str, object], names: Sequence[str | None]) -> set[tuple[str, str]]:
    """Return (kind, normalised value) of all that a request can name in a row."""
    found: set[tuple[str, str]] = set()
    for column in ("id", "document_id"):
        if row.get(column):
            found.add(("id", str(row[column])))
    for column in ("url", "canonical_url"):
        if row.get(column):
            address = str(row[column])
            found |= {("url", url_key(address)), ("url", url_key(urldefrag(address).url))}
    for name in (row.get("author"), *names):
        if name:
            found |= {("author", key) for key in author_keys(str(name))}
    return found


def url_key(url: str) -> str:
    """Return what two spellings of an address have in common: no scheme, no "www.", no closing slash.

    A fragment is kept, because it may name one comment of a page. The key of a key is that key.
    """
    address, fragment = urldefrag(url.strip())
    parts = urlsplit(canonical_url(address if "://" in address.partition("?")[0] else f"https://{address}"))
    host = re.sub(r":(?:80|443)$", "", parts.netloc).removeprefix("www.")
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{parts.path.rstrip('/')}{query}" + (f"#{fragment}" if fragment else "")


def author_key(name: str) -> str:
    """Return the match form of a name or handle, without the blanks at its ends and a leading @."""
    return " ".join(fold_text(name).split()).removeprefix("@")


def bare_author_key(name: str) -> str:
    """Return the match form of a name without the titles before it: "د. فهد" and "فهد" are one."""
    key = author_key(name)
    return _HONORIFIC.sub("", key) or key


def author_keys(name: str) -> set[str]:
    """Return all match forms of an author's name: as printed, without titles, and those of each of several people.

    One of several has two words at least, so that a name that begins with و is not taken apart.
    """
    people = [part for part in _AND.split(name) if len(part.split()) > 1]
    return {author_key(name), *map(bare_author_key, (name, *people))}


def _hashed(value: str, salt: str) -> str:
    return hashlib.blake2b(value.encode(), key=bytes.fromhex(salt), digest_size=16).hexdigest()


def load(folder: Path) -> Takedowns:
    """Read takedowns.jsonl of a recipe's folder; none where there is no file.

    Raises UsageError naming the line that cannot be read: a build must not go on without it.
    """
    path = folder / FILE
    if not path.exists():
        return Takedowns()
    try:
        lines = path.read_bytes().decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"not UTF-8: {error.reason} at byte {error.start}",
            where=str(path),
            what_next="Save it as UTF-8 in your editor, or restore it from your backup.",
        ) from error
    return Takedowns(
        tuple(_parsed(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip())
    )


def _parsed(line: str, where: str) -> Request:
    """Read one line. What a person wrote by hand is brought into the form that is compared."""
    try:
        request = Request(**json.loads(line))
        problem = _problem(request)
        normal = request.value if problem or request.salt else _normalised(request.kind, request.value)
    except (ValueError, TypeError) as error:
        raise _unreadable(str(error), where) from error
    except UsageError as error:
        raise _unreadable(error.what, where) from error
    if problem:
        raise _unreadable(problem, where)
    return replace(request, value=normal)


def _problem(request: Request) -> str | None:
    """Return why a line of JSON is no request that can be followed."""
    for name, value in asdict(request).items():
        if not isinstance(value, str):
            return f"{name} is {value!r}, no text"
    if request.kind not in get_args(Kind):
        return f"unknown kind {request.kind!r}"
    if request.salt and not (_SALT.match(request.salt) and _ID.match(request.value)):
        return "salt and value of a hashed request are hexadecimal digits"
    return None


def _unreadable(why: str, where: str) -> UsageError:
    return UsageError(
        f"not a takedown request: {why}",
        where=where,
        what_next="Correct or delete that line; `hiwar takedown` writes them.",
    )


def kind_of(value: str) -> Kind:
    """Guess what a request names: 32 hexadecimal digits are an id, addresses a URL, the rest an author.

    Raises UsageError for a bare host, which is a handle as well: a site's no, taken for an author, would go unheard.
    """
    value = value.strip()
    if _ID.match(value):
        return "id"
    if _HOST_ALONE.fullmatch(value):
        raise UsageError(
            "this may be a site or somebody's handle",
            where=value,
            what_next=f"Write {value}/* for all pages of the site, or give --kind author.",
        )
    return "url" if _ADDRESS.match(value) else "author"


def add(
    folder: Path, value: str, reason: str, *, now: datetime, kind: Kind | None = None, hashed: bool = False
) -> tuple[Request, bool]:
    """Write a request into takedowns.jsonl; return it and whether it is new.

    `kind` is guessed unless given ("pattern" never is). Authors are always kept as a salted hash, addresses
    and ids with `hashed`. The same request twice is written once, and hashed if it is then asked to be.
    A pseudonym changes with the recipe, so the ids of all records under it in the folder's releases are written
    with it.
    Raises UsageError when the value is empty, is no text or regular expression, cannot be hashed, or may as well be a
    site as an author and no `kind` says which, VerifyFailed when a release that a pseudonym is sought in is damaged;
    then nothing is written.
    """
    _check_text(value, reason)
    kind = kind or kind_of(value)
    normal = _normalised(kind, value)
    hashed = hashed or kind == "author"
    if hashed and (kind == "pattern" or normal.endswith("*")):
        raise UsageError(
            "a pattern cannot be kept as a hash",
            where=value,
            what_next="Name the address or the author, or leave out --hashed.",
        )
    with folder_lock(folder, doing="writing takedowns"):
        known = list(load(folder).requests)
        same = next((one for one in known if one.kind == kind and one.matches(normal)), None)
        bare = same is not None and hashed and same.value == normal
        if same and not bare:
            return same, False
        day = now.date().isoformat()
        salt = secrets.token_hex(16) if hashed else ""
        kept = _hashed(normal, salt) if hashed else normal
        request = Request(kind, kept, reason, day, salt)
        ids = _ids_under(folder, value.strip()) if _PSEUDONYM.match(value.strip()) else []
        added = [request, *(Request("id", key, reason, day) for key in ids)]
        kept_before = [one for one in known if not (bare and one is same)]
        write_jsonl(folder / FILE, [asdict(one) for one in (*kept_before, *added)])
    return request, True


def _check_text(*texts: str) -> None:
    """Refuse arguments in another encoding, which come as lone surrogates: they match nothing."""
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise UsageError(
                f"not UTF-8: {text!r}",
                where="hiwar takedown",
                what_next="Set the terminal to UTF-8 (LC_ALL=C.UTF-8) and give it again.",
            ) from error


def _ids_under(folder: Path, pseudonym: str) -> list[str]:
    """Return the ids of all records under a pseudonym in the releases of a folder, sorted.

    Raises VerifyFailed for a shard that cannot be read.
    """
    import pyarrow.dataset as ds

    found: set[str] = set()
    for shard in sorted((folder / "releases").glob("*/data/*/*.parquet")):
        with damage_told(shard):
            rows = ds.dataset(str(shard)).to_table(columns=["id"], filter=ds.field("author") == pseudonym)
        found.update(rows["id"].to_pylist())
    return sorted(found)


def _normalised(kind: Kind, value: str) -> str:
    if kind == "pattern":
        try:
            re.compile(value)
        except re.error as error:
            raise UsageError(
                f"no regular expression: {error}",
                where=value,
                what_next="Put a \\ before plain signs.",
            ) from error
    forms: dict[str, Callable[[str], str]] = {"url": url_key, "author": bare_author_key, "pattern": str}
    normal = forms.get(kind, _id_key)(value)
    if not normal.strip() or normal == "*":
        raise UsageError(
            "a takedown has to name something", what_next="Give a URL, an id, an author or a pattern."
        )
    return normal


def _id_key(value: str) -> str:
    return value.strip().lower()


def redacted(row: dict[str, object], takedowns: Takedowns) -> dict[str, object]:
    """Return a rejected row without what a request asked to remove: address, title and details go, the id stays."""
    reason = takedowns.reason(row)
    if reason is None:
        return row
    given = row["reasons"]
    assert isinstance(given, Iterable)
    reasons = [{**each, "detail": ""} for each in given if each["stage"] != STAGE]
    taken = {"stage": STAGE, "rule": reason.rule, "detail": reason.detail}
    return {**row, "url": None, "title": None, "reasons": [*reasons, taken]}
