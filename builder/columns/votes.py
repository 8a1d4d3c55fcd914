"""The vote of langdetect with fixed profiles and a fixed seed, for many texts at a time.

Profiles, sampling and figures are langdetect's; the features of all texts are looked up by arrays, and the trials of
all go on together, at a tenth of langdetect's own cost. tests/test_language.py holds both to the
same answer.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from langdetect.detector_factory import DetectorFactory

    Floats = npt.NDArray[np.float64]
    Places = npt.NDArray[np.int64]

PROFILES = ("ar", "en", "fa", "fr", "ur")
"""langdetect profiles that take part: the Arabic-script ones it has, and two for what is not in that script.
Fewer profiles make it four times as fast and, on short posts, more often right."""

TRIALS = 3
SEED = 0

_ALPHA, _ALPHA_WIDTH, _BASE_FREQUENCY = 0.5, 0.05, 10_000
_ROUNDS = (1, *(200 * [5]))
"""Draws of a trial between two looks at what they have given."""
_CONVERGED, _WORTH_TELLING = 0.99999, 0.1
"""As in langdetect.detector.Detector."""

_NUMBER_BITS = 32
_GAUSS_AT_ONCE, _GAUSS_NUMBERS = 2, 4
"""`Random.gauss` takes four random numbers at every other call, which give two of its own."""
_FEW_NUMBERS, _MORE = 512, 16
"""Random numbers that do for nearly every text, and how many times more are made for the others."""

_BLANKS = re.compile("  +")
_LATIN = re.compile("[A-z]+")
_BEYOND_LATIN = re.compile("[\u0300-\U0010ffff]+")
_COMBINING = re.compile("[\u0300-\u036f]")
_CLEANABLE = re.compile("[!-~\u0300-\u036f]")
"""What is cleaned away has one of these, or is a blank too many."""

Vote = list[tuple[str, float]] | None


def votes(texts: Sequence[str]) -> list[Vote]:
    """Return langdetect's languages for each text, each with its probability (0-1), the likeliest first.

    None where langdetect finds no features in a text. What is asked together does not count: each text has the vote
    that it has alone.
    """
    import numpy as np

    told: list[Vote] = [None] * len(texts)
    if not texts:
        return told
    features = _features([_cleaned(text) for text in texts])
    left = np.flatnonzero(features.counts)
    numbers = _FEW_NUMBERS
    while len(left):
        shares, done = _trials(features.of(left), numbers)
        for place, found in zip(left[done].tolist(), shares[done].tolist(), strict=True):
            told[place] = _told(found)
        left, numbers = left[~done], numbers * _MORE
    return told


def _told(shares: Sequence[float]) -> list[tuple[str, float]]:
    pairs = [pair for pair in zip(PROFILES, shares, strict=True) if pair[1] > _WORTH_TELLING]
    return sorted(pairs, key=lambda pair: pair[1], reverse=True)


def _cleaned(text: str) -> str:
    """Return a text as langdetect prepares it: no addresses, single blanks, no Latin where little of it is Latin."""
    if "  " not in text and not _CLEANABLE.search(text):
        return text
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


class _Features(NamedTuple):
    """The features of some texts: `rows` of the weights, text by text, where each text's begin and how many it has."""

    rows: npt.NDArray[np.int16]
    starts: Places
    counts: Places

    def of(self, texts: Places) -> _Features:
        """Return those of a part of the texts."""
        return _Features(self.rows, self.starts[texts], self.counts[texts])


