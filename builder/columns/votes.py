"""The vote of langdetect with fixed profiles and a fixed seed, at a third of langdetect's own cost.

Profiles, sampling and figures are langdetect's; the features of a text are taken from it in one go here instead
of character by character through its classes. tests/test_language.py holds both to the same answer.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
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

_BLANKS = re.compile("  +")
_LATIN = re.compile("[A-z]+")
_BEYOND_LATIN = re.compile("[\u0300-\U0010ffff]+")
_COMBINING = re.compile("[\u0300-\u036f]")

_REMEMBERED = 1 << 13
"""Words, and ends of words, whose features are remembered: few make up most of what is written."""

Weights = Sequence[float]
"""One number for each of `PROFILES`, in their order."""


def vote(text: str) -> list[tuple[str, float]] | None:
    """Return langdetect's languages for a text, each with its probability (0-1), the likeliest first.

    None where langdetect finds no features in the text.
    """
    features = _features(_cleaned(text))
    if not features:
        return None
    chance = random.Random(SEED)
    sums = [0.0] * len(PROFILES)
    for _ in range(TRIALS):
        found = _trial(features, chance)
        sums = [total + share / TRIALS for total, share in zip(sums, found, strict=True)]
    told = [(name, share) for name, share in zip(PROFILES, sums, strict=True) if share > _WORTH_TELLING]
    return sorted(told, key=lambda pair: pair[1], reverse=True)


def _trial(features: list[Weights], chance: random.Random) -> Weights:
    """Draw features at random, as `random.choice` does, until one language is all but certain."""
    ar = en = fa = fr = ur = 1.0 / len(PROFILES)
    smoothing = (_ALPHA + chance.gauss(0.0, 1.0) * _ALPHA_WIDTH) / _BASE_FREQUENCY
    count = len(features)
    bits, draw = count.bit_length(), chance.getrandbits
    for drawn in range(_ROUNDS_MAX + 1):
        place = draw(bits)
        while place >= count:
            place = draw(bits)
        in_ar, in_en, in_fa, in_fr, in_ur = features[place]
        ar *= smoothing + in_ar
        en *= smoothing + in_en
        fa *= smoothing + in_fa
        fr *= smoothing + in_fr
        ur *= smoothing + in_ur
        if drawn % 5 == 0:
            total = ar + en + fa + fr + ur
            ar, en, fa, fr, ur = ar / total, en / total, fa / total, fr / total, ur / total
            if max(ar, en, fa, fr, ur) > _CONVERGED:
                break
    return ar, en, fa, fr, ur


def _cleaned(text: str) -> str:
    """Return a text as langdetect prepares it: no addresses, single blanks, no Latin where little of it is Latin."""
    if "://" in text or "@" in text:
        from langdetect.detector import Detector

        text = Detector.MAIL_RE.sub(" ", Detector.URL_RE.sub(" ", text))
    if _COMBINING.search(text):
        from langdetect.utils.ngram import NGram

        text = NGram.normalize_vi(text)
    text = _BLANKS.sub(" ", text)
    latin = sum(map(len, _LATIN.findall(text)))
    if latin and 2 * latin < sum(map(len, _BEYOND_LATIN.findall(text))):
        text = _LATIN.sub("", text)
    return text


def _features(text: str) -> list[Weights]:
    """Return the weights of the known runs of one to three characters, in langdetect's order.

    No run has a blank inside, so that the runs of a text are those of its words, each with the blank behind it.
    """
    *inner, last = text.split(" ")
    return [*chain.from_iterable(map(_word_features, inner)), *_runs(last)]


@lru_cache(maxsize=_REMEMBERED)
def _word_features(word: str) -> tuple[Weights, ...]:
    """Return the weights of the known runs of a word and the blank behind it."""
    return tuple(_runs(word + " "))


def _runs(text: str) -> Iterator[Weights]:
    """Return the weights of the known runs of a text in order of their ends."""
    plain = " " + _BLANKS.sub(" ", text.translate(_normal_forms())).lstrip(" ")
    ends = [plain[place : place + 3] for place in range(len(plain) - 2)]
    return chain(_ending(" " + plain[:2]), chain.from_iterable(map(_ending, ends)))


@lru_cache(maxsize=_REMEMBERED)
def _ending(chars: str) -> tuple[Weights, ...]:
    """Return the weights of the known runs that end with the last of three characters, the shortest first.

    None has a blank inside, and a capital behind a capital ends none: langdetect takes such words for names.
    """
    if len(chars) < 3 or (chars[2].isupper() and chars[1].isupper()):
        return ()
    runs = [chars[2]] if chars[2] != " " else []
    runs += [chars[1:], chars] if chars[1] != " " else [chars[1:]]
    known = load_profiles().word_lang_prob_map
    return tuple(known[run] for run in runs if run in known)


class _NormalForms(dict[int, str]):
    """langdetect's form of each character, made when it is first met."""

    def __missing__(self, code: int) -> str:
        from langdetect.utils.ngram import NGram

        self[code] = form = str(NGram.normalize(chr(code)))
        return form


@lru_cache(maxsize=1)
def _normal_forms() -> _NormalForms:
    return _NormalForms()


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
