"""Says the time now and then, where it has moved on, instead of in front of every line."""

from collections.abc import Callable
from datetime import datetime, timedelta

UNTIMED = timedelta(minutes=5)
"""The time is said where it is so far from the one that was said last."""

LocalTime = Callable[[int | None], datetime]
"""Gives the local time of a moment in milliseconds since 1970, and of now for None."""


class Clock:
    """Remembers which time was said last.

    Args:
        local_time: of moments.
    """

    def __init__(self, local_time: LocalTime) -> None:
        self._local_time = local_time
        self._said: datetime | None = None

    def news(self, at: int | None) -> list[str]:
        """Return the line that says when something happened; none where the time said last is near enough.

        Args:
            at: when, milliseconds since the Unix epoch; None for now.
        """
        moment = self._moment(at)
        if moment is None or (self._said is not None and abs(moment - self._said) < UNTIMED):
            return []
        self._said = moment
        is_now = abs(self._local_time(None) - moment) < UNTIMED
        return [f"It {'is' if is_now else 'was'} {self.of(at)}."]

    def of(self, at: int | None) -> str:
        """Return a moment, with its day where that is not today; empty where there is none such."""
        moment, now = self._moment(at), self._local_time(None)
        if moment is None:
            return ""
        return f"{moment:%H:%M}" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M}"

    def _moment(self, at: int | None) -> datetime | None:
        try:
            return self._local_time(at)
        except (OverflowError, ValueError, OSError):  # a server may say any number
            return None
