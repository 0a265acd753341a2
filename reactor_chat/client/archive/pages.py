"""The pages of one name's conversations, and what is unread on them.

An entry's position in its conversation is its era, its number and its place: see `contract` and `eras`.
"""

from collections.abc import Iterator

from reactor_chat.client.archive.backing import Backing
from reactor_chat.client.archive.contract import UNREAD_MAX, Entry
from reactor_chat.client.archive.entries import Entries, is_told
from reactor_chat.client.archive.tables import READ_BEFORE
from reactor_chat.client.archive.volume import Volume
from reactor_chat.wire.conversation import Conversation

Position = tuple[int, int, int]
"""Era, number and place."""

BEFORE_ALL: Position = (-(1 << 62), 0, 0)
BEHIND_ALL: Position = (1 << 62, 0, 0)

_COLUMNS = "p.place, a.seq, a.payload, p.era, p.seq FROM pages p LEFT JOIN archive a ON a.place = p.place"
_DOWN = (
    f"SELECT {_COLUMNS} WHERE p.conversation = ? AND (p.era, p.seq, p.place) < (?, ?, ?)"
    " ORDER BY p.era DESC, p.seq DESC, p.place DESC LIMIT ?"
)
_UP = (
    f"SELECT {_COLUMNS} WHERE p.conversation = ? AND (p.era, p.seq, p.place) > (?, ?, ?)"
    " ORDER BY p.era, p.seq, p.place LIMIT ?"
)
_UNREAD = (
    "FROM pages WHERE conversation = ? AND (era, seq, place) > (?, ?, ?) AND is_told AND place > ?"
    " ORDER BY era, seq, place LIMIT ?"
)


class Pages:
    """The pages of one name.

    Args:
        backing: the vault.
        entries: opens its rows.
        volume: whose.
    """

    def __init__(self, backing: Backing, entries: Entries, volume: Volume) -> None:
        self._backing = backing
        self._entries = entries
        self._volume = volume
        self._newest: dict[Conversation, Position] = {}
        self._unread: dict[Conversation, int] = {}
        rows = backing.read("SELECT place FROM progress WHERE what = ?", (READ_BEFORE,))
        self._read_before: int = rows[0][0] if rows else 0

    def position(self, entry: Entry) -> Position:
        """Return where an entry is in its conversation."""
        return self._volume.eras.of(entry.place), entry.seq, entry.place

    def entry(self, place: int) -> Entry | None:
        """Return the entry at a place; None where there is none of this name, or it cannot be read."""
        rows = self._backing.read(
            "SELECT place, seq, payload FROM archive WHERE place = ? AND name = ?", (place, self._volume.name)
        )
        return next(self._entries.opened(self._volume.name, rows), None)

    def down(self, conversation: Conversation, start: Position, limit: int) -> list[Entry]:
        """Return the entries before a position, oldest first, at most `limit`."""
        return self._walk(_DOWN, conversation, start, limit)[::-1]

    def up(self, conversation: Conversation, start: Position, limit: int) -> list[Entry]:
        """Return the entries after a position, oldest first, at most `limit`."""
        return self._walk(_UP, conversation, start, limit)

    def newest(self, conversation: Conversation) -> Position:
        """Return the position of the last entry of a conversation; `BEFORE_ALL` where it has none."""
        found = self._newest.get(conversation)
        if found is None:
            query = "SELECT era, seq, place FROM pages WHERE conversation = ? ORDER BY era DESC, seq DESC, place DESC"
            rows = self._backing.read(f"{query} LIMIT 1", (self._volume.book.number(conversation),))
            found = self._newest[conversation] = tuple(rows[0]) if rows else BEFORE_ALL
        return found

    def unread(self, conversation: Conversation) -> int:
        """Return how many messages of others are behind the read marker, at most UNREAD_MAX."""
        found = self._unread.get(conversation)
        if found is None:
            ((found,),) = self._backing.read(
                f"SELECT count(*) FROM (SELECT 1 {_UNREAD})",  # noqa: S608  ours
                (*self._unread_from(conversation), UNREAD_MAX),
            )
            self._unread[conversation] = found
        return found

    def first_unread(self, conversation: Conversation) -> int | None:
        """Return the place of the first message of others behind the read marker."""
        rows = self._backing.read(f"SELECT place {_UNREAD}", (*self._unread_from(conversation), 1))
        return rows[0][0] if rows else None

    def added(self, entry: Entry) -> None:
        """Note that an entry was put on its page."""
        conversation, position = entry.conversation, self.position(entry)
        if conversation in self._newest:
            self._newest[conversation] = max(self._newest[conversation], position)
        unread = self._unread.get(conversation)
        if unread is not None and is_told(entry.notice, self._volume.name) and position > self._marker(conversation):
            self._unread[conversation] = min(unread + 1, UNREAD_MAX)

    def read(self, conversation: Conversation) -> None:
        """Note that the read marker was moved."""
        self._unread.pop(conversation, None)

    # ------------------------------------------------------------------------------------------ the tables

    def _walk(self, query: str, conversation: Conversation, start: Position, limit: int) -> list[Entry]:
        """Return entries from a position on, going up or down; what cannot be read is no reason to return fewer."""
        found: list[Entry] = []
        number = self._volume.book.number(conversation)
        while len(found) < limit:
            wanted = limit - len(found)
            rows = self._backing.read(query, (number, *start, wanted))
            found += self._of(conversation, rows)
            if len(rows) < wanted:
                break
            start = rows[-1][3], rows[-1][4], rows[-1][0]
        return found

    def _of(self, conversation: Conversation, rows: list[tuple[int, int, bytes, int, int]]) -> Iterator[Entry]:
        """Yield the entries of rows; one that belongs elsewhere is damage, and is left out."""
        for place, seq, payload, era, order in rows:
            for entry in self._entries.opened(self._volume.name, [(place, seq, payload)]):
                if entry.conversation == conversation and self.position(entry) == (era, order, place):
                    yield entry
                else:
                    self._entries.note("a page is not as it was written")

    def _marker(self, conversation: Conversation) -> Position:
        """Return the position behind which things are unread."""
        read = self._volume.book.kept(conversation).read
        return BEFORE_ALL if read is None else (*read, 1 << 62)

    def _unread_from(self, conversation: Conversation) -> tuple[int | None, int, int, int, int]:
        return (self._volume.book.number(conversation), *self._marker(conversation), self._read_before)
