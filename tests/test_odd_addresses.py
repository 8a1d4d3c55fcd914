"""Addresses that are none cost their own capture at most: neither a scan nor a command ends over them."""

from __future__ import annotations

from pathlib import Path

import buildkit as kit
import pytest

from builder.errors import UsageError
from builder.explain import explain
from builder.urls import site_of

BROKEN = ["http://[::1/x", "http://[x]/", "http://example.org:port/x", "https://" + "ا" * 70 + ".example/"]


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found"])
def test_a_build_goes_on_over_captures_of_no_address(tmp_path: Path, status: str) -> None:
    """Each is counted, whatever becomes of it, and the others are published."""
    odd = [kit.capture(url, kit.page(50 + place), 1, status) for place, url in enumerate(BROKEN)]
    kit.archive(tmp_path, "a", [*kit.essays(range(3)), *odd])
    built = kit.run(kit.recipe(tmp_path))
    assert {kit.address(number) for number in range(3)} <= {row["url"] for row in kit.documents(built)}
    tally = next(tally for tally in built.tallies if tally.stage == "inventory")
    assert tally.read == 3 + len(BROKEN)
    assert len(kit.documents(built)) + len(kit.rejected(built)) == 3 + len(BROKEN)


@pytest.mark.parametrize("url", BROKEN)
def test_explaining_no_address_says_that_there_is_no_such_capture(tmp_path: Path, url: str) -> None:
    """A slip of the pen on the command line is answered as any other address that is not there."""
    kit.archive(tmp_path, "a", kit.essays(range(1)))
    with pytest.raises(UsageError, match="no capture of"):
        explain(kit.recipe(tmp_path), url)


def test_the_site_of_no_address_is_none() -> None:
    """What cannot be split has no host."""
    assert site_of("http://[::1/x") == ""
