"""Opt-outs that stand in an archive of another maker count as much as those our crawler met."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.archive.read import load, scan
from builder.model import CaptureRef
from builder.reading import read_capture
from builder.sources.warc import WarcBlock, WarcSource
from tests.warcmaker import PAGE_HTML, http, record, write

PLAIN, OWN_LAYOUT = "https://example.org/1", "https://www.ahewar.org/debat/show.art.asp?aid=1"


@pytest.mark.parametrize("url", [PLAIN, OWN_LAYOUT])
@pytest.mark.parametrize(
    ("headers", "meta", "name", "where"),
    [
        ({"X_Robots_Tag": "noai, noimageai"}, "", "noai", "header"),
        ({"TDM_Reservation": "1"}, "", "tdm-reservation", "header"),
        ({}, '<meta name="robots" content="noai">', "noai", "meta"),
    ],
)
def test_headers_and_head_are_heard(
    tmp_path: Path, url: str, headers: dict[str, str], meta: str, name: str, where: str
) -> None:
    """Whoever reads the page, the general reader or a site's own, the signal is there."""
    text = "يرى الكاتب أن منصات التواصل غيّرت علاقتنا بالخبر. " * 30
    body = PAGE_HTML.replace("<head>", f"<head>{meta}").format(text=text).encode()
    path = write(tmp_path / "a.warc.gz", [record("response", http(body, **headers), WARC_Target_URI=url)])
    (ref,) = scan(path, source="saved")
    assert isinstance(ref, CaptureRef)
    source = WarcSource(WarcBlock(kind="warc", name="saved", paths=("x",)))
    found = read_capture(load(ref), source)
    assert (name, where) in {(signal.name, signal.where) for signal in found.signals}
