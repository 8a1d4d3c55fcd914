"""The sections of the dataset card that are made from data: counts, funnel, sources, columns, versions.

Each function gives Markdown for one placeholder of dataset_card.md. Text from outside goes through
builder.release.markdown. Sections that are prose lie in cardprose.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath as Path
from typing import Any

from builder.release import cardcite, cardprose, cardrights, cardrules
from builder.release.cardinput import CardInput
from builder.release.markdown import bullets, code, counted, link, number, plain, share, table
from builder.release.stats import NONE, Counts, StageLine, TableStatistics, count_of
from builder.release.topic import Topic, topic_of
from builder.schema import Field, Schema
from builder.version import __version__

TOP = 25
"""Rows of a table of counts; the rest is summed up in one row."""

TOP_REASONS = 6


def sections(given: CardInput) -> dict[str, str]:
    """Return the Markdown of every placeholder but the head."""
    return {name: make(given).strip("\n") for name, make in SECTIONS.items()}


def _summary(given: CardInput) -> str:
    documents = given.statistics.table("documents")
    block = given.recipe.model.dataset
    comments = given.statistics.table("comments").rows
    beside = f" and {counted(comments, 'comment')} by readers" if comments else ""
    about = f" about {_topic(given).about}" if given.recipe.model.select.relevance_min else ""
    return (
        f"{plain(block.pretty_name or block.name)} holds {counted(documents.rows, 'Arabic text')}{beside}{about}, "
        f"from {counted(len(documents.sources), 'source')} and {counted(len(documents.sites), 'site')}, "
        f"{_period_words(documents)}. Every record names the page it comes from, the archive record it was read "
        "from, and what its publisher said about its use."
    )


def _period_words(documents: TableStatistics) -> str:
    if documents.first_day is None:
        return "without dates of publication"
    return f"published from {plain(documents.first_day)} to {plain(documents.last_day or '')}"


def _plots(given: CardInput) -> str:
    titles = {name: _topic(given).fill(title) for name, title in cardprose.PLOT_TITLES.items()}
    return "\n\n".join(f"![{plain(titles.get(Path(path).stem, path))}]({path})" for path in given.plots)


def _description(given: CardInput) -> str:
    own = given.recipe.model.dataset.description
    description = _topic(given).fill(cardprose.DESCRIPTION)
    return f"{plain(own)}\n\n{description}" if own else description


def _languages(given: CardInput) -> str:
    counts = given.statistics.table("documents").languages
    rows = given.statistics.table("documents").rows
    listed = ", ".join(f"{code(lang or 'und')} {share(count, rows)}" for lang, count in counts)
    return f"Arabic (BCP-47 `ar`); documents by the language they were decided to be in: {listed or 'none'}"


def _licence(given: CardInput) -> str:
    block = given.recipe.model.dataset
    name = block.licence if block.licence != "other" else block.licence_name or "other"
    return f"{link(name, block.licence_link)} for the compilation; the texts keep their authors' rights, see below"


def _record_counts(given: CardInput) -> str:
    parts = [f"{code(entry.name)} {number(entry.rows)}" for entry in given.statistics.tables]
    size = sum(entry.size_bytes for entry in given.statistics.tables)
    return f"{', '.join(parts)} ({size / 1_000_000:,.1f} MB of Parquet)"


def _period(given: CardInput) -> str:
    documents = given.statistics.table("documents")
    if documents.first_day is None:
        return "no text has a date of publication"
    undated = f"; {number(documents.undated)} without a date" if documents.undated else ""
    return f"{plain(documents.first_day)} to {plain(documents.last_day or '')}{undated}"


def _captured(given: CardInput) -> str:
    first = [entry.first_fetched for entry in given.statistics.tables if entry.first_fetched]
    last = [entry.last_fetched for entry in given.statistics.tables if entry.last_fetched]
    if not first or not last:
        return "no captures"
    return f"{min(first)} to {max(last)}" if min(first) != max(last) else min(first)


def _schema_versions(given: CardInput) -> str:
    return ", ".join(f"{schema.name} v{schema.version}" for schema in given.schemas)


def _homepage(given: CardInput) -> str:
    url = given.recipe.model.dataset.homepage
    return f"- **Homepage:** {link(url, url)}" if url else "The sources the texts were taken from:"


def _sources_table(given: CardInput) -> str:
    rows = []
    for source in given.recipe.sources:
        block = source.block
        sites = [
            site for name, site, _ in given.statistics.table("documents").source_sites if name == block.name
        ]
        counts = [
            count_of(given.statistics.table(name).sources, block.name) for name in ("documents", "comments")
        ]
        shown = ", ".join(code(site) for site in sites[:5]) + (
            f" and {len(sites) - 5} more" if len(sites) > 5 else ""
        )
        rows.append([code(block.name), code(block.kind), shown or "-", *map(number, counts)])
    return table(("Source", "Kind", "Sites", "Documents", "Comments"), rows, right=(3, 4))


def _loading(given: CardInput) -> str:
    present = [entry.name for entry in given.statistics.tables if entry.splits]
    lines = [
        f'{name} = load_dataset("releases/{given.version}", "{name}", split="{_first_split(given, name)}")'
        for name in present
    ]
    examples = "\n".join(["from datasets import load_dataset", "", *lines])
    language = next(
        (name for name, _ in given.statistics.table("documents").languages if name.isalpha()), "ar"
    )
    split = _first_split(given, "documents")
    return cardprose.LOADING.format(examples=examples, version=given.version, language=language, split=split)


def _first_split(given: CardInput, name: str) -> str:
    names = [split for split, _, _ in given.statistics.table(name).splits]
    return "train" if "train" in names else names[0]


def _structure(given: CardInput) -> str:
    rows = [
        [code(entry.name), code(split), number(files), number(count)]
        for entry in given.statistics.tables
        for split, files, count in entry.splits
    ]
    splits = table(("Config", "Split", "Files", "Records"), rows, right=(2, 3))
    return f"{splits}\n\n{_split_rules(given)}\n\n{cardprose.STRUCTURE}\n\n{_length_table(given)}"


def _split_rules(given: CardInput) -> str:
    rules = given.recipe.model.release.split
    if not rules:
        return "There is one split: the data has no division into training and test parts of its own."
    parts = []
    for rule in rules:
        tests = [f"from {rule.since}" if rule.since else "", f"until {rule.until}" if rule.until else ""]
        if rule.hash_share is not None:
            tests.append(f"{100 * rule.hash_share:g}% of the records by the hash of their id")
        parts.append(f"{code(rule.name)}: {plain(' '.join(filter(None, tests)))}")
    return "Splits are made by these rules of the recipe:\n\n" + bullets(parts)


def _length_table(given: CardInput) -> str:
    rows = []
    for entry in given.statistics.tables:
        words = entry.lengths
        figures = (
            words.shortest,
            words.quarter,
            words.median,
            words.three_quarters,
            words.p95,
            words.longest,
        )
        rows.append([code(entry.name), number(words.total_words), *map(number, figures)])
    head = ("Words per text", "All", "Shortest", "25 %", "Median", "75 %", "95 %", "Longest")
    return table(head, rows, right=range(1, 8))


def _counts(given: CardInput) -> str:
    groups: tuple[tuple[str, Callable[[TableStatistics], Counts]], ...] = (
        ("Source", lambda entry: entry.sources),
        ("Site", lambda entry: entry.sites),
        (f"About {_topic(given).thing}", lambda entry: entry.platforms),
        ("Posted on", lambda entry: entry.posted_on),
        ("Record type", lambda entry: entry.record_types),
        ("Year of publication", lambda entry: entry.years),
        ("Language", lambda entry: entry.languages),
        ("robots.txt at capture", lambda entry: entry.robots),
    )
    tables = [_count_table(given, title, pick) for title, pick in groups]
    return "\n\n".join(text for text in tables if text)


def _count_table(given: CardInput, title: str, pick: Callable[[TableStatistics], Counts]) -> str:
    """Return one table with a column for each config; empty where no record has a value."""
    tables = given.statistics.tables
    columns = [dict(pick(entry)) for entry in tables]
    values = list(dict.fromkeys(value for entry in tables for value, _ in pick(entry)))
    if not any(value != NONE for value in values):
        return ""
    rows = [[code(value) if value else "none", *_cells(columns, tables, value)] for value in values[:TOP]]
    if len(values) > TOP:
        rest = [sum(column.get(value, 0) for value in values[TOP:]) for column in columns]
        rows.append([f"{len(values) - TOP} others", *map(number, rest)])
    head = [title, *(entry.name.capitalize() for entry in tables)]
    return table(head, rows, right=range(1, len(head)))


def _cells(columns: list[dict[str, int]], tables: tuple[TableStatistics, ...], value: str) -> list[str]:
    return [
        f"{number(column.get(value, 0))} ({share(column.get(value, 0), entry.rows)})"
        for column, entry in zip(columns, tables, strict=True)
    ]


def _columns(given: CardInput) -> str:
    note = [_topic(given).note] if _topic(given).note else []
    return "\n\n".join([*note, *(_column_table(schema) for schema in given.schemas)])


def _column_table(schema: Schema) -> str:
    rows = [row for field in schema.fields for row in _column_rows(field, "")]
    head = table(("Column", "Type", "Null", "Unit", "Meaning"), rows)
    return (
        f"<details><summary>{plain(schema.name)} (schema version {schema.version}, {len(schema.fields)} columns): "
        f"{plain(schema.doc)}</summary>\n\n{head}\n\n</details>"
    )


def _column_rows(field: Field, prefix: str) -> list[list[str]]:
    name = prefix + field.name
    row = [code(name), f"`{field.type}`"]
    own = [*row, "yes" if field.nullable else "", plain(field.unit), plain(field.doc)]
    inner = f"{name}[]." if field.type == "list<struct>" else f"{name}."
    return [own, *(line for part in field.fields for line in _column_rows(part, inner))]


def _funnel(given: CardInput) -> str:
    lines = given.statistics.funnel
    if not lines:
        return "No stage of the build left an account in this release."
    rows = [
        [code(line.stage), *map(number, (line.read, line.kept, line.dropped, line.failed)), _reasons(line)]
        for line in lines
    ]
    head = (
        "Stage",
        "Read",
        "Kept",
        "Dropped",
        "Failed",
        "Most frequent reasons (one record may have several)",
    )
    return f"{table(head, rows, right=(1, 2, 3, 4))}\n\n{cardprose.FUNNEL}"


def _reasons(line: StageLine) -> str:
    shown = [f"{code(rule)} {number(count)}" for rule, count in line.reasons[:TOP_REASONS]]
    more = len(line.reasons) - TOP_REASONS
    return ", ".join([*shown, *([f"{more} more"] if more > 0 else [])]) or "-"


def _versions(given: CardInput) -> str:
    if not given.history:
        return f"{given.version} is the first version.\n\n{cardprose.VERSIONS}"
    rows = [
        [
            code(line.version),
            line.day or "-",
            *map(number, (line.added, line.changed, line.removed)),
            plain(line.why),
        ]
        for line in given.history
    ]
    head = ("Version", "Latest capture", "Added", "Changed", "Removed", "Why this number")
    return f"{table(head, rows, right=(2, 3, 4))}\n\n{cardprose.VERSIONS}"


def _arabic_summary(given: CardInput) -> str:
    documents, topic = given.statistics.table("documents"), _topic(given)
    return cardprose.ARABIC_SUMMARY.format(
        name=plain(cardcite.title(given)),
        documents=number(documents.rows),
        comments=number(given.statistics.table("comments").rows),
        sources=number(len(documents.sources)),
        sites=number(len(documents.sites)),
        period=f"{_ltr(documents.first_day)} – {_ltr(documents.last_day)}"
        if documents.first_day
        else "غير مذكورة",
        platforms="، ".join(code(name) for name, _ in documents.platforms[:8]) or "لا شيء",
        contact=cardrights.contact(given.recipe.model.dataset.contact or "") or "صفحة النقاش في هذا المستودع",
        version=code(given.version),
        arabic=topic.arabic,
        arabic_things=topic.arabic_things,
    )


def _ltr(text: str | None) -> str:
    """Return text that keeps its order among Arabic words; a date would be turned round."""
    return f"\u2066{plain(text or '')}\u2069"


def _collection(given: CardInput) -> str:
    model = given.recipe.model
    settings = [
        f"`relevance_min` = {model.select.relevance_min:g} of 10: "
        + (
            "every Arabic article is kept"
            if not model.select.relevance_min
            else f"how much a text is about {_topic(given).those}"
        ),
        f"languages kept: {', '.join(code(lang) for lang in model.select.languages)}",
        f"near duplicates from a Jaccard similarity of {model.dedup.jaccard_min:g} of word 5-grams"
        if model.dedup.near
        else "near duplicates are kept",
        f"recipe {code(given.recipe.digest())}",
    ]
    copies = sum(entry.copies for entry in given.statistics.tables)
    removed = f"The records of this release stand for {number(copies)} further copies of the same texts."
    return f"{cardprose.collection(given)}\n\n{bullets(settings)}\n\n{removed}"


def _fixed(text: str) -> Callable[[CardInput], str]:
    return lambda _: text


def _on_topic(text: str) -> Callable[[CardInput], str]:
    return lambda given: _topic(given).fill(text)


def _topic(given: CardInput) -> Topic:
    return topic_of(given.recipe, plain)


def _from_block(field: str, absent: str) -> Callable[[CardInput], str]:
    def make(given: CardInput) -> str:
        value: Any = getattr(given.recipe.model.dataset, field)
        return plain(value) if value else absent

    return make


SECTIONS: Mapping[str, Callable[[CardInput], str]] = {
    "pretty_name": lambda given: plain(cardcite.title(given)),
    "summary": _summary,
    "plots": _plots,
    "arabic_summary": _arabic_summary,
    "description": _description,
    "version": lambda given: code(given.version),
    "maintainer": _from_block("maintainer", "the people named on this dataset's page on the Hub"),
    "languages": _languages,
    "licence": _licence,
    "record_counts": _record_counts,
    "period": _period,
    "captured": _captured,
    "tool_version": _fixed(__version__),
    "schema_versions": _schema_versions,
    "homepage": _homepage,
    "sources_table": _sources_table,
    "direct_use": _on_topic(cardprose.DIRECT_USE),
    "out_of_scope": _fixed(cardprose.OUT_OF_SCOPE),
    "loading": _loading,
    "structure": _structure,
    "counts": _counts,
    "columns": _columns,
    "rationale": _on_topic(cardprose.RATIONALE),
    "collection": _collection,
    "funnel": _funnel,
    "rules": cardrules.rules,
    "producers": _fixed(cardprose.PRODUCERS),
    "annotations": _on_topic(cardprose.ANNOTATIONS),
    "annotators": _fixed(cardprose.ANNOTATORS),
    "privacy": cardrights.privacy,
    "rights": cardrights.rights,
    "optouts": cardrights.optouts,
    "takedown": cardrights.takedown,
    "limitations": _on_topic(cardprose.LIMITATIONS),
    "recommendations": _fixed(cardprose.RECOMMENDATIONS),
    "versions": _versions,
    "bibtex": cardcite.bibtex,
    "apa": cardcite.apa,
    "glossary": _on_topic(cardprose.GLOSSARY),
    "more": _fixed(cardprose.MORE),
    "card_authors": _from_block("maintainer", "Written by Hiwar from the data and the recipe."),
    "card_contact": lambda given: (
        cardrights.contact(given.recipe.model.dataset.contact or "")
        or "The discussions of this dataset's page on the Hub."
    ),
}
"""Placeholder of dataset_card.md -> what fills it."""
