"""Signals become calls in a turn, and everything is as it was afterwards."""

import os
import signal

from reactor_chat.reactor.signals import Signals
from tests.reactor.conftest import World


def test_a_signal_ends_the_wait_and_is_called_in_the_turn(world: World) -> None:
    told: list[str] = []
    signals = Signals(
        world.loop, {signal.SIGUSR1: lambda: told.append("one"), signal.SIGUSR2: lambda: told.append("2")}
    )
    os.kill(os.getpid(), signal.SIGUSR1)
    assert told == []
    world.loop.turn()  # without a wake-up this would wait for an hour
    assert told == ["one"]
    world.turn()
    assert told == ["one"]
    for number in (signal.SIGUSR2, signal.SIGUSR1, signal.SIGUSR2):
        os.kill(os.getpid(), number)
    world.loop.turn()
    assert told == ["one", "2", "one"]
    signals.close()


def test_a_storm_of_signals_counts_as_one_and_fills_nothing(world: World) -> None:
    told: list[int] = []
    signals = Signals(world.loop, {signal.SIGUSR1: lambda: told.append(1), signal.SIGUSR2: lambda: told.append(2)})
    for _ in range(5_000):
        os.kill(os.getpid(), signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGUSR2)
    world.loop.turn()
    assert told == [1, 2]
    signals.close()


def test_everything_is_put_back(world: World) -> None:
    before = signal.getsignal(signal.SIGUSR1)
    wakeup_before = signal.set_wakeup_fd(-1)
    signals = Signals(world.loop, {signal.SIGUSR1: lambda: None})
    assert signal.getsignal(signal.SIGUSR1) != before
    signals.close()
    signals.close()
    assert signal.getsignal(signal.SIGUSR1) == before
    assert signal.set_wakeup_fd(wakeup_before) == -1


def test_a_callback_may_close_them(world: World) -> None:
    told: list[str] = []

    def close() -> None:
        told.append("closed")
        signals.close()

    signals = Signals(world.loop, {signal.SIGUSR1: close, signal.SIGUSR2: close})
    os.kill(os.getpid(), signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGUSR2)
    world.loop.turn()
    assert told == ["closed"]
