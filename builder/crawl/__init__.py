"""The crawler: asks politely, writes everything to the archive, remembers exactly where it stopped.

frontier   every URL and its state, in SQLite      gate      robots.txt and the opt-out files of an origin
fetcher    one request, its bytes as received      pace      how long a host is left in peace
guard      which addresses may be connected to     scope     identity of URLs, traps, redirects
recorder   answers to WARC records                 run       the whole, a task a host
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from builder.archive.intake import take_in
from builder.archive.ledger import DATABASE, Ledger, ledger_errors, open_database
from builder.crawl.events import (
    CrawlResult,
    CrawlStarted,
    Event,
    HostReport,
    HostStopped,
    PageDone,
    Planned,
    Progress,
)
from builder.crawl.frontier import Frontier
from builder.crawl.options import Clock, Options, Wait
from builder.crawl.plan import plan
from builder.crawl.ready import make_ready, network_sources
from builder.crawl.recorder import Recorder
from builder.crawl.run import Run
from builder.crawl.scope import Scope
from builder.errors import HiwarError, RecipeError
from builder.recipe import Recipe
from builder.storage import folder_lock
from builder.tally import Tally
from builder.version import __version__

__all__ = [
    "CrawlResult",
    "CrawlStarted",
    "Event",
    "HostReport",
    "HostStopped",
    "PageDone",
    "Planned",
    "crawl",
    "user_agent",
]


def utc_now() -> datetime:
    """Return the time of the machine."""
    return datetime.now(UTC)


def user_agent(recipe: Recipe) -> str:
    """Return the User-Agent of a recipe's crawl, with the address to complain to.

    Raises RecipeError when the recipe names none.
    """
    contact = recipe.model.crawl.contact
    if not contact or not contact.startswith(("mailto:", "https://", "http://")):
        raise RecipeError(
            "crawl.contact is missing" if not contact else f"crawl.contact is {contact!r}, no address",
            where=str(recipe.path),
            what_next='Add `contact = "mailto:you@example.org"` under [crawl]: hosts must know whom to write to.',
        )
    return f"{recipe.model.crawl.user_agent}/{__version__} (+{contact})"


def crawl(
    recipe: Recipe,
    *,
    now: Clock = utc_now,
    max_pages: int | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
    wait: Wait = asyncio.sleep,
    resolve: Mapping[str, tuple[str, int]] | None = None,
) -> CrawlResult:
    """Fetch what is due for the recipe's network sources into its archive folder, until nothing is.

    Local files of the recipe's other sources are taken into the archive first.

    `max_pages` ends the run after so many URLs, robots.txt and opt-out files not counted. A `dry_run` asks for
    robots.txt only, writes nothing, and returns the plan. `progress` gets the events of builder.crawl.events.
    `now` and `wait` (seconds) are the clock; `resolve` gives names an address and port (0: the URL's own), the
    guard still vets them. SIGINT and SIGTERM end the run with what is done; running again goes on.

    Raises RecipeError without a contact address, LockedError while another process works in the folder,
    ArchiveError when the disk or the frontier fails.
    """
    if not dry_run:
        for source in recipe.sources:
            if source.reach == "files":
                take_in(source, recipe)
    if not network_sources(recipe):
        return CrawlResult(tally=Tally("crawl"))
    options = Options(
        agent=user_agent(recipe),
        max_pages=max_pages,
        tell=progress or _silent,
        now=now,
        wait=wait,
        resolve=dict(resolve or {}),
    )
    place = recipe.archive / DATABASE
    with folder_lock(recipe.archive, doing="crawling"), ledger_errors(place):
        # A dry run leaves no frontier behind where there was none.
        db = open_database(Path(":memory:") if dry_run and not place.exists() else place)
        ledger = Ledger(recipe.archive, db)
        try:
            frontier = Frontier(db)
            if dry_run:
                return _run(plan(recipe, frontier, options))
            return _run(_crawl(recipe, frontier, ledger, options))
        finally:
            ledger.close()


def _silent(_: Event) -> None:
    """Tell nobody."""


def _run(work: Coroutine[None, None, CrawlResult]) -> CrawlResult:
    """Run to the end; of several errors at one time the first that Hiwar raised on purpose is the one to tell."""
    try:
        return asyncio.run(work)
    except BaseExceptionGroup as group:
        ours = group.subgroup(HiwarError)
        first: BaseException = ours if ours is not None else group
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from group


async def _crawl(recipe: Recipe, frontier: Frontier, ledger: Ledger, options: Options) -> CrawlResult:
    settings = recipe.model.crawl
    sources = network_sources(recipe)
    now_s = options.now().timestamp()
    recovered = frontier.recover(ledger)
    recorder = Recorder(ledger, (("http-header-user-agent", options.agent), ("robots", "RFC 9309, obeyed")))
    async with options.fetcher(settings) as fetcher:
        scope = Scope(fetcher.guard, settings.max_depth, options.now().year)
        with frontier.transaction():
            make_ready(recipe, frontier, scope, now_s)
        run = Run(settings, sources, frontier, recorder, fetcher, scope, options)
        options.tell(
            CrawlStarted(len(frontier.due_hosts()), frontier.queue_length(), recovered.lost, recovered.kept)
        )
        with _stopped_by_signals(run):
            await run.go()
    return CrawlResult(
        tally=run.tally.close(),
        hosts=run.reports(),
        queued=frontier.queue_length(),
        next_due_s=frontier.next_due_s(source.name for source in sources),
        records=recorder.records,
        interrupted=run.interrupted,
        recovered=recovered.lost,
        kept=recovered.kept,
    )


@contextmanager
def _stopped_by_signals(run: Run) -> Iterator[None]:
    """Let SIGINT and SIGTERM end a run in good order; only the main thread can be told."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    stops = (signal.SIGINT, signal.SIGTERM)
    for number in stops:
        loop.add_signal_handler(number, run.stop)
    try:
        yield
    finally:
        for number in stops:
            loop.remove_signal_handler(number)
