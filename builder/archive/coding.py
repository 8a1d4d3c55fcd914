"""Undoes transfer and content coding of an HTTP body, under caps.

The archive keeps bodies as received. Whoever reads one comes through here, so that a bomb of any coding ends
at the cap and never fills the memory.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator

import brotli
import zstandard

from builder.errors import ArchiveError

MAX_DECODED_BYTES = 20_000_000
"""Cap on a decoded body; the longest honest page of the development pages has 1.4 MB."""
MAX_RATIO = 200
"""Cap on decoded / received bytes once RATIO_FROM_BYTES are out; HTML seldom passes 30, a bomb passes 1,000."""
RATIO_FROM_BYTES = 4_000_000
_PIECE = 65_536
_ZSTD_PIECE = 64
"""One 4-byte block of zstd may give 128 KiB, so its input is fed in crumbs."""

Headers = Iterable[tuple[str, str]]
_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")


class BodyTooLarge(ArchiveError):
    """A decoded body passed the cap on its bytes or on its ratio to the bytes received."""


def decoded_body(
    headers: Headers,
    raw: bytes,
    *,
    max_bytes: int = MAX_DECODED_BYTES,
    max_ratio: float = MAX_RATIO,
    cut: bool = False,
) -> bytes:
    """Return the body with chunks joined and gzip, deflate, br and zstd undone, as the headers name them.

    A stream that breaks off gives what could be decoded. A coding that was named but not applied, or that is
    unknown, leaves the bytes as they are. Raises BodyTooLarge past `max_bytes` or `max_ratio`; with `cut` the
    first bytes are returned instead.
    """
    pairs = [(name.lower(), value.strip().lower()) for name, value in headers]
    body = dechunked(raw) if _names(pairs, "transfer-encoding", "chunked") else raw
    codings = [
        part.strip() for name, value in pairs if name == "content-encoding" for part in value.split(",")
    ]
    for coding in reversed(codings):
        maker = _DECODERS.get(coding)
        if maker is not None:
            body = _undone(maker, body, max_bytes, max_ratio, cut=cut)
    if len(body) > max_bytes and not cut:
        raise BodyTooLarge(f"body of {len(body)} bytes, cap {max_bytes}")
    return body[:max_bytes]


def _names(pairs: Iterable[tuple[str, str]], header: str, word: str) -> bool:
    return any(name == header and word in value for name, value in pairs)


def dechunked(raw: bytes) -> bytes:
    """Return the joined chunks of a chunked body; bytes that are no chunks come back as they are."""
    parts: list[bytes] = []
    for start, stop in _chunks(raw):
        parts.append(raw[start:stop])
    if not parts and not _CHUNK.match(raw):
        return raw
    return b"".join(parts)


def chunked_length(raw: bytes) -> int | None:
    """Return how many bytes of `raw` the chunked body takes, trailers included; None while it is not whole."""
    position = 0
    for _, stop in _chunks(raw):
        position = stop
    if position:
        position = _after_line_end(raw, position)
    last = _CHUNK.match(raw, position)
    if last is None or int(last[1], 16) != 0:
        return None
    position = last.end()
    while True:
        end = raw.find(b"\n", position)
        if end < 0:
            return None
        if raw[position:end] in (b"", b"\r"):
            return end + 1
        position = end + 1


def _chunks(raw: bytes) -> Iterator[tuple[int, int]]:
    """Yield start and stop of the data of each chunk that is not empty; the last may be cut short."""
    position = 0
    while match := _CHUNK.match(raw, position):
        size = int(match[1], 16)
        if size == 0:
            return
        start, stop = match.end(), min(match.end() + size, len(raw))
        if start < stop:
            yield start, stop
        position = _after_line_end(raw, stop)


def _after_line_end(raw: bytes, position: int) -> int:
    if raw[position : position + 2] == b"\r\n":
        return position + 2
    return position + (raw[position : position + 1] == b"\n")


Pieces = Iterator[bytes]


def _undone(
    maker: Callable[[bytes], Pieces], body: bytes, max_bytes: int, max_ratio: float, *, cut: bool
) -> bytes:
    out = io.BytesIO()
    try:
        for piece in maker(body):
            out.write(piece)
            problem = _excess(out.tell(), len(body), max_bytes, max_ratio)
            if problem and cut:
                return out.getvalue()[:max_bytes]
            if problem:
                raise BodyTooLarge(problem)
    except (zlib.error, brotli.error, zstandard.ZstdError):
        # Either cut short, or never coded: servers name gzip on plain error pages.
        return out.getvalue() or body
    return out.getvalue()


def _excess(size: int, received: int, max_bytes: int, max_ratio: float) -> str | None:
    """Return what is too much about a decoded size, in bytes, or None."""
    if size > max_bytes:
        return f"decodes to more than {max_bytes} bytes from {received}"
    if size > RATIO_FROM_BYTES and size > max_ratio * received:
        return f"decodes to more than {max_ratio} times its {received} bytes"
    return None


def _zlib_pieces(body: bytes, wbits: int) -> Pieces:
    """Yield what zlib gives, member after member, as gzip files may be several joined."""
    rest = body
    while rest:
        decoder = zlib.decompressobj(wbits)
        data = rest
        while data and not decoder.eof:
            yield decoder.decompress(data, _PIECE)
            data = decoder.unconsumed_tail
        yield decoder.flush(_PIECE) if not decoder.eof else b""
        rest = decoder.unused_data if wbits == 31 and decoder.unused_data[:2] == b"\x1f\x8b" else b""


def _gzip(body: bytes) -> Pieces:
    return _zlib_pieces(body, 31)


def _deflate(body: bytes) -> Pieces:
    """Yield the pieces of a deflate body, with the zlib header RFC 9110 asks for or, as some servers send it, bare."""
    has_header = len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    return _zlib_pieces(body, 15 if has_header else -15)


def _brotli(body: bytes) -> Pieces:
    decoder = brotli.Decompressor()
    piece = decoder.process(body, output_buffer_limit=_PIECE)
    while piece:
        yield piece
        piece = b"" if decoder.is_finished() else decoder.process(b"", output_buffer_limit=_PIECE)


def _zstd(body: bytes) -> Pieces:
    decoder = zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj(read_across_frames=True)
    for start in range(0, len(body), _ZSTD_PIECE):
        yield decoder.decompress(body[start : start + _ZSTD_PIECE])


_DECODERS: dict[str, Callable[[bytes], Pieces]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
