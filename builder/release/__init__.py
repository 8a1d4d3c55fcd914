"""Releases: rows in, a folder out that `datasets.load_dataset` opens, with a manifest that proves it."""

from __future__ import annotations

import importlib

from builder.release.manifest import FileEntry
from builder.release.types import Release, ReleaseInput

__all__ = ["FileEntry", "Release", "ReleaseInput", "write_release"]


def write_release(given: ReleaseInput) -> Release:
    """Write a release below the recipe's `releases` folder, or return the last one when nothing changed.

    Raises GateFailed when the recipe's assertions do not hold, LockedError when another process writes a
    release there, UsageError when a pinned version is taken, WorldError when the disk refuses.
    """
    writer = importlib.import_module("builder.release.write")
    release: Release = writer.write(given)
    return release
