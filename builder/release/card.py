"""The dataset card: README.md with a complete YAML head, every section filled from data or recipe.

The prose lies in dataset_card.md at the top of the source tree; cardtext.py fills its $placeholders. A
placeholder without a value is an error, never a gap in a published card. Text that people write between
`<!-- hiwar:begin NAME -->` and `<!-- hiwar:end NAME -->` is taken over into the next card as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from string import Template

import yaml

from builder.errors import CheckFailed
from builder.recipe import Recipe
from builder.release import cardtext
from builder.release.cardinput import CardInput, VersionLine
from builder.release.hublists import problems, size_category
from builder.release.markdown import one_line
from builder.schema import shipped

__all__ = [
    "CardInput",
    "VersionLine",
    "addressed",
    "head",
    "head_and_text",
    "kept_text",
    "outside_kept",
    "read_head",
    "render_card",
    "sections",
    "with_kept",
    "without_kept",
]

BEGIN = "<!-- hiwar:begin {} -->"
END = "<!-- hiwar:end {} -->"
MARKS = re.compile(r"<!-- hiwar:(begin|end) ([a-z_]+) -->")
"""A marker of a section that people write: which side, and the section's name."""
_KEPT = re.compile(r"<!-- hiwar:begin ([a-z_]+) -->\n(.*?)<!-- hiwar:end \1 -->", re.DOTALL)
_HEAD = re.compile(r"\A---\n(.*?\n)---\n", re.DOTALL)


def render_card(given: CardInput) -> str:
    """Return the text of README.md.

    Raises CheckFailed when the head holds a value the Hub would refuse, naming each.
    """
    data = head(given)
    wrong = problems(data)
    if wrong:
        raise CheckFailed(
            "; ".join(wrong),
            where=f"{given.recipe.path}: the card's head",
            what_next="Correct [dataset] or [release] in the recipe.",
        )
    values = {"yaml_head": _yaml(data), **cardtext.sections(given)}
    template = Template(shipped("dataset_card.md").read_text(encoding="utf-8"))
    text = template.substitute(values)
    repo_id = given.recipe.model.dataset.repo_id
    text = addressed(text, given.version, repo_id) if repo_id else text
    return with_kept(text, kept_text(given.handwritten or ""))


def head(given: CardInput) -> dict[str, object]:
    """Return the card's YAML head as plain values, in the order in which it is written."""
    block = given.recipe.model.dataset
    records = sum(table.rows for table in given.statistics.tables)
    licence: dict[str, object] = {"license": block.licence}
    if block.licence == "other":
        licence["license_name"] = one_line(block.licence_name or "see-the-card")
    if block.licence_link:
        licence["license_link"] = one_line(block.licence_link)
    sources = [
        f"{source.name}: {one_line(source.block.licence or 'not stated')}" for source in given.recipe.sources
    ]
    licence["license_details"] = "; ".join(sources)
    return {
        "pretty_name": one_line(block.pretty_name or block.name),
        "language": ["ar"],
        **licence,
        "multilinguality": ["monolingual"],
        "size_categories": [size_category(records)],
        "source_datasets": ["original"],
        "annotations_creators": ["machine-generated"],
        "language_creators": ["found"],
        "task_categories": ["text-generation", "fill-mask", "text-classification", "text-retrieval"],
        "task_ids": ["language-modeling", "masked-language-modeling", "topic-classification"],
        "tags": _tags(given),
        **_gate(given.recipe),
        "configs": _configs(given),
        "dataset_info": _dataset_info(given),
    }


def _tags(given: CardInput) -> list[str]:
    own = ["arabic", "discourse", "social-media", "web", "hiwar", "croissant"]
    return list(dict.fromkeys([*own, *(one_line(tag) for tag in given.recipe.model.release.extra_tags)]))


def _gate(recipe: Recipe) -> dict[str, object]:
    """Return the fields that make the Hub ask for consent before access."""
    if recipe.model.release.gated is None:
        return {}
    return {
        "extra_gated_prompt": (
            "This dataset holds texts that people signed with their names. Whoever downloads it agrees not to "
            "identify commenters, not to infer sensitive traits of a person, and to delete what later versions "
            "remove."
        ),
        "extra_gated_fields": {
            "Name": "text",
            "Affiliation": "text",
            "Purpose": "text",
            "I agree to these terms": "checkbox",
        },
    }


