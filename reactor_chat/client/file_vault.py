"""A vault on disk: what one person knows of one server, in a SQLite file.

SQLite and not a file of our own that only grows: several changes become durable together or not at all, what was
answered is removed without rewriting anything, and the archive can be searched without reading all of it.  WAL with
`synchronous=FULL` makes a commit one sync.  What was printed is noted beside it (see `print_mark`), and taken over into
the file when it is opened and closed.

Changes gather in a list and are applied in one transaction by `commit`, so a turn of the client costs one sync however
many lines were pasted in it.  Every row carries a checksum over what it says: SQLite notices a damaged page only where
its own structure suffers.

A new vault is built beside its place and renamed to it, so a file that is there and is no vault was damaged or is not
ours; it is named, and never written over.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from reactor_chat.client.failures import damaged, told_of
from reactor_chat.client.home import Home
from reactor_chat.client.print_mark import PrintMark
from reactor_chat.client.private_files import synced
from reactor_chat.client.stored_rows import STORED_ROWS_TABLE, StoredRows, crc_of
from reactor_chat.client.vault import Archived
from reactor_chat.errors import MessageInvalid, StorageError
from reactor_chat.wire.codec import decode_request, encode
from reactor_chat.wire.messages import Request, fold

APPLICATION_ID = 0x72635661
"""Says in the file's header that it is a vault of this program: "rcVa"."""

SCHEMA_VERSION = 1
SCHEMA = (
    "CREATE TABLE people (name TEXT PRIMARY KEY, cursor INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE prints (name TEXT PRIMARY KEY, place INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    (
        "CREATE TABLE outbox (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
        " request BLOB NOT NULL, crc INTEGER NOT NULL) STRICT"
    ),
    (
        "CREATE TABLE archive (place INTEGER PRIMARY KEY, name TEXT NOT NULL, seq INTEGER NOT NULL,"
        " payload BLOB NOT NULL, crc INTEGER NOT NULL) STRICT"
    ),
    "CREATE INDEX archive_of ON archive (name, place)",
)
"""Everything by name, because one key may have several; names are folded."""


