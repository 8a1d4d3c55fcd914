"""How a name stands in its sentence: as what is spoken of, as a place, or as where something was said.

"Facebook deleted the page" speaks of Facebook. "He lost his job over a photo on Facebook" names it as a place, and
"he wrote on Facebook" only as where something was said. All is read on the match form.
"""

from __future__ import annotations

import re

from builder.columns.lexicon import Lexicon, cue_pattern
from builder.text import fold_text

_PREPOSITIONS = r"(?:علي|عبر|في|من خلال|بواسطه)"
_OPENING = r"[\s\"'«“(،:#\-]*"
_INSIDE = re.compile(
    r"(?<!\w)(?:ال)?(?:مدير|مسيول|رييس|موظف|عامل|مهندس|باحث|محلل|موسس|قسم|فريق|وظيف|فرص|عمل|اسهم|استثمار)\w*"
    rf"(?:\s+\w+){{0,2}}\s+في{_OPENING}$"
)
"""Who works in a company or holds a share of it speaks of the company."""
_CROWD = r"(?<!\w)[وف]?[بلك]?(?:ال|لل)?(?:نشطاء|ناشط|رواد|مغرد|مدون|متابع|جمهور|جماهير|مشاهير|نجوم)\w*"
"""Who is there and reacts names the network as the place of the reaction."""
_QUOTED = re.compile(rf"(?<!\w)[وف]?نقل\w*\s+عن(?:\s+\w+){{0,3}}{_OPENING}(?:ال)?$")


class Venues:
    """The patterns of one lexicon for what stands right before a name."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._verbs = cue_pattern(lexicon.attribution_verbs)
        between = {fold_text(word.rstrip("*")) for word in (*lexicon.carriers, *lexicon.attribution_places)}
        stems = sorted((word.removeprefix("ال") for word in between), key=lambda word: (-len(word), word))
        carrier = r"(?:ال)?(?:" + "|".join(map(re.escape, stems)) + r")\w*" if stems else r"(?!)"
        self._place = re.compile(
            rf"(?<!\w)[وف]?(?:{_PREPOSITIONS}(?:\s+{carrier}){{0,4}}|ب{carrier}(?:\s+{carrier}){{0,3}}|ب)"
            rf"{_OPENING}(?:ال)?$|{_CROWD}(?:\s+{carrier}){{0,3}}{_OPENING}(?:ال)?$"
        )

    def in_place(self, before: str) -> bool:
        """Tell whether a name stands as a place; `before` is the match form before it, in the same sentence."""
        return self._place.search(before) is not None and _INSIDE.search(before) is None

    def only_said_there(self, before: str) -> bool:
        """Tell whether it is only the place where something was said: "كتب على تويتر", "نقلا عن تويتر"."""
        if self._verbs.search(before) is None:
            return False
        return self.in_place(before) or _QUOTED.search(before) is not None
