"""Builds the index while nothing else is to be done, a block of the archive in each step, the newest first.

Theory of operation.  A notice is not indexed when it is archived: a message at a time would cost the index twenty times
as much, in the very turn in which somebody waits for it.  What is not a whole block yet, and what came since the client
last had rest, a search looks through directly.

A step indexes one block in one transaction, which also says that this block is indexed.  So a crash loses nothing, and
nothing is indexed twice.  The transaction does not wait for the disk: one that a power cut takes back is made again.

An archive of an earlier version has neither index nor pages.  Its blocks get both in the same step, from its end to its
beginning; `paged` says from which place on pages are whole.
"""

from collections.abc import Callable, Iterator

from reactor_chat.client.archive.backing import Backing, Change
from reactor_chat.client.archive.contract import Entry
from reactor_chat.client.archive.entries import Entries
from reactor_chat.client.archive.eras import beginnings
from reactor_chat.client.archive.tables import BLOCK, CHECK_INDEX, MERGE, MERGE_PAGES, PAGED, WITHOUT_INDEX
from reactor_chat.client.archive.volume import Volume
from reactor_chat.client.archive.zones import Times, Zones
from reactor_chat.errors import StorageCorrupt
from reactor_chat.wire.conversation import Heard

SHOWN_AT_ONCE_BLOCKS = 8
"""So much of an older archive gets its pages when it is opened, so that the first screen has something to show."""


class Indexer:
    """Indexes the archive of a vault.

    Args:
        backing: the vault.
        entries: opens its rows.
        zones: says what is indexed.
        volume: returns the part of a name.
    """

    def __init__(self, backing: Backing, entries: Entries, zones: Zones, volume: Callable[[str], Volume]) -> None:
        self._backing = backing
        self._entries = entries
        self._zones = zones
        self._volume = volume
        rows = backing.read("SELECT place FROM progress WHERE what = ?", (PAGED,))
        self._paged: int = rows[0][0] if rows else 1

    def is_done(self, last_place: int) -> bool:
        """Return whether every whole block is indexed; `last_place` is that of the archive."""
        return self._zones.next_block(last_place) is None

    def step(self, last_place: int) -> bool:
        """Index one block; return whether more is left.

        Raises:
            StorageError: nothing of this step happened; what is in memory has to be read again.
        """
        block = self._zones.next_block(last_place)
        if block is None:
            return False
        self._backing.write(self._block(block))
        return self._zones.next_block(last_place) is not None

    def mend(self) -> None:
        """Forget the index where it is damaged, so that it is made again.

        Raises:
            StorageError: that cannot be done; what is in memory has to be read again.
        """
        try:
            self._backing.write([CHECK_INDEX])
        except StorageCorrupt:
            self._backing.write(WITHOUT_INDEX)

    def page_newest(self, last_place: int) -> None:
        """Put the newest of an archive of an earlier version on its pages, and what is in no whole block yet."""
        low = max(1, (last_place // BLOCK - SHOWN_AT_ONCE_BLOCKS) * BLOCK + 1)
        self._paged = last_place + 1
        self._backing.write(list(self._pages(low, self._by_name(low, last_place))))

    def _block(self, block: int) -> Iterator[Change]:
        low, high = block * BLOCK + 1, (block + 1) * BLOCK
        by_name = self._by_name(low, high)
        if low < self._paged:
            yield from self._pages(low, by_name)
        for name, entries in by_name.items():
            yield from self._tokens(self._volume(name), entries)
        said = [one.notice.at for entries in by_name.values() for one in entries if isinstance(one.notice, Heard)]
        yield self._zones.indexed(block, Times(min(said), max(said)) if said else None)
        yield MERGE[0], (MERGE_PAGES,)

    def _by_name(self, low: int, high: int) -> dict[str, list[Entry]]:
        """Return the entries of some places by whose they are, in the order of places."""
        query = "SELECT name, place, seq, payload FROM archive WHERE place BETWEEN ? AND ? ORDER BY place"
        rows: dict[str, list[tuple[int, int, bytes]]] = {}
        for name, *row in self._backing.read(query, (low, high)):
            rows.setdefault(name, []).append((row[0], row[1], row[2]))
        return {name: list(self._entries.opened(name, some)) for name, some in rows.items()}

    # ------------------------------------------------------------------------------------------ pages

    def _pages(self, low: int, by_name: dict[str, list[Entry]]) -> Iterator[Change]:
        """Yield what puts on pages whatever is from a place on and not on them; what is behind, is."""
        for name, entries in by_name.items():
            volume = self._volume(name)
            missing = [one for one in entries if one.place < self._paged]
            for first in beginnings([*missing, *self._next_of(name, missing)]):
                yield from volume.eras.begun(first)
            for entry in missing:
                yield from volume.paged(entry)
        self._paged = low
        yield "INSERT OR REPLACE INTO progress VALUES (?, ?)", (PAGED, low)

    def _next_of(self, name: str, missing: list[Entry]) -> list[Entry]:
        """Return the entry of the same name behind some that are on no page, which may begin an era."""
        query = "SELECT place, seq, payload FROM archive WHERE name = ? AND place >= ? ORDER BY place LIMIT 1"
        rows = self._backing.read(query, (name, self._paged)) if missing else []
        return list(self._entries.opened(name, rows))

    # ------------------------------------------------------------------------------------------ the index

    def _tokens(self, volume: Volume, entries: list[Entry]) -> Iterator[Change]:
        for entry in entries:
            if tokens := volume.tokens.of_entry(entry, volume.vocabulary.token):
                yield "INSERT INTO token_index (rowid, tokens) VALUES (?, ?)", (entry.place, " ".join(tokens))
        yield from volume.vocabulary.add()
