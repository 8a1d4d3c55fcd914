"""What a dataset is about, in the words of its card, report and Croissant: the platforms, or a lexicon of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from builder.columns.lexicon import recipe_lexicon
from builder.recipe import Recipe
from builder.release.markdown import one_line

_NAMED = 4
"""Subjects of a lexicon that are named in a sentence; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Topic:
    """The words that stand for {about}, {thing}, … in builder/release/cardprose.py; each field is one of them.

    `about` follows "about", `thing` and `things` are what a mention names, `those` names all of them at once.
    """

    about: str = "digital platforms"
    arabic: str = "المنصّات الرقمية"
    arabic_things: str = "المنصّات"
    arabic_thing: str = "المنصّة"
    thing: str = "platform"
    things: str = "platforms"
    those: str = "platforms"
    keyword: str = "digital platforms"
    lexicon: str = "a published lexicon"
    lexicon_tool: str = "Hiwar lexicon of platform names"
    scattered: str = "Arabic text about digital platforms"
    ambiguous: str = "Platform names that are also common words (such as X and Meta)"
    note: str = ""

    def fill(self, text: str) -> str:
        """Return a text of cardprose.py with these words in the place of its {names}."""
        return text.format(**asdict(self))


PLATFORMS = Topic()
"""The lexicon that ships, also with `[[platform]]` entries of a recipe's own."""


def topic_of(recipe: Recipe, shown: Callable[[str], str] = one_line) -> Topic:
    """Return the words for a recipe's topic; `shown` makes the names of its own lexicon fit for where they stand.

    Raises RecipeError when the lexicon cannot be used.
    """
    if recipe.model.lexicon.file is None:
        return PLATFORMS
    lexicon = recipe_lexicon(recipe)
    name = shown(lexicon.name)
    those = f"the subjects of the lexicon {name}"
    return Topic(
        about=_named([shown(entity.name) for entity in lexicon.entities], those),
        arabic=f"موضوعات المعجم \u2068{name}\u2069",
        arabic_things="الموضوعات",
        arabic_thing="الموضوع",
        thing="subject",
        things="subjects",
        those=those,
        keyword=name,
        lexicon=f"the lexicon {name}",
        lexicon_tool=f"lexicon {name}",
        scattered="Arabic commentary",
        ambiguous="Names that the lexicon takes for common words too",
        note=f"`about_platforms`, `mentions`, `concepts` and `relevance` speak of platforms by their names: in this "
        f"dataset they hold {those}.",
    )


def _named(names: list[str], those: str) -> str:
    """Return subjects in a sentence, as in "A, B, C, D and 8 more of the subjects of the lexicon L"."""
    if not names:
        return those
    rest = len(names) - _NAMED
    if rest > 0:
        return f"{', '.join(names[:_NAMED])} and {rest} more of {those}"
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"{listed} ({those})"
