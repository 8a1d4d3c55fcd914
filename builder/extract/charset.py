"""Bytes of a page to text: BOM, then what HTTP says, then what the page says, then a guess that must prove itself.

The order is that of the HTML standard, with one thing added: a label is believed only if the text read by it
looks like text. Where nothing does, the page has failed ("charset"); it is never read as mojibake.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Literal

from w3lib.encoding import (
    html_body_declared_encoding,
    http_content_type_encoding,
    read_bom,
    resolve_encoding,
)

from builder.extract.repair import likeness, non_ascii

Origin = Literal["bom", "http", "meta", "guess"]

ARABIC_CODECS = ("cp1256", "iso8859-6", "mac_arabic", "cp720", "cp864")
"""Single-byte codecs tried when no label holds, the likelier ones first."""

PLAUSIBLE = -4.0
"""Least mean log likelihood per character of Arabic text (see repair.likeness): real text lies above -3.5."""

BAD_SHARE = 0.05
"""Share of the characters beyond ASCII that may be damaged in UTF-8; windows-1256 read as UTF-8 has 0.9 and more."""

_NUL_SHARE = 0.05
_EDGE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a page, the codec it was read by, and who named that codec."""

    text: str
    charset: str
    origin: Origin


def decode(body: bytes, content_type: str | None = None) -> Decoded | None:
    """Return the text of `body`, or None when no reading of the bytes looks like text.

    `content_type` is the HTTP header's value.
    """
    bom, skip = read_bom(body)
    if bom is not None:
        return Decoded(body[len(skip or b"") :].decode(bom, "replace"), _name(bom), "bom")
    labels = _labels(body, content_type)
    return _wide(body, labels) or _utf8(body, labels) or _declared(body, labels) or _guess(body, labels)


def _labels(body: bytes, content_type: str | None) -> list[tuple[str, Origin]]:
    found: list[tuple[str | None, Origin]] = [
        (http_content_type_encoding(content_type), "http"),
        (html_body_declared_encoding(body[:_EDGE_BYTES]), "meta"),
    ]
    return [(_name(label), origin) for label, origin in found if label is not None]


def _name(label: str) -> str:
    """Return Python's name of a codec; the label is one that w3lib has resolved."""
    return codecs.lookup(resolve_encoding(label) or label).name


def _origin(charset: str, labels: list[tuple[str, Origin]]) -> Origin:
    return next((origin for label, origin in labels if label == charset), "guess")


def _wide(body: bytes, labels: list[tuple[str, Origin]]) -> Decoded | None:
    """Read UTF-16 that came without a BOM: markup gives NULs, Arabic letters 0x06, always on the same side."""
    if 0 not in body or body.count(0) <= _NUL_SHARE * len(body):
        return None
    high = [sum(half.count(byte) for byte in (0, 6)) for half in (body[0::2], body[1::2])]
    charset = "utf-16-be" if high[0] > high[1] else "utf-16-le"
    text = body[: len(body) // 2 * 2].decode(charset, "replace")
    return None if _damage(text) > BAD_SHARE else Decoded(text, charset, _origin(charset, labels))


def _utf8(body: bytes, labels: list[tuple[str, Origin]]) -> Decoded | None:
    """Read UTF-8, whatever the label says: no other text of some length is valid UTF-8 by chance."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("utf-8", "replace")
        if _damage(text) > BAD_SHARE:
            return None
    return Decoded(text, "utf-8", _origin("utf-8", labels))


def _damage(text: str) -> float:
    """Return the share of replacement characters among the characters beyond ASCII (0-1)."""
    beyond = len(non_ascii(text))
    return text.count("\ufffd") / beyond if beyond else 0.0


def _declared(body: bytes, labels: list[tuple[str, Origin]]) -> Decoded | None:
    for charset, origin in labels:
        if charset.startswith("utf"):
            continue
        text = body.decode(charset, "replace")
        if _plausible(text):
            return Decoded(text, charset, origin)
    return None


def _plausible(text: str) -> bool:
    return likeness(text) >= PLAUSIBLE


def _guess(body: bytes, labels: list[tuple[str, Origin]]) -> Decoded | None:
    readings = [(body.decode(charset, "replace"), charset) for charset in ARABIC_CODECS]
    text, charset = max(readings, key=lambda reading: likeness(reading[0]))
    if _plausible(text):
        return Decoded(text, charset, "guess")
    return _other_script(body, labels)


def _other_script(body: bytes, labels: list[tuple[str, Origin]]) -> Decoded | None:
    """Believe a label that no Arabic reading contradicts: a French page is not ours, but it did not fail."""
    for charset, origin in labels:
        if charset.startswith("utf"):
            continue
        text = body.decode(charset, "replace")
        if "\ufffd" not in text and not any("\x80" <= char <= "\x9f" for char in text):
            return Decoded(text, charset, origin)
    return None
