"""The time is said now and then."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.spoken.clock import UNTIMED, Clock

NOW = datetime(2026, 11, 27, 13, 5, tzinfo=UTC)


def local_time(milliseconds: int | None) -> datetime:
    return NOW if milliseconds is None else NOW + timedelta(milliseconds=milliseconds)


@given(st.lists(st.integers(-20 * 60_000, 20 * 60_000), max_size=30))
def test_whoever_listens_knows_the_time_to_five_minutes(moments: list[int]) -> None:
    clock, known = Clock(local_time), None
    for at in moments:
        said = clock.news(at)
        assert len(said) <= 1
        assert bool(said) == (known is None or abs(at - known) >= UNTIMED / timedelta(milliseconds=1))
        known = at if said else known


def test_what_was_is_told_from_what_is() -> None:
    assert Clock(local_time).news(None) == ["It is 13:05."]
    assert Clock(local_time).news(299_000) == ["It is 13:09."]
    assert Clock(local_time).news(-300_000) == ["It was 13:00."]
    assert Clock(local_time).news(-86_400_000) == ["It was 2026-11-26 13:05."]


def test_a_time_that_is_none_is_not_said() -> None:
    assert Clock(local_time).news(1 << 62) == []
    assert Clock(local_time).of(1 << 62) == ""
