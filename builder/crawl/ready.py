"""What a run asks for: what the sources begin with, and what is due again. A dry run finds it out and undoes it."""

from __future__ import annotations

from collections.abc import Iterable

from builder.crawl.frontier import Found, Frontier
from builder.crawl.outcome import DAY_S
from builder.crawl.scope import EXCLUDED, Scope, mark_of
from builder.recipe import Recipe
from builder.sources.base import AnySource


def network_sources(recipe: Recipe) -> list[AnySource]:
    """Return the sources of a recipe that are asked over the network."""
    return [source for source in recipe.sources if source.reach == "network"]


def make_ready(recipe: Recipe, frontier: Frontier, scope: Scope, now_s: float) -> None:
    """Make due in the frontier what a run that begins at `now_s` asks for. Needs a transaction."""
    settings, sources = recipe.model.crawl, network_sources(recipe)
    marks = {source.name: mark_of(source, settings.max_depth) for source in sources}
    bounds_s = settings.recrawl_min_days * DAY_S, settings.recrawl_max_days * DAY_S
    frontier.begin_run(now_s, marks, bounds_s)
    named = {source.name: source for source in sources}
    frontier.make_due(
        [
            entry.id
            for entry in frontier.left_out(EXCLUDED)
            if entry.target.source in named and scope.still_wanted(named[entry.target.source], entry.target)
        ]
    )
    frontier.add(_seeds(scope, sources), now_s)


def _seeds(scope: Scope, sources: Iterable[AnySource]) -> list[Found]:
    """Return what the sources ask for first, without what the guards hold back."""
    admitted = [scope.admit(target, source=source) for source in sources for target in source.seeds()]
    return [found for found in admitted if isinstance(found, Found)]
