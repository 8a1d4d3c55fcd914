"""The dry run: what a crawl would ask for first, and what robots.txt forbids. Asks for robots.txt, writes nothing."""

from __future__ import annotations

from builder.crawl.events import CrawlResult, Planned, shown_url
from builder.crawl.fetcher import Answer
from builder.crawl.frontier import Frontier
from builder.crawl.gate import Asking, Gate
from builder.crawl.options import Options
from builder.crawl.ready import make_ready, network_sources
from builder.crawl.robots import Rules, origin_of
from builder.crawl.scope import Scope
from builder.model import Target
from builder.recipe import Recipe
from builder.tally import Tally

MAX_PLANNED = 100
"""Lines a dry run shows unless `max_pages` says otherwise."""


async def plan(recipe: Recipe, frontier: Frontier, options: Options) -> CrawlResult:
    """Return the first lines of the queue, each with what its robots.txt says."""
    settings, limit = recipe.model.crawl, options.max_pages or MAX_PLANNED
    tally = Tally("plan")
    lines: list[Planned] = []
    async with options.fetcher(settings) as fetcher:
        scope = Scope(fetcher.guard, settings.max_depth, options.now().year)
        gate = Gate(fetcher, frontier, None, settings.user_agent, options.now)
        with frontier.rehearsal():
            make_ready(recipe, frontier, scope, options.now().timestamp())
            queue, queued = frontier.due_entries(limit), frontier.queue_length()
            next_due_s = frontier.next_due_s(source.name for source in network_sources(recipe))
        for entry in queue:
            line = await _line(gate, entry.target)
            lines.append(line)
            options.tell(line)
            if line.allowed:
                tally.keep()
            else:
                tally.drop(["robots"])
    return CrawlResult(tally=tally.close(), plan=tuple(lines), queued=queued, next_due_s=next_due_s)


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
