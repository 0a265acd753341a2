"""The turn: wait, read, fire what is due, think, write, close, measure, in this order and in one function.

Everything the process does happens inside `Loop.turn`.  Its order is what makes the rest simple: nothing is written
before the callbacks of `before_flush` have run, so they can make durable what the writes then show; each connection is
written to at most once, so what one turn brought leaves in one system call; and nothing is closed before everything
else is done, so nobody holds a descriptor that has become somebody else's.

An idle descriptor costs nothing: it stands in the kernel's interest list and in no list of ours.
"""

import selectors
import time
from collections.abc import Callable
from typing import Protocol

from reactor_chat.reactor.timers import Timers

WAIT_SECONDS_MAX = 3_600.0  # the kernel takes milliseconds in 32 bits; an hour is for ever to a loop


class HasFileno(Protocol):
    """A socket, a file: anything with a descriptor of its own."""

    def fileno(self) -> int:
        """Return the descriptor."""


Descriptor = int | HasFileno


class Flushable(Protocol):
    """Something with bytes to write at the end of the turn."""

    def flush(self) -> None:
        """Write once."""


class Finalizable(Protocol):
    """Something that is to be closed at the end of the turn."""

    def finalize(self) -> None:
        """Give back the descriptor and tell the owner."""


class _Watch:
    """The callback of one watched descriptor, and whether it goes before the others."""

    __slots__ = ("callback", "first")

    def __init__(self, callback: Callable[[int], None], *, first: bool) -> None:
        self.callback = callback
        self.first = first


def _ignore(mask: int) -> None:
    """Stand in for the callback of a descriptor that was unwatched after the kernel had reported it."""


def _others_last(ready: tuple[selectors.SelectorKey, int]) -> bool:
    return not ready[0].data.first


class Loop:
    """One thread's loop over descriptors, deadlines and whoever has something to write.

    Args:
        monotonic: the clock in seconds; a test passes its own.
        selector: how to wait; closed by `close`.
    """

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, selector: selectors.BaseSelector | None = None
    ) -> None:
        self.timers = Timers()
        self.turns = 0
        self.written_bytes = 0  # taken from queues and fan-outs, before encryption
        self.turn_seconds_last = 0.0
        self.turn_seconds_max = 0.0
        self._monotonic = monotonic
        self._now = monotonic()
        self._selector = selector or selectors.DefaultSelector()
        self._first: set[int] = set()  # descriptors that go before the others
        self._before_flush: list[Callable[[float], None]] = []
        self._to_flush: dict[Flushable, None] = {}  # a dictionary is a set that keeps its order
        self._to_finalize: dict[Finalizable, None] = {}
        self._soon = False
        self._stopping = False

    @property
    def now(self) -> float:
        """Monotonic seconds at which this turn's wait ended: one time for everything that happens in it."""
        return self._now

    def turn(self) -> None:
        """Do one turn.

        A callback that raises is a bug: the turn ends there, and what that very step had still to do may stay undone.
        """
        ready = self._selector.select(self._wait_seconds())
        self._now = now = self._monotonic()
        if not self._first.isdisjoint([key.fd for key, _ in ready]):
            ready.sort(key=_others_last)
        for key, mask in ready:
            key.data.callback(mask)
        self.timers.fire(now)
        for callback in self._before_flush:
            callback(now)
        self._flush()
        self._finalize()
        self.turns += 1
        self.turn_seconds_last = self._monotonic() - now
        self.turn_seconds_max = max(self.turn_seconds_max, self.turn_seconds_last)

    def run(self) -> None:
        """Turn until `stop`; a stop that came before counts."""
        while not self._stopping:
            self.turn()
        self._stopping = False

    def stop(self) -> None:
        """Let `run` return after the turn that is under way."""
        self._stopping = True
        self._soon = True

    def close(self) -> None:
        """Finalize what is to be closed, and close the selector; what is still watched belongs to its owners."""
        while self._to_finalize:
            self._finalize()
        self._selector.close()

    def watch(self, fileobj: Descriptor, events: int, callback: Callable[[int], None], *, first: bool = False) -> None:
        """Call back in every turn in which the descriptor is ready (level-triggered).

        Args:
            events: `selectors.EVENT_READ`, `EVENT_WRITE` or both; never 0, because the kernel reports a hang-up even
                to those who asked for nothing, and the loop would spin.
            callback: is given the events that are ready.
            first: goes before all that are not (for signals).

        Raises:
            KeyError: it is watched already.
            OSError: the kernel cannot watch it (a regular file: it is always ready).
        """
        key = self._selector.register(fileobj, events, _Watch(callback, first=first))
        if first:
            self._first.add(key.fd)

    def rewatch(self, fileobj: Descriptor, events: int) -> None:
        """Change what is waited for; the callback stays.  Raises KeyError where it is not watched.

        Args:
            fileobj: watched.
            events: as in `watch`; never 0.
        """
        self._selector.modify(fileobj, events, self._selector.get_key(fileobj).data)

    def unwatch(self, fileobj: Descriptor) -> None:
        """Never call back again, not even in this turn; to be called before the descriptor is closed."""
        key = self._selector.unregister(fileobj)
        key.data.callback = _ignore
        self._first.discard(key.fd)

    @property
    def watched_count(self) -> int:
        """How many descriptors are watched."""
        return len(self._selector.get_map())

    def before_flush(self, callback: Callable[[float], None]) -> None:
        """Have `callback(now)` run in every turn, after reads and due timers and before anything is written."""
        self._before_flush.append(callback)

    def flush_later(self, flushable: Flushable) -> None:
        """Call `flushable.flush()` once at the end of this turn (of the next, where flushing has begun)."""
        self._to_flush[flushable] = None

    def close_later(self, finalizable: Finalizable) -> None:
        """Call `finalizable.finalize()` once, as the last thing of this turn (of the next, where that has begun)."""
        self._to_finalize[finalizable] = None

    def run_soon(self) -> None:
        """Do not sleep before the next turn: work is left over."""
        self._soon = True

    def _wait_seconds(self) -> float:
        soon, self._soon = self._soon, False
        if soon or self._to_flush or self._to_finalize:
            return 0.0
        deadline_s = self.timers.next_deadline()
        if deadline_s is None:
            return WAIT_SECONDS_MAX
        # by the clock and not by `now`: otherwise each sleep would be too long by the turn before it
        return min(max(deadline_s - self._monotonic(), 0.0), WAIT_SECONDS_MAX)

    def _flush(self) -> None:
        flushing, self._to_flush = self._to_flush, {}
        for flushable in flushing:
            flushable.flush()

    def _finalize(self) -> None:
        finalizing, self._to_finalize = self._to_finalize, {}
        for finalizable in finalizing:
            finalizable.finalize()
