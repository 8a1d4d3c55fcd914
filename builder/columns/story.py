"""What Hiwar sees in one text, told in the terminal: `hiwar explain --text FILE`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from builder.columns.language import Language, detect_language
from builder.columns.lexicon import load_lexicon
from builder.columns.platforms import Found
from builder.columns.privacy import Masked, mask
from builder.columns.quality import Quality, measure_quality
from builder.columns.relevance import Relevance, score
from builder.columns.row import document_row
from builder.columns.settings import ColumnSettings
from builder.model import CaptureRef, Decision, Document
from builder.recipe import RecipeModel
from builder.rules import judge_document
from builder.text import clauses, sentences, storage_form

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from builder.recipe import Recipe
    from builder.schema import Row

_NO_KEY = b"explain needs no pseudonyms"
_STYLES = {"long": "bold green", "short": "bold yellow", "ambiguous": "bold magenta"}


@dataclass(frozen=True, slots=True)
class TextStory:
    """Everything that is computed from one text, and what the rules decide about it as an article.

    `masked.text` is the text all offsets count in.
    """

    masked: Masked
    bidi_controls: int
    language: Language
    found: Found
    relevance: Relevance
    quality: Quality
    sentences: int
    clauses: int
    row: Row
    decision: Decision

    def as_dict(self) -> dict[str, object]:
        """Return the row and the reasons against it as JSON-ready values."""
        reasons = [f"{each.stage} {each.rule} {each.detail}" for each in self.decision.reasons]
        return {"row": self.row, "reasons": reasons}


def explain_text(text: str, recipe: Recipe | None = None, *, title: str | None = None) -> TextStory:
    """Return the story of a text read as the body of an article, under a recipe's lexicon and rules or the defaults.

    `title` counts for relevance as it would on a page.
    Raises RecipeError when the recipe's lexicon or rules cannot be used.
    """
    if recipe is None:
        settings = ColumnSettings(key=_NO_KEY, lexicon=load_lexicon())
        model = RecipeModel.model_validate({"dataset": {"name": "explain"}, "source": [{}]})
    else:
        settings, model = ColumnSettings.from_recipe(recipe, _NO_KEY), recipe.model
    stored = storage_form(text)
    masked = mask(stored.text, handles=False)
    found = settings.matcher().find(masked.text)
    row = document_row(_as_article(text, title), _no_capture(), (), settings)
    return TextStory(
        masked=masked,
        bidi_controls=stored.bidi_controls,
        language=detect_language(masked.text, cld2=settings.cld2),
        found=found,
        relevance=score(masked.text, found, settings.matcher().find(title or "", zone="title"), title or ""),
        quality=measure_quality(masked.text),
        sentences=len(sentences(masked.text)),
        clauses=len(clauses(masked.text)),
        row=row,
        decision=judge_document(row, model),
    )


def _as_article(text: str, title: str | None) -> Document:
    return Document("text:", "text:", "text:", "", "article", text, title=title, reader="text/1")


def _no_capture() -> CaptureRef:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return CaptureRef("explain", "page", "", 200, "text/plain", epoch, "", "", "resource", "", "", 0, 0)


def render(story: TextStory, console: Console) -> None:
    """Print a story: the text with its marks, then the tables."""
    console.print(marked_text(story))
    console.print()
    for title, rows in _tables(story):
        _print_table(console, title, rows)


def marked_text(story: TextStory) -> Text:
    """Return the text with mentions, concepts and placeholders marked by style."""
    from rich.text import Text

    text = Text(story.masked.text)
    for hit in story.found.concepts:
        text.stylize("cyan", hit.start, hit.end)
    for mention in story.found.mentions:
        underline = " underline" if mention.role == "attribution" else ""
        text.stylize(_STYLES[mention.form] + underline, mention.start, mention.end)
    for start, end in story.found.furniture:
        text.stylize("dim", start, end)
    text.highlight_regex(r"\[(?:email|phone|iban|card|id|ip|user)\]", "bold red")
    return text


def _tables(story: TextStory) -> list[tuple[str, list[tuple[str, str]]]]:
    language, relevance, quality = story.language, story.relevance, story.quality
    mentions = [
        (
            f"{m.platform} [{m.start}:{m.end}]",
            f"{m.surface}  {m.form}, {m.zone}, {m.role}" + (f", cue: {m.cue}" if m.cue else ""),
        )
        for m in story.found.mentions
    ]
    reasons = [(f"{r.stage}.{r.rule}", r.detail) for r in story.decision.reasons]
    return [
        (
            f"Language: {language.lang}",
            [
                ("letters", language.letters),
                ("langdetect", f"{language.langdetect}, Arabic {language.langdetect_share or 0:.3f}"),
                ("cld2", language.cld2 or "not asked"),
                ("Arabic letters", f"{language.arabic_share:.3f}"),
                ("words that look Arabic", f"{language.evidence:.3f}"),
                ("Arabizi", "yes" if language.arabizi else "no"),
            ],
        ),
        (f"Mentions: {len(mentions)}", mentions),
        ("Concepts", [(hit.concept, story.masked.text[hit.start : hit.end]) for hit in story.found.concepts]),
        (
            f"Relevance: {relevance.total:.2f} of 10 (a title would add up to 3)",
            [(name, f"{getattr(relevance, name):.2f}") for name in Relevance.__slots__],
        ),
        ("Private data replaced", [(kind, str(count)) for kind, count in story.masked.counts().items() if count]),
        (
            f"Quality: {story.sentences} sentences, {story.clauses} clauses",
            [
                *((name, f"{getattr(quality, name):.4g}") for name in Quality.__slots__),
                ("bidi_controls", str(story.bidi_controls)),
            ],
        ),
        ("Rules: kept" if story.decision.kept else "Rules: left out", reasons),
    ]  # fmt: skip


def _print_table(console: Console, title: str, rows: list[tuple[str, str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    console.print(Text(title, style="bold"))
    if not rows:
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in rows:
        table.add_row(Text("  " + name), Text(value))
    console.print(table)
