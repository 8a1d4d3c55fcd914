"""Many datasets at once: each gets a verified new release or stays as it was."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from archivekit import add_archive, article, dataset
from releasekit import NOW
from warcmaker import write

from builder.cli import main
from builder.pipeline import build
from builder.recipe import load_recipe
from builder.regenerate import Regenerated, Regeneration, regenerate
from builder.release.manifest import read_manifest, releases_in


def names(folder: Path) -> list[str]:
    """Return the versions of a dataset."""
    return [path.name for path in releases_in(folder / "releases")]


def test_a_first_release_nothing_more_and_another_recipe(tmp_path: Path) -> None:
    """New, the same, new again, a patch: with versions, counts and reasons."""
    folder = dataset(tmp_path / "a", range(4))
    (first,) = regenerate([folder], now=NOW).datasets
    assert (first.outcome, first.before, first.after, first.added) == ("new", None, "1.0.0", 4)
    (second,) = regenerate([folder / "dataset.toml"], now=NOW).datasets
    assert (second.outcome, second.before, second.after) == ("same", "1.0.0", "1.0.0")
    add_archive(folder, "b", range(4, 6))
    (third,) = regenerate([folder], now=NOW).datasets
    assert (third.outcome, third.before, third.after, third.added) == ("new", "1.0.0", "1.1.0", 2)
    dataset(folder, range(4), name="renamed")
    (fourth,) = regenerate([folder], now=NOW).datasets
    assert (fourth.name, fourth.outcome, fourth.after) == ("renamed", "new", "1.1.1")
    assert fourth.why == "the recipe changed."
    (folder / "card.md").write_text(
        "<!-- hiwar:begin uses -->\nمقرر\n<!-- hiwar:end uses -->\n", encoding="utf-8"
    )
    (fifth,) = regenerate([folder], now=NOW).datasets
    assert (fifth.after, fifth.why) == ("1.1.2", "what describes the records changed.")
    assert third.why == "records came or went."
    assert names(folder) == ["1.0.0", "1.1.0", "1.1.1", "1.1.2"]


def test_why_names_the_columns_that_changed_most(tmp_path: Path) -> None:
    """Three of them, the one that changed in most records first."""
    folder = dataset(tmp_path, range(4))
    regenerate([folder], now=NOW)
    other = [article(0, title="عنوان آخر"), *(article(n, day=f"2024-05-0{n}") for n in (1, 2, 3))]
    write(folder / "pages" / "a.warc.gz", other)
    (one,) = regenerate([folder], now=NOW).datasets
    assert (one.before, one.after, one.changed) == ("1.0.0", "2.0.0", 4)
    columns = [part.split(" ") for part in one.why.removesuffix(".").split("; ")]
    assert [(words[0][:9], words[-1]) for words in columns] == [("published", "3")] * 3


def test_one_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    """A gate, a missing recipe and a good dataset: three answers, the worst exit code, no release lost."""
    gated = dataset(tmp_path / "gated", range(3), extra="[release]\ngate_min = { 'rows.documents' = 50 }\n")
    good = dataset(tmp_path / "good", range(3))
    result = regenerate([gated, tmp_path / "none", good], now=NOW)
    assert [one.outcome for one in result.datasets] == ["failed", "failed", "new"]
    assert [one.exit_code for one in result.datasets] == [1, 2, 0]
    assert "rows.documents is 3, below 50" in result.datasets[0].why
    assert result.exit_code == 2
    assert (names(gated), names(good)) == ([], ["1.0.0"])


def test_a_build_by_hand_after_a_failure_is_nothing_new(tmp_path: Path) -> None:
    """A gate stopped the first try; what was built since is not told as this command's."""
    folder = dataset(tmp_path, range(3), extra="[release]\ngate_min = { 'rows.documents' = 50 }\n")
    assert regenerate([folder], now=NOW).exit_code == 1
    dataset(folder, range(3))
    build(load_recipe(folder), now=NOW)
    (one,) = regenerate([folder], now=NOW).datasets
    assert (one.outcome, one.before, one.after, one.added) == ("same", "1.0.0", "1.0.0", 0)


