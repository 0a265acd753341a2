"""Alarms and idle calls of urwid's, within turns that come from outside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.client.screen.event_loop import TurnEventLoop

STEP = st.one_of(
    st.tuples(st.just("alarm"), st.integers(0, 9)),
    st.tuples(st.just("remove"), st.integers(0, 9)),
    st.tuples(st.just("turn"), st.integers(0, 9)),
)


@given(st.lists(STEP, max_size=40))
def test_alarms_ring_in_their_order_once_and_not_before_their_time(steps: list[tuple[str, int]]) -> None:
    loop, now = TurnEventLoop(), 0.0
    set_for: dict[int, tuple[float, int]] = {}  # by handle: when, and in which order it was set
    rung: list[int] = []
    handles: list[int] = []
    for what, number in steps:
        if what == "alarm":
            order = len(handles)
            handle = loop.alarm(number, lambda order=order: rung.append(order))  # type: ignore[misc]
            handles.append(handle)
            set_for[handle] = (now + number, order)
        elif what == "remove" and handles:
            handle = handles[number % len(handles)]
            assert loop.remove_alarm(handle) == (set_for.pop(handle, None) is not None)
        else:
            now += number
            due = sorted(one for one in set_for.values() if one[0] <= now)
            set_for = {handle: one for handle, one in set_for.items() if one not in due}
            rung.clear()
            loop.turn(now)
            assert rung == [order for _, order in due]
        assert loop.deadline == min((when for when, _ in set_for.values()), default=None)


def test_an_alarm_may_set_another_that_is_due_in_the_same_turn() -> None:
    loop, rung = TurnEventLoop(), [0]

    def first() -> None:
        rung.append(1)
        loop.alarm(0, lambda: rung.append(2))

    loop.alarm(1, first)
    loop.turn(0.5)
    assert rung == [0]
    loop.turn(1.0)
    assert rung == [0, 1, 2]
    assert loop.deadline is None


def test_whatever_waits_for_the_end_of_a_turn_is_called_each_time_until_it_is_removed() -> None:
    loop, called = TurnEventLoop(), []
    handle = loop.enter_idle(lambda: called.append(1))
    loop.idle()
    loop.idle()
    assert called == [1, 1]
    assert loop.remove_enter_idle(handle)
    assert not loop.remove_enter_idle(handle)
    loop.idle()
    assert called == [1, 1]


def test_descriptors_and_waiting_are_our_own_loop_s() -> None:
    loop = TurnEventLoop()
    with pytest.raises(NotImplementedError):
        loop.watch_file(0, lambda: None)
    with pytest.raises(NotImplementedError):
        loop.run()
    assert not loop.remove_watch_file(1)
