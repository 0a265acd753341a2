"""The index: which blocks hold entries with a label.

A label's entries lie in blocks, and the index names each such block once, by its first number.  Twelve entries of 300
bytes share a block, so the index of a million messages is some eighty thousand small rows.  It is no part of the chain:
a block says itself which labels its entries carry, so an index that names the wrong block is noticed when it is read,
and one that leaves a block out when the journal is verified.

Theory of operation.  A label that is added touches a page of its own, and a commit of a few private messages dozens of
them: ten times what the messages themselves take.  So a commit leaves the index alone, and `write` adds many blocks at
once, in the order of their labels, when there is time or the lag becomes too long (docs/decisions/lazy-index.md).  The
table `unindexed` says from which block on the index knows nothing yet, and changes in the transaction that adds to the
index: a crash can only leave it where it was.  The blocks from there on are looked up in memory (`unindexed`).  The
open block is always one of them; what the index may hold of such a block already is not looked at.

A block of which the labels cannot be read, because it was damaged before it was indexed, counts as one with any label,
and the table names it: whoever looks for something there is refused, and is not told that there is nothing.
"""

import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from heapq import merge
from itertools import chain, islice

from reactor_chat.errors import StorageCorrupt
from reactor_chat.journal.contract import REPAIR, Damage, Span
from reactor_chat.journal.sqlite.blocks import FIRST_LINK, BlockDraft
from reactor_chat.journal.sqlite.survey import Piece, Survey

CACHED_LABELS_MAX = 4_096
"""Labels whose number is remembered; 0.5 MiB.  Beyond that all are forgotten and looked up again, 2 µs each."""

LAG_BLOCKS_MAX = 256
"""Blocks that may wait; a commit that finds more writes some first.  A megabyte, three thousand messages."""
WRITTEN_AT_ONCE = 128
"""Blocks in one transaction of the index."""

Transaction = Callable[[], AbstractContextManager[None]]

_FIND = "SELECT first FROM places WHERE label = ? AND first BETWEEN ? AND ? ORDER BY first"


Kinds = Collection[tuple[str, ...]]
"""The label tuples that occur in a block."""


class UnindexedBlocks:
    """What blocks carry that the index does not have yet, by their first numbers, which rise."""

    def __init__(self) -> None:
        self._kinds: dict[int, Kinds] = {}
        self._places: dict[str, list[int]] = {}
        self._unsorted: dict[int, Kinds] = {}  # not in `_places` yet: a commit should not pay for what nobody reads

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._kinds)

    def put(self, first: int, kinds: Kinds) -> None:
        """Add a block behind all others, or the newest once more with what was added to it."""
        self._kinds[first] = self._unsorted[first] = kinds

    def oldest(self, count: int) -> list[int]:
        """Return the numbers of the oldest ones, so many at most."""
        return list(islice(self._kinds, count))

    def drop_below(self, end: int) -> None:
        """Forget the blocks with lower numbers."""
        self._kinds = {first: kinds for first, kinds in self._kinds.items() if first >= end}
        self._unsorted = dict(self._kinds)
        self._places = {}

    def labels(self, first: int) -> set[str]:
        """Return the labels of a block; none, where it is not one of these."""
        return set(chain.from_iterable(self._kinds.get(first, ())))

    def by_label(self, firsts: Iterable[int]) -> dict[str, list[int]]:
        """Return which of these blocks carry each label, in their order."""
        places: dict[str, list[int]] = {}
        for first in firsts:
            for label in self.labels(first):
                places.setdefault(label, []).append(first)
        return places

    def between(self, label: str, low: int, high: int) -> list[int]:
        """Return the blocks with a label whose numbers are within these, both included, in their order."""
        for first in self._unsorted:
            for found in self.labels(first):
                firsts = self._places.setdefault(found, [])
                if not firsts or firsts[-1] != first:
                    firsts.append(first)
        self._unsorted = {}
        firsts = self._places.get(label, [])
        return firsts[bisect_left(firsts, low) : bisect_right(firsts, high)]


