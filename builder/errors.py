"""Every error Hiwar raises on purpose, in one tree.

    HiwarError                 exit code 1
    ├── CheckFailed            1   a check or a release gate said no
    │   ├── VerifyFailed       1   a release is not what its manifest says
    │   ├── GateFailed         1   the recipe's assertions stopped a release
    │   └── AccountError       1   kept + dropped + failed differs from what was read
    ├── UsageError             2   the command or the recipe cannot be followed as written
    │   ├── RecipeError        2   a key of the recipe is wrong
    │   └── SchemaError        2   a schema file or a row does not fit
    └── WorldError             3   the network, the disk or another process failed us
        ├── LockedError        3   another process works in this folder
        ├── ArchiveError       3   an archive cannot be read
        ├── StorageError       3   object storage refused, could not be reached, or holds something else by now
        ├── FetchError         3   a request got no usable answer
        └── HubError           3   the Hub refused or could not be reached

A message says what is wrong, where, why, and what to do next; `what_next` is kept apart so that the
command line can print it on its own line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping


class HiwarError(Exception):
    """Base of all errors raised on purpose.

    `what` says what is wrong and why; `where` names the file, key or address; `what_next` tells the
    reader what to do. `result` is what was found all the same, as JSON-ready values, such as the checks that ran.
    """

    exit_code = 1

    def __init__(
        self, what: str, *, where: str = "", what_next: str = "", result: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(what, where, what_next)
        self.result = dict(result or {})
        self.what = what
        self.where = where
        self.what_next = what_next

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}\n{self.what_next}" if self.what_next else head

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self.where, self.what_next, self.result)


def _rebuild(
    kind: type[HiwarError], what: str, where: str, what_next: str, result: Mapping[str, object]
) -> HiwarError:
    """Make the error again on the other side of a process border."""
    return kind(what, where=where, what_next=what_next, result=result)


class CheckFailed(HiwarError):
    """A check was made and the answer is no."""


class VerifyFailed(CheckFailed):
    """A release is not what its manifest says."""


class GateFailed(CheckFailed):
    """The recipe's assertions about a release do not hold, so none was made."""


class AccountError(CheckFailed):
    """A stage lost or doubled a record: kept + dropped + failed differs from read."""


class UsageError(HiwarError):
    """The command or the recipe cannot be followed as written."""

    exit_code = 2


class RecipeError(UsageError):
    """A key of the recipe is unknown, missing or holds a value that cannot be used."""


class SchemaError(UsageError):
    """A schema file is malformed, or a row does not fit its schema."""


class WorldError(HiwarError):
    """The network, the disk or another process failed us; trying again may help."""

    exit_code = 3


class LockedError(WorldError):
    """Another process works in this folder."""


class ArchiveError(WorldError):
    """An archive cannot be read or written."""


class StorageError(WorldError):
    """Object storage refused, could not be reached, or holds something else than when it was listed."""


class FetchError(WorldError):
    """A request got no usable answer."""


class HubError(WorldError):
    """The Hub refused a request or could not be reached."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the end of a message on an unknown word: the nearest known one, or all where none is near.

    All are named where they are 12 at most, which is a line of print.
    """
    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f" (known here: {', '.join(words)})" if 0 < len(words) <= 12 else ""
