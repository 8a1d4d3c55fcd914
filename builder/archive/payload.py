"""An HTTP message inside a record, still coded, and the digests that records print."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

_STATUS = re.compile(rb"(?:HTTP/\d(?:\.\d)?|ICY)[ \t]+(\d{3})")
_END = re.compile(rb"\r?\n\r?\n")

Headers = tuple[tuple[str, str], ...]


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


def header_lines(lines: list[bytes], *, utf8: bool = False) -> Headers:
    """Read "Name: value" lines as latin-1, joining folded ones; lines without a colon are left out.

    With `utf8` a line that is UTF-8 is read so, as the heads of WARC records are (ISO 28500, 4).
    """
    found: list[tuple[str, str]] = []
    for raw in lines:
        line = _decoded(raw.rstrip(b"\r"), utf8=utf8)
        if line[:1] in (" ", "\t") and found:
            name, value = found[-1]
            found[-1] = (name, f"{value} {line.strip()}")
        elif ":" in line:
            name, _, value = line.partition(":")
            found.append((name.strip(), value.strip()))
    return tuple(found)


def _decoded(line: bytes, *, utf8: bool) -> str:
    try:
        return line.decode("utf-8" if utf8 else "latin-1")
    except UnicodeDecodeError:
        return line.decode("latin-1")


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
