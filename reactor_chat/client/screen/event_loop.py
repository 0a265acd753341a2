"""urwid's view of our loop: its alarms and idle calls happen within our turns, and it never waits.

Whoever runs the client runs the loop; urwid is told of each turn by `turn`, and of its end by `idle`.  Its own input is
not read here, because keys come from our own reader.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any

import urwid


class TurnEventLoop(urwid.EventLoop):
    """An event loop of urwid's that is turned from outside."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._numbers = count()
        self._alarms: list[tuple[float, int]] = []
        self._callbacks: dict[int, Callable[[], Any]] = {}
        self._idle: dict[int, Callable[[], Any]] = {}

    @property
    def deadline(self) -> float | None:
        """When `turn` should be called next, monotonic seconds; None where nothing is due."""
        while self._alarms and self._alarms[0][1] not in self._callbacks:
            heappop(self._alarms)
        return self._alarms[0][0] if self._alarms else None

    def turn(self, now: float) -> None:
        """Call what is due; `now` is monotonic seconds."""
        self._now = now
        while (deadline := self.deadline) is not None and deadline <= now:
            self._callbacks.pop(heappop(self._alarms)[1])()

    def idle(self) -> None:
        """The turn is over: let urwid draw."""
        for callback in list(self._idle.values()):
            callback()

    def alarm(self, seconds: float, callback: Callable[[], Any]) -> int:
        """Call back after so many seconds; return a handle."""
        handle = next(self._numbers)
        self._callbacks[handle] = callback
        heappush(self._alarms, (self._now + seconds, handle))
        return handle

    def remove_alarm(self, handle: int) -> bool:
        """Forget an alarm; return whether it was there."""
        return self._callbacks.pop(handle, None) is not None

    def enter_idle(self, callback: Callable[[], Any]) -> int:
        """Call back whenever a turn is over; return a handle."""
        handle = next(self._numbers)
        self._idle[handle] = callback
        return handle

    def remove_enter_idle(self, handle: int) -> bool:
        """Forget such a callback; return whether it was there."""
        return self._idle.pop(handle, None) is not None

    def watch_file(self, fd: int, callback: Callable[[], Any]) -> int:
        """Refuse: descriptors are watched by our own loop."""
        raise NotImplementedError

    def remove_watch_file(self, handle: int) -> bool:  # noqa: ARG002  likewise
        """Return that there was none."""
        return False

    def run(self) -> None:
        """Refuse: whoever runs the client runs the loop."""
        raise NotImplementedError
