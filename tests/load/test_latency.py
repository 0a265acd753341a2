"""A histogram is right to within 1.6 % at every quantile."""

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.load.latency import Histogram


@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(1, 5)), min_size=1), st.floats(0.01, 1.0))
def test_a_quantile_is_near_the_exact_one(counted: list[tuple[int, int]], share: float) -> None:
    histogram = Histogram()
    for duration_ns, count in counted:
        histogram.add(duration_ns, count)
    values = sorted(duration_ns for duration_ns, count in counted for _ in range(count))
    assert histogram.count == len(values)
    assert histogram.max_ns == values[-1]
    exact = next(value for place, value in enumerate(values, 1) if place >= share * len(values))
    assert abs(histogram.quantile_us(share) * 1_000 - exact) <= exact / 64 + 1e-6


def test_nothing_counted_is_nothing() -> None:
    assert set(Histogram().summary().values()) == {0.0}
