"""The bytes of a page become its text, or the page is refused; never mojibake."""

from __future__ import annotations

import codecs

import pytest

from builder.extract.charset import decode

PAGE = (
    "<html><head>{meta}<title>منصة</title></head><body><p>هذا نص عربي عن المنصات، كتبناه لنرى كيف تقرأ "
    "الصفحات القديمة. فيه ما يكفي من الحروف ليعرف القارئ أي ترميز كتبت به.</p></body></html>"
)


def page(codec: str, meta: str = "") -> bytes:
    """Return our page in a codec, with a charset in its head if one is named."""
    label = f'<meta charset="{meta}">' if meta else ""
    return PAGE.format(meta=label).encode(codec)


@pytest.mark.parametrize(
    ("body", "content_type", "charset", "origin"),
    [
        (page("utf-8"), None, "utf-8", "guess"),
        (page("utf-8", "utf-8"), None, "utf-8", "meta"),
        (page("utf-8"), "text/html; charset=UTF-8", "utf-8", "http"),
        (codecs.BOM_UTF8 + page("utf-8"), "text/html; charset=windows-1256", "utf-8", "bom"),
        (page("cp1256", "windows-1256"), None, "cp1256", "meta"),
        (page("cp1256"), "text/html; charset=windows-1256", "cp1256", "http"),
        (page("cp1256"), None, "cp1256", "guess"),
        (page("iso8859-6", "iso-8859-6"), None, "iso8859-6", "meta"),
        (page("utf-16"), None, "utf-16-le", "bom"),
        (page("utf-16-le"), None, "utf-16-le", "guess"),
        (page("utf-16-be"), "text/html", "utf-16-be", "guess"),
    ],
)
def test_decode_order(body: bytes, content_type: str | None, charset: str, origin: str) -> None:
    """BOM, then HTTP, then meta, then a guess; the text is right each time."""
    decoded = decode(body, content_type)
    assert decoded is not None
    assert "هذا نص عربي عن المنصات" in decoded.text
    assert (decoded.charset, decoded.origin) == (charset, origin)


@pytest.mark.parametrize("label", ["utf-8", "iso-8859-1", "windows-1252", "us-ascii", "x-no-such-thing"])
def test_decode_lying_label(label: str) -> None:
    """A label that the bytes contradict is not believed."""
    decoded = decode(page("cp1256", label), f"text/html; charset={label}")
    assert decoded is not None
    assert "هذا نص عربي عن المنصات" in decoded.text


def test_decode_utf8_under_a_single_byte_label() -> None:
    """UTF-8 is recognised by its form whatever the header says."""
    decoded = decode(page("utf-8", "windows-1256"), "text/html; charset=windows-1256")
    assert decoded is not None
    assert decoded.charset == "utf-8"
    assert "هذا نص عربي" in decoded.text


def test_decode_forgives_a_cut_character() -> None:
    """A page cut in the middle of a letter still is UTF-8."""
    decoded = decode(page("utf-8").replace("ترميز".encode(), "ترميز".encode()[:-1]))
    assert decoded is not None
    assert decoded.charset == "utf-8"


def test_decode_keeps_other_scripts() -> None:
    """A French page in Latin-1 is read by its label: it is not ours, but it did not fail."""
    body = "<meta charset=iso-8859-1><p>Été, déjà vu, garçon, Noël, où, naïveté</p>".encode("latin-1")
    decoded = decode(body)
    assert decoded is not None
    assert "déjà" in decoded.text


def test_decode_refuses_noise() -> None:
    """Bytes that no codec turns into text give None, not letters."""
    noise = bytes((i * 197 + (i * i) % 251) % 128 + 128 for i in range(4000))
    assert decode(b"<html><p>" + noise) is None
