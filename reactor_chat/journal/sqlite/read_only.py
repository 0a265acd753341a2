"""A journal on a disk that cannot be written: it is copied to where temporary files are, and only the copy is opened.

SQLite cannot read a write-ahead log where it can write nothing at all, and what was said last may stand there only.
In the copy everything is found out and checked as ever; it goes when the journal is closed.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

from reactor_chat.errors import StorageBusy, StorageError, StorageReadOnly
from reactor_chat.journal.contract import Condition, Slices
from reactor_chat.journal.reports import Entry
from reactor_chat.journal.sqlite.database_file import FILE_NAME, LOCK_NAME
from reactor_chat.journal.sqlite.failures import Fence
from reactor_chat.journal.sqlite.mark import MARK_NAME
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal

_REFUSED = "The server was started with --read-only; nothing is stored until it is started without"


class ReadOnlyJournal(SqliteJournal):
    """Everything that a journal in `directory` holds; nothing in there is touched.

    Args:
        directory: of the journal; whoever writes it is kept out until `close`, where there is a lock to do so.
        accepts_loss: see `SqliteJournal`.

    Raises:
        StorageBusy: a server has it open.
        StorageError: there is none, or no space for the copy; and whatever `SqliteJournal` raises.
    """

    is_read_only = True

    def __init__(self, directory: Path | str, *, accepts_loss: bool = False) -> None:
        source = Path(directory)
        self._source = ExitStack()
        with ExitStack() as stack, Fence(source):
            _keep_writers_out(source, stack)
            try:
                copy = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reactor-chat-")))
                _copy(source, copy)
            except OSError as error:
                what = f"The journal cannot be copied to be read ({error.strerror})"
                raise StorageError(f"{what}; make room in {tempfile.gettempdir()}, or set TMPDIR") from error
            super().__init__(copy, accepts_loss=accepts_loss)
            self._source = stack.pop_all()

    def commit(self, entries: Sequence[Entry]) -> NoReturn:  # noqa: ARG002
        """Raise StorageReadOnly."""
        raise StorageReadOnly(_REFUSED)

    def repair_slices(self, backup: Path) -> Slices[Condition]:  # noqa: ARG002
        """Raise StorageReadOnly."""
        raise StorageReadOnly(_REFUSED)

    def close(self) -> None:
        """Close and remove the copy; whoever writes may come again."""
        super().close()
        self._source.close()


def _keep_writers_out(directory: Path, stack: ExitStack) -> None:
    try:
        lock = os.open(directory / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:  # a copy of a journal, which no server ever opened there
        return
    stack.callback(os.close, lock)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StorageBusy(f"The journal in {directory} is in use by another process; stop that one first") from error


def _copy(source: Path, copy: Path) -> None:
    if not (source / FILE_NAME).exists():
        raise StorageError(f"There is no journal in {source}; --read-only needs one")
    for name in (FILE_NAME, f"{FILE_NAME}-wal", MARK_NAME):
        if (source / name).exists():
            shutil.copyfile(source / name, copy / name)
