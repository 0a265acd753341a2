"""The logs of a journal (see `logs`) as rows of its file.

A row is no part of the chain, and has a digest of its own: a name or a number that is not what was written would have
somebody believe that they saw what they did not.
"""

import hashlib
import sqlite3

from reactor_chat.errors import StorageCorrupt
from reactor_chat.journal.logs import Log, Logs
from reactor_chat.journal.sqlite.database_file import LOGS_TABLE, SCHEMA_VERSION


def bring_up(database: sqlite3.Connection) -> None:
    """Give a journal of format 1 its place for logs.  Raises sqlite3.Error, and nothing was changed."""
    if database.execute("PRAGMA user_version").fetchone() != (1,):
        return
    database.execute("BEGIN IMMEDIATE")
    try:
        database.execute(LOGS_TABLE)
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        database.execute("COMMIT")
    except sqlite3.Error:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def load(database: sqlite3.Connection) -> Logs:
    """Return the logs that are kept.

    Raises:
        StorageCorrupt: one is not what was written.
        sqlite3.Error: they cannot be read.
    """
    logs = []
    for first, name, is_after_loss, digest in database.execute(
        "SELECT first, name, is_after_loss, digest FROM logs ORDER BY place"
    ):
        log = Log(name, first, bool(is_after_loss))
        if digest != _digest(log):
            raise StorageCorrupt(f"The journal's list of logs is damaged at entry {first}; restore a backup")
        logs.append(log)
    return Logs(logs)


def keep(database: sqlite3.Connection, log: Log) -> None:
    """Add a log behind all others; within a transaction."""
    database.execute(
        "INSERT INTO logs VALUES (NULL, ?, ?, ?, ?)", (log.first, log.name, int(log.is_after_loss), _digest(log))
    )


def _digest(log: Log) -> bytes:
    return hashlib.sha256(f"{log.first} {log.is_after_loss} {log.name}".encode()).digest()
