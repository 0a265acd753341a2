"""The rows of a session in the vault's file: its keys, its ratchets, and what it holds and has opened.

Reads see what is gathered and not committed yet, so a session may build on what it has just written.  `changes` says
what the vault's own transaction has to do, each row once however often it was written in the turn, and seals it under a
key of its own; after the transaction, `committed` forgets the keys of the rows that are gone.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from reactor_chat.client.store.failures import damaged
from reactor_chat.client.store.row_keys import RowKeys
from reactor_chat.client.store.sealed_rows import opened_row, sealed_row
from reactor_chat.e2ee.store import Table

_LAST = "\U0010ffff"
"""Behind every key that begins with what stands before it."""


class StoredRows:
    """A session's store (see `e2ee.store.Store`) for one name at a time.

    Args:
        read: runs a query on the vault's file and returns its rows; raises StorageError.
        row_keys: keeps the key of each row.
        path: the vault's file, for words about it.
    """

    def __init__(self, read: Callable[[str, tuple[Any, ...]], list[Any]], row_keys: RowKeys, path: Path) -> None:
        self._read = read
        self._row_keys = row_keys
        self._path = path
        self._name = ""
        self._gathered: dict[tuple[str, str], bytes | None] = {}  # by kind and key; None is dropped
        self._gone: list[int] = []  # places of the rows that the present transaction ends

    def turn_to(self, name: str) -> None:
        """Keep the rows of this folded name from now on; nothing is gathered at that moment."""
        assert not self._gathered
        self._name = name

    @property
    def has_changed(self) -> bool:
        """Whether anything is gathered."""
        return bool(self._gathered)

    def changes(self) -> list[tuple[str, tuple[Any, ...]]]:
        """Return what puts everything gathered into the file; the keys that this needs are on disk.

        Raises:
            StorageError: nothing may be relied on.
        """
        self._gone = [place for one in self._gathered for place in self._places(*one)]
        written = [(one, row) for one, row in self._gathered.items() if row is not None]
        deleted = [one for one, row in self._gathered.items() if row is None]
        query = "DELETE FROM session WHERE name = ? AND kind = ? AND key = ?"
        changes: list[tuple[str, tuple[Any, ...]]] = [(query, (self._name, *one)) for one in deleted]
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

    # ------------------------------------------------------------------------------------------ the contract

    def get(self, table: Table, key: str) -> bytes | None:
        """As in the contract."""
        kind = table.value
        if (kind, key) in self._gathered:
            return self._gathered[kind, key]
        query = "SELECT key, place, row FROM session WHERE name = ? AND kind = ? AND key = ?"
        rows = self._read(query, (self._name, kind, key))
        return self._checked(kind, *rows[0])[1] if rows else None

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
        query = "SELECT key, place, row FROM session WHERE name = ? AND kind = ? AND key >= ? AND key < ?"
        found = dict(self._checked(kind, *row) for row in self._read(query, (self._name, kind, prefix, prefix + _LAST)))
        for (other, key), row in self._gathered.items():
            if other != kind or not key.startswith(prefix):
                continue
            if row is None:
                found.pop(key, None)
            else:
                found[key] = row
        return iter(sorted(found.items()))

    def _places(self, kind: str, key: str) -> list[int]:
        query = "SELECT place FROM session WHERE name = ? AND kind = ? AND key = ?"
        return [place for (place,) in self._read(query, (self._name, kind, key))]

    def _checked(self, kind: str, key: str, place: int, sealed: bytes) -> tuple[str, bytes]:
        row = opened_row(self._row_keys.key(place), self._name, kind, key, sealed)
        if row is None:
            raise damaged(self._path, "what a session kept is not what it wrote")
        return key, row
