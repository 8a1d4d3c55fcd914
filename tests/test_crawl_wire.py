"""An answer belongs to the request it was sent for, whatever else comes over the connection."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from builder.crawl.fetcher import Fetcher, FetchLimits
from builder.crawl.guard import Guard

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
