"""Pauses double up to a limit, until something changes."""

from reactor_chat.e2ee.state.retry import SECONDS_FIRST, SECONDS_MAX, Retry


def test_each_pause_is_twice_the_one_before_up_to_a_limit() -> None:
    retry, pauses = Retry(), []
    for _ in range(12):
        retry.later(100.0)
        assert retry.at is not None
        pauses.append(retry.at - 100.0)
    assert pauses[:4] == [SECONDS_FIRST * 2**times for times in range(4)]
    assert max(pauses) == pauses[-1] == SECONDS_MAX


def test_it_must_wait_until_the_pause_is_over_and_not_longer() -> None:
    retry = Retry()
    assert not retry.must_wait(0.0)
    retry.later(100.0)
    assert retry.must_wait(100.0 + SECONDS_FIRST / 2)
    retry.if_due(100.0 + SECONDS_FIRST / 2)
    assert retry.at is not None, "it is too early"
    retry.if_due(100.0 + SECONDS_FIRST)
    assert retry.at is None
    assert retry.times == 1, "the next pause is longer still"
    retry.at_once()
    assert retry.times == 0
