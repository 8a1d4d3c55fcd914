"""Text from pages and recipes made safe for Markdown, HTML and YAML, and small Markdown forms.

Whatever comes from outside (titles, hosts, names, terms) goes through `plain`, `code` or `link`; no other
function of the card or the report may put such text on a page. The characters are written as numeric
entities and not behind backslashes, because the Hub's renderer, GitHub's and a plain HTML page all agree on
entities, inside tables too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from urllib.parse import quote, urlsplit

_SPECIAL = re.compile(r"[&<>`*_{}\[\]|~$\\@]|:(?=//)|(?i:(?<=\bwww)\.)")
"""Characters with a meaning inside a line, and the two signs by which bare addresses become links."""

_OPENING = re.compile(r"^(?:[-+#=]|\d+[.)])")
"""What would begin a list, a heading or a rule at the start of a line."""

_INVISIBLE = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u2028\u2029")
_URL_SAFE = "/:?&=%;,.-_~+@"


def one_line(text: str) -> str:
    """Return `text` on one line: control and direction characters dropped, runs of space become one blank."""
    kept = "".join(
        " " if char.isspace() else char
        for char in text
        if char.isspace() or (char not in _INVISIBLE and unicodedata.category(char) not in ("Cc", "Cs"))
    )
    return " ".join(kept.split())


def plain(text: str) -> str:
    """Return `text` as inline Markdown that shows these characters and does nothing else."""
    line = _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", one_line(text))
    return _OPENING.sub(lambda match: f"{match[0][:-1]}&#{ord(match[0][-1])};", line)


def code(text: str) -> str:
    """Return `text` as inline code. Characters that end code or a table cell are percent-encoded."""
    line = re.sub(r"[`|<>\\\"]", lambda match: quote(match[0], safe=""), one_line(text))
    return f"`{line}`" if line else ""


def link(text: str, url: str | None) -> str:
    """Return a Markdown link, or just the text where `url` is not http, https or mailto."""
    safe = safe_url(url)
    return f"[{plain(text)}]({safe})" if safe else plain(text)


def safe_url(url: str | None) -> str | None:
    """Return `url` fit for a Markdown or HTML link, or None where it is not http, https or mailto."""
    line = one_line(url or "").replace(" ", "%20")
    try:
        scheme = urlsplit(line).scheme.lower()
    except ValueError:
        return None
    return quote(line, safe=_URL_SAFE) if scheme in ("http", "https", "mailto") else None


def number(value: int) -> str:
    """Return a whole number with commas between thousands."""
    return f"{value:,}"


def counted(value: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is one."""
    return f"{number(value)} {noun}" if value == 1 else f"{number(value)} {noun}s"


def share(part: int, whole: int) -> str:
    """Return `part` of `whole` in per cent with one decimal; a dash where there is no whole."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    """Return a Markdown table; cells must already be safe. `right` lists the columns set to the right."""
    numeric = set(right)
    rule = ["---:" if index in numeric else "---" for index in range(len(head))]
    lines = [head, rule, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bullets(lines: Iterable[str]) -> str:
    """Return a Markdown list; each line must already be safe."""
    return "\n".join(f"- {line}" for line in lines)
