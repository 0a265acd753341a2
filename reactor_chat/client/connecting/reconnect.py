"""Being without a connection: since when, until the next attempt, and what is said about it."""

from collections.abc import Callable

from reactor_chat.client.boundary import Settings
from reactor_chat.client.connecting.backoff import Backoff


class Reconnect:
    """One client's times without a connection, one after the other.

    Args:
        settings: how long to wait for what.
        jitter: gives numbers from 0 to 1 that no other client gives.

    Attributes:
        since: since when there is no connection, monotonic seconds; None while there is one, and before the first.
        retry_at: when to connect again; None where nobody knows yet.
    """

    def __init__(self, settings: Settings, jitter: Callable[[], float]) -> None:
        self.since: float | None = None
        self.retry_at: float | None = None
        self._settings = settings
        self._backoff = Backoff(settings.retry_seconds_first, settings.retry_seconds_max, jitter)

    @property
    def ends_by(self) -> float | None:
        """When somebody who does not want to wait for ever should give up; None while there is a connection."""
        return None if self.since is None else self.since + self._settings.give_up_seconds

    def may_be_haunted(self, now: float) -> bool:
        """Whether the server may still take a connection that is dead for alive, and keep a guest's name for it."""
        return self.since is not None and now < self.since + self._settings.ghost_seconds_max

    def failed(self, now: float, reason: str) -> str | None:
        """Plan the next attempt, after a cut or an attempt that failed.

        Returns:
            What a person should hear of it, None where it is nothing new.
        """
        self.retry_at = now + self._backoff.next_pause()
        if self.since is None:
            self.since = now
            return f"Connection lost ({reason}); trying to connect again"
        if self._backoff.is_at_most:
            seconds = round(self._settings.retry_seconds_max)
            return f"Still no connection ({reason}); trying every {seconds} s from now on"
        return None

    def ended(self, now: float) -> float | None:
        """Note that we are logged in; return for how long there was no connection, None where that is no news."""
        was, self.since = self.since, None
        return None if was is None else now - was

    def lasted(self, seconds: float) -> None:
        """Begin with short pauses again where a connection that is now gone was a good one."""
        if seconds >= self._settings.steady_seconds:
            self._backoff.reset()
