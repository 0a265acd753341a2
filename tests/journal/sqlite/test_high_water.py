"""A journal that ends before it once did is refused, and accepted where the operator says so."""

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from reactor_chat.errors import StorageLost
from reactor_chat.journal.reports import Entry, Row
from reactor_chat.journal.sqlite.database_file import FILE_NAME
from reactor_chat.journal.sqlite.mark import MARK_NAME, Mark, read
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from tests.journal.earlier import as_of_format

WAL = FILE_NAME + "-wal"


def write(journal: SqliteJournal, count: int, word: str = "entry") -> None:
    for seq in range(journal.head + 1, journal.head + 1 + count):
        journal.commit([Entry(seq, f"{word} {seq}".encode())])


def killed(data: Path, count: int, *, rested: int = 0) -> Path:
    """A directory as a process leaves it that is killed: with a write-ahead log, of all but what was copied."""
    live = data.with_name("live")
    with closing(SqliteJournal(live)) as journal:
        write(journal, rested)
        if rested:
            journal.rest()
            journal._checkpoint()
        write(journal, count)
        shutil.copytree(live, data)
    shutil.rmtree(live)
    return data


def contents(data: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in data.iterdir()}


def delete(*paths: Path) -> None:
    for path in paths:
        path.unlink()


Loss = Callable[[Path], object]
"""Takes something away from a journal's directory."""

LOSSES: dict[str, Loss] = {
    "the log is deleted": lambda data: (data / WAL).unlink(),
    "the log is cut off": lambda data: os.truncate(data / WAL, 32 + 5 * 4_120),
    "the journal is deleted": lambda data: delete(data / FILE_NAME, data / WAL),
    "the journal is deleted and its log is not": lambda data: (data / FILE_NAME).unlink(),
    "the mark is damaged": lambda data: (data / MARK_NAME).write_bytes(b"x" * 1_024),
}


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES.keys())
def test_what_is_gone_is_refused_and_what_is_left_stays(tmp_path: Path, lose: Loss) -> None:
    data = killed(tmp_path / "data", 20, rested=30)
    lose(data)
    before = contents(data)
    for _ in range(2):
        with pytest.raises(StorageLost) as refused:
            SqliteJournal(data)
        assert "\n" not in str(refused.value)
        assert "--accept-loss" in str(refused.value)
        after = contents(data)
        assert {name: after[name] for name in before if name != FILE_NAME} == {
            name: data for name, data in before.items() if name != FILE_NAME
        }, "SQLite may have copied what it took out of the log, and the log is there all the same"


@pytest.mark.parametrize(
    ("lose", "left", "said"),
    [(LOSSES["the log is deleted"], 30, "20 numbers"), (LOSSES["the journal is deleted"], 0, "50 numbers")],
)
def test_an_accepted_loss_is_counted_and_begins_a_log(tmp_path: Path, lose: Loss, left: int, said: str) -> None:
    data = killed(tmp_path / "data", 20, rested=30)
    lose(data)
    with closing(SqliteJournal(data, accepts_loss=True)) as journal:
        (line,) = journal.high_water.losses
        assert f"{said} are gone" in line
        assert journal.head == left
        journal.begin_log("after")
        assert journal.logs.running == ("after", left + 1, True)
        write(journal, 1)
    with closing(SqliteJournal(data)) as journal:
        assert journal.head == left + 1
        assert not journal.high_water.losses
        assert journal.logs.running == ("after", left + 1, True)


def test_a_log_without_its_journal_is_put_aside(tmp_path: Path) -> None:
    data = killed(tmp_path / "data", 20)
    kept = (data / WAL).read_bytes()
    (data / FILE_NAME).unlink()
    SqliteJournal(data, accepts_loss=True).close()
    assert (data / (WAL + ".lost")).read_bytes() == kept


