"""Mastodon servers and the AT Protocol, against loopback servers with their habits."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest
from apis import DID, SECRET, TAG, AppView, Mastodon, Query, Reply, mastodon_status, post_view, serving
from crawling import FakeClock
from pydantic import ValidationError
from walking import NOW, make_source, walk

from builder.crawl import crawl
from builder.errors import RecipeError
from builder.pipeline import BuildResult, build
from builder.recipe import Recipe, load_recipe


def test_a_tag_is_walked_to_its_end_with_conversations_and_deletions() -> None:
    """90 posts over three pages, one reply found by the conversation, six deleted since."""
    server = Mastodon([mastodon_status(n, f"سطر أول<br />سطر ثان {n}") for n in range(90)])
    server.statuses[5]["replies_count"] = 1
    server.statuses.append(mastodon_status(500, "رد", in_reply_to_id=server.statuses[5]["id"]))
    gone = (0, 7, 49, 50, 70, 89)  # the first and the last of a page too
    server.deleted = {server.statuses[n]["id"] for n in gone}
    with serving(server) as base:
        walked = walk(make_source("mastodon", instance=base, tags=[TAG]))
    assert len(walked.documents) == 91
    root = walked.documents[f"mastodon/127.0.0.1/{2**60 + 5}"]
    reply = walked.documents[f"mastodon/127.0.0.1/{2**60 + 500}"]
    assert root.text == "سطر أول\nسطر ثان 5"
    assert (reply.parent_key, reply.root_key, reply.parent_state) == (root.key, root.key, "present")
    assert (root.posted_on, root.instance, root.hashtags) == ("mastodon", "s.example", (TAG,))
    assert (root.engagement.likes, root.engagement.quotes) == (3, None)
    assert set(walked.tombstones) == {f"mastodon/127.0.0.1/{2**60 + n}" for n in gone}


def test_a_conversation_is_walked_beyond_what_one_answer_shows() -> None:
    """50 replies one below the other: the server shows 20 of them at a time to who is not logged in."""
    server = Mastodon([mastodon_status(0, "أصل", replies_count=1)])
    for number in range(1, 51):
        parent = server.statuses[-1]["id"]
        server.statuses.append(
            mastodon_status(number, f"رد {number}", in_reply_to_id=parent, replies_count=int(number < 50))
        )
    with serving(server) as base:
        walked = walk(make_source("mastodon", instance=base, tags=[TAG]))
    assert sorted(walked.documents) == sorted(f"mastodon/127.0.0.1/{2**60 + n}" for n in range(51))
    assert len([target for target in walked.asked if target.role == "mastodon.context"]) == 3
    replies = [document for document in walked.documents.values() if document.parent_key]
    assert {document.root_key for document in replies} == {f"mastodon/127.0.0.1/{2**60}"}


def test_an_account_is_walked_to_its_end() -> None:
    """Its posts are read by its id, page by page; a name that the server does not know leads nowhere."""
    server = Mastodon([mastodon_status(n, f"منشور {n}", tags=[]) for n in range(50)])
    with serving(server) as base:
        walked = walk(make_source("mastodon", instance=base, accounts=["salma", "nobody@s.example"]))
    assert sorted(walked.documents) == sorted(f"mastodon/127.0.0.1/{2**60 + n}" for n in range(50))
    with pytest.raises(ValidationError, match="name tags or accounts"):
        make_source("mastodon", instance="https://s.example")


def test_what_stands_above_a_conversation_is_read_too() -> None:
    """A post without the tag, to which one with it answers, is known by the conversation below that one alone."""
    above = mastodon_status(1, "أصل بلا وسم")
    tagged = mastodon_status(2, "رد موسوم", replies_count=1)
    below = mastodon_status(3, "رد على الرد", in_reply_to_id=tagged["id"])
    server = Mastodon([tagged, below])
    conversation = {"ancestors": [above], "descendants": [below]}

    def answer(path: str, query: Query) -> Reply:
        return Reply(conversation) if path.endswith("/context") else server(path, query)

    with serving(answer) as base:
        walked = walk(make_source("mastodon", instance=base, tags=[TAG]))
    assert [walked.documents[f"mastodon/127.0.0.1/{2**60 + n}"].text for n in (1, 2, 3)] == [
        "أصل بلا وسم",
        "رد موسوم",
        "رد على الرد",
    ]
    assert walked.documents[f"mastodon/127.0.0.1/{2**60 + 3}"].root_key == f"mastodon/127.0.0.1/{2**60 + 1}"


def test_only_public_posts_of_their_own_are_read() -> None:
    """Unlisted and private posts and boosts are nobody's to take."""
    kept = mastodon_status(1, "منشور عام")
    others = [
        mastodon_status(2, SECRET, visibility="unlisted"),
        mastodon_status(3, SECRET, visibility="private"),
    ]
    with serving(Mastodon([kept, *others, mastodon_status(4, SECRET, reblog=kept)])) as base:
        walked = walk(make_source("mastodon", instance=base, tags=[TAG]))
    assert [document.text for document in walked.documents.values()] == ["منشور عام"]


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        ({"noindex": True}, ["noindex"]),
        ({"indexable": False}, ["not-indexable"]),
        ({"note": "<p>كاتبة #noai</p>"}, ["noai"]),
        ({"note": "<p>casino and noaims</p>"}, []),
        ({"indexable": True}, []),
    ],
)
def test_a_profile_that_says_no_is_recorded(account: dict[str, Any], expected: list[str]) -> None:
    """The signal stands on the post, for the recipe's opt-out setting to obey."""
    with serving(Mastodon([mastodon_status(1, "نص", account=account)])) as base:
        (document,) = walk(make_source("mastodon", instance=base, tags=[TAG])).documents.values()
    assert [signal.name for signal in document.signals] == expected


