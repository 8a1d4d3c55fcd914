"""Readers of exports: one module a format, with one subclass of `Export`; found by being here."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from builder.errors import UsageError
from builder.sources.exports.base import Export

__all__ = ["Export", "formats"]


@cache
def formats() -> dict[str, type[Export]]:
    """Return every export format by its name, sorted.

    Raises UsageError when two modules claim one name.
    """
    found: dict[str, type[Export]] = {}
    for module in pkgutil.iter_modules(__path__):
        for value in vars(importlib.import_module(f"{__name__}.{module.name}")).values():
            if not (isinstance(value, type) and issubclass(value, Export)) or "name" not in vars(value):
                continue
            if found.setdefault(value.name, value) is not value:
                raise UsageError(f"export format {value.name!r} is defined twice", where=module.name)
    return dict(sorted(found.items()))
