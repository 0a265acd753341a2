"""Times as people type them, on a clock that stands still."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from reactor_chat.client.commands.moments import read_moment

ZONE = timezone(timedelta(hours=2))
NOW = datetime(2026, 11, 27, 13, 5, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("13:05", datetime(2026, 11, 27, 11, 5, tzinfo=UTC)),
        ("9:00", datetime(2026, 11, 27, 7, 0, tzinfo=UTC)),
        ("13:06", datetime(2026, 11, 26, 11, 6, tzinfo=UTC)),
        ("2026-11-26", datetime(2026, 11, 25, 22, 0, tzinfo=UTC)),
        ("2026-11-26 14:00", datetime(2026, 11, 26, 12, 0, tzinfo=UTC)),
        ("today", datetime(2026, 11, 26, 22, 0, tzinfo=UTC)),
        ("Yesterday", datetime(2026, 11, 25, 22, 0, tzinfo=UTC)),
        ("yesterday 14:30", datetime(2026, 11, 26, 12, 30, tzinfo=UTC)),
        ("27.11.", datetime(2026, 11, 26, 22, 0, tzinfo=UTC)),
        ("28.11.", datetime(2025, 11, 27, 22, 0, tzinfo=UTC)),
        ("1.2.2024 6:05", datetime(2024, 2, 1, 4, 5, tzinfo=UTC)),
    ],
)
def test_the_moment_that_was_meant(typed: str, meant: datetime) -> None:
    assert read_moment(typed, NOW) == int(meant.timestamp() * 1_000)


NO_TIMES = (
    *("25:00", "12:60", "2026-02-30", "2026-11-26 24:00", "0000-01-01", "noon", "", " ", "31.2.", "1.13.2026", "27.11"),
    *("x 14:00", "today 14", ":", "2026-11-26 :"),
)


@pytest.mark.parametrize("typed", NO_TIMES)
def test_what_is_no_time(typed: str) -> None:
    assert read_moment(typed, NOW) is None
