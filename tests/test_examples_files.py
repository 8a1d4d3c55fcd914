"""The example recipes over local files build as they stand, and the form of the archive makes no difference."""

from __future__ import annotations

import runpy
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from apis import serving

from builder.archive.read import name_of
from builder.crawl import crawl
from builder.pipeline import build
from builder.recipe import load_recipe

EXAMPLES = Path(__file__).parent.parent / "examples"
SERVE = runpy.run_path(str(EXAMPLES / "serve.py"))
WRITTEN_ELSEWHERE = shutil.ignore_patterns("archive", "cache", "private", "releases")


def built(kind: str, folder: Path) -> dict[str, list[dict[str, object]]]:
    """Build a copy of an example; return the rows of its release by table."""
    shutil.copytree(EXAMPLES / kind, folder, ignore=WRITTEN_ELSEWHERE)
    release = build(load_recipe(folder), now=datetime(2026, 2, 1, tzinfo=UTC)).release
    assert release is not None
    return {table: pq.read_table(release / "data" / table).to_pylist() for table in ("documents", "comments")}


@pytest.fixture(scope="module")
def of_warc(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, object]]]:
    """The rows of the WARC example."""
    return built("warc", tmp_path_factory.mktemp("examples") / "warc")


@pytest.mark.parametrize("kind", ["wacz", "html"])
def test_the_form_of_an_archive_makes_no_difference(
    kind: str, of_warc: dict[str, list[dict[str, object]]], tmp_path: Path
) -> None:
    """The same pages as WARC file, as WACZ package and as saved files give the same texts and comments."""
    found = built(kind, tmp_path / kind)
    for table in ("documents", "comments"):
        columns = ("id", "url", "text", "published_at")
        mine = [{name: row[name] for name in columns} for row in found[table]]
        assert mine == [{name: row[name] for name in columns} for row in of_warc[table]]
    assert len(found["documents"]) > 10


def test_a_row_of_a_release_leads_back_to_its_bytes(
    tmp_path: Path,
) -> None:
    """Own name and offset of a WACZ row point at a gzip member in the package itself."""
    row = built("wacz", tmp_path / "wacz")["documents"][0]
    place = row["provenance"]
    assert isinstance(place, dict)
    files = {name_of(path): path for path in (EXAMPLES / "wacz" / "recorded").iterdir()}
    package = files[place["warc_file"]].read_bytes()
    assert package[place["warc_offset"] :].startswith(b"\x1f\x8b\x08")


def test_the_import_example_publishes_no_text_of_the_platform(tmp_path: Path) -> None:
    """TikTok rows are ids and computed columns, the forum's rows have their text; terms travel with both."""
    rows = built("import", tmp_path / "import")
    by_source: dict[object, list[dict[str, object]]] = {}
    for row in (*rows["documents"], *rows["comments"]):
        by_source.setdefault(row["source"], []).append(row)
    assert by_source["tiktok"]
    assert not any(row["text"] for row in by_source["tiktok"])
    assert all(row["text"] for row in by_source["forum"])
    for row in (*by_source["tiktok"], *by_source["forum"]):
        rights = row["rights"]
        assert isinstance(rights, dict)
        assert rights["terms"]


@pytest.mark.parametrize("kind", ["mastodon", "atproto"])
def test_a_served_example_gives_each_post_once(kind: str, tmp_path: Path) -> None:
    """What the script serves can be crawled as the recipe stands, and no post is another's copy."""
    shutil.copytree(EXAMPLES / kind, tmp_path / kind, ignore=WRITTEN_ELSEWHERE)
    path = tmp_path / kind / "dataset.toml"
    written = path.read_text(encoding="utf-8")
    with serving(SERVE[kind]()) as base:
        path.write_text(written.replace(f"http://127.0.0.1:{SERVE['PORTS'][kind]}", base), encoding="utf-8")
        crawl(load_recipe(path))
        result = build(load_recipe(path), now=datetime(2026, 2, 1, tzinfo=UTC))
    assert result.rows["documents"] == len(SERVE["SPEECHES"])
