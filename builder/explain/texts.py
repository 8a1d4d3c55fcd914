"""What the columns and rules make of a text that was never captured: for trying a lexicon or a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from builder.model import CaptureRef, Document
from builder.recipe import Recipe
from builder.schema import Row

_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_KEY = bytes(32)


@dataclass(frozen=True, slots=True)
class TextStory:
    """The row a text would have, and each reason a recipe has against it (stage, rule, detail); none: kept."""

    row: Row
    reasons: tuple[tuple[str, str, str], ...]

    def as_dict(self) -> dict[str, object]:
        """Return the story as JSON-ready values."""
        return {"row": self.row, "reasons": [" ".join(reason) for reason in self.reasons]}


def explain_text(text: str, recipe: Recipe | None = None, *, title: str | None = None) -> TextStory:
    """Return what the columns say of `text` as an article, and what the rules of a recipe would.

    Without a recipe the lexicon is the shipped one and no rule runs.
    Raises RecipeError when the recipe's lexicon or rules cannot be used.
    """
    from builder.columns import ColumnSettings, document_row
    from builder.columns.lexicon import load_lexicon
    from builder.rules import judge_document

    url = "text:"
    ref = CaptureRef("", "page", url, 200, "text/plain", _TIME, "", "", "resource", "", "", 0, 0)
    document = Document(url, url, url, "", "article", text, title=title, reader="text/1")
    if recipe is None:
        return TextStory(document_row(document, ref, (), ColumnSettings(_KEY, load_lexicon())), ())
    row = document_row(document, ref, (), ColumnSettings.from_recipe(recipe, _KEY))
    reasons = judge_document(row, recipe.model).reasons
    return TextStory(row, tuple((each.stage, each.rule, each.detail) for each in reasons))
