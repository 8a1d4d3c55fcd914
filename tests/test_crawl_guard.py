"""Nothing a server sends or a name resolves to gets the crawler where it must not go, or fills its memory."""

from __future__ import annotations

import asyncio
import ipaddress
import resource
import shutil
import socket
import ssl
import subprocess
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest
import zstandard
from aiohttp.abc import ResolveResult
from crawling import FakeClock, assert_clean, captures, page_paths, recipe_for
from loopback import Reply, Request, page, website

from builder.crawl import crawl
from builder.crawl.fetcher import Answer, Fetcher, FetchLimits
from builder.crawl.guard import AddressRefused, FixedResolver, Guard, is_public
from builder.errors import FetchError

FORBIDDEN = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "100.100.100.200", "168.63.129.16", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:db8::1", "2001:0:0:0:0:0:80ff:fffe",
]  # fmt: skip
PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_no_address_off_the_open_internet_is_public(address: str) -> None:
    """Loopback, private, link-local, metadata, multicast and reserved ones, also wrapped in IPv6."""
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass(address: str) -> None:
    """The guard does not stand in the way of the web."""
    assert is_public(ipaddress.ip_address(address))


def test_the_allow_list_lets_through_what_it_names_and_no_more() -> None:
    """An address, a network, a host name."""
    guard = Guard(["127.0.0.1", "10.1.0.0/16", "intranet.example"])
    assert guard.allows(ipaddress.ip_address("127.0.0.1"))
    assert guard.allows(ipaddress.ip_address("::ffff:127.0.0.1"))
    assert guard.allows(ipaddress.ip_address("10.1.2.3"))
    assert guard.allows(ipaddress.ip_address("192.168.0.1"), "intranet.example")
    assert not guard.allows(ipaddress.ip_address("127.0.0.2"))
    assert not guard.allows(ipaddress.ip_address("10.2.0.1"))
    assert not guard.allows(ipaddress.ip_address("192.168.0.1"), "other.example")


def fetch(url: str, guard: Guard | None = None, resolver: object = None, **limits: float) -> Answer:
    """Fetch one address with a fetcher of its own."""

    async def go() -> Answer:
        given = FetchLimits(int(limits.get("max_body_bytes", 1_000_000)), limits.get("timeout_s", 20.0))
        async with Fetcher(
            guard or Guard(["127.0.0.1"]), "hiwar/test", given, clock=time.monotonic
        ) as fetcher:
            if resolver is not None:
                fetcher._session.connector._resolver = resolver  # type: ignore[union-attr,attr-defined]
            return await fetcher.fetch(url)

    return asyncio.run(go())


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "0x7f.0.0.1", "2130706433", "127.1", "0", "[::1]", "[::ffff:127.0.0.1]", "017700000001",
     "127.0.0.1.", "①②⑦.0.0.1", "0.0.0.0", "[::]"],
)  # fmt: skip
def test_no_spelling_of_loopback_is_connected_to(host: str) -> None:
    """Whatever the spelling, the server on loopback is not reached."""
    with website({"/": page()}) as site:
        with pytest.raises(FetchError):
            fetch(f"http://{host}:{site.port}/", Guard())
        assert site.log == []


def test_of_several_addresses_the_allowed_one_is_taken(tmp_path: Path) -> None:
    """Localhost stands for ::1 and 127.0.0.1; only the latter is allowed, and it is asked without delay."""
    clock = FakeClock()
    with website({"/": page("/a"), "/a": page(text="أ")}) as site:
        recipe = recipe_for(tmp_path, f"http://localhost:{site.port}/")
        result = crawl(recipe, now=clock.now, wait=clock.wait)
        assert site.pages() == ["/", "/a"]
    assert (result.tally.kept, clock.waits) == (2, [])


