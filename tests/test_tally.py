"""The account of a stage."""

from __future__ import annotations

import json

import pytest

from builder.errors import AccountError
from builder.tally import Tally


def test_an_account_that_balances_closes() -> None:
    """Each item counts once, each reason counts."""
    tally = Tally("rules")
    tally.keep(3)
    tally.drop(["too-short", "language"])
    tally.fail(["charset"])
    data = tally.close(5).as_dict()
    assert (data["read"], data["kept"], data["dropped"], data["failed"]) == (5, 3, 1, 1)
    assert data["reasons"] == {"charset": 1, "language": 1, "too-short": 1}
    assert data["dropped_for"] == {"too-short": 1}


def test_an_item_counts_once_for_a_reason_that_it_has_twice() -> None:
    """A page that says noai in its header and in its head is one page."""
    tally = Tally("rules.documents")
    tally.drop(["noai", "language", "noai"])
    data = tally.close(1).as_dict()
    assert data["reasons"] == {"language": 1, "noai": 1}
    assert data["dropped_for"] == {"noai": 1}


@pytest.mark.parametrize("read", [3, 5])
def test_a_lost_or_doubled_item_is_an_error(read: int) -> None:
    """The account is held against what was read elsewhere."""
    tally = Tally("extract")
    tally.keep(4)
    with pytest.raises(AccountError, match=f"4 items accounted for, {read} read"):
        tally.close(read)


def test_accounts_of_workers_add_up() -> None:
    """Adding is the same in any order, and survives being written down."""
    one, two = Tally("x"), Tally("x")
    one.keep()
    one.drop(["a"])
    two.drop(["b", "a"])
    left = Tally.from_dict(one.as_dict())
    left.add(two)
    right = Tally.from_dict(two.as_dict())
    right.add(one)
    assert left.close(3) == right.close(3)


def test_an_account_that_does_not_agree_with_itself_is_refused() -> None:
    """More read than kept, dropped and failed is a lost item, also where nobody counted apart; so is fewer."""
    for lost in (Tally("rows", read=3, kept=2), Tally("rows", read=2, kept=3)):
        with pytest.raises(AccountError, match="rows"):
            lost.close()


def test_failures_of_workers_are_added_and_written_in_one_order() -> None:
    """Accounts that were filled in another order are the same text in a manifest."""
    one, two = Tally("rows"), Tally("rows")
    for tally, order in ((one, ("b", "a")), (two, ("a", "b"))):
        for rule in order:
            tally.fail([rule])
            tally.drop([rule])
    assert json.dumps(one.as_dict()) == json.dumps(two.as_dict())
    one.add(two)
    assert dict(one.close(8).failed) == {"a": 2, "b": 2}
