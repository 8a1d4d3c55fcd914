"""The language of a text, decided from votes that are all kept: letters, langdetect (seeded), optionally cld2.

langdetect alone calls most Sorani and Uyghur Arabic; the letters alone cannot tell Persian typed on an Arabic
keyboard. Together they do. Figures: docs/measurements/arabic.md, "Language".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from builder.columns.letters import Letters, is_arabizi, read_all
from builder.columns.votes import Vote, votes
from builder.errors import UsageError

SAMPLE_CHARS = 1_200
"""Code points the letters are read on; longer texts are sampled in four windows, evenly spaced."""
SHARE_CHARS = 20_000
"""Code points the share of Arabic letters is counted on: all of nearly every text."""
LANGDETECT_CHARS = 320
WORDS_OUTVOTE = 0.05
"""From this share of Arabic words on, with no Persian word or letter and no Sorani abundance of ha, a text is
Arabic though langdetect says Persian: short dialect posts."""
WORDS_OUTVOTE_PERSIAN_KEYS = 0.12
"""The same where it was typed on a Persian keyboard; words that both languages have do not count then."""
WORDS_OUTVOTE_ALIEN = 0.25
"""The same with letters that are not on the keyboard for Arabic: پ چ ژ گ, or of another alphabet."""
PERSIAN_SHARE_MAX = 0.01
PERSIAN_DOUBT = 0.05
"""With this share of Persian words and hardly a word that looks Arabic, langdetect's "ar" is not believed."""
ARABIC_DOUBT = 0.1
PERSIAN_SURE = 0.1
"""With this share of Persian words even a short text that langdetect calls Persian or Urdu is not undecided."""
SURE_SHARE_MIN = 0.9
UNSURE_EVIDENCE_MIN = 0.2
"""Where langdetect's trials differ, this share of Arabic words is asked for."""
SHORT_CHARS = 100

_WINDOWS = 4


@dataclass(frozen=True, slots=True)
class Language:
    """The decision and every vote. `lang`: ar, other, mixed or und. Shares are 0-1; `cld2` None: not asked."""

    lang: str
    letters: str
    langdetect: str | None
    langdetect_share: float | None
    cld2: str | None
    arabic_share: float
    arabizi: bool
    evidence: float


def detect_language(text: str, *, cld2: bool = False) -> Language:
    """Return the language of a text; the same answer for the same text, whatever ran before.

    With `cld2` pycld2 is asked as well. Raises UsageError when it is asked for and not installed.
    """
    return detect_languages([text], cld2=cld2)[0]


def detect_languages(texts: Sequence[str], *, cld2: bool = False) -> list[Language]:
    """Return what `detect_language` gives for each of some texts."""
    wholes = [_sample(text, SHARE_CHARS) if len(text) > SAMPLE_CHARS else None for text in texts]
    read = read_all([_sample(text, SAMPLE_CHARS) for text in texts], wholes)
    told = votes([_sample(_asked(letters), LANGDETECT_CHARS) for letters in read])
    return [
        _language(text, letters, vote, _cld2(letters.cleaned) if cld2 else None)
        for text, letters, vote in zip(texts, read, told, strict=True)
    ]


def _language(text: str, letters: Letters, vote: Vote, third: str | None) -> Language:
    """Decide. langdetect's first answer and its probability of Arabic are None where it finds no features."""
    label = vote[0][0] if vote else None
    share = None if vote is None else dict(vote).get("ar", 0.0)
    return Language(
        lang=_decide(letters, label, share or 0.0, third, len(text)),
        letters=letters.verdict,
        langdetect=label,
        langdetect_share=share,
        cld2=third,
        arabic_share=letters.arabic_share,
        arabizi=letters.verdict != "ar" and is_arabizi(text[:SAMPLE_CHARS]),
        evidence=letters.evidence,
    )


_PERSIAN = ("fa", "ur")
_BY_LETTERS = {"few-letters": "und", "mixed-script": "mixed"}


def _decide(letters: Letters, label: str | None, share: float, third: str | None, chars: int) -> str:
    if letters.verdict != "ar":
        return _BY_LETTERS.get(letters.verdict, "other")
    if label == "ar" and _believed(letters, share):
        return "ar"
    short = chars < SHORT_CHARS
    if _words_outvote(letters) or (short and third == "ar"):
        return "ar"
    if label in _PERSIAN and letters.persian >= PERSIAN_SURE:
        return "other"
    return "und" if short or label == "ar" else "other"


def _believed(letters: Letters, share: float) -> bool:
    if letters.persian >= PERSIAN_DOUBT and letters.evidence < ARABIC_DOUBT:
        return False
    if share >= SURE_SHARE_MIN or letters.evidence >= UNSURE_EVIDENCE_MIN:
        return True
    return letters.persian < PERSIAN_SHARE_MAX and not letters.persian_letters and not letters.many_ha


def _words_outvote(letters: Letters) -> bool:
    if letters.persian >= PERSIAN_SHARE_MAX:
        return False
    if letters.alien_letters:
        return letters.evidence >= WORDS_OUTVOTE_ALIEN
    if letters.persian_letters:
        return letters.evidence >= WORDS_OUTVOTE_PERSIAN_KEYS
    return letters.evidence >= WORDS_OUTVOTE and not letters.many_ha


def _sample(text: str, limit: int) -> str:
    """Return the whole text, or windows of it evenly spaced, `limit` code points together."""
    if len(text) <= limit:
        return text
    width = limit // _WINDOWS
    step = (len(text) - width) // (_WINDOWS - 1)
    return "\n".join(text[index * step : index * step + width] for index in range(_WINDOWS))


def _asked(letters: Letters) -> str:
    """Leave out Latin words where the text is in Arabic script: names must not outvote the sentence."""
    return letters.script if letters.arabic_share >= 0.5 else letters.cleaned


def check_cld2() -> None:
    """Check that pycld2 can be asked.

    Raises UsageError when it is not installed.
    """
    try:
        import pycld2  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "the recipe asks for cld2, which is not installed",
            where="[language] cld2",
            what_next="Run: pip install 'hiwar[cld2]', or leave the key out.",
        ) from error


def _cld2(text: str) -> str | None:
    check_cld2()
    import pycld2

    try:
        _, _, details = pycld2.detect(text.encode("utf-8"), isPlainText=True, bestEffort=True)
    except pycld2.error:
        return None
    return str(details[0][1])
