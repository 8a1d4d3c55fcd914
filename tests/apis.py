"""Small servers on loopback that answer as public interfaces do: WordPress, Mastodon, the AT Protocol.

Shapes and habits are those of the real servers (WordPress 6.1 and 6.8, mastodon_mock, the dev network of
@atproto); the texts are ours.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Query = Mapping[str, list[str]]
SECRET = "سر لا يُجمع"
TAG = "منصات_رقمية"
DID = "did:plc:abc"
JSON = "application/json; charset=UTF-8"


@dataclass
class Reply:
    """One answer."""

    body: object
    status: int = 200
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """Return the body as bytes."""
        return (
            self.body if isinstance(self.body, bytes) else json.dumps(self.body, ensure_ascii=False).encode()
        )


Answerer = Callable[[str, Query], Reply]


@contextmanager
def serving(answer: Answerer, port: int = 0) -> Iterator[str]:
    """Serve what `answer(path, query)` gives, on a free port unless one is named; yield the base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer one request."""
            parts = urlsplit(self.path)
            reply = answer(unquote(parts.path), parse_qs(parts.query))
            body = reply.encoded()
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(body)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class WordPress:
    """A blog. `shut` answers 401 to its interface; `broken` is how many list answers come cut in half first.

    `hidden` are the comments of posts that are not public: pages are cut first, then those are left out.
    """

    posts: list[dict[str, Any]]
    comments: list[dict[str, Any]]
    shut: bool = False
    broken: int = 0
    hidden: frozenset[int] = frozenset()
    asked: list[str] = field(default_factory=list)

    def __call__(self, path: str, query: Query) -> Reply:
        """Answer as WordPress does."""
        self.asked.append(path + "?" + "&".join(sorted(query)))
        if path == "/robots.txt":
            return Reply(b"User-agent: *\nDisallow: /wp-admin/\n", content_type="text/plain")
        lists = {"/wp-json/wp/v2/posts": self.posts, "/wp-json/wp/v2/comments": self.comments}
        if path in lists and not self.shut:
            reply = self._list(lists[path], query)
            if self.broken:
                self.broken -= 1
                return Reply(reply.encoded()[: len(reply.encoded()) // 2], headers=reply.headers)
            return reply
        if self.shut and path.startswith("/wp-json/"):
            return Reply({"code": "rest_forbidden"}, 401)
        pages = {urlsplit(post["link"]).path: post for post in self.posts if not post["content"]["protected"]}
        if path == "/feed/":
            return Reply(_feed(pages.values()), content_type="application/rss+xml")
        if path in pages:
            return Reply(_page(pages[path]), content_type="text/html; charset=UTF-8")
        return Reply({"code": "rest_no_route"}, 404)

    def _list(self, items: list[dict[str, Any]], query: Query) -> Reply:
        first = {key: values[0] for key, values in query.items()}
        assert "offset" not in first, "offset makes page a lie"
        size = int(first.get("per_page", "10"))
        if size > 100:
            return Reply({"code": "rest_invalid_param"}, 400)
        found = [item for item in items if item["date"] > first.get("after", "")]
        if "modified_after" in first:
            found = [item for item in found if item["modified"] > first["modified_after"]]
        found.sort(
            key=lambda item: (item["modified" if first.get("orderby") == "modified" else "date"], item["id"])
        )
        start = (int(first.get("page", "1")) - 1) * size
        headers = {"X-WP-Total": str(len(found)), "X-Robots-Tag": "noindex"}
        headers["X-WP-TotalPages"] = str(-(-len(found) // size))
        shown = [item for item in found[start : start + size] if item["id"] not in self.hidden]
        return Reply(shown, headers=headers)


def _feed(posts: Any) -> bytes:
    items = "".join(
        f"<item><title>{p['title']['rendered']}</title><link>{p['link']}</link></item>" for p in posts
    )
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{items}</channel></rss>'.encode()
    )


def _page(post: Mapping[str, Any]) -> bytes:
    title, text = post["title"]["rendered"], post["content"]["rendered"]
    head = f'<!DOCTYPE html><html lang="ar"><head><meta charset="utf-8"><title>{title}</title></head>'
    return f"{head}<body><article><h1>{title}</h1>{text}</article></body></html>".encode()


def wordpress_post(number: int, date: str, text: str, base: str, **more: Any) -> dict[str, Any]:
    """Return a post as the interface gives it; the site's clock is three hours ahead of GMT."""
    gmt = f"{date[:11]}{int(date[11:13]) - 3:02d}{date[13:]}"
    return {
        "id": number,
        "date": date,
        "date_gmt": gmt,
        "modified": date,
        "modified_gmt": gmt,
        "link": f"{base}/p/{number}/",
        "status": "publish",
        "type": "post",
        "title": {"rendered": f"&#8220;مقال&#8221; رقم {number}"},
        "content": {"rendered": f"<p>{text}</p>", "protected": False},
        "_embedded": {
            "author": [{"id": 7, "name": "سلمى الراوي", "description": "كاتبة"}],
            "wp:term": [
                [{"taxonomy": "category", "name": "رأي"}],
                [{"taxonomy": "post_tag", "name": "تيك توك"}],
            ],
        },
        **more,
    }


