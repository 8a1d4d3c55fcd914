"""A website on a loopback port, in a thread, that answers whatever a test wants, also what no server should."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

REASONS = {200: "OK", 301: "Moved", 304: "Not Modified", 404: "Not Found", 500: "Error"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the server saw it; header names in lower case."""

    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. With `raw` the bytes are sent as they are and the connection is closed."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    mime: str = "text/html; charset=utf-8"
    raw: bytes | None = None

    def wire(self) -> bytes:
        """Return the answer as it goes on the wire."""
        if self.raw is not None:
            return self.raw
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Status')}"]
        names = {name.lower() for name, _ in self.headers}
        if "content-type" not in names:
            lines.append(f"Content-Type: {self.mime}")
        if "content-length" not in names and "transfer-encoding" not in names:
            lines.append(f"Content-Length: {len(self.body)}")
        lines += [f"{name}: {value}" for name, value in self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8") + (b"" if self.status == 304 else self.body)


Answering = Callable[[Request], Reply | Iterator[bytes]]


@dataclass(slots=True)
class Website:
    """Routes by path, an answer or a function; `log` keeps every request in order."""

    routes: dict[str, Reply | Answering] = field(default_factory=dict)
    log: list[Request] = field(default_factory=list)
    port: int = 0
    connections: int = 0
    fallback: Answering = lambda request: Reply(b"nothing here", 404)

    @property
    def url(self) -> str:
        """The address of the site, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        """Return the paths asked for, in order."""
        return [request.path for request in self.log]

    def pages(self) -> list[str]:
        """Return the paths asked for, without robots.txt and the opt-out files."""
        return [p for p in self.paths() if p not in ("/robots.txt", "/ai.txt", "/.well-known/tdmrep.json")]

    def serve(self, connection: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Answer one connection until it closes; one whose TLS fails is left."""
        if tls is not None:
            try:
                connection = tls.wrap_socket(connection, server_side=True)
            except OSError:
                connection.close()
                return
        with connection, suppress(OSError), connection.makefile("rb") as stream:
            while request := _read(stream):
                self.log.append(request)
                answer = self.routes.get(request.path, self.fallback)
                if callable(answer):
                    answer = answer(request)
                if isinstance(answer, Reply):
                    connection.sendall(answer.wire())
                    if answer.raw is not None:
                        return
                else:
                    for piece in answer:
                        connection.sendall(piece)
                    return


def _read(stream: object) -> Request | None:
    if stream.peek(1)[:1] == b"\x16":  # type: ignore[attr-defined]
        return None  # a TLS greeting; this server speaks none
    lines: list[str] = []
    while line := stream.readline().decode("latin-1").rstrip("\r\n"):  # type: ignore[attr-defined]
        lines.append(line)
    if not lines:
        return None
    pairs = (line.partition(":") for line in lines[1:])
    return Request(lines[0].split(" ")[1], {name.lower(): value.strip() for name, _, value in pairs})


@contextmanager
def website(
    routes: Mapping[str, Reply | Answering] | None = None, *, tls: ssl.SSLContext | None = None
) -> Iterator[Website]:
    """Serve routes on a free loopback port until the block ends, over TLS if a context is given."""
    site = Website(dict(routes or {}))
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        site.port = server.getsockname()[1]
        threads: list[threading.Thread] = []
        connections: list[socket.socket] = []

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    connections.append(connection)
                    site.connections += 1
                    threads.append(threading.Thread(target=site.serve, args=(connection, tls), daemon=True))
                    threads[-1].start()

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield site
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            server.close()
            acceptor.join(5)
            for connection in connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(5)


def page(*links: str, text: str = "مقال", head: str = "") -> Reply:
    """Return a small Arabic page that links to `links`."""
    anchors = "".join(f'<a href="{link}">رابط</a>' for link in links)
    return Reply(f"<html lang=ar><head>{head}</head><body><p>{text}</p>{anchors}</body></html>".encode())
