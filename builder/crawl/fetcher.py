"""Asks for one address and keeps what came over the wire, byte for byte, under caps and one deadline.

aiohttp parses; a tap on its protocol keeps the bytes as they were received, so that the archive holds header
spelling, chunk borders and coding as the server sent them.
"""

from __future__ import annotations

import asyncio
import errno
import functools
import io
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any, BinaryIO, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from builder.archive.coding import chunked_length
from builder.archive.write import Block
from builder.crawl.guard import AddressRefused, FixedResolver, Guard, current_host
from builder.crawl.heads import HeadMender
from builder.errors import FetchError

MAX_ASKED = 32
"""Requests that are under way at one time. Hosts that only wait for their turn do not count."""
MAX_OPEN = 128
"""Connections kept open for the next request, those under way among them: a process may have 256 files (macOS)."""
MAX_HEAD_BYTES = 65_536
_SPOOL_BYTES = 1_048_576
_BESIDE_BODY_BYTES = 4_194_304
"""For heads, and the opt-out files, which have a cap of their own. Chunk borders may double a body, not more: an
extension of a chunk has no end of its own."""
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
WANTED_TYPES = re.compile(r"^(text/|application/([\w.+-]*\+)?(json|xml)\b|application/(x-)?gzip|$)")
"""Types whose body is read; of others only the head is kept. A missing type is read."""


class _Tap(ResponseHandler):
    """An aiohttp protocol that keeps what it receives, and hangs up on more than `most_bytes` a request.

    It hangs up as well on what comes unasked, as a 408 before a server closes: aiohttp would take it for the answer
    to the next request, and each answer after it for that to another.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, most_bytes: int, opened: set[_Tap]) -> None:
        super().__init__(loop)
        self.most_bytes = most_bytes
        self._opened = opened
        self.kept: IO[bytes] = io.BytesIO()
        self.asked = False
        self._heads = HeadMender(MAX_HEAD_BYTES)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of a connection."""
        self._opened.add(self)
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Take note of its end."""
        self._opened.discard(self)
        super().connection_lost(exc)

    def set_response_params(self, **more: Any) -> None:
        """Get ready for the answer to a request that is about to be sent."""
        self.asked = True
        if len(self._opened) > MAX_OPEN:
            self.force_close()  # once it is answered
        self._heads = HeadMender(MAX_HEAD_BYTES)
        super().set_response_params(**more)

    @property
    def is_full(self) -> bool:
        """Whether no more is taken."""
        return self.kept.tell() >= self.most_bytes

    def data_received(self, data: bytes) -> None:
        """Keep the bytes, large answers on disk, then parse them."""
        if self.is_full or not self.asked:
            if self.transport is not None:
                self.transport.abort()
            return
        self.kept.write(data)
        if isinstance(self.kept, io.BytesIO) and self.kept.tell() > _SPOOL_BYTES:
            file = tempfile.TemporaryFile()  # noqa: SIM115 (closed with its answer)
            file.write(self.kept.getbuffer())
            self.kept = file
        if parsable := self._heads.feed(data):
            super().data_received(parsable)

    def take(self) -> IO[bytes]:
        """Return what was received since the last call and begin anew."""
        self.asked = False
        kept, self.kept = self.kept, io.BytesIO()
        return kept


class _Response(aiohttp.ClientResponse):
    """Remembers its protocol and peer: an answer that came at once has no connection left when it is looked at."""

    tap: _Tap | None = None
    peer: str | None = None

    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        """Wait for the head of the answer."""
        self.tap = cast("_Tap", connection.protocol)
        transport = connection.transport
        name = transport.get_extra_info("peername") if transport else None
        self.peer = str(name[0]) if name else None
        return await super().start(connection)


@dataclass(slots=True)
class Answer:
    """One answer as received. `request` and `head` are bytes; the body lies in `file` behind the head.

    `truncated` is None for a whole answer, else the WARC-Truncated reason: "length" (a cap), "time" (the
    deadline), "disconnect" or "unspecified" (a type whose body nobody reads).
    """

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    request: bytes
    head: bytes
    file: BinaryIO
    body_bytes: int
    peer: str | None
    truncated: str | None
    elapsed_s: float

    def header(self, name: str) -> str | None:
        """Return the first header of that name, compared without case, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def mime(self) -> str:
        """The media type in lower case, without parameters."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    @property
    def block(self) -> Block:
        """The whole answer as a WARC block."""
        return Block(self.head, self.file, len(self.head), self.body_bytes)

    def body(self, max_bytes: int | None = None) -> bytes:
        """Return the body as received, its coding not undone, at most `max_bytes` of it."""
        self.file.seek(len(self.head))
        return self.file.read(self.body_bytes if max_bytes is None else min(max_bytes, self.body_bytes))

    def close(self) -> None:
        """Let go of the spooled bytes."""
        self.file.close()


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Caps of one request: wire bytes of the body and seconds in all."""

    max_body_bytes: int
    timeout_s: float


