"""What only the journal in memory does: it forgets."""

from reactor_chat.journal.memory import MemoryJournal
from reactor_chat.journal.reports import Entry, Row

EVERYTHING = [("a", 0, 2**53), ("b", 0, 2**53)]


def filled(rows_max: int, count: int) -> MemoryJournal:
    journal = MemoryJournal(rows_max)
    for seq in range(1, count + 1):
        journal.commit([Entry(seq, b"%d" % seq, ("a",) if seq % 2 else ("b",))])
    return journal


def test_twice_as_many_are_held_before_the_oldest_are_forgotten() -> None:
    journal = filled(10, 20)
    assert (journal.oldest, journal.head) == (1, 20)
    journal.commit([Entry(21, b"21", ("a",))])
    assert (journal.oldest, journal.head) == (12, 21)


def test_each_entry_of_a_commit_is_found_by_its_own_labels_once() -> None:
    journal, shared = MemoryJournal(), ("a", "b")
    labels: list[tuple[str, ...]] = [shared, shared, ("b",), (), ("a", "a"), shared]
    journal.commit([Entry(seq, b"", found_by) for seq, found_by in enumerate(labels, 1)])
    found = {label: [row.seq for row in journal.since([(label, 0, 2**53)], 0, 100)] for label in ("a", "b")}
    assert found == {"a": [1, 2, 5, 6], "b": [1, 2, 3, 6]}


def test_what_is_forgotten_is_not_found_and_the_rest_is() -> None:
    journal = filled(10, 21)
    kept = [Row(seq, b"%d" % seq) for seq in range(12, 22)]
    assert list(journal.replay()) == kept
    assert list(journal.replay(15)) == kept[4:]
    assert journal.since(EVERYTHING, 0, 100) == kept
    assert journal.newest(EVERYTHING, None, 100) == kept[::-1]
    assert journal.newest(EVERYTHING, 12, 100) == []


def test_memory_does_not_grow_with_history() -> None:
    journal = MemoryJournal(rows_max=10)
    for seq in range(1, 1001):
        journal.commit([Entry(seq, b"", (f"guest/{seq}",))])
    assert len(journal._rows) <= 20
    assert len(journal._labels) <= 20


def test_one_commit_may_be_larger_than_everything_kept() -> None:
    journal = MemoryJournal(rows_max=5)
    journal.commit([Entry(seq, b"") for seq in range(1, 101)])
    assert (journal.oldest, journal.head) == (96, 100)
