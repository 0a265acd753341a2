"""What a client must not forget: how far it has come, what it was told, and what was typed and not yet accepted.

The engine, its inbox and its outbox use a vault through this contract only.  `MemoryVault` forgets with the process,
which is right for guests: their name, and everything private to it, ends with the connection anyway.  `FileVault` (in
`file_vault`) keeps everything on disk.  Both have an archive that a screen asks for pages and searches (`archived`,
see `archive.contract`); the engine does not.

Three steps make "shown once, and never missed" out of it, in this order and each after the other is done:

1. A numbered notice is archived, and the cursor moves over it, in one transaction (`archive`, then `commit`).
2. It is shown: only what is committed is handed to a view.
3. Once all its bytes were taken by the terminal or the pipe, that is noted (`printed`).

What a crash left between 1 and 3 is `unprinted`, and the next run shows it first.
"""

import os
import sqlite3
from collections.abc import Iterable
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from weakref import finalize

from reactor_chat.client.archive import tables
from reactor_chat.client.archive.backing import Backing, Change
from reactor_chat.client.archive.stored_archive import StoredArchive
from reactor_chat.client.store.failures import damaged, told_of
from reactor_chat.client.store.sealed_rows import PayloadKey
from reactor_chat.client.store.written import read_row
from reactor_chat.e2ee.store import MemoryStore, Store
from reactor_chat.wire.messages import SEEN_MAX, Request, Seen, fold

_IN_MEMORY = Path("the archive in memory")  # what words about it name


class OwnIdentity(Protocol):
    """The key that a name belongs to."""

    @property
    def key(self) -> bytes:
        """The Ed25519 public key, 32 bytes."""

    def sign(self, transcript: bytes) -> bytes:
        """Return the signature, 64 bytes, over a login transcript (PROTOCOL §7)."""


class Archived(NamedTuple):
    """A notice in the archive: its place there, and the row in which it was written (see `written`)."""

    place: int  # 1 or more; later ones are larger
    payload: bytes


class Vault(Protocol):
    """Keeps what must survive a cut, and with a file behind it, the process.

    Changes gather until `commit`; what is asked is answered as if they were made.  Every method but `printed` may
    raise StorageError, after which nothing that was not committed can be relied on, and the vault is of no more use.
    """

    @property
    def is_durable(self) -> bool:
        """Whether what is committed outlives the process."""

    @property
    def store(self) -> Store:
        """What the session of the chosen name must not forget; committed together with everything else."""

    def choose(self, name: str) -> None:
        """Turn to what belongs to this name, in any case; before anything else, and where another name is tried."""

    def welcomed(self, name: str) -> None:
        """Remember that the server let us in under this name."""

    def cursor(self) -> int | None:
        """Return the number of the newest notice archived, None before the first login."""

    def move_cursor(self, seq: int) -> None:
        """Remember that everything up to `seq` has come, or never will."""

    def seen(self) -> list[Seen]:
        """Return the logs of the server that were seen, newest first, at most SEEN_MAX; in the newest to the cursor."""

    def begin_log(self, log: str, seq: int) -> None:
        """Remember that everything up to `seq` is as the server has it in this log, and what follows comes in it.

        Args:
            log: its name; empty for a server that names none.
            seq: where the cursor moves, perhaps back.
        """

    def archive(self, seq: int, payload: bytes) -> int:
        """Add a notice to the archive and move the cursor to its number, never back; return its place."""

    def newest(self, count: int) -> list[Archived]:
        """Return the newest of the archive, shown or not, at most `count`, newest first."""

    def unprinted(self) -> list[Archived]:
        """Return what was archived and perhaps never shown, oldest first."""

    def tail(self, count: int) -> list[Archived]:
        """Return the newest of what was shown, at most `count`, oldest first."""

    def printed(self, place: int) -> None:
        """Note that everything up to this place was shown; at once, without waiting for `commit`."""

    def kept(self) -> list[Request]:
        """Return the requests that were kept and not dropped, oldest first."""

    def keep(self, request: Request) -> None:
        """Remember a request with an `id`, before a byte of it is sent."""

    def drop(self, request_id: str) -> None:
        """Forget a request that was answered, or whose fate was told to the person; unknown ids are none."""

    def commit(self) -> None:
        """Make everything gathered durable, all or nothing; costs nothing where nothing was."""


def logs_up_to(logs: list[Seen], cursor: int | None) -> list[Seen]:
    """Return logs, newest first, with the cursor as what was seen of the newest."""
    return [Seen(logs[0].log, cursor or 0), *logs[1:]] if logs else []


def logs_with(logs: list[Seen], cursor: int | None, log: str) -> list[Seen]:
    """Return logs, newest first, with another one begun; what was seen of the one before it stays as it is.

    Args:
        logs: newest first.
        cursor: what was seen of the newest.
        log: the name of the one that begins, or goes on.
    """
    before = [one for one in logs_up_to(logs, cursor) if one.log != log]
    return [Seen(log, 0), *before][:SEEN_MAX]


