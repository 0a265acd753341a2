"""The file of a vault: what its tables are, how a new one is made, what is checked before SQLite may touch it.

A new vault is built beside its place and renamed to it, so a file that is there and is no vault was damaged or is not
ours; it is named, and never written over.

Format 1 kept rows as they were.  Format 2 keeps them sealed (see `sealed_rows`).  A vault of format 1 is brought up in
one transaction, and then what SQLite's log still holds of the old rows is overwritten.  Format 3 adds the logs of the
server that were seen, newest first.  Format 4 adds pages of conversations, an index, and a table for those rows of a
session that last.  All are empty at first, and filled while the client rests (see `archive.indexing`, `stored_rows`).
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from reactor_chat.client.archive import tables as archive_tables
from reactor_chat.client.store import private_files
from reactor_chat.client.store.failures import damaged
from reactor_chat.client.store.row_keys import RowKeys
from reactor_chat.client.store.sealed_rows import PayloadKey, sealed_row
from reactor_chat.errors import StorageError

APPLICATION_ID = 0x72635661
"""Says in the file's header that it is a vault of this program: "rcVa"."""

FORMAT = 4
TABLES = (
    "CREATE TABLE people (name TEXT PRIMARY KEY, cursor INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE prints (name TEXT PRIMARY KEY, place INTEGER NOT NULL) STRICT, WITHOUT ROWID",
)
LOGS_TABLE = (
    "CREATE TABLE logs (name TEXT NOT NULL, place INTEGER NOT NULL, log TEXT NOT NULL, seq INTEGER NOT NULL,"
    " PRIMARY KEY (name, place)) STRICT, WITHOUT ROWID"
)
SEALED_TABLES = (
    (
        "CREATE TABLE outbox (place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
        " request BLOB NOT NULL) STRICT"
    ),
    *archive_tables.ARCHIVE_TABLES,
    (
        "CREATE TABLE session (name TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, place INTEGER NOT NULL,"
        " row BLOB NOT NULL, PRIMARY KEY (name, kind, key)) STRICT, WITHOUT ROWID"
    ),
)
"""Everything by name, because one key may have several; names are folded.  The place of a session's row is that of its
key (see `row_keys`)."""

LASTING_TABLE = (
    "CREATE TABLE lasting (name TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, row BLOB NOT NULL,"
    " PRIMARY KEY (name, kind, key)) STRICT, WITHOUT ROWID"
)
ADDED_IN_4 = (LASTING_TABLE, *archive_tables.TABLES, *archive_tables.SETTINGS, *archive_tables.TAKEN_OVER)

CHECKED_WHOLE = ("people", "prints", "logs", "outbox", "session", "conversations", "eras", "progress")
"""Tables that do not grow with what is read."""

COMPARED_ROWS = 1_000
"""So much of the archive is compared with its index at a start: more than is shown then; a third of a millisecond."""

COMPANIONS = (".keys", ".printed")
"""Files that belong to a vault, beside it, by what is added to its name."""
_SQLITES_OWN = ("-wal", "-shm", "-journal")
_WAL_HEADER_BYTES = 32

Run = Callable[..., Any]


def prepare(path: Path) -> None:
    """Make a vault where there is none; check that what is there is one, for its owner only, and nothing is a link.

    Raises:
        StorageCorrupt: it is none; it is left as it is.
        TrustError: others may read or write it, or it is somebody else's.
        StorageError: it, or a file beside it, is a symbolic link; or a newer version of this program wrote it.
        sqlite3.Error, OSError: it cannot be made or read.
    """
    for beside in ("", *COMPANIONS, *_SQLITES_OWN):
        private_files.check(path.with_name(path.name + beside))
    if path.exists():
        check_header(path)
    elif path.with_name(path.name + "-wal").exists():
        raise damaged(path, "it is gone, but not its -wal")
    else:
        _make(path)


def bring_up(path: Path, database: sqlite3.Connection, row_keys: RowKeys, payload_key: PayloadKey) -> None:
    """Bring a vault of an older format to the present one; nothing, where it has it.

    Args:
        path: where it is.
        database: opened on it, in WAL mode and alone.
        row_keys: for the rows of its sessions.
        payload_key: for everything else.

    Raises:
        sqlite3.Error, OSError, StorageError: nothing was changed, or what was is whole.
    """
    run = database.execute
    (found,) = run("PRAGMA user_version").fetchone()
    if found == FORMAT:
        return
    if found == 1:
        row_keys.keep_only(())  # nothing is sealed yet
    run("BEGIN IMMEDIATE")
    if found == 1:
        _seal_everything(run, row_keys, payload_key)
    if found <= 2:
        run(LOGS_TABLE)
    for statement in ADDED_IN_4:
        run(statement)
    run(f"PRAGMA user_version = {FORMAT}")
    run("COMMIT")
    run("PRAGMA wal_checkpoint(FULL)")
    private_files.scrub(path.with_name(path.name + "-wal"), _WAL_HEADER_BYTES)


