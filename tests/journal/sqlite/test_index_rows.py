"""The rows of the index: few, apart from each other, read one at a time, and mended where they are damaged."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing, nullcontext
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.errors import StorageCorrupt
from reactor_chat.journal.contract import finished
from reactor_chat.journal.label_runs import RUN_BLOCKS_MAX, numbers_of, packed
from reactor_chat.journal.reports import Entry
from reactor_chat.journal.sqlite.blocks import FIRST_LINK, BlockDraft
from reactor_chat.journal.sqlite.database_file import FILE_NAME, SCHEMA
from reactor_chat.journal.sqlite.label_index import LAG_BLOCKS_MAX, WRITTEN_AT_ONCE, LabelIndex
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from tests.journal.content import SEQ_MAX, copy_of

EVERYWHERE = ("x", 1, 2**50)


def memory() -> sqlite3.Connection:
    database = sqlite3.connect(":memory:", isolation_level=None)
    for table in SCHEMA:
        database.execute(table)
    return database


def rows(database: sqlite3.Connection) -> dict[int, list[list[int]]]:
    """What each label's rows hold, in their order; none may reach as far as the next one begins."""
    found = defaultdict(list)
    for label, *run in database.execute("SELECT label, first, later FROM runs ORDER BY label, first"):
        found[label].append(numbers_of(*run))
    for held in found.values():
        assert all(one[-1] < other[0] for one, other in pairwise(held))
        assert all(len(one) <= RUN_BLOCKS_MAX for one in held)
    return found


def walked(index: LabelIndex, label: str, low: int = 1, high: int = 2**50) -> list[int]:
    """The blocks that are found in a span, which are the same in both directions."""
    up = [first for first, _ in index.blocks((label, low, high), newest=False)]
    down = [first for first, _ in index.blocks((label, low, high), newest=True)]
    assert up == down[::-1]
    return up


def noted(index: LabelIndex, first: int, labels: str) -> None:
    draft = BlockDraft(first, FIRST_LINK)
    draft.put(b"", tuple(labels))
    index.note(draft)


# ------------------------------------------------------------------------------------------------- any order


