"""The archive in a vault's file: pages of each conversation, what is kept of it, and search.

`contract` says what is promised.  What this needs of the vault comes as a `Backing`; the vault tells it what is
archived, whose archive is asked for, and where numbers begin anew.
"""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from msgspec.structs import replace

from reactor_chat.client.archive.backing import Backing
from reactor_chat.client.archive.checking import Checker
from reactor_chat.client.archive.contract import Entry, Moment, Overview
from reactor_chat.client.archive.entries import Entries, home
from reactor_chat.client.archive.indexing import Indexer
from reactor_chat.client.archive.pages import BEFORE_ALL, BEHIND_ALL, Pages
from reactor_chat.client.archive.query import read_query
from reactor_chat.client.archive.searching import StoredSearch
from reactor_chat.client.archive.tables import BLOCK, PAGED
from reactor_chat.client.archive.volume import Volume
from reactor_chat.client.archive.zones import Zones
from reactor_chat.errors import MessageInvalid, StorageError
from reactor_chat.wire.conversation import Conversation


class StoredArchive:
    """The archive of a vault; see `contract.Archive`.

    Args:
        backing: the vault.
        last_place: of the archive so far; 0 where it is empty.
        upkeep: does some milliseconds of what else the vault has to do while it rests, and returns whether more is
            left.
    """

    def __init__(self, backing: Backing, last_place: int, upkeep: Callable[[], bool] = lambda: False) -> None:
        self._backing = backing
        self._upkeep = upkeep
        self._entries = Entries(backing)
        self._last_place = last_place
        self._name = ""
        self._is_index_broken = False
        self._ids: Iterator[int] | None = None
        self._volumes: dict[str, Volume] = {}
        self._paged: dict[str, Pages] = {}
        self._found_zones: Zones | None = None
        self._found_indexer: Indexer | None = None
        self._checker: Checker | None = None

    # ------------------------------------------------------------------------------------------ what the vault says

    def turn_to(self, name: str) -> None:
        """Show what belongs to this folded name from now on, and read what is kept of it; nothing is gathered then."""
        self._name = name
        self._pages_of(name)

    def added(self, place: int, seq: int, row: bytes) -> None:
        """Put a notice that is archived on its page; what this version cannot read is on none.

        Args:
            place: where in the archive; one above the one before.
            seq: its number.
            row: as `Backing.read_row` takes it.
        """
        self._last_place = place
        try:
            notice, annotation = self._backing.read_row(row)
        except MessageInvalid:
            return
        entry = Entry(place, home(notice, self._name), seq, notice, annotation)
        self._backing.gather(self._volume.paged(entry))
        self._pages.added(entry)

    def began_anew(self) -> None:
        """Note that what is archived from now on has numbers that may have been given before."""
        self._backing.gather(self._volume.eras.begin(self._last_place + 1))

    def begin(self) -> None:
        """Put the newest of an archive that an earlier version wrote on its pages; the rest follows with the index."""
        rows = self._backing.read("SELECT place FROM progress WHERE what = ?", (PAGED,))
        last = rows[0][0] - 1 if rows else 0
        if last % BLOCK or 0 < last == self._last_place:
            self._indexer.page_newest(last)

    # ------------------------------------------------------------------------------------------ the contract

    @property
    def damage(self) -> str | None:
        """As in the contract."""
        return self._entries.damage

    def conversations(self) -> list[Overview]:
        """As in the contract."""
        self._backing.settle()
        found = [self._overview(one) for one in self._volume.book]
        return sorted((one for one in found if one.newest or one.draft), key=lambda one: one.newest, reverse=True)

    def overview(self, conversation: Conversation) -> Overview:
        """As in the contract."""
        self._backing.settle()
        return self._overview(conversation)

    def page(self, conversation: Conversation, before: int | None = None, limit: int = 50) -> list[Entry]:
        """As in the contract."""
        self._backing.settle()
        end = None if before is None else self._pages.entry(before)
        start = BEHIND_ALL if before is None else BEFORE_ALL if end is None else self._pages.position(end)
        return self._pages.down(conversation, start, limit)

    def after(self, conversation: Conversation, place: int, limit: int = 50) -> list[Entry]:
        """As in the contract."""
        self._backing.settle()
        begin = self._pages.entry(place)
        return [] if begin is None else self._pages.up(conversation, self._pages.position(begin), limit)

    def around(self, place: int, before: int = 25, after: int = 25) -> list[Entry]:
        """As in the contract."""
        self._backing.settle()
        entry = self._pages.entry(place)
        if entry is None:
            return []
        position, conversation = self._pages.position(entry), entry.conversation
        earlier, later = (self._pages.down, self._pages.up)
        return [*earlier(conversation, position, before), entry, *later(conversation, position, after)]

    def unread(self, conversation: Conversation) -> int:
        """As in the contract."""
        self._backing.settle()
        return self._pages.unread(conversation)

    def first_unread(self, conversation: Conversation) -> int | None:
        """As in the contract."""
        self._backing.settle()
        return self._pages.first_unread(conversation)

    def mark_read(self, conversation: Conversation, seq: int) -> None:
        """As in the contract."""
        read, marker = self._volume.book.kept(conversation).read, (self._volume.eras.newest, seq)
        if read is None or read < marker:
            self._keep(conversation, read=marker)
            self._pages.read(conversation)

    def keep_draft(self, conversation: Conversation, text: str) -> None:
        """As in the contract."""
        if text != self._volume.book.kept(conversation).draft:
            self._keep(conversation, draft=text)

    def mute(self, conversation: Conversation, *, is_muted: bool) -> None:
        """As in the contract."""
        if is_muted != self._volume.book.kept(conversation).is_muted:
            self._keep(conversation, is_muted=is_muted)

    def search(self, typed: str, moment: Moment) -> StoredSearch:
        """As in the contract."""
        self._backing.settle()
        query = read_query(typed, moment, self._name)
        return StoredSearch(self._backing, self._entries, self._zones, self._volume, query, self._last_place)

    def index_some(self) -> bool:
        """As in the contract."""
        if self._is_index_broken:
            return False
        self._backing.settle()
        try:
            if self._entries.has_failed:
                self._entries.has_failed = False
                self._indexer.mend()
                self._forget()
            return self._indexer.step(self._last_place) or self._upkeep() or self._check_some()
        except StorageError as error:
            self._is_index_broken = True
            self._entries.damage = str(error)
            self._forget()
            self.turn_to(self._name)
            return False

    def _check_some(self) -> bool:
        if self._checker is None:
            self._checker = Checker(self._backing, self._entries, self._volume_of)
        return self._checker.step(self._last_place)

    # ------------------------------------------------------------------------------------------ what is in memory

    def _forget(self) -> None:
        """Read everything again when it is needed."""
        self._volumes, self._paged = {}, {}
        self._found_zones = self._found_indexer = self._checker = self._ids = None

    @property
    def _volume(self) -> Volume:
        return self._volume_of(self._name)

    def _volume_of(self, name: str) -> Volume:
        if name not in self._volumes:
            self._volumes[name] = Volume(self._backing, name, self._fresh_id, self._entries.note)
        return self._volumes[name]

    @property
    def _pages(self) -> Pages:
        return self._pages_of(self._name)

    def _pages_of(self, name: str) -> Pages:
        if name not in self._paged:
            self._paged[name] = Pages(self._backing, self._entries, self._volume_of(name))
        return self._paged[name]

    @property
    def _zones(self) -> Zones:
        if self._found_zones is None:
            self._found_zones = Zones(self._backing, self._entries.note)
        return self._found_zones

    @property
    def _indexer(self) -> Indexer:
        if self._found_indexer is None:
            self._found_indexer = Indexer(self._backing, self._entries, self._zones, self._volume_of)
        return self._found_indexer

    def _fresh_id(self) -> int:
        if self._ids is None:
            ((last,),) = self._backing.read("SELECT coalesce(max(id), 0) FROM conversations", ())
            self._ids = count(last + 1)
        return next(self._ids)

    def _keep(self, conversation: Conversation, **kept: Any) -> None:
        book = self._volume.book
        self._backing.gather(book.keep(conversation, replace(book.kept(conversation), **kept)))

    def _overview(self, conversation: Conversation) -> Overview:
        kept, (_, seq, place) = self._volume.book.kept(conversation), self._pages.newest(conversation)
        era, read = kept.read or (0, 0)
        read = read if era == self._volume.eras.newest else 0
        unread = self._pages.unread(conversation)
        return Overview(conversation, kept.name, place, seq, read, unread, kept.draft, kept.is_muted)