def _configs(given: CardInput) -> list[dict[str, object]]:
    entries = []
    for table in given.statistics.tables:
        files = [
            {"split": split, "path": f"data/{table.name}/{split}-*.parquet"} for split, _, _ in table.splits
        ]
        if not files:
            continue  # a config without files stops load_dataset for all the others
        first: dict[str, object] = {"config_name": table.name, "version": given.version}
        default = {"default": True} if table.name == "documents" else {}
        entries.append({**first, **default, "data_files": files})
    return entries


def _dataset_info(given: CardInput) -> list[dict[str, object]]:
    """Return each config's features.

    Counts of examples are left out on purpose: with them, `load_dataset(..., filters=...)` stops with
    NonMatchingSplitsSizesError (datasets 5.2). They stand in the card's tables and in manifest.json.
    """
    present = {table.name for table in given.statistics.tables if table.splits}
    return [
        {"config_name": schema.name, "features": schema.features()}
        for schema in given.schemas
        if schema.name in present
    ]


class _Dumper(yaml.SafeDumper):
    """SafeDumper without anchors: the Hub's reader and people prefer repetition."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        """Return True: nothing is written as a reference."""
        return True


def _yaml(data: Mapping[str, object]) -> str:
    return yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1_000_000)


def read_head(card: str) -> dict[str, object]:
    """Return the YAML head of a card as plain values.

    Raises CheckFailed when the card does not begin with one.
    """
    match = _HEAD.match(card)
    try:
        data = yaml.safe_load(match[1]) if match else None
    except (yaml.YAMLError, RecursionError) as error:
        what = " ".join(str(error).split())
        raise CheckFailed(f"the card's head is no YAML: {what}", where="README.md") from error
    if not isinstance(data, dict):
        raise CheckFailed("the card does not begin with a YAML head", where="README.md")
    return data


def head_and_text(card: str) -> tuple[dict[str, object], str]:
    """Return the head of a card and what stands below it outside the markers; a card without a head has an empty one.

    Raises CheckFailed when the head is no YAML.
    """
    card = card.removeprefix("\ufeff").replace("\r\n", "\n")
    match = _HEAD.match(card)
    return (read_head(card), _KEPT.sub("", card[match.end() :])) if match else ({}, _KEPT.sub("", card))


def kept_text(card: str) -> dict[str, str]:
    """Return what people wrote between the markers of an earlier card, by the marker's name."""
    return {name: text for name, text in _KEPT.findall(card.replace("\r\n", "\n")) if text.strip()}


def sections(card: str) -> list[str]:
    """Return the names of the sections whose markers stand in pairs, in their order."""
    return [name for name, _ in _KEPT.findall(card.replace("\r\n", "\n"))]


def outside_kept(card: str, instead: Callable[[re.Match[str]], str]) -> str:
    """Return what stands outside the markers that stand in pairs, and what `instead` gives for each pair."""
    return _KEPT.sub(instead, card.replace("\r\n", "\n"))


def without_kept(card: str) -> str:
    """Return a card with nothing between its markers: what `verify` compares, so that people may write there."""
    return outside_kept(card, lambda match: f"{BEGIN.format(match[1])}\n{END.format(match[1])}")


def with_kept(card: str, kept: Mapping[str, str]) -> str:
    """Return a card with `kept` between its markers, where nothing stands between them yet.

    Text whose marker the card does not have goes to its end.
    """
    left = dict(kept)

    def fill(match: re.Match[str]) -> str:
        text = left.pop(match[1], "")
        if match[2].strip():
            return match[0]
        return f"{BEGIN.format(match[1])}\n{text}{END.format(match[1])}"

    card = _KEPT.sub(fill, card)
    lost = [f"\n{BEGIN.format(name)}\n{text}{END.format(name)}\n" for name, text in left.items()]
    return card + "".join(lost)  # a section this template no longer has: its text moves to the end


def addressed(card: str, version: str, repo_id: str) -> str:
    """Return a card whose loading examples name a Hub repository and its tag in place of the local folder."""
    local = re.compile(rf'load_dataset\((\s*)"releases/{re.escape(version)}", ("\w+")')
    return local.sub(rf'load_dataset(\1"{repo_id}", \2, revision="v{version}"', card)