class Fetcher:
    """An HTTP client for one crawl: vetted addresses, verified TLS, no redirects followed, nothing decoded."""

    def __init__(
        self,
        guard: Guard,
        user_agent: str,
        limits: FetchLimits,
        *,
        clock: Callable[[], float],
        resolve: Mapping[str, tuple[str, int]] | None = None,
    ) -> None:
        self.guard = guard
        self._limits = limits
        self._clock = clock
        self.slots = asyncio.Semaphore(MAX_ASKED)
        resolver = FixedResolver(dict(resolve or {}), aiohttp.ThreadedResolver())
        connector = aiohttp.TCPConnector(
            limit=0, limit_per_host=1, resolver=resolver, socket_factory=guard.socket, use_dns_cache=False
        )
        # The one place where aiohttp makes its protocols. tests/test_crawl_wire.py fails if that moves.
        most_bytes = 2 * limits.max_body_bytes + _BESIDE_BODY_BYTES
        factory = functools.partial(_Tap, asyncio.get_running_loop(), most_bytes, set())
        connector._factory = cast("functools.partial[ResponseHandler]", factory)  # noqa: SLF001
        self._session = aiohttp.ClientSession(
            connector=connector,
            response_class=_Response,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            max_line_size=MAX_HEAD_BYTES,
            max_field_size=MAX_HEAD_BYTES,
            max_headers=MAX_HEAD_BYTES,  # its bytes are the cap of a head, however many lines they are
            headers={
                "User-Agent": user_agent,
                "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,application/json;q=0.9,*/*;q=0.5",
                "Accept-Language": "ar,en;q=0.5",
                "Accept-Encoding": "gzip, deflate, br, zstd",
            },
        )

    async def __aenter__(self) -> Fetcher:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def fetch(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        max_body_bytes: int | None = None,
        any_type: bool = False,
    ) -> Answer:
        """Ask for `url` once and return what came, cut at the caps. Redirects are answers, not followed.

        With `any_type` the body of every media type is read. Raises AddressRefused when the guard says no,
        FetchError when no head came or the answer is no HTTP.
        """
        self.guard.check_url(url)
        cap = self._limits.max_body_bytes if max_body_bytes is None else max_body_bytes
        target = URL(url, encoded=True)
        # Let the loop see what a server said since the last answer, so that its connection is not taken again.
        await asyncio.sleep(0)
        began = self._clock()
        reading = _Reading()
        token = current_host.set(target.host or "")
        try:
            async with asyncio.timeout(self._limits.timeout_s):
                reading.response = cast(
                    "_Response", await self._session.get(target, headers=headers, allow_redirects=False)
                )
                await reading.run(cap, any_type=any_type)
        except TimeoutError as error:
            reading.broke_off("time", error, url)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            reading.broke_off("disconnect", error, url)
        finally:
            current_host.reset(token)
            if reading.response is not None and reading.truncated:
                reading.response.close()
        return reading.answer(url, self._clock() - began)


