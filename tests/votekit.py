"""langdetect itself, asked with our profiles and seed: the measure of our own way to its votes."""

from __future__ import annotations

from langdetect.lang_detect_exception import LangDetectException

from builder.columns.votes import TRIALS, load_profiles


def langdetects_own(text: str) -> list[tuple[str, float]] | None:
    """Return the languages langdetect gives, each with its probability (0-1); None where it finds no features."""
    detector = load_profiles().create()
    detector.n_trial = TRIALS
    detector.append(text)
    try:
        return [(answer.lang, answer.prob) for answer in detector.get_probabilities()]
    except LangDetectException:
        return None