class Rebinding(FixedResolver):
    """A name server that gives a public address first and loopback from then on."""

    def __init__(self) -> None:
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return 127.0.0.1 under whatever name."""
        self.asked += 1
        address = "127.0.0.1"
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)
        ]

    async def close(self) -> None:
        """Close nothing."""


def test_a_name_that_turns_to_loopback_is_refused_at_the_socket() -> None:
    """The address is judged when the connection is made, so there is no moment between check and use."""
    with website({"/": page()}) as site:
        with pytest.raises(AddressRefused, match=r"127\.0\.0\.1"):
            fetch(f"http://rebound.example:{site.port}/", Guard(), Rebinding())
        assert site.log == []


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "http://user:pw@example.org/", "http:///x",
     "http://example.org:99999/", "http://[::1", "http://example.org/" + "a" * 3000, "data:text/html,x"],
)  # fmt: skip
def test_addresses_are_refused_by_their_spelling(url: str) -> None:
    """Other schemes, passwords, no host, no port, no end."""
    with pytest.raises(AddressRefused):
        Guard(["127.0.0.1"]).check_url(url)


def test_redirects_into_the_house_are_not_followed(tmp_path: Path) -> None:
    """Each hop is vetted: a page that sends us to another private address gets its redirect archived, no more."""
    targets = [
        "http://127.0.0.2:1/",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "http://[::1]/",
    ]
    routes = {f"/{n}": Reply(status=302, headers=(("Location", url),)) for n, url in enumerate(targets)}
    with website(routes) as site:
        starts = [f"{site.url}{path}" for path in routes]
        recipe = recipe_for(tmp_path, *starts)
        clock = FakeClock()
        result = crawl(recipe, now=clock.now, wait=clock.wait)
    assert sorted(page_paths(captures(recipe))) == sorted(routes)
    assert sum(result.tally.dropped.values()) + sum(result.tally.failed.values()) >= 1


BOMBS = {
    "gzip": lambda data: zlib.compressobj(9, zlib.DEFLATED, 31),
    "deflate": lambda data: zlib.compressobj(9),
    "br": lambda data: brotli.Compressor(quality=1),
    "zstd": lambda data: zstandard.ZstdCompressor().compressobj(),
}


def bomb(coding: str, megabytes: int = 100) -> bytes:
    """Return a body that decodes to so many megabytes of spaces."""
    packer = BOMBS[coding](b"")
    step = b" " * 1_000_000
    pack = packer.process if coding == "br" else packer.compress
    parts = [pack(step) for _ in range(megabytes)]
    return b"".join([*parts, packer.finish() if coding == "br" else packer.flush()])


@pytest.mark.parametrize("coding", sorted(BOMBS))
def test_bombs_are_kept_packed_and_never_unpacked(tmp_path: Path, coding: str) -> None:
    """100 MB in little: archived as received, refused, and the memory stays small."""
    body = bomb(coding)
    reply = Reply(body, headers=(("Content-Encoding", coding),))
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with website({"/": reply, "/after": page()}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", f"{site.url}/after")
        clock = FakeClock()
        result = crawl(recipe, now=clock.now, wait=clock.wait)
    assert result.tally.failed == {"guard": 1}
    assert result.tally.kept == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 80_000
    assert_clean(recipe)


def endless(request: Request) -> Iterator[bytes]:
    """Send a page that never ends."""
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    while True:
        yield b"<p>" + "بلا نهاية ".encode() * 4000


def test_an_endless_page_is_cut_and_says_so(tmp_path: Path) -> None:
    """The cap on wire bytes ends it; the record says WARC-Truncated: length."""
    with website({"/": endless}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/", max_body_bytes=3_000_000)
        clock = FakeClock()
        result = crawl(recipe, now=clock.now, wait=clock.wait)
    ref = next(ref for ref in captures(recipe) if ref.role == "page")
    assert ref.truncated == "length"
    assert result.tally.kept == 1
    assert_clean(recipe)


def test_a_drip_ends_at_the_deadline() -> None:
    """Bytes that come one by one do not hold the crawler: what came by the deadline is kept."""
    stop = threading.Event()

    def drip(request: Request) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>"
        while not stop.wait(0.02):
            yield b"."

    with website({"/": drip}) as site:
        answer = fetch(f"{site.url}/", timeout_s=0.3)
        stop.set()
    assert answer.truncated == "time"
    assert answer.body().startswith(b"<p>")
    answer.close()


def test_a_head_that_never_comes_is_a_failure() -> None:
    """No status line by the deadline: nothing to keep."""
    stop = threading.Event()

    def silent(request: Request) -> Iterator[bytes]:
        stop.wait(20)
        yield b""

    with website({"/": silent}) as site:
        with pytest.raises(FetchError, match="no answer"):
            fetch(f"{site.url}/", timeout_s=0.2)
        stop.set()


@pytest.mark.parametrize(
    ("wire", "truncated", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", "disconnect", b"hello"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", None, b"hello"),
        (b"HTTP/1.1 200 OK\r\n\r\nhello", None, b"hello"),
        (b"HTTP/1.0 200 OK\r\n\r\nhello", None, b"hello"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "disconnect", b"5\r\nhel"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", None, b""),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 9\r\n\r\n\x89PNG-body",
            "unspecified",
            b"",
        ),
    ],
)
def test_lengths_that_lie(wire: bytes, truncated: str | None, body: bytes) -> None:
    """What came is kept, cut answers say so, media are not read."""
    with website({"/": Reply(raw=wire)}) as site:
        answer = fetch(f"{site.url}/")
    assert (answer.truncated, answer.body()) == (truncated, body)
    answer.close()


@pytest.mark.parametrize(
    "wire",
    [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n", b"HTTP/9 999\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhello"],
)  # fmt: skip
def test_what_is_no_http_is_a_failure_and_no_crash(wire: bytes) -> None:
    """Broken answers raise FetchError and nothing else, without a byte of the answer in the message."""
    with website({"/": Reply(raw=wire)}) as site, pytest.raises(FetchError) as caught:
        fetch(f"{site.url}/")
    assert "garbage" not in str(caught.value)


def test_a_certificate_nobody_signed_is_refused(tmp_path: Path) -> None:
    """TLS is verified."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"]
    out = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "certificate")]
    subprocess.run([openssl, *made, *out], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    with website({"/": page()}, tls=context) as site:
        with pytest.raises(FetchError, match="certificate"):
            fetch(f"https://127.0.0.1:{site.port}/")
        assert site.log == []


def test_one_connection_serves_a_whole_host(tmp_path: Path) -> None:
    """A host sees one connection, not one a page."""
    links = [f"/{n}" for n in range(8)]
    with website({"/": page(*links), **{link: page(text=link) for link in links}}) as site:
        recipe = recipe_for(tmp_path, f"{site.url}/")
        clock = FakeClock()
        crawl(recipe, now=clock.now, wait=clock.wait)
        assert site.connections == 1
