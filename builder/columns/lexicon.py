"""The topic lexicon: read, checked, amended by the recipe, and turned into patterns.

builder/data/platforms.json is a published artefact of its own (shape: schemas/lexicon.v1.json). Another topic's
lexicon of the same shape can take its place through `[lexicon] file`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.errors import RecipeError
from builder.text import fold_text

if TYPE_CHECKING:
    from builder.recipe import PlatformEntry, Recipe

CLASSES = ("long", "short", "ambiguous")

_TEXT_KEYS = {"$schema", "name", "licence", "doc"}
_LIST_KEYS = {"carriers", "cues", "furniture", "entities", "concepts"}
_ENTITY_KEYS = {
    "id",
    "name",
    "long",
    "short",
    "ambiguous",
    "domains",
    "cues",
    "anti_cues",
    "examples",
    "attested",
}
_CONCEPT_KEYS = {"id", "name", "forms", "never", "core", "topic"}


@dataclass(frozen=True, slots=True)
class Entity:
    """One platform (or other thing of the topic): its spellings by class, its cues and anti-cues."""

    id: str
    name: str
    long: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    anti_cues: tuple[str, ...] = ()

    def forms(self) -> Iterable[tuple[str, str]]:
        """Yield (class, spelling) of every form."""
        for form_class in CLASSES:
            for form in getattr(self, form_class):
                yield form_class, form


@dataclass(frozen=True, slots=True)
class Concept:
    """One concept of the topic's discourse, and words that only look like it. `core`: it belongs to this topic alone;
    `topic`: it is a general name for the entities ("the social networks")."""

    id: str
    forms: tuple[str, ...]
    never: tuple[str, ...] = ()
    core: bool = False
    topic: bool = False


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A whole topic lexicon. `carriers` name what stands right before an ambiguous name ("منصة إكس")."""

    name: str
    version: int
    entities: tuple[Entity, ...]
    concepts: tuple[Concept, ...]
    carriers: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    attribution_verbs: tuple[str, ...] = ()
    attribution_places: tuple[str, ...] = ()
    attribution_persons: tuple[str, ...] = ()
    furniture: tuple[str, ...] = ()

    def __hash__(self) -> int:
        """Return a hash off a few fields: all the words of all entities would be hashed for each text."""
        return hash((self.name, self.version, len(self.entities), len(self.concepts)))


def load_lexicon(path: Path | None = None) -> Lexicon:
    """Read a lexicon file; without a path, the platforms that ship.

    Raises RecipeError when the file cannot be read or does not have the shape of schemas/lexicon.v1.json.
    """
    source = path or Path(str(files("builder"))) / "data" / "platforms.json"
    try:
        data = json.loads(source.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unusable(f"cannot be read: {error}", source) from error
    try:
        return _lexicon(data)
    except KeyError as error:
        raise _unusable(
            f"is not of the shape of schemas/lexicon.v1.json: {error} is missing", source
        ) from error
    except (TypeError, ValueError) as error:
        raise _unusable(f"is not of the shape of schemas/lexicon.v1.json: {error}", source) from error


def _unusable(why: str, source: Path) -> RecipeError:
    return RecipeError(
        f"the lexicon {why}", where=str(source), what_next="Start from a copy of builder/data/platforms.json."
    )


def _lexicon(data: Mapping[str, Any]) -> Lexicon:
    attribution = data.get("attribution", {})
    _known(data, _TEXT_KEYS | _LIST_KEYS | {"version", "attribution"}, "lexicon")
    return Lexicon(
        name=str(data["name"]),
        version=int(data["version"]),
        entities=tuple(_entity(entry) for entry in data["entities"]),
        concepts=tuple(_concept(entry) for entry in data.get("concepts", ())),
        carriers=_strings(data, "carriers"),
        cues=_strings(data, "cues"),
        attribution_verbs=_strings(attribution, "verbs"),
        attribution_places=_strings(attribution, "places"),
        attribution_persons=_strings(attribution, "persons"),
        furniture=_strings(data, "furniture"),
    )


def _entity(entry: Mapping[str, Any]) -> Entity:
    _known(entry, _ENTITY_KEYS, f"entity {entry.get('id')!r}")
    parts = {key: _strings(entry, key) for key in (*CLASSES, "domains", "cues", "anti_cues")}
    return Entity(id=str(entry["id"]), name=str(entry["name"]["en"]), **parts)


def _concept(entry: Mapping[str, Any]) -> Concept:
    _known(entry, _CONCEPT_KEYS, f"concept {entry.get('id')!r}")
    return Concept(
        str(entry["id"]),
        _strings(entry, "forms"),
        _strings(entry, "never"),
        core=bool(entry.get("core")),
        topic=bool(entry.get("topic")),
    )


def _known(entry: Mapping[str, Any], keys: set[str], where: str) -> None:
    unknown = sorted(set(entry) - keys)
    if unknown:
        raise ValueError(f"{where} has unknown keys {unknown}")


def _strings(entry: Mapping[str, Any], key: str) -> tuple[str, ...]:
    values = entry.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) and value.strip() for value in values):
        raise ValueError(f"{key} must be a list of words")
    return tuple(values)


