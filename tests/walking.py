"""Asks a source's targets one after the other, the way the crawler does but without its politeness."""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime

from builder.model import Capture, CaptureRef, Comment, Document, Target, Tombstone
from builder.sources import kinds
from builder.sources.base import AnySource

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


@dataclass
class Walked:
    """What a walk gave, by key, and every target that was asked, in order."""

    documents: dict[str, Document] = field(default_factory=dict)
    comments: dict[str, Comment] = field(default_factory=dict)
    tombstones: dict[str, Tombstone] = field(default_factory=dict)
    asked: list[Target] = field(default_factory=list)
    seen: int = 0


def make_source(kind: str, **keys: object) -> AnySource:
    """Return a source made from the keys of its block."""
    cls = kinds()[kind]
    return cls(cls.block_type.model_validate({"kind": kind, "name": "s", **keys}))


def ask(target: Target, now: datetime = NOW) -> Capture:
    """Return the real answer to a target."""
    try:
        with urllib.request.urlopen(target.url) as answer:
            status, headers, body = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            status, headers, body = error.code, error.headers, error.read()
    mime = headers.get_content_type()
    ref = CaptureRef(
        "s", target.role, target.url, status, mime, now, "", "", "response", "", "", 0, len(body)
    )
    return Capture(ref, tuple(headers.items()), body)


def walk(source: AnySource, now: datetime = NOW) -> Walked:
    """Ask for everything a source leads to, each address once; later captures win, as in a build."""
    walked = Walked()
    waiting = list(source.seeds())
    done: set[str] = set()
    while waiting:
        target = waiting.pop(0)
        if target.url in done:
            continue
        done.add(target.url)
        walked.asked.append(target)
        capture = ask(target, now)
        waiting.extend(source.follow(capture, target))
        extraction = source.read(capture)
        if extraction is not None:
            walked.seen += len(extraction.documents) + len(extraction.comments)
            walked.documents.update({document.key: document for document in extraction.documents})
            walked.comments.update({comment.key: comment for comment in extraction.comments})
            walked.tombstones.update({gone.key: gone for gone in extraction.tombstones})
    return walked
