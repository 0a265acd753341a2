"""A seed that fails becomes a Hypothesis program that fails, and shrinks to what matters; so does our own shrinking."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings

from reactor_chat.chat.state.receipts import Receipts
from reactor_chat.testing.driver import Failure, drawn, played
from reactor_chat.testing.operations import Step
from reactor_chat.testing.shrinking import in_words, shrunk
from tests.simulation.programs import choices_of, programs, shrunk_by_hypothesis

STEPS = 30
FIRST = 125
"""Of the seeds that fail this one is soon shrunk; of the others, some take Hypothesis thrice as long."""


@pytest.fixture
def failure(monkeypatch: pytest.MonkeyPatch) -> Failure:
    """What a seed finds where the server forgets what came of a request."""
    monkeypatch.setattr(Receipts, "get", lambda *_: None)
    found = next(filter(None, (played(seed, 0, list(drawn(seed, STEPS))).failure for seed in range(FIRST, 500))))
    assert "one request for ever" in str(found.error)
    return found


@pytest.mark.parametrize("shorten", [shrunk_by_hypothesis, shrunk])
def test_what_is_left_is_short_and_still_fails(failure: Failure, shorten: Callable[[Failure], list[Step]]) -> None:
    steps = shorten(failure)
    assert len(steps) <= 12, steps
    again = played(failure.seed, failure.shape, steps).failure
    assert again is not None
    assert in_words(again.error) == in_words(failure.error)


@given(programs())
@settings(max_examples=20)
def test_every_program_has_its_choices(steps: list[Step]) -> None:
    assert len(choices_of(steps)) == 1 + sum(2 + len(numbers) for _, numbers in steps)
