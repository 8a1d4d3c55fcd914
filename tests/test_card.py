"""The dataset card: complete, true to the data, and deaf to what pages put into their titles."""

from __future__ import annotations

from pathlib import Path

from card_samples import card_input

from builder.release.card import read_head, render_card


def test_every_section_is_filled_and_no_placeholder_is_left(tmp_path: Path) -> None:
    """A card has no gap a reader would stumble on."""
    text = render_card(card_input(tmp_path))

    assert "$" not in text
    assert "More Information Needed" not in text
    assert read_head(text)["license"] == "odc-by"
