"""The command line: each command is a few lines over one library call.

Nothing heavy is imported here: `hiwar --help` loads none of pyarrow, trafilatura, datasets.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Any, TypeVar

import click

from builder.console import Output
from builder.errors import HiwarError, UsageError, WorldError
from builder.threads import one_thread
from builder.version import __version__

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

RECIPE = click.argument(
    "recipe_path", metavar="[RECIPE]", default="dataset.toml", type=click.Path(path_type=Path)
)
RELEASE = click.Path(exists=True, file_okay=False, path_type=Path)


class _ReleaseOrCopy(click.Path):
    """A release folder, or the address of a copy in object storage, which stays as it is written."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a path or an address. Raises what click raises for a folder that is not there."""
        return value if str(value).startswith("s3://") else super().convert(value, param, ctx)


_HELP = "See --help of the command."
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _Hiwar(click.Group):
    """Turns our errors into a message and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; end with the exit code of the error it raises, if any."""
        try:
            _refuse_bare_bytes([*sys.argv[1:], _folder()])
            return super().invoke(ctx)
        except HiwarError as error:
            ctx.exit(_report(ctx, error))
        except UnicodeEncodeError as error:
            if sys.getfilesystemencoding() == "utf-8":
                raise
            ctx.exit(_report(ctx, _not_utf8(error.object[error.start : error.end])))
        except OSError as error:
            what_next = (
                "Free space, mend rights or plug the network in, then run it again: nothing is half done."
            )
            world = WorldError(
                error.strerror or str(error), where=str(error.filename or ""), what_next=what_next
            )
            ctx.exit(_report(ctx, world))
        except click.ClickException as error:  # click prints it: wrong use
            _output(ctx).failure(error.exit_code, "UsageError", error.format_message(), "hiwar", _HELP, {})
            raise
        except KeyboardInterrupt:
            advice = "What was done is kept; run the same command to go on."
            _output(ctx).failure(130, "Interrupted", "stopped", "", advice, {})
            click.echo(f"Stopped. {advice}", err=True)
            ctx.exit(130)


def _folder() -> str:
    """Return the folder a command is run in, "" where it was removed meanwhile."""
    try:
        return os.getcwd()  # noqa: PTH109
    except OSError:
        return ""


def _refuse_bare_bytes(names: Iterable[str]) -> None:
    """Raise UsageError for a word or folder whose bytes are no letters here: no file we write could name it."""
    for name in names:
        if any("\udc80" <= letter <= "\udcff" for letter in name):
            raise _not_utf8(name)


def _not_utf8(name: str) -> UsageError:
    terminal = sys.getfilesystemencoding()
    advice = (
        "Give it a name in UTF-8 (mv, or convmv for a whole tree)."
        if terminal == "utf-8"
        else f"Names are {terminal} here: set LC_ALL=C.UTF-8, unset PYTHONUTF8, and run it again."
    )
    return UsageError(f"not UTF-8: {name!r}", where="hiwar", what_next=advice)


def _report(ctx: click.Context, error: HiwarError) -> int:
    _output(ctx).error(error)
    return error.exit_code


def _output(ctx: click.Context) -> Output:
    """Return where the command reports to, also before its options were read."""
    return ctx.obj if isinstance(ctx.obj, Output) else Output(json_lines="--json" in sys.argv)


def common(command: CommandT) -> CommandT:
    """Add --json, -q and -v to a command; it gets them as one `out: Output`."""

    @functools.wraps(command)
    def wrapped(*, json_lines: bool, quiet: bool, verbose: bool, **rest: Any) -> Any:
        out = Output(json_lines=json_lines, quiet=quiet, verbose=verbose)
        click.get_current_context().find_root().obj = out
        return command(out=out, **rest)

    for option in (
        click.option("-v", "--verbose", is_flag=True, help="Say more."),
        click.option("-q", "--quiet", is_flag=True, help="Say only results and errors."),
        click.option("--json", "json_lines", is_flag=True, help="One JSON object a line on stdout."),
    ):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


def _now() -> datetime:
    return datetime.now(UTC)


