"""The version says what happened to the records."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from releasekit import comment, document, recipe_in, release_of

from builder.errors import UsageError
from builder.release.cardinput import VersionLine
from builder.release.diff import ReleaseDiff, TableDiff
from builder.release.manifest import read_manifest
from builder.release.version import changelog, next_version, version_line
from builder.schema import Row

BASE = [document(n) for n in range(12)]


def change(**given: object) -> ReleaseDiff:
    """Return a comparison with one table."""
    return ReleaseDiff("1.4.2", "", (TableDiff("documents", 10, 10, **given),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "1.4.3"),
        ({"bookkept": 5}, "1.4.3"),
        ({"added": 1}, "1.5.0"),
        ({"columns_added": ("mood",)}, "1.5.0"),
        ({"added": 3, "changed": 1}, "2.0.0"),
        ({"removed": 1}, "2.0.0"),
        ({"columns_removed": ("mood",)}, "2.0.0"),
    ],
)
def test_the_rule(given: dict[str, object], expected: str) -> None:
    """Patch: same records. Minor: only added. Major: changed or removed."""
    assert next_version("1.4.2", change(**given))[0] == expected


def test_the_first_release_is_1_0_0() -> None:
    """There is nothing to compare it with."""
    assert next_version(None, None)[0] == "1.0.0"


def recaptured(row: Row) -> Row:
    """Return the row as captured again later: same text, another place in the archive."""
    place = {
        **row["provenance"],
        "warc_offset": 99,
        "fetched_at": row["provenance"]["fetched_at"] + timedelta(1),
    }
    return {**row, "provenance": place}


def test_a_history_of_releases(tmp_path: Path) -> None:
    """Append, capture again, edit, take away, describe anew, nothing: each step gets the number it deserves."""
    recipe = recipe_in(tmp_path)
    steps = [
        (BASE, "1.0.0"),
        ([*BASE, document(50)], "1.1.0"),
        ([*BASE, recaptured(document(50))], "1.1.1"),
        ([*BASE, recaptured(document(50, title="عنوان مصحح"))], "2.0.0"),
        (BASE, "3.0.0"),
        (BASE, "3.0.0"),
    ]
    for rows, version in steps:
        assert release_of(recipe, rows).version == version
    described = recipe_in(tmp_path, dataset='description = "نصوص عن المنصات."')
    last = release_of(described, BASE)
    assert last.version == "3.0.1"
    history = read_manifest(last.path).history
    assert [line.version for line in history] == ["3.0.1", "3.0.0", "2.0.0", "1.1.1", "1.1.0", "1.0.0"]
    assert [line.added for line in history] == [0, 0, 0, 0, 1, 12]
    text = (last.path / "CHANGELOG.md").read_text(encoding="utf-8")
    assert text.index("## 3.0.1") < text.index("## 2.0.0") < text.index("## 1.0.0")


def test_a_found_copy_does_not_change_the_record(tmp_path: Path) -> None:
    """A new copy elsewhere changes cluster_size and cluster_urls of the survivor, which is a patch."""
    recipe = recipe_in(tmp_path)
    release_of(recipe, BASE)
    first = {**BASE[0], "cluster_size": 2, "cluster_urls": ["https://other.example/1"]}
    release = release_of(recipe, [first, *BASE[1:]])
    assert release.version == "1.0.1"
    assert release.diff is not None
    assert release.diff.total("bookkept") == 1


def test_comments_count_like_documents(tmp_path: Path) -> None:
    """A new comment is a minor version, a comment gone a major one."""
    recipe = recipe_in(tmp_path)
    release_of(recipe, BASE, [comment(1, BASE[0])])
    assert release_of(recipe, BASE, [comment(1, BASE[0]), comment(2, BASE[0])]).version == "1.1.0"
    assert release_of(recipe, BASE, []).version == "2.0.0"


def test_a_pinned_version_is_taken(tmp_path: Path) -> None:
    """The recipe may set the number; the changelog says so."""
    recipe = recipe_in(tmp_path, '[release]\nversion = "2025.6.1"\n')
    release = release_of(recipe, BASE)
    assert release.version == "2025.6.1"
    assert "set by the recipe" in (release.path / "CHANGELOG.md").read_text(encoding="utf-8")
    assert not release_of(recipe, BASE).fresh


@pytest.mark.parametrize("pin", ["2.0.0", "1.9.9"])
def test_a_pin_that_is_taken_or_lower_is_refused(tmp_path: Path, pin: str) -> None:
    """Two releases of one number, or a newest one that does not come last, cannot be had; nothing is written."""
    release_of(recipe_in(tmp_path, '[release]\nversion = "2.0.0"\n'), BASE)
    recipe = recipe_in(tmp_path, f'[release]\nversion = "{pin}"\n')
    with pytest.raises(UsageError, match=f"version {pin} is pinned"):
        release_of(recipe, BASE[:5])
    assert [path.name for path in recipe.releases.iterdir() if path.is_dir()] == ["2.0.0"]


def test_the_changelog_tells_people(tmp_path: Path) -> None:
    """Newest first, with the day of the latest capture and the counts."""
    lines = [VersionLine("1.1.0", 3, 0, 0, "2025-02-01", "Why."), VersionLine("1.0.0", 9, 0, 0)]
    head, newest, first = changelog("essays", lines).split("## ")
    assert head == (
        "# Changes of the dataset essays\n\n"
        "Major: records changed or removed. Minor: only added. Patch: the same records.\n\n"
    )
    assert newest == (
        "1.1.0 (captured until 2025-02-01)\n\nWhy.\n\n- added: 3\n- changed: 0\n- removed: 0\n\n"
    )
    assert first.startswith("1.0.0\n")


def test_the_first_line_of_the_history_adds_all() -> None:
    """The first release adds every record it has."""
    assert version_line("1.0.0", "First.", None, 7, None) == VersionLine("1.0.0", 7, 0, 0, None, "First.")
