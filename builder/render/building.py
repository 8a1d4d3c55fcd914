"""What `hiwar build` and `hiwar demo` show: progress of the stages, the account, how to load the release."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from shlex import quote
from typing import TYPE_CHECKING

from builder.console import Output, account_rows
from builder.events import StageProgress, Watch
from builder.pipeline import BuildResult

if TYPE_CHECKING:
    from rich.progress import TaskID

    from builder.demo.run import DemoResult
    from builder.schema import Row

ACCOUNT = ("stage", "read", "kept", "dropped", "failed", "why")


@contextmanager
def build_progress(out: Output) -> Iterator[Watch | None]:
    """Yield a callback for a build's stages: JSON lines, bars with rate and time left on a terminal, else nothing."""
    if out.json_lines:
        yield lambda event: out.json_line(event.as_dict())
    elif out.quiet or not out.console.is_terminal:
        yield None
    else:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=out.console, transient=True) as bars:
            tasks: dict[str, TaskID] = {}

            def show(event: StageProgress) -> None:
                if event.stage not in tasks:
                    tasks[event.stage] = bars.add_task(event.stage, total=event.total)
                bars.update(tasks[event.stage], completed=event.done, total=event.total)

            yield show


def show_build(result: BuildResult, out: Output) -> None:
    """Print the account of every stage, the release and how to load it."""
    _show_account(result, out)
    if result.profile:
        rows = [(stage, times["cpu_s"], times["wall_s"]) for stage, times in result.profile.items()]
        out.table("Where the time went", ("stage", "CPU s", "clock s"), rows)
    out.event(
        "done",
        release=str(result.release or ""),
        version=result.version,
        rows=result.rows,
        fresh=result.fresh,
    )
    if result.release is None:
        out.result("Read this slice. Build without --task when all slices are read.")
        return
    counts = ", ".join(f"{table} {count:,}" for table, count in result.rows.items())
    state = "Wrote" if result.fresh else "Nothing has changed since"
    out.result(f"{state} {result.release} ({counts})")
    out.next_step(f"hiwar verify {quote(str(result.release))}")


def _show_account(result: BuildResult, out: Output) -> None:
    tallies = [tally.as_dict() for tally in result.tallies]
    for tally in tallies:
        out.event("account", **tally)
    out.table("Account", ACCOUNT, account_rows(tallies))
    if result.rejected is not None:
        out.say(f"Every record left out, with all its reasons: {result.rejected}")


def show_left_out(result: BuildResult, out: Output) -> None:
    """Print every page and record that was left out, each with all its reasons; robots.txt and kin do not count."""
    from pyarrow.parquet import read_table

    if result.rejected is None:
        return
    left_out = [row for row in read_table(result.rejected).to_pylist() if row["reasons"][0]["rule"] != "role"]
    rows = [(row["url"], row["table"], _reasons(row)) for row in left_out]
    out.table("Left out", ("address", "read as", "why"), sorted(rows, key=str))


def _reasons(row: Row) -> str:
    given = [
        f"{reason['rule']} ({reason['detail']})" if reason["detail"] else reason["rule"]
        for reason in row["reasons"]
    ]
    return ", ".join(given)


def show_demo(result: DemoResult, out: Output) -> None:
    """Print the four parts of the demo and the lines that load its release."""
    from builder.release.places import load_line
    from builder.render.checking import show_checks
    from builder.render.crawling import show_hosts

    show_hosts(result.crawled, out)
    show_left_out(result.built, out)
    _show_account(result.built, out)
    show_checks(result.verified, out)
    built = result.built
    result.verified.raise_if_failed()
    out.event(
        "done", release=str(built.release), version=built.version, rows=built.rows, folder=str(result.folder)
    )
    counts = ", ".join(f"{table} {count:,}" for table, count in built.rows.items())
    out.result(f"Wrote {built.release} ({counts}). To load it:")
    out.result("from datasets import load_dataset\n")
    for table in sorted(built.rows, reverse=True):
        if built.rows[table] and built.release:
            out.result(f"{table} = {load_line(built.release, table, 'train')}")
    out.next_step(f'cd {quote(str(result.folder))} && hiwar explain "{result.example_url}"')
