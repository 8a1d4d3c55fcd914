"""The warc-fields of our metadata records, written and read in one place.

A metadata record stands beside each answer and says what the answer itself cannot: for which source and in
which role it was asked for, what led to it, what robots.txt said, and which opt-outs were in force.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from builder.model import PAGE, Rights, RobotsVerdict, Signal

CONTENT_TYPE = "application/warc-fields"
NOTHING_SAID = Rights()
_VERDICTS = ("allowed", "forbidden", "unknown")
_SEPARATOR = " | "


@dataclass(frozen=True, slots=True)
class CaptureFields:
    """What a metadata record says of its answer; `depth` is in hops from the seed, `peer` an IP address."""

    role: str = PAGE
    source: str | None = None
    via: str | None = None
    how: str | None = None
    depth: int | None = None
    peer: str | None = None
    rights: Rights = NOTHING_SAID


def format_fields(fields: CaptureFields) -> bytes:
    """Return the fields as the UTF-8 body of a metadata record, absent ones left out."""
    rights = fields.rights
    pairs: list[tuple[str, str | None]] = [
        ("hiwar-role", fields.role),
        ("hiwar-source", fields.source),
        ("via", fields.via),
        ("hopsFromSeed", None if fields.depth is None else str(fields.depth)),
        ("hiwar-how", fields.how),
        ("hiwar-peer", fields.peer),
        ("hiwar-robots", rights.robots),
        ("hiwar-robots-rule", rights.robots_rule),
    ]
    pairs += [("hiwar-signal", _SEPARATOR.join((s.name, s.where, s.value))) for s in rights.signals]
    lines = [f"{name}: {_one_line(value)}\r\n" for name, value in pairs if value is not None]
    return "".join(lines).encode("utf-8", "replace")


def parse_fields(body: bytes) -> CaptureFields:
    """Read the body of a metadata record. Unknown fields and lines that are none are passed over."""
    single: dict[str, str] = {}
    signals: list[Signal] = []
    for name, value in _pairs(body):
        if name == "hiwar-signal":
            signals.append(_signal(value))
        else:
            single.setdefault(name, value)
    robots = single.get("hiwar-robots", "unknown")
    verdict = cast("RobotsVerdict", robots if robots in _VERDICTS else "unknown")
    hops = single.get("hopsfromseed", "")
    return CaptureFields(
        role=single.get("hiwar-role", PAGE),
        source=single.get("hiwar-source"),
        via=single.get("via"),
        how=single.get("hiwar-how"),
        depth=int(hops) if re.fullmatch("[0-9]{1,9}", hops) else None,
        peer=single.get("hiwar-peer"),
        rights=Rights(verdict, single.get("hiwar-robots-rule"), tuple(signals)),
    )


def _pairs(body: bytes) -> Iterator[tuple[str, str]]:
    for line in body.decode("utf-8", "replace").split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip().lower(), value.strip()


def _signal(value: str) -> Signal:
    name, where, text = (*value.split(_SEPARATOR, 2), "", "")[:3]
    return Signal(name.strip(), where.strip(), text.strip())


def _one_line(value: str) -> str:
    """Fold a value to one line, so that a hostile header cannot add fields of its own."""
    return " ".join(value.split())
