"""What a crawl learned of a host's addresses outlives it, however it ends, and is written down once."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from crawling import FakeClock, recipe_for
from loopback import Reply, Request, page, website
from test_crawl_crash import crawling

from builder.crawl import CrawlResult, crawl
from builder.crawl.traps import MAX_SHAPES
from builder.recipe import Recipe


def run(recipe: Recipe, **more: object) -> CrawlResult:
    """Crawl by a clock that moves by waiting alone."""
    clock = FakeClock()
    return crawl(recipe, now=clock.now, wait=clock.wait, **more)  # type: ignore[arg-type]


def filters(numbers: range) -> list[str]:
    """Return addresses of one path, each with a parameter of another name."""
    return [f"/list?f{n}=1" for n in numbers]


def test_a_menu_is_cut_off_at_the_same_count_after_a_kill(tmp_path: Path) -> None:
    """Half of the filters before a kill -9, half after: together no more than in one run."""
    child: list[subprocess.Popen[bytes]] = []

    def kill(request: Request) -> Reply:
        child[0].kill()
        site.routes["/next"] = page(*filters(range(20, 60)))
        return page()

    with website({"/": page("/next", *filters(range(20))), "/next": kill}) as site:
        site.fallback = lambda request: page(text=request.path)
        recipe = recipe_for(tmp_path, f"{site.url}/")
        with crawling(tmp_path) as process:
            child.append(process)
            process.wait(60)
        assert site.pages() == ["/", "/next"]
        result = run(recipe)
        asked = [path for path in site.pages() if path.startswith("/list")]
    assert len(asked) == MAX_SHAPES
    assert result.hosts[0].skipped["trap: too many filters"] == 60 - MAX_SHAPES


def test_shapes_of_another_host_are_written_down_too(tmp_path: Path) -> None:
    """What a page learned of a host it only links to is known after the run, though that host was not asked since."""
    with website() as other, website() as site:
        other.fallback = lambda request: page(text=request.path)
        links = [f"{other.url}{path}" for path in ("/", *filters(range(40)))]
        site.routes |= {"/": page("/late"), "/late": page(*links)}
        source = {"include": ["."]}
        recipe = recipe_for(tmp_path, f"{other.url}/", f"{site.url}/", source=source)
        run(recipe)
        asked = [path for path in other.pages() if path.startswith("/list")]
        site.routes["/late2"] = page(*[f"{other.url}{path}" for path in filters(range(40, 60))])
        run(recipe_for(tmp_path, f"{other.url}/", f"{site.url}/", f"{site.url}/late2", source=source))
    assert len(asked) == MAX_SHAPES
    assert len([path for path in other.pages() if path.startswith("/list")]) <= MAX_SHAPES


def test_what_a_database_of_the_format_before_knew_is_taken_over(tmp_path: Path) -> None:
    """The list that each host had in one cell counts on."""
    with website({"/": page(*filters(range(30)))}) as site:
        site.fallback = lambda request: page(text=request.path)
        recipe = recipe_for(tmp_path, f"{site.url}/")
        run(recipe, max_pages=1)
        host = site.url.removeprefix("http://")
        with closing(sqlite3.connect(recipe.archive / "frontier.sqlite")) as db:
            db.execute("DELETE FROM shapes")
            db.execute("DELETE FROM urls WHERE visits = 0")
            db.execute("ALTER TABLE hosts ADD COLUMN shapes TEXT NOT NULL DEFAULT '{}'")
            known = ",".join(f'"old{n}"' for n in range(MAX_SHAPES - 1))
            db.execute("UPDATE hosts SET shapes = ? WHERE host = ?", (f'{{"/list": [{known}]}}', host))
            db.execute("UPDATE urls SET state = 'due', digest = NULL, record_id = NULL")
            db.execute("PRAGMA user_version = 1")
            db.commit()
        run(recipe)
        assert len([path for path in site.pages() if path.startswith("/list")]) == 1
