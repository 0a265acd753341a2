"""Copies: in slices, whole or behind an earlier one, put together again, cut at a number, and never half a file."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from reactor_chat.errors import StorageCorrupt, StorageError
from reactor_chat.journal.contract import Copy, Slices, finished
from reactor_chat.journal.reports import Entry
from reactor_chat.journal.sqlite.copying import mark_of, opened
from reactor_chat.journal.sqlite.database_file import FILE_NAME
from reactor_chat.journal.sqlite.restoring import Backups
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from tests.journal.content import check_everything, commit_up_to


def started(work: Slices[Copy]) -> Slices[Copy]:
    next(work)
    return work


def restored(path: Path, *files: Path, last: int | None = None) -> SqliteJournal:
    path.mkdir()
    with closing(Backups(files)) as backups:
        backups.restore(path / FILE_NAME, last)
    return SqliteJournal(path)


def test_a_copy_is_the_journal_as_it_was_when_it_began(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        commit_up_to(journal, 3_003)
        work = journal.backup_slices(tmp_path / "copy")
        slices = 0
        while True:  # other things are done between any two slices
            try:
                next(work)
            except StopIteration as end:
                copy = end.value
                break
            slices += 1
            commit_up_to(journal, journal.head + 7, 3)
            journal.keep_snapshot(journal.head, b"later")
            assert not (tmp_path / "copy").exists()
        assert slices > 5
        assert copy == Copy(3_003, [])
        check_everything(journal)
    with closing(restored(tmp_path / "restored", tmp_path / "copy")) as journal:
        assert journal.head == 3_003
        check_everything(journal)
    (tmp_path / "as it is").mkdir()
    (tmp_path / "copy").rename(tmp_path / "as it is" / FILE_NAME)
    with closing(SqliteJournal(tmp_path / "as it is")) as journal:
        assert journal.head == 3_003
        check_everything(journal)


def test_no_slice_of_a_large_copy_takes_long(tmp_path: Path) -> None:
    """Others wait for 50 ms at most while a backup is made; a slice takes some 2 ms, whatever the journal's length."""
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        for first in range(1, 200_001, 2_000):
            labels = [("said",) if seq % 10 else (f"told/{seq % 1_000}",) for seq in range(first, first + 2_000)]
            journal.commit([Entry(seq, b"%100d" % seq, label) for seq, label in enumerate(labels, first)])
        work = journal.backup_slices(tmp_path / "copy")
        took_s: list[float] = []
        while not took_s or not (tmp_path / "copy").exists():
            began = time.process_time()
            next(work, None)
            took_s.append(time.process_time() - began)
    assert len(took_s) > 100
    assert max(took_s) < 0.05, f"slice {took_s.index(max(took_s))} of {len(took_s)}"


def test_what_is_given_up_leaves_nothing_and_what_was_killed_is_replaced(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        commit_up_to(journal, 500)
        work = started(journal.backup_slices(tmp_path / "copy"))
        with pytest.raises(StorageError, match="Another backup is being written to"):
            finished(journal.backup_slices(tmp_path / "copy"))
        work.close()
        assert [path.name for path in tmp_path.iterdir()] == ["data"]
        (tmp_path / "copy.part").write_bytes(b"half")
        journal.backup(tmp_path / "copy")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "data"]
        work = started(journal.backup_slices(tmp_path / "late"))
        (tmp_path / "late").write_text("came meanwhile")
        with pytest.raises(StorageError, match="exists; name another file"):
            finished(work)
        assert (tmp_path / "late").read_text() == "came meanwhile"
        with pytest.raises(StorageError, match="exists; name another file"):
            journal.backup(tmp_path)


@pytest.mark.parametrize("steps", [(10, 11, 12, 400), (1, 300), (250, 250, 251)])
def test_increments_put_together_are_the_journal(tmp_path: Path, steps: tuple[int, ...]) -> None:
    files: list[Path] = []
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        for number, last in enumerate(steps):
            commit_up_to(journal, last, 3)
            files.append(tmp_path / f"copy{number}")
            since = None
            if number:
                with closing(opened(files[number - 1])) as earlier:
                    since = mark_of(earlier)
            journal.backup(files[-1], since)
    with closing(restored(tmp_path / "restored", *reversed(files))) as journal:
        assert journal.head == steps[-1]
        check_everything(journal)
    cut = max(1, steps[-1] - 5)
    with closing(restored(tmp_path / "cut", *files, last=cut)) as journal:
        assert journal.head == cut
        check_everything(journal)
        commit_up_to(journal, cut + 20)
        check_everything(journal)


