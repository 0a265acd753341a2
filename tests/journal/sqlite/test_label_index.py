"""The index of labels is written later than the entries, and nobody who reads can tell: not after a crash either."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.errors import StorageCorrupt, StorageFull
from reactor_chat.journal.contract import Span, finished
from reactor_chat.journal.reports import Entry, Row
from reactor_chat.journal.sqlite.database_file import FILE_NAME
from reactor_chat.journal.sqlite.label_index import LAG_BLOCKS_AT_REST, LAG_BLOCKS_MAX, WRITTEN_AT_ONCE
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from tests.journal.content import SEQ_MAX, check_everything, commit_up_to, copy_of

WAL_NAME = FILE_NAME + "-wal"


def large(seq: int) -> Entry:
    """An entry that fills a block, so that there are many."""
    return Entry(seq, b"<%04d>" % seq * 640, (f"label/{seq % 5}", f"rare/{seq // 50}"))


def commit_large(journal: SqliteJournal, last: int) -> None:
    for seq in range(journal.head + 1, last + 1):
        journal.commit([large(seq)])


def found(journal: SqliteJournal, label: str) -> list[int]:
    newest = [row.seq for row in journal.newest([(label, 0, SEQ_MAX)], None, SEQ_MAX)]
    oldest = [row.seq for row in journal.since([(label, 0, SEQ_MAX)], 0, SEQ_MAX)]
    assert newest == oldest[::-1]
    return oldest


def check_large(journal: SqliteJournal) -> None:
    for label in (f"label/{number}" for number in range(5)):
        assert found(journal, label) == [seq for seq in range(1, journal.head + 1) if label in large(seq).labels]
    newest = f"rare/{journal.head // 50}"
    assert found(journal, newest) == [seq for seq in range(1, journal.head + 1) if newest in large(seq).labels]
    assert journal.verify().entries == journal.head


def crashed(journal: SqliteJournal, place: Path) -> Path:
    """A journal's files as they are now, while it is open: what a kill leaves."""
    files = {name: (journal.directory / name).read_bytes() for name in (FILE_NAME, WAL_NAME)}
    return copy_of(files, place)


# ---------------------------------------------------------------------------------------------- written or not

Content = tuple[int, tuple[str, ...]]
contents = st.tuples(st.sampled_from((10, 900, 5_000)), st.lists(st.sampled_from("abcd"), max_size=3).map(tuple))
commits = st.lists(st.lists(contents, min_size=1, max_size=6), min_size=1, max_size=12)
spans = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 70), st.integers(0, 80)), min_size=1, max_size=4)


@given(texts=commits, rests=st.sets(st.integers(0, 11)), wanted=spans, at=st.integers(0, 70), limit=st.integers(1, 9))
@settings(max_examples=25, deadline=None)
def test_what_is_read_is_the_same_whether_the_index_is_written_or_not(
    tmp_path_factory: pytest.TempPathFactory,
    texts: list[list[Content]],
    rests: set[int],
    wanted: list[Span],
    at: int,
    limit: int,
) -> None:
    """Of four journals one rests always, one now and then, one never, and one is what a crash leaves of that."""
    place = tmp_path_factory.mktemp("same")
    journals = [SqliteJournal(place / name) for name in ("always", "sometimes", "never")]
    for number, content in enumerate(texts):
        head = journals[0].head
        entries = [Entry(seq, b"x" * size, labels) for seq, (size, labels) in enumerate(content, head + 1)]
        for journal in journals:
            journal.commit(entries)
        journals[0]._index_down_to(0)
        if number in rests:
            journals[1]._index_down_to(0)
            journals[1].newest(wanted, at, limit)
    journals.append(SqliteJournal(crashed(journals[2], place / "crashed")))
    answers = [
        (journal.newest(wanted, at, limit), journal.newest(wanted, None, limit), journal.since(wanted, at, limit))
        for journal in journals
    ]
    for journal in journals:
        journal.verify()
        journal.close()
    assert answers == answers[:1] * 4
    shutil.rmtree(place)


def test_labels_that_come_to_the_open_block_are_found_at_once(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        for seq in range(1, 30):
            journal.commit([Entry(seq, b"x", (f"label/{seq % 4}", f"only/{seq}"))])
            with closing(SqliteJournal(crashed(journal, tmp_path / "crashed"))) as again:
                for reader in (journal, again):
                    assert found(reader, f"label/{seq % 4}") == list(range(seq % 4 or 4, seq + 1, 4))
                    assert found(reader, f"only/{seq}") == [seq]


def test_a_commit_leaves_the_index_alone_and_the_lag_is_bounded(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path)) as journal:
        commit_large(journal, 20)
        assert journal._database.execute("SELECT count(*) FROM runs").fetchone() == (0,)
        for last in range(21, LAG_BLOCKS_MAX + 2 * WRITTEN_AT_ONCE):
            commit_large(journal, last)
            assert journal._label_index.lag() <= LAG_BLOCKS_MAX + 1
        assert journal._label_index.end > WRITTEN_AT_ONCE
        check_large(journal)
        while journal._label_index.lag() > 1:
            journal.rest()
        check_large(journal)


