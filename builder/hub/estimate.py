"""How many bytes of a release the Hub does not have yet, by the chunks of the genuine Xet client.

The release that is published is put into a store in a temporary folder, then the new one: what the second upload
adds is what publishing would send. It is an estimate because the Hub may know chunks from elsewhere.
"""

from __future__ import annotations

import tempfile
from importlib.util import find_spec
from pathlib import Path

from builder.hub.local import LocalRelease
from builder.hub.plan import FileChange
from builder.release.manifest import releases_in

LIMIT_BYTES = 4_000_000_000
"""Size of both releases together above which no estimate is made: it would read and copy all of it."""


def xet_bytes(local: LocalRelease, changes: tuple[FileChange, ...], published: str | None) -> int | None:
    """Return the bytes of new chunks of the new and changed shards against the last version that is `published`.

    None where no version is, where that release does not lie beside this one, or both are larger than LIMIT_BYTES.
    """
    wanted = [
        change
        for change in changes
        if change.change in ("new", "changed") and change.path.endswith(".parquet")
    ]
    before = next((path for path in releases_in(local.path.parent) if path.name == published), None)
    old = sorted((before / "data").rglob("*.parquet")) if before else []
    size = sum(change.size_bytes for change in wanted) + sum(path.stat().st_size for path in old)
    if before is None or size > LIMIT_BYTES or find_spec("hf_xet") is None:
        return None
    new = [local.path / change.path for change in wanted]
    return added_bytes(old, new)


def added_bytes(old: list[Path], new: list[Path]) -> int:
    """Return the bytes of chunks of the files `new` that the files `old` do not have.

    Raises ImportError where the Xet client is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="hiwar-xet-") as folder:
        store = f"local://{folder}"
        upload(store, old)
        return upload(store, new)


def upload(store: str, files: list[Path]) -> int:
    """Put files into a Xet store ("local://FOLDER") and return the bytes of chunks it did not have."""
    import hf_xet

    if not files:
        return 0
    commit = hf_xet.XetSession().new_upload_commit(endpoint=store)
    for path in files:
        commit.start_upload_file(str(path), sha256=hf_xet.SKIP_SHA256)
    return int(commit.wait_to_finish().dedup_metrics.new_bytes)
