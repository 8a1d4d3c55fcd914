"""Writes what stands beside the data of a release: README.md, croissant.json, report.html, plots."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from builder.errors import UsageError
from builder.release.card import MARKS, outside_kept, render_card, sections
from builder.release.cardinput import CardInput
from builder.release.croissant import render_croissant
from builder.release.report import render_report
from builder.release.topic import topic_of

HAND_WRITTEN = "card.md"
"""File beside the recipe that may hold the hand-written parts of the card, between the same markers."""
_NOTE = re.compile(r"<!--(?!\s*hiwar:).*?-->", re.DOTALL)


def write_companions(folder: Path, given: CardInput) -> tuple[str, ...]:
    """Write the companions into a release's folder and return their names, with / between parts.

    Raises CheckFailed when the card or croissant.json cannot be made complete, UsageError when the recipe asks
    for plots and they cannot be drawn here.
    """
    pictures = _draw(folder, given)
    given = replace(given, plots=pictures)
    texts = {
        "README.md": render_card(given),
        "croissant.json": render_croissant(given),
        "report.html": render_report(given),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return (*texts, *pictures)


def _draw(folder: Path, given: CardInput) -> tuple[str, ...]:
    if not given.recipe.model.release.plots:
        return ()
    from builder.release.plots import draw

    pictures = draw(given.statistics, topic_of(given.recipe))
    (folder / "plots").mkdir(exist_ok=True)
    for name, content in pictures.items():
        (folder / "plots" / f"{name}.png").write_bytes(content)
    return tuple(f"plots/{name}.png" for name in pictures)


def hand_written(recipe_folder: Path, last_release: Path | None) -> str | None:
    """Return the text whose marked parts go into the next card: card.md beside the recipe, else the last card.

    Raises UsageError for a card.md of which a part would be lost.
    """
    own = recipe_folder / HAND_WRITTEN
    if own.is_file():
        return _checked(own)
    last = last_release / "README.md" if last_release else None
    return last.read_text(encoding="utf-8") if last and last.is_file() else None


def _checked(path: Path) -> str:
    """Return the text of card.md if its markers stand in pairs, each section once."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"not UTF-8: {error.reason} at byte {error.start}", where=str(path), what_next="Save it as UTF-8."
        ) from error
    marks, names = MARKS.findall(text), sections(text)
    if len(marks) != 2 * len(names) or len(set(names)) < len(names) or (text.strip() and not names):
        told = ", ".join(f"{side} {name}" for side, name in marks) or "none"
        raise UsageError(
            f"its text does not stand between markers in pairs, each section once; found: {told}",
            where=str(path),
            what_next="Write <!-- hiwar:begin uses --> before the text of a section, and <!-- hiwar:end uses --> "
            "behind it, each on a line of its own (docs/publishing.md).",
        )
    _refuse_outside(text, path)
    return text


def _refuse_outside(text: str, path: Path) -> None:
    """Raise UsageError for text that no section would take; comments of HTML are notes that nobody is to see."""
    outside = _NOTE.sub(_blank_lines, outside_kept(text, _blank_lines))
    numbered = [(number, line) for number, line in enumerate(outside.split("\n"), 1) if line.strip()]
    if numbered:
        number, line = numbered[0]
        move = (
            "Of a copied card keep the marked sections alone: each build makes the rest"
            if text.startswith("---")
            else "Move it between the markers of a section, such as <!-- hiwar:begin description --> and "
            "<!-- hiwar:end description -->, or make it a comment: <!-- … -->"
        )
        more = f", and {len(numbered) - 1} more" if len(numbered) > 1 else ""
        raise UsageError(
            f"this line stands outside the markers, so it would reach no card: {line.strip()[:80]!r}{more}",
            where=f"{path}, line {number}",
            what_next=f"{move}. docs/publishing.md lists the sections.",
        )


def _blank_lines(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")
