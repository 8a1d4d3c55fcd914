"""The release gate: assertions of the recipe on the release's own statistics.

`[release] gate_min` and `gate_max` name figures such as "rows.documents" or "change.removed.share". A name that
is no figure is refused with the nearest one, so that a slip of the pen cannot open the gate.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from builder.errors import GateFailed, RecipeError
from builder.recipe_values import ReleaseBlock
from builder.release.diff import ReleaseDiff
from builder.release.manifest import TABLES
from builder.release.stats import Statistics
from builder.takedown import STAGE

_ALIKE = 0.8
"""Likeness from which a name that did not occur is taken for a slip of one that did."""


def figures(statistics: Statistics, change: ReleaseDiff | None) -> dict[str, float]:
    """Return every figure that a gate may name: those of the release, and the change against the last one.

    change.added, change.changed and change.removed count records of all tables; change.KIND.share is their
    share of the records of the last release (0 for the first release).
    """
    flat = {f"{kind}.{table}": 0.0 for kind in ("rows", "undated") for table in TABLES}
    flat |= {
        f"dropped.{STAGE}": 0.0,
        f"failed.{STAGE}": 0.0,
    }  # there is no such stage before the first request
    flat.update(statistics.figures())
    before = sum(table.rows_before for table in change.tables) if change else 0
    for kind in ("added", "changed", "removed"):
        count = change.total(kind) if change else 0
        flat[f"change.{kind}"] = float(count)
        flat[f"change.{kind}.share"] = count / before if before else 0.0
    return flat


def check(block: ReleaseBlock, known: Mapping[str, float]) -> None:
    """Hold the recipe's assertions against the figures.

    Raises GateFailed naming every assertion that does not hold, RecipeError for a name that is no figure.
    """
    failures = list(_failures(block, known))
    if failures:
        raise GateFailed(
            "; ".join(failures),
            where="[release] gate",
            what_next="Look at releases/failed/account.json, correct the recipe or the archive, and build again.",
        )


def _failures(block: ReleaseBlock, known: Mapping[str, float]) -> Iterator[str]:
    for name, least in sorted(block.gate_min.items()):
        value = _figure(name, known, "gate_min")
        if value < least:
            yield f"{name} is {value:g}, below {least:g}"
    for name, most in sorted(block.gate_max.items()):
        value = _figure(name, known, "gate_max")
        if value > most:
            yield f"{name} is {value:g}, above {most:g}"


def _figure(name: str, known: Mapping[str, float], key: str) -> float:
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    if _could_occur(name, known):
        return 0.0
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise RecipeError(
        f"{name!r} is no figure of a release{hint}",
        where=f"release.{key}",
        what_next=f"Figures of this build: {', '.join(sorted(known))}",
    )


def _could_occur(name: str, known: Mapping[str, float]) -> bool:
    """Return whether a name is one that the data might have given: a rule, language, platform or source.

    What did not occur counts as 0, unless it looks like a slip of something that did.
    """
    place, _, last = name.rpartition(".")
    family, _, inner = place.partition(".")
    if family in ("lang", "platform", "source"):
        open_place = inner in TABLES
    else:
        open_place = family == "rule" and f"dropped.{inner}" in known
    siblings = [other.rpartition(".")[2] for other in known if other.rpartition(".")[0] == place]
    return open_place and not difflib.get_close_matches(last, siblings, n=1, cutoff=_ALIKE)
