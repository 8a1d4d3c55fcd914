"""Version numbers by rule, and the story of the versions for people.

The rule is Croissant 1.1's for data: a patch has the same records, a minor version only adds records, a major
version changes or removes some, so that whoever pins 1.x can count on every record staying as it was.
"""

from __future__ import annotations

from collections.abc import Iterable

from builder.release.cardinput import VersionLine
from builder.release.diff import ReleaseDiff
from builder.release.manifest import version_key

FIRST = "1.0.0"


def next_version(before: str | None, change: ReleaseDiff | None) -> tuple[str, str]:
    """Return the version that follows `before` and one sentence that says why. `before` None: the first one."""
    if before is None or change is None:
        return FIRST, "The first release."
    major, minor, patch = version_key(before)
    columns_gone = [name for table in change.tables for name in table.columns_removed]
    if change.total("changed") or change.total("removed") or columns_gone:
        return f"{major + 1}.0.0", "Major: records were changed or removed."
    columns_new = [name for table in change.tables for name in table.columns_added]
    if change.total("added") or columns_new:
        what = "records were only added" if change.total("added") else "columns were only added"
        return f"{major}.{minor + 1}.0", f"Minor: {what}."
    return f"{major}.{minor}.{patch + 1}", "Patch: the records are the same; what describes them changed."


def version_line(
    version: str, why: str, change: ReleaseDiff | None, rows: int, day: str | None
) -> VersionLine:
    """Return the line of the history for a version; the first one adds all its `rows`."""
    if change is None:
        return VersionLine(version, rows, 0, 0, day, why)
    return VersionLine(
        version, change.total("added"), change.total("changed"), change.total("removed"), day, why
    )


def changelog(name: str, history: Iterable[VersionLine]) -> str:
    """Return CHANGELOG.md of the data, newest version first. Days are those of the latest capture."""
    lines = [f"# Changes of the dataset {name}", ""]
    lines += ["Major: records changed or removed. Minor: only added. Patch: the same records.", ""]
    for line in history:
        day = f" (captured until {line.day})" if line.day else ""
        lines += [f"## {line.version}{day}", "", line.why, ""]
        lines += [f"- added: {line.added}", f"- changed: {line.changed}", f"- removed: {line.removed}", ""]
    lines.append("Ids and reasons of removed records: removed.jsonl. The comparison by column: diff.json.")
    return "\n".join(lines) + "\n"
