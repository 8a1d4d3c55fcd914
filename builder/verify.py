"""Proves a release: opened by the readers people use, and compared with its manifest.

The only module that imports `datasets`.
"""

from __future__ import annotations

import gc
import glob
import importlib.util
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from builder.duck import connection, quoted
from builder.errors import HiwarError, UsageError, VerifyFailed
from builder.objects import is_address
from builder.release import audit
from builder.release.content import ContentHash, slices
from builder.release.copied import copied_problems, manifest_at
from builder.release.holdings import holding
from builder.release.manifest import Manifest, read_manifest
from builder.release.places import at_home, dataset_of, is_pattern, load_line
from builder.schema import load_schema
from builder.takedown import load as load_takedowns

SHOWN = 5
"""Problems of one check that are written out; the rest is counted."""
NOT_LOADED = "not loaded"


@dataclass(frozen=True, slots=True)
class Check:
    """One question asked of a release: its name, the answer, and what was seen."""

    name: str
    ok: bool
    detail: str = ""


_NOT_WHOLE = "Do not publish it. Build it again; if it fails again, please report it."
_STILL_HELD = (
    "Build a release without it; `hiwar takedown … --older` prepares copies of older ones (docs/takedown.md)."
)


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """All that was asked of a release."""

    release: Path | str
    version: str
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """True when every check passed."""
        return all(check.ok for check in self.checks)

    def as_dict(self) -> dict[str, object]:
        """Return the report as JSON-ready values."""
        checks = [asdict(check) for check in self.checks]
        return {"release": str(self.release), "version": self.version, "ok": self.ok, "checks": checks}

    def raise_if_failed(self) -> None:
        """Raise VerifyFailed naming the checks that failed; do nothing when all passed."""
        failed = [check for check in self.checks if not check.ok]
        if failed:
            named = [check.name for check in failed] == ["takedowns"]
            raise VerifyFailed(
                "; ".join(f"{check.name}: {check.detail}" for check in failed),
                where=str(self.release),
                what_next=_STILL_HELD if named else _NOT_WHOLE,
                result=self.as_dict(),
            )


Problems = Callable[[Path, Manifest], Iterable[str]]


def verify(release: Path | str, *, rebuild: bool = False, takedowns: bool = False) -> VerifyReport:
    """Check a release folder: files, schema, records, card, and the ways to load it.

    `rebuild` builds it again from its archives and compares; `takedowns` looks for records that the requests
    in takedowns.jsonl name. Both need the release to lie in its dataset's `releases` folder. Of a copy in object
    storage (s3://bucket/prefix/1.0.0) the files are checked: all else follows from them.
    Raises WorldError when there is no release at all, UsageError when more is asked of a copy, StorageError when it
    cannot be read; everything else is an answer in the report.
    """
    if isinstance(release, str) and is_address(release):
        return _verify_copy(release.rstrip("/"), more=rebuild or takedowns)
    release = at_home(Path(release))
    try:
        manifest = read_manifest(release)
    except VerifyFailed as error:
        return VerifyReport(release, "", (Check("manifest", ok=False, detail=error.what),))
    checks = [_ask(name, problems, release, manifest) for name, problems in _FILE_CHECKS.items()]
    if all(check.ok for check in checks if check.name != "card"):
        checks += _read_by_others(release, manifest)
    if takedowns:
        checks.append(_ask("takedowns", takedown_problems, release, manifest))
    if rebuild:
        checks.append(_rebuilt(release, manifest))
    return VerifyReport(release, manifest.version, tuple(checks))


def _read_by_others(release: Path, manifest: Manifest) -> list[Check]:
    """Run the checks that need other readers, through links where they would take its path for a pattern."""
    asked = _reader_checks().items()
    if not is_pattern(release):
        return [_ask(name, problems, release, manifest) for name, problems in asked]
    with TemporaryDirectory(prefix="hiwar-verify-") as folder:
        plain = Path(folder) / release.name
        shutil.copytree(
            release.resolve(), plain, copy_function=os.symlink
        )  # `datasets` resolves one of the folder
        checks = [_ask(name, problems, plain, manifest) for name, problems in asked]
    from_here = load_line(release, "documents", min(manifest.splits("documents"), default="train"))
    told = f"by links: readers take its path, as it is, for a pattern; from here {from_here}"
    first, *others = checks
    return [replace(first, detail=told) if first.ok else first, *others]


