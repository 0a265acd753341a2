"""Snapshots in the journal's file: written piece by piece, the newest kept beside the one before it.

A snapshot of many people is tens of megabytes, and nobody should wait until they are written.  So each piece is a row
of its own, in a transaction of its own, and a last row says how many there are and what they come to.  A snapshot
without that row, or that does not come to it, is none: then the one before it is used.

The key of a row is 2^61 + its number * 2^16 + its place; the last row to be written has place 0.  An earlier version of
this program kept a snapshot as one row under its number, and takes these rows for snapshots of a distant future.
"""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from hashlib import sha256

from reactor_chat.journal.contract import Slices

FIRST_KEY = 1 << 61
PLACES = 1 << 16
SEQ_MAX = (1 << 44) - 1
KEPT = 2
"""Snapshots that stay: one may turn out to be damaged."""


class Snapshots:
    """Keeps and finds snapshots.

    Args:
        database: open.
        transaction: a context in which it may be changed.
    """

    def __init__(self, database: sqlite3.Connection, transaction: Callable[[], AbstractContextManager[None]]) -> None:
        self._database = database
        self._transaction = transaction

    def keep(self, seq: int, pieces: Iterable[bytes]) -> Slices[None]:
        """Write a snapshot; see `contract.Journal.snapshot_slices`."""
        assert seq <= SEQ_MAX, seq
        yield from self._remove([key for key in self._keys() if key > FIRST_KEY and seq_of(key) == seq])
        key, digest, count = FIRST_KEY + seq * PLACES, sha256(seq.to_bytes(8, "little")), 0
        for count, piece in enumerate(pieces, 1):
            digest.update(piece)
            self._put(key + count, piece)
            yield 50
        self._put(key, count.to_bytes(4, "little"), digest.digest())
        yield 90
        yield from self._remove(self._outdated(seq))

    def newest(self, head: int) -> tuple[int, bytes] | None:
        """Return the newest whole snapshot that is not beyond a number; None where there is none."""
        try:
            keys = self._keys()
        except sqlite3.Error:  # damage to a snapshot costs a longer replay and nothing else
            return None
        for key in sorted(keys, key=seq_of, reverse=True):
            if seq_of(key) <= head and (body := self._whole(key)) is not None:
                return seq_of(key), body
        return None

    def _keys(self) -> list[int]:
        return [key for (key,) in self._database.execute("SELECT seq FROM snapshots ORDER BY seq")]

    def _whole(self, key: int) -> bytes | None:
        """Return the snapshot whose first row this is."""
        if key < FIRST_KEY:
            return self._of_one_row(key)
        if key % PLACES:
            return None
        try:
            digest, count = self._row(key)
            pieces = [self._row(key + place)[1] for place in range(1, int.from_bytes(count, "little") % PLACES + 1)]
            snapshot = b"".join(pieces)
        except (sqlite3.Error, TypeError, UnicodeDecodeError):
            return None
        return snapshot if digest == digest_of(seq_of(key), snapshot) else None

    def _of_one_row(self, seq: int) -> bytes | None:
        try:
            digest, body = self._row(seq)
        except (sqlite3.Error, TypeError, UnicodeDecodeError):
            return None
        is_whole = type(body) is bytes and digest == sha256(seq.to_bytes(8, "little", signed=True) + body).digest()
        return body if is_whole else None

    def _row(self, key: int) -> tuple[bytes, bytes]:
        row: tuple[bytes, bytes] = self._database.execute(
            "SELECT digest, body FROM snapshots WHERE seq = ?", (key,)
        ).fetchone()
        return row

    def _put(self, key: int, body: bytes, digest: bytes = b"") -> None:
        with self._transaction():
            self._database.execute("REPLACE INTO snapshots VALUES (?, ?, ?)", (key, digest, body))

    def _outdated(self, seq: int) -> list[int]:
        """Return the rows of all but the one that was kept now and the newest whole one below."""
        keys = self._keys()
        firsts = (key for key in keys if key < FIRST_KEY or key % PLACES == 0)
        whole = sorted({seq_of(key) for key in firsts if seq_of(key) <= seq})[-KEPT:]
        return [key for key in keys if seq_of(key) not in whole]

    def _remove(self, keys: list[int]) -> Slices[None]:
        """Remove rows, the one that makes each snapshot whole first."""
        for key in keys:
            try:
                with self._transaction():
                    self._database.execute("DELETE FROM snapshots WHERE seq = ?", (key,))
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                # a damaged one stays where it is
            yield 95


def seq_of(key: int) -> int:
    """Return the number of the snapshot that a row belongs to."""
    return key if key < FIRST_KEY else (key - FIRST_KEY) // PLACES


def digest_of(seq: int, snapshot: bytes) -> bytes:
    """Return what the last row of a whole snapshot says."""
    return sha256(seq.to_bytes(8, "little") + snapshot).digest()
