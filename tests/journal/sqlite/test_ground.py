"""The ground under a journal: what is renamed, replaced or deleted while it is in use is noticed."""

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from reactor_chat.errors import StorageBusy, StorageError, StorageLost
from reactor_chat.journal.reports import Entry
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal


def replace_directory(data: Path) -> None:
    data.rename(data.with_name("elsewhere"))
    data.mkdir()


def replace(path: Path) -> None:
    shutil.copy(path, path.with_name("other"))
    path.with_name("other").replace(path)


MOVES: dict[str, Callable[[Path], object]] = {
    "the directory is renamed": lambda data: data.rename(data.with_name("elsewhere")),
    "the directory is replaced": replace_directory,
    "the directory is deleted": shutil.rmtree,
    "the lock is deleted": lambda data: (data / "lock").unlink(),
    "the lock is replaced": lambda data: replace(data / "lock"),
    "the journal is deleted": lambda data: (data / "journal.db").unlink(),
    "the journal is renamed": lambda data: (data / "journal.db").rename(data / "old.db"),
    "a journal is copied back": lambda data: replace(data / "journal.db"),
    "its log is deleted": lambda data: (data / "journal.db-wal").unlink(),
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES.keys())
def test_nothing_is_accepted_any_more(tmp_path: Path, move: Callable[[Path], object]) -> None:
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        journal.commit([Entry(1, b"one")])
        journal.check_ground()
        move(tmp_path / "data")
        with pytest.raises(StorageLost, match="renamed, replaced or deleted"):
            journal.commit([Entry(2, b"two")])
        with pytest.raises(StorageError):
            journal.check_ground()


def test_without_a_commit_it_is_found_as_well(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        (tmp_path / "data" / "lock").unlink()
        with pytest.raises(StorageLost, match="lock was renamed, replaced or deleted"):
            journal.check_ground()


def test_a_second_server_by_another_name_of_the_path_is_refused(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        journal.commit([Entry(1, b"one")])
        (tmp_path / "link").symlink_to("data")
        with pytest.raises(StorageBusy):
            SqliteJournal(tmp_path / "link")
        (tmp_path / "linked").mkdir()
        (tmp_path / "linked" / "journal.db").symlink_to(tmp_path / "data" / "journal.db")
        with pytest.raises(StorageError):
            SqliteJournal(tmp_path / "linked")


@pytest.mark.parametrize("is_open", [True, False])
def test_a_journal_with_a_second_name_is_refused(tmp_path: Path, *, is_open: bool) -> None:
    """Its write-ahead log would stand beside one name only."""
    journal = SqliteJournal(tmp_path / "data")
    journal.commit([Entry(1, b"one")])
    if not is_open:
        journal.close()
    (tmp_path / "other").mkdir()
    os.link(tmp_path / "data" / "journal.db", tmp_path / "other" / "journal.db")
    with pytest.raises(StorageLost, match="hard link"):
        SqliteJournal(tmp_path / "other")
    journal.close()
