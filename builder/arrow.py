"""pyarrow as a build uses it: without pandas.

The first list that pyarrow turns into an array makes it import pandas, where that is installed: 0.15 s and 45 MB in
every process, for a build that holds no data frame. pyarrow looks once and remembers what it found.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder


class _NoPandas(MetaPathFinder):
    """Finds no pandas; every other module is left to the finders behind."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:  # noqa: ARG002
        """Raise ModuleNotFoundError for pandas, as where it is not installed."""
        if name == "pandas":
            raise ModuleNotFoundError(name)


def leave_pandas_out() -> None:
    """Have pyarrow find no pandas, unless it is loaded already; for processes that belong to the build."""
    import pyarrow as pa

    if "pandas" in sys.modules:
        return
    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(finder)


@contextmanager
def without_pandas() -> Iterator[None]:
    """Leave pandas out inside, and have pyarrow look again after: the process may belong to somebody else."""
    leave_pandas_out()
    try:
        yield
    finally:
        import pyarrow.lib as lib

        found = getattr(lib, "_pandas_api", None)
        if found is not None and "pandas" not in sys.modules:
            found.__init__()


def give_back() -> None:
    """Give memory that is free back to the system: pyarrow's pool and the C library's heap keep theirs for later."""
    if "pyarrow" in sys.modules:
        import pyarrow as pa

        pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
