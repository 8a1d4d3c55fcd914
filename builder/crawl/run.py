"""One run of the crawler: a task a host, each asking for one URL after the other until nothing is due."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from urllib.parse import urlsplit

from builder.crawl.events import HostReport, HostStopped, PageDone, shown_url
from builder.crawl.fetcher import Answer, Fetcher
from builder.crawl.following import follow
from builder.crawl.frontier import Entry, Found, Frontier
from builder.crawl.gate import Asking, Gate, Permission
from builder.crawl.guard import AddressRefused
from builder.crawl.hosts import REPORT_EVERY, HostState
from builder.crawl.options import Options
from builder.crawl.outcome import Judgement, judge_answer, next_interval_s
from builder.crawl.pace import Pace, retry_after_s
from builder.crawl.recorder import Original, Recorder, Written, original_of, payload_digest
from builder.crawl.robots import REFRESH_S, Rules, is_passing, origin_of
from builder.crawl.rows import When, conditions, visit_row
from builder.crawl.said import forbids_links, signals_of
from builder.crawl.scope import EXCLUDED, Scope, host_of, mark_of
from builder.crawl.traps import Shapes
from builder.errors import FetchError
from builder.model import PAGE, Rights, Target
from builder.recipe import CrawlBlock
from builder.sources.base import AnySource
from builder.tally import Tally

TICK_S = 0.001
"""The shortest wait: a clock may not see less pass."""
MAX_ENTERED = 100_000
"""Addresses remembered as entered in this run: menus name the same ones on every page."""


class Run:
    """Asks for what is due. Everything it changes is in the frontier and the archive when `go` returns."""

    def __init__(
        self,
        settings: CrawlBlock,
        sources: Iterable[AnySource],
        frontier: Frontier,
        recorder: Recorder,
        fetcher: Fetcher,
        scope: Scope,
        options: Options,
    ) -> None:
        self._settings = settings
        self._sources = {source.name: source for source in sources}
        self._marks = {name: mark_of(source, settings.max_depth) for name, source in self._sources.items()}
        self._frontier = frontier
        self._recorder = recorder
        self._fetcher = fetcher
        self._scope = scope
        self._gate = Gate(fetcher, frontier, recorder, settings.user_agent, options.now)
        self._now = options.now
        self._wait = options.wait
        self._resolve = options.resolve
        self._pages_left = options.max_pages
        self._flying = 0
        self._progress = options.tell
        self._start_s = options.now().timestamp()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._entered: set[tuple[object, ...]] = set()
        self._shapes: dict[str, Shapes] = {}
        self.hosts: dict[str, HostState] = {}
        self.tally = Tally("crawl")
        self.interrupted = False

    async def go(self) -> None:
        """Run until nothing is due, `max_pages` are done, or `stop` is called."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            self._wake(self._frontier.due_hosts())

    def stop(self) -> None:
        """End the run now. What is on the wire is dropped and stays due."""
        self.interrupted = True
        self._cancel()

    @property
    def _spent(self) -> bool:
        return self._pages_left is not None and self._pages_left <= 0

    def _cancel(self) -> None:
        for task in self._tasks.values():
            task.cancel()

    def _wake(self, hosts: Iterable[str]) -> None:
        """Start a task for each host that has none."""
        assert self._group is not None
        for host in hosts:
            if host not in self._tasks and not self._spent and not self.interrupted:
                state = self._host(host)
                if state.pace.stopped is None:
                    self._tasks[host] = self._group.create_task(self._work(host, state))

    def _host(self, host: str) -> HostState:
        if host not in self.hosts:
            row = self._frontier.host_row(host)
            name = urlsplit(f"//{host}").hostname or host
            private = self._fetcher.guard.is_private_host(name, self._resolve.get(name, (None, 0))[0])
            # No delay at all is for hosts of one's own; the world's get a second.
            floor = self._settings.min_delay_s or (0.0 if private else 1.0)
            pace = Pace(host, floor, self._settings.max_delay_s, hold_s=row["not_before_s"])
            self.hosts[host] = HostState(pace, row["pages"], row["not_before_s"])
        return self.hosts[host]

    async def _work(self, host: str, state: HostState) -> None:
        with suppress(asyncio.CancelledError):
            while state.pace.stopped is None and not self._spent:
                entry = self._frontier.next_entry(host, self._now().timestamp())
                if entry is not None:
                    await self._visit(entry, state)
                    continue
                retry_s = self._frontier.next_retry_s(host)
                if retry_s is None:
                    state.pace.stopped = state.used_up
                    break
                await self._wait(max(retry_s - self._now().timestamp(), TICK_S))
        del self._tasks[host]
        if state.pace.stopped is not None:
            self._progress(HostStopped(host, state.pace.stopped))

    async def _visit(self, entry: Entry, state: HostState) -> None:
        """Ask for one URL if all agree, and commit what came of it."""
        source = self._sources[entry.target.source]
        if state.bytes >= self._settings.max_bytes_per_host:
            state.pace.stopped = f"budget of {self._settings.max_bytes_per_host} bytes used up"
            return
        if entry.visits == 0 and state.pages >= self._settings.max_pages_per_host:
            state.used_up = f"budget of {self._settings.max_pages_per_host} pages used up"
            self._frontier.hold_new(entry.host)
            return
        if not self._scope.still_wanted(source, entry.target):
            self._refuse(entry, state, EXCLUDED)
            return
        permission = await self._permission(entry, state)
        if permission.rules.verdict == "forbid" or state.pace.stopped is not None:
            self._hold(entry, state, permission.rules.detail)
            return
        ruling = permission.rules.ruling(entry.target.url)
        if not ruling.allowed:
            self._refuse(entry, state, f"robots: {ruling.rule}")
            return
        await self._turn(state)
        signals = permission.statements.signals(entry.target.url, self._settings.user_agent)
        await self._ask(entry, state, Rights("allowed", ruling.rule, signals))

    def _hold(self, entry: Entry, state: HostState, why: str) -> None:
        """Leave an origin for this run; its host too, if it has nothing else: http may work where https does not."""
        state.skipped[why] += self._frontier.hold(entry.host, origin_of(entry.target.url))
        self._save(entry.host, state)
        now_s = self._now().timestamp()
        if self._frontier.next_entry(entry.host, now_s) is None and not self._frontier.next_retry_s(
            entry.host
        ):
            state.pace.stopped = why

    async def _permission(self, entry: Entry, state: HostState) -> Permission:
        async def turn() -> None:
            await self._turn(state)

        async def after(answer: Answer | None, attempt: int) -> None:
            self._note(answer, state, "robots.txt unreachable")
            if answer is None or is_passing(answer.status):
                again_s = self._now().timestamp() + state.pace.backoff_s(attempt)
                state.pace.hold_s = max(state.pace.hold_s, again_s)
                # The gate itself ends the host; its tries are not the host's failures.
                state.pace.failures = 0

        def learn(rules: Rules) -> None:
            state.pace.crawl_delay_s = max(state.pace.crawl_delay_s, rules.delay_s)

        origin = origin_of(entry.target.url)
        permission = await self._gate.permission(
            origin, Asking(entry.target.source, turn, after, learn, lambda: state.pace.stopped is not None)
        )
        learn(permission.rules)
        if permission.fresh:
            with self._frontier.transaction():
                self._enter(self._scope.sitemaps(self._sources.values(), origin, permission.rules), origin)
        return permission

    async def _turn(self, state: HostState) -> None:
        wait_s = state.pace.next_s - self._now().timestamp()
        if wait_s > 0:
            await self._wait(wait_s)

    def _note(self, answer: Answer | None, state: HostState, why: str) -> None:
        now = self._now()
        if answer is None:
            state.pace.failed(now.timestamp(), why)
            return
        state.bytes += len(answer.head) + answer.body_bytes
        after = retry_after_s(answer.header("retry-after"), now) if answer.status in (429, 503) else None
        state.pace.answered(now.timestamp(), answer.status, answer.elapsed_s, after)
        if after is not None:
            state.not_before_s = now.timestamp() + after

    async def _ask(self, entry: Entry, state: HostState, rights: Rights) -> None:
        if self._spent:
            return
        if self._pages_left is not None:
            self._pages_left -= 1
        self._flying += 1
        try:
            await self._exchange(entry, state, rights)
        finally:
            self._flying -= 1
        if self._spent and not self._flying:
            # The others only wait for their turn, which does not come in this run.
            self._cancel()

    async def _exchange(self, entry: Entry, state: HostState, rights: Rights) -> None:
        target = entry.target
        wanted = conditions(entry, self._marks[target.source])
        try:
            async with self._fetcher.slots:
                fetched_at = self._now()
                answer = await self._fetcher.fetch(target.url, wanted, any_type=target.role != PAGE)
        except AddressRefused as error:
            self._refuse(entry, state, f"guard: {error.what}")
            return
        except FetchError as error:
            self._note(None, state, error.what)
            self._commit(entry, state, None, Judgement("failed", error.what, retry=True), None, ())
            return
        try:
            self._note(answer, state, "")
            signals = tuple(sorted({*rights.signals, *signals_of(answer, self._settings.user_agent)}))
            self._take(entry, state, answer, Rights(rights.robots, rights.robots_rule, signals), fetched_at)
        finally:
            answer.close()

    def _take(
        self, entry: Entry, state: HostState, answer: Answer, rights: Rights, fetched_at: datetime
    ) -> None:
        """Write the answer to the archive and commit it with everything it leads to."""
        original = self._original(entry, answer)
        target = self._scope.with_role(entry.target, answer)
        written = self._recorder.record(answer, target, rights, fetched_at, original)
        nofollow = forbids_links(answer, rights.signals, self._settings.user_agent)
        copies = self._frontier.copies(target.source, written.digest) if written.kind == "revisit" else 0
        mark = self._marks[target.source]
        judgement = judge_answer(entry, answer, written, nofollow=nofollow, copies=copies, mark=mark)
        found: list[Target] = []
        moved: Found | None = None
        if judgement.redirect is not None:
            place = self._scope.redirect(self._sources[target.source], entry, judgement.redirect)
            if isinstance(place, str):
                judgement = Judgement("refused", place)
            else:
                moved = place
        if judgement.follow:
            source, cap = self._sources[target.source], self._settings.max_body_bytes
            followed = follow(source, answer, written, target, rights, self._recorder.folder, cap)
            judgement, found = followed.failure or judgement, followed.targets
            state.skipped.update(followed.left)
        self._commit(entry, state, answer, judgement, written, found, moved)

    def _original(self, entry: Entry, answer: Answer) -> Original | None:
        """Return the record this answer repeats, if it does: 304, or the same bytes as before or elsewhere."""
        if answer.status == 304:
            return original_of(entry, entry.digest)
        if answer.status != 200 or answer.truncated or not answer.body_bytes:
            return None
        digest = payload_digest(answer)
        same = self._frontier.same_digest(entry.target.source, digest)
        return None if same is None else original_of(same, digest)

    def _refuse(self, entry: Entry, state: HostState, reason: str) -> None:
        self._commit(entry, state, None, Judgement("refused", reason), None, ())

    def _commit(
        self,
        entry: Entry,
        state: HostState,
        answer: Answer | None,
        judgement: Judgement,
        written: Written | None,
        found: Iterable[Target],
        moved: Found | None = None,
    ) -> None:
        """Commit one visit in one transaction: the record's place, the URL's state, the URLs it led to."""
        now_s = self._now().timestamp()
        retry = judgement.retry and entry.attempts < self._settings.max_retries
        if written is not None and entry.visits == 0:
            state.pages += 1
        with self._frontier.transaction():
            if written is not None:
                self._recorder.commit(entry.target.source)
            when = self._when(entry, state, judgement, now_s, retry=retry)
            mark = self._marks[entry.target.source]
            self._frontier.visited(entry.id, visit_row(entry, answer, judgement, written, when, mark))
            hosts = self._enter(found, entry.target.url)
            if moved is not None:
                self._frontier.redirect(entry, moved, self._start_s)
                hosts.add(moved.host)
            self._save(entry.host, state)
        self._account(entry, state, answer, judgement, retry=retry)
        self._wake(hosts)

    def _save(self, host: str, state: HostState) -> None:
        self._frontier.save_host(host, pages=state.pages, not_before_s=state.not_before_s)

    def _when(
        self, entry: Entry, state: HostState, judgement: Judgement, now_s: float, *, retry: bool
    ) -> When:
        """Return when to ask for a URL again: within this run, or not before the next."""
        if retry:
            after = state.not_before_s if judgement.outcome == "failed" else 0.0
            return When(now_s, max(now_s + state.pace.backoff_s(entry.attempts), after), None)
        interval_s = next_interval_s(entry, judgement.outcome, self._settings)
        due_s = now_s + (max(interval_s, REFRESH_S) if judgement.outcome == "refused" else interval_s)
        return When(now_s, due_s, interval_s)

    def _enter(self, found: Iterable[Target], via: str) -> set[str]:
        """Enter what an answer led to, without what the guards hold back; return the hosts of all new ones."""
        hosts: set[str] = set()
        entered: list[Found] = []
        for target in found:
            known = (target.source, target.url, target.headers)
            if known in self._entered:
                continue
            source = self._sources[target.source]
            item = self._scope.admit(target, self._shapes_of, source=source)
            if isinstance(item, str):
                owner = self.hosts.get(host_of(via))
                if owner is not None:
                    owner.skipped[item] += 1
                continue
            entered.append(item)
            hosts.add(item.host)
            self._entered.add(known)
        if len(self._entered) > MAX_ENTERED:
            self._entered.clear()
        self._frontier.add(entered, self._start_s)
        for host in hosts & self._shapes.keys():
            self._frontier.add_shapes(host, self._shapes[host].take_new())
        return hosts

    def _shapes_of(self, host: str) -> Shapes:
        if host not in self._shapes:
            self._shapes[host] = Shapes(self._frontier.shapes(host))
        return self._shapes[host]

    def _account(
        self, entry: Entry, state: HostState, answer: Answer | None, judgement: Judgement, *, retry: bool
    ) -> None:
        outcome = "retry" if retry else judgement.outcome
        state.outcomes[outcome] += 1
        if outcome in ("kept", "unchanged", "redirect"):
            self.tally.keep()
        elif outcome in ("refused", "gone", "missing"):
            self.tally.drop([(judgement.reason or outcome).partition(":")[0]])
        elif outcome == "failed":
            self.tally.fail([(judgement.reason or outcome).partition(":")[0]])
        size = 0 if answer is None else len(answer.head) + answer.body_bytes
        elapsed = 0.0 if answer is None else answer.elapsed_s
        status = None if answer is None else answer.status
        self._progress(
            PageDone(
                entry.host,
                shown_url(entry.target.url),
                entry.target.role,
                outcome,
                status,
                size,
                elapsed,
                judgement.reason,
            )
        )

        if state.outcomes.total() % REPORT_EVERY == 1:
            self._progress(state.report(entry.host, self._frontier.queue_length(entry.host)))

    def reports(self) -> tuple[HostReport, ...]:
        """Return the host table, sorted by name."""
        return tuple(
            state.report(host, self._frontier.queue_length(host))
            for host, state in sorted(self.hosts.items())
        )
