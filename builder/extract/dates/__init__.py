"""When a page was published: dates in Arabic print and in markup, with their evidence.

Pure functions of the page and its capture time; what each form means is told in docs/dates.md.
"""

from __future__ import annotations

from builder.extract.dates.find import find_modified, find_published
from builder.extract.dates.moments import parse_moment

__all__ = ["find_modified", "find_published", "parse_moment"]
