"""Every journal keeps the one promise of `journal.contract`: each test runs against each implementation.

Goal: nothing that a caller can see tells one journal from another, but for how long it lasts.
Method: random programs of commits and reads, against a dull model that is a list.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactor_chat.journal.contract import Journal, Span
from reactor_chat.journal.memory import MemoryJournal
from reactor_chat.journal.reports import Appended, Entry, Row
from reactor_chat.journal.sqlite.sqlite_journal import SqliteJournal
from reactor_chat.testing.disk import Disk
from reactor_chat.testing.disk_journal import DiskJournal

LABELS = ("said", "told/ann", "told/bob", "group/7", "grüppe\n'\x00")
SEQ_MAX = 2**53 - 1


class Place:
    """Where one journal lives: opens it, and opens it anew."""

    def __init__(self, stack: ExitStack, make: Callable[[], Journal], *, lasts: bool) -> None:
        self._make = make
        self._lasts = lasts
        self.journal = make()
        stack.callback(self.close)

    def close(self) -> None:
        """Close whichever journal is open now."""
        self.journal.close()

    def reopen(self) -> None:
        """Close and open again, where the journal lasts beyond that."""
        if self._lasts:
            self.journal.close()
            self.journal = self._make()


def commit(journal: Journal, entries: Sequence[Entry]) -> None:
    """Submit, and take the report, which is there at once."""
    journal.submit(entries)
    assert journal.report() == Appended(entries[-1].seq)
    assert journal.report() is None


@contextmanager
def memory() -> Iterator[Place]:
    with ExitStack() as stack:
        yield Place(stack, MemoryJournal, lasts=False)


@contextmanager
def sqlite() -> Iterator[Place]:
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield Place(stack, lambda: SqliteJournal(directory), lasts=True)


@contextmanager
def simulated() -> Iterator[Place]:
    """One on a simulated disk."""
    disk = Disk()
    with ExitStack() as stack:
        yield Place(stack, lambda: DiskJournal(disk), lasts=True)


Kind = Callable[[], AbstractContextManager[Place]]
"""One of the above: opens a place for as long as a test needs it."""

every_journal = pytest.mark.parametrize("kind", [memory, sqlite, simulated], ids=lambda kind: kind.__name__)


class Model:
    """The same promise, kept by going through a list."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def between(self, spans: list[Span], low: int, high: int) -> list[Row]:
        return [
            Row(seq, payload)
            for seq, payload, labels in self.entries
            if low <= seq <= high and any(label in labels and first <= seq <= last for label, first, last in spans)
        ]


numbers = st.integers(0, 60) | st.just(SEQ_MAX)
contents = st.tuples(
    st.binary(max_size=40) | st.integers(0, 9000).map(lambda size: b"x" * size),
    st.lists(st.sampled_from(LABELS), max_size=3).map(tuple),
)
spans = st.lists(st.tuples(st.sampled_from((*LABELS, "never")), numbers, numbers), max_size=6)
operations = st.one_of(
    st.tuples(st.just("commit"), st.lists(contents, min_size=1, max_size=90)),
    st.tuples(st.just("newest"), st.tuples(spans, st.none() | numbers, st.integers(1, 30))),
    st.tuples(st.just("since"), st.tuples(spans, numbers, st.integers(1, 30))),
    st.tuples(st.just("replay"), numbers),
    st.tuples(st.just("snapshot"), st.tuples(numbers, st.binary(max_size=20))),
    st.tuples(st.just("rewrite"), st.dictionaries(numbers, st.binary(max_size=60) | st.just(b"y" * 5_000), max_size=4)),
    st.tuples(st.just("purge"), st.none()),
    st.tuples(st.just("rest"), st.none()),
    st.tuples(st.just("reopen"), st.none()),
)


def entries_after(head: int, texts: list[tuple[bytes, tuple[str, ...]]]) -> list[Entry]:
    return [Entry(seq, payload, labels) for seq, (payload, labels) in enumerate(texts, head + 1)]


def rewrite(journal: Journal, entries: list[Entry], payloads: dict[int, bytes]) -> None:
    changes = [Row(seq, payload) for seq, payload in payloads.items() if 1 <= seq <= len(entries)]
    if changes:
        journal.rewrite(changes)
    for row in changes:
        entries[row.seq - 1] = entries[row.seq - 1]._replace(payload=row.payload)


@every_journal
@given(program=st.lists(operations, max_size=12))
@settings(max_examples=60, deadline=None)
def test_reads_find_what_a_list_would(kind: Kind, program: list[tuple[str, Any]]) -> None:
    """Pages, catching up, replays and snapshots agree with the model after any commits, rests and reopenings."""
    model, snapshot = Model(), None
    with kind() as place:
        for name, given_to in program:
            journal, entries = place.journal, model.entries
            if name == "commit":
                new = entries_after(journal.head, given_to)
                commit(journal, new)
                entries += new
            elif name == "newest":
                wanted, before, limit = given_to
                found = model.between(wanted, 1, SEQ_MAX if before is None else before - 1)
                assert journal.newest(wanted, before, limit) == found[::-1][:limit]
            elif name == "since":
                wanted, after, limit = given_to
                assert journal.since(wanted, after, limit) == model.between(wanted, after + 1, SEQ_MAX)[:limit]
            elif name == "replay":
                assert list(journal.replay(given_to)) == [row[:2] for row in entries[given_to:]]
            elif name == "snapshot":
                snapshot = (max(snapshot[0] if snapshot else 0, min(given_to[0], journal.head)), given_to[1])
                journal.keep_snapshot(*snapshot)
            elif name == "rewrite":
                rewrite(journal, entries, given_to)
            elif name in ("rest", "purge"):
                getattr(journal, name)()
            else:
                place.reopen()
            assert place.journal.head == len(entries)
            assert place.journal.oldest == 1
            assert place.journal.snapshot() == snapshot