class Trial:
    """An index, and what is in it as sets of numbers."""

    def __init__(self) -> None:
        self.database = memory()
        self.index = LabelIndex(self.database)
        self.blocks: dict[int, str] = {}
        self.end = 1

    def write(self, batch: list[tuple[int, str]], times: int) -> None:
        """Write blocks, and such ones some more times further on."""
        for step, carried in batch * times:
            noted(self.index, self.end, carried)
            self.blocks[self.end] = carried
            self.end += step
        self.write_all()

    def write_all(self) -> None:
        while self.index.end < self.end:
            self.index.write(nullcontext, self.end)

    def add(self, where: list[float], label: str) -> None:
        for part in where:
            first = 1 + int(part * (self.end - 1))
            self.blocks[first] = "".join({*self.blocks.get(first, ""), label})
            self.index.add(label, [first])

    def anew(self, _: list[None], part: int) -> None:
        """Forget how far the index comes, as where `unindexed` was lost or says another number."""
        self.index = LabelIndex(self.database)
        self.index.end = max((first for first in self.blocks if first <= self.end * part // 9), default=1)
        for first, carried in sorted(self.blocks.items()):
            if first >= self.index.end:
                noted(self.index, first, carried)
        self.write_all()

    def check(self, low: int, high: int) -> None:
        rows(self.database)
        for label in "xyz":
            expected = [first for first in sorted(self.blocks) if label in self.blocks[first]]
            assert walked(self.index, label) == expected
            assert walked(self.index, label, low, high) == [first for first in expected if low <= first <= high]
            assert self.index.carrying(label, low, high) == [first for first in expected if low <= first <= high]
        assert self.index.count() == sum(len(carried) for carried in self.blocks.values())


steps = st.integers(1, 64) | st.sampled_from([1, 2, 30_000, 70_000])
labels = st.sampled_from(["", "x", "y", "xy"])
batches = st.tuples(st.just(Trial.write), st.lists(st.tuples(steps, labels), max_size=40), st.integers(1, 8))
singles = st.tuples(st.just(Trial.add), st.lists(st.floats(0, 1), min_size=1, max_size=9), st.sampled_from(["x", "y"]))
anew = st.tuples(st.just(Trial.anew), st.lists(st.nothing(), max_size=0), st.integers(0, 9))


@given(script=st.lists(batches | singles | anew, max_size=8), low=st.integers(1, 9_000), length=st.integers(0, 9_000))
@settings(deadline=None)
def test_whatever_comes_in_whatever_order_is_found_and_rows_stay_apart(
    script: list[tuple[Callable[[Trial, list[Any], Any], None], list[Any], Any]],
    low: int,
    length: int,
) -> None:
    trial = Trial()
    with closing(trial.database):
        for step, values, other in script:
            step(trial, values, other)
            trial.check(low, low + length)


def test_what_is_written_block_by_block_comes_to_as_few_rows_as_what_is_written_at_once() -> None:
    database = memory()
    with closing(database):
        index = LabelIndex(database)
        for first in range(1, 1_001):
            noted(index, first, "x" if first % 3 else "xy")
            index.write(nullcontext, first + 1)
        assert [len(held) for held in rows(database)[1]] == [RUN_BLOCKS_MAX] * 7 + [1_000 - 7 * RUN_BLOCKS_MAX]
        assert len(rows(database)[2]) == 3


def test_what_is_added_twice_changes_nothing() -> None:
    database = memory()
    with closing(database):
        index = LabelIndex(database)
        for first in range(1, 301):
            noted(index, first, "x")
        index.write(nullcontext, 301)
        index.write(nullcontext, 301)
        before = rows(database)
        written = database.total_changes
        for first in (1, 7, 128, 129, 250):
            index.add("x", [first])
        assert rows(database) == before
        assert database.total_changes == written


def test_a_page_looks_at_a_row_or_two_of_a_long_conversation() -> None:
    database = memory()
    with closing(database):
        index = LabelIndex(database)
        for begin in range(1, 20_000, WRITTEN_AT_ONCE):
            for first in range(begin, begin + WRITTEN_AT_ONCE):
                noted(index, first, "x")
            index.write(nullcontext, begin + WRITTEN_AT_ONCE)
        asked: list[str] = []
        database.set_trace_callback(lambda statement: asked.append(statement) if "FROM runs" in statement else None)
        for newest in (True, False):
            for low, high in ((1, 2**50), (5_000, 2**50), (1, 5_000), (5_000, 5_020)):
                asked.clear()
                for _, _ in zip(index.blocks(("x", low, high), newest=newest), range(20), strict=False):
                    pass
                assert 1 <= len(asked) <= 3, asked


# ---------------------------------------------------------------------------------------------------- damage


def commit_up_to(journal: SqliteJournal, last: int, size: int = 500, also: str = "fifth") -> None:
    """Every entry is a block of its own; all have one label, and one in five another."""
    for first in range(journal.head + 1, last + 1, size):
        seqs = range(first, min(first + size, last + 1))
        journal.commit([Entry(seq, b"%04d" % seq * 900, ("every", *[also] * (seq % 5 == 0))) for seq in seqs])
        journal._index_down_to(0)


def filled(directory: Path, last: int) -> SqliteJournal:
    journal = SqliteJournal(directory)
    commit_up_to(journal, last)
    return journal


def found(journal: SqliteJournal, label: str) -> list[int]:
    return [row.seq for row in journal.since([(label, 0, SEQ_MAX)], 0, SEQ_MAX)]


def check(journal: SqliteJournal) -> None:
    assert found(journal, "every") == list(range(1, journal.head + 1))
    assert found(journal, "fifth") == list(range(5, journal.head + 1, 5))
    assert journal.verify().entries == journal.head


@pytest.mark.parametrize("later", [b"\1", b"\2\0\1\0", b"\2\0\1\0\xff\xff", b"\1\0" * 128])
@pytest.mark.parametrize("nth", [0, 2, 3])
def test_a_damaged_row_is_refused_and_stops_nothing_else_and_is_mended(tmp_path: Path, nth: int, later: bytes) -> None:
    with closing(filled(tmp_path / "data", 400)) as journal:
        journal._index_down_to(0)
        database = journal._database
        (first,) = database.execute("SELECT first FROM runs WHERE label = 1 LIMIT 1 OFFSET ?", (nth,)).fetchone()
        database.execute("UPDATE runs SET later = ? WHERE label = 1 AND first = ?", (later, first))
        for page in (
            journal.newest([("fifth", 0, SEQ_MAX)], None, 500),
            journal.since([("fifth", 0, SEQ_MAX)], 0, 500),
        ):
            assert len(page) == 80
        for read in (lambda: journal.newest([("every", 0, SEQ_MAX)], None, 500), lambda: found(journal, "every")):
            with pytest.raises(StorageCorrupt, match=r"^The journal's index is damaged; repair it with"):
                read()
        commit_up_to(journal, 700, 40)
        assert [row.seq for row in journal.newest([("every", 0, SEQ_MAX)], None, 150)] == list(range(700, 550, -1))
        journal.backup(tmp_path / "copy")
        assert finished(journal.scrub_slices()).index_mended > 0
        assert finished(journal.scrub_slices()).index_mended == 0
        check(journal)
    with closing(SqliteJournal(copy_of({FILE_NAME: (tmp_path / "copy").read_bytes()}, tmp_path / "again"))) as journal:
        check(journal)


def test_a_damaged_row_about_damaged_blocks_stays_refused(tmp_path: Path) -> None:
    """What these blocks carried is not known any more, and nobody is told that there is nothing."""
    with closing(filled(tmp_path, 300)) as journal:
        journal._index_down_to(0)
        journal._database.execute("UPDATE runs SET later = x'00' WHERE label = 2 AND first = 5")
        journal._database.execute("UPDATE blocks SET body = x'00' WHERE first = 50")
        condition = finished(journal.scrub_slices())
        assert [damage.first for damage in condition.damaged] == [50]
        assert not condition.index_mended
        with pytest.raises(StorageCorrupt, match="index is damaged"):
            found(journal, "fifth")


def test_an_index_that_is_made_anew_is_complete_whenever_the_process_dies(tmp_path: Path) -> None:
    last = 3 * LAG_BLOCKS_MAX
    with closing(filled(tmp_path / "data", last)) as journal:
        pass
    with closing(sqlite3.connect(tmp_path / "data" / FILE_NAME, isolation_level=None)) as database:
        for table in ("unindexed", "runs", "labels"):
            database.execute(f"DELETE FROM {table}")  # noqa: S608
    for _ in range(3):
        with closing(SqliteJournal(tmp_path / "data")) as journal:
            assert journal._label_index.lag() <= LAG_BLOCKS_MAX + 1
            check(journal)
            files = {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir() if path.name != "lock"}
        with closing(SqliteJournal(copy_of(files, tmp_path / "killed"))) as journal:
            check(journal)


# ---------------------------------------------------------------------------------------------------- copies


def test_a_row_that_is_split_while_a_copy_is_made_comes_into_it_once(tmp_path: Path) -> None:
    """The slice that has copied it ends with it; what was mended in it is mended in the copy too."""
    with closing(SqliteJournal(tmp_path / "data")) as journal:
        journal.commit([Entry(1, b"x" * 3_000, (*(f"a/{number:02}" for number in range(99)), "b"))])
        for seq in range(2, 301):
            journal.commit([Entry(seq, b"%04d" % seq * 900, ("b", f"c/{seq}"))])
        journal._index_down_to(0)
        without = [number for number in range(1, 300) if number != 50]
        journal._database.execute("DELETE FROM runs WHERE label = 100")
        journal._database.executemany("INSERT INTO runs VALUES (100, ?, ?)", packed(without))
        work = journal.backup_slices(tmp_path / "copy")
        while next(work) != 85:
            pass
        assert finished(journal.scrub_slices()).index_mended == 1
        assert [len(held) for held in rows(journal._database)[100]] == [128, 1, 128, 42]
        finished(work)
    with closing(sqlite3.connect(tmp_path / "copy")) as database:
        assert list(chain.from_iterable(rows(database)[100])) == without
    with closing(SqliteJournal(copy_of({FILE_NAME: (tmp_path / "copy").read_bytes()}, tmp_path / "again"))) as journal:
        assert finished(journal.scrub_slices()).index_mended == 1
        assert journal.verify().entries == 300


def test_a_copy_has_nothing_in_its_index_that_came_while_it_was_made(tmp_path: Path) -> None:
    with closing(filled(tmp_path / "data", 200)) as journal:
        journal.rest()
        end = journal._label_index.end
        work = journal.backup_slices(tmp_path / "copy")
        next(work)
        commit_up_to(journal, 260, 1, "late")
        finished(work)
        assert max(of[-1][-1] for of in rows(journal._database).values()) >= end
    with closing(sqlite3.connect(tmp_path / "copy")) as database:
        held = [number for of in rows(database).values() for numbers in of for number in numbers]
        assert max(held) < end
