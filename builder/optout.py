"""Reads what publishers say about the use of their pages: pure functions, one for each place it is said.

A signal whose name stands in `[optout] obey` leaves a page out of releases. A statement that is made but
reserves nothing (`TDM-Reservation: 0`, `ai-train=yes`) is recorded under a name that ends in "-other".
docs/optouts.md tells what each signal does.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from builder.model import Signal

DIRECTIVES = frozenset(
    {"noindex", "nofollow", "none", "noai", "noimageai", "noml", "noarchive", "nosnippet", "notranslate"}
)
"""Words of X-Robots-Tag and meta robots that are recorded."""
SIGNALS = (DIRECTIVES - {"none"}) | {
    *("robots", "tdm-reservation", "tdm-policy", "ai.txt", "content-signal", "content-usage", "ai-agents"),
    *("not-indexable", "no-unauthenticated"),
}
"""Names that a recipe's `[optout] obey` may list: what a page, a site or a profile can say no with."""
AI_AGENTS = frozenset(
    {
        "ai2bot", "amazonbot", "anthropic-ai", "applebot-extended", "bytespider", "ccbot", "claudebot", "cohere-ai",
        "diffbot", "facebookbot", "google-extended", "gptbot", "img2dataset", "meta-externalagent", "omgili",
        "omgilibot", "timpibot", "webzio-extended",
    }
)  # fmt: skip
"""Agents of robots.txt groups that collect for training; a group that shuts them out is recorded."""
_JSON = re.compile(r"^\s*application/([\w.-]+\+)?json\b", re.IGNORECASE)
_OF_SEARCH_RESULTS = frozenset({"noindex", "nofollow"})
_SHOWN_CHARS = 200
HEAD_BYTES = 65_536
"""How far into a page its opt-outs are looked for; their names and values are ASCII in every charset."""
_META = re.compile(r"<meta\b[^>]{0,2000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_AGENT_PREFIX = re.compile(r"^\s*([\w-]+)\s*:\s*(.+)$")
_VALUED = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
"""Directives with a value: what stands before their colon is no agent."""
_BEHIND_PRODUCT = re.compile(r"[^\w*-]")
_NO = frozenset({"n", "no", "0", "false"})
_TRAINING = ("ai-train", "train-ai", "train-genai", "ai", "bots", "genai", "tdm", "all")
"""Words of Content-Signal and of the drafts of Content-Usage that take in what a dataset is made for."""


def header_signals(headers: Iterable[tuple[str, str]], agent: str = "hiwar") -> tuple[Signal, ...]:
    """Return the signals of HTTP headers: X-Robots-Tag, TDM-Reservation, Content-Usage, Content-Signal.

    `agent` is our product name: directives for another agent are not for us. On an answer in JSON "noindex"
    and "nofollow" speak of that answer as a search result, not of the posts in it: WordPress sends
    "X-Robots-Tag: noindex" with every answer of its public interface, whatever its owner chose.
    """
    given = list(headers)
    of_an_interface = any(name.lower() == "content-type" and _JSON.search(value) for name, value in given)
    found: list[Signal] = []
    for name, value in given:
        lower = name.lower()
        if lower == "x-robots-tag":
            said = _directives(value, "header", agent)
            found += [one for one in said if not (of_an_interface and one.name in _OF_SEARCH_RESULTS)]
        elif lower in ("tdm-reservation", "tdm-policy"):
            found += _tdm(lower, value, "header")
        elif lower in ("content-usage", "content-signal"):
            found += _usage(lower, value, "header")
    return _sorted(found)


def html_signals(text: str, agent: str = "hiwar") -> tuple[Signal, ...]:
    """Return the signals of the <meta> elements of an HTML page: robots, our own name, tdm-reservation."""
    found: list[Signal] = []
    for match in _META.finditer(text):
        attributes = {
            m[1].lower(): html.unescape(m[2] or m[3] or m[4] or "") for m in _ATTRIBUTE.finditer(match[0])
        }
        name = (attributes.get("name") or attributes.get("http-equiv") or "").strip().lower()
        content = attributes.get("content", "")
        if name in ("robots", agent.lower()) or name == "x-robots-tag":
            found += _directives(content, "meta", agent)
        elif name in ("tdm-reservation", "tdm-policy"):
            found += _tdm(name, content, "meta")
    return _sorted(found)


def _sorted(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    return tuple(sorted(set(signals)))


def _directives(value: str, where: str, agent: str) -> Iterator[Signal]:
    """Yield one signal a known word; "otherbot: noindex" is passed over, up to the next agent that is named."""
    ours = True
    for part in value.lower().split(","):
        prefix = _AGENT_PREFIX.match(part)
        if prefix and prefix[1] not in _VALUED:
            ours, part = prefix[1] == agent.lower(), prefix[2]
        for word in re.split(r"[;\s]+", part) if ours else ():
            if word == "none":
                yield Signal("noindex", where, "none")
                yield Signal("nofollow", where, "none")
            elif word in DIRECTIVES:
                yield Signal(word, where, word)


def _tdm(name: str, value: str, where: str) -> Iterator[Signal]:
    value = value.strip()
    if name == "tdm-policy":
        yield Signal("tdm-policy", where, value[:_SHOWN_CHARS])
    elif value:
        yield Signal(
            "tdm-reservation" if value == "1" else "tdm-reservation-other", where, value[:_SHOWN_CHARS]
        )


def _usage(name: str, value: str, where: str) -> Iterator[Signal]:
    """Yield the signal of a Content-Signal or Content-Usage statement: does it reserve training?"""
    pairs = dict(re.findall(r"([\w-]+)\s*=\s*[\"?]?([\w-]+)", value.lower()))
    training = [pairs[key] for key in _TRAINING if key in pairs]
    reserved = any(answer in _NO for answer in training)
    if pairs:
        yield Signal(name if reserved else f"{name}-other", where, " ".join(value.split())[:_SHOWN_CHARS])


@dataclass(frozen=True, slots=True)
class SiteStatements:
    """The texts in which a whole site speaks; an empty text says nothing."""

    robots: str = ""
    ai_txt: str = ""
    tdmrep: str = ""

    def signals(self, url: str, agent: str = "hiwar") -> tuple[Signal, ...]:
        """Return what the site says about one of its URLs."""
        path = _path_of(url)
        return _sorted(
            [
                *robots_signals(self.robots, path, agent),
                *ai_txt_signals(self.ai_txt, path, agent),
                *tdmrep_signals(self.tdmrep, path),
            ]
        )


def _path_of(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a robots.txt: its agents in lower case, without version, and its (field, value) lines."""

    agents: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]


def robots_groups(text: str) -> list[Group]:
    """Return the groups of a robots.txt in order; lines before the first group have the agents ()."""
    groups: list[Group] = []
    agents: list[str] = []
    lines: list[tuple[str, str]] = []
    for raw in re.split(r"\r\n|\r|\n", text):
        field, colon, value = raw.partition("#")[0].partition(":")
        field, value = field.strip().lower(), value.strip()
        if not colon:
            continue
        if field != "user-agent":
            lines.append((field, value))
            continue
        if lines:
            groups.append(Group(tuple(agents), tuple(lines)))
            agents, lines = [], []
        agents.append(_BEHIND_PRODUCT.split(value.lower(), maxsplit=1)[0])
    return [*groups, Group(tuple(agents), tuple(lines))]


def group_lines(text: str, agent: str) -> list[tuple[str, str]]:
    """Return the lines that are for `agent`: of the groups that name it, else of "*". Both rules of RFC 9309, 2.2.1."""
    groups = robots_groups(text)
    wanted = agent.lower()
    own = [line for group in groups if wanted in group.agents for line in group.lines]
    return own or [line for group in groups if "*" in group.agents for line in group.lines]


def robots_signals(text: str, path: str, agent: str = "hiwar") -> Iterator[Signal]:
    """Yield what a robots.txt says of the use of a path: Content-Signal, Content-Usage, training bots shut out."""
    groups = robots_groups(text)
    lines = group_lines(text, agent) + [line for group in groups if not group.agents for line in group.lines]
    for field, value in lines:
        if field in ("content-signal", "content-usage"):
            scope, statement = re.match(r"\s*(/\S*)?\s*(.*)$", value, re.DOTALL).groups()  # type: ignore[union-attr]
            if not scope or pattern_matches(scope, path):
                yield from _usage(field, statement, "robots")
        elif field == "disallowaitraining" and pattern_matches(value or "/", path):
            yield Signal("noai", "robots", f"DisallowAITraining: {value}"[:_SHOWN_CHARS])
    shut = sorted({a for group in groups if _shuts_out(group, path) for a in group.agents if a in AI_AGENTS})
    if shut:
        yield Signal("ai-agents", "robots", ", ".join(shut)[:_SHOWN_CHARS])


def _shuts_out(group: Group, path: str) -> bool:
    rule = longest_rule(group.lines, path)
    return rule is not None and rule[0] == "disallow"


def ai_txt_signals(text: str, path: str, agent: str = "hiwar") -> Iterator[Signal]:
    """Yield the signal of an ai.txt (Spawning) for a path: the longest rule wins, Allow on a tie."""
    rule = longest_rule(group_lines(text, agent), path)
    if rule is not None and rule[0] == "disallow":
        yield Signal("ai.txt", "ai.txt", f"Disallow: {rule[1]}"[:_SHOWN_CHARS])


def tdmrep_signals(text: str, path: str) -> Iterator[Signal]:
    """Yield the signal of a /.well-known/tdmrep.json for a path: the longest location that matches speaks."""
    try:
        rules = json.loads(text) if text else []
    except (ValueError, RecursionError):
        return
    best: tuple[int, dict[str, object]] | None = None
    for rule in rules if isinstance(rules, list) else [rules]:
        location = rule.get("location") if isinstance(rule, dict) else None
        if not isinstance(location, str) or not pattern_matches(location, path):
            continue
        if best is None or len(location) > best[0]:
            best = (len(location), rule)
    if best is not None:
        reserved = best[1].get("tdm-reservation", "")
        yield from _tdm("tdm-reservation", "1" if reserved is True else str(reserved), "well-known")
        if best[1].get("tdm-policy"):
            yield from _tdm("tdm-policy", str(best[1]["tdm-policy"]), "well-known")


def longest_rule(lines: Iterable[tuple[str, str]], path: str) -> tuple[str, str] | None:
    """Return the Allow or Disallow line that decides about a path, None if none matches (RFC 9309, 2.2.2)."""
    best: tuple[str, str] | None = None
    for field, value in lines:
        if field not in ("allow", "disallow") or not value or not pattern_matches(value, path):
            continue
        longer = best is None or len(value) > len(best[1])
        if longer or (best is not None and len(value) == len(best[1]) and field == "allow"):
            best = (field, value)
    return best


def pattern_matches(pattern: str, path: str) -> bool:
    """Return whether a robots.txt pattern matches the start of a path: "*" any run, "$" at the end the end.

    Walks the parts once and never goes back, so that no pattern can take long. Patterns that begin with
    neither "/" nor "*", as ai.txt has them, may match anywhere.
    """
    anchored = pattern.endswith("$")
    parts = _unescaped(pattern.rstrip("$") if anchored else pattern).split("*")
    path = _unescaped(path)
    if parts[0] and not parts[0].startswith("/"):
        parts.insert(0, "")
    if not path.startswith(parts[0]):
        return False
    position = len(parts[0])
    for index, part in enumerate(parts[1:], 1):
        if anchored and index == len(parts) - 1:
            return len(path) - len(part) >= position and path.endswith(part)
        found = path.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    return not anchored or position == len(path)


def _unescaped(text: str) -> str:
    """Return the text with percent escapes in one case and letters outside ASCII escaped, for comparison."""
    text = "".join(
        c if c.isascii() else "".join(f"%{b:02X}" for b in c.encode("utf-8", "replace")) for c in text
    )
    return re.sub(r"%[0-9a-f]{2}", lambda m: m[0].upper(), text, flags=re.IGNORECASE)
