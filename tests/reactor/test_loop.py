"""A turn does everything in its order, once, and costs nothing for those who are silent."""

import gc
import os
import selectors
import socket
import sys
from collections.abc import Callable
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE

import pytest

from reactor_chat.reactor.fanout import Fanout
from reactor_chat.reactor.loop import WAIT_SECONDS_MAX, Loop
from tests.reactor.conftest import Clock, World


class Noting:
    """Flushed and finalized, and tells."""

    def __init__(self, note: Callable[[str], None], then: Callable[[], None] = lambda: None) -> None:
        self._note = note
        self._then = then

    def flush(self) -> None:
        self._note("flush")
        self._then()

    def finalize(self) -> None:
        self._note("finalize")
        self._then()


class WaitNoting(selectors.DefaultSelector):
    """Notes how long it was asked to wait, and does not."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.waits.append(timeout)
        return super().select(0.0)


def test_the_order_of_a_turn(world: World) -> None:
    told: list[str] = []
    one, other = socket.socketpair()
    world.keep(one, other)
    signal_reading, signal_writing = socket.socketpair()
    world.keep(signal_reading, signal_writing)
    loop, thing = world.loop, Noting(told.append)

    def read(_mask: int) -> None:
        told.append("read")
        loop.close_later(thing)
        loop.flush_later(thing)
        loop.flush_later(thing)
        loop.timers.call_at(loop.now, lambda: told.append("timer"))

    loop.before_flush(lambda now: told.append(f"before flush {now}"))
    loop.watch(one, EVENT_READ, read)
    loop.watch(signal_reading, EVENT_READ, lambda _mask: told.append("signal"), first=True)
    other.send(b"x")
    signal_writing.send(b"x")
    world.turn()
    assert told == ["signal", "read", "timer", "before flush 1000.0", "flush", "finalize"]
    loop.unwatch(one)
    loop.unwatch(signal_reading)


def test_signals_come_first_however_many_others_are_ready(world: World) -> None:
    told: list[str] = []
    for _ in range(20):
        one, other = socket.socketpair()
        world.keep(one, other)
        other.send(b"x")
        world.loop.watch(one, EVENT_READ, lambda _mask: told.append("other"))
    last, other = socket.socketpair()
    world.keep(last, other)
    other.send(b"x")
    world.loop.watch(last, EVENT_READ, lambda _mask: told.append("signal"), first=True)
    world.turn()
    assert told == ["signal"] + ["other"] * 20


def test_an_unwatched_descriptor_is_not_called_even_when_it_was_reported(world: World) -> None:
    pairs = [socket.socketpair() for _ in range(2)]
    called: list[int] = []

    def first_come(number: int, _mask: int) -> None:
        called.append(number)
        for ours, _ in pairs:
            world.loop.unwatch(ours)

    for number, (one, other) in enumerate(pairs):
        world.keep(one, other)
        other.send(b"x")
        world.loop.watch(one, EVENT_READ, partial(first_come, number))
    world.turn()
    assert len(called) == 1


def test_what_is_flushed_or_closed_meanwhile_waits_one_turn_and_no_sleep(world: World) -> None:
    told: list[str] = []
    late = Noting(lambda what: told.append(f"late {what}"))
    world.loop.flush_later(Noting(told.append, lambda: world.loop.flush_later(late)))
    world.loop.close_later(Noting(told.append, lambda: world.loop.close_later(late)))
    world.loop.turn()
    assert told == ["flush", "finalize"]
    world.loop.turn()  # would wait for an hour
    assert told == ["flush", "finalize", "late flush", "late finalize"]


def test_it_waits_until_the_next_deadline_and_not_when_work_is_left() -> None:
    clock, selector = Clock(), WaitNoting()
    loop = Loop(clock, selector)
    loop.turn()
    timer = loop.timers.call_at(clock.seconds + 5.0, lambda: None)
    loop.turn()
    clock.advance(2.0)  # as a long turn would
    loop.turn()
    clock.advance(9.0)
    loop.run_soon()
    loop.turn()
    assert not timer.armed
    loop.timers.call_at(clock.seconds - 1.0, lambda: None)
    loop.turn()
    assert selector.waits == [WAIT_SECONDS_MAX, 5.0, 3.0, 0.0, 0.0]
    loop.close()


def test_one_turn_has_one_time(world: World) -> None:
    times: list[float] = []
    world.loop.timers.call_at(0.0, lambda: world.clock.advance(0.25))
    world.loop.before_flush(times.append)
    world.turn()
    assert times == [1_000.0] == [world.loop.now]
    assert world.loop.turn_seconds_last == world.loop.turn_seconds_max == 0.25
    world.turn()
    assert (world.loop.turn_seconds_last, world.loop.turn_seconds_max) == (0.0, 0.25)


def test_a_steady_input_does_not_starve_timers(world: World) -> None:
    one, other = socket.socketpair()
    world.keep(one, other)
    other.send(b"never read")
    fired: list[int] = []
    world.loop.watch(one, EVENT_READ, lambda _mask: None)
    world.loop.timers.call_at(1_001.0, lambda: fired.append(1))
    world.turn()
    assert not fired
    world.clock.advance(1.0)
    world.turn()
    assert fired == [1]


def test_run_ends_after_the_turn_in_which_it_was_stopped(world: World) -> None:
    turns: list[float] = []
    world.loop.before_flush(turns.append)
    world.loop.timers.call_at(0.0, world.loop.stop)
    world.loop.run()
    assert len(turns) == 1


def test_what_a_callback_raises_ends_the_turn_and_the_next_takes_up_the_rest(world: World) -> None:
    told: list[str] = []

    def bug() -> None:
        world.loop.flush_later(Noting(told.append))
        raise ZeroDivisionError

    world.loop.timers.call_at(0.0, bug)
    with pytest.raises(ZeroDivisionError):
        world.turn()
    assert told == []
    world.loop.turn()
    assert told == ["flush"]


def test_rewatching_changes_what_is_waited_for(world: World) -> None:
    one, other = socket.socketpair()
    world.keep(one, other)
    masks: list[int] = []
    world.loop.watch(one, EVENT_READ, masks.append)
    world.turn()
    world.loop.rewatch(one, EVENT_WRITE)
    world.turn()
    assert masks == [EVENT_WRITE]


def calls_in_a_turn(world: World) -> int:
    calls = 0

    def count(_frame: object, _event: str, _argument: object) -> None:
        nonlocal calls
        calls += 1

    gc.disable()  # a collection in between would call whoever listens for one
    sys.setprofile(count)
    try:
        world.turn()
    finally:
        sys.setprofile(None)
        gc.enable()
    return calls


def test_those_who_are_silent_cost_nothing(world: World) -> None:
    room = Fanout(world.loop)
    world.connect()[0].attach(room)
    world.turn()
    before = calls_in_a_turn(world)
    for _ in range(100):
        world.connect()[0].attach(room)
    world.turn()
    assert calls_in_a_turn(world) == before


def test_a_plain_descriptor_can_be_watched_as_well(world: World) -> None:
    reading, writing = os.pipe()
    masks: list[int] = []
    world.loop.watch(reading, EVENT_READ, masks.append)
    os.write(writing, b"x")
    world.turn()
    world.loop.unwatch(reading)
    os.close(reading)
    os.close(writing)
    assert masks == [EVENT_READ]


def test_closing_buries_what_was_marked() -> None:
    told: list[str] = []
    loop = Loop()
    loop.close_later(Noting(told.append))
    loop.close()
    assert told == ["finalize"]
