"""The dry run: what a crawl would ask for first, and what robots.txt forbids. Asks for robots.txt, writes nothing."""

from __future__ import annotations

from collections.abc import Iterable

from builder.crawl.events import CrawlResult, Planned, shown_url
from builder.crawl.fetcher import Answer
from builder.crawl.frontier import Found, Frontier
from builder.crawl.gate import Asking, Gate
from builder.crawl.options import Options
from builder.crawl.robots import Rules, origin_of
from builder.crawl.scope import Scope
from builder.model import Target
from builder.recipe import Recipe
from builder.sources.base import AnySource
from builder.tally import Tally

MAX_PLANNED = 100
"""Lines a dry run shows unless `max_pages` says otherwise."""


def network_sources(recipe: Recipe) -> list[AnySource]:
    """Return the sources of a recipe that are asked over the network."""
    return [source for source in recipe.sources if source.reach == "network"]


def seeds(scope: Scope, sources: Iterable[AnySource]) -> list[Found]:
    """Return what the sources ask for first, without what the guards hold back."""
    admitted = [scope.admit(target, source=source) for source in sources for target in source.seeds()]
    return [found for found in admitted if isinstance(found, Found)]


async def plan(recipe: Recipe, frontier: Frontier, options: Options) -> CrawlResult:
    """Return the first lines of the queue, each with what its robots.txt says."""
    settings, limit = recipe.model.crawl, options.max_pages or MAX_PLANNED
    tally = Tally("plan")
    lines: list[Planned] = []
    async with options.fetcher(settings) as fetcher:
        scope = Scope(fetcher.guard, settings.max_depth, options.now().year)
        gate = Gate(fetcher, frontier, None, settings.user_agent, options.now)
        queue = [entry.target for entry in frontier.due_entries(limit)]
        known = {target.url for target in queue}
        queue += [f.target for f in seeds(scope, network_sources(recipe)) if f.target.url not in known]
        for target in queue[:limit]:
            line = await _line(gate, target)
            lines.append(line)
            options.tell(line)
            if line.allowed:
                tally.keep()
            else:
                tally.drop(["robots"])
    return CrawlResult(tally=tally.close(), plan=tuple(lines), queued=len(queue))


async def _line(gate: Gate, target: Target) -> Planned:
    async def turn() -> None:
        return None

    async def after(_: Answer | None, attempt: int) -> None:
        del attempt

    def learn(rules: Rules) -> None:
        del rules

    permission = await gate.permission(
        origin_of(target.url), Asking(target.source, turn, after, learn, lambda: False)
    )
    ruling = permission.rules.ruling(target.url)
    return Planned(shown_url(target.url), target.source, target.role, ruling.allowed, ruling.rule)