def test_a_server_that_closed_its_timelines_is_not_asked_for_them() -> None:
    """The server's own word comes first."""
    server = Mastodon([mastodon_status(1, SECRET)], access="authenticated")
    with serving(server) as base:
        walked = walk(make_source("mastodon", instance=base, tags=[TAG]))
    assert walked.documents == {}
    assert server.paths == ["/api/v2/instance"]


@pytest.mark.parametrize("server", ["mastodon.social", "mastodon.online", "www.mastodon.social"])
def test_a_server_whose_terms_forbid_it_needs_a_permission(tmp_path: Path, server: str) -> None:
    """The recipe is refused with the reason."""
    block = f'kind = "mastodon"\ninstance = "https://{server}/"\naccounts = ["salma"]'
    with pytest.raises(RecipeError, match=r"mastodon\.social is not collected from: its terms forbid"):
        recipe_in(tmp_path, block)
    assert recipe_in(tmp_path, f'{block}\npermission = "by letter"').sources


def test_a_date_from_the_future_is_not_believed() -> None:
    """A claimed date later than the capture is no date."""
    with serving(Mastodon([mastodon_status(1, "نص", created_at="2035-01-01T00:00:00Z")])) as base:
        (document,) = walk(make_source("mastodon", instance=base, tags=[TAG])).documents.values()
    assert document.published is None


def test_an_account_is_read_with_threads_dead_parents_and_deletions() -> None:
    """70 posts by cursor; a reply in a thread; a reply whose parent is gone; a post deleted since."""
    place = {"byteStart": 9, "byteEnd": 30}
    facet = {"features": [{"$type": "app.bsky.richtext.facet#tag", "tag": TAG}], "index": place}
    server = AppView([post_view(n, f"منشور {n}", record={"facets": [facet]}) for n in range(70)])
    root = server.posts[3]
    root["replyCount"] = 1
    ties = {"reply": {"root": {"uri": root["uri"]}, "parent": {"uri": root["uri"]}}}
    orphan_ties = {"reply": {"root": {"uri": "at://x/y/gone"}, "parent": {"uri": "at://x/y/gone"}}}
    orphan = {
        "post": post_view(800, "رد يتيم", record=orphan_ties),
        "parent": {"$type": "app.bsky.feed.defs#notFoundPost"},
    }
    server.thread = {"post": root, "replies": [{"post": post_view(700, "رد", record=ties)}, orphan]}
    server.deleted = {server.posts[9]["uri"]}
    with serving(server) as base:
        walked = walk(make_source("atproto", appview=base, actors=["salma.test"]))
    assert len(walked.documents) == 72
    reply = walked.documents[f"at://{DID}/app.bsky.feed.post/700"]
    assert (reply.parent_key, reply.root_key, reply.parent_state) == (root["uri"], root["uri"], "present")
    assert walked.documents[root["uri"]].hashtags == (TAG,)
    assert walked.documents[root["uri"]].published is not None
    assert list(walked.tombstones) == [server.posts[9]["uri"]]


@pytest.mark.parametrize(
    ("shown", "state"),
    [
        ({"$type": "app.bsky.feed.defs#notFoundPost"}, "deleted"),
        ({"$type": "app.bsky.feed.defs#blockedPost"}, "missing"),
        ({"$type": "app.bsky.feed.defs#postView"}, "present"),
    ],
)
def test_what_became_of_the_post_that_is_answered(shown: dict[str, str], state: str) -> None:
    """The feed says it: deleted, kept from us, or there. What somebody else wrote and is passed on is not taken."""
    ties = {"reply": {name: {"uri": "at://did:plc:x/app.bsky.feed.post/1"} for name in ("root", "parent")}}
    reply, passed_on = post_view(1, "رد", record=ties), post_view(2, SECRET)
    server = AppView([reply, passed_on])
    server.beside[reply["uri"]] = {"reply": {"parent": shown}}
    server.beside[passed_on["uri"]] = {"reason": {"$type": "app.bsky.feed.defs#reasonRepost"}}
    with serving(server) as base:
        (document,) = walk(make_source("atproto", appview=base, actors=[DID])).documents.values()
    assert (document.key, document.parent_state) == (reply["uri"], state)


