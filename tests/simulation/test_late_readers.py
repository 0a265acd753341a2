"""Who is let in only to read may have entered before they read that: then nothing is missing that is not theirs."""

import pytest

from reactor_chat.testing.driver import played
from reactor_chat.testing.operations import Step

SEED, SHAPE = 15_000_058, 2
FOUND: list[list[Step]] = [
    [
        ("chat", (0, 0)),
        ("chat", (0, 0)),
        ("disk_error_at", (0,)),
        ("chat", (0, 0)),
        ("fill_disk", (1,)),
        ("pass_time", (6,)),
        ("chat", (0, 0)),
        ("flow", (3,)),
    ],
    [
        ("chat", (0, 0)),
        ("chat", (0, 0)),
        ("flow", (0,)),
        ("say", (0, 0, 0)),
        ("chat", (0, 0)),
        ("disk_error_at", (0,)),
        ("chat", (0, 0)),
        ("kill_client", (14, 0, 0)),
        ("power_cut_at", (8,)),
        ("pass_time", (5,)),
        ("fill_disk", (1,)),
        ("pass_time", (0,)),
        ("chat", (0, 0)),
        ("flow", (3,)),
    ],
]


@pytest.mark.parametrize("steps", FOUND)
def test_who_enters_before_reading_the_welcome_misses_nothing(steps: list[Step]) -> None:
    assert played(SEED, SHAPE, steps).failure is None
