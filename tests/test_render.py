"""What the commands print: words for people, one object a line for machines, and nothing that a page could steer."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from releasekit import NOW, document, recipe_in, release_of
from rich.console import Console

from builder.archive.check import Problem
from builder.console import Output, duration
from builder.crawl.events import CrawlResult, HostReport, Planned
from builder.errors import CheckFailed, HiwarError, VerifyFailed, WorldError
from builder.explain.page import PageLine
from builder.explain.story import Fact, Story, Telling
from builder.explain.verdicts import Verdict
from builder.hub import PublishResult
from builder.hub.plan import FileChange
from builder.model import CaptureRef
from builder.pipeline import BuildResult
from builder.regenerate import Regenerated, Regeneration
from builder.release.copied import Copied
from builder.render.building import show_build
from builder.render.checking import (
    show_archive_check,
    show_copy,
    show_publish,
    show_regeneration,
    show_takedown,
    show_verify,
)
from builder.render.crawling import show_crawl
from builder.render.stories import render
from builder.takedown import Request, add
from builder.tally import Tally
from builder.verify import Check, VerifyReport

STEERING = "a\\[/b] [bold]x[/bold] \\"
"""What would be a command to a terminal's markup, and an error in it."""


def shown(show: Callable[[Output], object], **how: bool) -> list[str]:
    """Return the lines that a command prints for people, blanks at line ends left out."""
    console = Console(record=True, width=200, file=io.StringIO(), highlight=False, emoji=False)
    show(Output(console=console, **how))
    return [line.rstrip() for line in console.export_text().splitlines()]


def objects(show: Callable[[Output], object], capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """Return the objects that a command prints for machines."""
    assert shown(show, json_lines=True) == []
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# --- checking ---------------------------------------------------------------------------------------------

GOOD = VerifyReport(Path("my data/1.0.0"), "1.0.0", (Check("files", ok=True), Check("card", ok=True)))


def test_a_verified_release_and_the_next_step() -> None:
    """The step can be pasted; a copy in object storage has none."""
    said = shown(lambda out: show_verify(GOOD, out))
    assert said == [
        "Verified my data/1.0.0",
        "    check  detail",
        "ok  files",
        "ok  card",
        "my data/1.0.0 is what its manifest says.",
        "Next: hiwar publish 'my data/1.0.0' you/your-dataset --dry-run",
    ]
    copy = replace(GOOD, release="s3://bucket/1.0.0")
    assert shown(lambda out: show_verify(copy, out))[-1] == "s3://bucket/1.0.0 is what its manifest says."
    assert shown(lambda out: show_verify(GOOD, out), quiet=True) == said[-2:-1]


def test_a_failed_check_is_shown_before_the_error(capsys: pytest.CaptureFixture[str]) -> None:
    """People see the row; both get the error, for machines one last object with the whole report in it."""
    bad = replace(GOOD, checks=(Check("files", ok=False, detail=STEERING),))

    def show(out: Output) -> None:
        with pytest.raises(VerifyFailed) as caught:
            show_verify(bad, out)
        if out.json_lines:
            out.error(caught.value)

    assert shown(show)[-1] == f"FAILED  files  {STEERING}"
    (last,) = objects(show, capsys)
    assert last["what"] == f"files: {STEERING}"
    assert (last["event"], last["kind"], last["exit_code"]) == ("error", "VerifyFailed", 1)
    assert {key: last[key] for key in bad.as_dict()} == bad.as_dict()


PLAN = PublishResult(
    repo_id="me/data",
    url="https://hub.example/datasets/me/data",
    version="1.1.0",
    tag="v1.1.0",
    changes=(FileChange("README.md", "same", 10), FileChange("data/x.parquet", "new", 1234)),
    new_bytes=1234,
    card="---\nname: x\n---",
)
HEAD = ["me/data, v1.1.0", "change  file            bytes", "new     data/x.parquet  1,234"]
LOAD = 'Next: load_dataset("me/data", "documents", revision="v1.1.0")'


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (
            replace(PLAN, dry_run=True, xet_bytes=1000, notes=("A note.",)),
            [
                *("---", "name: x", "---", "A note."),
                f"Would send 1,234 bytes, of which about 1,000 new to the Hub. {PLAN.url}",
            ],
        ),
        (replace(PLAN, dry_run=True), ["---", "name: x", "---", f"Would send 1,234 bytes. {PLAN.url}"]),
        (
            replace(PLAN, commit="c", checked=(("documents", 2500), ("comments", 1))),
            [
                f"Sent 1,234 bytes. {PLAN.url}",
                "Loaded back by its tag and found the same, record by record: 2,500 documents, 1 comments.",
                LOAD,
            ],
        ),
        (replace(PLAN, already=True, new_bytes=0), [f"Already there: 0 bytes. {PLAN.url}", LOAD]),
        (replace(PLAN, pull_url="https://hub.example/1"), ["Sent 1,234 bytes. https://hub.example/1"]),
    ],
)
def test_what_publishing_did(result: PublishResult, said: list[str]) -> None:
    """Files that change, bytes, what came back, and how to load it; a pull request cannot be loaded yet."""
    assert shown(lambda out: show_publish(result, out)) == [*HEAD, *said]


