"""The gate of a release: what it may name, what it refuses, and what it says."""

from __future__ import annotations

import pytest

from builder.errors import GateFailed, RecipeError
from builder.recipe_values import ReleaseBlock
from builder.release.diff import ReleaseDiff, TableDiff
from builder.release.gate import check, figures
from builder.release.stats import Statistics

KNOWN = {
    "rows.documents": 10.0,
    "lang.documents.ar": 0.9,
    "platform.documents.facebook": 0.5,
    "source.documents.essays": 1.0,
    "dropped.rules": 0.25,
    "rule.rules.short": 0.2,
}
NOTHING = Statistics((), ())


def test_every_release_has_the_figures_of_change() -> None:
    """Records of all tables, and their share of the records before; 0 where there was nothing before."""
    documents = TableDiff("documents", 8, 9, added=2, changed=1, removed=1)
    change = ReleaseDiff("1.0.0", "", (documents, TableDiff("comments", 2, 2, changed=1)))
    none = dict.fromkeys(("rows.documents", "rows.comments", "undated.documents", "undated.comments"), 0.0)
    none |= {"dropped.share": 0.0, "dropped.takedown": 0.0, "failed.takedown": 0.0}
    told = {"added": (2.0, 0.2), "changed": (2.0, 0.2), "removed": (1.0, 0.1)}
    counts = {f"change.{kind}": count for kind, (count, _) in told.items()}
    shares = {f"change.{kind}.share": share for kind, (_, share) in told.items()}
    assert figures(NOTHING, change) == {**none, **counts, **shares}
    assert figures(NOTHING, None) == {**none, **dict.fromkeys((*counts, *shares), 0.0)}


@pytest.mark.parametrize(
    "gate",
    [
        {"gate_min": {"rows.documents": 10}, "gate_max": {"rows.documents": 10}},
        {"gate_max": {"lang.documents.fa": 0}},
        {"gate_max": {"platform.comments.facebok": 0}},
        {"gate_max": {"source.comments.letters": 0}},
        {"gate_max": {"rule.rules.list": 0}},
    ],
)
def test_what_holds_lets_a_release_pass(gate: dict[str, dict[str, float]]) -> None:
    """A figure may stand on the very edge; a language, platform, source or rule that did not occur counts as 0."""
    check(ReleaseBlock(**gate), KNOWN)  # type: ignore[arg-type]


def test_all_that_does_not_hold_is_said_at_once() -> None:
    """Nobody builds twice to learn the second reason."""
    block = ReleaseBlock(
        gate_min={"rows.documents": 11, "lang.documents.fa": 0.1},
        gate_max={"rule.rules.short": 0.1, "dropped.rules": 0.2},
    )
    with pytest.raises(GateFailed) as caught:
        check(block, KNOWN)
    assert caught.value.what.split("; ") == [
        "lang.documents.fa is 0, below 0.1",
        "rows.documents is 10, below 11",
        "dropped.rules is 0.25, above 0.2",
        "rule.rules.short is 0.2, above 0.1",
    ]


@pytest.mark.parametrize(
    ("key", "name", "hint"),
    [
        ("gate_max", "platform.documents.facebok", "; did you mean 'platform.documents.facebook'?"),
        ("gate_min", "rows.document", "; did you mean 'rows.documents'?"),
        ("gate_max", "lang.articles.fa", "; did you mean 'lang.documents.ar'?"),
        ("gate_max", "rule.rulez.list", "; did you mean 'rule.rules.short'?"),
        ("gate_min", "zzz", ""),
    ],
)
def test_a_name_that_is_no_figure_is_refused(key: str, name: str, hint: str) -> None:
    """A gate on it would stand open for ever."""
    block = ReleaseBlock(**{key: {name: 0.5}})  # type: ignore[arg-type]
    with pytest.raises(RecipeError) as caught:
        check(block, KNOWN)
    assert caught.value.what == f"{name!r} is no figure of a release{hint}"
    assert caught.value.where == f"release.{key}"
