"""Goes through the archive while nothing else is to be done: whether every row is there, opens, and is on its page.

Rows are sealed, so one that is damaged is found out when it is opened; and what stands on a page is compared with it.
Neither shows what is missing.  That is looked for here, some of it in each run, going on where the run before ended.
A row that is not on its page is put there.
"""

from collections.abc import Callable

from reactor_chat.client.archive.backing import Backing, Change
from reactor_chat.client.archive.contract import Entry
from reactor_chat.client.archive.entries import Entries
from reactor_chat.client.archive.tables import BLOCK, CHECKED, PAGED
from reactor_chat.client.archive.volume import Volume

BLOCKS_A_RUN = 512
"""So much is gone through in one run: half a second of work."""

NOTED_BLOCKS = 64
"""After so many blocks it is noted how far that came."""


class Checker:
    """Checks the archive of a vault.

    Args:
        backing: the vault.
        entries: opens its rows.
        volume: returns the part of a name.
    """

    def __init__(self, backing: Backing, entries: Entries, volume: Callable[[str], Volume]) -> None:
        self._backing = backing
        self._entries = entries
        self._volume = volume
        self._left = BLOCKS_A_RUN
        self._block = self._progress(CHECKED) // BLOCK  # all above were checked

    def step(self, last_place: int) -> bool:
        """Check one block; return whether more is to be checked in this run.

        Args:
            last_place: of the archive.

        Raises:
            StorageError: SQLite cannot read it.
        """
        blocks = last_place // BLOCK
        if self._left <= 0 or not blocks:
            return False
        self._block = min(self._block or blocks, blocks) - 1
        self._left = min(self._left, blocks) - 1
        changes = self._checked(self._block)
        if not self._left or self._left % NOTED_BLOCKS == 0:
            changes.append(("INSERT OR REPLACE INTO progress VALUES (?, ?)", (CHECKED, self._block * BLOCK)))
        if changes:
            self._backing.write(changes)
        return self._left > 0

    def _checked(self, block: int) -> list[Change]:
        """Return what puts the rows of a block on their pages that are not there."""
        low = block * BLOCK + 1
        query = "SELECT name, place, seq, payload FROM archive WHERE place BETWEEN ? AND ?"
        rows = self._backing.read(query, (low, low + BLOCK - 1))
        if len(rows) < BLOCK:
            self._entries.note("some of the archive is missing")
        paged, changes = self._progress(PAGED), list[Change]()
        for name, *row in rows:
            for entry in self._entries.opened(name, [(row[0], row[1], row[2])]):
                if entry.place >= paged and not self._is_paged(self._volume(name), entry):
                    self._entries.note("a page is not as it was written")
                    changes += self._volume(name).paged(entry)
        return changes

    def _is_paged(self, volume: Volume, entry: Entry) -> bool:
        query = "SELECT 1 FROM pages WHERE conversation = ? AND era = ? AND seq = ? AND place = ?"
        number = volume.book.number(entry.conversation)
        return bool(self._backing.read(query, (number, volume.eras.of(entry.place), entry.seq, entry.place)))

    def _progress(self, what: str) -> int:
        rows = self._backing.read("SELECT place FROM progress WHERE what = ?", (what,))
        return int(rows[0][0]) if rows else 0
