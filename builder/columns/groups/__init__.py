"""The groups of columns that follow from the base of a row (`builder.columns.record`), in the order they are filled.

A group is one module here and its place in a tuple below. Its columns lie in the cache beside the base, under a
fingerprint of their own: another lexicon makes the group of the platforms again and nothing else.
"""

from __future__ import annotations

from builder.columns.groups.copies import COPIES
from builder.columns.groups.group import Group
from builder.columns.groups.language import LANGUAGE
from builder.columns.groups.later import LATER
from builder.columns.groups.platforms import PLATFORMS
from builder.columns.groups.quality import QUALITY

PUBLIC: tuple[Group, ...] = (PLATFORMS, QUALITY, LANGUAGE)
"""Groups of the first version of the schema."""

GROUPS: tuple[Group, ...] = (*PUBLIC, LATER, COPIES)


def groups_of(table: str, groups: tuple[Group, ...] = GROUPS) -> tuple[Group, ...]:
    """Return the groups that a table has, in order."""
    return tuple(group for group in groups if table in group.columns)


__all__ = ["GROUPS", "PUBLIC", "Group", "groups_of"]
