"""The published schemas and what is derived from them."""

from __future__ import annotations

import datetime as dt
import json

import pyarrow as pa
import pytest

from builder.errors import SchemaError
from builder.schema import Field, Schema, load_schema, shipped, versions

TABLES = ["documents", "comments"]


@pytest.mark.parametrize("table", TABLES)
def test_features_of_the_card_are_those_of_the_arrow_schema(table: str) -> None:
    """What the card declares is what `datasets` reads from the files."""
    from datasets import Features

    schema = load_schema(table)
    assert schema.features() == Features.from_arrow_schema(schema.arrow())._to_yaml_list()


def walk(fields: tuple[Field, ...]) -> list[Field]:
    """Return fields and the parts of structs."""
    return [inner for field in fields for inner in (field, *walk(field.fields))]


@pytest.mark.parametrize("table", TABLES)
def test_every_column_says_what_it_means_and_in_which_unit(table: str) -> None:
    """Each column has a meaning; each number and time a unit."""
    for field in walk(load_schema(table).fields):
        assert field.doc.endswith("."), field.name
        if field.type in ("int32", "int64", "float32", "timestamp"):
            assert field.unit or field.name == "as_of", field.name


def test_an_unknown_version_names_the_known_ones() -> None:
    """The error lists what there is."""
    with pytest.raises(SchemaError, match=r"versions \[1"):
        load_schema("documents", 99)


def small() -> Schema:
    """A table of two columns."""
    columns = (
        Field("id", "string", nullable=False, doc="Id."),
        Field("at", "timestamp", nullable=True, doc="When."),
    )
    return Schema("small", 1, "A table.", columns)


def test_rows_become_a_table_of_exactly_the_schema() -> None:
    """Names, order and types are the schema's."""
    now = dt.datetime(2025, 1, 6, 0, 14, tzinfo=dt.UTC)
    table = small().table([{"at": now, "id": "a"}, {"id": "b", "at": None}])
    assert table.schema == pa.schema([("id", pa.string()), ("at", pa.timestamp("us", tz="UTC"))])
    assert table.to_pylist()[0] == {"id": "a", "at": now}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": "a"}, r"missing \['at'\]"),
        ({"id": "a", "at": None, "by": 1}, r"unknown \['by'\]"),
        ({"id": None, "at": None}, r"null \['id'\]"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(row: dict[str, object], message: str) -> None:
    """The error names the columns."""
    with pytest.raises(SchemaError, match=message):
        small().table([row])


def test_the_recipe_schema_on_disk_is_that_of_the_models() -> None:
    """schemas/recipe.v1.json is what the models say; `python -m builder.recipe` writes it anew."""
    from builder.recipe import json_schema

    on_disk = json.loads((shipped("schemas") / "recipe.v1.json").read_text(encoding="utf-8"))
    assert on_disk == json_schema()


def test_versions_are_found_by_their_files() -> None:
    """Version 1 is there for both tables."""
    assert [versions(table)[0] for table in TABLES] == [1, 1]
