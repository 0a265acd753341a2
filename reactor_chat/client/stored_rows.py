"""The rows of a session in the vault's file: its keys, its ratchets, and what it holds and has opened.

Reads see what is gathered and not committed yet, so a session may build on what it has just written; the changes go
into the vault's own list, and so into its own transaction.  A row has a checksum like every other row of the vault.
"""

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from reactor_chat.client.failures import damaged
from reactor_chat.e2ee.store import Table

STORED_ROWS_TABLE = (
    "CREATE TABLE IF NOT EXISTS session (name TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,"
    " row BLOB NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (name, kind, key)) STRICT, WITHOUT ROWID"
)
_LAST = "\U0010ffff"
"""Behind every key that begins with what stands before it."""


class StoredRows:
    """A session's store (see `e2ee.store.Store`) for one name at a time.

    Args:
        read: runs a query on the vault's file and returns its rows; raises StorageError.
        changes: where the vault gathers what its next commit applies, in order.
        path: the vault's file, for words about it.
    """

    def __init__(
        self,
        read: Callable[[str, tuple[Any, ...]], list[Any]],
        changes: list[tuple[str, tuple[Any, ...]]],
        path: Path,
    ) -> None:
        self._read = read
        self._changes = changes
        self._path = path
        self._name = ""
        self._gathered: dict[tuple[str, str], bytes | None] = {}  # by kind and key; None is dropped

    def turn_to(self, name: str) -> None:
        """Keep the rows of this folded name from now on; nothing is gathered at that moment."""
        assert not self._gathered
        self._name = name

    def committed(self) -> None:
        """Note that everything gathered is in the file."""
        self._gathered.clear()

    # ------------------------------------------------------------------------------------------ the contract

    def get(self, table: Table, key: str) -> bytes | None:
        """As in the contract."""
        kind = table.value
        if (kind, key) in self._gathered:
            return self._gathered[kind, key]
        query = "SELECT key, row, crc FROM session WHERE name = ? AND kind = ? AND key = ?"
        rows = self._read(query, (self._name, kind, key))
        return self._checked(kind, *rows[0])[1] if rows else None

    def put(self, table: Table, key: str, row: bytes) -> None:
        """As in the contract."""
        kind = table.value
        self._gathered[kind, key] = row
        values = (self._name, kind, key, row, crc_of(self._name, kind, key, row))
        self._changes.append(("INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?)", values))

    def drop(self, table: Table, key: str) -> None:
        """As in the contract."""
        self._gathered[table.value, key] = None
        query = "DELETE FROM session WHERE name = ? AND kind = ? AND key = ?"
        self._changes.append((query, (self._name, table.value, key)))

    def drop_all(self, table: Table, prefix: str) -> None:
        """As in the contract."""
        for key, _ in list(self.rows(table, prefix)):
            self.drop(table, key)

    def rows(self, table: Table, prefix: str = "") -> Iterator[tuple[str, bytes]]:
        """As in the contract."""
        kind = table.value
        query = "SELECT key, row, crc FROM session WHERE name = ? AND kind = ? AND key >= ? AND key < ?"
        found = dict(self._checked(kind, *row) for row in self._read(query, (self._name, kind, prefix, prefix + _LAST)))
        for (other, key), row in self._gathered.items():
            if other != kind or not key.startswith(prefix):
                continue
            if row is None:
                found.pop(key, None)
            else:
                found[key] = row
        return iter(sorted(found.items()))

    def _checked(self, kind: str, key: str, row: bytes, crc: int) -> tuple[str, bytes]:
        if crc != crc_of(self._name, kind, key, row):
            raise damaged(self._path, "what a session kept is not what it wrote")
        return key, row


def crc_of(*fields: str | int | bytes | None) -> int:
    """Return the checksum that a row of the vault carries over what it says."""
    return zlib.crc32(repr(fields).encode("ascii", "backslashreplace"))
