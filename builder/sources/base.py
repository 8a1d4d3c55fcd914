"""What a kind of place is: how to ask it, how to follow what it answers, how to read the answers.

A source kind is one module in builder/sources/ with one subclass of `Source`; it is found by being there.
Its `Block` is the pydantic model of its `[[source]]` block in the recipe. A site with a layout of its own is
one module in builder/sources/sites/ with one subclass of `Site`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

if TYPE_CHECKING:
    from builder.model import Capture, Extraction, LeftOver, Target
    from builder.objects import Place

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,62}$"


class Block(BaseModel):
    """Keys that every `[[source]]` block has. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    name: str = Field(pattern=NAME_PATTERN, description="Name of the source; stands in every row it gives.")
    licence: str | None = Field(None, description="Licence of what this source gives, as SPDX id or a URL.")
    terms: str | None = Field(None, description="Terms that travel with every row of this source.")
    timezone: str | None = Field(None, description="Zone of times printed without one, e.g. Asia/Baghdad.")
    permission: str | None = Field(
        None, description="Permission you hold for a place whose terms forbid collection, and from whom."
    )
    ids_only: bool = Field(
        default=False, description="Publish ids and computed columns, never the text (dehydrated)."
    )

    @field_validator("timezone")
    @classmethod
    def _zone_is_known(cls, name: str | None) -> str | None:
        try:
            ZoneInfo(name or "UTC")
        except (ValueError, OSError, ZoneInfoNotFoundError) as error:
            message = f"{name!r} is no time zone; names are like Asia/Baghdad"
            raise ValueError(message) from error
        return name


BlockT = TypeVar("BlockT", bound=Block)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record to be written to the archive from a local file: address, time of collection, type, bytes.

    `role` is the role the reader gets back in the capture's reference.
    """

    url: str
    collected_at: datetime
    mime: str
    body: bytes
    role: str


class Source(Generic[BlockT]):
    """One `[[source]]` of a recipe. Override what the kind needs; the rest answers "nothing"."""

    kind: ClassVar[str]
    block_type: ClassVar[type[Block]]
    reach: ClassVar[Literal["network", "archives", "files"]] = "network"
    """network: fetched by `crawl`; archives: WARC files read where they lie; files: taken into the archive."""

    def __init__(self, block: BlockT) -> None:
        self.block = block

    @property
    def name(self) -> str:
        """The source's name in the recipe."""
        return self.block.name

    @property
    def scope(self) -> object:
        """What of the recipe decides which links `follow` returns, as a JSON value; None where nothing does."""
        return None

    def seeds(self) -> Iterable[Target]:
        """Return what to ask for first (network kinds)."""
        return ()

    def follow(self, capture: Capture, target: Target) -> Iterable[Target | LeftOver]:  # noqa: ARG002
        """Return what an answer leads to, and what is left of that (network kinds). `target` is what was asked for."""
        return ()

    def archives(self, folder: Path) -> Sequence[Place]:  # noqa: ARG002
        """Return the WARC files to read where they lie, sorted; `folder` is the recipe's (archives kinds)."""
        return []

    def incoming(self, folder: Path) -> Iterator[Incoming]:  # noqa: ARG002
        """Yield the records of local files in a stable order; `folder` is the recipe's (files kinds)."""
        return iter(())

    def read(self, capture: Capture) -> Extraction | None:  # noqa: ARG002
        """Read an answer whose role is this kind's own; None leaves an HTML page to builder.extract."""
        return None

    @classmethod
    def example(cls) -> str:
        """Return a recipe block to paste, as TOML."""
        return f'[[source]]\nkind = "{cls.kind}"\nname = "my-{cls.kind}"\n'


@dataclass(frozen=True, slots=True)
class Layout:
    """One shape the pages of a site had. `valid_until` is the last capture time it is used for; None: until now."""

    name: str
    valid_until: datetime | None = None


class Site:
    """A site whose pages are read by rules of their own. `hosts` are without "www."."""

    hosts: ClassVar[tuple[str, ...]]
    layouts: ClassVar[tuple[Layout, ...]] = (Layout("v1"),)

    def key(self, url: str) -> str | None:
        """Return the identity of the document at `url`, the same for all its spellings; None if not one.

        Only this base class raises: each site says its own.
        """
        raise NotImplementedError

    def canonical_url(self, url: str) -> str | None:
        """Return the one address for all spellings of `url`; None leaves it to builder.urls.

        Only this base class raises.
        """
        raise NotImplementedError

    def read(self, capture: Capture, layout: Layout) -> Extraction | None:
        """Read a page by the site's own rules; None leaves it to builder.extract.

        `capture.body` still is bytes: builder.extract.charset decodes it. Only this base class raises.
        """
        raise NotImplementedError


AnySource = Source[Any]
