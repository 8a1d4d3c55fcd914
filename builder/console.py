"""What the command line prints: tables and next steps for people, one JSON object a line for machines."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table
from rich.text import Text

from builder.errors import HiwarError

_CONTROLS = dict.fromkeys(
    (*range(9), *range(11, 32), *range(127, 160), *range(8234, 8239), *range(8294, 8298))
)
"""Control and direction characters: a title from the web must not steer a terminal."""

PIPE_WIDTH = 200
"""Columns of a table that is not shown on a terminal."""


def printable(text: object) -> str:
    """Return text that cannot steer a terminal: control and bidi control characters taken out."""
    return str(text).translate(_CONTROLS)


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command reports to. With `json_lines` people's output is silent and events go to stdout.

    `quiet` leaves results and errors only; `verbose` adds detail.
    """

    json_lines: bool = False
    quiet: bool = False
    verbose: bool = False
    console: Console = field(default_factory=lambda: _console())
    errors: Console = field(default_factory=lambda: Console(stderr=True, highlight=False, emoji=False))

    def event(self, event: str, **fields: object) -> None:
        """Write an event as one JSON object a line to stdout, when asked for."""
        self.json_line({"event": event, **fields})

    def json_line(self, fields: Mapping[str, object]) -> None:
        """Write one JSON object a line to stdout, when asked for."""
        if self.json_lines and sys.stdout is not None:
            escaped = sys.stdout.encoding.lower() not in ("utf-8", "utf8")
            sys.stdout.write(json.dumps(fields, ensure_ascii=escaped, default=str) + "\n")
            sys.stdout.flush()

    def failure(
        self, exit_code: int, kind: str, what: str, where: str, what_next: str, result: Mapping[str, object]
    ) -> None:
        """Write the last object of a command that ends with another exit code than 0."""
        told = {"exit_code": exit_code, "kind": kind, "what": what, "where": where, "what_next": what_next}
        self.json_line({**result, "event": "error", **told})

    def say(self, text: str) -> None:
        """Print a line for people."""
        if not (self.json_lines or self.quiet):
            self.console.print(printable(text), markup=False, soft_wrap=True)

    def result(self, text: str) -> None:
        """Print a line that also shows when quiet."""
        if not self.json_lines:
            self.console.print(printable(text), markup=False, soft_wrap=True)

    def table(self, title: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print a table for people; numbers to the right."""
        if self.json_lines or self.quiet:
            return
        # Texts, not markup: brackets of a name or a page are letters. A title is as long as it is, the table not.
        self.console.print(Text(printable(title), style="bold"), soft_wrap=True)
        table = Table(box=None, pad_edge=False)
        listed = [list(row) for row in rows]
        for place, head in enumerate(heads):
            numeric = bool(listed) and all(isinstance(row[place], int | float) for row in listed)
            table.add_column(head, justify="right" if numeric else "left", overflow="fold")
        for row in listed:
            table.add_row(*[Text(_cell(value)) for value in row])
        self.console.print(table)

    def next_step(self, text: str) -> None:
        """Print what to do next."""
        if not (self.json_lines or self.quiet):
            step = Text.assemble(("Next:", "bold"), f" {printable(text)}")
            self.console.print(step, soft_wrap=True)

    def error(self, error: HiwarError) -> None:
        """Print an error to stderr: what, where, why, then what to do next."""
        self.failure(
            error.exit_code, type(error).__name__, error.what, error.where, error.what_next, error.result
        )
        head = f"{error.where}: {error.what}" if error.where else error.what
        self.errors.print("Error: " + printable(head), style="red", markup=False, soft_wrap=True)
        if error.what_next:
            self.errors.print(printable(error.what_next), markup=False, soft_wrap=True)


def _console() -> Console:
    """People's console: as wide as their terminal, or wide enough for a table where output goes to a file.

    Letters that the terminal's encoding lacks are escaped. A command that was started without an output has none.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    shown = sys.stdout is not None and sys.stdout.isatty()
    return Console(highlight=False, emoji=False, width=None if shown else PIPE_WIDTH)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return printable(value)


def account_rows(tallies: Iterable[Mapping[str, object]]) -> list[tuple[object, ...]]:
    """Return one row a stage for a table: stage, read, kept, dropped, failed, reasons with their counts."""
    rows: list[tuple[object, ...]] = []
    for tally in tallies:
        reasons = tally["reasons"]
        assert isinstance(reasons, Mapping)
        listed = ", ".join(
            f"{name} {count}" for name, count in sorted(reasons.items(), key=lambda r: (-r[1], r[0]))
        )
        rows.append((tally["stage"], tally["read"], tally["kept"], tally["dropped"], tally["failed"], listed))
    return rows


def duration(seconds: float) -> str:
    """Return a time in seconds as people say it: "45 s", "12 min", "3.5 h", "4 days"."""
    for unit, size_s in (("days", 172_800), ("h", 7_200), ("min", 120)):
        if seconds >= size_s:
            return f"{seconds / {'days': 86_400, 'h': 3_600, 'min': 60}[unit]:.1f} {unit}"
    return f"{seconds:.0f} s"
