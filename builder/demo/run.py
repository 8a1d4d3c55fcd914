"""Runs the demo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from builder.crawl import CrawlResult, crawl
from builder.demo.server import serve
from builder.demo.site import build_site
from builder.errors import UsageError, WorldError
from builder.pipeline import BuildResult, build
from builder.recipe import load_recipe
from builder.verify import VerifyReport, verify

Progress = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What each part of the demo gave."""

    folder: Path
    crawled: CrawlResult
    built: BuildResult
    verified: VerifyReport
    example_url: str


def run_demo(
    folder: Path,
    *,
    port: int,
    now: Callable[[], datetime],
    crawling: Progress | None = None,
    building: Progress | None = None,
) -> DemoResult:
    """Serve the demo site on loopback, crawl it into `folder`, build and verify a release; port 0 takes a free one.

    Raises UsageError when `folder` holds something else, WorldError when the port is taken.
    """
    _make_room(folder)
    try:
        with serve(build_site, port) as base:
            template = (files("builder.demo") / "dataset.toml").read_text(encoding="utf-8")
            (folder / "dataset.toml").write_text(Template(template).substitute(base=base), encoding="utf-8")
            recipe = load_recipe(folder)
            crawled = crawl(recipe, now=now, progress=crawling)
    except OSError as error:
        raise WorldError(
            f"port {port} cannot be used: {error.strerror}",
            what_next="Run `hiwar demo --port 0` to take a free one.",
        ) from error
    built = build(recipe, workers=1, now=now(), progress=building)
    assert built.release is not None
    return DemoResult(folder, crawled, built, verify(built.release), f"{base}/maqalat/show.asp?aid=1")


def _make_room(folder: Path) -> None:
    recipe = folder / "dataset.toml"
    ours = recipe.exists() and 'name = "hiwar-demo"' in recipe.read_text(encoding="utf-8")
    if folder.exists() and any(folder.iterdir()) and not ours:
        raise UsageError("the folder is not empty", where=str(folder), what_next="Name another folder.")
    folder.mkdir(parents=True, exist_ok=True)
