"""What the commands that check, compare, publish and take down show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from builder.archive.check import Problem
from builder.console import Output
from builder.errors import CheckFailed, HiwarError, UsageError, WorldError
from builder.recipe import Recipe
from builder.release.copied import Copied
from builder.release.diff import ReleaseDiff
from builder.takedown import Request

if TYPE_CHECKING:
    from builder.hub import PublishResult
    from builder.regenerate import Regeneration
    from builder.verify import VerifyReport


def show_checks(report: VerifyReport, out: Output) -> None:
    """Print one row a check."""
    rows = [("ok" if check.ok else "FAILED", check.name, check.detail) for check in report.checks]
    out.table(f"Verified {report.release}", ("", "check", "detail"), rows)


def show_verify(report: VerifyReport, out: Output) -> None:
    """Print a verification. Raises VerifyFailed when a check failed."""
    show_checks(report, out)
    report.raise_if_failed()
    out.event("done", **report.as_dict())
    out.result(f"{report.release} is what its manifest says.")
    if isinstance(report.release, Path):
        out.next_step(f"hiwar publish {quote(str(report.release))} you/your-dataset --dry-run")


def show_copy(result: Copied, out: Output) -> None:
    """Print what was sent and where it lies."""
    out.event("done", **result.as_dict())
    there = f", {result.left} were there already" if result.left else ""
    out.result(f"Sent {result.sent} files, {result.sent_bytes:,} bytes{there}. {result.target}")
    out.next_step(f"hiwar verify {quote(str(result.target))}")


def show_diff(result: ReleaseDiff, out: Output) -> None:
    """Print what lies between two releases."""
    out.event("done", **result.as_dict())
    out.result(result.render())


def show_archive_check(found: Mapping[str, Sequence[Problem]], out: Output) -> None:
    """Print what each file breaks. Raises CheckFailed when any file breaks a clause."""
    for path, problems in found.items():
        out.event("file", path=path, problems=[asdict(problem) for problem in problems])
        out.result(f"{path}: {len(problems) or 'no'} problems")
        for problem in problems:
            out.result(f"  {problem}")
    broken = sorted(path for path, problems in found.items() if any(problem.must for problem in problems))
    if broken:
        raise CheckFailed(
            f"{len(broken)} of {len(found)} files break a clause of WARC/1.1",
            where=", ".join(broken),
            what_next="A build reads every whole record and names the others; nothing has to be mended first.",
            result={"files": len(found), "broken": broken},
        )
    out.event("done", files=len(found), broken=broken)


def show_takedown(recipe: Recipe, request: Request, out: Output, *, is_new: bool, older: bool) -> None:
    """Print the request that was written, and with `older` the releases that still hold what it names."""
    out.event("request", **asdict(request), new=is_new)
    state = "Wrote" if is_new else "It stood there already:"
    out.result(f"{state} request ({request.kind}) in {recipe.folder / 'takedowns.jsonl'}")
    prepared: list[Path] = []
    if older:
        prepared = show_older(recipe, out)
        if request.kind == "author":
            out.result(
                "Readers stand in releases under pseudonyms, which no name finds: name theirs (user-…), or an id."
            )
    out.event("done", new=is_new, prepared=[str(folder) for folder in prepared])
    out.next_step("hiwar build, then hiwar verify --takedowns on the new release")


def show_older(recipe: Recipe, out: Output) -> list[Path]:
    """Print the releases made before that still hold what was asked to be removed; return copies without it."""
    from builder.release.holdings import holdings, prepare

    found = holdings(recipe.folder)
    for each in found:
        out.event("holding", **each.as_dict())
    rows = [(each.version, len(each.records), each.addresses, each.rejected) for each in found]
    out.table(
        "Releases that still hold it", ("version", "records", "addresses of copies", "rejected rows"), rows
    )
    prepared = prepare(recipe, found)
    for folder in prepared:
        out.result(f"Prepared {folder}; publish it in place of the old version (docs/takedown.md).")
    for version in sorted({each.version for each in found} - {folder.name for folder in prepared}):
        out.result(f"Nothing would be left of {version}: withdraw it (docs/takedown.md).")
    if not found:
        out.result("No release made before holds it.")
    return prepared


def show_publish(result: PublishResult, out: Output) -> None:
    """Print the files that a publishing sends or sent, the card of a dry run, and where the release now is."""
    rows = [
        (change.change, change.path, change.size_bytes)
        for change in result.changes
        if change.change != "same"
    ]
    out.table(f"{result.repo_id}, {result.tag}", ("change", "file", "bytes"), rows)
    if result.dry_run:
        out.say(result.card)
    for note in result.notes:
        out.result(note)
    estimate = "" if result.xet_bytes is None else f", of which about {result.xet_bytes:,} new to the Hub"
    state = "Already there:" if result.already else "Would send" if result.dry_run else "Sent"
    out.result(f"{state} {result.new_bytes:,} bytes{estimate}. {result.pull_url or result.url}")
    if result.checked:
        counts = ", ".join(f"{count:,} {table}" for table, count in result.checked)
        out.result(f"Loaded back by its tag and found the same, record by record: {counts}.")
    out.event("done", **result.as_dict())
    if not result.dry_run and result.pull_url is None:
        out.next_step(f'load_dataset("{result.repo_id}", "documents", revision="{result.tag}")')


def show_regeneration(result: Regeneration, out: Output) -> None:
    """Print what became of each dataset. Raises an error with the worst exit code when one has no verified release."""
    heads = ("dataset", "outcome", "before", "after", "added", "changed", "removed", "why")
    rows = [
        (
            one.name,
            one.outcome,
            one.before or "",
            one.after or "",
            one.added,
            one.changed,
            one.removed,
            one.why,
        )
        for one in result.datasets
    ]
    out.table("Regenerated", heads, rows)
    if out.quiet:
        for one in result.datasets:
            out.result(f"{one.name}: {one.outcome}, {one.after or 'no release'}. {one.why}")
    if result.exit_code:
        raise _not_all(result)
    out.event("done", **result.as_dict())


def _not_all(result: Regeneration) -> HiwarError:
    failed = [one for one in result.datasets if one.outcome == "failed"]
    kinds: tuple[type[HiwarError], ...] = (CheckFailed, UsageError, WorldError)
    return next(kind for kind in kinds if kind.exit_code == result.exit_code)(
        f"{len(failed)} of {len(result.datasets)} datasets failed and stay as they were",
        where=", ".join(str(one.recipe) for one in failed),
        what_next="The table says why, and releases/failed/ of each what it would have been.",
        result=result.as_dict(),
    )
