"""Damage that the site's own filter did to its texts, mended only where the page itself proves it.

The filter wrote letters that windows-1256 lacks as entities and then broke those ("&#1700-;-"), lost tabs and line
ends down to their letter ("t" before an Arabic word), and turned quotes into hyphens.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

_ENTITY = re.compile(r"&#(?P<code>\d{2,6})-?;(?P<more>-(?=\w))?")
_HALF_ENTITY = re.compile(r"(?P<letter>[^\W\d_])-;(?P<more>-(?=\w))?")
_LOST_CONTROL = re.compile(r"(?m)^[tnr](?=[\u0621-\u064a])")
_QUOTED = re.compile(r"[\"“”«»]\s*([^\"“”«»\n]{1,80}?)\s*[\"“”«»]")


@dataclass(slots=True)
class Mender:
    """Mends the texts of one page and counts what it did by kind.

    `quotes` are phrases that stand in real quotes elsewhere on the same page: they prove a pair of hyphens.
    """

    quotes: tuple[str, ...] = ()
    counts: Counter[str] = field(default_factory=Counter)

    def mend(self, text: str) -> str:
        """Return `text` with all provable damage undone."""
        text = self._sub("entities", _ENTITY, text, lambda match: _char(match) or match[0])
        text = self._sub(
            "entities", _HALF_ENTITY, text, lambda m: m["letter"] if _foreign(m["letter"]) else m[0]
        )
        text = self._sub("stray_letters", _LOST_CONTROL, text, lambda _: "")
        for phrase in self.quotes:
            pattern = re.compile(rf"(?<!\w)-\s?{re.escape(phrase)}\s?-(?!\w)")
            text = self._sub("quotes", pattern, text, lambda _, phrase=phrase: f'"{phrase}"')
        return text

    def _sub(self, kind: str, pattern: re.Pattern[str], text: str, new: object) -> str:
        assert callable(new)
        changed = 0

        def replaced(match: re.Match[str]) -> str:
            nonlocal changed
            mended = str(new(match))
            changed += mended != match[0]
            return mended

        text = pattern.sub(replaced, text)
        self.counts[kind] += changed
        return text

    def flags(self) -> tuple[str, ...]:
        """Return the counts as flags, e.g. ("mended_entities:2",), in a fixed order."""
        return tuple(f"mended_{kind}:{count}" for kind, count in sorted(self.counts.items()) if count)


def quoted_phrases(texts: Iterable[str]) -> tuple[str, ...]:
    """Return what stands in real quotes in some texts of a page, longest first."""
    found = {match[1] for text in texts for match in _QUOTED.finditer(text)}
    return tuple(sorted(found, key=lambda phrase: (-len(phrase), phrase)))


def _foreign(letter: str) -> bool:
    """True for a letter that windows-1256 cannot hold: it must have been written as an entity."""
    try:
        letter.encode("cp1256")
    except UnicodeEncodeError:
        return letter.isalpha()
    return False


def _char(match: re.Match[str]) -> str | None:
    code = int(match["code"])
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF or not chr(code).isprintable():
        return None
    return chr(code)
