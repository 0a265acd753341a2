"""Reads the blocks of a journal that stays open, each checked against the link before it."""

import sqlite3
from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import groupby
from operator import itemgetter

from reactor_chat.errors import StorageCorrupt
from reactor_chat.journal.contract import REPAIR, Span
from reactor_chat.journal.reports import Entry, Row
from reactor_chat.journal.sqlite.blocks import FIRST_LINK, BlockDraft, PackedBlock, packed
from reactor_chat.journal.sqlite.failures import GuardedReading
from reactor_chat.journal.sqlite.label_index import LabelIndex

REPLAY_BLOCKS = 64
"""Blocks fetched at once by a replay; 256 KiB."""


class StoredBlocks:
    """The blocks of one journal.

    Args:
        database: where they are.
        index: finds them by their labels.
        reading: what every use of the database by `page` and `walk` is surrounded with.
    """

    def __init__(self, database: sqlite3.Connection, index: LabelIndex, reading: GuardedReading) -> None:
        self._database = database
        self._index = index
        self._reading = reading

    def read(self, first: int) -> tuple[bytes, PackedBlock]:
        """Return the block with this first number, and the link before it, against which it was checked.

        Raises:
            StorageCorrupt: it is not what was written.
            sqlite3.Error: it cannot be read.
        """
        row = self._database.execute(
            "SELECT link, body, (SELECT link FROM blocks WHERE first < ? ORDER BY first DESC LIMIT 1) "
            "FROM blocks WHERE first = ?",
            (first, first),
        ).fetchone()
        if row is None:
            raise StorageCorrupt(f"The journal's entries from {first} on are missing; {REPAIR}", first)
        link_before = FIRST_LINK if first == 1 else row[2]
        return link_before, PackedBlock(first, link_before, row[0], row[1])

    def link_at(self, seq: int) -> bytes:
        """Return the chain's link as it was when this number was the newest.

        Raises:
            StorageCorrupt, sqlite3.Error: as for `read`; or something was removed there, and the link with it.
        """
        (first,) = self._database.execute("SELECT max(first) FROM blocks WHERE first <= ?", (seq,)).fetchone()
        link_before, block = self.read(first)
        if block.is_cut and seq < block.end - 1:
            raise StorageCorrupt(f"Something from number {first} on was removed, and the link at {seq} with it", first)
        if block.is_cut:
            return block.link
        rows = [row for row in zip(block.rows(), block.kinds(), strict=True) if row[0].seq <= seq]
        entries = [Entry(row.seq, row.payload, labels) for row, labels in rows]
        return packed(BlockDraft(first, link_before), entries)[-1][1]

    def page(self, spans: Sequence[Span], limit: int, *, newest: bool) -> list[Row]:
        """Read blocks, from the newest or the oldest that any of the spans is in, until there are enough rows.

        Raises:
            StorageError: as for `contract.Journal.newest`.
        """
        rows: list[Row] = []
        with self._reading:
            walks = [self._index.blocks(span, newest=newest) for span in spans if span[1] <= span[2]]
            merged = merge(*walks, key=itemgetter(0), reverse=newest)
            for first, found in groupby(merged, key=itemgetter(0)):
                block = self.read(first)[1]
                rows_here = block.found((span for _, span in found), is_sure=self._index.is_sure(first))
                rows.extend(sorted(rows_here, reverse=newest))
                if len(rows) >= limit:
                    break
        return rows[:limit]

    def walk(self, seq: int, head: int) -> Iterator[PackedBlock]:
        """Yield every block from the one that holds a number on, checking that they are one chain up to the head.

        Blocks are fetched some at a time, so that no statement stays open while the caller does other things.

        Args:
            seq: the number.
            head: the newest number of the journal.

        Raises:
            StorageError: as for `contract.Journal.replay`.
        """
        if seq > head:
            return
        link = FIRST_LINK
        end = first = 1
        with self._reading:
            if seq > 1:
                (first,) = self._database.execute("SELECT max(first) FROM blocks WHERE first <= ?", (seq,)).fetchone()
                link, end = self.read(first)[0], first
        while end <= head:
            with self._reading:
                fetched = self._fetch(end)
            for first, stored, body in fetched:
                with self._reading:
                    if first != end:
                        raise StorageCorrupt(f"The journal's entries from {end} on are missing; {REPAIR}", end)
                    block = PackedBlock(first, link, stored, body)
                link, end = block.link, block.end
                yield block

    def _fetch(self, first: int) -> list[tuple[int, bytes, bytes]]:
        found = self._database.execute(
            "SELECT first, link, body FROM blocks WHERE first >= ? ORDER BY first LIMIT ?", (first, REPLAY_BLOCKS)
        ).fetchall()
        if not found:
            raise StorageCorrupt(f"The journal's entries from {first} on are missing; {REPAIR}", first)
        return found
