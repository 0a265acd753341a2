"""Records go into the journal and come back; a page of history fits a frame; what is not ours is said so."""

import pytest

from reactor_chat.chat.records import Entered, Record
from reactor_chat.chat.state import ChatState
from reactor_chat.errors import StorageCorrupt, StorageFull
from reactor_chat.journal.contract import Entry
from reactor_chat.journal.memory import MemoryJournal
from reactor_chat.server.ledger import Ledger, record_of
from reactor_chat.wire.messages import SEQ_MAX, Exited, Said
from tests.server.world import TroubledJournal

EVERYTHING = [("said", 0, SEQ_MAX)]


def said(seq: int, text: str = "x") -> tuple[Record, tuple[str, ...]]:
    return Said(seq, seq, "Ann", text), ("said",)


def filled(count: int, text: str = "x") -> Ledger:
    ledger = Ledger(MemoryJournal())
    ledger.append([(Entered(1, 1, "Ann"), ("presence",))])
    ledger.append([said(seq, text) for seq in range(2, count + 2)])
    ledger.commit()
    return ledger


def test_a_commit_takes_everything_that_was_collected() -> None:
    ledger = Ledger(MemoryJournal())
    assert not ledger.has_entries
    ledger.append([said(1), said(2)])
    ledger.append([said(3)])
    assert ledger.has_entries
    assert ledger.journal.head == 0
    assert ledger.commit() == 3
    assert not ledger.has_entries
    assert sorted(ledger.written) == [1, 2, 3]
    assert [row.seq for row in ledger.journal.newest(EVERYTHING, None, 9)] == [3, 2, 1]


def test_what_did_not_fit_is_not_tried_again() -> None:
    def full(count: int) -> None:
        if count == 1:
            raise StorageFull("full")

    ledger = Ledger(TroubledJournal(full))
    ledger.append([said(1)])
    with pytest.raises(StorageFull):
        ledger.commit()
    assert not ledger.has_entries
    ledger.append([said(1, "another")])
    assert ledger.commit() == 1
    assert record_of(1, ledger.written[1]) == Said(1, 1, "Ann", "another")


def test_a_new_state_is_the_old_one_with_and_without_a_snapshot() -> None:
    ledger = filled(20)
    state = ChatState()
    assert ledger.recover(state) == 21
    ledger.keep_snapshot(state)
    ledger.append([said(22), (Exited(23, 23, "Ann"), ("presence",))])
    ledger.commit()
    whole, short = ChatState(), ChatState()
    assert Ledger(ledger.journal).recover(short) == 2
    for row in ledger.journal.replay():
        whole.apply(record_of(row.seq, row.payload))
    assert whole.hash() == short.hash()
    assert short.seq == 23


@pytest.mark.parametrize("payload", [b"", b"\xff", b"{}", b"null", b'{"type":"said"}', b'{"type":"pong"}'])
def test_an_entry_that_is_none_of_ours_is_named(payload: bytes) -> None:
    journal = MemoryJournal()
    journal.commit([Entry(1, payload)])
    with pytest.raises(StorageCorrupt, match="Entry 1 "):
        Ledger(journal).recover(ChatState())


def test_a_snapshot_that_is_none_of_ours_is_named() -> None:
    ledger = filled(3)
    ledger.journal.keep_snapshot(2, b"{}")
    with pytest.raises(StorageCorrupt):
        ledger.recover(ChatState())


@pytest.mark.parametrize(("count", "limit", "got", "more"), [
    (0, 5, 0, False), (4, 5, 4, False), (5, 5, 5, False), (6, 5, 5, True), (6, 1, 1, True), (1, 1, 1, False),
])  # fmt: skip
def test_a_page_holds_the_newest_and_says_whether_there_are_more(
    count: int, limit: int, got: int, more: object
) -> None:
    messages, older = filled(count).page(EVERYTHING, None, limit, 65_000)
    assert ([message.seq for message in messages], older) == (list(range(count + 2 - got, count + 2)), more)


def test_pages_follow_each_other_without_gap_or_repeat() -> None:
    ledger, found, before = filled(50, "y" * 1_000), list[int](), None
    for _ in range(60):
        messages, more = ledger.page(EVERYTHING, before, 200, 5_000)
        assert sum(len(ledger.written[message.seq]) + 1 for message in messages) <= 5_000
        found = [message.seq for message in messages] + found
        before = found[0]
        if not more:
            break
    assert found == list(range(2, 52))


def test_one_message_longer_than_a_page_comes_alone() -> None:
    messages, more = filled(3, "z" * 9_000).page(EVERYTHING, None, 50, 5_000)
    assert (len(messages), more) == (1, True)
