"""The whole path on one machine: serve a small site, crawl it, build a release, verify it."""

from __future__ import annotations

from builder.demo.run import DemoResult, run_demo

__all__ = ["DemoResult", "run_demo"]
