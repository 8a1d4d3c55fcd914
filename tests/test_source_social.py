"""Mastodon servers and the AT Protocol, against loopback servers with their habits."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from apis import SECRET, Query, Reply, serving
from pydantic import ValidationError
from walking import make_source, walk

TAG = "منصات_رقمية"


def status(number: int, text: str, **more: Any) -> dict[str, Any]:
    """Return a status as Mastodon's API gives it."""
    account = {
        "id": "9",
        "acct": "salma",
        "display_name": "سلمى",
        "note": "",
        "uri": "https://s.example/u/salma",
    }
    return {
        "id": str(2**60 + number),
        "uri": f"https://s.example/u/salma/{number}",
        "url": f"https://s.example/@salma/{number}",
        "created_at": "2025-05-01T10:00:00.000Z",
        "content": f"<p>{text}</p>",
        "visibility": "public",
        "account": {**account, **more.pop("account", {})},
        "in_reply_to_id": None,
        "reblog": None,
        "replies_count": 0,
        "favourites_count": 3,
        "tags": [{"name": TAG}],
        **more,
    }


class Mastodon:
    """A server: 40 statuses a page by max_id, no Link header, contexts, a list of those that are left."""

    def __init__(self, statuses: list[dict[str, Any]], access: str = "public") -> None:
        self.statuses = statuses
        self.access = access
        self.deleted: set[str] = set()
        self.paths: list[str] = []

    def __call__(self, path: str, query: Query) -> Reply:
        """Answer as Mastodon does."""
        self.paths.append(path)
        there = [item for item in self.statuses if item["id"] not in self.deleted]
        if path == "/api/v2/instance":
            feeds = {"hashtag_feeds": {"local": self.access, "remote": self.access}}
            return Reply({"configuration": {"timelines_access": feeds}})
        if path == f"/api/v1/timelines/tag/{TAG}":
            roots = [item for item in self.statuses if not item["in_reply_to_id"]]
            below = int(query.get("max_id", [str(2**62)])[0])
            newest = sorted(
                (item for item in roots if int(item["id"]) < below), key=lambda item: -int(item["id"])
            )
            return Reply(newest[:40])
        if path.endswith("/context"):
            return Reply({"ancestors": [], "descendants": [item for item in there if item["in_reply_to_id"]]})
        if path == "/api/v1/statuses":
            return Reply([item for item in there if item["id"] in query["id[]"]])
        return Reply({"error": "Record not found"}, 404)


def test_a_tag_is_walked_to_its_end_with_conversations_and_deletions() -> None:
    """90 posts over three pages, one reply found by the conversation, one deleted since."""
    server = Mastodon([status(n, f"سطر أول<br />سطر ثان {n}") for n in range(90)])
    server.statuses[5]["replies_count"] = 1
    server.statuses.append(status(500, "رد", in_reply_to_id=server.statuses[5]["id"]))
    server.deleted = {server.statuses[7]["id"]}
    with serving(server) as base:
        walked = walk(make_source("mastodon", instance=base, tags=[TAG]))
    assert len(walked.documents) == 91
    root = walked.documents[f"mastodon/127.0.0.1/{2**60 + 5}"]
    reply = walked.documents[f"mastodon/127.0.0.1/{2**60 + 500}"]
    assert root.text == "سطر أول\nسطر ثان 5"
    assert (reply.parent_key, reply.root_key, reply.parent_state) == (root.key, root.key, "present")
    assert (root.posted_on, root.instance, root.hashtags) == ("mastodon", "s.example", (TAG,))
    assert (root.engagement.likes, root.engagement.quotes) == (3, None)
    assert list(walked.tombstones) == [f"mastodon/127.0.0.1/{2**60 + 7}"]


def test_only_public_posts_of_their_own_are_read() -> None:
    """Unlisted and private posts and boosts are nobody's to take."""
    kept = status(1, "منشور عام")
    others = [status(2, SECRET, visibility="unlisted"), status(3, SECRET, visibility="private")]
    with serving(Mastodon([kept, *others, status(4, SECRET, reblog=kept)])) as base:
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
    with serving(Mastodon([status(1, "نص", account=account)])) as base:
        (document,) = walk(make_source("mastodon", instance=base, tags=[TAG])).documents.values()
    assert [signal.name for signal in document.signals] == expected


def test_a_server_that_closed_its_timelines_is_not_asked_for_them() -> None:
    """The server's own word comes first."""
    server = Mastodon([status(1, SECRET)], access="authenticated")
    with serving(server) as base:
        walked = walk(make_source("mastodon", instance=base, tags=[TAG]))
    assert walked.documents == {}
    assert server.paths == ["/api/v2/instance"]


def test_a_server_whose_terms_forbid_it_needs_a_permission() -> None:
    """The recipe is refused with the reason."""
    with pytest.raises(ValidationError, match=r"terms of mastodon\.social forbid"):
        make_source("mastodon", instance="https://mastodon.social", tags=[TAG])
    assert make_source("mastodon", instance="https://mastodon.social", tags=[TAG], permission="by letter")


def test_a_date_from_the_future_is_not_believed() -> None:
    """A claimed date later than the capture is no date."""
    with serving(Mastodon([status(1, "نص", created_at="2035-01-01T00:00:00Z")])) as base:
        (document,) = walk(make_source("mastodon", instance=base, tags=[TAG])).documents.values()
    assert document.published is None


DID = "did:plc:abc"


def post_view(number: int, text: str, **more: Any) -> dict[str, Any]:
    """Return a post as an AppView shows it."""
    record = {
        "text": text,
        "createdAt": "2025-05-01T10:00:00.000Z",
        "langs": ["ar"],
        **more.pop("record", {}),
    }
    author = {"did": DID, "handle": "salma.test", "displayName": "سلمى", "labels": []}
    uri = f"at://{DID}/app.bsky.feed.post/{number}"
    return {"uri": uri, "author": author, "record": record, "replyCount": 0, "likeCount": 2, **more}


class AppView:
    """A server of the AT Protocol: profile, feed by cursor, one thread, the posts that are left."""

    def __init__(self, posts: list[dict[str, Any]], description: str = "") -> None:
        self.posts = posts
        self.description = description
        self.thread: dict[str, Any] = {}
        self.deleted: set[str] = set()
        self.methods: list[str] = []

    def __call__(self, path: str, query: Query) -> Reply:
        """Answer as an AppView does."""
        method = path.rpartition(".")[2]
        self.methods.append(method)
        if method == "getProfile":
            return Reply({"did": DID, "handle": "salma.test", "description": self.description, "labels": []})
        if method == "getAuthorFeed":
            start = int(query.get("cursor", ["0"])[0])
            page = [{"post": post} for post in self.posts[start : start + 30]]
            return Reply({"feed": page, "cursor": str(start + 30)})
        if method == "getPostThread":
            return Reply({"thread": self.thread})
        if method == "getPosts":
            assert len(query["uris"]) <= 25
            found = [post for post in self.posts if post["uri"] in query["uris"]]
            return Reply({"posts": [post for post in found if post["uri"] not in self.deleted]})
        if method == "listRecords":
            start = int(query.get("cursor", ["0"])[0])
            page = [{"uri": post["uri"], "value": post["record"]} for post in self.posts[start : start + 30]]
            return Reply({"records": page, "cursor": str(start + 30)})
        return Reply({"error": "MethodNotImplemented"}, 501)


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