class FileVault:
    """One server's vault.

    Args:
        path: where it is; made where there is none.
        home: remembers the name last welcomed; locked, so nobody else writes here.

    Raises:
        StorageCorrupt: what is there is no vault; it is left as it is.
        StorageError: it cannot be made, read or written.
    """

    is_durable = True

    def __init__(self, path: Path, home: Home) -> None:
        self._path = path
        self._home = home
        self._name = ""
        self._cursor: int | None = None
        self._welcomed: str | None = None
        self._changes: list[tuple[str, tuple[Any, ...]]] = []
        self.store = StoredRows(self._rows, self._changes, path)
        self._last_place = 0
        self._failure: StorageError | None = None
        with told_of(path):
            prepare(path)
            self._mark = PrintMark(path.with_name(path.name + ".printed"))
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            with told_of(path):
                self._begin()
                self._take_over_mark()
        except BaseException:
            self._database.close()
            self._mark.close()
            raise

    def close(self) -> None:
        """Close it; what was not committed never happened."""
        try:
            if self._failure is None:
                with told_of(self._path):
                    self._take_over_mark()
        finally:
            with told_of(self._path):
                self._mark.close()
                self._database.close()

    # ------------------------------------------------------------------------------------------ the contract

    def choose(self, name: str) -> None:
        """As in the contract."""
        self.commit()
        self._name = fold(name)
        self.store.turn_to(self._name)
        with told_of(self._path):
            self._take_over_mark()
            self._mark.begin(self._name)
        rows = self._rows("SELECT cursor FROM people WHERE name = ?", (self._name,))
        self._cursor = rows[0][0] if rows else None

    def welcomed(self, name: str) -> None:
        """As in the contract."""
        self._welcomed = name

    def cursor(self) -> int | None:
        """As in the contract."""
        return self._cursor

    def move_cursor(self, seq: int) -> None:
        """As in the contract."""
        self._cursor = seq
        self._changes.append(("INSERT OR REPLACE INTO people VALUES (?, ?)", (self._name, seq)))

    def archive(self, seq: int, payload: bytes) -> int:
        """As in the contract."""
        self._last_place += 1
        row = (self._last_place, self._name, seq, payload, crc_of(self._name, seq, payload))
        self._changes.append(("INSERT INTO archive VALUES (?, ?, ?, ?, ?)", row))
        if seq > (self._cursor or 0):  # what was sealed may be opened later than its number came
            self.move_cursor(seq)
        return self._last_place

    def unprinted(self) -> list[Archived]:
        """As in the contract."""
        return self._archived("> ? ORDER BY place", self._printed_place())

    def tail(self, count: int) -> list[Archived]:
        """As in the contract."""
        return self._archived("<= ? ORDER BY place DESC LIMIT ?", self._printed_place(), count)[::-1]

    def printed(self, place: int) -> None:
        """As in the contract; where it fails, the next commit says so."""
        try:
            with told_of(self._path):
                self._mark.move(place)
        except StorageError as error:
            self._failure = error

    def kept(self) -> list[Request]:
        """As in the contract."""
        self.commit()
        rows = self._rows("SELECT id, request, crc FROM outbox WHERE name = ? ORDER BY place", (self._name,))
        return [self._request(*row) for row in rows]

    def keep(self, request: Request) -> None:
        """As in the contract."""
        payload = encode(request)
        row = (request.id, self._name, payload, crc_of(self._name, request.id, payload))
        self._changes.append(("INSERT INTO outbox VALUES (NULL, ?, ?, ?, ?)", row))

    def drop(self, request_id: str) -> None:
        """As in the contract."""
        self._changes.append(("DELETE FROM outbox WHERE id = ?", (request_id,)))

    def commit(self) -> None:
        """As in the contract."""
        if self._failure is not None:
            raise self._failure
        try:
            if self._changes:
                with told_of(self._path):
                    self._apply()
            if self._welcomed is not None:
                remember_name(self._home, self._welcomed)
        except StorageError as error:
            self._failure = error
            raise
        self._changes.clear()
        self._welcomed = None
        self.store.committed()

    # ------------------------------------------------------------------------------------------ the file

    def _begin(self) -> None:
        run = self._database.execute
        run("PRAGMA locking_mode = EXCLUSIVE")  # the home's lock keeps others out; this saves the file they share
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("PRAGMA trusted_schema = OFF")
        run("PRAGMA secure_delete = ON")  # what is dropped of a session were keys
        run(STORED_ROWS_TABLE)  # not in vaults made before there were sessions
        settings = [run(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
        if settings != ["wal", 2]:
            raise StorageError(f"{self._path} cannot be written safely here ({settings}); name another --home")
        (verdict,) = run("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise damaged(self._path, " ".join(verdict.split()))
        (self._last_place,) = run("SELECT coalesce(max(place), 0) FROM archive").fetchone()

    def _apply(self) -> None:
        run = self._database.execute
        run("BEGIN IMMEDIATE")
        try:
            for change in self._changes:
                run(*change)
            run("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                run("ROLLBACK")
            raise

    def _take_over_mark(self) -> None:
        name, place = self._mark.read()
        if place > 0:
            query = "INSERT INTO prints VALUES (?, ?) ON CONFLICT DO UPDATE SET place = max(place, excluded.place)"
            self._database.execute(query, (name, min(place, self._last_place)))

    def _rows(self, query: str, values: tuple[Any, ...]) -> list[Any]:
        with told_of(self._path):
            return self._database.execute(query, values).fetchall()

    def _printed_place(self) -> int:
        with told_of(self._path):
            self._take_over_mark()
        rows = self._rows("SELECT place FROM prints WHERE name = ?", (self._name,))
        return int(rows[0][0]) if rows else 0

    def _archived(self, which: str, *values: int) -> list[Archived]:
        self.commit()
        query = f"SELECT place, seq, payload, crc FROM archive WHERE name = ? AND place {which}"  # noqa: S608  ours
        rows = self._rows(query, (self._name, *values))
        for _, seq, payload, crc in rows:
            if crc != crc_of(self._name, seq, payload):
                raise damaged(self._path, "a notice is not what was archived")
        return [Archived(place, payload) for place, _, payload, _ in rows]

    def _request(self, request_id: str, payload: bytes, crc: int) -> Request:
        if crc != crc_of(self._name, request_id, payload):
            raise damaged(self._path, "a request is not what was kept")
        try:
            return decode_request(payload)
        except MessageInvalid as error:
            raise damaged(self._path, "a request is none") from error


def prepare(path: Path) -> None:
    """Make a vault where there is none; check that what is there is one.

    Raises:
        StorageCorrupt: it is none; it is left as it is.
        StorageError: a newer version of this program wrote it.
        sqlite3.Error, OSError: it cannot be made or read.
    """
    if path.exists():
        _check_header(path)
    elif path.with_name(path.name + "-wal").exists():
        raise damaged(path, "it is gone, but not its -wal")
    else:
        _make(path)


def remember_name(home: Home, name: str) -> None:
    """Keep the name last welcomed.  Raises StorageError."""
    line = f"{name}\n".encode()
    if home.read("name") != line:
        home.write("name", line)


def remembered_name(home: Home) -> str | None:
    """Return the name last welcomed, None where there was none.  Raises StorageError, TrustError."""
    data = home.read("name")
    return None if data is None else data.decode("utf-8", "replace").strip()


def _check_header(path: Path) -> None:
    """Read what SQLite's header says of a file, before SQLite opens it and might change it.

    Source: SQLite's "Database File Format", 1.3.
    """
    with path.open("r+b") as file:  # to write is what the system must allow; SQLite would go on without
        header = file.read(100)
    is_ours = header.startswith(b"SQLite format 3\0") and header[68:72] == APPLICATION_ID.to_bytes(4, "big")
    if not is_ours or len(header) < 100:
        raise damaged(path, "it is no vault of reactor-chat")
    version = int.from_bytes(header[60:64], "big")
    if version != SCHEMA_VERSION:
        raise StorageError(f"{path} was written by another reactor-chat (format {version}); update this one")


def _make(path: Path) -> None:
    new = path.with_name(path.name + ".new")
    for left in (new, new.with_name(new.name + "-journal")):
        left.unlink(missing_ok=True)
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(new, isolation_level=None)) as database:
        database.execute("BEGIN")
        for statement in SCHEMA:
            database.execute(statement)
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        database.execute("COMMIT")  # synced: SQLite's default is FULL
    new.replace(path)
    synced(path.parent)
