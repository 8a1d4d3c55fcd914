"""report.html and the plots: whole, harmless, right to left where the text is."""

from __future__ import annotations

import re
import struct
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from card_samples import RECIPE, card_input, document, release_folder
from lxml import html
from test_card import EVIL, EVIL_RECIPE

from builder.errors import UsageError
from builder.release.cardinput import VersionLine
from builder.release.companions import write_companions
from builder.release.plots import draw
from builder.release.report import render_report
from builder.release.stats import Statistics
from builder.release.svg import bars, columns, stacked


def test_the_page_needs_nothing_from_outside(tmp_path: Path) -> None:
    """No address is asked for and no script runs; the page itself forbids both."""
    text = render_report(card_input(tmp_path))
    page = html.document_fromstring(text)

    assert not list(page.iter("script", "link", "img", "iframe", "object"))
    assert not re.search(r"url\(|@import|src=", text)
    assert {a.get("href") for a in page.iter("a")} == {"mailto:removal@example.org"}
    assert "default-src 'none'" in text


def test_figures_are_those_of_the_data(tmp_path: Path) -> None:
    """Tiles, funnel and sources say what the card says."""
    text = html.document_fromstring(render_report(card_input(tmp_path))).text_content()

    for figure in ("10documents", "2comments", "1sites", "2platforms spoken about", "noai 2", "charset 1"):
        assert figure in text


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    """Nothing of a page's or a recipe's text becomes an element or an attribute."""
    rows = [document(0, site=EVIL, lang=EVIL, about_platforms=[EVIL], published_day='"><script>')]
    release_folder(tmp_path / "release", rows)
    lines = (VersionLine("1.0.0", 1, 0, 0, why=EVIL),)

    page = html.document_fromstring(render_report(card_input(tmp_path, EVIL_RECIPE, history=lines)))

    tags = {element.tag for element in page.iter() if isinstance(element.tag, str)}
    assert tags.isdisjoint({"script", "img", "iframe"})
    assert not [key for element in page.iter() for key in element.attrib if key.startswith("on")]
    assert not list(page.iter("a"))
    assert "alert(1)" in page.text_content()


def test_arabic_titles_run_from_right_to_left(tmp_path: Path) -> None:
    """The direction of each piece of text is its own."""
    page = html.document_fromstring(render_report(card_input(tmp_path)))
    (title,) = page.iter("h1")

    assert title.get("dir") == "auto"
    assert title.text_content() == "خطاب المنصات"
    assert page.find_class("lead")
    assert list(page.iter("bdi"))


def test_a_release_without_dates_or_comments_has_its_report(tmp_path: Path) -> None:
    """Charts without figures are left out, not drawn empty."""
    release_folder(
        tmp_path / "release", [document(0, published_at=None, published_day=None, about_platforms=[])]
    )
    text = render_report(card_input(tmp_path, RECIPE.replace('contact = "mailto:removal@example.org"', "")))

    assert "no dates" in text
    assert "Documents over time" not in text
    assert "the dataset&#x27;s page" in text or "the dataset's page" in text


def test_the_report_is_the_same_every_time(tmp_path: Path) -> None:
    """Nothing of it comes from a clock."""
    given = card_input(tmp_path)
    assert render_report(given) == render_report(given)


def test_charts_scale_to_their_figures() -> None:
    """The longest bar fills its room, a bar of half its count is half as long, none is drawn for nothing."""
    drawn = bars([("a", 100), ("b", 50)], "title")
    widths = [float(width) for width in re.findall(r'width="([\d.]+)"', drawn)]
    assert widths[0] == pytest.approx(2 * widths[1])
    assert bars([], "title") == ""
    assert columns([("0", 0)], "title") == ""
    assert stacked((), {}, "title") == ""


def test_stacked_months_reach_the_total() -> None:
    """Parts of a month stand on each other."""
    drawn = stacked(("2025-01", "2025-02"), {"x": (1, 2), "tiktok": (3, 0)}, "t")
    heights = [float(h) for h in re.findall(r'height="([\d.]+)"><title>', drawn)]

    assert len(heights) == 3
    assert sum(heights[:2]) == pytest.approx(2 * heights[2])
    assert "2025-01: 3" in drawn


def many(folder: Path) -> Statistics:
    """Return the figures of a release over some months, with a host in Arabic letters."""
    rows = [
        document(
            n,
            site="مدونة.example" if n % 3 else "example.org",
            published_at=datetime(2025, 1 + n % 5, 3, tzinfo=UTC),
        )
        for n in range(30)
    ]
    release_folder(folder / "release", rows)
    return card_input(folder).statistics


def test_plots_are_pictures_with_the_same_bytes_every_time(tmp_path: Path) -> None:
    """PNG without a date or the name of a program."""
    statistics = many(tmp_path)
    first, second = draw(statistics), draw(statistics)

    assert first == second
    assert set(first) == {"months", "sources", "lengths"}
    for content in first.values():
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        width, height = struct.unpack(">II", content[16:24])
        assert (width, height) > (900, 200)
        assert not {b"tEXt", b"tIME", b"iTXt"} & set(re.findall(rb"tEXt|tIME|iTXt", content))


def test_every_sign_of_the_labels_is_in_the_font(tmp_path: Path) -> None:
    """A missing glyph would warn, and a warning is an error here; Arabic comes out joined, not as boxes."""
    assert draw(many(tmp_path))


def test_plots_of_nothing_are_left_out(tmp_path: Path) -> None:
    """No empty axes."""
    assert draw(Statistics(())) == {}


def test_plots_come_into_a_release_only_where_asked_for(tmp_path: Path) -> None:
    """Else a release would depend on what is installed."""
    given = card_input(tmp_path)
    assert write_companions(tmp_path / "release", given) == ("README.md", "croissant.json", "report.html")

    asked = card_input(tmp_path, RECIPE + "\n[release]\nplots = true")
    names = write_companions(tmp_path / "release", asked)

    pictures = [name for name in names if name.endswith(".png")]
    assert pictures == ["plots/months.png", "plots/sources.png", "plots/lengths.png"]
    card = (tmp_path / "release" / "README.md").read_text(encoding="utf-8")
    assert "![Documents over time by platform](plots/months.png)" in card


def test_a_missing_extra_is_told_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without hiwar[plots] the recipe's wish is refused, not ignored."""
    monkeypatch.setitem(sys.modules, "fontpkg_noto_sans_arabic", None)
    with pytest.raises(UsageError, match="fontpkg_noto_sans_arabic") as caught:
        draw(many(tmp_path))
    assert "hiwar[plots]" in caught.value.what_next


def test_an_old_matplotlib_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before 3.11 Arabic would stand the wrong way round."""
    monkeypatch.setattr("matplotlib.__version__", "3.10.8")
    with pytest.raises(UsageError, match="wrong direction"):
        draw(many(tmp_path))
