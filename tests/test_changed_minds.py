"""A page that says no later, or no longer, is heard also where its body stayed the same to the byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import buildkit as kit
import warcmaker
from crawling import FakeClock, recipe_for
from loopback import Reply, Request, website

from builder.crawl import crawl
from builder.recipe import load_recipe

NOAI = {"X_Robots_Tag": "noai"}


def captured(number: int, day: int, **headers: str) -> bytes:
    """Return a capture of an essay's page on a day, with these headers."""
    return kit.capture(kit.address(number), kit.page(number), day, **headers)


def revisit(number: int, day: int, status: str = "200 OK", *, bare: bool = False, **headers: str) -> bytes:
    """Return a record that says an essay's page was served again on a day; `bare` without its headers."""
    return warcmaker.record(
        "revisit",
        b"" if bare else warcmaker.http(b"", status, **headers),
        WARC_Target_URI=kit.address(number),
        WARC_Date=f"2025-03-{day:02d}T08:00:00Z",
        WARC_Payload_Digest=warcmaker.sha1(kit.page(number)),
        WARC_Profile="http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
    )


UNMODIFIED = "304 Not Modified"
CASES: list[tuple[str, Callable[[int], list[bytes]], bool]] = [
    ("a no", lambda n: [captured(n, 1), captured(n, 5, **NOAI)], False),
    ("a no by revisit", lambda n: [captured(n, 1), revisit(n, 5, **NOAI)], False),
    ("taken back", lambda n: [captured(n, 1, **NOAI), captured(n, 5)], True),
    ("taken back by revisit", lambda n: [captured(n, 1, **NOAI), revisit(n, 5)], True),
    ("a no between", lambda n: [captured(n, 1), captured(n, 3, **NOAI), captured(n, 5)], True),
    ("not modified", lambda n: [captured(n, 1, **NOAI), revisit(n, 5, UNMODIFIED, Content_Type="")], False),
    ("not modified, no", lambda n: [captured(n, 1), revisit(n, 5, UNMODIFIED, **NOAI)], False),
    (
        "taken back, not modified",
        lambda n: [captured(n, 1, **NOAI), captured(n, 3), revisit(n, 5, UNMODIFIED, Content_Type="")],
        True,
    ),
    ("no headers kept", lambda n: [captured(n, 1, **NOAI), revisit(n, 5, bare=True)], False),
    ("later in time, first in the file", lambda n: [captured(n, 5, **NOAI), captured(n, 1)], False),
]


def test_the_newest_word_counts(tmp_path: Path) -> None:
    """A body is read once; what is said of its use is what was said when it was last seen."""
    records = [make(number) for number, (_, make, _) in enumerate(CASES)]
    kit.archive(tmp_path, "a", [record for case in records for record in case])
    built = kit.run(kit.recipe(tmp_path))
    kept = {row["url"] for row in kit.documents(built)}
    found = {name: kit.address(number) in kept for number, (name, _, _) in enumerate(CASES)}
    assert found == {name: wanted for name, _, wanted in CASES}
    tally = next(tally for tally in built.tallies if tally.stage == "inventory")
    assert (tally.read, tally.kept) == (sum(map(len, records)), len(CASES))
    assert kit.rules(built)["optout/noai"] == sum(not wanted for _, _, wanted in CASES)


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
