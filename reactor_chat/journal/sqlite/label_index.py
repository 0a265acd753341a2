"""The index: which blocks hold entries with a label.

A label's entries lie in blocks, and the index names each such block once, by its first number, up to 128 of them in one
row (`label_runs`).  It is no part of the chain: a block says itself which labels its entries carry, so an index that
names the wrong block is noticed when it is read, and one that leaves a block out when the journal is verified.

Theory of operation.  A label that is added touches a page of its own, and a commit of a few private messages dozens of
them: ten times what the messages themselves take.  So a commit leaves the index alone, and `write` adds many blocks at
once, in the order of their labels, when there is time or the lag becomes too long (docs/decisions/lazy-index.md).  What
it adds for a label is one row, or the end of one that has room.  The table `unindexed` says from which block on the
index knows nothing yet, and changes in the transaction that adds to the index: a crash can only leave it where it was.
The blocks from there on are looked up in memory (`unindexed`).  The open block is always one of them; what the index
may hold of such a block already is not looked at.

A block of which the labels cannot be read, because it was damaged before it was indexed, counts as one with any label,
and the table names it: whoever looks for something there is refused, and is not told that there is nothing.
"""

import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from heapq import merge
from itertools import chain
from typing import Any

from reactor_chat.errors import StorageCorrupt
from reactor_chat.journal.contract import Damage, Span
from reactor_chat.journal.label_runs import Run, damaged, distances_of, grown, last_of, numbers_of, packed
from reactor_chat.journal.sqlite.blocks import FIRST_LINK, BlockDraft
from reactor_chat.journal.sqlite.survey import Piece, Survey
from reactor_chat.journal.unindexed import UnindexedBlocks

CACHED_LABELS_MAX = 4_096
"""Labels whose number is remembered; 0.5 MiB.  Beyond that all are forgotten and looked up again, 2 µs each."""

LAG_BLOCKS_MAX = 256
"""Blocks that may wait; a commit that finds more writes some first.  A megabyte, three thousand messages."""
WRITTEN_AT_ONCE = 128
"""Blocks in one transaction of the index."""
LAG_BLOCKS_AT_REST = 64
"""Blocks that may wait while nobody does: each label's page is written once for so many; a start reads them in 2 ms."""

Transaction = Callable[[], AbstractContextManager[None]]

