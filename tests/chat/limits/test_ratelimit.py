"""The bucket: a burst, then so much a second, whatever the clock does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.chat.limits.ratelimit import Elapsed, TokenBucket


def test_a_burst_then_so_much_a_second() -> None:
    bucket = TokenBucket(3, 0.5, now_s=100.0)
    assert bucket.available(100.0) == 3
    bucket.take(3)
    assert bucket.available(100.0) == 0
    assert bucket.wait_seconds() == 2.0
    assert bucket.available(101.9) == 0
    assert bucket.available(102.0) == 1
    assert bucket.wait_seconds() == 0
    assert not bucket.is_full(105.9)
    assert bucket.is_full(106.0)
    assert bucket.available(1e9) == 3


def test_more_than_there_is_cannot_be_taken() -> None:
    bucket = TokenBucket(1, 1, now_s=0.0)
    with pytest.raises(AssertionError):
        bucket.take(2)


@given(st.integers(1, 5), st.floats(0.01, 100), st.lists(st.floats(-10, 10), max_size=50))
def test_never_more_than_the_burst_and_what_has_come_back(burst: int, per_second: float, steps: list[float]) -> None:
    bucket, now_s, newest_s, taken = TokenBucket(burst, per_second, now_s=0.0), 0.0, 0.0, 0
    for step in steps:
        now_s += step
        newest_s = max(newest_s, now_s)
        found = bucket.available(now_s)
        assert 0 <= found <= burst
        bucket.take(found)
        taken += found
        assert taken <= burst + newest_s * per_second + 1e-6
        assert 0 <= bucket.wait_seconds() <= 1 / per_second + 1e-6


@given(st.floats(0.001, 1_000), st.floats(0, 1e6))
def test_after_the_wait_there_is_one(per_second: float, now_s: float) -> None:
    bucket = TokenBucket(1, per_second, now_s)
    bucket.take(1)
    assert bucket.available(now_s + bucket.wait_seconds() * 1.001 + 1e-6) == 1


def test_what_is_owed_has_to_come_back_first() -> None:
    bucket = TokenBucket(10, 2, now_s=0.0)
    bucket.owe(30)
    assert bucket.available(0.0) < 1
    assert bucket.wait_seconds() == 10.5
    assert bucket.available(10.4) < 1
    assert bucket.available(10.5) == 1


def test_time_stands_still_where_the_clock_goes_back() -> None:
    elapsed = Elapsed()
    told = [elapsed.seconds(now_ms) for now_ms in (5_000, 6_000, 1_000, 1_500, 10_000)]
    assert told == [0.0, 1.0, 1.0, 1.5, 10.0]
