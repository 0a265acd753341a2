"""Reads every block of a journal in its order, a few at a time, and goes on behind those that are broken.

A block is whole where its link follows from the link before it and from its own bytes.  Behind one whose bytes are
broken the next is checked against the broken one's stored link; where that cannot be read either, the next cannot be
checked and counts as broken too.  Pages of the file that SQLite cannot read are stepped over: what lies behind them is
found by asking for higher and higher numbers.
"""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from reactor_chat.errors import StorageCorrupt
from reactor_chat.journal.contract import Damage
from reactor_chat.journal.sqlite.blocks import LINK_BYTES, PackedBlock

SLICE_BLOCKS = 32
"""Blocks read in one slice: 128 KiB, a millisecond or two."""

_READ = "SELECT first, link, body FROM blocks WHERE first >= ? AND first < ? ORDER BY first LIMIT ?"


class Piece(NamedTuple):
    """A row of the table as it is stored, and the block it holds; None where it is not what was written."""

    first: int
    link: bytes
    body: bytes
    block: PackedBlock | None


class Survey:
    """One way through the blocks; iterate over it for the slices.

    Args:
        database: open.
        first: the number of the first entry to be read; a block begins with it.
        link: the link before that.
        end: the number after the last entry to be read; a block ends there.
        slice_blocks: how many blocks are read at once, 1 or more.

    Attributes:
        damaged: what was found broken so far, oldest first.
        broken: how many blocks that are; a stretch of which nothing can be read counts as one.
        reached: the number after the newest entry that was looked at.
    """

    def __init__(
        self, database: sqlite3.Connection, first: int, link: bytes, end: int, slice_blocks: int = SLICE_BLOCKS
    ) -> None:
        self.damaged: list[Damage] = []
        self.broken = 0
        self.reached = first
        self._database = database
        self._end = end
        self._slice_blocks = slice_blocks
        self._link: bytes | None = link
        self._expected: int | None = first  # None behind a broken block, which does not say where it ends
        self._broken_from: int | None = None

    def __iter__(self) -> Iterator[list[Piece]]:
        """Yield the rows that can be read, a slice at a time; when it ends, everything has been looked at."""
        while self.reached < self._end:
            rows = self._fetched()
            yield [self._judged(*row) for row in rows]
        if self._broken_from is None and self._expected is not None and self._expected < self._end:
            self.broken += 1
            self._broken_from = self._expected
        self._close(self._end)

    def _fetched(self) -> list[tuple[int, bytes, bytes]]:
        for count in (self._slice_blocks, 1):
            try:
                rows = self._database.execute(_READ, (self.reached, self._end, count)).fetchall()
            except (sqlite3.Error, UnicodeDecodeError):
                continue
            if not rows:
                self.reached = self._end
            return rows
        self.broken += 1
        self._break(self.reached)
        self.reached = next_readable(self._database, self.reached, self._end)
        return []

    def _judged(self, first: int, link: bytes, body: bytes) -> Piece:
        self.reached = first + 1
        if self._expected is not None and first != self._expected:
            self.broken += 1
            self._break(self._expected)
        block = self._block(first, link, body)
        if block is None:
            self.broken += 1
            self._break(first)
            self._link = link if type(link) is bytes and len(link) == LINK_BYTES else None
        else:
            self._close(first)
            self._link, self._expected, self.reached = block.link, block.end, block.end
        return Piece(first, link, body, block)

    def _block(self, first: int, link: bytes, body: bytes) -> PackedBlock | None:
        try:
            return PackedBlock(first, self._link, link, body) if self._link is not None else None
        except StorageCorrupt:
            return None

    def _break(self, first: int) -> None:
        if self._broken_from is None:
            self._broken_from = first
        self._link = self._expected = None

    def _close(self, end: int) -> None:
        if self._broken_from is not None:
            self.damaged.append(Damage(self._broken_from, end - 1))
            self._broken_from = None


def next_readable(database: sqlite3.Connection, unreadable: int, end: int) -> int:
    """Return the number of the first block behind a number that can be fetched; `end` where there is none below it.

    Pages that SQLite cannot read are found to end by asking for higher and higher numbers, then for those between.
    """
    step = 1
    while unreadable + step < end and _first_from(database, unreadable + step, end) is None:
        step *= 2
    low, high = unreadable + step // 2, min(unreadable + step, end)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _first_from(database, middle, end) is None else (low, middle)
    return _first_from(database, high, end) or end


def _first_from(database: sqlite3.Connection, first: int, end: int) -> int | None:
    """Return the number of the next block, `end` where there is none; None where that cannot be read."""
    try:
        row = database.execute(_READ, (first, end, 1)).fetchone()
    except (sqlite3.Error, UnicodeDecodeError):
        return None
    return int(row[0]) if row is not None else end


def in_words(damaged: list[Damage], shown_max: int = 10) -> str:
    """Return the numbers of what is damaged, the first few of them, for a line."""
    shown = ", ".join(map(str, damaged[:shown_max]))
    return shown if len(damaged) <= shown_max else f"{shown} and {len(damaged) - shown_max} more places"