def _features(texts: Sequence[str]) -> _Features:
    """Return the known runs of one to three characters of each text, in order of their ends, the shortest first.

    None has a blank inside, and a capital behind a capital ends none: langdetect takes such words for names.
    """
    import numpy as np

    runs = _runs()
    codes = runs.codes("".join([" " + text for text in texts]))
    begins = np.cumsum([0, *map(len, texts[:-1])]) + np.arange(len(texts))
    stay = codes != _BLANK
    stay[1:] |= stay[:-1]
    stay[begins] = True
    codes, begins = codes[stay], np.cumsum(stay)[begins] - 1
    before = np.roll(codes, 1)
    rows = np.stack(
        (
            runs.ones[codes],
            runs.twos[before, codes],
            runs.threes[runs.heads[np.roll(codes, 2), before], codes],
        ),
        axis=1,
    )
    rows[begins] = _NONE
    rows[runs.capital[codes] & runs.capital[before]] = _NONE
    known = rows != _NONE
    counts = np.add.reduceat(known.ravel(), 3 * begins, dtype=np.int64)
    return _Features(rows[known], np.cumsum(counts) - counts, counts)


_BLANK, _OTHER, _OTHER_CAPITAL = 0, 1, 2
"""Codes of characters: the blank, and those that stand in no known run."""
_NONE = -1
_CODE_POINTS = 0x110000


class _Runs:
    """The runs that the profiles know, as tables of rows of `weights`, by the codes of their characters.

    `threes` is by the number of the first two characters, which `heads` gives, and the third.
    """

    def __init__(self, known: Mapping[str, Sequence[float]]) -> None:
        import numpy as np

        letters = sorted(set("".join(known)) - {" "})
        self._codes = {" ": _BLANK} | {
            letter: code for code, letter in enumerate(letters, _OTHER_CAPITAL + 1)
        }
        size = len(letters) + _OTHER_CAPITAL + 1
        heads = sorted({run[:2] for run in known if len(run) == 3})
        self.weights = np.array(list(known.values()))
        self.ones = np.full(size, _NONE, np.int16)
        self.twos = np.full((size, size), _NONE, np.int16)
        self.heads = np.full((size, size), len(heads), np.int16)
        self.threes = np.full((len(heads) + 1, size), _NONE, np.int16)
        self.capital = np.zeros(size, np.bool_)
        self.capital[[_OTHER_CAPITAL, *(self._codes[letter] for letter in letters if letter.isupper())]] = (
            True
        )
        numbers = {head: number for number, head in enumerate(heads)}
        for head, number in numbers.items():
            self.heads[self._codes[head[0]], self._codes[head[1]]] = number
        for row, run in enumerate(known):
            last = self._codes[run[-1]]
            if len(run) == 1:
                self.ones[last] = row
            elif len(run) == 2:
                self.twos[self._codes[run[0]], last] = row
            else:
                self.threes[numbers[run[:2]], last] = row
        self._seen = np.full(_CODE_POINTS, _NONE, np.int16)

    def codes(self, text: str) -> npt.NDArray[np.int16]:
        """Return the codes of the characters of a text, in langdetect's form, which is made when one is first met."""
        import numpy as np

        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))
        codes = self._seen[points]
        fresh = codes == _NONE
        if fresh.any():
            for point in np.unique(points[fresh]).tolist():
                self._seen[point] = self._code(chr(point))
            codes = self._seen[points]
        return codes

    def _code(self, char: str) -> int:
        from langdetect.utils.ngram import NGram

        form = str(NGram.normalize(char))
        return self._codes.get(form, _OTHER_CAPITAL if form.isupper() else _OTHER)


@lru_cache(maxsize=1)
def _runs() -> _Runs:
    return _Runs(load_profiles().word_lang_prob_map)


