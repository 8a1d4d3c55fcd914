"""Compares our robots.txt decisions, and the lines we name for them, with protego's on real files.

    python benchmarks/robots.py FOLDER [FOLDER ...]

For each file and each agent (ours, "*", and those the file names) every path of the file's own rules is asked,
with variations. Prints one JSON line; every disagreement is listed. Our own matcher names the line that stands
in the archive as evidence; the decision itself is protego's.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from protego import Protego

from builder.crawl.robots import Rules, decoded_robots
from builder.optout import group_lines, longest_rule, robots_groups

HOST = "http://site.example"


def paths_of(text: str) -> list[str]:
    """Return the paths a file speaks of, each with a child, a parent and a query."""
    values = [
        value
        for group in robots_groups(text)
        for field, value in group.lines
        if field in ("allow", "disallow")
    ]
    found: dict[str, None] = {"/": None, "/robots.txt": None, "/a/b?c=d": None}
    for value in values[:200]:
        plain = value.replace("*", "x").rstrip("$")
        if not plain.startswith("/"):
            plain = "/" + plain
        found |= dict.fromkeys((plain, plain + "/child", plain.rsplit("/", 1)[0] + "/", plain + "?q=1"))
    return list(found)


def main() -> None:
    """Compare, and print the figures."""
    files = [path for name in sys.argv[1:] for path in sorted(Path(name).rglob("*")) if path.is_file()]
    decisions, unexplained, differ = 0, 0, []
    for path in files:
        body = path.read_bytes()
        text = decoded_robots(body)
        reference = Protego.parse(body.decode("utf-8-sig", "replace"))
        agents = {"hiwar", "*", *(agent for group in robots_groups(text) for agent in group.agents)}
        for agent in sorted(agents)[:20]:
            rules = Rules("rules", "", body, agent)
            lines = group_lines(text, agent)
            for place in paths_of(text):
                decisions += 1
                allowed = bool(reference.can_fetch(HOST + place, agent))
                ours = longest_rule(lines, place)
                own = ours is None or ours[0] == "allow" or place == "/robots.txt"
                if rules.ruling(HOST + place).allowed != allowed:
                    differ.append((path.name, agent, place, "decision"))
                elif own != allowed:
                    unexplained += 1
                    differ.append((path.name, agent, place, f"line {ours}, protego {allowed}"))
    print(
        json.dumps(
            {
                "files": len(files),
                "decisions": decisions,
                "decisions_that_differ": sum(kind == "decision" for *_, kind in differ),
                "lines_that_do_not_explain": unexplained,
                "examples": differ[:10],
            },
            ensure_ascii=False,
        )
    )


if __name__ == "__main__":
    main()
