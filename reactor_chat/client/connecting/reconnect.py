"""Being without a connection: since when, until the next attempt, and what is said about it."""

from collections.abc import Callable

from reactor_chat.client.boundary import End, ExitStatus, NoteKind, OutputCollector, Settings
from reactor_chat.client.connecting.backoff import Backoff
from reactor_chat.client.connecting.link import Link, another_server, no_server
from reactor_chat.client.connecting.states import State


class Reconnect:
    """One client's times without a connection, one after the other.

    Args:
        settings: how long to wait for what.
        jitter: gives numbers from 0 to 1 that no other client gives.
        outputs: where what is to be said gathers.

    Attributes:
        has_met: a server said something that we understood, once.
        since: since when there is no connection, monotonic seconds; None while there is one, and before the first.
        retry_at: when to connect again; None where nobody knows yet.
    """

    def __init__(self, settings: Settings, jitter: Callable[[], float], outputs: OutputCollector) -> None:
        self.has_met = False
        self.since: float | None = None
        self.retry_at: float | None = None
        self._settings = settings
        self._outputs = outputs
        self._backoff = Backoff(settings.retry_seconds_first, settings.retry_seconds_max, jitter)

    @property
    def ends_by(self) -> float | None:
        """When somebody who does not want to wait for ever should give up; None while there is a connection."""
        return None if self.since is None else self.since + self._settings.give_up_seconds

    def may_be_haunted(self, now: float) -> bool:
        """Whether the server may still take a connection that is dead for alive, and keep a guest's name for it."""
        return self.since is not None and now < self.since + self._settings.ghost_seconds_max

    def unreachable(self, now: float, reason: str, hint: str, missed: End | None) -> End | None:
        """Plan the next attempt after one that failed.

        Args:
            now: monotonic seconds.
            reason: why it failed, in words for a person.
            hint: what to do about it.
            missed: how to end, and with which words, where it is not that no server is there.

        Returns:
            How to end where no server was ever met.
        """
        if not self.has_met:
            return missed or (ExitStatus.NO_SERVER, no_server(self._settings.server, reason, hint))
        self._plan(now, reason)
        return None

    def cut(self, now: float, reason: str, was: State, gone: Link, *, has_name: bool) -> End | None:
        """Plan the next attempt after a connection that is gone.

        Args:
            now: monotonic seconds.
            reason: why it is gone, in words for a person.
            was: how far it had come.
            gone: the connection.
            has_name: there is a name to log in with; without one nothing is planned, as whoever chooses one connects.

        Returns:
            How to end where no server was ever met.
        """
        if not self.has_met:
            return ExitStatus.NO_SERVER, another_server(self._settings.server, reason, gone.hint)
        if has_name:
            if was is State.LIVE and now - gone.since >= self._settings.steady_seconds:
                self._backoff.reset()  # it was a good one
            self._plan(now, reason)
        return None

    def _plan(self, now: float, reason: str) -> None:
        """Choose when to connect again, and say what is new of it."""
        self.retry_at = now + self._backoff.next_pause()
        if self.since is None:
            self.since = now
            self._outputs.note(NoteKind.LINK, f"Connection lost ({reason}); trying to connect again")
        elif self._backoff.is_at_most:
            seconds = round(self._settings.retry_seconds_max)
            self._outputs.note(NoteKind.LINK, f"Still no connection ({reason}); trying every {seconds} s from now on")

    def ended(self, now: float) -> float | None:
        """Note that we are logged in; return for how long there was no connection, None where that is no news."""
        was, self.since = self.since, None
        return None if was is None else now - was