def test_a_file_copied_back_is_refused(tmp_path: Path) -> None:
    """Also where it has grown since: then it holds other entries than it once did."""
    data, backup = tmp_path / "data", tmp_path / "backup.db"
    with closing(SqliteJournal(data)) as journal:
        write(journal, 30)
        journal.backup(backup)
        write(journal, 20)
    shutil.copy(backup, data / FILE_NAME)
    with pytest.raises(StorageLost, match="ends at number 30, and once ended at 50; 20 numbers are gone"):
        SqliteJournal(data)
    mark = (data / MARK_NAME).read_bytes()
    with closing(SqliteJournal(data, accepts_loss=True)) as journal:
        write(journal, 40, "another")
    (data / MARK_NAME).write_bytes(mark)
    with pytest.raises(StorageLost, match="other entries up to number 50 than it once did"):
        SqliteJournal(data)


@pytest.mark.parametrize("lies", [1, 2, 7])
def test_a_disk_that_only_says_it_synced_is_found_out(tmp_path: Path, lies: int) -> None:
    """What it lost of the log is missed by the mark, which was synced later."""
    data = killed(tmp_path / "data", 20)
    os.truncate(data / WAL, (data / WAL).stat().st_size - lies * 4_120)
    with pytest.raises(StorageLost):
        SqliteJournal(data)


def test_a_crash_is_no_loss(tmp_path: Path) -> None:
    """The mark may be behind, by what was committed since its last sync or all of it."""
    data = killed(tmp_path / "data", 20)
    for mark in (None, Mark(7, b""), read(data / MARK_NAME)):
        found = killed(tmp_path / f"data{mark and mark.seq}", 20)
        if mark is None:
            (found / MARK_NAME).unlink()
        with closing(SqliteJournal(found)) as journal:
            assert journal.head == 20
        after = read(found / MARK_NAME)
        assert after is not None
        assert after.seq == 20


def test_a_mark_behind_is_compared_where_it_is(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for count in (3, 70, 1):
        with closing(SqliteJournal(data)) as journal:
            old = (data / MARK_NAME).read_bytes()
            write(journal, count)
        (data / MARK_NAME).write_bytes(old)
        with closing(SqliteJournal(data)) as journal:
            assert not journal.high_water.news


def test_a_mark_that_is_missing_is_told_of_and_made_anew(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path)) as journal:
        assert not journal.high_water.news, "a new journal has none yet"
        write(journal, 3)
    (tmp_path / MARK_NAME).unlink()
    with closing(SqliteJournal(tmp_path)) as journal:
        (line,) = journal.high_water.news
        assert f"{MARK_NAME} is missing" in line
    assert read(tmp_path / MARK_NAME) is not None


def test_a_journal_of_an_older_version_is_brought_up_without_a_word(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path)) as journal:
        write(journal, 3)
    (tmp_path / MARK_NAME).unlink()
    as_of_format(tmp_path / FILE_NAME, 1)
    with closing(SqliteJournal(tmp_path)) as journal:
        assert not journal.high_water.news
        assert len(journal.logs) == 0
        journal.begin_log("first")
        write(journal, 1)
        assert journal.verify().entries == 4
    with closing(SqliteJournal(tmp_path)) as journal:
        assert [log.first for log in journal.logs] == [4]
        assert list(journal.replay(3)) == [Row(4, b"entry 4")]


def test_a_mark_that_cannot_be_kept_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / (MARK_NAME + ".new")).mkdir()  # in the way of making one
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        assert len(journal.high_water.news) == 1
        write(journal, 3)
        complaint = journal.keep_mark()
        assert complaint is not None
        assert "\n" not in complaint
        (tmp_path / "data" / (MARK_NAME + ".new")).rmdir()
        assert journal.keep_mark() is None
    mark = read(tmp_path / "data" / MARK_NAME)
    assert mark is not None
    assert mark.seq == 3


def test_a_log_that_nothing_was_given_in_is_remembered_where_somebody_was_told_of_it(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path)) as journal:
        journal.begin_log("a")
        write(journal, 3)
    for name in ("told", "not told"):
        with closing(SqliteJournal(tmp_path)) as journal:
            journal.begin_log(name.replace(" ", "-"))
            if name == "told":
                journal.keep_log()
    with closing(SqliteJournal(tmp_path)) as journal:
        assert [log.name for log in journal.logs] == ["a", "told"]
        journal.begin_log("b")
        write(journal, 1)
    with closing(SqliteJournal(tmp_path)) as journal:
        assert [tuple(log)[:2] for log in journal.logs] == [("a", 1), ("told", 4), ("b", 4)]
