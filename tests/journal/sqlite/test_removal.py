"""What was replaced is in no file any more, the others are as they were, and damage to either is noticed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from reactor_chat.errors import StorageCorrupt
from reactor_chat.journal.reports import Entry, Row
from reactor_chat.journal.sqlite.database_file import FILE_NAME
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal

COUNT = 200


def secret(seq: int) -> bytes:
    return b"SECRET-%06d-" % seq * 20


def filled(directory: Path, count: int = COUNT) -> SqliteJournal:
    """A journal of many commits, so that most blocks have been written several times."""
    journal = SqliteJournal(directory)
    for seq in range(1, count + 1):
        journal.commit([Entry(seq, secret(seq), (f"label/{seq % 3}",))])
    return journal


def found_in_files(directory: Path, what: bytes) -> list[str]:
    return [file.name for file in sorted(directory.iterdir()) if file.is_file() and what in file.read_bytes()]


@pytest.mark.parametrize("seqs", [[1], [7, 8, 9], [100], [COUNT - 1], [COUNT], [1, 50, COUNT], range(1, COUNT + 1)])
def test_what_was_replaced_is_gone_from_every_file_and_the_rest_is_there(tmp_path: Path, seqs: list[int]) -> None:
    journal = filled(tmp_path)
    journal.rewrite([Row(seq, b"gone") for seq in seqs])
    journal.purge()
    for seq in seqs:
        assert found_in_files(tmp_path, b"SECRET-%06d" % seq) == []
    expected = [Row(seq, b"gone" if seq in seqs else secret(seq)) for seq in range(1, COUNT + 1)]
    assert list(journal.replay()) == expected
    assert journal.verify().entries == COUNT
    journal.close()
    with closing(SqliteJournal(tmp_path)) as again:
        assert list(again.replay()) == expected
        again.commit([Entry(COUNT + 1, b"goes on")])
        assert again.verify().entries == COUNT + 1
        assert [row.seq for row in again.newest([("label/1", 0, COUNT)], None, 3)] == [199, 196, 193]


def test_a_file_in_which_old_copies_were_left_is_wiped_where_something_is_removed(tmp_path: Path) -> None:
    filled(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as database:  # as it was written before it was wiped always
        database.execute("PRAGMA secure_delete = 0")
        for first, link, body in database.execute("SELECT * FROM blocks").fetchall():
            database.execute("DELETE FROM blocks WHERE first = ?", (first,))
            database.execute("INSERT INTO blocks VALUES (?, ?, ?)", (first, link, body))
        database.commit()
    with closing(SqliteJournal(tmp_path)) as journal:
        journal.rewrite([Row(100, b"gone")])
        journal.purge()
        assert journal.verify().entries == COUNT
    assert found_in_files(tmp_path, b"SECRET-000100") == []


def test_links_of_full_blocks_stay_and_so_does_the_chain(tmp_path: Path) -> None:
    with closing(filled(tmp_path)) as journal:
        before = journal.verify().link
        journal.rewrite([Row(3, b"gone"), Row(90, b"longer" * 1_000)])
        assert journal.verify().link == before


@pytest.mark.parametrize("at", [0, 3, 10, 45, 100, -1])
def test_damage_to_a_block_with_a_cut_is_noticed(tmp_path: Path, at: int) -> None:
    journal = filled(tmp_path)
    journal.rewrite([Row(3, b"gone")])
    journal.close()
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as database:
        (body,) = database.execute("SELECT body FROM blocks WHERE first = 1").fetchone()
        bent = bytearray(body)
        bent[at] ^= 4
        database.execute("UPDATE blocks SET body = ? WHERE first = 1", (bytes(bent),))
        database.commit()
    with closing(SqliteJournal(tmp_path)) as journal, pytest.raises(StorageCorrupt):
        journal.verify()


def test_small_entries_that_become_larger_stay_in_their_block(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    journal.commit([Entry(seq, b"x", ("a",)) for seq in range(1, 61)])
    journal.rewrite([Row(seq, b"y" * 90) for seq in range(1, 61)])  # more than a block takes, and it still grows
    for seq in range(61, 70):
        journal.commit([Entry(seq, b"z", ("a",))])
    expected = [Row(seq, b"y" * 90 if seq <= 60 else b"z") for seq in range(1, 70)]
    assert list(journal.replay()) == expected
    journal.close()
    with closing(SqliteJournal(tmp_path)) as again:
        again.commit([Entry(70, b"last", ("a",))])
        assert list(again.replay()) == [*expected, Row(70, b"last")]
        assert again.verify().entries == 70


def test_a_backup_holds_what_is_there_and_not_what_was(tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    with closing(filled(tmp_path / "data")) as journal:
        journal.backup(tmp_path / "backups" / "before.db")
        journal.rewrite([Row(100, b"gone")])
        journal.backup(tmp_path / "backups" / "after.db")
    assert found_in_files(tmp_path / "backups", b"SECRET-000100") == ["before.db"]


def test_a_rewriting_that_fails_changes_nothing(tmp_path: Path) -> None:
    journal = filled(tmp_path)
    journal.close()
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as database:
        database.execute("UPDATE blocks SET link = zeroblob(32) WHERE first = 1")
        database.commit()
    with closing(SqliteJournal(tmp_path)) as journal, pytest.raises(StorageCorrupt):
        journal.rewrite([Row(COUNT, b"gone"), Row(2, b"gone")])
    with closing(SqliteJournal(tmp_path)) as again:
        (row,) = again.newest([(f"label/{COUNT % 3}", COUNT, COUNT)], None, 1)
        assert row.payload == secret(COUNT)
