"""The recipe: one TOML file that says where to look and what to keep.

Unknown keys are refused with the nearest known one. The JSON Schema of the same models is published as
schemas/recipe.v1.json, for editors.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from builder.errors import RecipeError, nearest
from builder.recipe_values import (
    Block,
    Day,
    HeaderLine,
    Product,
    ReleaseBlock,
    SchemaVersion,
    Share,
    check_span,
)
from builder.sources import kind_named, kinds
from builder.sources.base import NAME_PATTERN, AnySource
from builder.sources.refused import refusal

_PLAIN = {
    "tuple_type": 'a list is wanted, as in ["one", "two"]',
    "too_short": "the list is empty",
}
"""What pydantic says in Python's words, in the recipe's."""


class DatasetBlock(Block):
    """`[dataset]`: what the dataset is called and who answers for it."""

    name: str = Field(pattern=NAME_PATTERN, description="Short name: lower case, digits, - and _.")
    pretty_name: str | None = Field(None, description="Name for people; the card's heading.")
    description: str | None = Field(None, description="One paragraph for the card.")
    licence: str = Field("other", description="Licence of the compilation, a Hub licence id.")
    licence_name: str | None = None
    licence_link: str | None = None
    homepage: str | None = None
    repo_id: str | None = Field(
        None,
        pattern=r"^[\w.-]+/[\w.-]+$",
        description="OWNER/NAME on the Hub; stands in the loading examples.",
    )
    maintainer: str | None = Field(None, description="Who keeps the dataset; printed in the card.")
    contact: str | None = Field(None, description="Where takedown requests go; printed in the card.")
    citation: str | None = None
    schema_version: SchemaVersion | None = Field(
        None, description="Version of the row schema; the newest unless named."
    )


class CrawlBlock(Block):
    """`[crawl]`: how politely to ask, and the guards."""

    contact: HeaderLine | None = Field(
        None, description="mailto: or https: address that goes into the User-Agent."
    )
    user_agent: Product = Field(
        "hiwar", description="Product name of the User-Agent and of robots.txt groups."
    )
    min_delay_s: float = Field(1.0, ge=0, description="Floor of the delay between two requests to one host.")
    max_delay_s: float = Field(60.0, gt=0)
    timeout_s: float = Field(30.0, gt=0, description="Total deadline of one request.")
    max_pages_per_host: int = Field(10_000, ge=1)
    max_bytes_per_host: int = Field(2_000_000_000, ge=1)
    max_body_bytes: int = Field(20_000_000, ge=1, description="Cap on the decoded bytes of one answer.")
    max_depth: int = Field(20, ge=0)
    max_retries: int = Field(4, ge=0)
    allow_private: tuple[str, ...] = Field((), description="Private addresses or hosts that may be asked.")
    recrawl_min_days: float = Field(1.0, ge=0)
    recrawl_max_days: float = Field(90.0, ge=0)


class SelectBlock(Block):
    """`[select]`: which records go into a release."""

    relevance_min: float = Field(2.5, ge=0, le=10, description="0 keeps every Arabic article.")
    languages: tuple[str, ...] = Field(("ar",), description="Values of `lang` that are kept.")
    posts: bool = Field(default=True, description="Keep posts and threads beside articles.")
    comments: bool = Field(default=True, description="Write the comments table.")
    since: Day | None = Field(None, description="First day kept (YYYY-MM-DD), by publication.")
    until: Day | None = Field(None, description="Last day kept (YYYY-MM-DD), by publication.")

    @model_validator(mode="after")
    def _in_order(self) -> SelectBlock:
        check_span(self.since, self.until)
        return self


class OptOutBlock(Block):
    """`[optout]`: which opt-out signals leave a page out of releases."""

    obey: tuple[str, ...] = Field(
        (
            "noai",
            "noml",
            "noindex",
            "tdm-reservation",
            "ai.txt",
            "content-signal",
            "content-usage",
            "robots",
            "not-indexable",
            "no-unauthenticated",
        ),
        description="Signals that leave a page out. Others are recorded only.",
    )

    @field_validator("obey")
    @classmethod
    def _signals_are_known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        from builder.optout import SIGNALS

        for name in names:
            if name.removesuffix("-other") not in SIGNALS:
                message = f"{name!r} is no signal{nearest(name, SIGNALS)}; docs/optouts.md lists them"
                raise ValueError(message)
        return names


class RulesBlock(Block):
    """`[rules]`: the profile of defect rules and thresholds that differ from it."""

    profile: Literal["default", "fineweb2", "none"] = "default"
    thresholds: dict[str, float] = Field(default_factory=dict, description='e.g. "min_words" = 50')
    off: tuple[str, ...] = Field((), description="Rules that are not to drop anything.")


class PrivacyBlock(Block):
    """`[privacy]`: what is replaced before a record leaves the machine."""

    key_file: str = Field(
        "private/key", description="Key of the pseudonyms; made at the first build if absent."
    )
    stable_pseudonyms: bool = Field(default=False, description="One key for all releases, not one a release.")
    drop_bylines: tuple[str, ...] = Field((), description="Authors whose byline is not to be published.")


class DedupBlock(Block):
    """`[dedup]`: near duplicates."""

    near: bool = True
    jaccard_min: Share = Field(
        0.75, description="Share of common word 5-grams from which two texts are copies."
    )
    bands: int = Field(14, ge=1, le=64)
    rows_per_band: int = Field(8, ge=1, le=32)


class PlatformEntry(Block):
    """`[[platform]]`: an entry added to the lexicon, or one that replaces the entry of the same id."""

    id: str = Field(pattern=NAME_PATTERN)
    name: str
    long: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    anti_cues: tuple[str, ...] = ()
    remove: bool = False


class LexiconBlock(Block):
    """`[lexicon]`: another topic lexicon in place of the platforms."""

    file: str | None = Field(
        None, description="Path of a lexicon in the shape of builder/data/platforms.json."
    )


class LanguageBlock(Block):
    """`[language]`: who votes on a text's language beside the letters and langdetect."""

    cld2: bool = Field(default=False, description="Ask pycld2 as well; needs hiwar[cld2].")


