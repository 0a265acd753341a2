"""Every error becomes one of ours, in one line, and all but a full disk are the end."""

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from reactor_chat.errors import StorageBusy, StorageCorrupt, StorageError, StorageFull
from reactor_chat.journal.sqlite.failures import Fence, of_sqlite, of_system

PLACE = Path("/srv/chat")


def sqlite_error(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("first line\nsecond line")
    error.sqlite_errorcode = code
    error.sqlite_errorname = "SQLITE_NAME"
    return error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, StorageFull),
        (sqlite3.SQLITE_BUSY, StorageBusy),
        (sqlite3.SQLITE_BUSY_RECOVERY, StorageBusy),
        (sqlite3.SQLITE_CORRUPT, StorageCorrupt),
        (sqlite3.SQLITE_CORRUPT_INDEX, StorageCorrupt),
        (sqlite3.SQLITE_NOTADB, StorageCorrupt),
        (sqlite3.SQLITE_IOERR_FSYNC, StorageError),
        (sqlite3.SQLITE_READONLY, StorageError),
        (sqlite3.SQLITE_CANTOPEN, StorageError),
        (sqlite3.SQLITE_TOOBIG, StorageError),
    ],
)
def test_each_code_has_its_kind_and_one_line_that_says_where_and_what_to_do(
    code: int, kind: type[StorageError]
) -> None:
    ours = of_sqlite(sqlite_error(code), PLACE)
    assert type(ours) is kind
    assert str(PLACE) in str(ours)
    assert ";" in str(ours)
    assert "\n" not in str(ours)


def test_every_number_up_to_the_last_code_is_something_of_ours() -> None:
    for code in range(1 << 12):
        assert isinstance(of_sqlite(sqlite_error(code), PLACE), StorageError)
    assert type(of_sqlite(sqlite3.ProgrammingError("Cannot operate on a closed database."), PLACE)) is StorageError


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EFBIG, StorageFull),
        (errno.EROFS, StorageError),
        (errno.EIO, StorageError),
    ],
)
def test_the_systems_errors_likewise(code: int, kind: type[StorageError]) -> None:
    ours = of_system(OSError(code, os.strerror(code)), PLACE)
    assert type(ours) is kind
    assert str(PLACE) in str(ours)


@pytest.mark.parametrize("error", [sqlite_error(sqlite3.SQLITE_IOERR), OSError(errno.EIO, "no"), StorageCorrupt("bad")])
def test_after_any_other_failure_the_fence_stays_shut(error: Exception) -> None:
    fence = Fence(PLACE)
    with pytest.raises(StorageError), fence:
        raise error
    for _ in range(2):
        with pytest.raises(StorageError, match="must be reopened"), fence:
            pytest.fail("inside")


def test_a_full_disk_and_a_bug_leave_it_open() -> None:
    fence = Fence(PLACE)
    with pytest.raises(StorageFull), fence:
        raise sqlite_error(sqlite3.SQLITE_FULL)
    with pytest.raises(KeyError), fence:
        raise KeyError
    with fence:
        pass
