"""What `hiwar explain` shows: fields with evidence, and the page's lines, kept and removed side by side."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table
from rich.text import Text

from builder.columns.story import render as render_text
from builder.console import Output, printable
from builder.errors import UsageError
from builder.explain import Story, Telling, explain, explain_text, render_html
from builder.model import CaptureRef
from builder.objects import place_of
from builder.recipe import load_recipe
from builder.storage import write_text


def show_story(url: str | None, recipe_path: Path, html_file: Path | None, out: Output) -> None:
    """Tell the story of an address in the terminal, and as a page where a file for it is named.

    Raises RecipeError for a wrong recipe, UsageError when no archive knows the address or none was given,
    WorldError for the disk.
    """
    if url is None:
        raise UsageError("nothing to explain", what_next="Give a URL of the archive, or --text FILE.")
    story = explain(load_recipe(recipe_path), url)
    render(story, out)
    if html_file is not None:
        write_text(html_file, render_html(story))
        out.result(f"Written: {html_file}")
    out.event("done", html=str(html_file) if html_file else None, **story.as_dict())


def render(story: Story, out: Output) -> None:
    """Print a story: what was decided, then each capture with its fields and lines."""
    out.result(f"{story.url}\nidentity: {story.key}")
    _show_verdicts(story, out)
    for number, telling in enumerate(story.tellings, 1):
        _show_telling(number, len(story.tellings), telling, out)


def _show_verdicts(story: Story, out: Output) -> None:
    if not story.verdicts:
        out.result("No release holds it and none says why not: run `hiwar build`.")
    for each in story.verdicts:
        fate = f"kept in {each.version}" if each.kept else f"left out of {each.version} at stage {each.stage}"
        copies = f", one of {each.cluster_size} copies" if (each.cluster_size or 1) > 1 else ""
        out.result(f"{each.table}: {fate}{copies}")
        for reason in each.reasons:
            out.result(f"  {reason}")


def _file(ref: CaptureRef) -> str:
    """Return the archive's own name, with the name on disk where that is another."""
    on_disk = place_of(ref.path).name
    return ref.warc_file if on_disk == ref.warc_file else f"{on_disk} ({ref.warc_file})"


def _show_telling(number: int, total: int, telling: Telling, out: Output) -> None:
    ref = telling.ref
    out.result(
        f"\nCapture {number} of {total}: {ref.fetched_at.isoformat()} {ref.url}\n"
        f"{_file(ref)}@{ref.warc_offset}, source {ref.source}, {ref.kind}, status {ref.status}\n"
        f"{telling.outcome}{f' by {telling.reader}' if telling.reader else ''}, {telling.comments} comments"
    )
    if telling.facts:
        rows = [
            (fact.name, fact.value, fact.origin, "" if fact.confidence is None else f"{fact.confidence:.2f}")
            for fact in telling.facts
        ]
        out.table("Fields", ("field", "value", "evidence", "sure"), rows)
    if telling.lines and not (out.json_lines or out.quiet):
        out.console.print(_side_by_side(telling))


def _side_by_side(telling: Telling) -> Table:
    """Return the page's lines in reading order: what was kept to one side, what was removed to the other."""
    table = Table(title="The page, line by line", title_justify="left", title_style="bold", expand=True)
    table.add_column("kept", ratio=3, overflow="fold")
    table.add_column("removed", ratio=2, overflow="fold", style="dim")
    table.add_column("because", ratio=1, overflow="fold", style="red")
    for line in telling.lines:
        text = Text(printable(line.text))  # not markup: brackets of the page are letters
        if line.fate == "removed":
            table.add_row("", text, Text(line.reason))
        else:
            table.add_row(
                text if line.fate == "text" else Text.assemble((f"{line.fate}: ", "bold"), text), "", ""
            )
    return table


def show_text_story(
    text_file: Path, recipe_path: Path | None, out: Output, html_file: Path | None = None
) -> None:
    """Show what columns and rules make of a text file.

    Raises RecipeError for a wrong recipe, UsageError for a file that is not UTF-8 or where a page is asked for.
    """
    if html_file is not None:
        raise UsageError("--html shows a page, and a text is none", what_next="Leave out --html or --text.")
    try:
        text = text_file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"not UTF-8: {error}", where=str(text_file), what_next="Save the text as UTF-8."
        ) from error
    story = explain_text(text, load_recipe(recipe_path) if recipe_path else None)
    out.event("done", **story.as_dict())
    if not out.json_lines:
        render_text(story, out.console)
