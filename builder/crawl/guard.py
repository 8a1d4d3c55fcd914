"""Which addresses may be asked: every one is vetted right before its connection is made, on every hop.

Vetting at the socket and not at the name leaves nothing to rebind: the address that was judged is the address
that is connected to.
"""

from __future__ import annotations

import contextvars
import errno
import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import AddrInfoType

from builder.errors import FetchError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
SCHEMES = frozenset({"http", "https"})
MAX_URL_CHARS = 2048
"""Longer addresses are traps or data; RFC 9110 section 4.1 asks for 8,000 at least, sitemaps.org allows 2,048."""

_REFUSED_NETS = tuple(
    ipaddress.ip_network(net)
    for net in (
        "168.63.129.16/32",  # a cloud's host agent on a public address
        "100.64.0.0/10",
        "192.88.99.0/24",
        "64:ff9b:1::/48",
        "fec0::/10",
    )
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

current_host: contextvars.ContextVar[str] = contextvars.ContextVar("current_host", default="")
"""Host of the request whose connection is being made; the socket hook has no other way to learn it."""


class AddressRefused(FetchError):
    """The guard does not let this address through."""


def embedded(address: Address) -> Address:
    """Return the IPv4 address inside an IPv4-mapped, 6to4, Teredo or NAT64 address, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def is_public(address: Address) -> bool:
    """Return whether an address lies on the open internet, in whatever spelling it is wrapped."""
    inner = embedded(address)
    if inner.is_multicast or not inner.is_global:
        return False
    return not any(inner in net for net in _REFUSED_NETS if net.version == inner.version)


class Guard:
    """Knows the allow-list of a recipe: addresses, networks ("10.1.0.0/16") and host names."""

    def __init__(self, allow_private: Iterable[str] = ()) -> None:
        self._nets: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        self._names: set[str] = set()
        for entry in allow_private:
            try:
                self._nets.append(ipaddress.ip_network(entry.strip("[]"), strict=False))
            except ValueError:
                self._names.add(entry.lower().rstrip("."))

    def allows(self, address: Address, host: str = "") -> bool:
        """Return whether the address may be connected to, when asked for under that host name."""
        if is_public(address) or host.lower().rstrip(".") in self._names:
            return True
        inner = embedded(address)
        return any(candidate in net for candidate in (address, inner) for net in self._nets)

    def is_private_host(self, host: str, resolved: str | None = None) -> bool:
        """Return whether the allow-list names this host, or the address it is known to stand for."""
        host = host.lower()
        if host in self._names:
            return True
        if host == "localhost":  # RFC 6761, 6.3: loopback everywhere
            host = "127.0.0.1"
        try:
            address = ipaddress.ip_address((resolved or host).strip("[]"))
        except ValueError:
            return False
        return any(address in net for net in self._nets)

    def check_url(self, url: str) -> None:
        """Refuse what can be refused by its spelling: other schemes, no host, a name and password, too long.

        Raises AddressRefused.
        """
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise AddressRefused("not a URL", where=url[:MAX_URL_CHARS]) from None
        if parts.scheme.lower() not in SCHEMES:
            raise AddressRefused(f"scheme {parts.scheme!r} is not asked", where=url[:MAX_URL_CHARS])
        if not host or parts.username or parts.password:
            raise AddressRefused("no host, or a password in the URL", where=url[:MAX_URL_CHARS])
        if len(url) > MAX_URL_CHARS:
            raise AddressRefused(f"longer than {MAX_URL_CHARS} characters", where=url[:MAX_URL_CHARS])

    def socket(self, info: AddrInfoType) -> socket.socket:
        """Open the socket for one address, or refuse it: aiohttp calls this before each connection.

        Raises PermissionError, so that a name's other addresses are still tried, each vetted like this one.
        """
        family, kind, protocol, _, target = info
        address = ipaddress.ip_address(str(target[0]).partition("%")[0])
        if not self.allows(address, current_host.get()):
            raise PermissionError(errno.EACCES, f"address {address} is not on the open internet")
        return socket.socket(family, kind, protocol)


class FixedResolver(AbstractResolver):
    """Answers some names from a table, so that a test site can have any name; the rest goes on to `other`."""

    def __init__(self, table: dict[str, tuple[str, int]], other: AbstractResolver) -> None:
        self._table = table
        self._other = other

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the table's address for a name, whatever port was asked for, or what `other` knows."""
        if host not in self._table:
            return await self._other.resolve(host, port, family)
        address, own_port = self._table[host]
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [
            ResolveResult(hostname=host, host=address, port=own_port or port, family=kind, proto=0, flags=0)
        ]

    async def close(self) -> None:
        """Close the other resolver."""
        await self._other.close()
