"""An answer belongs to the request it was sent for, and is read as browsers read it, whatever comes over the wire."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from crawling import FakeClock, assert_clean, captures, recipe_for
from loopback import Reply, Request, page, website

from builder.archive.read import load
from builder.crawl import crawl
from builder.crawl.fetcher import Fetcher, FetchLimits
from builder.crawl.guard import Guard
from builder.crawl.heads import HeadMender, mended

LATE = (
    b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate",
)


class Talker:
    """A server that speaks when nobody asked: once `go` is set, `late` follows the answer to /a."""

    def __init__(self, listener: socket.socket, late: bytes) -> None:
        self.listener, self.late = listener, late
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.go, self.hung_up = threading.Event(), threading.Event()

    def accept(self) -> None:
        """Serve one connection after the other."""
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with connection, suppress(OSError):
                    self.serve(connection)

    def serve(self, connection: socket.socket) -> None:
        """Answer each request with its path."""
        while asked := connection.recv(65_536):
            path = asked.split(b" ")[1]
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(path), path))
            if path == b"/a":
                self.go.wait(10)
                connection.sendall(self.late)
        self.hung_up.set()


@contextmanager
def talking(late: bytes) -> Iterator[Talker]:
    """Run the server until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        talker = Talker(listener, late)
        thread = threading.Thread(target=talker.accept, daemon=True)
        thread.start()
        yield talker
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


@pytest.mark.parametrize("late", LATE, ids=("timeout", "page"))
def test_what_comes_unasked_is_no_answer(late: bytes) -> None:
    """A server that says more on an open connection is hung up on: the next page is not what it said."""
    bodies: list[bytes] = []

    async def ask(talker: Talker) -> None:
        limits = FetchLimits(max_body_bytes=1_000_000, timeout_s=10)
        loop = asyncio.get_running_loop()
        async with Fetcher(Guard(["127.0.0.1"]), "test", limits, clock=loop.time) as fetcher:
            for path in ("/a", "/b", "/c"):
                answer = await fetcher.fetch(talker.url + path)
                bodies.append(answer.body())
                answer.close()
                if path == "/a":
                    talker.go.set()
                    await asyncio.to_thread(talker.hung_up.wait, 5)

    with talking(late) as talker:
        asyncio.run(ask(talker))
    assert bodies == [b"/a", b"/b", b"/c"]


SECOND = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond"


@pytest.mark.parametrize(
    ("first", "body"),
    [
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n",
            b"5\r\nfirst\r\n0\r\n\r\n",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst", b"first"),
    ],
    ids=("chunked", "length"),
)
def test_two_answers_at_once_are_not_one(tmp_path: Path, first: bytes, body: bytes) -> None:
    """Of what comes in one piece the first answer is kept, to its last byte; the next page is not the second."""
    with website({"/": page("/a", "/b"), "/a": Reply(raw=first + SECOND), "/b": page(text="ب")}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        clock = FakeClock()
        crawl(recipe, now=clock.now, wait=clock.wait)
    found = {ref.url.rpartition("/")[2]: ref for ref in captures(recipe)}
    with Path(found["a"].path).open("rb") as file:
        file.seek(found["a"].warc_offset)
        record = gzip.decompress(file.read(found["a"].warc_length))
    assert record.endswith(b"\r\n\r\n" + body + b"\r\n\r\n")
    assert b"WARC-IP-Address: 127.0.0.1\r\n" in record
    assert "ب" in load(found["b"]).body.decode()


BODY = '<html lang=ar><body>مقال <a href="/next">التالي</a></body></html>'.encode()
LENGTH = b"Content-Length: %d" % len(BODY)
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
FAULTS = {
    "blank-in-a-name": (b"X Foo: 1\r\n" + LENGTH, BODY),
    "blank-before-the-colon": (b"Content-Length : %d" % len(BODY), BODY),
    "no-colon": (b"Powered by nothing\r\n" + LENGTH, BODY),
    "no-name": (b": 1\r\n" + LENGTH, BODY),
    "arabic-name": ("X-موقع: 1\r\n".encode() + LENGTH, BODY),
    "a-zero": (b"X: a\0b\r\n" + LENGTH, BODY),
    "the-same-length-twice": (LENGTH + b"\r\ncontent-length:%d" % len(BODY), BODY),
    "the-same-length-in-one": (LENGTH + b", %d" % len(BODY), BODY),
    "many-lines": (b"A: 1\r\n" * 1000 + LENGTH, BODY),
    "length-and-chunks": (b"Content-Length: 7\r\nTransfer-Encoding: chunked", CHUNKED),
}


@pytest.mark.parametrize("pieces", ["whole", "crumbs"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_head_that_browsers_read_is_read(tmp_path: Path, fault: str, pieces: str) -> None:
    """The page is kept with its bytes as they came, its links are followed, and its headers hold what they said."""
    lines, body = FAULTS[fault]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nX-Robots-Tag : noai\r\n" + lines
    wire = head + b"\r\n\r\n" + body

    def answer(request: Request) -> Reply | Iterator[bytes]:
        if pieces == "whole":
            return Reply(raw=wire)
        return iter([b"HTTP/1.1 103 Hints\r\n\r\n", *(wire[n : n + 1] for n in range(len(wire)))])

    clock = FakeClock()
    with website({"/": answer, "/next": page(text="التالي")}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        assert crawl(recipe, now=clock.now, wait=clock.wait).tally.kept == 2
        assert site.pages() == ["/", "/next"]
    first = next(ref for ref in captures(recipe) if ref.url.endswith("/"))
    assert load(first).body == BODY
    assert any(signal.name == "noai" for signal in first.rights.signals)
    with Path(first.path).open("rb") as file:
        file.seek(first.warc_offset)
        assert wire in gzip.decompress(file.read(first.warc_length))
    assert_clean(recipe)


@pytest.mark.parametrize(
    ("head", "lines"),
    [
        (b"HTTP/1.1 200 OK\r\nA: 1\r\nB:2\r\n\r\n", [b"A: 1", b"B: 2"]),
        (b"HTTP/1.1 200 OK\nA: 1\n\n", [b"A: 1"]),
        (b"HTTP/1.1 200 OK\r\nA: 1\r\n 2\r\n\t3\r\n\r\n", [b"A: 1 2 3"]),
        (b"HTTP/1.1 200 OK\r\nno field\r\n folded: 1\r\nA: 1\r\n\r\n", [b"A: 1"]),
        (b"HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: a\r\n\r\n", [b"Set-Cookie: a", b"Set-Cookie: a"]),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
         [b"Content-Length: 5", b"Content-Length: 6"]),
        (b"HTTP/1.1 200 OK\r\n\r\n", []),
    ],
)  # fmt: skip
def test_heads_are_mended_line_by_line(head: bytes, lines: list[bytes]) -> None:
    """Fields keep their order and number; what decides nothing goes, what nobody can decide stays."""
    assert mended(head) == b"\r\n".join([b"HTTP/1.1 200 OK", *lines, b"", b""])


@pytest.mark.parametrize(
    "wire", [b"SSH-2.0-server\r\n", b"<html><body>", b"HTTP/1.1 200 OK\r\nX: " + b"a" * 400]
)
def test_what_is_no_head_is_left_to_the_parser(wire: bytes) -> None:
    """Nothing is held back that will never become one, or is too long for one."""
    mender = HeadMender(200)
    assert b"".join(mender.feed(wire[n : n + 1]) for n in range(len(wire))) == wire
