"""The examples of docs/scaling.md are what their tools read, and its plan follows from its own figures."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

TEXT = (Path(__file__).parent.parent / "docs" / "scaling.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the code blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("script", blocks("sh"))
def test_scripts_are_scripts(script: str) -> None:
    """The shell takes every script as it stands."""
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_slurm_script_begins_with_its_wishes() -> None:
    """sbatch wants a first line that names a shell, and passes over a wish behind the first command."""
    (script,) = (script for script in blocks("sh") if "#SBATCH" in script)
    lines = script.splitlines()
    wishes = [place for place, line in enumerate(lines) if line.startswith("#SBATCH --")]
    assert lines[0].startswith("#!/")
    assert wishes == list(range(1, len(wishes) + 1))


def pods(job: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the specifications of a job's pods."""
    if job["kind"] == "Job":
        return [job["spec"]["template"]["spec"]]
    cluster = job["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    return [group["template"]["spec"] for group in groups]


@pytest.mark.parametrize("text", blocks("yaml"))
def test_jobs_of_kubernetes_are_whole(text: str) -> None:
    """Each is YAML, of a kind that is known, and what its pods mount is a volume they have."""
    job = yaml.safe_load(text)
    assert (job["apiVersion"], job["kind"]) in {("batch/v1", "Job"), ("ray.io/v1", "RayJob")}
    for pod in pods(job):
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in pod["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
    assert job["kind"] == "Job" or job["spec"]["rayClusterSpec"]["authOptions"] == {"mode": "token"}


def test_the_plan_follows_from_its_figures() -> None:
    """Every result of the plan is its formula over the first table, rounded to the digits that are printed."""
    given = {
        name: float(value.replace(",", ""))
        for name, value in re.findall(r"^\| `(\w+)` \| ([\d.,]+) \|", TEXT, re.MULTILINE)
    }
    results = re.findall(r"^\| [^|`]+ \| `([^`|]*\*[^`|]*)` \| ([\d.]+) \|$", TEXT, re.MULTILINE)
    assert len(results) == 7
    for formula, printed in results:
        places = len(printed.partition(".")[2])
        assert f"{eval(formula, {}, given):.{places}f}" == printed, formula