def test_a_disk_that_refuses_one_does_not_stop_the_others(tmp_path: Path) -> None:
    """Of three datasets the second cannot write its cache: it fails with the path, the third is built."""
    folders = [dataset(tmp_path / name, range(2)) for name in ("a", "b", "c")]
    (folders[1] / "cache").write_text("a file where a folder belongs", encoding="utf-8")
    result = regenerate(folders, now=NOW)
    assert [one.outcome for one in result.datasets] == ["new", "failed", "new"]
    assert result.datasets[1].exit_code == 3
    assert str(folders[1] / "cache") in result.datasets[1].why
    assert [names(folder) for folder in folders] == [["1.0.0"], [], ["1.0.0"]]


def test_a_release_that_does_not_verify_is_set_aside(tmp_path: Path) -> None:
    """A card by hand with a gap fails the check: the new release is not the newest, the old one is untouched."""
    folder = dataset(tmp_path / "a", range(4))
    regenerate([folder], now=NOW)
    before = read_manifest(folder / "releases/1.0.0")
    (folder / "card.md").write_text(
        "<!-- hiwar:begin uses -->\n[More Information Needed]\n<!-- hiwar:end uses -->\n", encoding="utf-8"
    )
    (result,) = regenerate([folder], now=NOW).datasets
    assert (result.outcome, result.exit_code, result.after) == ("failed", 1, "1.0.0")
    assert "card" in result.why
    assert names(folder) == ["1.0.0"]
    assert read_manifest(folder / "releases/1.0.0") == before
    report = json.loads((folder / "releases/failed/verify.json").read_text(encoding="utf-8"))
    assert [check["name"] for check in report["checks"] if not check["ok"]] == ["card"]
    (again,) = regenerate([folder], now=NOW).datasets
    assert (again.outcome, again.why) == ("failed", result.why), "one that was set aside makes room"
    (folder / "card.md").unlink()
    assert regenerate([folder], now=NOW).datasets[0].outcome == "same"


@pytest.mark.parametrize("damaged", [False, True])
def test_a_release_whose_verification_was_cut_is_verified_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damaged: bool
) -> None:
    """A run that is killed between building and verifying leaves no release that passes for a verified one."""
    folder = dataset(tmp_path / "a", range(2))

    def killed(_: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("builder.regenerate.verify", killed)
        with pytest.raises(KeyboardInterrupt):
            regenerate([folder], now=NOW)
    assert names(folder) == ["1.0.0"]
    if damaged:
        (folder / "releases/1.0.0/CHANGELOG.md").write_text("x", encoding="utf-8")
    (result,) = regenerate([folder], now=NOW).datasets
    if damaged:
        assert (result.outcome, result.after, names(folder)) == ("failed", None, [])
        return
    assert (result.outcome, result.before, result.after, result.added) == ("new", None, "1.0.0", 2)
    assert regenerate([folder], now=NOW).datasets[0].outcome == "same"


def test_the_table_is_json_and_its_exit_code_the_worst() -> None:
    """For cron and CI: 0 only when each dataset has a verified release."""
    table = Regeneration((Regenerated("a", "a", "same"), Regenerated("b", "b", "failed", exit_code=3)))
    assert json.loads(json.dumps(table.as_dict()))["exit_code"] == 3
    assert Regeneration(()).exit_code == 0


EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.mark.parametrize("name", ["crontab", "github-actions.yml"])
def test_the_examples_call_commands_that_exist(name: str) -> None:
    """Every `hiwar` command of the examples has that name and those options."""
    text = re.sub(r"#.*", "", (EXAMPLES / name).read_text(encoding="utf-8"))
    calls = re.findall(r"(?:\bhiwar|\$HIWAR) ([a-z-]+)([^|;\n]*)", text)
    assert "regenerate" in {command for command, _ in calls}
    for command, rest in calls:
        known = {option for parameter in main.commands[command].params for option in parameter.opts}
        assert set(re.findall(r" (--?[a-z]+[a-z-]*)\b", rest)) <= known


def test_the_workflow_is_yaml() -> None:
    """GitHub Actions reads it: a timer, one job, steps that are commands or actions."""
    data = yaml.safe_load((EXAMPLES / "github-actions.yml").read_text(encoding="utf-8"))
    steps = data["jobs"]["regenerate"]["steps"]
    assert all(("run" in step) != ("uses" in step) for step in steps)
    assert data["permissions"] == {"contents": "read"}
