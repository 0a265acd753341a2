"""A vault on disk: what one person knows of one server, in a SQLite file.

SQLite and not a file of our own that only grows: several changes become durable together or not at all, what was
answered is removed without rewriting anything, and the newest of the archive is found without reading all of it.  WAL
with `synchronous=FULL` makes a commit one sync, and one more where rows of a session changed: their keys are beside
the vault (see `row_keys`).  What was printed is noted beside it too (see `print_mark`), and taken over into the file
when it is opened and closed.

Changes gather in a list and are applied in one transaction by `commit`, so a turn of the client costs the same syncs
however many lines were pasted in it.  Everything that was said is sealed (see `sealed_rows`), which also finds out a
damaged row: SQLite notices a damaged page only where its own structure suffers.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from reactor_chat.client.archive.backing import Backing, Change
from reactor_chat.client.archive.stored_archive import StoredArchive
from reactor_chat.client.store.failures import damaged, told_of
from reactor_chat.client.store.home import Home
from reactor_chat.client.store.print_mark import PrintMark
from reactor_chat.client.store.row_keys import RowKeys
from reactor_chat.client.store.sealed_rows import PayloadKey
from reactor_chat.client.store.stored_rows import StoredRows
from reactor_chat.client.store.vault import Archived, logs_up_to, logs_with
from reactor_chat.client.store.vault_format import bring_up, check_tables, prepare
from reactor_chat.client.store.written import read_row
from reactor_chat.errors import MessageInvalid, StorageError
from reactor_chat.wire.codec import decode_request, encode
from reactor_chat.wire.messages import Request, Seen, fold


class FileVault:
    """One server's vault.

    Args:
        path: where it is; made where there is none.
        home: remembers the name last welcomed; locked, so nobody else writes here.
        secret: 32 bytes that open what is in it; from the person's key.

    Raises:
        StorageCorrupt: what is there is no vault; it is left as it is.
        TrustError: others may read it.
        StorageError: it cannot be made, read or written, or the secret is not its own.
    """

    is_durable = True

    def __init__(self, path: Path, home: Home, secret: bytes) -> None:
        self._path = path
        self._home = home
        self._name = ""
        self._cursor: int | None = None
        self._logs: list[Seen] = []
        self._welcomed: str | None = None
        self._changes: list[Change] = []
        self._last_place = 0
        self._failure: StorageError | None = None
        self._payload_key = PayloadKey(secret)
        with ExitStack() as undone, told_of(path):
            prepare(path)
            self._mark = PrintMark(path.with_name(path.name + ".printed"))
            undone.callback(self._mark.close)
            self._row_keys = RowKeys(path.with_name(path.name + ".keys"), secret)
            undone.callback(self._row_keys.close)
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            undone.callback(self._database.close)
            self._begin()
            self._take_over_mark()
            self.store = StoredRows(self._rows, self._row_keys, self._payload_key, path)
            self.archived = StoredArchive(self._backing(secret), self._last_place, self._take_over_rows)
            self.archived.begin()
            undone.pop_all()

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
                self._row_keys.close()

    # ------------------------------------------------------------------------------------------ the contract

    def choose(self, name: str) -> None:
        """As in the contract."""
        self.commit()
        self._name = fold(name)
        self.store.turn_to(self._name)
        self.archived.turn_to(self._name)
        with told_of(self._path):
            self._take_over_mark()
            self._mark.begin(self._name)
        rows = self._rows("SELECT cursor FROM people WHERE name = ?", (self._name,))
        self._cursor = rows[0][0] if rows else None
        logs = self._rows("SELECT log, seq FROM logs WHERE name = ? ORDER BY place", (self._name,))
        self._logs = [Seen(log, seq) for log, seq in logs]

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

    def seen(self) -> list[Seen]:
        """As in the contract."""
        return logs_up_to(self._logs, self._cursor)

    def begin_log(self, log: str, seq: int) -> None:
        """As in the contract."""
        if not self._logs or self._logs[0].log != log:
            self._logs = logs_with(self._logs, self._cursor, log)
            self._changes.append(("DELETE FROM logs WHERE name = ?", (self._name,)))
            for place, one in enumerate(self._logs):
                self._changes.append(("INSERT INTO logs VALUES (?, ?, ?, ?)", (self._name, place, one.log, one.seq)))
        if seq < (self._cursor or 0):
            self.archived.began_anew()
        if seq != self._cursor:
            self.move_cursor(seq)

    def archive(self, seq: int, payload: bytes) -> int:
        """As in the contract; where it fails, the next commit says so."""
        self._last_place += 1
        row = (self._last_place, self._name, seq, self._payload_key.seal(payload, self._name, seq))
        self._changes.append(("INSERT INTO archive VALUES (?, ?, ?, ?)", row))
        try:
            self.archived.added(self._last_place, seq, payload)
        except StorageError as error:
            self._failure = error
        if seq > (self._cursor or 0):  # what was sealed may be opened later than its number came
            self.move_cursor(seq)
        return self._last_place

    def unprinted(self) -> list[Archived]:
        """As in the contract."""
        return self._archived("> ? ORDER BY place", self._printed_place())

    def tail(self, count: int) -> list[Archived]:
        """As in the contract."""
        return self._archived("<= ? ORDER BY place DESC LIMIT ?", self._printed_place(), count)[::-1]

    def newest(self, count: int) -> list[Archived]:
        """As in the contract."""
        return self._archived(">= ? ORDER BY place DESC LIMIT ?", 0, count)

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
        rows = self._rows("SELECT id, request FROM outbox WHERE name = ? ORDER BY place", (self._name,))
        return [self._request(*row) for row in rows]

    def keep(self, request: Request) -> None:
        """As in the contract."""
        assert request.id is not None
        row = (request.id, self._name, self._payload_key.seal(encode(request), self._name, request.id))
        self._changes.append(("INSERT INTO outbox VALUES (NULL, ?, ?, ?)", row))

    def drop(self, request_id: str) -> None:
        """As in the contract."""
        self._changes.append(("DELETE FROM outbox WHERE id = ?", (request_id,)))

    def commit(self) -> None:
        """As in the contract."""
        if self._failure is not None:
            raise self._failure
        try:
            if self._changes or self.store.has_changed:
                with told_of(self._path):
                    self._apply()
            if self._welcomed is not None:
                remember_name(self._home, self._welcomed)
        except StorageError as error:
            self._failure = error
            raise
        self._welcomed = None

    # ------------------------------------------------------------------------------------------ the file

    def _begin(self) -> None:
        run = self._database.execute
        run("PRAGMA locking_mode = EXCLUSIVE")  # the home's lock keeps others out; this saves the file they share
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("PRAGMA trusted_schema = OFF")
        run("PRAGMA secure_delete = ON")  # what is dropped of a session were keys
        settings = [run(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
        if settings != ["wal", 2]:
            raise StorageError(f"{self._path} cannot be written safely here ({settings}); name another --home")
        run("PRAGMA cell_size_check = ON")  # pages that are damaged are found out when they are read
        bring_up(self._path, self._database, self._row_keys, self._payload_key)
        check_tables(self._path, self._database)
        self._row_keys.keep_only({place for (place,) in run("SELECT place FROM session")})
        (self._last_place,) = run("SELECT coalesce(max(place), 0) FROM archive").fetchone()

    def _apply(self) -> None:
        self._transact([*self._changes, *self.store.changes()])
        self._changes.clear()
        self.store.committed()

    def _transact(self, changes: Iterable[Change]) -> None:
        run = self._database.execute
        run("BEGIN IMMEDIATE")
        try:
            for change in changes:
                run(*change)
            run("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                run("ROLLBACK")
            raise

    def _write(self, changes: Iterable[Change]) -> None:
        """Make changes at once that may be lost with the power, for they would be made again."""
        with told_of(self._path):
            self._database.execute("PRAGMA synchronous = NORMAL")
            try:
                self._transact(changes)
            finally:
                self._database.execute("PRAGMA synchronous = FULL")

    def _take_over_rows(self) -> bool:
        """Move some rows of sessions to where they last; return whether there were any."""
        changes, places = self.store.moved()
        if changes:
            with told_of(self._path):
                self._transact(changes)  # on disk before the keys are gone
            self._row_keys.wipe(places)
        return bool(changes)

    def _backing(self, secret: bytes) -> Backing:
        return Backing(
            read=self._rows,
            gather=self._changes.extend,
            settle=self.commit,
            write=self._write,
            seal=self._payload_key.seal,
            unseal=self._payload_key.open,
            read_row=read_row,
            damaged=partial(damaged, self._path),
            secret=secret,
        )

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
        query = f"SELECT place, seq, payload FROM archive WHERE name = ? AND place {which}"  # noqa: S608  ours
        rows = self._rows(query, (self._name, *values))
        return [Archived(place, self._notice(seq, sealed)) for place, seq, sealed in rows]

    def _notice(self, seq: int, sealed: bytes) -> bytes:
        payload = self._payload_key.open(sealed, self._name, seq)
        if payload is None:
            raise damaged(self._path, "a notice is not what was archived")
        return payload

    def _request(self, request_id: str, sealed: bytes) -> Request:
        payload = self._payload_key.open(sealed, self._name, request_id)
        if payload is None:
            raise damaged(self._path, "a request is not what was kept")
        try:
            return decode_request(payload)
        except MessageInvalid as error:
            raise damaged(self._path, "a request is none") from error


def remember_name(home: Home, name: str) -> None:
    """Keep the name last welcomed.  Raises StorageError."""
    line = f"{name}\n".encode()
    if home.read("name") != line:
        home.write("name", line)


def remembered_name(home: Home) -> str | None:
    """Return the name last welcomed, None where there was none.  Raises StorageError, TrustError."""
    data = home.read("name")
    return None if data is None else data.decode("utf-8", "replace").strip()
