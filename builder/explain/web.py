"""A story as one self-contained page, right to left, with the kept text marked among all the page's lines."""

from __future__ import annotations

from html import escape

from builder.explain.story import Story, Telling
from builder.explain.verdicts import Verdict

_STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.7 "Noto Naskh Arabic","Noto Sans Arabic",Tahoma,sans-serif;max-width:60rem;margin:2rem auto;
padding:0 1rem}
table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid #8886;padding:.3rem .5rem;text-align:start;vertical-align:top}
p{margin:.15rem 0;padding:.05rem .5rem;border-inline-start:4px solid transparent}
mark{background:none;color:inherit}
.text{background:#2e7d3226;border-color:#2e7d32}
.title,.author{background:#1565c026;border-color:#1565c0}
.comment{background:#ef6c0026;border-color:#ef6c00}
.removed{color:#888}.removed small{direction:ltr;unicode-bidi:isolate;margin-inline-start:1rem;color:#b71c1c}
.ltr{direction:ltr;unicode-bidi:isolate;display:inline-block}
.out{color:#b71c1c}.in{color:#2e7d32}
"""


def render_html(story: Story) -> str:
    """Return the story as an HTML page that loads nothing: no scripts, no pictures, all text escaped."""
    parts = [
        '<!DOCTYPE html>\n<html lang="ar" dir="rtl"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(story.key)}</title><style>{_STYLE}</style></head><body>",
        f'<h1>قصة صفحة</h1><p><span class="ltr">{escape(story.url)}</span></p>',
        f'<p>الهوية: <span class="ltr">{escape(story.key)}</span></p>',
        _verdicts(story.verdicts),
        *(_telling(number, telling) for number, telling in enumerate(story.tellings, 1)),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _verdicts(found: tuple[Verdict, ...]) -> str:
    if not found:
        return "<h2>القرار</h2><p>لا إصدار بعد، أو لم تدخل الصفحة في آخر بناء.</p>"
    rows = []
    for each in found:
        word = '<span class="in">محفوظ</span>' if each.kept else '<span class="out">مستبعد</span>'
        copies = f"، نسخه {each.cluster_size}" if (each.cluster_size or 1) > 1 else ""
        why = "<br>".join(escape(reason) for reason in each.reasons)
        rows.append(
            f"<tr><td>{word}{copies}</td><td>{escape(each.table)}</td><td>{escape(each.version)}</td>"
            f'<td><span class="ltr">{why}</span></td></tr>'
        )
    return f"<h2>القرار</h2><table>{''.join(rows)}</table>"


def _telling(number: int, telling: Telling) -> str:
    ref = telling.ref
    place = f"{ref.warc_file}@{ref.warc_offset}"
    head = (
        f'<h2>لقطة {number}</h2><p><span class="ltr">{escape(ref.fetched_at.isoformat())} · {escape(ref.url)} · '
        f'{escape(place)}</span></p><p><span class="ltr">{escape(telling.outcome)} {escape(telling.reader)}</span></p>'
    )
    facts = "".join(
        f'<tr><th><span class="ltr">{escape(fact.name)}</span></th><td dir="auto">{escape(fact.value)}</td>'
        f'<td><span class="ltr">{escape(fact.origin)}</span></td>'
        f"<td>{'' if fact.confidence is None else f'{fact.confidence:.2f}'}</td></tr>"
        for fact in telling.facts
    )
    lines = "\n".join(
        f'<p class="{line.fate}" dir="auto"><bdi>{_marked(line.text, line.fate)}</bdi>'
        + (f"<small>{escape(line.reason)}</small>" if line.reason else "")
        + "</p>"
        for line in telling.lines
    )
    return f"{head}<table>{facts}</table><h3>الصفحة سطرا سطرا</h3>{lines}"


def _marked(text: str, fate: str) -> str:
    return f"<mark>{escape(text)}</mark>" if fate == "text" else escape(text)
