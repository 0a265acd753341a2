"""The index: which blocks hold entries with a label.

A label's entries lie in blocks, and the index names each such block once, by its first number.  Twelve entries of 300
bytes share a block, so the index of a million messages is some eighty thousand small rows.  It is no part of the chain:
a block says itself which labels its entries carry, so an index that names the wrong block is noticed when it is read,
and one that leaves a block out when the journal is verified.
"""

import sqlite3
from collections.abc import Iterable, Iterator

from reactor_chat.errors import StorageCorrupt
from reactor_chat.journal.contract import REPAIR, Span

CACHED_LABELS_MAX = 4_096
"""Labels whose number is remembered; 0.5 MiB.  Beyond that all are forgotten and looked up again, 2 µs each."""

_FIND = "SELECT first FROM places WHERE label = ? AND first BETWEEN ? AND ? ORDER BY first"


class LabelIndex:
    """Finds blocks by label.

    Args:
        database: open, and used by nobody else.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._ids: dict[str, int] = {}
        self._id_last: int | None = None

    def add(self, labels: Iterable[str], first: int) -> None:
        """Note that a block holds entries with these labels; within a transaction."""
        ids = [self._id_of(label) or self._new_id(label) for label in labels]
        self._database.executemany("INSERT INTO places VALUES (?, ?)", [(identity, first) for identity in ids])

    def forget(self) -> None:
        """Forget what a transaction that was rolled back may have brought."""
        self._ids.clear()
        self._id_last = None

    def blocks(self, span: Span, *, newest: bool) -> Iterator[tuple[int, Span]]:
        """Yield the blocks in which to look for a span, one look-up for each as it is asked for.

        Args:
            span: its first number at least 1; not beyond the journal's head.
            newest: whether to begin with the newest block, not the oldest.

        Yields:
            The number of the block's first entry, with the span.
        """
        label, first, last = span
        identity = self._id_of(label)
        if identity is None:
            return
        (low,) = self._database.execute("SELECT max(first) FROM blocks WHERE first <= ?", (first,)).fetchone()
        high, find = last, f"{_FIND} {'DESC' if newest else 'ASC'} LIMIT 1"
        while (found := self._database.execute(find, (identity, low, high)).fetchone()) is not None:
            if type(found[0]) is not int:
                raise StorageCorrupt(f"The journal's index is damaged; {REPAIR}")
            yield found[0], span
            low, high = (low, found[0] - 1) if newest else (found[0] + 1, high)

    def has(self, label: str, first: int) -> bool:
        """Whether the index names this block for a label."""
        found = self._database.execute(
            "SELECT 1 FROM places WHERE first = ? AND label = (SELECT id FROM labels WHERE name = ?)", (first, label)
        )
        return found.fetchone() is not None

    def count(self) -> int:
        """Return how many pairs of a label and a block the index holds."""
        count: int = self._database.execute("SELECT count(*) FROM places").fetchone()[0]
        return count

    def _id_of(self, label: str) -> int | None:
        identity = self._ids.get(label)
        if identity is None:
            row = self._database.execute("SELECT id FROM labels WHERE name = ?", (label,)).fetchone()
            if row is None:
                return None
            identity = self._remembered(label, row[0])
        return identity

    def _new_id(self, label: str) -> int:
        if self._id_last is None:
            self._id_last = self._database.execute("SELECT coalesce(max(id), 0) FROM labels").fetchone()[0]
        self._id_last += 1
        self._database.execute("INSERT INTO labels VALUES (?, ?)", (label, self._id_last))
        return self._remembered(label, self._id_last)

    def _remembered(self, label: str, identity: int) -> int:
        if len(self._ids) >= CACHED_LABELS_MAX:
            self._ids.clear()
        self._ids[label] = identity
        return identity
