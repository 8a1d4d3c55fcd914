"""An HTTP message inside a record: status line, headers, and the body with its codings undone under caps."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Cap on the decoded bytes of one body; the crawler's own cap on an answer is 20 MB."""

MAX_RATIO = 400
"""Decoded bytes for one coded byte, above `_RATIO_FREE_BYTES`; HTML packs to about 1:5, repetition to 1:1,000."""

_RATIO_FREE_BYTES = 4 * 1024 * 1024
_STATUS = re.compile(rb"(?:HTTP/\d(?:\.\d)?|ICY)[ \t]+(\d{3})")
_END = re.compile(rb"\r?\n\r?\n")
_CHUNK_HEAD = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\n]*)?\r?\n")

Headers = tuple[tuple[str, str], ...]


class CodingError(ValueError):
    """A body's coding is broken, or decodes to more than the caps allow."""


@dataclass(frozen=True, slots=True)
class Message:
    """One HTTP answer: status, headers as received (latin-1), and its body still coded."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        """Return the first header of that name in lower case, or ""."""
        return next((value for key, value in self.headers if key.lower() == name), "")


def parse_message(block: bytes) -> Message | None:
    """Split an HTTP answer; None when it does not begin with a status line."""
    status = _STATUS.match(block)
    if status is None:
        return None
    end = _END.search(block)
    head, body = (block[: end.start()], block[end.end() :]) if end else (block, b"")
    return Message(int(status[1]), header_lines(head.split(b"\n")[1:]), body)


def header_lines(lines: list[bytes]) -> Headers:
    """Read "Name: value" lines as latin-1, joining folded ones; lines without a colon are left out."""
    found: list[tuple[str, str]] = []
    for raw in lines:
        line = raw.rstrip(b"\r").decode("latin-1")
        if line[:1] in (" ", "\t") and found:
            name, value = found[-1]
            found[-1] = (name, f"{value} {line.strip()}")
        elif ":" in line:
            name, _, value = line.partition(":")
            found.append((name.strip(), value.strip()))
    return tuple(found)


def decode_body(message: Message) -> bytes:
    """Undo transfer and content coding of a message.

    A body that is announced as coded but plainly is not comes back as it is, as browsers do.
    Raises CodingError when the coding breaks off or decodes to more than the caps.
    """
    body = message.body
    if "chunked" in message.header("transfer-encoding").lower():
        body = dechunk(body)
    for coding in reversed(message.header("content-encoding").lower().split(",")):
        undo = _CODINGS.get(coding.strip())
        if undo is not None and body:
            body = undo(body)
    return body


def dechunk(body: bytes) -> bytes:
    """Undo chunked coding; a body without a first chunk line comes back as it is, a cut one up to the cut."""
    parts: list[bytes] = []
    position = 0
    while (match := _CHUNK_HEAD.match(body, position)) is not None:
        size = int(match[1], 16)
        if size == 0:
            return b"".join(parts)
        parts.append(body[match.end() : match.end() + size])
        position = match.end() + size
        if body.startswith(b"\r\n", position):
            position += 2
        elif body.startswith(b"\n", position):
            position += 1
    return b"".join(parts) + body[position:] if position < len(body) else b"".join(parts)


def _guard(decoded: int, coded: int) -> None:
    if decoded > MAX_BODY_BYTES:
        raise CodingError(f"body decodes to more than {MAX_BODY_BYTES} bytes")
    if decoded > _RATIO_FREE_BYTES and decoded > coded * MAX_RATIO:
        raise CodingError(f"body decodes to more than {MAX_RATIO} times its {coded} bytes")


def _inflate(body: bytes, window_bits: int) -> bytes:
    parts: list[bytes] = []
    total, rest = 0, body
    while rest:
        decoder = zlib.decompressobj(window_bits)
        while not decoder.eof:
            part = decoder.decompress(rest, 1 << 20)
            total += len(part)
            _guard(total, len(body))
            parts.append(part)
            rest = decoder.unconsumed_tail
            if not rest and not part and not decoder.eof:
                raise CodingError(f"coded body breaks off after {total} decoded bytes")
        rest = decoder.unused_data
        if not rest.startswith(b"\x1f\x8b"):
            break
    return b"".join(parts)


def _gunzip(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        return _inflate(body, 31)
    except zlib.error as error:
        raise CodingError(f"gzip coding: {error}") from error


def _undeflate(body: bytes) -> bytes:
    """Undo "deflate", which servers send with and without the zlib frame."""
    for window_bits in (15, -15):
        try:
            return _inflate(body, window_bits)
        except zlib.error:
            continue
    return body


def _unbrotli(body: bytes) -> bytes:
    import brotli

    decoder = brotli.Decompressor()
    parts: list[bytes] = []
    total, chunk = 0, body
    try:
        while not decoder.is_finished():
            part = decoder.process(chunk, output_buffer_limit=1 << 20)
            chunk = b""
            total += len(part)
            _guard(total, len(body))
            parts.append(part)
            if not part and decoder.can_accept_more_data():
                raise CodingError(f"coded body breaks off after {total} decoded bytes")
    except brotli.error as error:
        if not total:
            return body
        raise CodingError(f"br coding: {error}") from error
    return b"".join(parts)


def _unzstd(body: bytes) -> bytes:
    import zstandard

    if not body.startswith(b"\x28\xb5\x2f\xfd"):
        return body
    parts: list[bytes] = []
    total = 0
    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(body) as reader:
            while part := reader.read(1 << 20):
                total += len(part)
                _guard(total, len(body))
                parts.append(part)
    except zstandard.ZstdError as error:
        raise CodingError(f"zstd coding: {error}") from error
    return b"".join(parts)


_CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}


def digest(payload: bytes) -> str:
    """Return the digest of a payload as WARC files print it: "sha1:" and 32 base32 characters."""
    return "sha1:" + base64.b32encode(hashlib.sha1(payload, usedforsecurity=False).digest()).decode()


def normal_digest(printed: str) -> str:
    """Return a printed digest with its algorithm in lower case and its value in base32; "" if it is none."""
    name, _, value = printed.strip().partition(":")
    name = name.lower().replace("-", "")
    size = _DIGEST_BYTES.get(name)
    if size is None:
        return ""
    try:
        if len(value) == size * 2:
            return f"{name}:{base64.b32encode(bytes.fromhex(value)).decode().rstrip('=')}"
        padded = value.upper().rstrip("=")
        padded += "=" * (-len(padded) % 8)
        return f"{name}:{padded.rstrip('=')}" if len(base64.b32decode(padded)) == size else ""
    except (ValueError, binascii.Error):
        return ""


_DIGEST_BYTES = {"sha1": 20, "sha256": 32, "sha512": 64, "md5": 16}


def matches(printed: str, *candidates: bytes) -> bool:
    """Return whether a normalised digest is that of one of the candidates."""
    name, _, value = printed.partition(":")
    for data in candidates:
        found = base64.b32encode(hashlib.new(name, data, usedforsecurity=False).digest())
        if found.decode().rstrip("=") == value:
            return True
    return False
