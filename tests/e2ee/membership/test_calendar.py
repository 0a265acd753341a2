"""The day of a moment is that of the standard library."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.e2ee.membership.calendar import day_of


@given(st.integers(0, 253_402_300_799))
def test_the_day_is_the_librarys(seconds: int) -> None:
    assert day_of(seconds) == datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d").rjust(10, "0")