def test_a_copy_says_what_was_there() -> None:
    """What is counted as sent was sent, and the copy can be verified where it lies."""
    copied = Copied("s3://bucket/1.0.0", "1.0.0", 2, 5000, 0)
    step = "Next: hiwar verify s3://bucket/1.0.0"
    assert shown(lambda out: show_copy(copied, out)) == ["Sent 2 files, 5,000 bytes. s3://bucket/1.0.0", step]
    said = "Sent 2 files, 5,000 bytes, 7 were there already. s3://bucket/1.0.0"
    assert shown(lambda out: show_copy(replace(copied, left=7), out)) == [said, step]


@pytest.mark.parametrize(("must", "refused"), [(True, True), (False, False)])
def test_clauses_of_an_archive(must: bool, refused: bool) -> None:
    """Each problem in words; only what the standard demands fails the check."""
    problem = Problem(12, "<urn:x>", "5.2", "no date", must=must)
    found = {"a.warc": [problem], "b.warc": []}

    def show(out: Output) -> None:
        if refused:
            with pytest.raises(CheckFailed, match="1 of 2 files") as caught:
                show_archive_check(found, out)
            assert caught.value.where == "a.warc"
        else:
            show_archive_check(found, out)

    assert shown(show) == ["a.warc: 1 problems", f"  {problem}", "b.warc: no problems"]


@pytest.mark.parametrize(("kind", "told"), [("author", 1), ("url", 0)])
@pytest.mark.parametrize(("new", "state"), [(True, "Wrote"), (False, "It stood there already:")])
def test_a_request_and_what_comes_next(tmp_path: Path, kind: str, told: int, new: bool, state: str) -> None:
    """Where it was written, what no name can find, and the commands that honour it."""
    recipe, request = recipe_in(tmp_path), Request(kind, "v", "asked", "2025-06-01")  # type: ignore[arg-type]
    step = "Next: hiwar build, then hiwar verify --takedowns on the new release"
    first = f"{state} request ({kind}) in {tmp_path / 'takedowns.jsonl'}"
    said = shown(lambda out: show_takedown(recipe, request, out, is_new=new, older=False))
    assert said == [first, step]
    said = shown(lambda out: show_takedown(recipe, request, out, is_new=new, older=True))
    assert "No release made before holds it." in said
    assert sum("pseudonyms" in line for line in said) == told


