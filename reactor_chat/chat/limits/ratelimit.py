"""A token bucket that is told the time, and a time that never goes back."""


class Elapsed:
    """Seconds that never go back, told by a clock that may be set.

    Back, and the time stands still for a moment and goes on; forward, and so much has passed.
    """

    __slots__ = ("_seconds", "_told_ms")

    def __init__(self) -> None:
        self._told_ms: int | None = None
        self._seconds = 0.0

    def seconds(self, now_ms: int) -> float:
        """Return how much time has passed since the first look; `now_ms` is what the clock says, in milliseconds."""
        if self._told_ms is not None:
            self._seconds += max(0, now_ms - self._told_ms) / 1000
        self._told_ms = now_ms
        return self._seconds


class TokenBucket:
    """Allows a burst, then so much a second.

    Args:
        burst: most tokens it holds, and what it holds at first; 1 or more.
        per_second: tokens that come back each second; above 0.
        now_s: the time, in seconds of any clock that never goes back.
    """

    __slots__ = ("_burst", "_filled_s", "_per_second", "_tokens")

    def __init__(self, burst: float, per_second: float, now_s: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._tokens = float(burst)
        self._filled_s = now_s

    def available(self, now_s: float) -> int:
        """Return how many whole tokens could be taken at once."""
        self._tokens = min(self._burst, self._tokens + max(0.0, now_s - self._filled_s) * self._per_second)
        self._filled_s = max(self._filled_s, now_s)
        return int(self._tokens)

    def take(self, tokens: int) -> None:
        """Take tokens that `available` said are there."""
        assert tokens <= self._tokens
        self._tokens -= tokens

    def owe(self, tokens: int) -> None:
        """Take tokens whether they are there or not; what is missing has to come back first."""
        self._tokens -= tokens

    def wait_seconds(self) -> float:
        """Return how long after the last look a whole token is there; 0 where there is one."""
        return max(0.0, (1.0 - self._tokens) / self._per_second)

    def is_full(self, now_s: float) -> bool:
        """Return whether nothing was taken that has not come back: a full bucket need not be remembered."""
        return self.available(now_s) >= int(self._burst)
