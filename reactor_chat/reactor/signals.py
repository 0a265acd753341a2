"""Signals as ordinary readiness: a handler notes the signal, a descriptor wakes the loop, the callback runs in a turn.

Python calls its handlers between two bytecodes of whatever runs, so doing anything there would be doing it in the
middle of something.  The handler here only notes which signal came; the byte that the C handler writes to the wake-up
descriptor ends the wait.  The notes and not the bytes say what happened, since bytes are dropped when the descriptor
is full.  Several signals of one kind before the loop looks count as one, as they do in the kernel.
"""

import contextlib
import signal
import socket
from collections.abc import Callable, Mapping
from selectors import EVENT_READ
from types import FrameType

from reactor_chat.reactor.loop import Loop


class Signals:
    """Calls back, in a turn of the loop and before all other descriptors, for signals that came.

    Args:
        loop: the loop of the main thread.
        callbacks: what to call for each signal number.

    Raises:
        ValueError: this is not the main thread; nothing has been changed.
    """

    def __init__(self, loop: Loop, callbacks: Mapping[int, Callable[[], None]]) -> None:
        self._loop = loop
        self._callbacks = dict(callbacks)
        self._noted: dict[int, None] = {}
        self._closed = False
        self._reading, self._writing = socket.socketpair()
        self._reading.settimeout(0.0)
        self._writing.settimeout(0.0)
        try:
            self._wakeup_before = signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        except ValueError:
            self._close_sockets()
            raise
        self._handlers_before = {number: signal.signal(number, self._note) for number in self._callbacks}
        loop.watch(self._reading, EVENT_READ, self._woken, first=True)

    def close(self) -> None:
        """Put everything back as it was; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        for number, handler in self._handlers_before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        signal.set_wakeup_fd(self._wakeup_before)
        self._loop.unwatch(self._reading)
        self._close_sockets()

    def _close_sockets(self) -> None:
        self._reading.close()
        self._writing.close()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._noted[number] = None

    def _woken(self, _mask: int) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._reading.recv(4_096):
                pass
        noted, self._noted = self._noted, {}
        for number in noted:
            if not self._closed:  # by the callback of the one before
                self._callbacks[number]()
