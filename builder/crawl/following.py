"""Where an answer leads: its source reads it, and what is left of it is counted, never dropped in silence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from builder.archive.coding import BodyTooLarge
from builder.crawl.fetcher import Answer
from builder.crawl.outcome import Judgement
from builder.crawl.recorder import LISTS, Written, capture_of
from builder.errors import FetchError
from builder.model import LeftOver, Rights, Target
from builder.sources.base import AnySource

BAD_ANSWER = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What reading an answer of unexpected shape raises; such an answer is kept and leads nowhere."""


@dataclass(slots=True)
class Followed:
    """What an answer leads to. `left`: addresses that were left, by reason; `failure`: why it could not be read."""

    targets: list[Target] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)
    failure: Judgement | None = None


def follow(
    source: AnySource,
    answer: Answer,
    written: Written,
    target: Target,
    rights: Rights,
    folder: Path,
    cap: int,
) -> Followed:
    """Return what an answer leads to; bodies are unpacked up to `cap` bytes."""
    found = Followed()
    try:
        capture = capture_of(answer, written, target, rights, folder, cap)
        if target.role in LISTS and (answer.truncated or len(capture.body) >= cap):
            found.left[f"rest of a {target.role} beyond {cap:,} bytes"] += 1
        for item in source.follow(capture, target):
            if isinstance(item, LeftOver):
                found.left[item.why] += item.count
            else:
                found.targets.append(item)
    except BodyTooLarge as error:
        return Followed(failure=Judgement("failed", f"guard: {error.what}"))
    except FetchError as error:
        return Followed(failure=Judgement("failed", error.what, retry=True))
    except BAD_ANSWER as error:
        return Followed(failure=Judgement("failed", f"could not be followed: {type(error).__name__}"))
    return found
