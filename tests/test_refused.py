"""Places that forbid collection are refused with the reason and the way there is instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.crawl.guard import Guard
from builder.crawl.scope import Scope
from builder.errors import RecipeError
from builder.model import Target
from builder.recipe import load_recipe
from builder.sources.exports import formats
from builder.sources.refused import REFUSALS, refusal


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://x.com/someone", "X"),
        ("https://mobile.twitter.com/someone", "X"),
        ("https://www.facebook.com/page", "Facebook"),
        ("https://m.facebook.com/page", "Facebook"),
        ("https://www.instagram.com/p/1/", "Instagram"),
        ("https://www.threads.net/@a", "Instagram"),
        ("https://www.tiktok.com/@a", "TikTok"),
        ("https://old.reddit.com/r/arabs.json", "Reddit"),
        ("https://t.me/s/channel", "Telegram"),
        ("https://www.youtube.com/watch?v=1", "YouTube"),
        ("https://www.youtube.com", "YouTube"),
        ("https://WWW.YouTube.com/@a", "YouTube"),
        ("https://mastodon.social/api/v1/timelines/tag/x", "mastodon.social"),
    ],
)
def test_what_is_refused(url: str, name: str) -> None:
    """Each platform is known by all its hosts."""
    found = refusal(url)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/x.com",
        "https://notx.com/",
        "https://max.com/",
        "https://www.youtube.com/feeds/videos.xml?channel_id=1",
        "https://web.archive.org/web/2014id_/https://twitter.com/a",
        "https://mastodon.example/",
        "",
    ],
)
def test_what_is_not(url: str) -> None:
    """Hosts whose names only look alike, public feeds and archives' copies stay open."""
    assert refusal(url) is None


def test_permission_counts_only_where_terms_alone_stand_against_it() -> None:
    """A stated permission opens Telegram's previews, not a page behind a login."""
    assert refusal("https://t.me/s/channel", "by its owner") is None
    assert refusal("https://mastodon.online/@someone", "by letter") is None
    assert refusal("https://x.com/someone", "by myself") is not None


def recipe(folder: Path, extra: str) -> Path:
    """Write a recipe that starts at a Telegram channel."""
    (folder / "dataset.toml").write_text(
        '[dataset]\nname = "own"\n[[source]]\nkind = "site"\nname = "channel"\n'
        f'start = ["https://t.me/s/channel"]\n{extra}'
    )
    return folder


def test_a_recipe_that_starts_there_is_refused(tmp_path: Path) -> None:
    """The error names the block, the platform, the reason and what to do; permission lifts it."""
    with pytest.raises(RecipeError, match=r"source\[0\] begins at .*Telegram.*terms forbid") as caught:
        load_recipe(recipe(tmp_path, ""))
    assert "permission" in caught.value.what_next
    assert load_recipe(recipe(tmp_path, 'permission = "by its owner"')).sources


def test_links_to_such_places_are_not_followed(tmp_path: Path) -> None:
    """Even where the recipe's patterns would let a link through, the crawler leaves it."""
    source = load_recipe(recipe(tmp_path, 'permission = "by its owner"')).sources[0]
    scope = Scope(Guard(()), 20, 2026)
    assert scope.admit(Target("https://x.com/a", "channel", how="link"), source=source) == "refused platform"


def test_every_refusal_points_at_something_that_exists() -> None:
    """The formats named as the way instead are formats of this version."""
    for place in REFUSALS:
        named = place.instead.partition('format = "')[2].partition('"')[0]
        assert named in formats() or place.by_permission
