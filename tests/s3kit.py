"""An S3 server of our own on loopback: moto in a process, and before it a proxy that counts, fails and breaks off."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from urllib.parse import quote

import pytest

SECRET = "sEcReTkEyThAtMuStNoTbEsEeN"
KEY_ID = "AKIDTHATMUSTNOTBESEEN"
KEYS = {
    "AWS_ACCESS_KEY_ID": KEY_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
BUCKET = "texts"
OWN = ("connection", "expect", "transfer-encoding")
"""Headers that speak of one connection and are not passed on."""

CUT = -1
"""A fault: the answer's head and half of its body are sent, and the connection is closed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the proxy saw it; `first` and `last` are the bytes a range names, if any."""

    method: str
    path: str
    first: int | None
    last: int | None


@dataclass(slots=True)
class Storage:
    """The server as tests see it: its address, what was asked of it, and what it is to do wrong."""

    server: int
    port: int = 0
    log: list[Asked] = field(default_factory=list)
    fault: Callable[[Asked], int] = lambda asked: 0

    @property
    def url(self) -> str:
        """The address of the proxy."""
        return f"http://127.0.0.1:{self.port}"

    def send(self, method: str, key: str = "", body: bytes = b"") -> tuple[int, bytes]:
        """Ask moto itself for something in the bucket; return status and body."""
        connection = HTTPConnection("127.0.0.1", self.server, timeout=30)
        auth = f"AWS4-HMAC-SHA256 Credential={KEY_ID}/20260101/us-east-1/s3/aws4_request"
        connection.request(method, f"/{BUCKET}/{quote(key)}".rstrip("/"), body, {"Authorization": auth})
        answer = connection.getresponse()
        found = answer.status, answer.read()
        connection.close()
        return found

    def put(self, key: str, body: bytes) -> str:
        """Put an object there; return its address."""
        assert self.send("PUT", key, body)[0] == 200
        return f"s3://{BUCKET}/{key}"

    def get(self, key: str) -> bytes:
        """Return an object's bytes."""
        status, body = self.send("GET", key)
        assert status == 200, body
        return body

    def listed(self) -> list[str]:
        """Return the keys of all objects."""
        return re.findall(r"<Key>([^<]*)</Key>", self.send("GET")[1].decode())

    def asked(self, method: str, part: str = "") -> list[Asked]:
        """Return the requests of one method whose path holds a text."""
        return [one for one in self.log if one.method == method and part in one.path]


@contextmanager
def moto() -> Iterator[int]:
    """Run moto's server; yield its port."""
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    env = {**os.environ, **KEYS, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env) as process:
        assert process.stderr is not None
        drain = threading.Thread(target=process.stderr.read, daemon=True)  # else the pipe fills
        try:
            for line in process.stderr:
                if (match := re.search(rb"127\.0\.0\.1:(\d+)", line)) is not None:
                    drain.start()
                    yield int(match[1])
                    break
        finally:
            process.terminate()
            process.wait()
            if drain.ident is not None:
                drain.join(5)


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    storage: Storage

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.open: list[socket] = []

    def get_request(self) -> tuple[socket, object]:
        found = super().get_request()
        self.open.append(found[0])
        return found


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Proxy

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def handle(self) -> None:
        """Answer until the other side or the test ends the connection."""
        with suppress(OSError):
            super().handle()

    def _pass_on(self) -> None:
        storage = self.server.storage
        span = re.search(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        asked = Asked(self.command, self.path, int(span[1]) if span else None, int(span[2]) if span else None)
        storage.log.append(asked)
        body = self._body()
        fault = storage.fault(asked)
        if fault > 0:
            self._answer(fault, b"", ())
            return
        connection = HTTPConnection("127.0.0.1", storage.server, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in OWN}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        kept = [pair for pair in answer.getheaders() if pair[0].lower() not in OWN]
        self._answer(answer.status, answer.read(), kept, cut=fault == CUT)
        connection.close()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _answer(
        self, status: int, body: bytes, headers: list[tuple[str, str]] | tuple[()], *, cut: bool = False
    ) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = self.close_connection or cut

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass_on  # noqa: N815


@contextmanager
def proxied(server: int) -> Iterator[Storage]:
    """Stand before a server with a fresh proxy; yield the storage, with an empty bucket."""
    with _Proxy() as proxy:
        proxy.storage = storage = Storage(server, proxy.server_port)
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        storage.send("PUT")
        for key in storage.listed():
            storage.send("DELETE", key)
        try:
            yield storage
        finally:
            proxy.shutdown()
            thread.join()
            for each in proxy.open:
                with suppress(OSError):
                    each.shutdown(SHUT_RDWR)


@pytest.fixture(scope="module", name="server")
def server_fixture() -> Iterator[int]:
    """Run one moto for the tests of a module."""
    with moto() as port:
        yield port


@pytest.fixture(name="storage")
def storage_fixture(server: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """Give a test an empty bucket, and the environment that leads there."""
    with proxied(server) as found:
        for name, value in KEYS.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL", found.url)
        monkeypatch.setenv(
            "AWS_EC2_METADATA_SERVICE_ENDPOINT", found.url
        )  # were it asked, it would show in the log
        yield found