@dataclass(slots=True)
class _Reading:
    """One answer while it comes in."""

    response: _Response | None = None
    body_bytes: int = 0
    truncated: str | None = None

    async def run(self, cap_bytes: int, *, any_type: bool) -> None:
        """Read the body up to the cap; of a type nobody reads, nothing."""
        assert self.response is not None
        mime = self.response.headers.get("Content-Type", "").strip().lower()
        if not any_type and self.response.status == 200 and not WANTED_TYPES.match(mime):
            self.truncated = "unspecified"
            return
        async for piece in self.response.content.iter_any():
            self.body_bytes += len(piece)
            if self.body_bytes > cap_bytes:
                self.truncated = "length"
                return

    def broke_off(self, truncated: str, error: Exception, url: str) -> None:
        """Keep what came when the head was whole. Raises FetchError when it was not."""
        if self.response is None:
            raise _failure(error, url) from error
        tap = self.response.tap
        self.truncated = "length" if tap is not None and tap.is_full else truncated

    def answer(self, url: str, elapsed_s: float) -> Answer:
        """Return the answer with its bytes cut to their own: nothing a server sent behind them is kept."""
        response = self.response
        assert response is not None
        assert response.tap is not None
        file = response.tap.take()
        head = _head(file)
        size = file.seek(0, 2) - len(head)
        if "chunked" in response.headers.get("Transfer-Encoding", "").lower():
            if self.truncated is None:
                file.seek(len(head))
                size = chunked_length(file.read()) or size
        else:
            size = min(size, self.body_bytes)
        return Answer(
            url=url,
            status=response.status,
            headers=tuple((_text(name), _value(name, value)) for name, value in response.raw_headers),
            request=_request_bytes(response),
            head=head,
            file=cast("BinaryIO", file),
            body_bytes=max(size, 0),
            peer=response.peer,
            truncated=self.truncated,
            elapsed_s=elapsed_s,
        )


def _text(raw: bytes) -> str:
    """Read header bytes as UTF-8 or, as RFC 9110 leaves open, as single bytes."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _value(name: bytes, raw: bytes) -> str:
    """Read the value of a header; letters of a Location are escaped as the bytes they are, as browsers do."""
    if name.lower() != b"location":
        return _text(raw)
    return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in raw)


def _head(file: IO[bytes]) -> bytes:
    """Return the head of the final answer and leave only that and the body in `file`.

    Interim answers (100, 103) before it are cut off. Raises FetchError when it is too long to be kept.
    """
    file.seek(0)
    start = file.read(4 * MAX_HEAD_BYTES)
    position = 0
    while match := _END_OF_HEAD.search(start, position):
        if not re.match(rb"HTTP/1\.[01] 1\d\d", start[position : position + 12]):
            break
        position = match.end()
    if position:
        file.seek(position)
        rest = file.read()
        file.seek(0)
        file.truncate()
        file.write(rest)
        start = start[position:]
    match = _END_OF_HEAD.search(start)
    if match is None and len(start) < 2 * MAX_HEAD_BYTES:
        raise FetchError("it ends before its head does")
    if match is None:
        raise FetchError("its head, or what came before it, is too long")
    return start[: match.end()]


def _request_bytes(response: _Response) -> bytes:
    """Return the request as aiohttp sent it."""
    info = response.request_info
    lines = [f"{info.method} {info.url.raw_path_qs} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in info.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


def _guards_word(error: OSError) -> str:
    """Return which addresses the guard refused, as far as aiohttp passed its words on."""
    found = re.findall(r"address ([0-9a-fA-F.:]+) is not", str(error))
    return (
        f"address {', '.join(dict.fromkeys(found))} is not on the open internet"
        if found
        else "address refused"
    )


def _failure(error: Exception, url: str) -> FetchError:
    """Return what to say of a request without an answer: short, and without what the server sent."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno == errno.EACCES:
            return AddressRefused(
                _guards_word(seen),
                where=url,
                what_next="If it is yours, name it in [crawl] allow_private.",
            )
        seen = seen.__cause__ or seen.__context__
    if isinstance(error, TimeoutError):
        return FetchError("no answer before the deadline", where=url)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return FetchError("its name does not resolve", where=url)
    if isinstance(error, aiohttp.ClientSSLError):
        return FetchError("its certificate cannot be trusted", where=url)
    if isinstance(error, aiohttp.ClientResponseError):
        return FetchError(f"its answer breaks HTTP: {_parsers_word(error.message)}", where=url)
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return FetchError("it hung up without an answer", where=url)
    return FetchError(type(error).__name__, where=url)


def _parsers_word(message: str) -> str:
    """Return which rule the parser found broken, as in "Duplicate Content-Length"; the server's own bytes left out."""
    rule = message.partition("\n\n")[0].splitlines()[-1:] or [""]
    return re.split(r":|\s(?:b?['\"])", rule[0].strip())[0] or "its head cannot be read"