class RecipeModel(Block):
    """The whole file."""

    dataset: DatasetBlock
    source: tuple[dict[str, Any], ...] = Field(min_length=1)
    crawl: CrawlBlock = CrawlBlock()
    select: SelectBlock = SelectBlock()
    optout: OptOutBlock = OptOutBlock()
    rules: RulesBlock = RulesBlock()
    privacy: PrivacyBlock = PrivacyBlock()
    dedup: DedupBlock = DedupBlock()
    release: ReleaseBlock = ReleaseBlock()
    lexicon: LexiconBlock = LexiconBlock()
    language: LanguageBlock = LanguageBlock()
    platform: tuple[PlatformEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe that was read and checked. `path` is its file; everything it writes lies in `folder`.

    `instead` names, for archives that `paths` lead to, the file that is read for each (None: it is left out).
    """

    path: Path
    model: RecipeModel
    sources: tuple[AnySource, ...]
    instead: Mapping[Path, Path | None] = field(default_factory=dict, compare=False)

    @property
    def folder(self) -> Path:
        """The folder of the recipe."""
        return self.path.parent

    @property
    def archive(self) -> Path:
        """The folder of the WARC files and the frontier."""
        return self.folder / "archive"

    @property
    def cache(self) -> Path:
        """The folder of what can be made again."""
        return self.folder / "cache"

    @property
    def releases(self) -> Path:
        """The folder of the releases."""
        return self.folder / "releases"

    def source(self, name: str) -> AnySource:
        """Return the source of that name.

        Raises RecipeError when the recipe has none.
        """
        for source in self.sources:
            if source.name == name:
                return source
        raise RecipeError(f"no source is named {name!r}", where=str(self.path))

    def digest(self) -> str:
        """Return "sha256:HEX" of the recipe's meaning: defaults filled in, comments and order of keys left out."""
        return self._digest({"source"})

    def _digest(self, left_out: set[str]) -> str:
        data = self.model.model_dump(mode="json", exclude=left_out)
        data["source"] = [source.block.model_dump(mode="json") for source in self.sources]
        canonical = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def load_recipe(path: str | Path) -> Recipe:
    """Read and check a recipe file, or the dataset.toml of a folder.

    Raises RecipeError that names the file, the key, the nearest known key and what to do.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "dataset.toml"
    data = _read_toml(path)
    model = _validated(RecipeModel, data, path, "")
    sources = tuple(_source(block, index, path) for index, block in enumerate(model.source))
    names = [source.name for source in sources]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RecipeError(
            f"two sources are named {twice[0]!r}", where=str(path), what_next="Give each source its own name."
        )
    return Recipe(path.resolve(), model, sources)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise RecipeError(
            "there is no such recipe",
            where=str(path),
            what_next="Run `hiwar new DIR` to get a commented one, or name the file.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise RecipeError(
            f"not a TOML file: {error}", where=str(path), what_next="Correct the line that is named."
        ) from error


def _source(block: dict[str, Any], index: int, path: Path) -> AnySource:
    place = f"source[{index}]"
    kind = block.get("kind")
    cls = kind_named(str(kind))
    if cls is None:
        near = nearest(str(kind), kinds())
        raise RecipeError(
            f"{place}.kind is {kind!r}, which is no kind of source{near}",
            where=str(path),
            what_next=f"Kinds: {', '.join(kinds())}. `hiwar sources` explains each.",
        )
    given = _validated(cls.block_type, block, path, f"{place}.")
    try:
        source = cls(given)
        _check_allowed(source, place, path)
    except ValueError as error:
        raise RecipeError(
            f"{place} begins at no web address",
            where=str(path),
            what_next="Write it whole, as in https://example.org/.",
        ) from error
    return source


def _check_allowed(source: AnySource, place: str, path: Path) -> None:
    """Raise RecipeError when a source begins at a place that is not to be collected from, ValueError at none."""
    for target in source.seeds() if source.reach == "network" else ():
        refused = refusal(target.url, source.block.permission)
        if refused is not None:
            raise RecipeError(
                f"{place} begins at {target.url}: {refused.name} is not collected from: {refused.why}",
                where=str(path),
                what_next=refused.instead,
            )


ModelT = typing.TypeVar("ModelT", bound=BaseModel)


def _validated(model: type[ModelT], data: dict[str, Any], path: Path, prefix: str) -> ModelT:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems = [_problem(detail, model, prefix) for detail in error.errors()]
        raise RecipeError(
            "; ".join(problems),
            where=str(path),
            what_next="Correct the keys named. schemas/recipe.v1.json lists every key with its meaning.",
        ) from None


def _problem(detail: ErrorDetails, model: type[BaseModel], prefix: str) -> str:
    place = (prefix + ".".join(str(part) for part in detail["loc"])).rstrip(".")
    if detail["type"] == "extra_forbidden":
        siblings = _known_keys(model, detail["loc"][:-1])
        return f"{place} is no known key{nearest(str(detail['loc'][-1]), siblings)}"
    if detail["type"] == "missing":
        return f"{place} is missing"
    said = _PLAIN.get(detail["type"], detail["msg"]).removeprefix("Value error, ")
    whole = detail["type"] == "value_error" and isinstance(detail["input"], dict)
    got = "" if whole else f" (got {detail['input']!r})"  # of a whole block nobody would find the key
    return f"{place}: {said[0].lower()}{said[1:]}{got}"


def _known_keys(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Return the keys that are known where `location` points to."""
    for part in location:
        if isinstance(part, int):
            continue
        inner = next(_models_in(model.model_fields[part].annotation), None)
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    """Yield the pydantic models inside a type annotation."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    for argument in typing.get_args(annotation):
        yield from _models_in(argument)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a recipe, every kind of source included."""
    schema = RecipeModel.model_json_schema()
    variants = {kind: cls.block_type.model_json_schema() for kind, cls in kinds().items()}
    for kind, variant in variants.items():
        variant["properties"]["kind"] = {"const": kind}
    schema["properties"]["source"]["items"] = {"oneOf": list(variants.values())}
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Hiwar recipe, version 1"
    return schema


if __name__ == "__main__":
    import sys

    json.dump(json_schema(), sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")
