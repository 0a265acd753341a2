"""What SQLite's and the system's errors mean for a journal: each becomes one of ours, in one line that says what to do.

A journal does everything inside its `Fence`.  The fence lets nothing of `sqlite3` through, and after an error that
leaves unknown what is on disk it refuses all further use: SQLite itself would accept the next commit after a failed
sync (seen with an injected EIO), and then "committed" would mean nothing any more.

A disk is full in several ways: no space, a quota, a limit on the size of a file.  SQLite knows the first only and calls
the others a failed write, so a failed write is tried once more, beside the journal, to see what the system says.
"""

import errno
import os
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from reactor_chat.errors import StorageBusy, StorageCorrupt, StorageError, StorageFull
from reactor_chat.journal.contract import Slices

T = TypeVar("T")

_BY_CODE: dict[int | None, tuple[type[StorageError], str]] = {
    sqlite3.SQLITE_FULL: (StorageFull, "No space left for the journal in {place}; free some"),
    sqlite3.SQLITE_BUSY: (StorageBusy, "The journal in {place} is in use by another process; stop that one first"),
    sqlite3.SQLITE_LOCKED: (StorageBusy, "The journal in {place} is in use by another process; stop that one first"),
    sqlite3.SQLITE_CORRUPT: (StorageCorrupt, "The journal in {place} is damaged ({error}); restore a backup"),
    sqlite3.SQLITE_NOTADB: (StorageCorrupt, "The journal in {place} is damaged ({error}); restore a backup"),
    sqlite3.SQLITE_CONSTRAINT: (StorageCorrupt, "The journal in {place} is damaged ({error}); restore a backup"),
    sqlite3.SQLITE_MISMATCH: (StorageCorrupt, "The journal in {place} is damaged ({error}); restore a backup"),
    sqlite3.SQLITE_READONLY: (
        StorageError,
        "The journal in {place} is read-only; make it writable or see --read-only",
    ),
    sqlite3.SQLITE_CANTOPEN: (StorageError, "The journal in {place} cannot be opened; check its owner and mode"),
    sqlite3.SQLITE_PERM: (StorageError, "The journal in {place} cannot be opened; check its owner and mode"),
    sqlite3.SQLITE_IOERR: (StorageError, "The disk of the journal in {place} failed ({name}); check it, then restart"),
}
_OTHERWISE = (StorageError, "The journal in {place} failed ({name}: {error}); see SQLite's documentation of this error")

_BY_ERRNO: dict[int | None, tuple[type[StorageError], str]] = {
    errno.ENOSPC: _BY_CODE[sqlite3.SQLITE_FULL],
    errno.EDQUOT: _BY_CODE[sqlite3.SQLITE_FULL],
    errno.EFBIG: _BY_CODE[sqlite3.SQLITE_FULL],
    errno.EROFS: _BY_CODE[sqlite3.SQLITE_READONLY],
    errno.EACCES: (StorageError, "The journal in {place} is closed to this user; check its owner and mode"),
    errno.EPERM: (StorageError, "The journal in {place} is closed to this user; check its owner and mode"),
    errno.ENOTDIR: (StorageError, "The journal cannot be in {place}, which is not a directory; name another one"),
    errno.EEXIST: (StorageError, "The journal cannot be in {place}, which is not a directory; name another one"),
}


PROBE_NAME = "journal.db-probe"
PROBE_BYTES = 2_097_152
"""More than one transaction writes."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def is_full(directory: Path) -> bool:
    """Return whether the system takes no more bytes in a directory, or in a file as long as the journal's longest."""
    probe = directory / PROBE_NAME
    try:
        offset = max((path.stat().st_size for path in directory.glob("journal.db*")), default=0)
        descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            end = offset + PROBE_BYTES
            while offset < end:
                offset += os.pwrite(descriptor, bytes(min(end - offset, 65_536)), offset)
        finally:
            os.close(descriptor)
            probe.unlink(missing_ok=True)
    except OSError as error:
        return error.errno in _FULL
    return False


def of_sqlite(error: sqlite3.Error, place: Path) -> StorageError:
    """Return our error for one of SQLite's.

    Args:
        error: what SQLite raised.
        place: the directory it is about.
    """
    extended = getattr(error, "sqlite_errorcode", None)
    code = extended & 0xFF if extended is not None else None
    if extended == sqlite3.SQLITE_IOERR_WRITE and is_full(place if place.is_dir() else place.parent):
        code = sqlite3.SQLITE_FULL
    kind, text = _BY_CODE.get(code, _OTHERWISE)
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return kind(text.format(place=place, error=" ".join(str(error).split()), name=name))


def of_system(error: OSError, place: Path) -> StorageError:
    """Return our error for one of the operating system's; arguments as for `of_sqlite`."""
    kind, text = _BY_ERRNO.get(error.errno, (StorageError, "The journal in {place} cannot be used: {error}"))
    return kind(text.format(place=place, error=error.strerror))


_READ_FAILURES = frozenset({sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS})
"""A place of the disk that cannot be read is damage like any other, and says nothing about what was written."""


class GuardedReading:
    """Surrounds what only reads: damage is told, and the journal goes on, for nothing has changed.

    Args:
        fence: of the journal; anything but damage counts there too.
        place: the directory of the journal, for the texts.
    """

    def __init__(self, fence: "Fence", place: Path) -> None:
        self._fence = fence
        self._place = place

    def __enter__(self) -> None:
        self._fence.check()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, StorageCorrupt):
            return
        if getattr(error, "sqlite_errorcode", None) in _READ_FAILURES:
            raise StorageCorrupt(f"The journal in {self._place} cannot be read there ({error}); restore a backup")
        if isinstance(error, sqlite3.Error) and isinstance(ours := of_sqlite(error, self._place), StorageCorrupt):
            raise ours from error
        if isinstance(error, UnicodeDecodeError):
            raise unreadable_text(self._place) from error
        self._fence.__exit__(kind, error, trace)

    def slices(self, work: Slices[T]) -> Slices[T]:
        """Surround each slice, and not what the caller does between them.

        Damage is told and no more: the transaction that met it was taken back.
        """
        try:
            while True:
                with self:
                    try:
                        percent = next(work)
                    except StopIteration as end:
                        result: T = end.value
                        return result
                yield percent
        finally:
            work.close()


def unreadable_text(place: Path) -> StorageCorrupt:
    """Return our error for a text that is no text: SQLite quotes damaged names in its errors, and Python cannot."""
    return StorageCorrupt(f"The journal in {place} is damaged (unreadable text); restore a backup")


class Fence:
    """Surrounds every use of the journal; a context that lets only our errors out.

    Args:
        place: the directory of the journal, for the texts.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._failure: StorageError | None = None

    def check(self) -> None:
        """Raise StorageError where the journal failed before."""
        if self._failure is not None:
            raise StorageError(f"The journal failed and must be reopened: {self._failure}") from self._failure

    def __enter__(self) -> None:
        self.check()

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if error is None:
            return
        if isinstance(error, sqlite3.Error):
            ours = of_sqlite(error, self._place)
        elif isinstance(error, OSError):
            ours = of_system(error, self._place)
        elif isinstance(error, UnicodeDecodeError):
            ours = unreadable_text(self._place)
        elif isinstance(error, StorageError):
            ours = error
        else:
            return
        if not isinstance(ours, StorageFull):
            self._failure = ours
        if ours is not error:
            raise ours from error
