"""A history as datasets have it: five builds, each published, each loaded back by its tag after all of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_server import HubServer
from huggingface_hub import constants
from releasekit import NOW, comment, document, recipe_in, words, write_rows

from builder import schema, takedown
from builder.hub import publish
from builder.recipe import Recipe
from builder.release import Release, ReleaseInput, write_release
from builder.schema import Row
from builder.verify import verify_published

# The client itself sends large files in a way its HTTP library no longer likes.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

REPO = "me/history"
NEW_COLUMN = {
    "name": "reading_minutes",
    "type": "int32",
    "nullable": True,
    "unit": "minutes",
    "doc": "Time to read.",
}


@pytest.fixture
def two_schemas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Ship a second schema version, from a folder of the test's own; it is put there when the test says so."""
    real, folder = schema.shipped("schemas"), tmp_path / "shipped"
    folder.mkdir()
    for path in real.glob("*.json"):
        (folder / path.name).write_bytes(path.read_bytes())

    def shipped(name: str) -> Path:
        return folder if name == "schemas" else real.parent / name

    for module in [module for name, module in sys.modules.items() if name.startswith("builder.")]:
        if hasattr(module, "shipped"):
            monkeypatch.setattr(module, "shipped", shipped)
    schema.load_schema.cache_clear()
    yield folder
    schema.load_schema.cache_clear()


def build(recipe: Recipe, rows: list[Row], version: int = 1) -> Release:
    """Make a release of document rows, and of one comment under the first of them."""
    parts = recipe.folder / "cache"
    comments = [comment(0, rows[0])]
    given = ReleaseInput(
        recipe,
        (write_rows(parts / "documents.parquet", "documents", rows, version),),
        (write_rows(parts / "comments.parquet", "comments", comments),),
        NOW,
    )
    return write_release(given)


def test_a_history_of_versions_comes_back_whole(
    tmp_path: Path, two_schemas: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First, append, edit, takedown, a new column, no change: tags, bytes sent, and every version as it was."""
    monkeypatch.setenv("HF_TOKEN", "hf_x")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    recipe = recipe_in(tmp_path)
    rows = [document(number) for number in range(40)]
    history: dict[str, Path] = {}
    sent: dict[str, int] = {}
    with HubServer() as hub:

        def put(release: Release) -> bool:
            start = len(hub.seen)
            result = publish(release.path, REPO, endpoint=hub.url, load_back=False)
            history[result.tag] = release.path
            sent[result.tag] = hub.uploaded(start)
            return result.already

        put(build(recipe, rows))
        put(build(recipe, [*rows, document(40), document(41)]))
        rows += [document(40), document(41)]
        rows[5] = document(5, text=words(999, 60))
        put(build(recipe, rows))
        takedown.add(tmp_path, str(rows[20]["id"]), "asked by the author", now=NOW, kind="id")
        put(build(recipe, rows))
        columns = json.loads((two_schemas / "documents.v1.json").read_text(encoding="utf-8"))
        columns |= {"version": 2, "fields": [*columns["fields"], NEW_COLUMN]}
        (two_schemas / "documents.v2.json").write_text(json.dumps(columns), encoding="utf-8")
        last = build(recipe, [{**row, "reading_minutes": 1} for row in rows], version=2)
        put(last)

        again = build(recipe, [{**row, "reading_minutes": 1} for row in rows], version=2)
        assert again.path == last.path
        assert put(again)

        assert list(history) == ["v1.0.0", "v1.1.0", "v2.0.0", "v3.0.0", "v3.1.0"]
        assert sent["v1.1.0"] < sent["v1.0.0"] / 2
        assert sent["v3.1.0"] == 0  # the second time
        assert loaded_back(hub, history) == []
        assert str(rows[20]["id"]) in (history["v3.0.0"] / "removed.jsonl").read_text(encoding="utf-8")


def loaded_back(hub: HubServer, history: dict[str, Path]) -> list[str]:
    """Load every tag with `datasets` in one process of its own and return what differs from the manifests."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom builder.release.manifest import read_manifest\n"
        "from builder.verify import published_problems\n"
        "for tag, path in zip(sys.argv[2::2], sys.argv[3::2]):\n"
        "    print(tag, *published_problems(read_manifest(Path(path)), sys.argv[1], tag))\n"
    )
    arguments = [part for tag, path in history.items() for part in (tag, str(path))]
    env = {
        **os.environ,
        "HF_ENDPOINT": hub.url,
        "HF_HUB_CACHE": str(next(iter(history.values())).parent / ".cache"),
    }
    env["PYTHONPATH"] = str(Path(__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", code, REPO, *arguments], env=env, capture_output=True, text=True, check=False
    )
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(history), done.stderr
    return [line for line in done.stdout.splitlines() if len(line.split()) > 1]


def test_a_version_that_is_not_there_is_a_failed_check(tmp_path: Path) -> None:
    """Loading by a tag nobody made is answered with the client's own words, not with a crash."""
    release = build(recipe_in(tmp_path), [document(1)])
    with HubServer() as hub:
        check = verify_published(release.path, REPO, "v9.9.9", endpoint=hub.url)

    assert not check.ok
    assert REPO in check.detail