def _rebuilt(release: Path, manifest: Manifest) -> Check:
    """Build it again; a yes says so where it is one about records alone."""
    from builder.rebuild import other_code, rebuild_problems

    check, other = _ask("rebuild", rebuild_problems, release, manifest), other_code(manifest)
    if not check.ok or not other:
        return check
    return replace(check, detail=f"the same records; bytes were not compared, for it was made with {other}")


def _verify_copy(address: str, *, more: bool) -> VerifyReport:
    if more:
        raise UsageError(
            "--rebuild and --takedowns need the dataset's folder",
            where=address,
            what_next="Ask them of the folder it was copied from, in releases/.",
        )
    try:
        manifest = manifest_at(address)
    except VerifyFailed as error:
        return VerifyReport(address, "", (Check("manifest", ok=False, detail=error.what),))
    problems = list(copied_problems(address, manifest))
    return VerifyReport(address, manifest.version, (_answer("files", problems),))


def _answer(name: str, found: list[str]) -> Check:
    more = f" (and {len(found) - SHOWN} more)" if len(found) > SHOWN else ""
    return Check(name, not found, "; ".join(found[:SHOWN]) + more)


def _ask(name: str, problems: Problems, release: Path, manifest: Manifest) -> Check:
    """Run one check; an error it meets is an answer too, because a release that cannot be read is not good."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the readers' own, such as a deprecation inside rdflib
            found = list(problems(release, manifest))
    except _reading_errors() as error:
        found = [f"{type(error).__name__}: {error}"]
    return _answer(name, found)


def _reading_errors() -> tuple[type[BaseException], ...]:
    """Return what a reader raises for a file it cannot read, in the terms of the packages installed here."""
    import datasets
    import duckdb
    import pyarrow as pa

    known: list[type[BaseException]] = [HiwarError, OSError, ValueError, KeyError, TypeError, RuntimeError]
    known += [datasets.exceptions.DatasetsError, duckdb.Error, pa.ArrowException]
    for name, kinds in _OPTIONAL_ERRORS.items():
        module = sys.modules.get(name)
        known += [getattr(module, kind) for kind in kinds] if module else []
    return tuple(known)


_OPTIONAL_ERRORS = {"mlcroissant": ("ValidationError",), "polars.exceptions": ("PolarsError",)}
"""Errors of readers that need not be installed; looked up only once their package has been imported."""


_FILE_CHECKS: dict[str, Problems] = {
    "files": audit.file_problems,
    "schema": audit.schema_problems,
    "records": audit.record_problems,
    "card": audit.card_problems,
}


def _reader_checks() -> dict[str, Problems]:
    """Return the checks that need other readers; those of packages that are not installed are left out."""
    optional: dict[str, Problems] = {
        "pandas": _pandas_problems,
        "polars": _polars_problems,
        "mlcroissant": _croissant_problems,
    }
    installed = {name: check for name, check in optional.items() if importlib.util.find_spec(name)}
    return {
        "load_dataset": _load_problems,
        "streaming": _streaming_problems,
        "columns and filters": _selection_problems,
        "duckdb": _duckdb_problems,
        **installed,
    }


@contextmanager
def _quiet_cache() -> Iterator[str]:
    """Give `datasets` a cache of its own that is gone afterwards, and keep it from drawing progress bars."""
    import datasets

    shown = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    try:
        with TemporaryDirectory(prefix="hiwar-verify-") as folder:
            yield folder
    finally:
        # A stream that was read in part keeps a thread of Arrow, and the process would end in abort() with all
        # its work done (apache/arrow 45214); collected now, the thread is joined.
        gc.collect()
        if shown:
            datasets.enable_progress_bars()


def _load_problems(release: Path, manifest: Manifest) -> Iterator[str]:
    """Load every config and compare splits, counts, features and version; then the default config."""
    import datasets

    with _quiet_cache() as cache:
        for entry in manifest.schemas:
            loaded = datasets.load_dataset(str(release), entry.table, cache_dir=cache)
            counts = {split: data.num_rows for split, data in loaded.items()}
            if counts != manifest.splits(entry.table):
                yield f"{entry.table}: loaded {counts}, the manifest says {manifest.splits(entry.table)}"
            expected = load_schema(entry.table, entry.version).arrow()
            for split, data in loaded.items():
                if data.features.arrow_schema.remove_metadata() != expected:
                    yield f"{entry.table}/{split}: loaded with other columns than the schema"
                if str(data.info.version) != manifest.version:
                    yield f"{entry.table}/{split}: loaded as version {data.info.version}"
        names = datasets.get_dataset_config_names(str(release))
        if sorted(names) != sorted(entry.table for entry in manifest.schemas):
            yield f"the configs are {names}"
        first = datasets.load_dataset(str(release), split=min(manifest.splits("documents")), cache_dir=cache)
        if first.info.config_name != "documents":
            yield f"the config loaded without a name is {first.info.config_name}"


def _streaming_problems(release: Path, manifest: Manifest) -> Iterator[str]:
    """Stream the first rows of every split and compare them with the shard's own."""
    import datasets

    with _quiet_cache() as cache:
        for entry in manifest.schemas:
            streams = datasets.load_dataset(str(release), entry.table, streaming=True, cache_dir=cache)
            for split in manifest.splits(entry.table):
                shard = next(s for s in manifest.table_shards(entry.table) if s.split == split)
                first = next(slices(release / shard.path)).slice(0, 3).to_pylist()
                if list(streams[split].take(len(first))) != first:
                    yield f"{entry.table}/{split}: streamed rows differ from the file's"


