"""What a dataset is about: its card, report and Croissant speak of platforms only where the lexicon does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from card_samples import RECIPE, card_input
from releasekit import document, recipe_in, release_of

from builder.errors import RecipeError
from builder.recipe import load_recipe
from builder.release.card import render_card
from builder.release.croissant import render_croissant
from builder.release.report import render_report
from builder.release.topic import PLATFORMS, topic_of

OWN = '\n[lexicon]\nfile = "football.json"\n'
CLUBS = ("Al Ahly", "Zamalek", "Al Hilal", "Wydad", "Raja", "Espérance")


def football(folder: Path, clubs: tuple[str, ...] = CLUBS, name: str = "football") -> None:
    """Write a lexicon of football clubs into a folder."""
    entities = [
        {"id": f"club{number}", "name": {"en": club}, "long": [club]} for number, club in enumerate(clubs)
    ]
    folder.mkdir(exist_ok=True)
    text = json.dumps({"name": name, "version": 1, "entities": entities}, ensure_ascii=False)
    (folder / "football.json").write_text(text, encoding="utf-8")


def test_a_lexicon_of_its_own_gives_no_card_about_platforms(tmp_path: Path) -> None:
    """The card names the lexicon's subjects; "platform" is left in names of columns and of what was posted where."""
    football(tmp_path)
    given = card_input(tmp_path, RECIPE.replace("خطاب المنصات", "خطاب الكرة") + OWN)
    card = render_card(given)

    names = "Al Ahly, Zamalek, Al Hilal, Wydad and 2 more of the subjects of the lexicon football"
    assert f"by readers about {names}, from" in card
    assert f"What people write in Arabic about {names}" in card
    assert "موضوعات المعجم" in card
    assert "المنص" not in card
    assert "| About subject |" in card
    assert "in this dataset they hold the subjects of the lexicon football" in card
    prose = card.split("\n---\n", 1)[1].split("<details>")[0] + card.split("</details>")[-1]
    said = re.findall(r"[^.|\n]*platform[^.|\n]*", re.sub(r"`[^`]*`", "", prose), re.IGNORECASE)
    told = (
        "Records by source, platform, year",
        "posted on platforms",
        "closed platforms",
        "speak of platforms",
    )
    assert [line for line in said if not any(words in line for words in told)] == []


def test_report_and_croissant_say_the_same(tmp_path: Path) -> None:
    """What machines and people read beside the card is about the same subjects."""
    football(tmp_path, CLUBS[:2])
    given = card_input(tmp_path, RECIPE + OWN)
    described = json.loads(render_croissant(given))

    assert "about Al Ahly and Zamalek (the subjects of the lexicon football)" in described["description"]
    assert described["keywords"][2] == "football"
    assert "digital platforms" not in json.dumps(described)
    assert "Subjects the texts are about" in render_report(given)


def test_the_lexicon_that_ships_keeps_its_words(tmp_path: Path) -> None:
    """Platforms are what a recipe without a lexicon of its own is about, with entries of its own too."""
    more = '\n[[platform]]\nid = "koo"\nname = "Koo"\nlong = ["كو آب"]\n'
    given = card_input(tmp_path, RECIPE + more)
    assert topic_of(given.recipe) == PLATFORMS
    assert "What people write in Arabic about digital platforms (articles," in render_card(given)
    assert not re.search(r"{[a-z_]+}", render_card(given))


@pytest.mark.parametrize(
    ("clubs", "about"), [((), "the subjects of"), (("Raja",), r"Raja \(the subjects of")]
)
def test_few_subjects_are_all_named(tmp_path: Path, clubs: tuple[str, ...], about: str) -> None:
    """One name stands alone; a lexicon of concepts only is named by its own name."""
    football(tmp_path, clubs)
    assert re.match(about, topic_of(card_input(tmp_path, RECIPE + OWN).recipe).about)


def test_names_of_a_lexicon_cannot_write_into_the_card(tmp_path: Path) -> None:
    """Markup in a name is shown as it stands."""
    football(tmp_path, ("<b>Ahly</b> {x} | y",))
    assert "<b>" not in (card := render_card(card_input(tmp_path, RECIPE + OWN)))
    assert "&#60;b&#62;Ahly" in card


def test_another_name_of_the_lexicon_makes_another_card(tmp_path: Path) -> None:
    """The records are the same, what describes them changed: a patch, once."""
    football(tmp_path)
    path = recipe_in(tmp_path).path
    path.write_text(path.read_text(encoding="utf-8") + OWN, encoding="utf-8")
    rows = [document(number) for number in range(3)]
    versions = []
    for name in ("football", "clubs", "clubs"):
        football(tmp_path, name=name)
        release = release_of(load_recipe(path), rows)
        versions.append((release.version, release.fresh))
    assert versions == [("1.0.0", True), ("1.0.1", True), ("1.0.1", False)]
    assert "lexicon clubs" in (release.path / "README.md").read_text(encoding="utf-8")
    (tmp_path / "football.json").unlink()
    with pytest.raises(RecipeError, match="the lexicon cannot be read"):
        release_of(load_recipe(path), rows)
