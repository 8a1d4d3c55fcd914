"""The rules over stored rows: the reasons against each, kept by what they depend on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from builder.engine import Engine, Failure
from builder.errors import HiwarError
from builder.model import Decision
from builder.recipe import RecipeModel
from builder.schema import Row
from builder.stages import nearby
from builder.stages.layout import Layout
from builder.stages.nearby import run_nearby
from builder.stages.parts import StoredRows
from builder.stages.store import write_parquet

REASONS = "_reasons"

JUDGED_SHARE = 8
"""Rules cost about an eighth of what a group of columns costs, so as much more of them is done in the driver."""


def judge(table: str, row: Row, model: RecipeModel) -> list[dict[str, str]]:
    """Return the reasons against a row, as the rejected table holds them; none if it is kept."""
    from builder.rules import judge_comment, judge_document

    decision: Decision = judge_document(row, model) if table == "documents" else judge_comment(row, model)
    return [{"stage": r.stage, "rule": r.rule, "detail": r.detail} for r in decision.reasons]


def write_verdicts(path: Path, reasons: Sequence[list[dict[str, str]]]) -> None:
    """Write the reasons against the rows of one part, in the part's order."""
    import pyarrow as pa

    texts = [pa.field(name, pa.string()) for name in ("stage", "rule", "detail")]
    write_parquet(path, pa.table({REASONS: pa.array(reasons, pa.list_(pa.struct(texts)))}))


@dataclass(frozen=True, slots=True)
class JudgePart:
    """Judge the rows of one part again, under changed rules."""

    table: str
    files: tuple[str, ...]
    out: str


@dataclass(frozen=True, slots=True)
class Judge:
    """The function over parts whose verdicts are missing."""

    model: RecipeModel
    warm: ClassVar[str] = f"{nearby.__name__}:warm_up_judges"

    def __call__(self, task: JudgePart) -> str:
        """Write the verdicts of one part; return their path. Only the columns that the rules look at are read."""
        rows = StoredRows(map(Path, task.files))
        write_verdicts(Path(task.out), [judge(task.table, row, self.model) for row in rows])
        return task.out


def judge_missing(layout: Layout, table: str, model: RecipeModel, engine: Engine) -> None:
    """Judge every part of a table that has no verdicts under the present rules.

    Raises HiwarError when a part cannot be judged: its rows must neither pass nor vanish.
    """
    verdicts = layout.verdicts(table)
    there = {path.name for path in verdicts.glob("part-*.parquet")}
    parts = [part for part in layout.store(table).parts() if part.name not in there]
    tasks = [
        JudgePart(
            table,
            tuple(map(str, layout.judged_files(table, part.name))),
            str(verdicts / part.name),
        )
        for part in parts
    ]
    size_bytes = sum(part.stat().st_size for part in parts)
    for task, outcome in run_nearby(Judge(model), tasks, engine, size_bytes // JUDGED_SHARE):
        if isinstance(outcome, Failure):
            raise HiwarError(
                f"the rules failed on stored rows: {outcome.kind} {outcome.detail}",
                where=task.files[0],
                what_next="This is a defect of a rule: please report it. Deleting the cache changes nothing.",
            )
