"""How to cite a release, from the recipe and the year of its latest capture."""

from __future__ import annotations

from builder.release.cardinput import CardInput
from builder.release.markdown import plain


def _year(given: CardInput) -> str:
    last = given.statistics.table("documents").last_fetched
    return (last or "n.d.")[:4]


def bibtex(given: CardInput) -> str:
    """Return the citation in a fenced block: the recipe's own, else one made from its names."""
    block = given.recipe.model.dataset
    if block.citation:
        return f"```bibtex\n{block.citation.replace('`', '').strip()}\n```"
    name = "".join(char for char in title(given) if char not in '{}\\"`')
    people = "".join(char for char in author(given) if char not in '{}\\"`')
    key = "".join(char for char in block.name if char.isalnum())
    fields = f"  title   = {{{name}}},\n  author  = {{{people}}},\n  year    = {{{_year(given)}}},\n"
    return f"```bibtex\n@misc{{{key}{_year(given)},\n{fields}  version = {{{given.version}}},\n}}\n```"


def apa(given: CardInput) -> str:
    """Return the citation in the style of the APA."""
    return f"{plain(author(given))} ({_year(given)}). *{plain(title(given))}* (Version {given.version}) [Data set]."


def title(given: CardInput) -> str:
    """Return the name of the dataset for people, on one line."""
    block = given.recipe.model.dataset
    return " ".join((block.pretty_name or block.name).split())


def author(given: CardInput) -> str:
    """Return who is named as the author."""
    return " ".join((given.recipe.model.dataset.maintainer or f"The makers of {title(given)}").split())