def _selection_problems(release: Path, manifest: Manifest) -> Iterator[str]:
    """Load with columns= and filters= and compare with a count of our own."""
    import datasets

    with _quiet_cache() as cache:
        for entry in manifest.schemas:
            narrow = datasets.load_dataset(str(release), entry.table, columns=["id", "lang"], cache_dir=cache)
            wide = datasets.load_dataset(
                str(release), entry.table, filters=[("lang", "==", "ar")], cache_dir=cache
            )
            for split, rows in manifest.splits(entry.table).items():
                if narrow[split].column_names != ["id", "lang"] or narrow[split].num_rows != rows:
                    yield f"{entry.table}/{split}: columns= gave {narrow[split]}"
                arabic = sum(lang == "ar" for lang in narrow[split]["lang"])
                found = wide[split].num_rows if split in wide else 0
                if found != arabic:
                    yield f"{entry.table}/{split}: filters= gave {found} rows, not {arabic}"


def _count_problems(manifest: Manifest, table: str, counted: int) -> Iterator[str]:
    if counted != manifest.rows(table):
        yield f"{table}: read {counted} rows, the manifest says {manifest.rows(table)}"


def _duckdb_problems(release: Path, manifest: Manifest) -> Iterator[str]:
    with TemporaryDirectory(prefix="hiwar-verify-") as scratch, connection(Path(scratch)) as database:
        for entry in manifest.schemas:
            pattern = quoted(glob.escape(str(release / "data" / entry.table)) + "/*.parquet")
            row = database.execute(f"SELECT count(*), count(text) FROM read_parquet({pattern})").fetchone()
            yield from _count_problems(manifest, entry.table, row[1] if row else 0)


def _pandas_problems(release: Path, manifest: Manifest) -> Iterator[str]:
    import pandas as pd

    for entry in manifest.schemas:
        frames = (pd.read_parquet(release / shard.path) for shard in manifest.table_shards(entry.table))
        yield from _count_problems(manifest, entry.table, sum(len(frame) for frame in frames))


