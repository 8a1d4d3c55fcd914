"""The error tree."""

from __future__ import annotations

import inspect
import pickle

import pytest

from builder import errors
from builder.errors import HiwarError

KINDS = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, HiwarError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_in_the_drawn_tree_with_its_exit_code(kind: type[HiwarError]) -> None:
    """The tree in the docstring names each class and its exit code."""
    assert errors.__doc__ is not None
    line = next(line for line in errors.__doc__.splitlines() if kind.__name__ in line.split())
    assert str(kind.exit_code) in line


@pytest.mark.parametrize("kind", KINDS)
def test_errors_cross_process_borders(kind: type[HiwarError]) -> None:
    """An error raised in a worker is the same error in the parent."""
    error = kind("what", where="where", what_next="do this")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (kind, "where: what\ndo this")