class LabelIndex:
    """Finds blocks by label.

    Args:
        database: open, and used by nobody else.

    Attributes:
        end: from the block of this number on, nothing is in the index.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._ids: dict[str, int] = {}
        self._id_last: int | None = None
        self._unindexed = UnindexedBlocks()
        self._broken: set[int] = set()
        self.end = 1

    # ----------------------------------------------------------------------------------------------- writing

    def add(self, labels: Iterable[str], first: int) -> None:
        """Note at once that a block holds entries with these labels; within a transaction."""
        ids = [self._id_of(label) or self._new_id(label) for label in labels]
        self._put([(identity, first) for identity in ids])

    def note(self, draft: BlockDraft) -> None:
        """Note a block that was committed, to be written later; the newest is noted again when it has grown."""
        self._unindexed.put(draft.first, draft.kinds())

    def lag(self) -> int:
        """Return how many blocks wait to be written, the open one included."""
        return len(self._unindexed)

    def write(self, transaction: Transaction, end: int) -> int:
        """Write the oldest of what waits, so many blocks as do not take long.

        Args:
            transaction: a context in which the database may be changed.
            end: the number of the open block, which is left out.

        Returns:
            About how many pages changed: each label has one of its own at worst.
        """
        waiting = [first for first in self._unindexed.oldest(WRITTEN_AT_ONCE + 1) if first < end]
        if len(waiting) > WRITTEN_AT_ONCE:
            end = waiting.pop()
        by_label = self._unindexed.by_label(waiting)
        with transaction():
            ids = sorted((self._id_of(label) or self._new_id(label), label) for label in sorted(by_label))
            self._put([(identity, first) for identity, label in ids for first in by_label[label]])
            broken = [(first, 0) for first in self._broken if self.end <= first < end]
            self._database.execute("DELETE FROM unindexed WHERE onwards")
            self._database.executemany("REPLACE INTO unindexed VALUES (?, ?)", [*broken, (end, 1)])
        self._unindexed.drop_below(end)
        self.end = end
        return 2 + len(by_label) // 2

    def forget(self) -> None:
        """Forget what a transaction that was rolled back may have brought."""
        self._ids.clear()
        self._id_last = None

    def mended(self, damaged: Iterable[Damage], transaction: Transaction) -> None:
        """Look no longer for everything in blocks that were broken, as those are that still are.

        Args:
            damaged: what still is, of all blocks; the index has the labels of the others.
            transaction: a context in which the database may be changed.
        """
        ranges = list(damaged)
        whole = {first for first in self._broken if not any(low <= first <= high for low, high in ranges)}
        rows = [(first,) for first in whole if first < self.end]
        if rows:
            with transaction():
                self._database.executemany("DELETE FROM unindexed WHERE first = ? AND NOT onwards", rows)
            self._broken.difference_update(first for (first,) in rows)

    # ----------------------------------------------------------------------------------------------- opening

    def load(self, open_block: BlockDraft) -> Iterator[None]:
        """Look through the blocks that are not in the index, some at a time; to be gone through at the start.

        Args:
            open_block: the newest block.  The labels of the others are read from them.
        """
        broken: list[int] = []
        onwards = [open_block.first + 1]
        for first, is_onwards in self._database.execute("SELECT first, onwards FROM unindexed"):
            (onwards if is_onwards else broken).append(first)
        self._broken = set(broken)
        self.end, link = self._begin(min(onwards), open_block.first)
        survey = Survey(self._database, self.end, link, open_block.first)
        for pieces in survey:
            for piece in pieces:
                self._take_in(piece)
            yield
        self._broken.update(damage.first for damage in survey.damaged)
        if open_block.end > open_block.first:
            self.note(open_block)

    def _take_in(self, piece: Piece) -> None:
        try:
            kinds = dict.fromkeys(piece.block.kinds()) if piece.block is not None else None
        except StorageCorrupt:
            kinds = None
        if kinds is None:
            self._broken.add(piece.first)
        else:
            self._unindexed.put(piece.first, kinds)

    def _begin(self, end: int, open_first: int) -> tuple[int, bytes]:
        """Return the block from which on nothing is known, and the link before it; where it is not said, the first."""
        end = end if 1 <= end <= open_first else 1
        if end < open_first:
            found = self._database.execute("SELECT max(first) FROM blocks WHERE first <= ?", (end,)).fetchone()[0]
            end = end if found is None else found
        before = self._database.execute(
            "SELECT link FROM blocks WHERE first < ? ORDER BY first DESC LIMIT 1", (end,)
        ).fetchone()
        return end, FIRST_LINK if before is None else before[0]

    # ----------------------------------------------------------------------------------------------- finding

    def blocks(self, span: Span, *, newest: bool) -> Iterator[tuple[int, Span]]:
        """Yield the blocks in which to look for a span, one look-up for each as it is asked for.

        Args:
            span: its first number at least 1; not beyond the journal's head.
            newest: whether to begin with the newest block, not the oldest.

        Yields:
            The number of the block's first entry, with the span.
        """
        label, first, last = span
        (low,) = self._database.execute("SELECT max(first) FROM blocks WHERE first <= ?", (first,)).fetchone()
        low = first if low is None else low
        waiting = self._unindexed.between(label, low, last)
        written = self._written(label, low, min(last, self.end - 1), newest=newest)
        found = chain(reversed(waiting), written) if newest else chain(written, waiting)
        broken = sorted((place for place in self._broken if low <= place <= last), reverse=newest)
        yield from ((place, span) for place in (merge(found, broken, reverse=newest) if broken else found))

    def _written(self, label: str, low: int, high: int, *, newest: bool) -> Iterator[int]:
        identity = self._id_of(label)
        if identity is None:
            return
        find = f"{_FIND} {'DESC' if newest else 'ASC'} LIMIT 1"
        while (found := self._database.execute(find, (identity, low, high)).fetchone()) is not None:
            if type(found[0]) is not int:
                raise StorageCorrupt(f"The journal's index is damaged; {REPAIR}")
            yield found[0]
            low, high = (low, found[0] - 1) if newest else (found[0] + 1, high)

    def is_sure(self, first: int) -> bool:
        """Whether a block that `blocks` named for a label must carry it; one that was broken need not."""
        return first not in self._broken

    def has(self, label: str, first: int) -> bool:
        """Whether this block is found by a label."""
        if label in self._unindexed.labels(first):
            return True
        found = self._database.execute(
            "SELECT 1 FROM places WHERE first = ? AND label = (SELECT id FROM labels WHERE name = ?)", (first, label)
        )
        return found.fetchone() is not None

    def count(self) -> int:
        """Return how many pairs of a label and a block are found."""
        (written,) = self._database.execute("SELECT count(*) FROM places WHERE first < ?", (self.end,)).fetchone()
        waiting = self._unindexed.oldest(len(self._unindexed))
        return int(written) + sum(len(self._unindexed.labels(first)) for first in waiting)

    # ----------------------------------------------------------------------------------------- labels as numbers

    def _put(self, places: Iterable[tuple[int, int]]) -> None:
        self._database.executemany("INSERT OR IGNORE INTO places VALUES (?, ?)", places)

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