@click.group(cls=_Hiwar, context_settings=CONTEXT)
@click.version_option(__version__, prog_name="hiwar")
def main() -> None:
    """Turn Arabic commentary on digital platforms into a published, versioned dataset.

    hiwar new DIR, then in DIR: hiwar crawl, hiwar build, hiwar verify releases/1.0.0. First look: hiwar demo.
    """
    os.environ.update(one_thread(os.environ))


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@common
def new(folder: Path, out: Output) -> None:
    """Make DIR with a commented recipe, ready for a real site."""
    from builder.starter import new_dataset

    recipe = new_dataset(folder)
    out.result(f"Wrote {recipe}")
    there = quote(str(folder))
    out.next_step(f"edit {recipe} (give [crawl] a contact), then: cd {there} && hiwar crawl --dry-run")
    out.event("done", recipe=str(recipe))


@main.command()
@RECIPE
@click.option("--max-pages", type=click.IntRange(min=1), help="Stop after this many pages.")
@click.option("--dry-run", is_flag=True, help="Show what would be fetched first and what robots.txt forbids.")
@common
def crawl(recipe_path: Path, max_pages: int | None, dry_run: bool, out: Output) -> None:
    """Ask the recipe's sources, politely, and write what they answer to the archive."""
    from builder.crawl import crawl as run
    from builder.recipe import load_recipe
    from builder.render.crawling import crawl_progress, show_crawl

    recipe = load_recipe(recipe_path)
    with crawl_progress(out) as progress:
        result = run(recipe, now=_now, max_pages=max_pages, dry_run=dry_run, progress=progress)
    show_crawl(result, out, dry_run=dry_run)
    if result.interrupted:
        click.get_current_context().exit(130)