def _polars_problems(release: Path, manifest: Manifest) -> Iterator[str]:
    import polars as pl

    for entry in manifest.schemas:
        frame = pl.scan_parquet(release / "data" / entry.table / "*.parquet")
        yield from _count_problems(manifest, entry.table, frame.select(pl.len()).collect().item())


def _croissant_problems(release: Path, manifest: Manifest) -> Iterator[str]:
    """Let mlcroissant validate croissant.json and read the first records of each table."""
    import mlcroissant

    path = release / "croissant.json"
    if not path.is_file():
        yield "croissant.json is missing"
        return
    dataset = mlcroissant.Dataset(jsonld=path)
    yield from sorted(dataset.metadata.ctx.issues.errors)
    wanted = [entry.table for entry in manifest.schemas]
    for record_set in dataset.metadata.record_sets:
        if any(record_set.uuid.startswith(table) for table in wanted) and not list(
            islice(dataset.records(record_set.uuid), 1)
        ):
            yield f"{record_set.uuid}: mlcroissant read no record"


def takedown_problems(release: Path, _: Manifest) -> Iterator[str]:
    """Look for rows, addresses of copies and rejected rows that a request of the dataset's folder names."""
    folder = dataset_of(release)
    if folder is None:
        yield "it does not lie in a dataset's releases folder, so there are no requests to hold it against"
        return
    found = holding(release, load_takedowns(folder))
    yield from (f"{table} {key} is named by a request" for table, key in found.records)
    if found.addresses:
        yield f"{found.addresses} addresses of copies are named by requests"
    if found.rejected:
        yield f"{found.rejected} rejected rows show what is named by requests"


def verify_published(release: Path, repo_id: str, revision: str, *, endpoint: str | None = None) -> Check:
    """Load a release from the Hub by its tag and compare its records with the manifest of `release`.

    It runs in a process of its own, because `datasets` reads endpoint and caches once, at its import; nothing
    comes from an earlier download. `endpoint` None is that of the environment.
    """
    with TemporaryDirectory(prefix="hiwar-verify-") as folder:
        own = {"HF_HUB_CACHE": folder, "HF_DATASETS_CACHE": folder, "HF_XET_CACHE": folder}
        path = os.pathsep.join(
            [str(Path(__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
        )
        done = subprocess.run(  # noqa: S603  # our own module, arguments not read by a shell
            [sys.executable, "-m", "builder.verify", str(release), repo_id, revision],
            env={**os.environ, **own, "PYTHONPATH": path, **({"HF_ENDPOINT": endpoint} if endpoint else {})},
            capture_output=True,
            text=True,
            check=False,
        )
    told = done.stderr.strip().rpartition("\n")[2]
    found = [f"{NOT_LOADED}: {told}"] if done.returncode else done.stdout.splitlines()
    return Check(f"load_dataset at {revision}", not found, "; ".join(found[:SHOWN]))


def published_problems(manifest: Manifest, repo_id: str, revision: str) -> Iterator[str]:
    """Load every config of a published release and compare version, counts and content, shard by shard."""
    import datasets

    with _quiet_cache() as cache:
        for entry in manifest.schemas:
            loaded = datasets.load_dataset(repo_id, entry.table, revision=revision, cache_dir=cache)
            counts = {split: data.num_rows for split, data in loaded.items()}
            if counts != manifest.splits(entry.table):
                yield f"{entry.table}: loaded {counts}, the manifest says {manifest.splits(entry.table)}"
                continue
            start = dict.fromkeys(counts, 0)
            for shard in manifest.table_shards(entry.table):
                content = ContentHash()
                content.add(loaded[shard.split].data.table.slice(start[shard.split], shard.rows))
                start[shard.split] += shard.rows
                if content.value() != shard.content:
                    yield f"{shard.path}: the records loaded at {revision} are others"


if __name__ == "__main__":
    sys.stdout.writelines(
        f"{problem}\n" for problem in published_problems(read_manifest(Path(sys.argv[1])), *sys.argv[2:4])
    )