def test_an_increment_of_another_journal_is_refused_at_both_ends(tmp_path: Path) -> None:
    for name in ("one", "other"):
        with closing(SqliteJournal(tmp_path / name)) as journal:
            journal.commit([Entry(1, name.encode(), ("said",))])
            commit_up_to(journal, 100)
            journal.backup(tmp_path / f"{name}.db")
            commit_up_to(journal, 200)
            with closing(opened(tmp_path / f"{name}.db")) as earlier:
                journal.backup(tmp_path / f"{name}.inc", mark_of(earlier))
    with closing(SqliteJournal(tmp_path / "one")) as journal, closing(opened(tmp_path / "other.inc")) as earlier:
        with pytest.raises(StorageError, match=r"is of another journal, or .* removed since; make a whole backup"):
            journal.backup(tmp_path / "never", mark_of(earlier))
        assert not (tmp_path / "never").exists()
    for files, words in (
        (["one.db", "other.inc"], "does not follow"),
        (["one.inc"], "One whole backup is needed"),
        (["one.db", "other.db"], "One whole backup is needed"),
    ):
        with pytest.raises(StorageError, match=words):
            Backups([tmp_path / file for file in files])


@pytest.mark.parametrize("last", [0, 101, 10**9])
def test_a_number_that_is_not_there_is_not_restored_to(tmp_path: Path, last: int) -> None:
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        commit_up_to(journal, 100)
        journal.backup(tmp_path / "copy")
    with closing(Backups([tmp_path / "copy"])) as backups, pytest.raises(StorageError, match="1 to 100, and not"):
        backups.restore(tmp_path / "never", last)
    assert not list(tmp_path.glob("never*"))


def flipped_block(file: Path, first_at_least: int) -> int:
    """Change a byte in a block; returns the number it begins with."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        (first,) = database.execute("SELECT min(first) FROM blocks WHERE first >= ?", (first_at_least,)).fetchone()
        (body,) = database.execute("SELECT body FROM blocks WHERE first = ?", (first,)).fetchone()
        body = body[:-1] + bytes([body[-1] ^ 1])
        database.execute("UPDATE blocks SET body = ? WHERE first = ?", (body, first))
    return int(first)


def test_a_damaged_journal_is_copied_and_said_and_repaired_and_a_damaged_copy_is_not_restored(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        commit_up_to(journal, 400)
        journal.backup(tmp_path / "sound")
    first = flipped_block(tmp_path / "data" / FILE_NAME, 100)
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        copy = journal.backup(tmp_path / "damaged")
        assert [damage.first for damage in copy.damaged] == [first]
        assert finished(journal.scrub_slices()).damaged == copy.damaged
        assert finished(journal.repair_slices(tmp_path / "damaged")).damaged == copy.damaged
        assert finished(journal.repair_slices(tmp_path / "sound")).mended == copy.damaged
        check_everything(journal)
    with closing(Backups([tmp_path / "damaged"])) as backups:
        with pytest.raises(StorageCorrupt, match="is damaged: entries"):
            backups.restore(tmp_path / "never")
        assert not list(tmp_path.glob("never*"))


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM blocks WHERE first = (SELECT first FROM blocks LIMIT 1 OFFSET 5)",
        "UPDATE blocks SET link = zeroblob(32) WHERE first = (SELECT first FROM blocks LIMIT 1 OFFSET 5)",
        "UPDATE blocks SET body = x'00' WHERE first IN (SELECT first FROM blocks LIMIT 4 OFFSET 3)",
        "UPDATE blocks SET body = x'00' WHERE first = 1",
        "DELETE FROM runs WHERE label = 1",
        "UPDATE labels SET name = 'sayd' WHERE name = 'said'",
    ],
)
def test_whatever_is_broken_is_found_and_comes_back(tmp_path: Path, statement: str) -> None:
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        commit_up_to(journal, 400)
        journal.backup(tmp_path / "sound")
    with closing(sqlite3.connect(tmp_path / "data" / FILE_NAME, isolation_level=None)) as database:
        database.execute(statement)
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        found = finished(journal.repair_slices(tmp_path / "sound"))
        assert found.damaged == []
        assert found.mended or found.index_mended
        for label in ("said", "told/3", "told/7"):
            assert journal.newest([(label, 0, 400)], None, 400)
        assert [row.seq for row in journal.replay()] == list(range(1, 401))
