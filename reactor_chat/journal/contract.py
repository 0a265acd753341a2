"""What every journal promises.

A journal is a row of entries numbered from 1 without a gap.  A commit appends some of them, all or none, and when it
returns they survive the death of the process at any instant.  An entry's payload is opaque; the labels given with it
are what it is found by later.  Reads see what is committed and nothing else.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol


class Entry(NamedTuple):
    """One entry to append; `seq` is the number after the newest one's."""

    seq: int
    payload: bytes
    labels: tuple[str, ...] = ()


class Row(NamedTuple):
    """One committed entry, as it is read back."""

    seq: int
    payload: bytes


Span = tuple[str, int, int]
"""A label, and the first and last number (both included) to be read under it."""


class Journal(Protocol):
    """An ordered, durable log."""

    @property
    def head(self) -> int:
        """The newest committed number; 0 where there is none."""

    @property
    def oldest(self) -> int:
        """The oldest number that can still be read; head + 1 where there is none."""

    def commit(self, entries: Sequence[Entry]) -> None:
        """Append entries durably, all or none.

        Args:
            entries: one or more, numbered on from `head`.

        Raises:
            StorageFull: no space; nothing was appended and the journal goes on.
            StorageError: anything else; nobody knows what is on disk, and the process must stop.
        """

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
            StorageError: as for `commit`.
        """

    def purge(self) -> None:
        """Leave no copy of a replaced payload in any file of the journal; the caller waits for it."""

    def keep_snapshot(self, seq: int, snapshot: bytes) -> None:
        """Keep a snapshot of the state at a committed number, in place of older ones; it may be lost in a crash.

        Raises:
            StorageFull, StorageError: as for `commit`; the older snapshot stays.
        """

    def snapshot(self) -> tuple[int, bytes] | None:
        """Return the newest snapshot with its number, or None; one that is not what was kept counts as none."""

    def backup(self, path: Path) -> None:
        """Write a copy of the journal as it is now to a file that does not exist yet; the caller waits for it.

        Raises:
            StorageError: it cannot be written; the journal goes on.
        """

    def rest(self) -> None:
        """Do work that can wait until nobody does: at most some milliseconds of it."""

    def close(self) -> None:
        """Give everything back; what was committed stays."""
