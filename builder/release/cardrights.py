"""The sections of the dataset card about people: privacy, licences and terms, opt-outs, removal."""

from __future__ import annotations

from collections import Counter

from builder.release import cardprose
from builder.release.cardinput import CardInput
from builder.release.markdown import bullets, code, link, number, plain, table
from builder.release.stats import count_of

GATE = "<!-- hiwar:gated {} -->"
NOT_STATED = "not stated"


def privacy(given: CardInput) -> str:
    """Return what was done about personal data, with counts of what was replaced."""
    kinds = list(dict.fromkeys(kind for entry in given.statistics.tables for kind, _ in entry.personal))
    rows = [
        [code(kind), *(number(count_of(entry.personal, kind)) for entry in given.statistics.tables)]
        for kind in kinds
    ]
    head = ["Replaced by placeholders", *(entry.name.capitalize() for entry in given.statistics.tables)]
    stable = given.recipe.model.privacy.stable_pseudonyms
    keys = cardprose.STABLE_KEY if stable else cardprose.RELEASE_KEY
    counts = table(head, rows, right=range(1, len(head))) if rows else "Nothing was replaced in this version."
    return f"{cardprose.PRIVACY}\n\n{keys}\n\n{counts}"


def rights(given: CardInput) -> str:
    """Return the table of licences and terms, source by source."""
    rows = []
    for source in given.recipe.sources:
        block = source.block
        stated = [
            f"{plain(licence) if licence else NOT_STATED} ({number(count)})"
            for name, licence, count in given.statistics.table("documents").source_licences
            if name == block.name
        ]
        form = "ids and computed columns only" if block.ids_only else "with text"
        of_source = plain(block.licence) if block.licence else NOT_STATED
        terms = plain(block.terms) if block.terms else NOT_STATED
        rows.append([code(block.name), of_source, ", ".join(stated) or "-", terms, form])
    head = (
        "Source",
        "Licence by the recipe",
        "Licences of the records",
        "Terms that travel with them",
        "Published",
    )
    return f"{table(head, rows)}\n\n{cardprose.RIGHTS}{_access(given)}"


def _access(given: CardInput) -> str:
    """Return how access is given where the recipe asks for a gate; the comment is what `publish` reads."""
    mode = given.recipe.model.release.gated
    if mode is None:
        return ""
    how = "approved by the maintainers" if mode == "manual" else "given at once"
    return f"\n\n{GATE.format(mode)}\nAccess on the Hub has to be asked for, with agreement to the terms; it is {how}."


def optouts(given: CardInput) -> str:
    """Return which opt-outs were obeyed, how often, and which were only recorded."""
    obeyed = ", ".join(code(signal) for signal in given.recipe.model.optout.obey) or "none"
    recorded: dict[str, int] = {}
    for entry in given.statistics.tables:
        for signal, count in entry.signals:
            recorded[signal] = recorded.get(signal, 0) + count
    dropped: Counter[str] = Counter()
    for line in given.statistics.funnel:  # documents and comments have a stage each
        dropped.update({rule: n for rule, n in line.reasons if rule in given.recipe.model.optout.obey})
    asked = given.statistics.asked()
    lines = [f"Signals that leave a page out of this release: {obeyed}."]
    lines += [f"Left out for {code(rule)}: {number(count)}." for rule, count in sorted(dropped.items())]
    lines += [f"Left out because somebody asked for it: {number(asked)}."] if asked else []
    lines += [
        f"Recorded but not obeyed, {code(name)}: {number(count)}." for name, count in sorted(recorded.items())
    ]
    return f"{cardprose.OPTOUT}\n\n{bullets(lines)}"


def takedown(given: CardInput) -> str:
    """Return how to ask for the removal of a record."""
    address = given.recipe.model.dataset.contact
    how = f"Write to {contact(address)}" if address else "Open a discussion on this dataset's page on the Hub"
    return cardprose.TAKEDOWN.format(how=how)


def contact(address: str) -> str:
    """Return an address as a link: mailto: or https:, or a bare e-mail address. Empty for an empty one."""
    if "@" in address and ":" not in address:
        return link(address, f"mailto:{address}")
    return link(address.removeprefix("mailto:"), address)
