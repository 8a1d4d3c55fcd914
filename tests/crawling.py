"""What the tests of the crawler share: a recipe on loopback, a clock that moves by waiting alone, the archive."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from builder.archive.check import check_archive
from builder.archive.read import scan
from builder.model import CaptureRef
from builder.recipe import Recipe, load_recipe

START = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)


class FakeClock:
    """A clock whose hands move by waiting alone; `waits` keeps every wait in seconds."""

    def __init__(self, start: datetime = START) -> None:
        self.time = start
        self.waits: list[float] = []

    def now(self) -> datetime:
        """Return the time."""
        return self.time

    async def wait(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self.waits.append(seconds)
        self.pass_s(seconds)

    def pass_s(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self.time += timedelta(seconds=seconds)


def recipe_for(
    folder: Path,
    *start: str,
    source: dict[str, object] | None = None,
    name: str = "site",
    **settings: object,
) -> Recipe:
    """Write and load a recipe for one site source that may ask 127.0.0.1; `settings` go into [crawl]."""
    crawl = {
        "contact": "mailto:test@example.org",
        "min_delay_s": 0,
        "allow_private": ["127.0.0.1"],
        **settings,
    }
    block = {"kind": "site", "name": name, "start": list(start), **(source or {})}
    text = '[dataset]\nname = "test"\n[crawl]\n' + toml(crawl) + "[[source]]\n" + toml(block)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dataset.toml").write_text(text, encoding="utf-8")
    return load_recipe(folder)


def toml(pairs: dict[str, object]) -> str:
    """Return flat TOML; JSON values are TOML values for what the tests need."""
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in pairs.items())


def archive_files(recipe: Recipe) -> list[Path]:
    """Return the WARC files of a recipe, sorted."""
    return sorted(recipe.archive.glob("*.warc.gz"))


def captures(recipe: Recipe) -> list[CaptureRef]:
    """Return every capture in the archive in file order; a damaged stretch fails the test."""
    found: list[CaptureRef] = []
    for path in archive_files(recipe):
        for ref in scan(path, source="site"):
            assert isinstance(ref, CaptureRef), ref
            found.append(ref)
    return found


def page_paths(refs: Iterable[CaptureRef]) -> list[str]:
    """Return path and query of the captures that are no robots.txt and no opt-out file."""
    return ["/" + ref.url.split("/", 3)[3] for ref in refs if ref.role not in ("robots", "optout")]


def assert_clean(recipe: Recipe) -> None:
    """Fail if any archive file breaks a clause, or goes against the standard's advice."""
    for path in archive_files(recipe):
        assert check_archive(path, advice=True) == []
