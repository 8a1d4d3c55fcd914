"""What the columns need to know of a recipe, in a form that travels to workers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from builder.columns.bylines import byline_key
from builder.columns.language import check_cld2
from builder.columns.lexicon import Lexicon, recipe_lexicon
from builder.columns.platforms import Matcher
from builder.rules import check_rules

if TYPE_CHECKING:
    from builder.recipe import DedupBlock, Recipe


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What a recipe says of one source: licence, terms and zone of what it gives."""

    licence: str | None = None
    terms: str | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnSettings:
    """Everything the row functions need beside the record. Cheap to pickle; patterns are compiled on first use."""

    key: bytes
    lexicon: Lexicon
    sources: tuple[tuple[str, SourceFacts], ...] = ()
    dropped_bylines: frozenset[str] = frozenset()
    cld2: bool = False
    copies: DedupBlock | None = None

    @classmethod
    def from_recipe(cls, recipe: Recipe, key: bytes) -> ColumnSettings:
        """Return the settings of a recipe. `key` comes from `builder.columns.pseudonyms.load_or_make_key`.

        Raises RecipeError when the lexicon, a `[[platform]]` entry, a threshold or a rule name cannot be used,
        UsageError when a voter on the language is asked for that is not installed.
        """
        check_rules(recipe.model.rules)
        if recipe.model.language.cld2:
            check_cld2()
        facts = {
            source.name: SourceFacts(source.block.licence, source.block.terms, source.block.timezone)
            for source in recipe.sources
        }
        return cls(
            key=key,
            lexicon=recipe_lexicon(recipe),
            sources=tuple(sorted(facts.items())),
            dropped_bylines=frozenset(byline_key(name) for name in recipe.model.privacy.drop_bylines),
            cld2=recipe.model.language.cld2,
            copies=recipe.model.dedup,
        )

    def matcher(self) -> Matcher:
        """Return the compiled lexicon, compiled once in each process."""
        return _matcher(self.lexicon)

    def facts(self, source: str) -> SourceFacts:
        """Return what the recipe says of a source; nothing for one it does not have."""
        return dict(self.sources).get(source, SourceFacts())


@lru_cache(maxsize=4)
def _matcher(lexicon: Lexicon) -> Matcher:
    return Matcher(lexicon)
