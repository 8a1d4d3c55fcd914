"""Threads that libraries start on their own. What runs here does one thing at a time, in as many processes as asked."""

from __future__ import annotations

from collections.abc import Mapping

_ONE = {"OPENBLAS_NUM_THREADS": "1"}
"""numpy's algebra waits for work in a busy loop on every core: 0.1 s of each start, with nothing to do."""


def one_thread(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what to set so that libraries start no threads; what the environment says already stands."""
    return {name: environment.get(name, value) for name, value in _ONE.items()}
