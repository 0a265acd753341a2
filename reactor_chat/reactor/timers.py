"""Deadlines on the monotonic clock: a heap of callbacks that can be cancelled.

The clock is not read here; whoever fires the timers says what time it is.  Cancelling marks the timer and leaves its
entry in the heap, because finding it there would cost a search; a cancelled entry is dropped when it comes to the top,
or all of them at once when they are the larger half of the heap.  So a million timers armed and cancelled (every
connection's idle deadline, moved on with each message) cost neither memory nor a slow turn.
"""

import heapq
import math
from collections.abc import Callable

CANCELLED_KEPT_MAX = 64  # below this many, rebuilding the heap costs more than it gives back


class Timer:
    """One callback due at one moment; made by `Timers.call_at`.

    Args:
        timers: where it stands.
        deadline_s: when it is due, in seconds of the loop's clock.
        number: counts up, so that of two that are due at one moment the older one is first.
        callback: what is called, once.
    """

    __slots__ = ("_callback", "_number", "_timers", "deadline_s")

    def __init__(self, timers: "Timers", deadline_s: float, number: int, callback: Callable[[], None]) -> None:
        self.deadline_s = deadline_s
        self._timers = timers
        self._number = number
        self._callback: Callable[[], None] | None = callback

    @property
    def armed(self) -> bool:
        """Whether the callback will still run."""
        return self._callback is not None

    def cancel(self) -> None:
        """Never run the callback; nothing happens where it has run or was cancelled before."""
        if self._callback is not None:
            self._callback = None
            self._timers._forget_one()  # noqa: SLF001  a timer and its heap are one mechanism

    def _take(self) -> Callable[[], None] | None:
        callback, self._callback = self._callback, None
        return callback

    def __lt__(self, other: "Timer") -> bool:
        return (self.deadline_s, self._number) < (other.deadline_s, other._number)


class Timers:
    """All deadlines of one loop; `len()` is how many are armed."""

    __slots__ = ("_armed", "_heap", "_numbered")

    def __init__(self) -> None:
        self._heap: list[Timer] = []
        self._armed = 0
        self._numbered = 0

    def __len__(self) -> int:
        return self._armed

    def call_at(self, deadline_s: float, callback: Callable[[], None]) -> Timer:
        """Arm a timer.

        Args:
            deadline_s: monotonic seconds, finite; one in the past is due in the next `fire`.
            callback: called at most once.
        """
        assert math.isfinite(deadline_s), "a deadline that never comes would keep the loop from sleeping right"
        self._numbered += 1
        timer = Timer(self, deadline_s, self._numbered, callback)
        heapq.heappush(self._heap, timer)
        self._armed += 1
        return timer

    def next_deadline(self) -> float | None:
        """The earliest armed deadline in monotonic seconds; None when nothing is armed."""
        heap = self._heap
        while heap and not heap[0].armed:
            heapq.heappop(heap)
        return heap[0].deadline_s if heap else None

    def fire(self, now_s: float) -> None:
        """Run what is due, earliest deadline first and in order of birth where deadlines are the same.

        Timers born meanwhile wait for the next call even when they are due: a callback that arms itself again for at
        once must not keep the loop from its sockets.  A callback that raises ends the round; the others stay armed.
        """
        heap, newest = self._heap, self._numbered
        born_meanwhile: list[Timer] = []
        try:
            while heap and heap[0].deadline_s <= now_s:
                timer = heapq.heappop(heap)
                if timer._number > newest:  # noqa: SLF001  a timer and its heap are one mechanism
                    born_meanwhile.append(timer)
                elif callback := timer._take():  # noqa: SLF001  likewise
                    self._armed -= 1
                    callback()
        finally:
            for timer in born_meanwhile:
                heapq.heappush(heap, timer)

    def _forget_one(self) -> None:
        self._armed -= 1
        if len(self._heap) - self._armed > max(CANCELLED_KEPT_MAX, self._armed):
            # in place: `fire` may be under way and holds this very list
            self._heap[:] = [timer for timer in self._heap if timer.armed]
            heapq.heapify(self._heap)
