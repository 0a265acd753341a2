"""Pauses grow, stay within their bounds, and begin anew."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.connecting.backoff import Backoff


def test_pauses_double_up_to_the_longest_and_say_so_once() -> None:
    backoff = Backoff(1.0, 10.0, lambda: 1.0)
    pauses, told = [], []
    for _ in range(7):
        pauses.append(backoff.next_pause())
        told.append(backoff.is_at_most)
    assert pauses == [1, 2, 4, 8, 10, 10, 10]
    assert told == [False, False, False, False, True, False, False]
    backoff.reset()
    assert backoff.next_pause() == 1


@given(st.floats(0.001, 10), st.floats(10, 1_000), st.lists(st.floats(0, 1), min_size=1, max_size=80))
def test_a_pause_is_never_longer_than_the_longest_nor_shorter_than_half_the_first(
    first: float, longest: float, numbers: list[float]
) -> None:
    given_out = iter(numbers)
    backoff = Backoff(first, longest, lambda: next(given_out))
    assert all(first / 2 <= backoff.next_pause() <= longest for _ in numbers)
