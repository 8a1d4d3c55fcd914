"""The section of the card that names the rules: what each looks for, its thresholds here, how often it spoke."""

from __future__ import annotations

from collections import Counter

from builder.release.cardinput import CardInput
from builder.release.markdown import code, counted, number, plain, table
from builder.rules import PROFILES, RULES


def spoken(given: CardInput) -> Counter[str]:
    """Return how many records each rule of any stage spoke against."""
    total: Counter[str] = Counter()
    for line in given.statistics.funnel:
        total.update(dict(line.reasons))
    return total


def rules(given: CardInput) -> str:
    """Return the table of defect rules that were on, and the names of those that were off."""
    block = given.recipe.model.rules
    thresholds, off = PROFILES[block.profile]
    limits, skipped = {**thresholds, **block.thresholds}, off | set(block.off)
    counts = spoken(given)
    rows = [
        [
            code(rule.name),
            plain(rule.doc),
            ", ".join(f"{code(name)} {limits[name]:g}" for name in rule.thresholds) or "-",
            number(counts[rule.name]),
        ]
        for rule in RULES
        if rule.name not in skipped
    ]
    unused = ", ".join(code(name) for name in sorted(skipped)) or "none"
    if not rows:
        return f"No defect rule dropped anything; switched off: {unused}."
    head = ("Rule", "What it looks for", "Thresholds", "Records it spoke against")
    told = f"{counted(len(rows), 'defect rule')} of profile {code(block.profile)}; switched off: {unused}."
    return f"{told}\n\n{table(head, rows, right=(3,))}"
