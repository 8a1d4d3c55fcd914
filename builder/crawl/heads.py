"""Heads of answers that break HTTP where it does no harm, made into such as a strict parser reads.

Browsers read them, so servers go on sending them. The archive holds what was received; only the parser gets this.
"""

from __future__ import annotations

import re

_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_END = re.compile(rb"\r?\n\r?\n")
_END_BYTES = 3
"""So much of an end may have come before: a head that drips in is looked through once."""
_STATUS = re.compile(rb"HTTP/1\.[01] (\d)\d\d(?!\d)")


class HeadMender:
    """Takes the bytes of one exchange as they come and gives them to the parser, heads mended and whole."""

    def __init__(self, most_bytes: int) -> None:
        """Begin an exchange; heads longer than `most_bytes` are the parser's to judge."""
        self._most_bytes = most_bytes
        self._held = bytearray()
        self._done = False

    def feed(self, data: bytes) -> bytes:
        """Return what the parser may have by now. Heads of interim answers (1xx) come before the one that counts."""
        if self._done:
            return data
        position, given = max(len(self._held) - _END_BYTES, 0), bytearray()
        self._held += data
        while not self._done and (found := _END.search(self._held, position)):
            head, position = bytes(self._held[: found.end()]), 0
            del self._held[: found.end()]
            status = _STATUS.match(head)
            given += mended(head) if status else head
            self._done = status is None or status[1] != b"1"
        if len(self._held) > self._most_bytes or not b"HTTP/".startswith(self._held[:5]):
            self._done = True
        if self._done:
            given += self._held
            self._held.clear()
        return bytes(given)


def mended(head: bytes) -> bytes:
    """Return a head whose every line is a field: folded ones joined, blanks before a colon and zeros taken out.

    Lines that name no field are left out. A length that stands twice is written once (RFC 9110, 8.6), none beside
    chunks (RFC 9112, 6.3); lengths that differ stay, for nobody can tell which is right.
    """
    first, *lines = re.split(rb"\r?\n", head)
    fields: list[tuple[bytes, bytes]] = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1] = (fields[-1][0], fields[-1][1] + b" " + line.strip())
        elif colon:
            fields.append((name.rstrip(b" \t"), value))
        elif line:
            fields.append((b"", b""))
    chunked = any(
        name.lower() == b"transfer-encoding" and b"chunked" in value.lower() for name, value in fields
    )
    out: list[bytes] = []
    for name, value in fields:
        is_length = name.lower() == b"content-length"
        clean = _length(value) if is_length else value.strip(b" \t").replace(b"\0", b"")
        line = (b"Content-Length" if is_length else name) + b": " + clean
        if _NAME.fullmatch(name) and not (is_length and (chunked or line in out)):
            out.append(line)
    return b"\r\n".join([first, *out, b"", b""])


def _length(value: bytes) -> bytes:
    """Return "5" for "5, 5"."""
    lengths = {part.strip(b" \t") for part in value.split(b",")}
    return lengths.pop() if len(lengths) == 1 else value.strip(b" \t")
