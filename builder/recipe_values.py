"""Values of a recipe that are more than their type: days, spans of days, shares of the records, names in a header;
and `[release]`, which is made of them.

Each function takes a value as it was written and returns it in the one form that is compared. They raise ValueError,
which builder.recipe turns into an error with file and key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator


class Block(BaseModel):
    """A table of a recipe: unknown keys, NaN and infinity are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Share = Annotated[float, Field(ge=0, le=1)]


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        message = f"{text!r} is no day; write it as YYYY-MM-DD"
        raise ValueError(message) from None


def _product(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name):
        message = f"{name!r} is no product name; letters, digits, - and _ make one (RFC 9309, 2.2.1)"
        raise ValueError(message)
    return name


def _one_line(text: str) -> str:
    if not text.isprintable():
        message = f"{text!r} does not fit on a line of a header"
        raise ValueError(message)
    return text


def _known_version(number: int) -> int:
    from builder.schema import versions

    newest = max(version for table in ("documents", "comments") for version in versions(table))
    if not 1 <= number <= newest:
        message = f"there is no version {number}; the newest is {newest}"
        raise ValueError(message)
    return number


Day = Annotated[str, AfterValidator(_day)]
Product = Annotated[str, AfterValidator(_product)]
HeaderLine = Annotated[str, AfterValidator(_one_line)]
SchemaVersion = Annotated[int, AfterValidator(_known_version)]


def check_span(since: str | None, until: str | None) -> None:
    """Raise ValueError for a span of days that ends before it begins."""
    if since is not None and until is not None and since > until:
        message = f"since {since} is after until {until}: no record lies between"
        raise ValueError(message)


def check_shares(shares: Iterable[float | None]) -> None:
    """Raise ValueError for shares that are more than all records together."""
    total = sum(share or 0.0 for share in shares)
    if total > 1 + 1e-9:
        message = f"the shares come to {total:g}, more than all records"
        raise ValueError(message)


class SplitBlock(Block):
    """`[[release.split]]`: a named part of the records, by time or by hash."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    since: Day | None = None
    until: Day | None = None
    hash_share: Share | None = None

    @model_validator(mode="after")
    def _takes_something(self) -> SplitBlock:
        check_span(self.since, self.until)
        if self.since is None and self.until is None and self.hash_share is None:
            message = f"nothing says what goes into {self.name!r}: give since, until or hash_share"
            raise ValueError(message)
        return self


class ReleaseBlock(Block):
    """`[release]`: version, splits and the assertions a release must meet."""

    version: str | None = Field(
        None, pattern=r"^\d+\.\d+\.\d+$", description="Pin the version; else by rule."
    )
    split: tuple[SplitBlock, ...] = ()
    gate_min: dict[str, float] = Field(default_factory=dict, description='e.g. "rows.documents" = 100')
    gate_max: dict[str, float] = Field(default_factory=dict, description='e.g. "dropped.share" = 0.9')
    gated: Literal["auto", "manual"] | None = Field(None, description="Ask Hub users for access.")
    extra_tags: tuple[str, ...] = ()
    plots: bool = Field(default=False, description="Draw plots/*.png for the card; needs hiwar[plots].")

    @field_validator("split")
    @classmethod
    def _no_more_than_all(cls, splits: tuple[SplitBlock, ...]) -> tuple[SplitBlock, ...]:
        check_shares(split.hash_share for split in splits)
        return splits
