"""What Hiwar sees in one text, told in the terminal: `hiwar explain --text FILE`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from builder.columns.language import Language, detect_language
from builder.columns.lexicon import load_lexicon
from builder.columns.platforms import Found, Mention
from builder.columns.privacy import Masked, mask
from builder.columns.quality import Quality, measure_quality
from builder.columns.relevance import ABOUT_MIN, PARTIAL_MIN, Relevance, score
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
_STANCES = {"place": ", as a place", "people": ", as people"}
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


def _tables(story: TextStory) -> list[tuple[str, list[tuple[str, ...]]]]:
    quality, counts = story.quality, {kind: n for kind, n in story.masked.counts().items() if n}
    reasons: list[tuple[str, ...]] = [(f"{r.stage}.{r.rule}", r.detail) for r in story.decision.reasons]
    private = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    terms = Counter((h.concept, story.masked.text[h.start : h.end]) for h in story.found.concepts)
    return [
        (f"Language: {story.language.lang}", _votes(story.language)),
        (_counted("Mentions", len(story.found.mentions)), [_named(m) for m in story.found.mentions]),
        (
            _counted("Concepts", len(story.found.concepts)),
            [(concept, f"{times} x", term) for (concept, term), times in terms.items()],
        ),
        (
            f"Relevance: {story.relevance.total:.2f} of 10, {_about(story)}",
            [(name, f"{getattr(story.relevance, name):.2f}") for name in Relevance.__slots__],
        ),
        (f"Private data replaced: {private or 'none'}", []),
        (
            f"Quality: {_number(story.sentences, 'sentence')}, {_number(story.clauses, 'clause')}",
            [
                *((name, f"{getattr(quality, name):.4g}") for name in Quality.__slots__),
                ("bidi_controls", str(story.bidi_controls)),
            ],
        ),
        ("Rules: kept" if story.decision.kept else f"Rules: left out by {len(reasons)}", reasons),
    ]


def _votes(language: Language) -> list[tuple[str, ...]]:
    share = language.langdetect_share
    answer = (
        f"{language.langdetect}, {share:.3f} sure of Arabic"
        if language.langdetect and share is not None
        else "none"
    )
    return [
        ("letters", language.letters),
        ("langdetect", answer),
        ("cld2", language.cld2 or "not asked"),
        ("Arabic among letters", f"{language.arabic_share:.3f}"),
        ("words that look Arabic", f"{language.evidence:.3f}"),
        ("Arabizi", "yes" if language.arabizi else "no"),
    ]


def _named(mention: Mention) -> tuple[str, ...]:
    """Return what is said of a mention; Arabic stands last, so that a terminal does not turn the line round."""
    as_what = _STANCES.get(mention.stance, "") if mention.role == "topic" else ""
    place = f"{mention.platform} [{mention.start}:{mention.end}]"
    cue = f"cue: {mention.cue}" if mention.cue else ""
    return place, f"{mention.form}, {mention.zone}, {mention.role}{as_what}", mention.surface, cue


def _about(story: TextStory) -> str:
    title = "" if story.row["title"] else "; a title would add up to 3"
    cuts = f"(partly from {PARTIAL_MIN:g}, about from {ABOUT_MIN:g}{title})"
    if story.relevance.total >= ABOUT_MIN:
        return f"about the topic {cuts}"
    return f"{'partly' if story.relevance.total >= PARTIAL_MIN else 'not'} about the topic {cuts}"


def _counted(name: str, count: int) -> str:
    return f"{name}: {count or 'none'}"


def _number(count: int, name: str) -> str:
    return f"{count} {name}" + ("" if count == 1 else "s")


def _print_table(console: Console, title: str, rows: list[tuple[str, ...]]) -> None:
    from rich.table import Table
    from rich.text import Text

    console.print()
    console.print(Text(title, style="bold"))
    if not rows:
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, *values in rows:
        table.add_row(Text("  " + name), *map(Text, values))
    console.print(table)
