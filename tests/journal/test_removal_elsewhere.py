"""What was removed stays away, and nothing is taken for damage: in copies, increments, repairs, restores and marks."""

from contextlib import closing
from pathlib import Path

import pytest

from reactor_chat.errors import StorageError
from reactor_chat.journal.contract import Mark, finished
from reactor_chat.journal.reports import Entry, Row
from reactor_chat.journal.sqlite.copying import mark_of, opened
from reactor_chat.journal.sqlite.database_file import FILE_NAME
from reactor_chat.journal.sqlite.restoring import Backups
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from tests.journal.sqlite.test_removal import COUNT, filled, secret

GONE = b"gone, and this is longer than it needs to be"


def expected(removed: set[int], last: int = COUNT) -> list[Row]:
    return [Row(seq, GONE if seq in removed else secret(seq)) for seq in range(1, last + 1)]


def remove(journal: SqliteJournal, *seqs: int) -> None:
    journal.rewrite([Row(seq, GONE) for seq in seqs])
    journal.purge()


def mark(backup: Path) -> Mark:
    with closing(opened(backup)) as earlier:
        return mark_of(earlier)


def restored(directory: Path, *backups: Path, last: int | None = None) -> list[Row]:
    directory.mkdir()
    with closing(Backups(backups)) as files:
        files.restore(directory / FILE_NAME, last)
    with closing(SqliteJournal(directory)) as journal:
        journal.verify()
        rows = list(journal.replay())
        journal.commit([Entry(journal.head + 1, b"goes on")])
        journal.verify()
    return rows


@pytest.mark.parametrize("slices", [0, 1, 2, 3, 5])
def test_what_is_removed_while_a_copy_is_made_is_not_in_the_copy(tmp_path: Path, slices: int) -> None:
    with closing(filled(tmp_path / "data")) as journal:
        journal._index_down_to(0)  # so that there is an index to be copied
        work = journal.backup_slices(tmp_path / "copy")
        for _ in range(slices):
            next(work)
        if slices:
            journal.commit([Entry(COUNT + 1, b"AFTERWARDS")])
        remove(journal, 1, 100, COUNT)
        finished(work)
    assert b"AFTERWARDS" not in (tmp_path / "copy").read_bytes() or not slices
    for seq in (1, 100, COUNT):
        assert b"SECRET-%06d" % seq not in (tmp_path / "copy").read_bytes()
    assert restored(tmp_path / "again", tmp_path / "copy") == expected({1, 100, COUNT})


def test_a_restore_ends_at_every_number_around_a_removal(tmp_path: Path) -> None:
    with closing(filled(tmp_path / "data")) as journal:
        remove(journal, 100, 101)
        journal.backup(tmp_path / "copy")
    for last in range(90, 112):
        assert restored(tmp_path / str(last), tmp_path / "copy", last=last) == expected({100, 101}, last)


def test_an_increment_after_a_removal_elsewhere_follows_and_where_the_copy_ends_it_is_refused(tmp_path: Path) -> None:
    with closing(filled(tmp_path / "data", 150)) as journal:
        journal.backup(tmp_path / "copy")
        for seq in range(151, COUNT + 1):
            journal.commit([Entry(seq, secret(seq))])
        remove(journal, 10, 190)
        journal.backup(tmp_path / "increment", mark(tmp_path / "copy"))
        assert restored(tmp_path / "again", tmp_path / "increment", tmp_path / "copy") == expected({190})
        remove(journal, 150)
        with pytest.raises(StorageError, match="make a whole backup"):
            journal.backup(tmp_path / "never", mark(tmp_path / "copy"))


def damage(file: Path, what: bytes) -> None:
    data = file.read_bytes()
    assert what in data
    file.write_bytes(data.replace(what, b"!" + what[1:]))


def test_a_repair_brings_back_a_block_with_a_removal_from_a_later_copy_and_not_what_was_removed(tmp_path: Path) -> None:
    with closing(filled(tmp_path / "data")) as journal:
        journal.backup(tmp_path / "before")
        remove(journal, 100)
        journal.backup(tmp_path / "after")
        assert not finished(journal.scrub_slices()).damaged
    damage(tmp_path / "data" / FILE_NAME, GONE)
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        assert finished(journal.repair_slices(tmp_path / "before")).damaged
        assert not finished(journal.repair_slices(tmp_path / "after")).damaged
        assert list(journal.replay()) == expected({100})


def test_a_repair_reaches_up_to_a_block_with_a_removal(tmp_path: Path) -> None:
    with closing(filled(tmp_path / "data")) as journal:
        remove(journal, *range(100, 140))
        journal.backup(tmp_path / "copy")
    damage(tmp_path / "data" / FILE_NAME, b"SECRET-%06d-" % 99)
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        assert not finished(journal.repair_slices(tmp_path / "copy")).damaged
        assert list(journal.replay()) == expected(set(range(100, 140)))


@pytest.mark.parametrize("seqs", [[COUNT], [COUNT - 1, 1], [100], list(range(1, COUNT + 1))])
def test_a_removal_is_no_loss_to_the_mark_whenever_the_process_dies(tmp_path: Path, seqs: list[int]) -> None:
    journal = filled(tmp_path / "data")
    journal.keep_mark()
    journal.rewrite([Row(seq, GONE) for seq in seqs])
    again = tmp_path / "again"
    again.mkdir()
    for file in (tmp_path / "data").iterdir():
        (again / file.name).write_bytes(file.read_bytes())
    with closing(SqliteJournal(again)) as found:
        assert list(found.replay()) == expected(set(seqs))
        assert not found.high_water.losses
    journal.close()


def test_a_mark_from_the_middle_of_a_block_that_was_cut_since_accuses_nobody(tmp_path: Path) -> None:
    journal = filled(tmp_path / "data", 100)
    journal.keep_mark()
    kept = (tmp_path / "data" / "journal.mark").read_bytes()
    for seq in range(101, COUNT + 1):
        journal.commit([Entry(seq, secret(seq))])
    remove(journal, 100)
    journal.close()
    (tmp_path / "data" / "journal.mark").write_bytes(kept)
    with closing(SqliteJournal(tmp_path / "data")) as again:
        assert again.head == COUNT
