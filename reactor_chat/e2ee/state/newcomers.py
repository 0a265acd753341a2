"""Who wants to be let into a conversation, once more or for the first time, and who should no longer be in it.

Letting somebody in again costs everybody work, so each time has to wait longer than the one before; success does not
reset that at once.
"""

from collections.abc import Iterable
from typing import NamedTuple

READMIT_SECONDS_FIRST = 5.0  # a pause that nobody notices who was really lost
READMIT_SECONDS_MAX = 600.0  # whoever is lost again and again makes everybody work six times an hour at most
READMIT_FORGOTTEN_SECONDS = 3_600.0  # somebody who followed for an hour begins with the shortest pause again
_TIMES_MAX = 20  # the pause has long reached its maximum; a power of two beyond it would only grow


class Readmission(NamedTuple):
    """How often somebody was let in again lately, and when last, monotonic seconds."""

    times: int
    at: float


class Newcomers:
    """Newcomers and leavers of one conversation; all names are folded.

    Attributes:
        asks: who wants to be let in; True where they are in and cannot follow.
        leavers: who should no longer be in.
    """

    def __init__(self) -> None:
        self.asks: dict[str, bool] = {}
        self.leavers: set[str] = set()
        self._readmissions: dict[str, Readmission] = {}

    def ask(self, name: str, *, is_lost: bool) -> None:
        """Somebody asked, now.

        Args:
            name: folded.
            is_lost: they are in and cannot follow.
        """
        self.asks[name] = is_lost

    def expect(self, name: str, *, is_lost: bool = False) -> None:
        """Somebody should be let in, or asked before; what is known of them already counts more.

        Args:
            name: folded.
            is_lost: they are in and cannot follow.
        """
        self.asks.setdefault(name, is_lost)

    def forget(self, name: str) -> None:
        """Somebody was let in, or cannot be."""
        self.asks.pop(name, None)

    def came_and_went(self, added: Iterable[str], removed: Iterable[str]) -> None:
        """A commit let people in and took others out; all names are folded."""
        self.leavers.difference_update(removed)
        for name in added:
            self.forget(name)

    def forget_all(self) -> None:
        """Nobody asks any more."""
        self.asks.clear()

    def is_lost(self, name: str) -> bool:
        """Return whether somebody is in and cannot follow."""
        return self.asks.get(name, False)

    def may_readmit_at(self, name: str) -> float:
        """Return when somebody who cannot follow may be let in again, monotonic seconds; each time later."""
        last = self._readmissions.get(name)
        return last.at + min(READMIT_SECONDS_MAX, READMIT_SECONDS_FIRST * 2 ** (last.times - 1)) if last else 0.0

    def waits(self, name: str, now: float) -> bool:
        """Return whether somebody cannot follow and it is too early to let them in again.

        Args:
            name: folded.
            now: monotonic seconds.
        """
        return self.is_lost(name) and self.may_readmit_at(name) > now

    def next_readmission(self, now: float) -> float | None:
        """Return when the next of those who cannot follow may be let in again, None where nobody waits for that."""
        waits = (self.may_readmit_at(name) for name, is_lost in self.asks.items() if is_lost)
        return min((when for when in waits if when > now), default=None)

    def readmitted(self, name: str, now: float) -> None:
        """Note that somebody was let in again.

        Args:
            name: folded.
            now: monotonic seconds.
        """
        last = self._readmissions.get(name)
        is_old = last is None or now - last.at > READMIT_FORGOTTEN_SECONDS
        self._readmissions[name] = Readmission(1 if last is None or is_old else min(last.times + 1, _TIMES_MAX), now)
