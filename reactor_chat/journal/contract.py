"""What every journal promises.

A journal is a row of entries numbered from 1 without a gap.  Some are submitted together, and appended all or none;
when that is reported they survive the death of the process at any instant.  An entry's payload is opaque; the labels
given with it are what it is found by later.  Reads see what is committed and nothing else.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from reactor_chat.journal.logs import Logs
from reactor_chat.journal.reports import Entry, Report, Row

T = TypeVar("T")
Slices = Generator[int, None, T]
"""Long work in small pieces: each `next` does some milliseconds of it and says how far it is, in percent; its end
returns what came of it.  Whoever gives up closes it, and then nothing of it stays."""


Span = tuple[str, int, int]
"""A label, and the first and last number (both included) to be read under it."""


def finished(work: Slices[T]) -> T:
    """Do all of it at once, and return what came of it."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: T = end.value
            return result


class Damage(NamedTuple):
    """Numbers, the first and the last included, whose entries cannot be read."""

    first: int
    last: int

    def __str__(self) -> str:
        """Return the numbers as a person reads them."""
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


REPAIR = "repair it with `admin repair --from BACKUP`"
"""What to do about entries that are damaged; the rest of the journal stays as it is."""


class Condition(NamedTuple):
    """What one way through the whole journal found.

    Attributes:
        damaged: what cannot be read, oldest first.
        blocks: how many blocks that are, as far as it can be told.
        index_mended: entries of the index that were missing, and were added again.
        mended: what was damaged before, and is not any more.
    """

    damaged: Sequence[Damage]
    blocks: int = 0
    index_mended: int = 0
    mended: Sequence[Damage] = ()


class Mark(NamedTuple):
    """How far a copy of a journal reaches: its newest number, and the link there, which only the same entries have."""

    head: int
    link: bytes


class Copy(NamedTuple):
    """What was copied: the newest number, and what in the copy cannot be read because it was damaged before."""

    head: int
    damaged: Sequence[Damage]


class Journal(Protocol):
    """An ordered, durable log."""

    @property
    def head(self) -> int:
        """The newest committed number; 0 where there is none."""

    @property
    def is_read_only(self) -> bool:
        """Whether every commit raises StorageReadOnly."""

    @property
    def oldest(self) -> int:
        """The oldest number that can still be read; head + 1 where there is none."""

    @property
    def logs(self) -> Logs:
        """Which run gave which numbers."""

    def begin_log(self, name: str, *, is_after_loss: bool = False) -> None:
        """Begin another log; it is kept with the next commit, or by `keep_log`.

        Args:
            name: see `logs.Log`; no other log ever had it.
            is_after_loss: numbers above `head` had been given before, and are lost.
        """

    def keep_log(self) -> None:
        """Keep the running log, where no commit has; to be called before anybody is told of it.

        It takes no space, and where it fails all the same nothing is said: whoever saw the log, and nothing in it, may
        be told once that something is lost.
        """

    def submit(self, entries: Sequence[Entry]) -> None:
        """Have entries appended, all or none; `report` says what became of them.

        Args:
            entries: one or more, numbered on from `head`; nothing else is submitted before their report.

        Raises:
            StorageError: nobody knows what is on disk, and the process must stop.
        """

    def report(self) -> Report | None:
        """Return what became of what was submitted, or news; None where there is nothing to report (yet)."""

    def newest(self, spans: Sequence[Span], before: int | None, limit: int) -> list[Row]:
        """Read back from the newest entry of these spans.

        Args:
            spans: where to look; they may overlap, and an entry found by several is returned once.
            before: the number to stay below; None for the newest of all.
            limit: most rows to return, 1 or more.

        Returns:
            Rows newest first; fewer than `limit` where there are no more.
        """

    def since(self, spans: Sequence[Span], after: int, limit: int) -> list[Row]:
        """Read on from a number.

        Args:
            spans: as for `newest`.
            after: the number to stay above.
            limit: most rows to return, 1 or more.

        Returns:
            Rows oldest first; fewer than `limit` where there are no more.
        """

    def behind(self, seq: int) -> int:
        """Return the last number of the broken place that begins with an entry; reading may go on behind it."""

    def replay(self, after: int = 0) -> Iterator[Row]:
        """Yield every row above a number, oldest first, each checked against what was written.

        Raises:
            StorageCorrupt: a row is not what was written; the rows before it have been yielded.
        """

    def rewrite(self, rows: Sequence[Row]) -> None:
        """Replace the payloads of committed entries, all or none; their numbers and labels stay.

        What was there is overwritten, but older copies may be in a log of changes until `purge`.

        Args:
            rows: any committed entries, each once, with their new payloads.

        Raises:
            StorageFull: no space; nothing was replaced and the journal goes on.
            StorageError: as for `submit`.
        """

    def purge(self) -> None:
        """Leave no copy of a replaced payload in any file of the journal; the caller waits for it."""

    def keep_snapshot(self, seq: int, snapshot: bytes) -> None:
        """Keep a snapshot at once; see `snapshot_slices`."""

    def snapshot_slices(self, seq: int, pieces: Iterable[bytes]) -> Slices[None]:
        """Keep a snapshot of the state at a committed number beside the one before it; it may be lost in a crash.

        Args:
            seq: the number.
            pieces: the snapshot, in pieces of some hundred kilobytes at most; the next is asked for when the one before
                it is kept.

        Raises:
            StorageFull, StorageError: as for `submit`; the older snapshots stay.
        """

    def snapshot(self) -> tuple[int, bytes] | None:
        """Return the newest snapshot with its number, or None; one that is not what was kept counts as none."""

    def backup_slices(self, path: Path, since: Mark | None = None) -> Slices[Copy]:
        """Write a copy of the journal as it is now to a file that does not exist yet.

        Args:
            path: it appears when the copy is complete and synced.
            since: leave out what an earlier copy has that reaches as far as this.

        Raises:
            StorageError: it cannot be written, or the earlier copy is of another journal; the journal goes on.
        """

    def scrub_slices(self) -> Slices[Condition]:
        """Look at everything that is stored, and add again what the index lacks.

        Raises:
            StorageFull, StorageError: as for `submit`.
        """

    def repair_slices(self, backup: Path) -> Slices[Condition]:
        """Look at everything that is stored, and bring back from a copy what is damaged here.

        Args:
            backup: whatever in it does not fit between what is whole here is not taken.

        Returns:
            What is damaged still.

        Raises:
            StorageFull, StorageError: as for `submit`; or the copy cannot be read.
        """

    def check_ground(self) -> None:
        """Return if the journal is still where it was opened.

        Raises:
            StorageLost: its place was renamed, replaced or deleted; nothing more can be committed.
        """

    def keep_mark(self) -> str | None:
        """Make durable, outside of the journal, how far it has come; to be called within a second of a commit.

        Returns:
            Why that cannot be, in one line; the journal goes on without.
        """

    def rest(self) -> None:
        """Do work that can wait until nobody does: at most some milliseconds of it."""

    def close(self) -> None:
        """Give everything back; what was committed stays."""
