"""The logs of a journal: which run of it gave which numbers, and how far somebody who saw some of them can follow.

Theory of operation.  A journal may go back: a backup is restored, a file is copied back, the end of one is lost.  Then
its numbers are given a second time, to other entries, and a number alone says nothing any more.  So each start, and
each restore, begins another *log* with a name that no other log ever has, and the journal keeps with each name the
first number that was given under it.  A log ends where the next one begins, and the newest one at the journal's head.

Somebody who has seen a log up to a number has seen everything that this journal holds up to the smaller of that number
and the end of that log here: both have followed the same numbers so far.  Of several logs that somebody saw, the one
that reaches furthest counts.

A log is kept with the first entry of it.  Where a disk is full people may be let in before there is one: then the
log's name is kept beside the journal (see `Journal.keep_log`), and ends before it began.

Source: PROTOCOL §5.5.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

NAME_CHARS_MAX = 64


class Log(NamedTuple):
    """One log.

    Attributes:
        name: at most 64 letters, digits, points and hyphens; no other log has it.
        first: the first number given in it, or to be given.
        is_after_loss: whether it is known that numbers above `first` - 1 had been given before and are lost.
    """

    name: str
    first: int
    is_after_loss: bool = False


class Seen(Protocol):
    """How far somebody saw a log."""

    @property
    def log(self) -> str:
        """Its name."""

    @property
    def seq(self) -> int:
        """The newest number seen."""


class Meeting(NamedTuple):
    """Where somebody can go on from.

    Attributes:
        seq: what comes after it is new to them.
        is_lost: they have seen more than the journal holds, and `seq` is the last number that both have in common.
    """

    seq: int
    is_lost: bool


def _is_word(name: str) -> bool:
    return name.isascii() and name.replace(".", "").replace("-", "").isalnum()


class Logs:
    """The logs of one journal.

    Args:
        known: oldest first; their first numbers do not fall.
    """

    def __init__(self, known: Iterable[Log] = ()) -> None:
        self._logs = list(known)
        self._place_of = {log.name: place for place, log in enumerate(self._logs)}

    def __len__(self) -> int:
        """Return how many logs there are."""
        return len(self._logs)

    def __contains__(self, name: str) -> bool:
        """Return whether there is a log of this name."""
        return name in self._place_of

    def __iter__(self) -> Iterator[Log]:
        """Yield every log, oldest first."""
        return iter(self._logs)

    @property
    def running(self) -> Log | None:
        """The newest log; None where there never was one."""
        return self._logs[-1] if self._logs else None

    def begin(self, log: Log) -> None:
        """Begin a log behind all others."""
        assert 1 <= len(log.name) <= NAME_CHARS_MAX, log.name
        assert _is_word(log.name), log.name
        assert log.name not in self._place_of, f"log {log.name} a second time"
        self._place_of[log.name] = len(self._logs)
        self._logs.append(log)

    def meet(self, after: int, seen: Sequence[Seen], head: int) -> Meeting:
        """Return where somebody can go on from.

        Args:
            after: the newest number that they saw.
            seen: the logs that they saw, newest first; empty where they do not say.
            head: the journal's.
        """
        if not seen:
            return Meeting(after, is_lost=False) if after <= head else Meeting(self._before_loss(head), is_lost=True)
        newest = max(after, seen[0].seq)
        end = self._end_of(seen[0].log, head)
        if not newest or (end is not None and newest <= end):
            return Meeting(after, is_lost=False)
        # Where a log that is not here began, nobody knows: what was seen in it counts as lost, though it may be here.
        common = max(min(one.seq, self._end_of(one.log, head) or 0) for one in seen)
        if end is not None:
            common = max(common, end)  # `newest` is beyond it
        if after < seen[0].seq:  # they ask for some of it again
            common = min(common, after)
        return Meeting(common, is_lost=True)

    def _end_of(self, name: str, head: int) -> int | None:
        """Return the last number of a log, None where this journal has no such log."""
        place = self._place_of.get(name)
        if place is None:
            return None
        return self._logs[place + 1].first - 1 if place + 1 < len(self._logs) else head

    def _before_loss(self, head: int) -> int:
        """Return the number behind which somebody who says nothing of logs may have seen what is lost."""
        lossy = next((log for log in reversed(self._logs) if log.is_after_loss), self.running)
        return min(lossy.first - 1, head) if lossy is not None else head
