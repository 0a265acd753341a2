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


def test_what_the_owner_of_a_key_said_while_only_reading_is_sent_again_after_a_cut() -> None:
    """Whoever comes with a key is no guest before the name is claimed either: nothing else was said under it."""
    steps: list[Step] = [
        ("fill_disk", (1,)),
        ("chat", (0, 0)),
        ("chat", (0, 0)),
        ("pass_time", (9,)),
        ("pass_time", (4,)),
        ("chat", (0, 0)),
        ("chat", (0, 0)),
    ]
    assert played(2_202_006_686, 2, steps).failure is None
