"""Mutated inputs: 8,000 in the ordinary run, 5,000,000 in the long one."""

import pytest

from reactor_chat.mls.suites import CLASSICAL
from tests.mls.mutation import Target, run, targets_of

INSIDE_THE_OTHER_SUITES = 400


def test_mutants_are_refused(long_run: bool) -> None:  # noqa: FBT001 - a fixture
    """With a declared error, and every group as it was."""
    count = 5_000_000 if long_run else 8_000
    outcomes = run(count, 2026)
    assert outcomes.total() > 0.99 * count
    assert outcomes["passed"] < 0.02 * count


@pytest.mark.parametrize("suite_number", [2, 3, 4, 5, 6, 7])
def test_mutants_in_the_other_suites(suite_number: int) -> None:
    """Other keys, other errors of the library, the same two exceptions."""
    assert run(INSIDE_THE_OTHER_SUITES, 1, (suite_number,)).total() > 0.9 * INSIDE_THE_OTHER_SUITES


def test_the_alarm_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that accepts anything is caught, and the mutant is named."""
    targets, groups = targets_of(CLASSICAL, 1)
    careless = [Target(targets[0].name, targets[0].genuine, len)]
    monkeypatch.setattr("tests.mls.mutation.targets_of", lambda *_: (careless, groups))
    with pytest.raises(AssertionError, match="seed 1, mutant 0 of a private commit was accepted"):
        run(10, 1)