_AT_ONCE = 64
"""Labels looked up with one statement, which costs a third of what single ones do; those that lack are NULL."""
_IDS = f"SELECT name, id FROM labels WHERE name IN ({', '.join('?' * _AT_ONCE)})"  # noqa: S608  nothing but marks
_NEWEST = (
    f"WITH wanted (id) AS (VALUES {', '.join(['(?)'] * _AT_ONCE)}) SELECT id, first, later FROM wanted"  # noqa: S608
    " JOIN runs ON label = id AND first = (SELECT max(first) FROM runs WHERE label = id AND first <= ?)"
)
_SEQ_MAX = 2**63 - 1
_AT = "SELECT first, later FROM runs WHERE label = ? AND first <= ? ORDER BY first DESC LIMIT 1"
_WITHIN = "SELECT first, later FROM runs WHERE label = ? AND first > ? AND first <= ? ORDER BY first"
_NEXT = f"{_WITHIN} LIMIT 1"


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

    def add(self, label: str, numbers: list[int]) -> None:
        """Note at once that these blocks carry a label, which are given rising; within a transaction."""
        at = bisect_left(numbers, self.end)
        if at:
            self._put({label: numbers[:at]})
        for first in numbers[at:]:
            self._unindexed.insert(first, (label,))

    def replace_row(self, label: str, first: int, numbers: list[int]) -> None:
        """Store the blocks that a label has as far as a damaged row goes, in its place; within a transaction."""
        identity = self._id_of(label)
        self._database.execute("DELETE FROM runs WHERE label = ? AND first = ?", (identity, first))
        rows = [(identity, *run) for run in packed(numbers)]
        self._database.executemany("INSERT INTO runs VALUES (?, ?, ?)", rows)

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
            self._put(by_label)
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
            self._broken.update(damage.first for damage in survey.damaged)
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
        if identity is None or low > high:
            return
        for first, distances in (self._falling if newest else self._rising)(identity, low, high):
            found = distances[bisect_left(distances, low - first) : bisect_right(distances, high - first)]
            yield from [first + distance for distance in (reversed(found) if newest else found)]

    def _falling(self, identity: int, low: int, high: int) -> Iterator[tuple[int, list[int]]]:
        """Yield what the rows hold that reach into a range, the newest first."""
        while (row := self._database.execute(_AT, (identity, high)).fetchone()) is not None:
            first, distances = row[0], distances_of(*row)
            if first > high:
                raise damaged()
            yield first, distances
            if first <= low:
                return
            high = first - 1

    def _rising(self, identity: int, low: int, high: int) -> Iterator[tuple[int, list[int]]]:
        """Yield what the rows hold that reach into a range, the oldest first."""
        row, before = self._database.execute(_AT, (identity, low)).fetchone(), 0
        if row is None:
            row = self._database.execute(_NEXT, (identity, low, high)).fetchone()
        while row is not None:
            first, distances = row[0], distances_of(*row)
            if first <= before:
                raise damaged()
            yield first, distances
            if first + distances[-1] >= high:
                return
            before = first
            row = self._database.execute(_NEXT, (identity, before, high)).fetchone()

    def is_sure(self, first: int) -> bool:
        """Whether a block that `blocks` named for a label must carry it; one that was broken need not."""
        return first not in self._broken

    def carrying(self, label: str, low: int, high: int) -> list[int]:
        """Return the blocks that are found by a label and whose numbers are within these, both included.

        Raises:
            StorageCorrupt: a row that may hold one of them is damaged.
        """
        written = self._written(label, low, min(high, self.end - 1), newest=False)
        return [*written, *self._unindexed.between(label, low, high)]

    def found_at_once(self, by_label: dict[str, list[int]]) -> set[str]:
        """Return some labels by which all of these blocks are found: those of which one row tells; numbers rise.

        Whether the others are, `carrying` tells; for a few blocks in a row this is a third of the work.
        """
        last = max((numbers[-1] for numbers in by_label.values()), default=0)
        with suppress(sqlite3.DatabaseError, StorageCorrupt):
            ids = self._ids_of(by_label) if last < self.end else {}
            rows = {row[0]: row for row in self._looked_up(_NEWEST, list(ids.values()), last)}
            return {label for label, identity in ids.items() if _holds(rows.get(identity), by_label[label])}
        return set()

    def reach(self, label: str, first: int) -> tuple[int, int]:
        """Return where the row begins in which a block is looked up, and the last number that it can be about."""
        identity = self._id_of(label)
        (low,) = self._database.execute(
            "SELECT max(first) FROM runs WHERE label = ? AND first <= ?", (identity, first)
        ).fetchone()
        (following,) = self._database.execute(
            "SELECT min(first) FROM runs WHERE label = ? AND first > ?", (identity, first)
        ).fetchone()
        return low, min(self.end, following or self.end) - 1

    def count(self) -> int:
        """Return how many pairs of a label and a block are found."""
        runs = self._database.execute("SELECT first, later FROM runs WHERE first < ?", (self.end,))
        written = sum(bisect_left(distances_of(*run), self.end - run[0]) for run in runs)
        waiting = self._unindexed.oldest(len(self._unindexed))
        return written + sum(len(self._unindexed.labels(first)) for first in waiting)

    # ------------------------------------------------------------------------------------------------- rows

    def _put(self, by_label: dict[str, list[int]]) -> None:
        """Add blocks to the rows of labels; the numbers of each rise."""
        ids = self._ids_of(by_label)
        newest = {run[0]: run for run in self._looked_up(_NEWEST, list(ids.values()), _SEQ_MAX)}
        ids |= self._new_ids(sorted(by_label.keys() - ids.keys()))
        rows = []
        for label, identity in ids.items():
            run, numbers = newest.get(identity), by_label[label]
            runs = packed(numbers) if run is None else self._runs_behind(run, numbers)
            rows += [(identity, first, later) for first, later in runs]
        rows.sort()
        self._database.executemany("REPLACE INTO runs VALUES (?, ?, ?)", rows)

    def _runs_behind(self, newest: tuple[int, int, bytes], numbers: list[int]) -> Iterable[Run]:
        """Return the runs that are to be stored where more blocks come to a label; its newest row is given."""
        identity, first, later = newest
        last = last_of(first, later)
        if last is not None and last < numbers[0]:
            return grown(first, later, numbers)
        return self._merged(identity, numbers)

    def _merged(self, identity: int, numbers: list[int]) -> Iterable[Run]:
        """Return the same where some of the rows reach as far as these; those are taken away, but for damaged ones."""
        rows = self._database.execute(_AT, (identity, numbers[0])).fetchall()
        rows += self._database.execute(_WITHIN, (identity, numbers[0], numbers[-1])).fetchall()
        stored: dict[int, list[int]] = {}
        for first, later in rows:
            with suppress(StorageCorrupt):
                stored[first] = numbers_of(first, later)
        before = set(chain.from_iterable(stored.values()))
        if before.issuperset(numbers):
            return ()
        gone = [(identity, first) for first in stored]
        self._database.executemany("DELETE FROM runs WHERE label = ? AND first = ?", gone)
        return packed(sorted(before.union(numbers)))

    # ----------------------------------------------------------------------------------------- labels as numbers

    def _id_of(self, label: str) -> int | None:
        identity = self._ids.get(label)
        if identity is None:
            row = self._database.execute("SELECT id FROM labels WHERE name = ?", (label,)).fetchone()
            if row is None:
                return None
            self._remember({label: row[0]})
            identity = int(row[0])
        return identity

    def _ids_of(self, labels: Iterable[str]) -> dict[str, int]:
        """Return the numbers of those labels that have one."""
        ids = {label: identity for label in labels if (identity := self._ids.get(label)) is not None}
        found = dict(self._looked_up(_IDS, [label for label in labels if label not in ids]))
        self._remember(found)
        return ids | found

    def _new_ids(self, labels: list[str]) -> dict[str, int]:
        """Give numbers to labels that have none."""
        if self._id_last is None:
            self._id_last = self._database.execute("SELECT coalesce(max(id), 0) FROM labels").fetchone()[0]
        ids = {label: identity for identity, label in enumerate(labels, self._id_last + 1)}
        self._database.executemany("INSERT INTO labels VALUES (?, ?)", ids.items())
        self._id_last += len(ids)
        self._remember(ids)
        return ids

    def _remember(self, ids: dict[str, int]) -> None:
        """Remember numbers as they were read.  Raises StorageCorrupt: one is none."""
        if not all(type(identity) is int for identity in ids.values()):
            raise damaged()
        if len(self._ids) + len(ids) > CACHED_LABELS_MAX:
            self._ids.clear()
        if len(ids) <= CACHED_LABELS_MAX:
            self._ids.update(ids)

    def _looked_up(self, statement: str, keys: Sequence[object], *more: int) -> list[Any]:
        """Return what a statement finds that takes so many keys at once, and something more."""
        found = []
        for begin in range(0, len(keys), _AT_ONCE):
            some = keys[begin : begin + _AT_ONCE]
            lacking = [None] * (_AT_ONCE - len(some))
            found += self._database.execute(statement, (*some, *lacking, *more)).fetchall()
        return found


def _holds(row: tuple[int, int, bytes] | None, numbers: list[int]) -> bool:
    """Return whether these are all in a row."""
    if row is None:
        return False
    _, first, later = row
    with suppress(StorageCorrupt):
        return set(distances_of(first, later)).issuperset([number - first for number in numbers])
    return False
