"""How a name stands in its sentence: as what is spoken of, as a place, or as where something was said.

"Facebook deleted the page" speaks of Facebook. "He lost his job over a photo on Facebook" names it as a place, and
"he wrote on Facebook" only as where something was said. All is read on the match form.
"""

from __future__ import annotations

import re

from builder.columns.lexicon import Lexicon, cue_pattern
from builder.text import fold_text

PERSON_CHARS = 12
"""Code points of the match form in which a word for a person says whom a name stands for ("the Snapchat girl")."""
_PREPOSITIONS = r"(?:علي|عبر|في|من خلال|بواسطه)"
_OPENING = r"[\s\"'«“(،:#\-]*"
_INSIDE = re.compile(
    r"(?<!\w)(?:ال)?(?:مدير|مسيول|رييس|موظف|عامل|مهندس|باحث|محلل|موسس|قسم|فريق|وظيف|فرص|عمل|اسهم|استثمار)\w*"
    rf"(?:\s+\w+){{0,2}}\s+في{_OPENING}$"
)
"""Who works in a company or holds a share of it speaks of the company."""
_CROWD = r"(?<!\w)[وف]?[بلك]?(?:ال|لل)?(?:نشطاء|ناشط|رواد|مغرد|مدون|متابع|جمهور|جماهير|مشاهير|نجوم)\w*"
"""Who is there and reacts is not the network."""
_CONTENT = re.compile(r"(?<!\w)[وبك]?(?:ان|انه|انها|انهم|لان|لانه|لانها)(?!\w)")
"""Between a verb and a name: what was said begins, so that the name is in it and not the place of saying."""
_QUOTED = re.compile(rf"(?<!\w)[وف]?نقل\w*\s+عن(?:\s+\w+){{0,3}}{_OPENING}(?:ال)?$")


class Venues:
    """The patterns of one lexicon for what stands right before a name."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._verbs = cue_pattern(lexicon.attribution_verbs)
        between = {fold_text(word.rstrip("*")) for word in (*lexicon.carriers, *lexicon.attribution_places)}
        stems = sorted((word.removeprefix("ال") for word in between), key=lambda word: (-len(word), word))
        carrier = r"(?:ال)?(?:" + "|".join(map(re.escape, stems)) + r")\w*" if stems else r"(?!)"
        self._people = re.compile(rf"{_CROWD}(?:\s+{carrier}){{0,3}}{_OPENING}(?:ال)?$")
        self._persons = cue_pattern(lexicon.attribution_persons)
        self._place = re.compile(
            rf"(?<!\w)[وف]?(?:{_PREPOSITIONS}(?:\s+{carrier}){{0,4}}|ب{carrier}(?:\s+{carrier}){{0,3}}|ب)"
            rf"{_OPENING}(?:ال)?$"
        )

    def stance(self, before: str) -> str:
        """Return how a name stands: "place", "people" (it says who somebody is, or who reacts) or "topic".

        `before` is the match form before it, in the same sentence.
        """
        if self._people.search(before) or self._persons.search(before[-PERSON_CHARS:]):
            return "people"
        return "place" if self.in_place(before) else "topic"

    def in_place(self, before: str) -> bool:
        """Tell whether a name stands as a place; `before` is the match form before it, in the same sentence."""
        return self._place.search(before) is not None and _INSIDE.search(before) is None

    def only_said_there(self, before: str) -> bool:
        """Tell whether it is only the place where something was said: "كتب على تويتر", "نقلا عن تويتر"."""
        verbs = list(self._verbs.finditer(before))
        if not verbs or _CONTENT.search(before, verbs[-1].end()):
            return False
        return self.in_place(before) or _QUOTED.search(before) is not None