@every_journal
def test_an_empty_journal_has_nothing(kind: Kind) -> None:
    with kind() as place:
        journal = place.journal
        assert (journal.head, journal.oldest, journal.snapshot()) == (0, 1, None)
        assert list(journal.replay()) == []
        assert journal.newest([("said", 0, SEQ_MAX)], None, 5) == []
        assert journal.since([("said", 0, SEQ_MAX)], 0, 5) == []
        journal.rest()


@every_journal
@pytest.mark.parametrize("wrong", [[2], [0], [1, 3], [1, 1], [1, 2, 2]])
def test_a_gap_or_a_repeat_is_our_bug_and_appends_nothing(kind: Kind, wrong: list[int]) -> None:
    with kind() as place:
        with pytest.raises(AssertionError):
            commit(place.journal, [Entry(seq, b"") for seq in wrong])
        assert place.journal.head == 0
        commit(place.journal, [Entry(1, b"goes on")])
        assert list(place.journal.replay()) == [Row(1, b"goes on")]


@every_journal
def test_an_entry_found_by_several_spans_comes_once(kind: Kind) -> None:
    with kind() as place:
        commit(place.journal, [Entry(1, b"one", ("a", "b")), Entry(2, b"two", ("b",)), Entry(3, b"three", ("a",))])
        everything = [("a", 0, 9), ("b", 0, 9), ("a", 1, 1), ("b", 2, 1)]
        assert [row.seq for row in place.journal.newest(everything, None, 9)] == [3, 2, 1]
        assert [row.seq for row in place.journal.since(everything, 0, 9)] == [1, 2, 3]


@every_journal
def test_a_label_given_twice_is_given_once(kind: Kind) -> None:
    with kind() as place:
        commit(place.journal, [Entry(1, b"one", ("a",)), Entry(2, b"two", ("a", "a"))])
        assert [row.seq for row in place.journal.newest([("a", 0, 9)], None, 2)] == [2, 1]


@every_journal
def test_pages_put_together_are_everything(kind: Kind) -> None:
    """Reading page by page in either direction skips nothing and repeats nothing, whatever the page's size."""
    with kind() as place:
        labels = (("a",), ("b",), (), ("a", "b"))
        commit(place.journal, [Entry(seq, b"%d" % seq * 50, labels[seq % 4]) for seq in range(1, 501)])
        wanted = [("a", 3, 480), ("b", 0, SEQ_MAX)]
        expected = [row.seq for row in place.journal.since(wanted, 0, 1000)]
        assert len(expected) > 300
        for limit in (1, 7, 64, 499):
            up: list[int] = []
            while len(up) <= 500 and (page := place.journal.since(wanted, up[-1] if up else 0, limit)):
                up += [row.seq for row in page]
            down: list[int] = []
            while len(down) <= 500 and (page := place.journal.newest(wanted, down[-1] if down else None, limit)):
                down += [row.seq for row in page]
            assert up == down[::-1] == expected


@every_journal
def test_a_replay_may_be_left_and_commits_may_come_between(kind: Kind) -> None:
    with kind() as place:
        commit(place.journal, [Entry(seq, b"%d" % seq) for seq in range(1, 201)])
        rows = place.journal.replay(10)
        assert next(rows) == Row(11, b"11")
        commit(place.journal, [Entry(201, b"201")])
        assert [row.seq for row in rows][:189] == list(range(12, 201))


@every_journal
def test_a_log_is_kept_with_its_first_entry_and_ends_where_the_next_begins(kind: Kind) -> None:
    with kind() as place:
        for number in range(3):
            place.journal.begin_log(f"log-{number}", is_after_loss=number == 1)
            head = place.journal.head
            commit(place.journal, [Entry(head + 1, b"one"), Entry(head + 2, b"two")])
            place.reopen()
        expected = [("log-0", 1, False), ("log-1", 3, True), ("log-2", 5, False)]
        assert [tuple(log) for log in place.journal.logs] == expected


@every_journal
def test_a_log_that_somebody_was_told_of_is_kept_without_an_entry(kind: Kind) -> None:
    with kind() as place:
        commit(place.journal, [Entry(1, b"one")])
        place.journal.begin_log("told")
        place.journal.keep_log()
        place.reopen()
        assert [tuple(log) for log in place.journal.logs] == [("told", 2, False)]
        place.journal.begin_log("next")
        commit(place.journal, [Entry(2, b"two")])
        place.reopen()
        assert [tuple(log) for log in place.journal.logs] == [("told", 2, False), ("next", 2, False)]


@every_journal
def test_a_journal_in_its_place_keeps_its_mark(kind: Kind) -> None:
    with kind() as place:
        commit(place.journal, [Entry(1, b"one")])
        place.journal.check_ground()
        assert place.journal.keep_mark() is None
