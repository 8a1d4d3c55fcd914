"""Hiwar: Arabic commentary on digital platforms, as a published, versioned dataset.

The same things the command line does, as functions:

    from builder import load_recipe, crawl, build, verify, diff, publish, explain

Names are loaded when they are first used (PEP 562), so that `import builder` stays quick.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

from builder.version import __version__ as __version__

if TYPE_CHECKING:
    from builder.crawl import crawl
    from builder.explain import explain
    from builder.hub import publish
    from builder.pipeline import build
    from builder.recipe import load_recipe
    from builder.release.diff import diff
    from builder.verify import verify

__all__ = ["build", "crawl", "diff", "explain", "load_recipe", "publish", "verify"]

_HOMES = {
    "build": "builder.pipeline",
    "crawl": "builder.crawl",
    "diff": "builder.release.diff",
    "explain": "builder.explain",
    "load_recipe": "builder.recipe",
    "publish": "builder.hub",
    "verify": "builder.verify",
}


def __getattr__(name: str) -> object:
    """Load a public name from its module. Raises AttributeError when there is no such name."""
    if name not in _HOMES:
        raise AttributeError(f"module 'builder' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted([*__all__, "__version__"])


class _Package(ModuleType):
    """Keeps the public functions in front of the modules of the same name.

    Importing builder.explain makes Python set `builder.explain` to that module; then `from builder import explain`
    would give a module or a function by what was imported before.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name in _HOMES and isinstance(value, ModuleType):
            return
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