def amended(lexicon: Lexicon, entries: Iterable[PlatformEntry]) -> Lexicon:
    """Return the lexicon with the recipe's `[[platform]]` entries added, replaced or removed.

    Raises RecipeError when an entry asks to remove what is not there.
    """
    entities = {entity.id: entity for entity in lexicon.entities}
    for entry in entries:
        if entry.remove:
            if entities.pop(entry.id, None) is None:
                raise RecipeError(
                    f"the lexicon has no {entry.id!r} to remove",
                    where="[[platform]]",
                    what_next=f"Ids: {', '.join(sorted(entities))}.",
                )
            continue
        entities[entry.id] = Entity(
            entry.id, entry.name, entry.long, entry.short, entry.ambiguous, (), entry.cues, entry.anti_cues
        )
    return replace(lexicon, entities=tuple(entities.values()))


def recipe_lexicon(recipe: Recipe) -> Lexicon:
    """Return the lexicon a recipe asks for.

    Raises RecipeError when its file or one of its entries cannot be used.
    """
    file = recipe.model.lexicon.file
    lexicon = load_lexicon(recipe.folder / file if file else None)
    return amended(lexicon, recipe.model.platform)


# Patterns. They are matched on the match form (builder.text.fold), so they are folded themselves.

PROCLITICS = r"(?<!\w)(?P<pre>ا?[وف]?(?:[بكف]?ه?ال|لل|عل?ال|مال|يا|[بكلفعمش])?)"
SAFE_PROCLITICS = PROCLITICS.replace("عفمش", "عف")
"""For short spellings: م + وسم is a season, م + اكس is Max."""
ARTICLE = r"(?<!\w)(?P<pre>ا?[وف]?(?:[بكف]?ه?ال|لل|عل?ال|مال))"
ENCLITICS = r"(?:رز|ريه?|رين|ر|جيه?|جيين|يات|يين|يون|يه|يا|ين|ات|ي)?(?:ها|هم|هن|نا|كم|ك|ه|و)?(?!\w)"
POSSESSIVES = r"(?:ها|هم|هن|نا|كم|ك|ه|ي)?(?!\w)"
BARE_END = r"(?!\w)"
GAP = r"[\s/\-–—'’\"()«»]{0,3}"
GAP_CHARS = 3
_ENCLITICS_FORM_MIN = 4
_PROCLITICS_FORM_MIN = 6
_LATIN = re.compile(r"^[\x00-\x7f]+$")


def form_pattern(form: str) -> str:
    """Return the regex of one spelling, folded, without clitics; a space stands for any short gap."""
    return GAP.join(re.escape(token) for token in fold_text(form).split())


def entity_pattern(forms: Iterable[str], *, enclitics: bool) -> re.Pattern[str]:
    """Return the pattern of spellings with the clitics they may carry; the group "name" is the spelling."""
    with_article: list[str] = []
    plain: list[str] = []
    short: list[str] = []
    latin: list[str] = []
    for form in sorted(set(forms), key=lambda text: (-len(text), text)):
        folded = fold_text(form)
        if _LATIN.match(folded):
            latin.append(form_pattern(form))
        elif folded.startswith("ال"):
            with_article.append(form_pattern(folded[2:]))
        else:
            (plain if len(folded) >= _PROCLITICS_FORM_MIN else short).append(form_pattern(form))
    end = ENCLITICS if enclitics else BARE_END
    groups = [
        (PROCLITICS, plain, end),
        (SAFE_PROCLITICS, short, end),
        (ARTICLE, with_article, end),
        (PROCLITICS, latin, r"(?:'s)?(?!\w)"),
    ]
    parts = []
    for number, (head, names, tail) in enumerate(groups):
        if names:
            numbered = head.replace("?P<pre>", f"?P<pre{number}>")
            parts.append(f"{numbered}(?P<name{number}>{'|'.join(names)}){tail}")
    return re.compile("|".join(parts) if parts else r"(?!)")


def takes_enclitics(form: str) -> bool:
    """Tell whether a spelling is long enough to carry suffixes without becoming another word."""
    return len(fold_text(form)) >= _ENCLITICS_FORM_MIN


def cue_pattern(cues: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern of cue words with their clitics; a cue that ends in * is the head of a word."""
    parts = []
    for cue in sorted(set(cues), key=lambda text: (-len(text), text)):
        stem = cue.endswith("*")
        parts.append(GAP.join(map(re.escape, cue_tokens(cue))) + (r"\w*" if stem else r"(?![^\W\d])"))
    return re.compile(r"(?<!\w)[وف]?[بكلس]?(?:ال|لل)?(?:" + "|".join(parts) + ")" if parts else r"(?!)")


def form_tokens(form: str) -> list[str]:
    """Return the tokens of a spelling that stand in every match of it: folded, the article left out."""
    folded = fold_text(form)
    return (folded if _LATIN.match(folded) else folded.removeprefix("ال")).split()


def cue_tokens(cue: str) -> list[str]:
    """Return the tokens of a cue that stand in every match of it: folded, the article left out."""
    folded = fold_text(cue.rstrip("*"))
    return (folded if cue.endswith("*") else folded.removeprefix("ال")).split()
