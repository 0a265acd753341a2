"""The journal that a command works on: the data directory's, or that of a backup, which nothing touches."""

import argparse
import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from reactor_chat.errors import UsageError
from reactor_chat.journal.sqlite.database_file import FILE_NAME
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal


@contextlib.contextmanager
def opened_journal(directory: Path) -> Iterator[SqliteJournal]:
    """The journal that is in a directory; none is made where there is none."""
    if not (directory / FILE_NAME).exists():
        raise UsageError(f"there is no journal in {directory}")
    with contextlib.closing(SqliteJournal(directory)) as journal:
        yield journal


@contextlib.contextmanager
def journal_of(chosen: argparse.Namespace) -> Iterator[SqliteJournal]:
    """The journal of the data directory, or the backup that was named, which is copied so that nothing touches it."""
    if chosen.file is None:
        with opened_journal(chosen.data) as journal:
            yield journal
        return
    with _copied(chosen.file) as directory, opened_journal(directory) as journal:
        yield journal


@contextlib.contextmanager
def _copied(file: Path) -> Iterator[Path]:
    if not file.is_file():
        raise UsageError(f"there is no backup at {file}")
    directory = file.with_name(file.name + f".{os.getpid()}.copy")
    directory.mkdir(mode=0o700)
    try:
        shutil.copyfile(file, directory / FILE_NAME)
        yield directory
    finally:
        shutil.rmtree(directory)
