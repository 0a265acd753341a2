"""How long to wait before connecting again: longer each time, and not the same as everybody else.

Pauses double from the first to the longest and then stay there.  Each is shortened by up to half at random, so that a
thousand clients of a server that was restarted do not come back in the same instant.
"""

from collections.abc import Callable

_DOUBLINGS_MAX = 32  # beyond every sensible ratio of longest to first; keeps the power small


class Backoff:
    """Pauses between attempts.

    Args:
        seconds_first: the first pause, above 0.
        seconds_max: the longest one.
        jitter: gives numbers from 0 to 1.
    """

    def __init__(self, seconds_first: float, seconds_max: float, jitter: Callable[[], float]) -> None:
        self._seconds_first = seconds_first
        self._seconds_max = seconds_max
        self._jitter = jitter
        self._attempts = 0

    @property
    def is_at_most(self) -> bool:
        """Whether the pauses have just become as long as they get: once, so that a person is told once."""
        return self._full_pause(self._attempts - 1) >= self._seconds_max > self._full_pause(self._attempts - 2)

    def next_pause(self) -> float:
        """Return the seconds to wait now; the next answer will be longer."""
        full = self._full_pause(self._attempts)
        self._attempts += 1
        return full * (0.5 + 0.5 * self._jitter())

    def reset(self) -> None:
        """Begin with the first pause again: a connection has lasted."""
        self._attempts = 0

    def _full_pause(self, attempts: int) -> float:
        return min(self._seconds_max, self._seconds_first * 2.0 ** min(attempts, _DOUBLINGS_MAX))
