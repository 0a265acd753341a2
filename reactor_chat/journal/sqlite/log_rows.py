"""The logs of a journal (see `logs`) as rows of its file.

A row is no part of the chain, and has a digest of its own: a name or a number that is not what was written would have
somebody believe that they saw what they did not.
"""

import hashlib
import sqlite3

from reactor_chat.errors import StorageCorrupt
from reactor_chat.journal.logs import Log, Logs


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