def test_a_request_for_machines_ends_with_what_was_prepared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One release keeps a record and gets a copy; of the other nothing would be left, which is told."""
    recipe = recipe_in(tmp_path)
    release_of(recipe, [document(1)])
    release_of(recipe, [document(1), document(2)])
    request, new = add(tmp_path, str(document(1)["url"]), "asked", now=NOW)

    def show(out: Output) -> None:
        show_takedown(recipe, request, out, is_new=new, older=True)

    events = objects(show, capsys)
    assert [each["event"] for each in events] == ["request", "holding", "holding", "done"]
    copy = tmp_path / "releases" / "without-takedowns" / "1.1.0"
    assert events[-1] == {"event": "done", "new": True, "prepared": [str(copy)]}
    assert "Nothing would be left of 1.0.0: withdraw it (docs/takedown.md)." in shown(show)


def test_many_datasets_are_a_table() -> None:
    """One row each, with what changed; the error is the worst and holds the table."""
    rows = (Regenerated("a.toml", "a", "new", None, "1.0.0", 1200, why="The first release."),)
    rows += (Regenerated("b.toml", "b", "failed", "1.0.0", "1.0.0", why="full", exit_code=3),)
    errors: list[HiwarError] = []

    def show(out: Output) -> None:
        with pytest.raises(WorldError) as caught:
            show_regeneration(Regeneration(rows), out)
        errors.append(caught.value)

    assert shown(show) == [
        "Regenerated",
        "dataset  outcome  before  after  added  changed  removed  why",
        "a        new              1.0.0  1,200        0        0  The first release.",
        "b        failed   1.0.0   1.0.0      0        0        0  full",
    ]
    assert errors[0].what == "1 of 2 datasets failed and stay as they were"
    assert errors[0].result == Regeneration(rows).as_dict()
    rows += (Regenerated("c.toml", "c", "failed", why="no archive", exit_code=3),)
    assert shown(show, quiet=True) == [
        "a: new, 1.0.0. The first release.",
        "b: failed, 1.0.0. full",
        "c: failed, no release. no archive",
    ]


# --- building and crawling --------------------------------------------------------------------------------


def test_a_build_says_what_it_read_and_what_is_next() -> None:
    """The account, where every reason lies, the release; and nothing of a release where there is none."""
    tally = Tally("rules")
    tally.keep(2)
    tally.drop(["short", "list"])
    made = BuildResult(
        Path("my releases/1.0.0"), "1.0.0", {"documents": 2}, (tally,), Path("r.parquet"), True, {}
    )
    assert shown(lambda out: show_build(made, out)) == [
        "Account",
        "stage  read  kept  dropped  failed  why",
        "rules     3     2        1       0  list 1, short 1",
        "Every record left out, with all its reasons: r.parquet",
        "Wrote my releases/1.0.0 (documents 2)",
        "Next: hiwar verify 'my releases/1.0.0'",
    ]
    same = shown(lambda out: show_build(replace(made, fresh=False), out))
    assert same[-2] == "Nothing has changed since my releases/1.0.0 (documents 2)"
    timed = replace(made, release=None, rejected=None, profile={"rules": {"cpu_s": 1.5, "wall_s": 2.25}})
    assert shown(lambda out: show_build(timed, out))[3:] == [
        "Where the time went",
        "stage  CPU s  clock s",
        "rules  1.500    2.250",
        "Read this slice. Build without --task when all slices are read.",
    ]


HOST = HostReport("blog.example", 3, 1, 0, 2, 0, 5, 4096, 1.0, 300.0, None, {"robots: Disallow: /x": 4})


ENDS = pytest.mark.parametrize(
    ("result", "last"),
    [
        (CrawlResult(Tally("crawl"), (HOST,)), "Next: hiwar build"),
        (
            CrawlResult(Tally("crawl"), (HOST,), queued=5),
            "Next: hiwar crawl (5 still queued), or hiwar build",
        ),
        (
            CrawlResult(Tally("crawl"), (HOST,), queued=5, interrupted=True),
            "Next: hiwar crawl goes on where this one stopped",
        ),
    ],
)


@ENDS
def test_a_crawl_that_was_stopped_is_not_done(
    result: CrawlResult, last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last object is `done` where all was asked for that could be, with the same figures either way."""
    (told,) = objects(lambda out: show_crawl(result, out), capsys)
    assert told["event"] == ("error" if result.interrupted else "done")
    assert told.get("exit_code") == (130 if result.interrupted else None)
    assert (told["queued"], last.startswith("Next:")) == (result.queued, True)


