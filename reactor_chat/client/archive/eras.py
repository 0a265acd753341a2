"""Where in the archive the server's numbers began anew, so that a page is in the order in which things were said.

A server that went back to an earlier state, or lost its log, gives numbers again that it has given before.  What comes
then is of another *era*, and eras stand on a page one below the other.  An era begins at a place of the archive.

An archive of an earlier version has not noted them.  It is gone through from its end to its beginning (see `indexing`),
so eras found there are numbered downwards, below the one that is known.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from reactor_chat.client.archive.backing import Backing, Change
from reactor_chat.client.archive.contract import Entry
from reactor_chat.wire.messages import Refused


class Eras:
    """The eras of one name's archive.

    Args:
        backing: the vault.
        name: whose archive, folded.
    """

    def __init__(self, backing: Backing, name: str) -> None:
        self._name = name
        rows = backing.read("SELECT first, era FROM eras WHERE name = ? ORDER BY first", (name,))
        self._firsts: list[int] = [first for first, _ in rows]
        self._numbers: list[int] = [number for _, number in rows]

    @property
    def newest(self) -> int:
        """The number of the present era."""
        return self._numbers[-1] if self._numbers else 0

    def of(self, place: int) -> int:
        """Return the number of the era of a place."""
        known = bisect_right(self._firsts, place)
        if known:
            return self._numbers[known - 1]
        return self._numbers[0] - 1 if self._numbers else 0

    def begin(self, first: int) -> Iterator[Change]:
        """Begin an era with the place that is archived next; yield what notes it."""
        if not self._firsts or self._firsts[-1] < first:
            yield self._noted(len(self._firsts), first, self.newest + 1)

    def begun(self, first: int) -> Iterator[Change]:
        """Note that an era begins at a place before all at which one is known to; yield what notes it."""
        if not self._firsts or first < self._firsts[0]:
            yield self._noted(0, first, self.of(first))

    def _noted(self, index: int, first: int, number: int) -> Change:
        self._firsts.insert(index, first)
        self._numbers.insert(index, number)
        return "INSERT INTO eras VALUES (?, ?, ?)", (self._name, first, number)


def beginnings(entries: Sequence[Entry]) -> list[int]:
    """Return the places among neighbours at which numbers begin anew, the highest first.

    A message that was opened late also has a lower number than the one archived before it, and is older than that.

    Args:
        entries: of one name, in the order in which they were archived; the first one begins nothing.
    """
    return [later.place for earlier, later in pairwise(entries) if _begins(earlier, later)][::-1]


def _begins(earlier: Entry, later: Entry) -> bool:
    if later.seq >= earlier.seq:
        return False
    if isinstance(later.notice, Refused):
        return True  # it says so
    at, at_later = (getattr(one.notice, "at", None) for one in (earlier, later))
    return at_later is not None and (at is None or at_later >= at)