def _trials(features: _Features, numbers: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return the mean of the trials for each text, and for which texts so many random numbers do."""
    import numpy as np

    draws = _Draws(features.counts, numbers)
    sums = np.zeros((len(features.counts), len(PROFILES)))
    for trial in range(TRIALS):
        if trial % _GAUSS_AT_ONCE == 0:
            gauss = draws.gauss()
        smoothing = (_ALPHA + gauss[:, trial % _GAUSS_AT_ONCE] * _ALPHA_WIDTH) / _BASE_FREQUENCY
        sums += _trial(features, draws, smoothing) / TRIALS
    return sums, ~draws.spent


def _trial(features: _Features, draws: _Draws, smoothing: Floats) -> Floats:
    """Draw features of each text at random, as `random.choice` does, until one language is all but certain."""
    import numpy as np

    shares = np.full((len(smoothing), len(PROFILES)), 1.0 / len(PROFILES))
    texts = np.flatnonzero(~draws.spent)
    for count in _ROUNDS:
        texts, places = draws.draw(texts, count)
        rows = features.rows[features.starts[texts, None] + places]
        weights = _runs().weights[rows] + smoothing[texts, None, None]
        found = shares[texts]
        for number in range(count):
            found *= weights[:, number]
        ar, en, fa, fr, ur = found.T
        found /= (ar + en + fa + fr + ur)[:, None]
        shares[texts] = found
        texts = texts[found.max(axis=1) <= _CONVERGED]
        if not len(texts):
            break
    return shares


class _Draws:
    """What `random.Random(SEED)` draws for some texts, each on its own: places among the features of the text."""

    def __init__(self, counts: Places, numbers: int) -> None:
        import numpy as np

        kinds, self._kinds = np.unique(counts, return_inverse=True)
        taken = [_taken(count, numbers) for count in kinds.tolist()]
        self._most = min(map(len, taken))
        self._taken = np.stack([row[: self._most] for row in taken])
        shifts = [_NUMBER_BITS - count.bit_length() for count in kinds.tolist()]
        self._places = _numbers(numbers)[self._taken] >> np.array(shifts, np.uint32)[:, None]
        self._next = np.zeros(len(counts), np.int64)
        self.spent = np.zeros(len(counts), np.bool_)
        """Texts for which there were too few numbers."""

    def draw(self, texts: Places, count: int) -> tuple[Places, Places]:
        """Draw `count` places for each of some texts; return the texts for which there were numbers, and the places."""
        import numpy as np

        enough = self._next[texts] + count + _GAUSS_NUMBERS <= self._most
        self.spent[texts[~enough]] = True
        texts = texts[enough]
        ahead = self._next[texts, None] + np.arange(count)
        self._next[texts] += count
        return texts, self._places[self._kinds[texts, None], ahead]

    def gauss(self) -> Floats:
        """Return two normal numbers for each text, and go on behind the random numbers that they take."""
        import numpy as np

        used = np.where(self._next > 0, self._taken[self._kinds, self._next - 1] + 1, 0)
        ahead = self._next[:, None] + np.arange(_GAUSS_NUMBERS)
        self._next += (self._taken[self._kinds[:, None], ahead] < used[:, None] + _GAUSS_NUMBERS).sum(axis=1)
        return np.array([_gauss(place) for place in used.tolist()])


@lru_cache(maxsize=2)
def _numbers(count: int) -> npt.NDArray[np.uint32]:
    """Return the first random numbers, as `getrandbits` takes them."""
    import numpy as np

    bits = random.Random(SEED).getrandbits(_NUMBER_BITS * count)
    return np.frombuffer(bits.to_bytes(_NUMBER_BITS // 8 * count, "little"), np.dtype("<u4"))


@lru_cache(maxsize=1024)
def _taken(count: int, numbers: int) -> npt.NDArray[np.int32]:
    """Return which of the first random numbers `random.choice` takes for one of `count`: those that are not too big."""
    import numpy as np

    drawn = _numbers(numbers) >> np.uint32(_NUMBER_BITS - count.bit_length())
    return np.flatnonzero(drawn < count).astype(np.int32)


@lru_cache(maxsize=1024)
def _gauss(place: int) -> tuple[float, ...]:
    """Return what `Random.gauss` makes of the random numbers from one of them on."""
    chance = random.Random(SEED)
    chance.getrandbits(_NUMBER_BITS * place)
    return tuple(chance.gauss(0.0, 1.0) for _ in range(_GAUSS_AT_ONCE))


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
