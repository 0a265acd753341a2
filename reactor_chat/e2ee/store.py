"""What a session must not forget, as rows: a contract, and the store that lasts as long as the process.

A row is a table, a key and bytes that only the session reads.  Changes gather and become durable together with the
vault's own, in one transaction: either everything of a step happened or nothing did.  That is all there is to "the
ratchet moved before its ciphertext left" and "shown once": the engine commits, then obeys the outcome.

What is dropped or overwritten must be gone (`secure_delete` in SQLite): old ratchet positions are old secrets.
"""

from collections.abc import Iterator
from enum import Enum
from typing import Protocol


class Table(Enum):
    """What rows are about; the value is the name in a database."""

    CONVERSATION = "conversation"  # by Conversation.key: how it stands
    GROUP = "group"  # by Conversation.key: the group without message secrets
    RATCHET = "ratchet"  # by Conversation.key + number: message secrets that are left
    PENDING = "pending"  # by Conversation.key: a commit or a creation of ours, not accepted yet
    CHAIN = "chain"  # by Conversation.key + number: hashes of what was heard
    BACKLOG = "backlog"  # by Conversation.key + number: what waits for a Welcome or a blob
    HELD = "held"  # by Conversation.key + number: lines typed and not sealed yet
    OUTGOING = "outgoing"  # by Conversation.key + request id: own messages sealed and not echoed yet
    PACKAGE = "package"  # by reference: own KeyPackages with their private keys
    TRUST = "trust"  # by folded name: keys of others
    TRANSCRIPT = "transcript"  # by number: what was opened, for history
    INTENT = "intent"  # by request id: what our person ordered of a group, not answered yet
    SHARED_KEY = "shared_key"  # by Conversation.key: what a passphrase gave

    __hash__ = object.__hash__  # a row is written with every message, and each member is there once


class Store(Protocol):
    """Keeps rows.  What is asked is answered as if everything gathered were committed.

    Any method may raise StorageError, after which nothing of the step may be relied on.
    """

    def get(self, table: Table, key: str) -> bytes | None:
        """Return a row, None where there is none."""

    def put(self, table: Table, key: str, row: bytes) -> None:
        """Write a row, over the one that was there."""

    def drop(self, table: Table, key: str) -> None:
        """Delete a row; none is none."""

    def drop_all(self, table: Table, prefix: str) -> None:
        """Delete every row whose key begins with `prefix`."""

    def rows(self, table: Table, prefix: str = "") -> Iterator[tuple[str, bytes]]:
        """Yield keys and rows in the order of the keys' code points, of the keys that begin with `prefix`."""


class MemoryStore:
    """A store that forgets with the process, and can be told that a step never happened.

    Attributes:
        commits: how many times something was committed.
    """

    def __init__(self) -> None:
        self.commits = 0
        self._rows: dict[Table, dict[str, bytes]] = {table: {} for table in Table}
        self._before: list[tuple[Table, str, bytes | None]] = []  # what the present step wrote over, oldest first

    def get(self, table: Table, key: str) -> bytes | None:
        """As in the contract."""
        return self._rows[table].get(key)

    def put(self, table: Table, key: str, row: bytes) -> None:
        """As in the contract."""
        self._before.append((table, key, self._rows[table].get(key)))
        self._rows[table][key] = row

    def drop(self, table: Table, key: str) -> None:
        """As in the contract."""
        if key in self._rows[table]:
            self._before.append((table, key, self._rows[table].pop(key)))

    def drop_all(self, table: Table, prefix: str) -> None:
        """As in the contract."""
        for key in [key for key in self._rows[table] if key.startswith(prefix)]:
            self.drop(table, key)

    def rows(self, table: Table, prefix: str = "") -> Iterator[tuple[str, bytes]]:
        """As in the contract."""
        return iter(sorted(item for item in self._rows[table].items() if item[0].startswith(prefix)))

    def commit(self) -> None:
        """Make what was gathered lasting."""
        if self._before:
            self._before.clear()
            self.commits += 1

    def roll_back(self) -> None:
        """Forget what was gathered, as a crash does."""
        for table, key, row in reversed(self._before):
            if row is None:
                self._rows[table].pop(key, None)
            else:
                self._rows[table][key] = row
        self._before.clear()

    def copy(self) -> "MemoryStore":
        """Return a store with the same rows: a backup."""
        twin = MemoryStore()
        twin._rows = {table: dict(rows) for table, rows in self._rows.items()}
        return twin