def wordpress_comment(number: int, post: int, text: str, base: str, **more: Any) -> dict[str, Any]:
    """Return a comment as the interface gives it, with the e-mail hash it gives away."""
    return {
        "id": number,
        "post": post,
        "parent": 0,
        "author": 0,
        "author_name": "قارئة",
        "date": "2025-02-02T13:00:00",
        "date_gmt": "2025-02-02T10:00:00",
        "link": f"{base}/p/{post}/#comment-{number}",
        "status": "approved",
        "type": "comment",
        "content": {"rendered": f"<p>{text}</p>"},
        "author_avatar_urls": {"24": "http://1.gravatar.com/avatar/da090e142d3b324cd3176970503cd5c2"},
        **more,
    }


def mastodon_status(number: int, text: str, tag: str = TAG, **more: Any) -> dict[str, Any]:
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
        "tags": [{"name": tag}],
        **more,
    }


class Mastodon:
    """A server: 40 statuses a page by max_id, no Link header, contexts, a list of those that are left."""

    def __init__(self, statuses: list[dict[str, Any]], access: str = "public", tag: str = TAG) -> None:
        self.statuses = statuses
        self.tag = tag
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
        if path == "/api/v1/accounts/lookup":
            return Reply({"id": "9"}) if query["acct"] == ["salma"] else Reply({}, 404)
        if path in (f"/api/v1/timelines/tag/{self.tag}", "/api/v1/accounts/9/statuses"):
            roots = [item for item in self.statuses if not item["in_reply_to_id"]]
            below = int(query.get("max_id", [str(2**62)])[0])
            newest = sorted(
                (item for item in roots if int(item["id"]) < below), key=lambda item: -int(item["id"])
            )
            return Reply(newest[:40])
        if path.endswith("/context"):
            return Reply(self._context(path.split("/")[-2], there))
        if path == "/api/v1/statuses":
            if len(query["id[]"]) > 20:
                return Reply({"error": "Validation failed"}, 422)
            return Reply([item for item in there if item["id"] in query["id[]"]])
        return Reply({"error": "Record not found"}, 404)

    @staticmethod
    def _context(own: str, there: list[dict[str, Any]]) -> dict[str, Any]:
        """Return what stands above a status, and 60 replies of those up to 20 deep below it, parents first."""
        by_id = {item["id"]: item for item in there}
        above: list[dict[str, Any]] = []
        parent = by_id[own]["in_reply_to_id"]
        while parent in by_id:
            above.insert(0, by_id[parent])
            parent = by_id[parent]["in_reply_to_id"]
        below: list[dict[str, Any]] = []

        def descend(of: str, depth: int) -> None:
            for item in there:
                if item["in_reply_to_id"] == of and depth <= 20:
                    below.append(item)
                    descend(item["id"], depth + 1)

        descend(own, 1)
        return {"ancestors": above, "descendants": below[:60]}


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
        self.beside: dict[str, dict[str, Any]] = {}
        self.deleted: set[str] = set()
        self.methods: list[str] = []

    def __call__(self, path: str, query: Query) -> Reply:
        """Answer as an AppView does."""
        method = path.rpartition(".")[2]
        self.methods.append(method)
        if method == "getProfile":
            return Reply({"did": DID, "handle": "salma.test", "description": self.description, "labels": []})
        if method == "getAuthorFeed":
            if int(query["limit"][0]) > 100:
                return Reply({"error": "InvalidRequest"}, 400)
            start = int(query.get("cursor", ["0"])[0])
            page = [
                {"post": post, **self.beside.get(post["uri"], {})} for post in self.posts[start : start + 30]
            ]
            return Reply({"feed": page, "cursor": str(start + 30)})
        if method == "getPostThread":
            return Reply({"thread": self.thread})
        if method == "getPosts":
            assert len(query["uris"]) <= 25
            found = [post for post in self.posts if post["uri"] in query["uris"]]
            return Reply({"posts": [post for post in found if post["uri"] not in self.deleted]})
        if method == "listRecords":
            if int(query["limit"][0]) > 100:
                return Reply({"error": "InvalidRequest"}, 400)
            start = int(query.get("cursor", ["0"])[0])
            page = [{"uri": post["uri"], "value": post["record"]} for post in self.posts[start : start + 30]]
            return Reply({"records": page, "cursor": str(start + 30)})
        if not path.startswith("/xrpc/"):
            return Reply({}, 404)
        return Reply({"error": "MethodNotImplemented"}, 501)
