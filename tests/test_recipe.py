"""Recipes: read, checked, refused with help."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.errors import RecipeError
from builder.recipe import load_recipe
from builder.sources.warc import WarcSource

SMALLEST = """
[dataset]
name = "platform-discourse"

[[source]]
kind = "warc"
name = "saved"
paths = ["pages/*.warc.gz"]
"""


def write(folder: Path, text: str) -> Path:
    """Write a recipe and return its path."""
    path = folder / "dataset.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_smallest_recipe_is_enough(tmp_path: Path) -> None:
    """Everything else has a default; a folder stands for its dataset.toml."""
    write(tmp_path, SMALLEST)
    recipe = load_recipe(tmp_path)
    (source,) = recipe.sources
    assert isinstance(source, WarcSource)
    assert (recipe.model.dataset.name, source.name, recipe.folder) == (
        "platform-discourse",
        "saved",
        tmp_path,
    )


def test_archives_of_a_warc_source_are_found_sorted(tmp_path: Path) -> None:
    """Patterns count from the recipe's folder; each file once."""
    (tmp_path / "pages").mkdir()
    for name in ("b.warc.gz", "a.warc.gz", "c.txt"):
        (tmp_path / "pages" / name).touch()
    text = SMALLEST.replace('["pages/*.warc.gz"]', '["pages/*.warc.gz", "pages/a*"]')
    recipe = load_recipe(write(tmp_path, text))
    assert [path.name for path in recipe.sources[0].archives(tmp_path)] == ["a.warc.gz", "b.warc.gz"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (('kind = "warc"', 'kind = "wacr"'), r"source\[0\]\.kind is 'wacr'.*did you mean 'warc'"),
        (("paths =", "path ="), r"source\[0\]\.path is no known key; did you mean 'paths'"),
        (('name = "saved"', 'name = "Saved Pages"'), r"source\[0\]\.name: string should match pattern"),
        (("[dataset]", "[datasett]"), r"datasett is no known key; did you mean 'dataset'"),
        (
            ("[[source]]", "[select]\nrelevance_mim = 1\n[[source]]"),
            r"select\.relevance_mim .* 'relevance_min'",
        ),
        (
            ("[[source]]", "[select]\nrelevance_min = 11\n[[source]]"),
            r"select\.relevance_min: .*less than or equal to 10",
        ),
        (
            ("[[source]]", "[rules]\nmin_words = 30\n[[source]]"),
            r"rules\.min_words is no known key \(known here: off, profile, thresholds\)",
        ),
        (("[dataset]", "[dataset"), r"not a TOML file: .*line 2"),
        (
            ("[[source]]", '[optout]\nobey = ["noia"]\n[[source]]'),
            r"'noia' is no signal; did you mean 'noai'",
        ),
        (('["pages/*.warc.gz"]', '"pages/*.warc.gz"'), r"source\[0\]\.paths: a list is wanted"),
        (('["pages/*.warc.gz"]', "[]"), r"source\[0\]\.paths: the list is empty"),
        (
            ('kind = "warc"', 'kind = "site"\nstart = ["example.org/essays"]'),
            r"source\[0\]\.start: 'example.org/essays' is no web address",
        ),
    ],
)
def test_a_wrong_recipe_is_refused_with_help(tmp_path: Path, change: tuple[str, str], expected: str) -> None:
    """The error names file, key, the nearest known key, and what to do."""
    path = write(tmp_path, SMALLEST.replace(*change))
    with pytest.raises(RecipeError, match=expected) as caught:
        load_recipe(path)
    assert caught.value.where == str(path)
    assert caught.value.what_next


def test_a_block_that_lacks_something_is_named_without_its_contents(tmp_path: Path) -> None:
    """The place, and what is missing; not the whole block as Python would print it."""
    recipe = tmp_path / "dataset.toml"
    recipe.write_text(
        '[dataset]\nname = "x"\n[crawl]\ncontact = "mailto:a@example.org"\n'
        '[[source]]\nkind = "mastodon"\nname = "m"\ninstance = "https://social.example"\n'
    )
    with pytest.raises(RecipeError) as caught:
        load_recipe(recipe)
    assert caught.value.what == "source[0]: name tags or accounts to follow"


def test_every_wrong_key_is_named_at_once(tmp_path: Path) -> None:
    """One run shows all mistakes of a block."""
    text = SMALLEST + "[select]\nlanguage = ['ar']\ncoments = false\n"
    with pytest.raises(RecipeError, match=r"'languages'.*'comments'"):
        load_recipe(write(tmp_path, text))


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    """A name stands in every row, so it must be one source's."""
    text = SMALLEST + '[[source]]\nkind = "warc"\nname = "saved"\npaths = ["x"]\n'
    with pytest.raises(RecipeError, match="two sources are named 'saved'"):
        load_recipe(write(tmp_path, text))


def test_the_digest_sees_meaning_and_nothing_else(tmp_path: Path) -> None:
    """Comments, order and spelled-out defaults do not change it; a value does."""
    digest = load_recipe(write(tmp_path, SMALLEST)).digest()
    same = "# a comment\n" + SMALLEST + "[dedup]\nnear = true\n"
    other = SMALLEST + "[dedup]\nnear = false\n"
    assert load_recipe(write(tmp_path, same)).digest() == digest
    assert load_recipe(write(tmp_path, other)).digest() != digest


def test_a_missing_recipe_says_how_to_get_one(tmp_path: Path) -> None:
    """The way out is in the message."""
    with pytest.raises(RecipeError, match="hiwar new DIR"):
        load_recipe(tmp_path / "dataset.toml")
