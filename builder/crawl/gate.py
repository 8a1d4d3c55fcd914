"""Asks an origin what it allows before anything else is asked: robots.txt, then the opt-out files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from builder.archive.coding import decoded_body
from builder.crawl.fetcher import Answer, Fetcher
from builder.crawl.frontier import Frontier, OriginState
from builder.crawl.recorder import Recorder
from builder.crawl.robots import MAX_REDIRECTS, MAX_ROBOTS_BYTES, REFRESH_S, Rules, is_passing, verdict_of
from builder.errors import FetchError
from builder.model import Rights, Target
from builder.optout import SiteStatements
from builder.sources.discovery import web_address

WELL_KNOWN = {"tdmrep": "/.well-known/tdmrep.json", "ai_txt": "/ai.txt"}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TRIES = 3
"""Tries for a robots.txt that answers 5xx or not at all, before the host is left for this run."""

Waiter = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Permission:
    """What an origin says: its rules, what it states on use, and whether this run did not know it before.

    What it names, such as sitemaps, is to be entered then: a copy of the last run may have been kept for a recipe
    that did not want them, or by a process that died before it entered them.
    """

    rules: Rules
    statements: SiteStatements
    fresh: bool


@dataclass(frozen=True, slots=True)
class Asking:
    """For whom an origin is asked: the source whose archive takes the answers, and how to wait for one's turn.

    `turn` waits before a request, `after` takes note of its end (None: no answer), `learn` of the rules as soon
    as they are known, so that their delay holds for what is asked next. `stopped`: the host is to be left alone.
    """

    source: str
    turn: Waiter
    after: Callable[[Answer | None, int], Awaitable[None]]
    learn: Callable[[Rules], None]
    stopped: Callable[[], bool]


class Gate:
    """Fetches, keeps for 24 hours and applies what origins allow."""

    def __init__(
        self,
        fetcher: Fetcher,
        frontier: Frontier,
        recorder: Recorder | None,
        agent: str,
        now: Callable[[], datetime],
    ) -> None:
        self._fetcher = fetcher
        self._frontier = frontier
        self._recorder = recorder
        self._agent = agent
        self._now = now
        self._known: dict[str, tuple[float, Permission]] = {}
        self._failed: dict[str, str] = {}

    async def permission(self, origin: str, asking: Asking) -> Permission:
        """Return what an origin allows, asked anew once a day."""
        now_s = self._now().timestamp()
        known = self._known.get(origin)
        if known is not None and now_s - known[0] < REFRESH_S:
            return known[1]
        state = self._frontier.origin(origin)
        if state is None or state.verdict == "forbid" or now_s - state.fetched_s >= REFRESH_S:
            state = await self._ask(origin, asking, state)
        permission = Permission(
            Rules(state.verdict, state.detail, state.body, self._agent),
            SiteStatements(
                robots=Rules(state.verdict, "", state.body, self._agent).text,
                ai_txt=state.statements.get("ai_txt", ""),
                tdmrep=state.statements.get("tdmrep", ""),
            ),
            fresh=True,
        )
        self._known[origin] = (
            state.fetched_s,
            Permission(permission.rules, permission.statements, fresh=False),
        )
        return permission

    async def _ask(self, origin: str, asking: Asking, old: OriginState | None) -> OriginState:
        status, body = None, b""
        for attempt in range(_TRIES):
            status, body = await self._robots(origin, asking, attempt)
            if not is_passing(status) or asking.stopped():
                break
        verdict, detail = verdict_of(status)
        if status is None and (why := self._failed.get(f"{origin}/robots.txt")):
            detail = f"{detail}: {why}"
        if is_passing(status) and old is not None and old.verdict != "forbid":
            # RFC 9309, 2.4: an older copy may serve while the file cannot be reached.
            return OriginState(
                self._now().timestamp(), old.verdict, f"{detail}, older copy", old.body, old.statements
            )
        state = OriginState(self._now().timestamp(), verdict, detail, body if verdict == "rules" else b"", {})
        if asking.stopped():
            return state  # the rest, and perhaps the file itself, is asked for in the next run
        if verdict != "forbid":
            statements = await self._well_known(origin, asking, state, old.statements if old else {})
            state = OriginState(state.fetched_s, verdict, detail, state.body, statements)
        if self._recorder is not None and status != 429:
            self._frontier.save_origin(origin, state)
        return state

    async def _robots(self, origin: str, asking: Asking, attempt: int) -> tuple[int | None, bytes]:
        """Ask for robots.txt over at most five redirects; return the last status, None without an answer."""
        url, via = f"{origin}/robots.txt", None
        for _ in range(MAX_REDIRECTS + 1):
            target = Target(url, asking.source, "robots", via=via, how="start" if via is None else "redirect")
            answer = await self._get(target, asking, attempt)
            if answer is None:
                return None, b""
            onward = web_address(url, answer[0]) if answer[0] and answer[1] in _REDIRECTS else None
            if onward is None:
                return answer[1], answer[2]
            url, via = onward, url
        return 404, b""

    async def _well_known(
        self, origin: str, asking: Asking, state: OriginState, before: dict[str, str]
    ) -> dict[str, str]:
        """Return what the opt-out files say; what they said `before` while one cannot be had."""
        rules = Rules(state.verdict, "", state.body, self._agent)
        asking.learn(rules)
        found: dict[str, str] = {}
        for name, path in WELL_KNOWN.items():
            target = Target(origin + path, asking.source, "optout")
            answer = await self._get(target, asking, 0) if rules.ruling(target.url).allowed else None
            if answer is None or answer[1] == 429 or answer[1] >= 500:
                found |= {name: before[name]} if name in before else {}
            # A page of the site's own in place of the file says nothing.
            elif answer[1] == 200 and answer[2].lstrip()[:1] not in (b"<", b""):
                found[name] = answer[2].decode("utf-8-sig", "replace")
        return found

    async def _get(
        self, target: Target, asking: Asking, attempt: int
    ) -> tuple[str | None, int, bytes] | None:
        """Ask once; return Location, status and body, or None when no answer came. What came is archived."""
        await asking.turn()
        try:
            async with self._fetcher.slots:
                fetched_at = self._now()
                answer = await self._fetcher.fetch(
                    target.url, max_body_bytes=2 * MAX_ROBOTS_BYTES, any_type=True
                )
        except FetchError as error:
            self._failed[target.url] = error.what
            await asking.after(None, attempt)
            return None
        try:
            self._keep(answer, target, fetched_at)
            body = decoded_body(answer.headers, answer.body(), max_bytes=2 * MAX_ROBOTS_BYTES, cut=True)
        finally:
            answer.close()
        await asking.after(answer, attempt)
        if answer.truncated in ("time", "disconnect"):
            return None
        return answer.header("location"), answer.status, body

    def _keep(self, answer: Answer, target: Target, fetched_at: datetime) -> None:
        if self._recorder is None:
            return
        self._recorder.record(answer, target, Rights("allowed"), fetched_at, None)
        with self._frontier.transaction():
            self._recorder.commit(target.source)
