"""The vote of langdetect with fixed profiles and a fixed seed, at a third of langdetect's own cost.

Profiles, sampling and figures are langdetect's; the features of a text are taken from it in one go here instead
of character by character through its classes. tests/test_language.py holds both to the same answer.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langdetect.detector_factory import DetectorFactory

PROFILES = ("ar", "en", "fa", "fr", "ur")
"""langdetect profiles that take part: the Arabic-script ones it has, and two for what is not in that script.
Fewer profiles make it four times as fast and, on short posts, more often right."""

TRIALS = 3
SEED = 0

_ALPHA, _ALPHA_WIDTH, _BASE_FREQUENCY = 0.5, 0.05, 10_000
_ROUNDS_MAX, _CONVERGED, _WORTH_TELLING = 1_000, 0.99999, 0.1
"""As in langdetect.detector.Detector."""

_BLANKS = re.compile(" +")
_LATIN = re.compile("[A-z]")
_BEYOND_LATIN = re.compile("[\u0300-\U0010ffff]")


def vote(text: str) -> list[tuple[str, float]] | None:
    """Return langdetect's languages for a text, each with its probability (0-1), the likeliest first.

    None where langdetect finds no features in the text.
    """
    factory = load_profiles()
    features = list(_features(_cleaned(text), factory.word_lang_prob_map))
    if not features:
        return None
    chance = random.Random(SEED)
    sums = [0.0] * len(PROFILES)
    for _ in range(TRIALS):
        found = _trial(features, chance)
        sums = [total + share / TRIALS for total, share in zip(sums, found, strict=True)]
    told = [(name, share) for name, share in zip(PROFILES, sums, strict=True) if share > _WORTH_TELLING]
    return sorted(told, key=lambda pair: pair[1], reverse=True)


def _trial(features: list[list[float]], chance: random.Random) -> list[float]:
    """Draw features at random until one language is all but certain."""
    shares = [1.0 / len(PROFILES)] * len(PROFILES)
    smoothing = (_ALPHA + chance.gauss(0.0, 1.0) * _ALPHA_WIDTH) / _BASE_FREQUENCY
    for drawn in range(_ROUNDS_MAX + 1):
        own = chance.choice(features)
        shares = [share * (smoothing + weight) for share, weight in zip(shares, own, strict=True)]
        if drawn % 5 == 0:
            total = sum(shares)
            shares = [share / total for share in shares]
            if max(shares) > _CONVERGED:
                break
    return shares


def _cleaned(text: str) -> str:
    """Return a text as langdetect prepares it: no addresses, single blanks, no Latin where little of it is Latin."""
    from langdetect.detector import Detector
    from langdetect.utils.ngram import NGram

    text = Detector.MAIL_RE.sub(" ", Detector.URL_RE.sub(" ", text))
    text = _BLANKS.sub(" ", NGram.normalize_vi(text))
    if 2 * len(_LATIN.findall(text)) < len(_BEYOND_LATIN.findall(text)):
        text = _LATIN.sub("", text)
    return text


def _features(text: str, known: dict[str, list[float]]) -> Iterator[list[float]]:
    """Yield the weights of the known runs of one to three characters, in langdetect's order.

    None has a blank inside, and a capital behind a capital ends none: langdetect takes such words for names.
    """
    plain = " " + _BLANKS.sub(" ", "".join(map(_normal, text))).lstrip(" ")
    shouting = any(map(str.isupper, plain))
    for first, second, third in zip(" " + plain, plain, plain[1:], strict=False):
        if shouting and third.isupper() and second.isupper():
            continue
        if third != " " and third in known:
            yield known[third]
        pair = second + third
        if pair in known:
            yield known[pair]
        if second != " " and first + pair in known:
            yield known[first + pair]


@lru_cache(maxsize=2048)
def _normal(char: str) -> str:
    from langdetect.utils.ngram import NGram

    return str(NGram.normalize(char))


@lru_cache(maxsize=1)
def load_profiles() -> DetectorFactory:
    """Return a detector factory of our own: fixed profiles in a fixed order, fixed seed, nothing shared."""
    import langdetect
    from langdetect.detector_factory import DetectorFactory

    folder = Path(langdetect.__file__).parent / "profiles"
    factory = DetectorFactory()
    factory.load_json_profile([(folder / name).read_text(encoding="utf-8") for name in PROFILES])
    factory.set_seed(SEED)
    return factory
