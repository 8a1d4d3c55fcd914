"""Values that can be read and cannot be meant: refused when the recipe is read, with file and key, never followed."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_recipe import SMALLEST, write

from builder.errors import RecipeError, UsageError
from builder.recipe import load_recipe

SITE = '[dataset]\nname = "x"\n[[source]]\nkind = "site"\nname = "s"\nstart = ["https://site.example/"]\n'


def split(*parts: str) -> str:
    """Return a recipe with `[[release.split]]` blocks of these lines."""
    return SMALLEST + "".join(f"[[release.split]]\n{part}\n" for part in parts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SMALLEST + "[rules]\nthresholds = { min_words = nan }\n", r"rules\.thresholds\.min_words"),
        (SMALLEST + "[release]\ngate_max = { 'dropped.share' = inf }\n", r"release\.gate_max\.dropped\.share"),
        (SMALLEST + "[crawl]\ntimeout_s = inf\n", r"crawl\.timeout_s"),
        (SMALLEST + "[crawl]\nmin_delay_s = nan\n", r"crawl\.min_delay_s"),
        (SMALLEST + '[select]\nsince = "2025-13-01"\n', r"select\.since: '2025-13-01' is no day; .*YYYY-MM-DD"),
        (SMALLEST + '[select]\nuntil = "soon"\n', r"select\.until: 'soon' is no day"),
        (SMALLEST + '[select]\nsince = "2025-02-01"\nuntil = "2025-01-01"\n', r"select: .*2025-02-01.*2025-01-01"),
        (split('name = "late"\nsince = "soon"'), r"release\.split\.0\.since: 'soon' is no day"),
        (split('name = "late"\nsince = "2025-02-01"\nuntil = "2025-01-31"'), r"release\.split\.0: .*2025-02-01"),
        (split('name = "late"'), r"release\.split\.0: .*'late'.*since, until or hash_share"),
        (split('name = "a"\nhash_share = 0.6', 'name = "b"\nhash_share = 0.5'), r"release\.split: .*1\.1"),
        (SMALLEST.replace("[[source]]", "schema_version = 9\n[[source]]"), r"dataset\.schema_version: .*9.*newest"),
        (SMALLEST.replace("[[source]]", "schema_version = 0\n[[source]]"), r"dataset\.schema_version"),
        (SITE + '[crawl]\nuser_agent = "my bot"\n', r"crawl\.user_agent"),
        (SITE + '[crawl]\nuser_agent = "bot/1"\n', r"crawl\.user_agent"),
        (SITE + '[crawl]\nuser_agent = ""\n', r"crawl\.user_agent"),
        (SITE + '[crawl]\ncontact = "mailto:a@b.example\\nX: y"\n', r"crawl\.contact"),
        (SITE.replace("https://site.example/", "http://[::1"), r"source\[0\]\.start: .* no web address"),
        (SITE.replace("https://site.example/", "http://site.example:99999/"), r"source\[0\]\.start: .* no web address"),
        (SITE.replace('"site"', '"wordpress"').replace('start = ["https://site.example/"]', 'url = "https://[x"'),
         r"source\[0\]"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    """No number, no day, an empty span, shares of more than all, a schema nobody wrote, a name no host can address."""
    path = write(tmp_path, text)
    with pytest.raises(RecipeError, match=expected) as caught:
        load_recipe(path)
    assert caught.value.where == str(path)
    assert caught.value.what_next


def test_a_day_in_another_form_means_the_same_day(tmp_path: Path) -> None:
    """Days are compared as texts, so each is brought into one form."""
    given = load_recipe(write(tmp_path, SMALLEST + '[select]\nsince = "20250201"\nuntil = "2025-W06-1"\n'))
    assert (given.model.select.since, given.model.select.until) == ("2025-02-01", "2025-02-03")


@pytest.mark.parametrize("pattern", ["", "**x/[", "a**/*.warc.gz", "a\\u0000b"])
def test_a_pattern_that_is_none_is_named(tmp_path: Path, pattern: str) -> None:
    """What the file system cannot look for ends in words, not in a traceback."""
    recipe = load_recipe(write(tmp_path, SMALLEST.replace("pages/*.warc.gz", pattern)))
    with pytest.raises(UsageError) as caught:
        recipe.sources[0].archives(tmp_path)
    assert "paths" in caught.value.what_next
    assert repr(pattern.replace("\\u0000", "\0")) in caught.value.what
