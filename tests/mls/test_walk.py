"""Random walks: 12 in the ordinary run, 2,000 in the long one."""

import pytest

from reactor_chat.mls.suites import HYBRID
from tests.mls.walk import Walk, walks

PARTS = 4
"""The walks are dealt out to so many tests, which can run beside each other."""


@pytest.mark.parametrize("part", range(PARTS))
def test_walks(*, long_run: bool, part: int) -> None:
    """After each commit all members agree; the removed and those without a key are locked out."""
    count = (2000 if long_run else 4) // PARTS
    counts = walks(count, 1 + part * count)
    assert counts["walks"] == count
    expected = (
        "commits",
        "removed",
        "locked out without the key",
        "crashes",
        "lost races",
        "external joins",
        "messages",
    )
    assert all(counts[name] >= count for name in expected), counts


def test_a_walk_repeats() -> None:
    """A seed is a bug report: the same one gives the same life."""
    first, second = Walk(8), Walk(8)  # a short one
    assert first.play() == second.play()
    assert first.suite_number != HYBRID
    assert [group.serialize() for group in first.members] == [group.serialize() for group in second.members]
