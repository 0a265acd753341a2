"""Timers fire in order, once, never when cancelled, and never in the round they were born in."""

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.reactor.timers import CANCELLED_KEPT_MAX, Timer, Timers


def test_what_is_due_fires_oldest_deadline_first() -> None:
    timers, fired = Timers(), list[str]()
    for name, deadline_s in (("c", 3.0), ("a", 1.0), ("b1", 2.0), ("b2", 2.0), ("later", 9.0)):
        timers.call_at(deadline_s, partial(fired.append, name))
    timers.fire(3.0)
    assert fired == ["a", "b1", "b2", "c"]
    assert len(timers) == 1
    assert timers.next_deadline() == 9.0


def test_a_deadline_is_due_at_its_very_moment_and_not_before() -> None:
    timers, fired = Timers(), list[float]()
    timers.call_at(5.0, lambda: fired.append(5.0))
    timers.fire(4.999)
    assert not fired
    timers.fire(5.0)
    timers.fire(6.0)
    assert fired == [5.0]


def test_timers_born_meanwhile_wait_for_the_next_round() -> None:
    timers, rounds = Timers(), list[int]()

    def again() -> None:
        rounds.append(1)
        timers.call_at(0.0, again)

    timers.call_at(1.0, again)
    timers.fire(1.0)
    assert rounds == [1]
    timers.fire(1.0)
    assert rounds == [1, 1]
    assert len(timers) == 1


def test_a_timer_cancelled_by_the_one_before_it_does_not_fire() -> None:
    timers, fired = Timers(), list[str]()
    victims: list[Timer] = []

    def cancel_the_next() -> None:
        victims[0].cancel()

    timers.call_at(1.0, cancel_the_next)
    victims.append(timers.call_at(1.0, lambda: fired.append("victim")))
    timers.fire(2.0)
    assert not fired
    assert not victims[0].armed
    assert len(timers) == 0
    assert timers.next_deadline() is None


def test_cancelling_twice_or_after_firing_changes_nothing() -> None:
    timers = Timers()
    fired, cancelled = timers.call_at(1.0, lambda: None), timers.call_at(5.0, lambda: None)
    timers.fire(1.0)
    fired.cancel()
    cancelled.cancel()
    cancelled.cancel()
    assert len(timers) == 0


def test_a_callback_that_raises_leaves_the_others_armed() -> None:
    timers, fired = Timers(), list[str]()

    def bug() -> None:
        timers.call_at(0.0, lambda: fired.append("born"))
        raise ZeroDivisionError

    timers.call_at(1.0, bug)
    timers.call_at(2.0, lambda: fired.append("other"))
    with pytest.raises(ZeroDivisionError):
        timers.fire(3.0)
    assert len(timers) == 2
    timers.fire(3.0)
    assert fired == ["born", "other"]


def test_cancelled_timers_do_not_pile_up() -> None:
    timers = Timers()
    for number in range(50_000):
        timers.call_at(float(number), lambda: None).cancel()
    assert len(timers._heap) <= CANCELLED_KEPT_MAX + 1


def test_the_heap_may_be_rebuilt_while_it_fires() -> None:
    timers, fired = Timers(), list[int]()
    others = [timers.call_at(9.0, lambda: None) for _ in range(1_000)]

    def cancel_them() -> None:
        for timer in others:
            timer.cancel()

    timers.call_at(1.0, cancel_them)
    timers.call_at(2.0, lambda: fired.append(2))
    timers.fire(3.0)
    assert fired == [2]
    assert len(timers) == 0
    assert timers.next_deadline() is None


@pytest.mark.parametrize("deadline_s", [float("nan"), float("inf"), float("-inf")])
def test_a_deadline_is_a_moment(deadline_s: float) -> None:
    with pytest.raises(AssertionError):
        Timers().call_at(deadline_s, lambda: None)


@given(st.lists(st.tuples(st.sampled_from(["arm", "cancel", "fire"]), st.integers(0, 20)), max_size=60))
def test_any_interleaving_is_as_a_sorted_list_says(steps: list[tuple[str, int]]) -> None:
    timers, fired, expected = Timers(), list[int](), list[int]()
    model: dict[int, float] = {}
    armed = {}

    def note(number: int) -> Callable[[], None]:
        return lambda: fired.append(number)

    for number, (what, value) in enumerate(steps):
        if what == "arm":
            armed[number] = timers.call_at(float(value), note(number))
            model[number] = float(value)
        elif what == "cancel" and armed:
            victim = sorted(armed)[value % len(armed)]
            armed[victim].cancel()
            model.pop(victim, None)
        elif what == "fire":
            due = sorted((deadline_s, number) for number, deadline_s in model.items() if deadline_s <= value)
            expected += [number for _, number in due]
            for _, one in due:
                del model[one]
            timers.fire(float(value))
        assert fired == expected
        assert len(timers) == len(model)
        assert timers.next_deadline() == min(model.values(), default=None)
