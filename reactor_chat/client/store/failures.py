"""What the system's and SQLite's errors mean for what a client keeps: each becomes one of ours, in one line that says
what to do.
"""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reactor_chat.errors import StorageCorrupt, StorageError, StorageFull

_FULL = (StorageFull, "No space left for {path}; free some")
_CLOSED = (StorageError, "{path} cannot be read and written by you; check its owner and mode")
_READ_ONLY = (StorageError, "{path} is read-only; make it writable, or name another --home")
_DAMAGED = (StorageCorrupt, "{path} is damaged ({error}); move it away, and a new one is begun")
_NO_DIRECTORY = (StorageError, "{path} cannot be made: something else has its place; name another --home")
_LINK = (StorageError, "{path} is a symbolic link; put the file itself there, or name another --home")
_DISK = (StorageError, "The disk failed with {path} ({error}); check it")
_OTHERWISE = (StorageError, "{path} cannot be used ({error})")

_BY_ERRNO: dict[int | None, tuple[type[StorageError], str]] = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
    errno.ENOTDIR: _NO_DIRECTORY,
    errno.EEXIST: _NO_DIRECTORY,
    errno.EIO: _DISK,
    errno.ELOOP: _LINK,
}

_BY_CODE: dict[int | None, tuple[type[StorageError], str]] = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _CLOSED,
    sqlite3.SQLITE_PERM: _CLOSED,
    sqlite3.SQLITE_IOERR: _DISK,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CONSTRAINT: _DAMAGED,
    sqlite3.SQLITE_MISMATCH: _DAMAGED,
    sqlite3.SQLITE_ERROR: _DAMAGED,
}


def damaged(path: Path, what: str) -> StorageCorrupt:
    """Return the error for a vault that holds what was never written there."""
    return StorageCorrupt(_DAMAGED[1].format(path=path, error=what))


@contextmanager
def told_of(path: Path) -> Iterator[None]:
    """Let only our errors out of what is done with a file or directory.

    Args:
        path: what the texts name.

    Raises:
        StorageError: for anything that SQLite or the system raised.
    """
    try:
        yield
    except sqlite3.Error as error:
        extended = getattr(error, "sqlite_errorcode", None)
        row = _BY_CODE.get(extended & 0xFF if extended is not None else None, _OTHERWISE)
        raise _worded(row, path, " ".join(str(error).split())) from error
    except OSError as error:
        raise _worded(_BY_ERRNO.get(error.errno, _OTHERWISE), path, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:  # SQLite quotes damaged names in its errors, and Python cannot
        raise damaged(path, "unreadable text") from error


def _worded(row: tuple[type[StorageError], str], path: Path, error: str) -> StorageError:
    kind, text = row
    return kind(text.format(path=path, error=error))
