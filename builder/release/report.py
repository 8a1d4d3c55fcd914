"""report.html: one page without any outside part that shows what a release holds and what was left out.

It can be opened from disk and mailed. All text from outside is escaped; directions are left to each piece of
text (`dir="auto"`), because titles and names are Arabic, Latin or both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from builder.release.cardinput import CardInput
from builder.release.markdown import number, one_line, safe_url, share
from builder.release.series import length_classes, month_series
from builder.release.stats import Counts, StageLine, TableStatistics
from builder.release.svg import bars, columns, stacked
from builder.release.topic import Topic, topic_of
from builder.version import __version__

TOP = 15
"""Bars of a chart; the tables of the card name more."""

TOP_REASONS = 12

STYLE = """
:root{--ink:#1c2430;--soft:#5b6675;--line:#dfe4ea;--card:#fff;--page:#f5f7f9;--accent:#0f766e;
--c0:#0f766e;--c1:#2563eb;--c2:#d97706;--c3:#be185d;--c4:#7c3aed;--c5:#65a30d;--c6:#0891b2;--c7:#94a3b8}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaef;--soft:#9aa7b5;--line:#2c3641;--card:#182028;--page:#10161c;
--accent:#2dd4bf;--c0:#2dd4bf;--c1:#60a5fa;--c2:#fbbf24;--c3:#f472b6;--c4:#a78bfa;--c5:#a3e635;--c6:#22d3ee;--c7:#64748b}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);line-height:1.6;
font:16px/1.6 "Noto Sans","Noto Sans Arabic","Segoe UI",Tahoma,system-ui,sans-serif}
main{max-width:860px;margin:0 auto;padding:2rem 1.2rem 4rem}
h1{font-size:2rem;margin:.2rem 0;line-height:1.35}h2{font-size:1.2rem;margin:0 0 .8rem}
.lead{color:var(--soft);margin:0 0 1.4rem}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.2rem 1.4rem;margin:1rem 0}
.tiles{display:flex;flex-wrap:wrap;gap:.6rem;margin:1rem 0}
.tile{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:.8rem .9rem;
flex:1 1 auto;max-width:14rem}
.tile b{display:block;font-size:1.2rem;white-space:nowrap;font-variant-numeric:tabular-nums;line-height:1.3}
.tile span{color:var(--soft);font-size:.86rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{padding:.4rem .7rem;border-bottom:1px solid var(--line);text-align:start;vertical-align:top}
th{color:var(--soft);font-weight:600}td.n,th.n{text-align:end;font-variant-numeric:tabular-nums;white-space:nowrap}
svg{width:100%;height:auto;display:block}svg text{fill:var(--ink);font-size:12px}svg .label{fill:var(--soft)}
.axis{stroke:var(--line)}.c0{fill:var(--c0)}.c1{fill:var(--c1)}.c2{fill:var(--c2)}.c3{fill:var(--c3)}
.c4{fill:var(--c4)}.c5{fill:var(--c5)}.c6{fill:var(--c6)}.c7{fill:var(--c7)}
.reason{display:inline-block;background:var(--page);border-radius:6px;padding:0 .45rem;margin:.1rem;font-size:.85rem}
code{font-size:.9em}a{color:var(--accent)}footer{color:var(--soft);font-size:.86rem;margin-top:2rem}
"""


def render_report(given: CardInput) -> str:
    """Return the text of report.html."""
    block = given.recipe.model.dataset
    title = _text(block.pretty_name or block.name)
    documents, topic = given.statistics.table("documents"), topic_of(given.recipe)
    parts = [
        f"<h1 dir=auto>{title}</h1>",
        f"<p class=lead>Version {_text(given.version)} · captured until {_text(documents.last_fetched or 'never')} · "
        f"Hiwar {__version__}</p>",
        _tiles(given),
        _section(f"Documents over time by {topic.thing}", _months(documents, topic)),
        _section("From captured to kept", _funnel(given.statistics.funnel)),
        _section("Sources and their terms", _sources(given)),
        _section("Sites", bars(_named(documents.sites[:TOP]), "Documents by site")),
        _section(
            f"{topic.things.capitalize()} the texts are about",
            bars(_named(documents.platforms[:TOP]), f"Documents by {topic.thing}"),
        ),
        _section(
            "Lengths of the texts, in words",
            columns(length_classes(documents.lengths), "Documents by length"),
        ),
        _section("Language, permission, privacy", _facts(given)),
        _section("Versions", _versions(given)),
        _footer(given),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{title} {_text(given.version)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main>\n</body>\n</html>\n"
    )


def _text(value: str) -> str:
    return escape(one_line(value))


def _isolated(value: str) -> str:
    return f"<bdi>{_text(value)}</bdi>"


def _section(title: str, inner: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{inner}</section>" if inner else ""


def _named(counts: Counts) -> list[tuple[str, int]]:
    return [(one_line(value) or "none", count) for value, count in counts]


def _tiles(given: CardInput) -> str:
    documents, topic = given.statistics.table("documents"), topic_of(given.recipe)
    size = sum(table.size_bytes for table in given.statistics.tables) / 1_000_000
    figures = [
        *((number(table.rows), table.name) for table in given.statistics.tables),
        (number(documents.lengths.total_words), "words in documents"),
        (number(len(documents.sites)), "sites"),
        (number(len(documents.platforms)), f"{topic.things} spoken about"),
        (f"{size:,.1f} MB", "of Parquet"),
        (_period(documents), "period of the texts"),
    ]
    tiles = "".join(
        f"<div class=tile><b>{_text(value)}</b><span>{_text(name)}</span></div>" for value, name in figures
    )
    return f"<div class=tiles>{tiles}</div>"


def _period(documents: TableStatistics) -> str:
    if documents.first_day is None or documents.last_day is None:
        return "no dates"
    first, last = documents.first_day[:4], documents.last_day[:4]
    return first if first == last else f"{first}–{last}"


def _months(documents: TableStatistics, topic: Topic) -> str:
    series = month_series(documents.month_platforms)
    note = f"<p class=lead>A document about two {topic.things} counts for both.</p>"
    chart = stacked(series.months, series.counts, f"Documents by month and {topic.thing}")
    return chart + note if chart else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], numeric: Iterable[int] = ()) -> str:
    right = set(numeric)
    mark = [" class=n" if index in right else "" for index in range(len(head))]
    top = "".join(f"<th{mark[i]}>{cell}</th>" for i, cell in enumerate(head))
    body = "".join(
        f"<tr>{''.join(f'<td{mark[i]}>{cell}</td>' for i, cell in enumerate(row))}</tr>" for row in rows
    )
    return f"<div class=scroll><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"


def _funnel(lines: Sequence[StageLine]) -> str:
    rows = [
        [_text(line.stage), *map(number, (line.read, line.kept, line.dropped, line.failed)), _reasons(line)]
        for line in lines
    ]
    head = ("Stage", "Read", "Kept", "Dropped", "Failed", "Reasons (a record may have several)")
    return _table(head, rows, (1, 2, 3, 4)) if rows else ""


def _reasons(line: StageLine) -> str:
    shown = [
        f"<span class=reason>{_isolated(rule)} {number(count)}</span>"
        for rule, count in line.reasons[:TOP_REASONS]
    ]
    return "".join(shown) or "–"


def _sources(given: CardInput) -> str:
    counts = [dict(given.statistics.table(name).sources) for name in ("documents", "comments")]
    rows = [
        [
            _isolated(source.name),
            _text(source.block.kind),
            *(number(count.get(source.name, 0)) for count in counts),
            _isolated(source.block.licence or "not stated"),
            _isolated(source.block.terms or "not stated") + (" (ids only)" if source.block.ids_only else ""),
        ]
        for source in given.recipe.sources
    ]
    return _table(("Source", "Kind", "Documents", "Comments", "Licence", "Terms"), rows, (2, 3))


def _facts(given: CardInput) -> str:
    rows = []
    for table in given.statistics.tables:
        groups = (
            ("language", table.languages),
            ("robots.txt", table.robots),
            ("opt-out signals", table.signals),
        )
        for name, counts in (*groups, ("replaced", table.personal)):
            shown = [f"{_isolated(value or 'none')} {number(count)}" for value, count in counts if count]
            rows.append([_text(table.name), name, ", ".join(shown) or "–"])
        rows.append(
            [
                _text(table.name),
                "without a date",
                f"{number(table.undated)} ({share(table.undated, table.rows)})",
            ]
        )
        rows.append([_text(table.name), "further copies", number(table.copies)])
    return _table(("Table", "What", "Records or counts"), rows)


def _versions(given: CardInput) -> str:
    rows = [
        [
            _text(line.version),
            _text(line.day or "–"),
            *map(number, (line.added, line.changed, line.removed)),
            _text(line.why),
        ]
        for line in given.history
    ]
    return (
        _table(("Version", "Latest capture", "Added", "Changed", "Removed", "Why"), rows, (2, 3, 4))
        if rows
        else ""
    )


def _footer(given: CardInput) -> str:
    contact = given.recipe.model.dataset.contact
    url = safe_url(
        contact if contact is None or ":" in contact or "@" not in contact else f"mailto:{contact}"
    )
    how = (
        f'<a href="{escape(url)}">{_text((contact or "").removeprefix("mailto:"))}</a>'
        if url
        else "the dataset's page"
    )
    return f"<footer>Removal of a text or a name: {how}. Made by Hiwar {__version__}.</footer>"
