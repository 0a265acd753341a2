"""A journal that is only read: everything is there, nothing of it is touched, and no server writes it meanwhile."""

import os
import tempfile
from pathlib import Path

import pytest

from reactor_chat.errors import StorageBusy, StorageError, StorageLost, StorageReadOnly
from reactor_chat.journal.reports import Entry
from reactor_chat.journal.sqlite.database_file import FILE_NAME
from reactor_chat.journal.sqlite.read_only import ReadOnlyJournal
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal


def kept(directory: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in directory.iterdir()}


def crashed(directory: Path, count: int = 3) -> None:
    """Leave a journal as a server that was killed does: what was said last is in the write-ahead log."""
    before = directory / "before"
    journal = SqliteJournal(before)
    for seq in range(1, count + 1):
        journal.commit([Entry(seq, b"said %d" % seq)])
    for path in before.iterdir():
        (directory / path.name).write_bytes(path.read_bytes())
    journal.close()
    for path in before.iterdir():
        path.unlink()
    before.rmdir()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    crashed(tmp_path)
    assert (tmp_path / f"{FILE_NAME}-wal").stat().st_size
    return tmp_path


@pytest.fixture(autouse=True)
def copies(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where copies are made."""
    place = tmp_path_factory.mktemp("copies")
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def test_everything_can_be_read_and_nothing_was_touched(directory: Path, copies: Path) -> None:
    before = kept(directory)
    journal = ReadOnlyJournal(directory)
    assert [row.payload for row in journal.replay()] == [b"said 1", b"said 2", b"said 3"]
    assert journal.verify().entries == 3
    journal.close()
    assert kept(directory) == before
    assert not list(copies.iterdir())


def test_nothing_is_stored(directory: Path) -> None:
    journal = ReadOnlyJournal(directory)
    with pytest.raises(StorageReadOnly, match="--read-only"):
        journal.commit([Entry(4, b"more")])
    with pytest.raises(StorageReadOnly):
        journal.repair_slices(directory / FILE_NAME)
    assert [row.seq for row in journal.replay(2)] == [3]
    journal.close()


def test_no_server_writes_meanwhile(directory: Path) -> None:
    journal = ReadOnlyJournal(directory)
    second = ReadOnlyJournal(directory)
    with pytest.raises(StorageBusy):
        SqliteJournal(directory)
    journal.close()
    second.close()
    writing = SqliteJournal(directory)
    with pytest.raises(StorageBusy, match="stop that one first"):
        ReadOnlyJournal(directory)
    writing.close()


def test_a_lost_end_is_refused_here_too(directory: Path, copies: Path) -> None:
    (directory / f"{FILE_NAME}-wal").unlink()
    with pytest.raises(StorageLost, match="--accept-loss"):
        ReadOnlyJournal(directory)
    ReadOnlyJournal(directory, accepts_loss=True).close()
    assert not list(copies.iterdir())


def test_where_there_is_none_that_is_said(tmp_path: Path, copies: Path) -> None:
    place = tmp_path / "empty"
    with pytest.raises(StorageError, match="--read-only needs one"):
        ReadOnlyJournal(place)
    assert not place.exists()
    assert not list(copies.iterdir())


def test_where_it_cannot_be_copied_that_is_said(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(directory / "nowhere"))
    with pytest.raises(StorageError, match="set TMPDIR") as caught:
        ReadOnlyJournal(directory)
    assert os.linesep not in str(caught.value)