def test_a_profile_that_says_no_ends_the_walk() -> None:
    """Nothing but the profile is asked for."""
    server = AppView([post_view(1, SECRET)], description="أكتب هنا #nobots")
    with serving(server) as base:
        walked = walk(make_source("atproto", appview=base, actors=["salma.test"]))
    assert (walked.documents, server.methods) == ({}, ["getProfile"])


def test_records_of_a_repository_end_with_an_empty_page() -> None:
    """A cursor comes with the last full page too; claimed dates of 1970 are not believed."""
    server = AppView([post_view(n, "نص") for n in range(60)])
    server.posts[0]["record"]["createdAt"] = "1970-01-01T00:00:00.000Z"
    with serving(server) as base:
        walked = walk(make_source("atproto", pds=base, actors=[DID]))
    assert len(walked.documents) == 60
    assert walked.documents[server.posts[0]["uri"]].flags == ("claimed_date_not_believed",)
    cursors = [parse_qs(urlsplit(target.url).query).get("cursor") for target in walked.asked]
    assert cursors == [None, ["30"], ["60"]]


LONG = (
    "كتبت هنا عن المنصة التي نقضي فيها نصف يومنا ولا نعرف من يقرر ما نراه فيها، وسألت من يعمل فيها فلم يجب. "
    "ثم رأيت أن السؤال نفسه قد خفت صوته، فكتبته مرة ثانية بكلمات أخرى، وانتظرت يوما كاملا."
)


def recipe_in(folder: Path, block: str) -> Recipe:
    """Write a recipe of one source on loopback and load it."""
    crawl_block = (
        '[crawl]\ncontact = "mailto:t@example.org"\nmin_delay_s = 0\nallow_private = ["127.0.0.1"]\n'
    )
    text = (
        f'[dataset]\nname = "t"\n[[source]]\nname = "s"\n{block}\n{crawl_block}[select]\nrelevance_min = 0\n'
    )
    (folder / "dataset.toml").write_text(text + "[dedup]\nnear = false\n", encoding="utf-8")
    return load_recipe(folder)


def urls_of(result: BuildResult) -> set[str]:
    """Return the addresses of a release's documents."""
    assert result.release is not None
    shards = (result.release / "data" / "documents").glob("*.parquet")
    return {row["url"] for shard in shards for row in pq.read_table(shard).to_pylist()}


def test_a_post_deleted_a_second_time_leaves_again(tmp_path: Path) -> None:
    """The server says gone, shows it again, and says gone: the last word counts, and one that came back stays."""
    server = Mastodon([mastodon_status(n, f"{LONG} {n}") for n in range(4)])
    first, second = (server.statuses[n]["id"] for n in (1, 2))
    with serving(server) as base:
        recipe = recipe_in(tmp_path, f'kind = "mastodon"\ninstance = "{base}"\ntags = ["{TAG}"]')
        for days, deleted in ((0, {first, second}), (3, set()), (6, {first})):
            server.deleted = deleted
            clock = FakeClock(NOW + timedelta(days=days))
            crawl(recipe, now=clock.now)
    left = {url.rpartition("/")[2] for url in urls_of(build(recipe, now=clock.now()))}
    assert left == {"0", "2", "3"}


def test_a_post_deleted_since_leaves_the_next_release(tmp_path: Path) -> None:
    """Crawled, deleted, crawled again three days later: the next release is without it and says why."""
    server = Mastodon([mastodon_status(n, f"{LONG} {n}") for n in range(6)])
    with serving(server) as base:
        recipe = recipe_in(tmp_path, f'kind = "mastodon"\ninstance = "{base}"\ntags = ["{TAG}"]')
        crawl(recipe, now=lambda: NOW)
        first = build(recipe, now=NOW)
        gone = server.statuses[2]["id"]
        server.deleted = {gone}
        server.statuses = [status for status in server.statuses if status["id"] != gone]
        later = NOW + timedelta(days=3)
        crawl(recipe, now=lambda: later)
    second = build(recipe, now=later)
    assert (first.version, second.version) == ("1.0.0", "2.0.0")
    assert first.rows["documents"] == 6
    assert len(urls_of(first) - urls_of(second)) == 1
    assert second.rows["documents"] == 5
