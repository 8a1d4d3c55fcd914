"""A page that says no later, or no longer, is heard also where its body stayed the same to the byte."""

from __future__ import annotations

from pathlib import Path

import buildkit as kit
import pytest
import warcmaker
from crawling import FakeClock, recipe_for
from loopback import Reply, Request, website

from builder.crawl import crawl
from builder.recipe import load_recipe

NOAI = {"X_Robots_Tag": "noai"}


def revisit(day: int, status: str = "200 OK", *, bare: bool = False, **headers: str) -> bytes:
    """Return a record that says the first essay's page was served again on a day; `bare` without its headers."""
    return warcmaker.record(
        "revisit",
        b"" if bare else warcmaker.http(b"", status, **headers),
        WARC_Target_URI=kit.address(1),
        WARC_Date=f"2025-03-{day:02d}T08:00:00Z",
        WARC_Payload_Digest=warcmaker.sha1(kit.page(1)),
        WARC_Profile="http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
    )


def captured(day: int, **headers: str) -> bytes:
    """Return a capture of the first essay's page on a day, with these headers."""
    return kit.capture(kit.address(1), kit.page(1), day, **headers)


@pytest.mark.parametrize(
    ("records", "kept"),
    [
        ([captured(1), captured(5, **NOAI)], False),
        ([captured(1), revisit(5, **NOAI)], False),
        ([captured(1, **NOAI), captured(5)], True),
        ([captured(1, **NOAI), revisit(5)], True),
        ([captured(1), captured(3, **NOAI), captured(5)], True),
        ([captured(1, **NOAI), revisit(5, "304 Not Modified", Content_Type="")], False),
        ([captured(1), revisit(5, "304 Not Modified", **NOAI)], False),
        ([captured(1, **NOAI), captured(3), revisit(5, "304 Not Modified", Content_Type="")], True),
        ([captured(1, **NOAI), revisit(5, bare=True)], False),
        ([captured(5, **NOAI), captured(1)], False),
    ],
    ids=[
        *("no", "no by revisit", "yes", "yes by revisit", "no and yes"),
        *("not modified", "not modified, no", "yes, not modified", "no headers kept", "order in the file"),
    ],
)
def test_the_newest_word_counts(tmp_path: Path, records: list[bytes], kept: bool) -> None:
    """The body is read once; what is said of its use is what was said when it was last seen."""
    kit.archive(tmp_path, "a", [*records, *kit.essays(range(2, 4))])
    built = kit.run(kit.recipe(tmp_path))
    assert (kit.address(1) in {row["url"] for row in kit.documents(built)}) is kept
    assert kit.rules(built).get("optout/noai", 0) == (0 if kept else 1)
    tally = next(tally for tally in built.tallies if tally.stage == "inventory")
    assert (tally.read, tally.kept) == (len(records) + 2, 3)


def test_a_crawl_hears_a_site_that_says_no_to_pages_that_did_not_change(tmp_path: Path) -> None:
    """A tdmrep.json put up after the first crawl is heard at the next, for pages that are "not modified" too."""
    clock = FakeClock()
    body = kit.page(7)

    def essay(request: Request) -> Reply:
        if request.headers.get("if-none-match"):
            return Reply(status=304)
        return Reply(body, headers=(("ETag", '"7"'),))

    with website({"/": essay, "/other": Reply(kit.page(8))}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", f"{site.url}/other", recrawl_min_days=1)
        path = recipe.path
        path.write_text(path.read_text(encoding="utf-8") + "[select]\nrelevance_min = 0\n", encoding="utf-8")
        recipe = load_recipe(tmp_path)
        crawl(recipe, now=clock.now, wait=clock.wait)
        first = kit.run(recipe)
        site.routes["/.well-known/tdmrep.json"] = Reply(
            b'[{"location": "/$", "tdm-reservation": 1}]', mime="application/json"
        )
        clock.pass_s(3 * 86_400)
        crawl(recipe, now=clock.now, wait=clock.wait)
        second = kit.run(recipe)
    assert {row["url"] for row in kit.documents(first)} == {f"{site.url}/", f"{site.url}/other"}
    assert {row["url"] for row in kit.documents(second)} == {f"{site.url}/other"}
    assert kit.rules(second)["optout/tdm-reservation"] == 1