@main.command()
@RECIPE
@click.option(
    "--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes that read pages."
)
@click.option("--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True)
@click.option("--task", metavar="I/N", help="Do one slice of the reading only, for job arrays.")
@click.option("--profile", is_flag=True, help="Show where the time went.")
@common
def build(recipe_path: Path, workers: int, engine: str, task: str | None, profile: bool, out: Output) -> None:
    """Make a release from the archive, offline. The same input gives the same bytes."""
    from builder.pipeline import build as run
    from builder.recipe import load_recipe
    from builder.render.building import build_progress, show_build

    recipe = load_recipe(recipe_path)
    with build_progress(out) as progress:
        result = run(
            recipe, workers=workers, engine=engine, now=_now(), progress=progress, profile=profile, task=task
        )
    show_build(result, out)


@main.command()
@click.argument("release", type=_ReleaseOrCopy(exists=True, file_okay=False, path_type=Path))
@click.option("--rebuild", is_flag=True, help="Prove that the archives still give these bytes.")
@click.option("--takedowns", is_flag=True, help="Prove that no record asked to be removed is in it.")
@common
def verify(release: Path | str, rebuild: bool, takedowns: bool, out: Output) -> None:
    """Check a release: hashes, schema, load_dataset in all its ways, card against data.

    RELEASE is a folder, or a copy such as s3://bucket/prefix/1.0.0, of which every file is read.
    """
    from builder.render.checking import show_verify
    from builder.verify import verify as run

    show_verify(run(release, rebuild=rebuild, takedowns=takedowns), out)


@main.command()
@click.argument("old", type=RELEASE)
@click.argument("new", type=RELEASE)
@common
def diff(old: Path, new: Path, out: Output) -> None:
    """Show what was added, changed and removed from release OLD to release NEW."""
    from builder.release.diff import diff as run
    from builder.render.checking import show_diff

    show_diff(run(old, new), out)


@main.command()
@click.argument("release", type=RELEASE)
@click.argument("repo_id")
@click.option("--dry-run", is_flag=True, help="Show the files, the new bytes and the card; send nothing.")
@click.option("--pr", is_flag=True, help="Open a pull request instead of committing to main.")
@click.option("--public", is_flag=True, help="Make a new repository public (private unless asked).")
@click.option("--parent", metavar="COMMIT", help="The head somebody else made, which you have looked at.")
@common
def publish(
    release: Path, repo_id: str, dry_run: bool, pr: bool, public: bool, parent: str | None, out: Output
) -> None:
    """Put a release on the Hugging Face Hub: one commit and a tag."""
    from builder.hub import publish as run
    from builder.render.checking import show_publish

    result = run(
        release, repo_id, dry_run=dry_run, pr=pr, private=not public, parent=parent, progress=out.say
    )
    show_publish(result, out)


@main.command()
@click.argument("release", type=RELEASE)
@click.argument("to", metavar="s3://BUCKET/PREFIX")
@common
def copy(release: Path, to: str, out: Output) -> None:
    """Copy a release to S3-compatible storage, its manifest last; run again, it goes on where it was stopped."""
    from builder.release.copied import copy_release
    from builder.render.checking import show_copy

    show_copy(copy_release(release, to, progress=out.say), out)


@main.command()
@click.argument("url", required=False)
@RECIPE
@click.option(
    "--html", "html_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the story as a page."
)
@click.option(
    "--text",
    "text_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Explain a text, by RECIPE if one is named.",
)
@common
def explain(
    url: str | None, recipe_path: Path, html_file: Path | None, text_file: Path | None, out: Output
) -> None:
    """Tell the story of one page: who read it, each field with its evidence, why it is in or out."""
    from builder.render.stories import show_story, show_text_story

    if text_file is None:
        show_story(url, recipe_path, html_file, out)
        return
    source = click.get_current_context().get_parameter_source("recipe_path")
    named = source is not click.core.ParameterSource.DEFAULT
    if url is not None and not named:
        recipe_path, named = Path(url), True  # a text has no address, so the one word is the recipe
    show_text_story(text_file, recipe_path if named or recipe_path.exists() else None, out, html_file)


@main.command()
@click.argument("value", metavar="URL|ID|AUTHOR|PATTERN")
@RECIPE
@click.option("--reason", required=True, help="Why; kept beside the request, never published.")
@click.option(
    "--kind", type=click.Choice(["url", "id", "author", "pattern"]), help="What it names, if not plain."
)
@click.option("--hashed", is_flag=True, help="Keep only a hash of the request. Authors always are.")
@click.option("--older", is_flag=True, help="Show which releases made before still hold it.")
@common
def takedown(
    value: str, recipe_path: Path, reason: str, kind: Any, hashed: bool, older: bool, out: Output
) -> None:
    """Leave a record, an author or a pattern out of every later build."""
    from builder.recipe import load_recipe
    from builder.render.checking import show_takedown
    from builder.takedown import add

    recipe = load_recipe(recipe_path)
    request, is_new = add(recipe.folder, value, reason, now=_now(), kind=kind, hashed=hashed)
    show_takedown(recipe, request, out, is_new=is_new, older=older)


@main.command()
@click.argument(
    "recipes", metavar="RECIPE...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@click.option(
    "--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes that read pages."
)
@common
def regenerate(recipes: tuple[Path, ...], workers: int, out: Output) -> None:
    """Rebuild one or many datasets with today's code: each gets a verified new release or stays untouched."""
    from builder.regenerate import regenerate as run
    from builder.render.checking import show_regeneration

    show_regeneration(run(recipes, workers=workers, now=_now()), out)


@main.command("check-archive")
@click.argument(
    "archives", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@common
def check_archive(archives: tuple[Path, ...], out: Output) -> None:
    """Check WARC files clause by clause: fields, dates, digests, revisits, truncation."""
    from builder.archive.check import check_archive as run
    from builder.render.checking import show_archive_check

    show_archive_check({str(path): list(run(path)) for path in archives}, out)


@main.command()
@click.argument("name", required=False, type=click.Choice(["documents", "comments", "rejected", "recipe"]))
@common
def schema(name: str | None, out: Output) -> None:
    """Show the tables of a release and what each column means."""
    from builder.render.about import show_schema

    show_schema(name, out)


@main.command()
@click.argument("kind", required=False)
@common
def sources(kind: str | None, out: Output) -> None:
    """Explain every kind of source and print a recipe block to paste."""
    from builder.render.about import show_sources

    show_sources(kind, out)


@main.command()
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0 takes a free one."
)
@common
def demo(folder: Path | None, port: int, out: Output) -> None:
    """Crawl a small Arabic site served on this machine, build a release, verify it, show how to load it.

    Needs no internet. Writes into DIR (hiwar-demo unless named).
    """
    from builder.demo.run import run_demo
    from builder.render.building import build_progress, show_demo
    from builder.render.crawling import crawl_progress

    with crawl_progress(out) as crawling, build_progress(out) as building:
        result = run_demo(
            folder or Path("hiwar-demo"), port=port, now=_now, crawling=crawling, building=building
        )
    show_demo(result, out)
