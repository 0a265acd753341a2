"""The rows of a session in the vault's file: its keys, its ratchets, and what it holds and has opened.

Nearly all of them are dropped or overwritten one day, and are then gone for good.  What was opened is not, and there is
a row of it for each message that was ever read: such rows have a table of their own, `lasting`, under the vault's key,
for it says no more than the archive does.  Thus what has to be gone through at a start does not grow with the archive.
Earlier versions had them among the others; `moved` takes them over while the client rests.

Reads see what is gathered and not committed yet, so a session may build on what it has just written.  `changes` says
what the vault's own transaction has to do, each row once however often it was written in the turn, and seals it under a
key of its own; after the transaction, `committed` forgets the keys of the rows that are gone.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from reactor_chat.client.store.failures import damaged
from reactor_chat.client.store.row_keys import RowKeys
from reactor_chat.client.store.sealed_rows import PayloadKey, opened_row, sealed_row
from reactor_chat.e2ee.store import Table

LASTING = frozenset({Table.TRANSCRIPT.value})
"""What is never dropped."""

MOVED_AT_ONCE = 64
"""So many rows are taken over in one step: two milliseconds."""

Change = tuple[str, tuple[Any, ...]]

_TABLES = ("session", "lasting")
_DELETED = "DELETE FROM {} WHERE name = ? AND kind = ? AND key = ?"

_LAST = "\U0010ffff"
"""Behind every key that begins with what stands before it."""


class StoredRows:
    """A session's store (see `e2ee.store.Store`) for one name at a time.

    Args:
        read: runs a query on the vault's file and returns its rows; raises StorageError.
        row_keys: keeps the key of each row.
        payload_key: seals the rows that last.
        path: the vault's file, for words about it.
    """

    def __init__(
        self, read: Callable[[str, tuple[Any, ...]], list[Any]], row_keys: RowKeys, payload_key: PayloadKey, path: Path
    ) -> None:
        self._read = read
        self._row_keys = row_keys
        self._payload_key = payload_key
        self._path = path
        self._name = ""
        self._gathered: dict[tuple[str, str], bytes | None] = {}  # by kind and key; None is dropped
        self._gone: list[int] = []  # places of the rows that the present transaction ends
        self._moved_key = ""  # of the last row that was taken over

    def turn_to(self, name: str) -> None:
        """Keep the rows of this folded name from now on; nothing is gathered at that moment."""
        assert not self._gathered
        self._name = name
        self._moved_key = ""

    @property
    def has_changed(self) -> bool:
        """Whether anything is gathered."""
        return bool(self._gathered)

    def changes(self) -> list[Change]:
        """Return what puts everything gathered into the file; the keys that this needs are on disk.

        Raises:
            StorageError: nothing may be relied on.
        """
        self._gone = [place for one in self._gathered for place in self._places(*one)]
        written = [(one, row) for one, row in self._gathered.items() if row is not None and one[0] not in LASTING]
        lasting = [(one, row) for one, row in self._gathered.items() if row is not None and one[0] in LASTING]
        deleted = [one for one, row in self._gathered.items() if row is None]
        changes: list[Change] = [(_DELETED.format(table), (self._name, *one)) for one in deleted for table in _TABLES]
        changes += [(_DELETED.format("session"), (self._name, *one)) for one, _ in lasting]  # an earlier version's
        changes += [self._kept_for_good(*one, row) for one, row in lasting]
        keys = self._row_keys.fresh(len(written)) if written else []
        for ((kind, key), row), (place, row_key) in zip(written, keys, strict=True):
            values = (self._name, kind, key, place, sealed_row(row_key, self._name, kind, key, row))
            changes.append(("INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?)", values))
        return changes

    def committed(self) -> None:
        """Note that everything gathered is in the file, and forget the keys of what is not any more."""
        self._row_keys.wipe(self._gone)
        self._gone = []
        self._gathered.clear()

    def moved(self) -> tuple[list[Change], list[int]]:
        """Return what takes over some rows that last and stand among the others, and the places of their keys.

        Whoever makes these changes durable wipes the keys then.  Nothing is returned where no such row is left.

        Raises:
            StorageCorrupt: one of them is not what a session kept.
        """
        query = "SELECT key, place, row FROM session WHERE name = ? AND kind = ? AND key > ? ORDER BY key LIMIT ?"
        kind = Table.TRANSCRIPT.value
        rows = self._read(query, (self._name, kind, self._moved_key, MOVED_AT_ONCE))
        changes: list[Change] = []
        for key, place, sealed in rows:
            changes.append(self._kept_for_good(kind, *self._checked(kind, key, place, sealed)))
            changes.append((_DELETED.format("session"), (self._name, kind, key)))
            self._moved_key = key
        return changes, [place for _, place, _ in rows]

    # ------------------------------------------------------------------------------------------ the contract

    def get(self, table: Table, key: str) -> bytes | None:
        """As in the contract."""
        kind = table.value
        if (kind, key) in self._gathered:
            return self._gathered[kind, key]
        rows = self._rows(kind, "key = ?", key)
        return rows[0][1] if rows else None

    def put(self, table: Table, key: str, row: bytes) -> None:
        """As in the contract."""
        self._gathered[table.value, key] = row

    def drop(self, table: Table, key: str) -> None:
        """As in the contract."""
        self._gathered[table.value, key] = None

    def drop_all(self, table: Table, prefix: str) -> None:
        """As in the contract."""
        for key, _ in list(self.rows(table, prefix)):
            self.drop(table, key)

    def rows(self, table: Table, prefix: str = "") -> Iterator[tuple[str, bytes]]:
        """As in the contract."""
        kind = table.value
        found = dict(self._rows(kind, "key >= ? AND key < ?", prefix, prefix + _LAST))
        for (other, key), row in self._gathered.items():
            if other != kind or not key.startswith(prefix):
                continue
            if row is None:
                found.pop(key, None)
            else:
                found[key] = row
        return iter(sorted(found.items()))

    def _rows(self, kind: str, which: str, *values: str) -> list[tuple[str, bytes]]:
        """Return the keys and rows of a kind in the file."""
        query = f"SELECT key, place, row FROM session WHERE name = ? AND kind = ? AND {which}"  # noqa: S608  ours
        rows = [self._checked(kind, *row) for row in self._read(query, (self._name, kind, *values))]
        if kind in LASTING:
            query = f"SELECT key, row FROM lasting WHERE name = ? AND kind = ? AND {which}"  # noqa: S608  ours
            rows += [self._opened(kind, *row) for row in self._read(query, (self._name, kind, *values))]
        return rows

    def _kept_for_good(self, kind: str, key: str, row: bytes) -> Change:
        sealed = self._payload_key.seal(row, "lasting", self._name, kind, key)
        return "INSERT OR REPLACE INTO lasting VALUES (?, ?, ?, ?)", (self._name, kind, key, sealed)

    def _opened(self, kind: str, key: str, sealed: bytes) -> tuple[str, bytes]:
        row = self._payload_key.open(sealed, "lasting", self._name, kind, key)
        if row is None:
            raise damaged(self._path, "what a session kept is not what it wrote")
        return key, row

    def _places(self, kind: str, key: str) -> list[int]:
        query = "SELECT place FROM session WHERE name = ? AND kind = ? AND key = ?"
        return [place for (place,) in self._read(query, (self._name, kind, key))]

    def _checked(self, kind: str, key: str, place: int, sealed: bytes) -> tuple[str, bytes]:
        row = opened_row(self._row_keys.key(place), self._name, kind, key, sealed)
        if row is None:
            raise damaged(self._path, "what a session kept is not what it wrote")
        return key, row
