"""Time that passes when the world says so: one clock for deadlines, one on the wall that can be set."""

UNIX_MS = 1_700_000_000_000


class Clock:
    """Both clocks of a machine.

    Attributes:
        now: seconds of the clock that never goes back.
    """

    def __init__(self) -> None:
        self.now = 100.0
        self._shift_ms = 0

    @property
    def unix_ms(self) -> int:
        """Milliseconds since the Unix epoch, as the clock on the wall says; may go back."""
        return UNIX_MS + self._shift_ms + int(self.now * 1000)

    def advance(self, seconds: float) -> None:
        """Let time pass; 0 seconds or more."""
        assert seconds >= 0
        self.now += seconds

    def jump(self, milliseconds: int) -> None:
        """Set the clock on the wall, forward or back; the other one does not notice."""
        self._shift_ms += milliseconds