def check_tables(path: Path, database: sqlite3.Connection) -> None:
    """Check, in a time that does not grow with the archive, that nothing is missing.

    SQLite goes through every table but those of the archive: what waits to be sent, how far we have come, sessions.
    Rows of the archive are sealed, so one that is damaged is found out when it is opened.  That some are missing would
    be noticed by nobody, and places at the end be given again: the table and its index have to agree on the newest.

    Raises:
        StorageCorrupt: something is missing, or is not as it was written.
        sqlite3.Error: it cannot be read.
    """
    run = database.execute
    for table in CHECKED_WHOLE:
        (verdict,) = run(f"PRAGMA integrity_check({table})").fetchone()
        if verdict != "ok":
            raise damaged(path, " ".join(verdict.split()))
    (last,) = run("SELECT coalesce(max(place), 0) FROM archive").fetchone()
    query = "SELECT name, count(*), max(place) FROM archive {} WHERE place > ? {} GROUP BY name ORDER BY name"
    since = last - COMPARED_ROWS
    in_table = run(query.format("NOT INDEXED", ""), (since,)).fetchall()
    indexed = query.format("INDEXED BY archive_of", "AND name = ?")
    if in_table != [row for name in _names(run) for row in run(indexed, (since, name))]:
        raise damaged(path, "some of the archive is missing")


def _names(run: Run) -> Iterator[str]:
    """Yield whose rows there are in the archive, as the index has it, sorted."""
    (name,) = run("SELECT min(name) FROM archive").fetchone()
    while name is not None:
        yield name
        (name,) = run("SELECT min(name) FROM archive WHERE name > ?", (name,)).fetchone()


def _seal_everything(run: Run, row_keys: RowKeys, payload_key: PayloadKey) -> None:
    existing = {name for (name,) in run("SELECT name FROM sqlite_master WHERE type = 'table'")}
    rows = run("SELECT name, kind, key, row FROM session").fetchall() if "session" in existing else []
    kept = run("SELECT place, id, name, request FROM outbox").fetchall()
    run("ALTER TABLE archive RENAME TO old_archive")
    run("DROP INDEX archive_of")
    for name in existing & {"session", "outbox"}:
        run(f"DROP TABLE {name}")  # secure_delete leaves zeros
    for statement in SEALED_TABLES:
        run(statement)
    for (name, kind, key, row), (place, row_key) in zip(rows, row_keys.fresh(len(rows)), strict=True):
        run(
            "INSERT INTO session VALUES (?, ?, ?, ?, ?)",
            (name, kind, key, place, sealed_row(row_key, name, kind, key, row)),
        )
    for place, request_id, name, request in kept:
        sealed = payload_key.seal(request, name, request_id)
        run("INSERT INTO outbox VALUES (?, ?, ?, ?)", (place, request_id, name, sealed))
    for place, name, seq, payload in run("SELECT place, name, seq, payload FROM old_archive"):
        run("INSERT INTO archive VALUES (?, ?, ?, ?)", (place, name, seq, payload_key.seal(payload, name, seq)))
    run("DROP TABLE old_archive")


def check_header(path: Path) -> None:
    """Return if SQLite's header says that a file is a vault that we can read; SQLite itself might change it.

    Raises:
        StorageCorrupt: it is none.
        StorageError: a newer version of this program wrote it.
        OSError: it cannot be read.

    Source: SQLite's "Database File Format", 1.3.
    """
    with path.open("r+b") as file:  # to write is what the system must allow; SQLite would go on without
        header = file.read(100)
    is_ours = header.startswith(b"SQLite format 3\0") and header[68:72] == APPLICATION_ID.to_bytes(4, "big")
    if not is_ours or len(header) < 100:
        raise damaged(path, "it is not a reactor-chat archive")
    version = int.from_bytes(header[60:64], "big")
    if not 1 <= version <= FORMAT:
        raise StorageError(f"{path} was written by another reactor-chat (format {version}); update this one")


def _make(path: Path) -> None:
    new = path.with_name(path.name + ".new")
    for left in (new, new.with_name(new.name + "-journal"), *(path.with_name(path.name + one) for one in COMPANIONS)):
        left.unlink(missing_ok=True)
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(new, isolation_level=None)) as database:
        database.execute("BEGIN")
        for statement in (*TABLES, *SEALED_TABLES, LOGS_TABLE, *ADDED_IN_4):
            database.execute(statement)
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {FORMAT}")
        database.execute("COMMIT")  # synced: SQLite's default is FULL
    new.replace(path)
    private_files.synced(path.parent)
