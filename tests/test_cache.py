"""The cache: what is known is not done again, what changed is, and nothing in it can spoil a release."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import buildkit as kit
import pyarrow as pa
import pytest

from builder.errors import GateFailed, WorldError
from builder.model import (
    Author,
    CaptureRef,
    Comment,
    Document,
    Engagement,
    Evidence,
    Extraction,
    Moment,
    Rights,
    Signal,
    Tombstone,
)
from builder.recipe import Recipe
from builder.stages import fingerprints, store
from builder.stages.codec import decode, encode
from builder.stages.fingerprints import code_fingerprint
from builder.stages.keys import Standing
from builder.stages.rows import CAPTURES_MAX, CAPTURES_MIN, batched
from builder.stages.store import KEY, Store, write_parquet

MOMENT = Moment(
    datetime(2025, 1, 6, 0, 14, tzinfo=UTC), "minute", "6 / 1 / 2025 - 00:14", "2025-01-06", None, "none"
)


def full_extraction() -> Extraction:
    """Return an extraction that uses every kind of field, odd characters among them."""
    document = Document(
        "k/1", "https://a.example/1", "https://a.example/1", "a.example", "article", "سطر\nسطر\u200cثان \ud800",
        title=None, author=Author("كاتب", None, None, "سيرة"), tags=("وسم", ""), published=MOMENT,
        engagement=Engagement(0, None, 3, None, None, MOMENT.instant), evidence=(Evidence("title", "h1", 0.5),),
        flags=("thread",), lines_removed=("قائمة",),
    )  # fmt: skip
    comment = Comment(
        "k/1#c1", "k/1", "تعليق", "https://a.example/1#c1", published=MOMENT, rating=-2, edited=True
    )
    signal = Signal("noai", "meta", "noai, noimageai")
    return Extraction((document,), (comment,), (Tombstone("k/2", "delete"),), (signal,), None, "cpu")


def parts(given: Recipe, kind: str) -> dict[Path, int]:
    """Return the parts of a kind of the cache with the time each was written, in nanoseconds."""
    return {path: path.stat().st_mtime_ns for path in (given.cache / kind).rglob("part-*.parquet")}


def test_extractions_survive_the_cache_unchanged() -> None:
    """Every field comes back as it was, lone surrogates and nulls too."""
    found = full_extraction()
    assert decode(Extraction, encode(found)) == found
    assert decode(Extraction, encode(found), without="comments") == replace(found, comments=())
    assert found.comments
    assert decode(Extraction, encode(Extraction())) == Extraction()


def test_references_survive_the_cache_unchanged() -> None:
    """References with rights and signals come back as they were."""
    ref = CaptureRef(
        "s", "page", "https://a.example/?q=ا", 200, "text/html", MOMENT.instant, "sha1:A", "<urn:uuid:1>",
        "response", "", "a.warc.gz", 7, 9, rights=Rights("allowed", "Allow: /", (Signal("noai", "meta", "x"),)),
    )  # fmt: skip
    assert decode(CaptureRef, encode(ref)) == ref


def test_nothing_new_reads_nothing_again(tmp_path: Path) -> None:
    """A second build returns the last release, also when the cache was told to forget that release."""
    kit.archive(tmp_path, "a", kit.essays(range(4)))
    given = kit.recipe(tmp_path)
    first = kit.run(given)
    before = parts(given, "extractions") | parts(given, "documents")
    again = kit.run(given)
    assert (again.release, again.fresh, again.tallies) == (first.release, False, first.tallies)
    (given.cache / "last.json").unlink()
    assert kit.run(given).version == "1.0.0"
    assert parts(given, "extractions") | parts(given, "documents") == before


def test_new_captures_alone_are_read(tmp_path: Path) -> None:
    """An archive that is added is read; what was read before is not."""
    kit.archive(tmp_path, "a", kit.essays(range(6)))
    given = kit.recipe(tmp_path)
    kit.run(given)
    before = parts(given, "extractions")
    kit.archive(tmp_path, "b", kit.essays(range(6, 8)))
    assert kit.run(given).rows["documents"] == 8
    after = parts(given, "extractions")
    assert after.items() > before.items()
    import pyarrow.parquet as pq

    (new,) = set(after) - set(before)
    assert pq.read_table(new).num_rows == 2


def test_changed_rules_judge_stored_rows_again(tmp_path: Path) -> None:
    """Another threshold makes another release without one page being read or one row being made."""
    kit.archive(tmp_path, "a", kit.essays(range(4)))
    assert kit.run(kit.recipe(tmp_path)).rows["documents"] == 4
    given = kit.recipe(tmp_path, "[select]\nrelevance_min = 10\n")
    before = parts(given, "extractions") | parts(given, "documents")
    with pytest.raises(GateFailed):
        kit.run(given)
    assert parts(given, "extractions") | parts(given, "documents") == before


def test_the_cache_may_be_deleted(tmp_path: Path) -> None:
    """A build without its cache finds that nothing has changed."""
    kit.archive(tmp_path, "a", kit.essays(range(3)))
    given = kit.recipe(tmp_path)
    first = kit.run(given)
    shutil.rmtree(given.cache)
    again = kit.run(given)
    assert (again.release, again.fresh) == (first.release, False)


def test_a_release_that_was_damaged_is_not_taken_for_the_last(tmp_path: Path) -> None:
    """Where the release on disk is not the one that was written, the build does its work again."""
    kit.archive(tmp_path, "a", kit.essays(range(3)))
    given = kit.recipe(tmp_path)
    first = kit.run(given)
    assert first.release is not None
    shutil.rmtree(first.release)
    assert kit.run(given).fresh


def test_a_page_that_failed_for_good_stays_failed(tmp_path: Path) -> None:
    """The verdict on a page is kept, so that a rebuild says the same without trying again."""
    held = Store(tmp_path, "extractions", "f" * 32)
    from builder.stages.extraction import Reading, reading_table

    held.add(reading_table([("a" * 32, Reading.of(Extraction(failed="cpu")))]))
    assert held.keys().to_pylist() == ["a" * 32]


def test_a_refused_write_leaves_nothing_under_a_final_name(tmp_path: Path) -> None:
    """A write that the system cuts short is an error that names the file; neither it nor a rest of it is there."""
    table = pa.table({KEY: [f"{number:032d}" for number in range(5000)]})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(WorldError, match=r"part\.parquet"):
            write_parquet(tmp_path / "part.parquet", table)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_old_generations_are_let_go(tmp_path: Path) -> None:
    """Parts of the last few fingerprints stay, older ones do not."""
    for number in range(store.KEEP_GENERATIONS + 2):
        held = Store(tmp_path, "rows", f"{number:032d}")
        held.add(pa.table({KEY: ["a" * 32]}))
        store.forget_older(held.path)
    assert len(list((tmp_path / "rows").iterdir())) == store.KEEP_GENERATIONS
    assert held.parts()


def test_a_fingerprint_follows_imports() -> None:
    """The reading of pages depends on all that reading imports, not on columns or rules."""
    read = {path.as_posix().partition("builder/")[2] for path in fingerprints.closure(["builder.reading"])}
    assert {"reading.py", "extract/charset.py", "urls.py", "model.py"} <= read
    assert not any(name.startswith(("columns/", "rules", "dedup", "release/")) for name in read)


def test_a_fingerprint_changes_with_packages_and_data(tmp_path: Path) -> None:
    """A package that is missing and one that is there differ; so do two contents of a data file."""
    data = tmp_path / "words.txt"
    data.write_text("واحد", encoding="utf-8")
    one = code_fingerprint(["builder.urls"], data=[data])
    data.write_text("اثنان", encoding="utf-8")
    assert code_fingerprint(["builder.urls"], data=[data]) != one
    assert code_fingerprint(["builder.urls"], ["lxml"]) != code_fingerprint(
        ["builder.urls"], ["no-such-package"]
    )


HEAVY = ("pyarrow", "duckdb", "numpy", "pandas", "trafilatura", "lxml", "aiohttp", "langdetect")
AGAIN = """
import sys
from datetime import UTC, datetime
from builder.pipeline import build
from builder.recipe import load_recipe
built = build(load_recipe(sys.argv[1]), now=datetime.now(UTC))
print(built.fresh, built.version, *[name for name in {heavy!r} if name in sys.modules])
"""


def test_a_build_without_news_loads_nothing_heavy(tmp_path: Path) -> None:
    """What a build without news takes is its recipe and some digests; no library for tables or pages is loaded."""
    kit.archive(tmp_path, "a", kit.essays(range(2)))
    kit.run(kit.recipe(tmp_path))
    command = [sys.executable, "-c", AGAIN.format(heavy=HEAVY), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "1.0.0"]


@pytest.mark.parametrize("package", ["langdetect", "trafilatura", "duckdb"])
def test_another_version_of_a_package_is_news(tmp_path: Path, package: str) -> None:
    """A package that was updated may read or judge otherwise: the build works again and says nothing by heart."""
    kit.archive(tmp_path, "a", kit.essays(range(2)))
    kit.run(kit.recipe(tmp_path))
    info = tmp_path / "updated" / f"{package}-99.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 99.0\n")
    find = f"import sys\nsys.path.insert(0, {str(info.parent)!r})\n"
    command = [sys.executable, "-c", find + AGAIN.format(heavy=("duckdb",)), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "duckdb"


def test_a_build_needs_no_pandas_and_leaves_it_to_others(tmp_path: Path) -> None:
    """A build does not load pandas where it is installed; whoever asks pyarrow for a data frame after it gets one."""
    kit.archive(tmp_path, "a", kit.essays(range(2)))
    kit.recipe(tmp_path)
    frame = "import pyarrow as pa\nprint(pa.table({'a': [1]}).to_pandas()['a'].sum())\n"
    command = [sys.executable, "-c", AGAIN.format(heavy=("pandas",)) + frame, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "1.0.0", "1"]


@pytest.mark.parametrize("count", [0, 1, 40, 300, 2000])
def test_the_last_batches_of_rows_are_small(count: int) -> None:
    """Each capture is in one batch, in order; a worker that is alone at the end has little left to do."""
    captures = [Standing(str(number), "", "", b"", [], []) for number in range(count)]
    batches = [batch.captures for batch in batched(captures, count)]
    assert [capture for batch in batches for capture in batch] == captures
    assert all(1 <= len(batch) <= CAPTURES_MAX for batch in batches)
    assert all(len(batch) <= CAPTURES_MIN for batch in batches[-2:])
