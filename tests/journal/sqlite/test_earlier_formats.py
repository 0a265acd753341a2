"""Journals and backups of earlier formats go on as if this version had written them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from reactor_chat.journal.contract import finished
from reactor_chat.journal.sqlite.copying import mark_of, opened
from reactor_chat.journal.sqlite.database_file import FILE_NAME, PAGE_BYTES, SCHEMA_VERSION, schema_of
from reactor_chat.journal.sqlite.restoring import Backups
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from tests.journal.content import check_everything, commit_up_to, copy_of
from tests.journal.earlier import as_of_format

WAL_NAME = FILE_NAME + "-wal"
EARLIER = range(1, SCHEMA_VERSION)


def made(directory: Path, version: int, last: int = 300) -> Path:
    """A journal as an earlier version left it; formats 1 and 2 had every block in the index, the open one too."""
    with closing(SqliteJournal(directory)) as journal:
        commit_up_to(journal, last)
        journal._index_down_to(0)
        if version < 3:
            with journal._transaction():
                journal._label_index._put({label: [journal._draft.first] for label in journal._draft.labels()})
    as_of_format(directory / FILE_NAME, version)
    return directory


def tables(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as database:
        return {sql for (sql,) in database.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")}


@pytest.mark.parametrize("version", EARLIER)
def test_a_journal_of_an_earlier_format_goes_on(tmp_path: Path, version: int) -> None:
    made(tmp_path, version)
    assert tables(tmp_path / FILE_NAME) == schema_of(version) != schema_of(SCHEMA_VERSION)
    for last in (300, 303, 400):
        with closing(SqliteJournal(tmp_path)) as journal:
            check_everything(journal)
            commit_up_to(journal, last)
            check_everything(journal)
            assert journal._label_index.lag() < 40
    assert tables(tmp_path / FILE_NAME) == schema_of(SCHEMA_VERSION)


@pytest.mark.parametrize("version", EARLIER)
def test_a_backup_of_an_earlier_format_is_restored_with_increments_of_this_one(tmp_path: Path, version: int) -> None:
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        journal.begin_log("first")
        commit_up_to(journal, 150)
        journal.backup(tmp_path / "whole")
        with closing(opened(tmp_path / "whole")) as whole:
            since = mark_of(whole)
        journal.begin_log("second")
        commit_up_to(journal, 300)
        journal._index_down_to(0)
        journal.backup(tmp_path / "later", since)
    as_of_format(tmp_path / "whole", version)
    (tmp_path / "again").mkdir()
    with closing(Backups([tmp_path / "whole", tmp_path / "later"])) as backups:
        backups.restore(tmp_path / "again" / FILE_NAME)
    assert tables(tmp_path / "again" / FILE_NAME) == schema_of(SCHEMA_VERSION)
    with closing(SqliteJournal(tmp_path / "again")) as journal:
        assert journal.head == 300
        check_everything(journal)
        assert [log.name for log in journal.logs] == ["first", "second"]


@pytest.mark.parametrize("version", EARLIER)
def test_a_journal_is_of_one_format_or_the_other_whenever_the_process_dies(tmp_path: Path, version: int) -> None:
    made(tmp_path / "data", version)
    before = (tmp_path / "data" / FILE_NAME).read_bytes()
    with closing(SqliteJournal(tmp_path / "data")):
        wal = (tmp_path / "data" / WAL_NAME).read_bytes()
    frame_bytes = PAGE_BYTES + 24
    assert len(wal) > 3 * frame_bytes
    for cut in {*range(32, len(wal) + 1, frame_bytes), frame_bytes + 5_000}:
        place = copy_of({FILE_NAME: before, WAL_NAME: wal[:cut]}, tmp_path / "cut")
        with closing(sqlite3.connect(place / FILE_NAME)) as database:
            found = database.execute("PRAGMA user_version").fetchone()[0]
        assert found == (SCHEMA_VERSION if cut == len(wal) else version), f"cut at {cut}"
        with closing(SqliteJournal(place)) as journal:
            check_everything(journal)


def test_a_journal_as_large_as_it_may_be_is_brought_up(tmp_path: Path) -> None:
    made(tmp_path, 3)
    with closing(SqliteJournal(tmp_path, bytes_max=1)) as journal:
        check_everything(journal)


@pytest.mark.parametrize("version", EARLIER)
@pytest.mark.parametrize("content", [b"\0", b"\xff", b"\n\0", b"\2\0\0\0\1\0"])
@pytest.mark.parametrize("at", [0, 3, PAGE_BYTES - 30])
def test_an_index_that_is_damaged_is_made_anew(tmp_path: Path, version: int, content: bytes, at: int) -> None:
    """Some of that cannot be removed either, and stays in the file where nothing leads to it."""
    file = made(tmp_path, version) / FILE_NAME
    with closing(sqlite3.connect(file)) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'places'").fetchone()
    data = bytearray(file.read_bytes())
    begin, end = (page - 1) * PAGE_BYTES + at, page * PAGE_BYTES
    data[begin:end] = (content * PAGE_BYTES)[: end - begin]
    file.write_bytes(data)
    for last in (300, 400):
        with closing(SqliteJournal(tmp_path)) as journal:
            finished(journal.scrub_slices())
            commit_up_to(journal, last)
            check_everything(journal, verifies=False)
            journal.backup(tmp_path / f"copy{last}")
        copy = copy_of({FILE_NAME: (tmp_path / f"copy{last}").read_bytes()}, tmp_path / "copy")
        with closing(SqliteJournal(copy)) as journal:
            assert journal.head == last
            check_everything(journal)
