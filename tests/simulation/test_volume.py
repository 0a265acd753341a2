"""Volume from seeds: no promise is broken in many operations with many faults, and what is rare has been reached."""

import io
import os

import pytest

from reactor_chat.testing.__main__ import Totals, run, show_failure
from reactor_chat.testing.sometimes import missing

NIGHTLY = os.environ.get("REACTOR_CHAT_NIGHTLY") == "1"
PARTS = 4
OPERATIONS = 100_000_000 if NIGHTLY else 300_000
FAULTS = OPERATIONS // 100


def lived(seed: int) -> Totals:
    """A part of the volume, with nothing to complain of; a violation prints how to see it again."""
    totals, failure = run(seed, OPERATIONS // PARTS, None, io.StringIO())
    if failure is not None:
        news = io.StringIO()
        show_failure(failure, shrinks=True, out=news)
        pytest.fail(news.getvalue())
    return totals


@pytest.mark.parametrize("seed", range(PARTS))
def test_no_promise_is_broken(seed: int) -> None:
    totals = lived(seed)
    assert totals.operations >= OPERATIONS // PARTS
    assert totals.faults >= 0.9 * FAULTS // PARTS


@pytest.mark.skipif(not NIGHTLY, reason="a run of a minute does not reach everything; --nightly does")
def test_everything_that_has_to_happen_sometimes_has() -> None:
    assert not missing(lived(1_000).seen)
