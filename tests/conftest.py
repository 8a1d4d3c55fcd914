"""What every test runs under: loopback only, and no clock or zone of the machine taken for granted."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves the machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            pytest.fail(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def in_riyadh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the process three hours ahead of UTC, as a machine there is."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Riyadh")
        time.tzset()
        yield
    time.tzset()