class MemoryVault:
    """A vault that lasts as long as the process.

    Its archive is that of a vault on disk, in SQLite's memory, and is made when it is first needed.
    """

    is_durable = False

    def __init__(self) -> None:
        self.store = MemoryStore()
        self._name = ""
        self._cursor: int | None = None
        self._logs: list[Seen] = []
        self._kept: dict[str, Request] = {}
        self._last_place = 0
        self._changes: list[Change] = []
        self._archived: StoredArchive | None = None
        self._secret = os.urandom(32)
        self._payload_key = PayloadKey(self._secret)

    @property
    def archived(self) -> StoredArchive:
        """Pages of what came, and search."""
        if self._archived is None:
            self._archived = self._begun()
        return self._archived

    def _begun(self) -> StoredArchive:
        backing = Backing(
            read=self._rows,
            gather=self._changes.extend,
            settle=self.commit,
            write=self._write,
            seal=self._payload_key.seal,
            unseal=self._payload_key.open,
            read_row=read_row,
            damaged=partial(damaged, _IN_MEMORY),
            secret=self._secret,
        )
        made = StoredArchive(backing, last_place=0)
        made.turn_to(self._name)
        return made

    def choose(self, name: str) -> None:
        """As in the contract; but one process is one person, and all but the archive goes with it."""
        self.commit()
        self._name = fold(name)
        if self._archived is not None:
            self._archived.turn_to(self._name)

    def welcomed(self, name: str) -> None:
        """Nobody asks a guest's name again."""

    def cursor(self) -> int | None:
        """As in the contract."""
        return self._cursor

    def move_cursor(self, seq: int) -> None:
        """As in the contract."""
        self._cursor = seq

    def seen(self) -> list[Seen]:
        """As in the contract."""
        return logs_up_to(self._logs, self._cursor)

    def begin_log(self, log: str, seq: int) -> None:
        """As in the contract."""
        self._logs = logs_with(self._logs, self._cursor, log)
        if self._archived is not None and seq < (self._cursor or 0):
            self._archived.began_anew()
        self._cursor = seq

    def archive(self, seq: int, payload: bytes) -> int:
        """As in the contract."""
        self._cursor = max(seq, self._cursor or 0)
        self._last_place += 1
        row = (self._last_place, self._name, seq, self._payload_key.seal(payload, self._name, seq))
        self._changes.append(("INSERT INTO archive VALUES (?, ?, ?, ?)", row))
        self.archived.added(self._last_place, seq, payload)
        return self._last_place

    def newest(self, count: int) -> list[Archived]:
        """As in the contract."""
        self.commit()
        query = "SELECT place, seq, payload FROM archive WHERE name = ? ORDER BY place DESC LIMIT ?"
        rows = self._rows(query, (self._name, count))
        opened = ((place, self._payload_key.open(payload, self._name, seq)) for place, seq, payload in rows)
        return [Archived(place, payload) for place, payload in opened if payload is not None]

    def unprinted(self) -> list[Archived]:
        """Return nothing: there was no earlier run."""
        return []

    def tail(self, count: int) -> list[Archived]:  # noqa: ARG002  the signature is the contract's
        """Return nothing: there was no earlier run."""
        return []

    def printed(self, place: int) -> None:
        """Nobody asks what was printed."""

    def kept(self) -> list[Request]:
        """As in the contract."""
        return list(self._kept.values())

    def keep(self, request: Request) -> None:
        """As in the contract."""
        assert request.id is not None
        self._kept[request.id] = request

    def drop(self, request_id: str) -> None:
        """As in the contract."""
        self._kept.pop(request_id, None)

    def commit(self) -> None:
        """Memory is as durable as it gets."""
        if self._changes:
            self._write(self._changes)
            self._changes.clear()
        self.store.commit()

    @cached_property
    def _database(self) -> sqlite3.Connection:
        database = sqlite3.connect(":memory:", isolation_level=None)
        finalize(self, database.close)  # nobody closes a vault in memory
        for statement in (*tables.ARCHIVE_TABLES, *tables.TABLES, *tables.SETTINGS, *tables.TAKEN_OVER):
            database.execute(statement)
        return database

    def _rows(self, query: str, values: tuple[Any, ...]) -> list[Any]:
        with told_of(_IN_MEMORY):
            return self._database.execute(query, values).fetchall()

    def _write(self, changes: Iterable[Change]) -> None:
        run = self._database.execute
        with told_of(_IN_MEMORY):
            run("BEGIN")
            try:
                for change in changes:
                    run(*change)
                run("COMMIT")
            except BaseException:
                run("ROLLBACK")
                raise
