"""Hiwar: Arabic commentary on digital platforms, as a published, versioned dataset."""

from __future__ import annotations

__version__ = "0.1.0"
