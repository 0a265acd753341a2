"""A commit as an input: entries are submitted, and a report says what became of them, at once or later.

A journal in this process knows at once.  One on another machine answers later, others may write to it first, and for a
while nobody may know what became of what was sent.  Whoever writes to a journal has one way for all of them: submit,
take the reports, and go on.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

from reactor_chat.errors import StorageFull


class Row(NamedTuple):
    """One committed entry, as it is read back."""

    seq: int
    payload: bytes


class Entry(NamedTuple):
    """One entry to append; `seq` is the number after the newest one's."""

    seq: int
    payload: bytes
    labels: tuple[str, ...] = ()


class Appended(NamedTuple):
    """What was submitted is durable, up to this number, which is the newest."""

    head: int


class Full(NamedTuple):
    """There was no space, or nothing may be written: nothing of what was submitted is stored; the journal goes on."""

    error: StorageFull


class Overtaken(NamedTuple):
    """Others wrote first: nothing of what was submitted is stored, and these rows are, from the next number on.

    With nothing submitted it is simply news.  The rows are whole commits of theirs, and `head` has moved on.
    """

    rows: Sequence[Row]


class Unknown(NamedTuple):
    """Nobody knows yet what became of what was submitted; another report will say it."""

    why: str


Report = Appended | Full | Overtaken | Unknown


class ReportsAtOnce(ABC):
    """A journal in this process: it commits what is submitted, and its report is there when that returns."""

    _report: Report | None = None

    @abstractmethod
    def commit(self, entries: Sequence[Entry]) -> None:
        """Append entries durably, all or none.

        Args:
            entries: one or more, numbered on from `head`.

        Raises:
            StorageFull: no space; nothing was appended and the journal goes on.
            StorageError: anything else; nobody knows what is on disk, and the process must stop.
        """

    def submit(self, entries: Sequence[Entry]) -> None:
        """Commit; see `contract.Journal`."""
        try:
            self.commit(entries)
        except StorageFull as error:
            self._report = Full(error)
        else:
            self._report = Appended(entries[-1].seq)

    def report(self) -> Report | None:
        """Return what became of what was submitted; see `contract.Journal`."""
        report, self._report = self._report, None
        return report