@ENDS
def test_a_crawl_ends_with_its_hosts(result: CrawlResult, last: str) -> None:
    """One row a host with the time left at its pace, then what was held back and why."""
    assert shown(lambda out: show_crawl(result, out)) == [
        "Crawled",
        "host          kept  unchanged  refused  failed  other  queued  bytes  delay s  left",
        "blog.example     3          1        0       2      0       5  4,096  1.0      5.0 min",
        "Addresses held back",
        "host          why                   times",
        "blog.example  robots: Disallow: /x  4",
        last,
    ]
    stopped = replace(result, hosts=(replace(HOST, stopped="banned", skipped={}),))
    said = shown(lambda out: show_crawl(stopped, out))
    assert said[-2].endswith("banned")
    assert "Addresses held back" not in said


def test_a_plan_shows_what_is_forbidden() -> None:
    """A dry run asks nothing; each address with a yes or a no."""
    plan = (Planned("https://a.example/", "a", "page", True, ""),)
    plan += (Planned("https://b.example/", "b", "page", False, "robots"),)
    result = CrawlResult(Tally("crawl"), plan=plan)
    assert shown(lambda out: show_crawl(result, out, dry_run=True)) == [
        "What would be asked first",
        "ask  source  role  address             why",
        "yes  a       page  https://a.example/",
        "no   b       page  https://b.example/  robots",
        "Next: hiwar crawl",
    ]
    nothing = CrawlResult(Tally("crawl"))
    assert shown(lambda out: show_crawl(nothing, out))[0].startswith("Nothing is due:")


# --- stories ----------------------------------------------------------------------------------------------


def test_a_page_cannot_steer_the_terminal() -> None:
    """Brackets and backslashes of a page, its address and the reasons against it are letters, wherever they stand."""
    ref = CaptureRef(
        *("s", "page", STEERING, 200, "text/html", NOW, "sha1:A", "<r>", "response", "p", "f", 0, 1)
    )
    fates = ("text", "title", "removed")
    lines = tuple(PageLine(STEERING, fate, STEERING) for fate in fates)  # type: ignore[arg-type]
    telling = Telling(ref, STEERING, "reader", (Fact("title", STEERING, STEERING, 0.5),), 2, lines)
    verdict = Verdict("documents", "id", STEERING, False, "1.0.0", stage="rules", reasons=(STEERING,))
    kept = Verdict("documents", "id", STEERING, True, "1.0.0", cluster_size=3)
    said = shown(lambda out: render(Story(STEERING, "key", (telling,), (verdict, kept)), out))
    assert said[:5] == [
        STEERING,
        "identity: key",
        "documents: left out of 1.0.0 at stage rules",
        f"  {STEERING}",
        "documents: kept in 1.0.0, one of 3 copies",
    ]
    assert "\n".join(said).count(STEERING) == 10
    assert f"title: {STEERING}" in "\n".join(said)
    empty = shown(lambda out: render(Story("u", "k", (), ()), out))
    assert empty[-1] == "No release holds it and none says why not: run `hiwar build`."


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.4, "0 s"),
        (119, "119 s"),
        (120, "2.0 min"),
        (7_200, "2.0 h"),
        (172_800, "2.0 days"),
        (90_000, "25.0 h"),
    ],
)
def test_times_are_said_as_people_do(seconds: float, said: str) -> None:
    """Two of a unit are told in it, less in the one below."""
    assert duration(seconds) == said


def test_columns_of_numbers_stand_to_the_right() -> None:
    """One word among them makes a column of words."""
    rows = [("a", 1, 1), ("b", 1200, "none")]
    assert shown(lambda out: out.table("T", ("x", "numbers", "mixed"), rows)) == [
        "T",
        "x  numbers  mixed",
        "a        1  1",
        "b    1,200  none",
    ]


def test_controls_are_taken_out(capsys: pytest.CaptureFixture[str]) -> None:
    """Those of eight bits begin a command too; what a text needs stays."""
    Output().result("a\x1b[31m\x9b31m\x85\x7f\u202eb\u200c\xa0ت")
    assert capsys.readouterr().out == "a[31m31mb\u200c\xa0ت\n"


def test_codes_of_pictures_are_letters(capsys: pytest.CaptureFixture[str]) -> None:
    """Rich would make a picture of ":id:", which may stand in an address."""
    Output().result("urn:id:7")
    assert capsys.readouterr().out == "urn:id:7\n"
