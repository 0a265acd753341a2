"""Looks at everything a journal has stored, and mends what it can: the index from the blocks, blocks from a copy.

The index is no part of the chain, and everything in it follows from the blocks; what is missing in it is added again.

A block of a copy is taken where it must be the one that was here: the chain through the copy's blocks leads to a block
that is whole here, or to a link that is still stored here.  A link stands for everything before it, so nothing else
could fit.
"""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, suppress
from pathlib import Path

from reactor_chat.errors import StorageCorrupt
from reactor_chat.journal.contract import Condition, Damage, Slices
from reactor_chat.journal.sqlite.blocks import FIRST_LINK, PackedBlock, is_cut
from reactor_chat.journal.sqlite.copying import opened
from reactor_chat.journal.sqlite.label_index import LabelIndex
from reactor_chat.journal.sqlite.survey import Piece, Survey
from reactor_chat.journal.unindexed import UnindexedBlocks

SLICE_BLOCKS = 8
"""Each block is looked up under all of its labels."""

Rows = list[tuple[int, bytes, bytes]]


class Scrub:
    """One way through a journal that stays open.

    Args:
        database: of the journal.
        index: its index.
        transaction: a context in which the database may be changed.
        end: the number after the last one of the full blocks; the open block is written anew by each commit.
        link: the link of the newest full block.
    """

    def __init__(
        self,
        database: sqlite3.Connection,
        index: LabelIndex,
        transaction: Callable[[], AbstractContextManager[None]],
        end: int,
        link: bytes,
    ) -> None:
        self._database = database
        self._index = index
        self._transaction = transaction
        self._end = end
        self._link = link

    def run(self) -> Slices[Condition]:
        """Look at everything; see `contract.Journal.scrub_slices`."""
        survey = Survey(self._database, 1, FIRST_LINK, self._end, SLICE_BLOCKS)
        mended = 0
        yield 0
        for pieces in survey:
            mended += self._mend_index([piece.block for piece in pieces if piece.block is not None])
            yield 100 * (survey.reached - 1) // max(self._end - 1, 1)
        self._index.mended(survey.damaged, self._transaction)
        return Condition(survey.damaged, survey.broken, mended)

    def repair(self, backup: Path) -> Slices[Condition]:
        """Bring back what a copy has; see `contract.Journal.repair_slices`."""
        with closing(opened(backup)) as copy:
            before = yield from self.run()
            for damage in before.damaged:
                rows = self._fitting(copy, damage)
                if rows:
                    self._put(damage, rows)
                yield 99
        after = yield from self.run()
        mended = [damage for damage in before.damaged if damage not in after.damaged]
        return after._replace(index_mended=before.index_mended + after.index_mended, mended=mended)

    # -------------------------------------------------------------------------------------------- the index

    def _mend_index(self, blocks: list[PackedBlock]) -> int:
        """Add what is missing about these blocks; return how much it was."""
        carried = UnindexedBlocks()
        for block in blocks:
            with suppress(StorageCorrupt):
                carried.put(block.first, dict.fromkeys(block.kinds()))
        lacking: dict[str, list[int]] = {}
        by_label = carried.by_label(block.first for block in blocks)
        found = self._index.found_at_once(by_label)
        try:
            mended = sum(self._look_up(label, by_label[label], lacking) for label in sorted(by_label.keys() - found))
            if lacking:
                with self._transaction():
                    for label, firsts in lacking.items():
                        self._index.add(label, firsts)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            return 0  # the index itself cannot be read there; a page of it is refused
        return mended + sum(map(len, lacking.values()))

    def _look_up(self, label: str, firsts: list[int], lacking: dict[str, list[int]]) -> int:
        """Note which of these blocks are not found by a label; return how much was mended at once."""
        try:
            found = self._index.carrying(label, firsts[0], firsts[-1])
        except StorageCorrupt:
            return sum(self._remade(label, first) for first in firsts)
        except sqlite3.DatabaseError:  # a page of the index that cannot be read
            return 0
        if missing := sorted(set(firsts).difference(found)):
            lacking[label] = missing
        return 0

    def _remade(self, label: str, first: int) -> int:
        """Write the row anew that should name a block, where it is damaged and all that it may name is whole."""
        with suppress(StorageCorrupt):
            self._index.carrying(label, first, first)
            return 0
        low, high = self._index.reach(label, first)
        link = self._link_before(low)
        if link is None:
            return 0
        survey = Survey(self._database, low, link, high + 1)
        try:
            whole = (piece.block for pieces in survey for piece in pieces if piece.block is not None)
            numbers = [block.first for block in whole if any(label in labels for labels in block.kinds())]
        except StorageCorrupt:
            return 0
        if survey.broken or not numbers:
            return 0
        with self._transaction():
            self._index.replace_row(label, low, numbers)
        return len(numbers)

    # ------------------------------------------------------------------------------------------- the blocks

    def _fitting(self, copy: sqlite3.Connection, damage: Damage) -> Rows:
        """Return the copy's rows for these numbers, from the first on, as far as they must be what was here."""
        link = self._link_before(damage.first)
        if link is None:
            return []
        here = _rows(self._database, damage)
        stored = {first: link for first, link, _ in here}
        cut = {first for first, _, body in here if type(body) is bytes and is_cut(body)}
        rows: Rows = []
        proven = 0
        survey = Survey(copy, damage.first, link, damage.last + 1)
        for piece in (piece for pieces in survey for piece in pieces):
            if piece.block is None or survey.damaged:
                break
            if piece.first in cut and not piece.block.is_cut:  # it has what was removed here
                break
            rows.append((piece.first, piece.link, piece.body))
            if stored.get(piece.first) == piece.link or self._leads_on(piece):
                proven = len(rows)
        return rows[:proven]

    def _link_before(self, first: int) -> bytes | None:
        if first == 1:
            return FIRST_LINK
        try:
            row = self._database.execute(
                "SELECT link FROM blocks WHERE first < ? ORDER BY first DESC LIMIT 1", (first,)
            ).fetchone()
        except sqlite3.Error:
            return None
        return row[0] if row is not None and type(row[0]) is bytes else None

    def _leads_on(self, piece: Piece) -> bool:
        """Whether the block behind this one of the copy is whole here."""
        assert piece.block is not None
        end = piece.block.end
        if end == self._end:
            return piece.link == self._link
        try:
            row = self._database.execute("SELECT link, body FROM blocks WHERE first = ?", (end,)).fetchone()
            return row is not None and PackedBlock(end, piece.link, *row).first == end
        except (sqlite3.Error, TypeError, StorageCorrupt):
            return False

    def _put(self, damage: Damage, rows: Rows) -> None:
        end = PackedBlock(rows[-1][0], self._link_of_last(rows), rows[-1][1], rows[-1][2]).end
        with self._transaction():
            self._database.execute("DELETE FROM blocks WHERE first >= ? AND first < ?", (damage.first, end))
            self._database.executemany("INSERT INTO blocks VALUES (?, ?, ?)", rows)

    def _link_of_last(self, rows: Rows) -> bytes:
        link = rows[-2][1] if len(rows) > 1 else self._link_before(rows[0][0])
        assert link is not None
        return link


def _rows(database: sqlite3.Connection, damage: Damage) -> Rows:
    try:
        return database.execute("SELECT first, link, body FROM blocks WHERE first BETWEEN ? AND ?", damage).fetchall()
    except sqlite3.Error:
        return []