def test_a_rest_writes_the_index_when_it_is_worth_a_transaction(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path)) as journal:
        for last in range(1, LAG_BLOCKS_AT_REST + 1):
            commit_large(journal, last)
            journal.rest()
        assert journal._label_index.end == 1
        commit_large(journal, last + 1)
        journal.rest()
        assert journal._label_index.end == journal._draft.first
        check_large(journal)


def test_an_index_that_does_not_fit_refuses_the_commit_and_not_the_reading(tmp_path: Path) -> None:
    def wide(seq: int) -> Entry:
        return Entry(seq, b"x", tuple(f"{seq}/{number}/{'y' * 30}" for number in range(80)))

    def commit_without_end(journal: SqliteJournal) -> None:
        while True:
            journal.commit([wide(journal.head + 1)])

    with closing(SqliteJournal(tmp_path, bytes_max=2_000_000)) as journal, pytest.raises(StorageFull):
        commit_without_end(journal)
    with closing(SqliteJournal(tmp_path, bytes_max=2_000_000)) as journal:
        last = journal.head
        assert last > LAG_BLOCKS_MAX
        journal._index_down_to(0)
        assert [row.seq for row in journal.replay()] == list(range(1, last + 1))
        assert all(found(journal, wide(seq).labels[7]) == [seq] for seq in (1, last // 2, last))
    with closing(SqliteJournal(tmp_path)) as journal:
        journal.commit([wide(last + 1)])
        assert all(found(journal, wide(seq).labels[7]) == [seq] for seq in (1, last // 2, last + 1))
        journal.verify()


# ----------------------------------------------------------------------------------------------------- crashes


def test_a_crash_between_a_commit_and_its_index_loses_neither(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        for last in (1, 40, 180, 181, 330):
            commit_large(journal, last)
            for when in ("before", "after"):
                with closing(SqliteJournal(crashed(journal, tmp_path / when))) as again:
                    assert again.head == last
                    check_large(again)
                    commit_large(again, last + 3)
                    again._index_down_to(0)
                    check_large(again)
                journal._index_down_to(0)


def test_a_journal_that_is_only_read_stays_as_it_is(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        commit_large(journal, 20)
        journal._checkpoint()
        place = crashed(journal, tmp_path / "crashed")
    (place / WAL_NAME).unlink()
    before = (place / FILE_NAME).read_bytes()
    with closing(SqliteJournal(place)) as journal:
        check_large(journal)
    assert (place / FILE_NAME).read_bytes() == before


def test_a_crash_while_the_index_is_written_leaves_it_as_it_was(tmp_path: Path) -> None:
    """The log is cut at every page of the transaction, and within one."""
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        commit_large(journal, 30)
        before = crashed(journal, tmp_path / "before") / WAL_NAME
        journal._index_down_to(0)
        after = crashed(journal, tmp_path / "after")
    wal = (after / WAL_NAME).read_bytes()
    begin = before.stat().st_size
    assert len(wal) > begin
    files = {FILE_NAME: (after / FILE_NAME).read_bytes()}
    for cut in {*range(begin, len(wal) + 1, 4_120), begin + 5_000}:
        with closing(SqliteJournal(copy_of({**files, WAL_NAME: wal[:cut]}, tmp_path / "cut"))) as journal:
            assert journal._label_index.end == (1 if cut < len(wal) else 30), f"cut at {cut}"
            check_large(journal)


@pytest.mark.parametrize(
    "statements",
    [
        ("DELETE FROM unindexed", "DELETE FROM runs", "DELETE FROM labels"),
        ("DELETE FROM unindexed",),
        ("UPDATE unindexed SET first = 7",),
        ("UPDATE unindexed SET first = 1000000",),
        ("UPDATE unindexed SET first = -1",),
        ("UPDATE unindexed SET onwards = 0",),
    ],
)
def test_an_index_that_does_not_say_how_far_it_comes_is_made_anew(tmp_path: Path, statements: tuple[str, ...]) -> None:
    with closing(SqliteJournal(tmp_path)) as journal:
        commit_up_to(journal, 300)
        head = journal.head
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)
    with closing(SqliteJournal(tmp_path)) as journal:
        assert journal.head == head
        check_everything(journal)
        journal._index_down_to(0)
        check_everything(journal)
        commit_up_to(journal, 400)
        check_everything(journal)


def test_a_block_that_the_index_takes_for_broken_is_believed_once_it_was_looked_at(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path)) as journal:
        commit_up_to(journal, 300)
        (first,) = journal._database.execute("SELECT first FROM blocks LIMIT 1 OFFSET 5").fetchone()
        journal._database.execute("INSERT INTO unindexed VALUES (?, 0), (?, 0)", (first, first + 1))
    with closing(SqliteJournal(tmp_path)) as journal:
        with pytest.raises(StorageCorrupt, match=f"entries from {first + 1} on are missing"):
            journal.newest([("said", 0, SEQ_MAX)], None, SEQ_MAX)
        assert finished(journal.scrub_slices()).damaged == []
        check_everything(journal)
    with closing(SqliteJournal(tmp_path)) as journal:
        check_everything(journal)


# ------------------------------------------------------------------------------------------------------ damage


def flip(file: Path, seq: int) -> None:
    data = bytearray(file.read_bytes())
    data[data.index(large(seq).payload[:400]) + 200] ^= 1
    file.write_bytes(data)


def refuses(read: Callable[[], object]) -> bool:
    try:
        read()
    except StorageCorrupt:
        return True
    return False


def test_a_block_that_was_damaged_before_it_was_indexed_is_refused_and_not_left_out(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        commit_large(journal, 40)
        journal.backup(tmp_path / "backup")
        journal._checkpoint()
        place = crashed(journal, tmp_path / "crashed")
    (place / WAL_NAME).unlink()
    flip(place / FILE_NAME, 20)
    for _ in range(2):  # then the index is written, and knows it still
        with closing(SqliteJournal(place)) as journal:
            for number in range(5):
                label = f"label/{number}"
                assert refuses(lambda label=label: journal.newest([(label, 0, SEQ_MAX)], None, 20))  # type: ignore[misc]
                assert refuses(lambda label=label: journal.since([(label, 0, SEQ_MAX)], 0, 20))  # type: ignore[misc]
                assert len(journal.newest([(label, 21, SEQ_MAX)], None, 20)) == 4
                assert len(journal.newest([(label, 0, 19)], None, 20)) >= 3
            journal._index_down_to(0)
            assert [damage.first for damage in finished(journal.scrub_slices()).damaged] == [20]
            copy = tmp_path / f"copy{_}"
            assert [damage.first for damage in journal.backup(copy).damaged] == [20]
        with closing(SqliteJournal(copy_of({FILE_NAME: copy.read_bytes()}, tmp_path / "as it is"))) as again:
            assert refuses(lambda: again.newest([("label/1", 0, SEQ_MAX)], None, 20))
    with closing(SqliteJournal(place)) as journal:
        assert [damage.first for damage in finished(journal.repair_slices(tmp_path / "backup")).mended] == [20]
        check_large(journal)
        assert journal._database.execute("SELECT count(*) FROM unindexed WHERE NOT onwards").fetchone() == (0,)
    with closing(SqliteJournal(place)) as journal:
        check_large(journal)


def test_a_block_that_comes_back_before_it_was_indexed_waits_like_the_others(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        commit_large(journal, 40)
        journal.backup(tmp_path / "backup")
        journal._checkpoint()
        place = crashed(journal, tmp_path / "crashed")
    (place / WAL_NAME).unlink()
    flip(place / FILE_NAME, 20)
    with closing(SqliteJournal(place)) as journal:
        assert [damage.first for damage in finished(journal.repair_slices(tmp_path / "backup")).mended] == [20]
        assert journal._database.execute("SELECT count(*) FROM runs").fetchone() == (0,)
        for _ in range(2):
            check_large(journal)
            journal._index_down_to(0)


# ------------------------------------------------------------------------------------------------------ copies


@pytest.mark.parametrize("written", [0, 1, 2])
def test_a_copy_knows_what_its_index_lacks(tmp_path: Path, written: int) -> None:
    """The index goes on while the copy is made, and the copy's is that of its beginning."""
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        commit_large(journal, 200)
        for _ in range(written):
            journal.rest()
        work = journal.backup_slices(tmp_path / "copy")
        next(work)
        commit_large(journal, 230)
        journal._index_down_to(0)
        finished(work)
        check_large(journal)
    with closing(SqliteJournal(copy_of({FILE_NAME: (tmp_path / "copy").read_bytes()}, tmp_path / "again"))) as again:
        assert again.head == 200
        check_large(again)
        commit_large(again, 210)
        again._index_down_to(0)
        check_large(again)


def test_what_is_removed_from_a_block_that_waits_is_found_by_its_labels_and_nowhere_else(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path)) as journal:
        commit_large(journal, 20)
        journal.rewrite([Row(seq, b"gone") for seq in (3, 20)])
        journal.purge()
        for _ in range(2):
            assert Row(3, b"gone") in journal.newest([("label/3", 0, SEQ_MAX)], None, 20)
            assert journal.newest([("label/0", 0, SEQ_MAX)], None, 1) == [Row(20, b"gone")]
            for path in tmp_path.iterdir():
                assert not any(large(seq).payload[:40] in path.read_bytes() for seq in (3, 20))
            journal._index_down_to(0)
