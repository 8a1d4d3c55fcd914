"""The documents keep their word: links lead somewhere, examples are recipes, commands exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from builder.cli import main
from builder.recipe import RecipeModel

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s$]+)")
COMMAND = re.compile(r"^(?:\$ )?hiwar ([a-z-]+)", re.MULTILINE)
OPTION = re.compile(r"hiwar ([a-z-]+)[^`\n|]*?(--[a-z-]+)")
TOML = re.compile(r"```toml\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    """Every relative link names a file that is there."""
    links = LINK.findall(path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_and_options_exist(path: Path) -> None:
    """What a document tells people to type is there to be typed."""
    text = path.read_text(encoding="utf-8")
    assert sorted({name for name in COMMAND.findall(text) if name not in main.commands}) == []
    known = {
        name: {option for parameter in command.params for option in parameter.opts} | {"--help", "--version"}
        for name, command in main.commands.items()
    }
    told = {(name, option) for name, option in OPTION.findall(text) if name in known}
    assert sorted((name, option) for name, option in told if option not in known[name]) == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_pieces_of_recipes_have_known_keys(path: Path) -> None:
    """A TOML block in the docs is a recipe or a part of one."""
    for block in TOML.findall(path.read_text(encoding="utf-8")):
        assert set(tomllib.loads(block)) <= set(RecipeModel.model_fields), block
