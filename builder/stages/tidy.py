"""Small parts put together, so that a build costs by the rows it has and not by the builds before it.

Every build leaves a part or two of each kind, and to open what lies beside one takes 14 ms: after sixty builds of five
pages each, gathering the rows took six times as long as after the first (docs/measurements/speed.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from builder.stages.store import Store, part_name, write_parquet

if TYPE_CHECKING:
    import pyarrow as pa

SMALL_BYTES = 48_000
"""A part below this is small. A batch of 128 pages gives parts of 180 to 250 KB, one of 32 some 45."""

BUNDLE_BYTES = 256_000
"""Small parts become parts of at most this size."""

MANY = 16
"""So many small parts may lie about; a row is thus written again once or twice in all the years."""


def put_together(store: Store, beside: Sequence[Path] = ()) -> None:
    """Put the small parts of a store together where there are many, and with them what lies `beside` each.

    `beside` are folders with a file of the same name and the same rows for each part, or for some of them. A new part
    appears after all that lies beside it, and old ones go last: a run that is killed leaves some rows twice, of which
    one is taken, or files beside no part, which go with the next build. Only who alone writes to the store may ask.
    Raises WorldError when the disk refuses.
    """
    small = [part for part in store.parts() if part.stat().st_size < SMALL_BYTES]
    if len(small) < MANY:
        return
    for parts in _bundles(small):
        _join(parts, beside)


def _bundles(parts: Iterable[Path]) -> Iterator[list[Path]]:
    """Yield parts in their order, two and more together, as many as give one of the wanted size."""
    bundle: list[Path] = []
    size_bytes = 0
    for part in parts:
        part_bytes = part.stat().st_size
        if size_bytes + part_bytes > BUNDLE_BYTES:
            yield bundle
            bundle, size_bytes = [], 0
        bundle.append(part)
        size_bytes += part_bytes
    if len(bundle) > 1:
        yield bundle


def _join(parts: Sequence[Path], beside: Iterable[Path]) -> None:
    """Write some parts as one, then delete them."""
    joined = _rows(parts)
    old = list(parts)
    for folder in beside:
        files = [folder / part.name for part in parts]
        if all(file.is_file() for file in files):
            write_parquet(folder / part_name(joined), _rows(files))
        old += files
    write_parquet(parts[0].with_name(part_name(joined)), joined)
    for path in old:
        path.unlink(missing_ok=True)


def _rows(files: Iterable[Path]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    return pa.concat_tables(pq.ParquetFile(file).read(use_threads=False) for file in files)
