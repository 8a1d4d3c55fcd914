"""What `hiwar crawl` shows: a live table of hosts, a summary, a dry run's plan."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.live import Live
from rich.table import Table
from rich.text import Text

from builder.console import Output, duration, printable
from builder.crawl.events import CrawlResult, Event, HostReport, HostStopped, PageDone, Progress

HEADS = ("host", "kept", "unchanged", "refused", "failed", "other", "queued", "bytes", "delay s", "left")
REFRESH_PER_S = 4


class _View:
    """Counts outcomes per host for the live table."""

    def __init__(self) -> None:
        self.outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.bytes: Counter[str] = Counter()
        self.stopped: dict[str, str] = {}
        self.reports: dict[str, HostReport] = {}

    def see(self, event: Event) -> None:
        """Take one event in."""
        if isinstance(event, PageDone):
            self.outcomes[event.host][event.outcome] += 1
            self.bytes[event.host] += event.size_bytes
        elif isinstance(event, HostReport):
            self.reports[event.host] = event
        elif isinstance(event, HostStopped):
            self.stopped[event.host] = event.reason

    def table(self) -> Table:
        """Return the table as it stands."""
        names = sorted({name for outcomes in self.outcomes.values() for name in outcomes})
        table = Table("host", *names, "bytes", "queued", "delay s", "left", "stopped", box=None)
        for host, outcomes in sorted(self.outcomes.items()):
            counts = [f"{outcomes[name]:,}" for name in names]
            report = self.reports.get(host)
            ahead = ("", "", "")
            if report is not None:
                ahead = (f"{report.queued:,}", f"{report.delay_s:.1f}", duration(report.seconds_left))
            stopped = Text(printable(self.stopped.get(host, "")))  # not markup: a site may have worded it
            table.add_row(Text(printable(host)), *counts, f"{self.bytes[host]:,}", *ahead, stopped)
        return table


@contextmanager
def crawl_progress(out: Output) -> Iterator[Progress | None]:
    """Yield a callback for a crawl's events: JSON lines, a live table on a terminal, else nothing."""
    if out.json_lines:
        yield lambda event: out.json_line(event.as_dict())
    elif out.quiet or not out.console.is_terminal:
        yield None
    else:
        view = _View()
        with Live(
            view.table(), console=out.console, refresh_per_second=REFRESH_PER_S, transient=True
        ) as live:

            def show(event: Event) -> None:
                view.see(event)
                live.update(view.table())

            yield show


def show_crawl(result: CrawlResult, out: Output, *, dry_run: bool = False) -> None:
    """Print the end of a crawl, or the plan of a dry run."""
    _tell(result, out)
    if dry_run and result.plan:
        rows = [
            ("yes" if line.allowed else "no", line.source, line.role, line.url, line.reason)
            for line in result.plan
        ]
        out.table("What would be asked first", ("ask", "source", "role", "address", "why"), rows)
        out.next_step("hiwar crawl")
        return
    if result.hosts:
        show_hosts(result, out)
    else:
        out.result(_nothing(result))
    if result.recovered:
        out.result(
            f"{result.recovered:,} addresses were asked for again: archive files had lost their answers."
        )
    if result.kept:
        out.result(
            f"{result.kept:,} answers stood in the archive that frontier.sqlite did not know of, as after a power cut"
            " or with a backup. They are kept."
        )
    if result.interrupted:
        out.next_step("hiwar crawl goes on where this one stopped")
    else:
        out.next_step(
            "hiwar build"
            if not result.queued
            else f"hiwar crawl ({result.queued} still queued), or hiwar build"
        )


def _nothing(result: CrawlResult) -> str:
    """Say that nothing is due, and when something is."""
    bounds = "[crawl] recrawl_min_days and recrawl_max_days say how soon a page is asked for again."
    if result.next_due_s is None:
        return f"Nothing is due: {bounds}"
    due = datetime.fromtimestamp(result.next_due_s, UTC)
    return f"Nothing is due before {due:%Y-%m-%d %H:%M} UTC: {bounds}"


def _tell(result: CrawlResult, out: Output) -> None:
    """Write the last object: an interrupted crawl did not do what it was asked for."""
    told = result.as_dict()
    if result.interrupted:
        out.failure(130, "Interrupted", "stopped", "", "hiwar crawl goes on where this one stopped.", told)
    else:
        out.json_line(told)


def show_hosts(result: CrawlResult, out: Output) -> None:
    """Print one row a host: what it gave, what it refused, what is left at this pace."""
    rows = [
        (
            host.host,
            host.kept,
            host.unchanged,
            host.refused,
            host.failed,
            host.other,
            host.queued,
            host.bytes,
            f"{host.delay_s:.1f}",
            host.stopped or duration(host.seconds_left),
        )
        for host in result.hosts
    ]
    out.table("Crawled", HEADS, rows)
    lost = [
        (outcome, why, f"{count:,}")
        for outcome, reasons in (("failed", result.tally.failed), ("not kept", result.tally.dropped))
        for why, count in sorted(reasons.items())
    ]
    if lost:
        out.table("Addresses without a page", ("outcome", "why", "times"), lost)
    held = [
        (host.host, why, f"{count:,}") for host in result.hosts for why, count in sorted(host.skipped.items())
    ]
    if held:
        out.table("Addresses held back", ("host", "why", "times"), held)
