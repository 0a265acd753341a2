"""The time of the turn: read once, and the same for everything that happens in it."""


class TurnClock:
    """The time of the turn that is under way, or of the last one.

    Attributes:
        now: seconds of a clock that never goes back; deadlines are kept by it.  0 before the first turn.
        unix_ms: milliseconds since the Unix epoch; records are stamped with it.
    """

    __slots__ = ("now", "unix_ms")

    def __init__(self) -> None:
        self.now = 0.0
        self.unix_ms = 0

    def unix_ms_at(self, now: float) -> int:
        """Return the time of day at a moment after the last turn; a silent server's last turn may be an hour ago.

        Args:
            now: seconds of the clock that never goes back.
        """
        return self.unix_ms + (int((now - self.now) * 1_000) if self.now else 0)
