"""Rows handed on within a build: all of them, in order, in few files that are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builder.errors import WorldError
from builder.stages import rowfiles
from builder.stages.rowfiles import RowFiles


def tables(count: int, rows: int = 3) -> list[pa.Table]:
    """Return small tables whose rows are numbered through."""
    return [pa.table({"n": list(range(at * rows, at * rows + rows))}) for at in range(count)]


def test_many_parts_become_one_file(tmp_path: Path) -> None:
    """Queries hold the footer of every file: their number must not grow with that of the parts."""
    with RowFiles(tmp_path, "rows") as files:
        for table in tables(500):
            files.add(table)
    (path,) = tmp_path.iterdir()
    assert pq.read_table(path)["n"].to_pylist() == list(range(1500))
    assert pq.read_metadata(path).num_row_groups == 1


@pytest.mark.parametrize("group_bytes", [1, 1000])
def test_large_files_are_followed_by_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group_bytes: int
) -> None:
    """No row is lost or doubled where one file ends and the next begins."""
    monkeypatch.setattr(rowfiles, "FILE_ROWS", 100)
    monkeypatch.setattr(rowfiles, "GROUP_BYTES", group_bytes)
    with RowFiles(tmp_path, "rows") as files:
        for table in [*tables(200), pa.table({"n": pa.array([], pa.int64())})]:
            files.add(table)
    paths = sorted(tmp_path.iterdir())
    assert [path.name for path in paths][:2] == ["rows-00000.parquet", "rows-00001.parquet"]
    assert [n for path in paths for n in pq.read_table(path)["n"].to_pylist()] == list(range(600))


def test_no_rows_leave_no_file(tmp_path: Path) -> None:
    """A table of which every row was rejected has no file of kept ones."""
    with RowFiles(tmp_path / "rows", "rows") as files:
        files.add(pa.table({"n": pa.array([], pa.int64())}))
    assert not (tmp_path / "rows").exists()


def test_a_disk_that_refuses_is_named(tmp_path: Path) -> None:
    """The error says where; nothing stands under a final name."""
    (tmp_path / "rows").write_text("a file where a folder is due")
    with pytest.raises(WorldError) as caught, RowFiles(tmp_path / "rows", "rows") as files:
        files.add(tables(1)[0])
    assert str(tmp_path / "rows") in caught.value.where


def test_an_error_leaves_nothing_under_a_final_name(tmp_path: Path) -> None:
    """What was begun when the build broke off is not taken for a whole file."""

    def broken() -> None:
        with RowFiles(tmp_path, "rows") as files:
            files.add(tables(1)[0])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert not list(tmp_path.glob("rows-*"))
