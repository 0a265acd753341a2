"""When to try again what could not be done: after a pause that doubles each time, until something changes."""

SECONDS_FIRST, SECONDS_MAX = 2.0, 60.0  # soon enough for a person who waits; once a minute is no burden to a server
_TIMES_MAX = 10  # the pause has long reached its maximum


class Retry:
    """The pauses of one conversation, on one connection; times are monotonic seconds.

    Attributes:
        at: when to try again; None where nothing waits for that.
        times: how often it was put off since something changed.
    """

    def __init__(self) -> None:
        self.at: float | None = None
        self.times = 0

    def later(self, now: float) -> None:
        """It cannot be done now."""
        self.at = now + min(SECONDS_MAX, SECONDS_FIRST * 2**self.times)
        self.times = min(self.times + 1, _TIMES_MAX)

    def at_once(self) -> None:
        """Something changed."""
        self.at, self.times = None, 0

    def if_due(self, now: float) -> None:
        """Try again what waited long enough; the next pause is longer still."""
        if not self.must_wait(now):
            self.at = None

    def must_wait(self, now: float) -> bool:
        """Return whether it is too early."""
        return self.at is not None and self.at > now
